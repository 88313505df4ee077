# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Rosenbrock's valley, with SciPy
#
# ## The problem
#
# In 1960 Howard Rosenbrock designed a valley to be hard on optimizers: curved like a banana, with steep walls and an
# almost level floor. In $n$ variables it is
#
# $$ f(x) = \sum_{i=1}^{n-1} \left[ 100 \left( x_{i+1} - x_i^2 \right)^2 + (1 - x_i)^2 \right] . $$
#
# Every term is zero at $x = (1, \dots, 1)$, so this is the lowest point. SciPy's optimizers look for it. What they are
# told about the slope and the curvature decides how many steps they take, and how close they come.

# %% [markdown]
# ## The backend
#
# The environment variable `MULTIGRAD_BACKEND` chooses the framework that does the work: `numpy` (the default), `torch`,
# `jax` or `tensorflow`. Nothing else in this notebook depends on it. SciPy always gets NumPy arrays of float64.

# %%
import matplotlib.pyplot as plt
import numpy as np
import scipy.optimize

import multigrad
from multigrad import optimize, xp

backend = multigrad.infer_backend().name
print(f"This notebook runs on {backend}.")


# %% [markdown]
# ## The function and its derivatives
#
# One line, written against the array API standard. Given a NumPy array it is a NumPy function.


# %%
def f(x):
    return xp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# %% [markdown]
# `scipy_functions` makes of it what SciPy asks for: `fun` and `jac` for value and gradient, `hess` for the matrix of
# second derivatives, and `hessp` for the product of that matrix with a vector $v$.
#
# The product is the interesting one. $H v$ says how the gradient changes when you move along $v$. That takes one more
# derivative, not $n$ of them, and the matrix is never formed. It is exact, with no step width to choose.
#
# SciPy has this function and its derivatives written out by hand, so we can compare. The seed is 6.

# %%
random = np.random.default_rng(6)
x, v = random.normal(size=(2, 8))
functions = optimize.scipy_functions(f, x)

assert np.isclose(functions.fun(x), scipy.optimize.rosen(x), rtol=1e-12)
assert np.allclose(functions.jac(x), scipy.optimize.rosen_der(x), rtol=1e-12, atol=1e-12)
assert np.allclose(functions.hess(x), scipy.optimize.rosen_hess(x), rtol=1e-12, atol=1e-12)
assert np.allclose(functions.hessp(x, v), scipy.optimize.rosen_hess_prod(x, v), rtol=1e-12, atol=1e-12)
print("H v by multigrad:", functions.hessp(x, v).round(4))
print("H v by hand:     ", scipy.optimize.rosen_hess_prod(x, v).round(4))

# %% [markdown]
# ## Three ways down
#
# We start at the usual place, $(-1.2, 1)$, behind the bend, and tell SciPy more and more:
#
# - **BFGS with differences** knows values only. SciPy guesses each slope from a small step.
# - **BFGS with gradients** gets exact slopes, and guesses the curvature from how they change.
# - **trust-ncg** gets exact slopes and exact products $H v$. It is a Newton method that trusts its model of the surface
#   within a radius, which grows and shrinks with success.
#
# `multigrad.optimize.minimize` supplies what the method asks for. All three shall go on until no slope exceeds
# $10^{-9}$.

# %%
start = np.array([-1.2, 1.0])
precise = {"gtol": 1e-9}
paths = {name: [start] for name in ("BFGS, differences", "BFGS, gradients", "trust-ncg, products")}


def keep(name):
    return lambda position: paths[name].append(np.array(position))


results = {
    "BFGS, differences": scipy.optimize.minimize(
        f, start, method="BFGS", options=precise, callback=keep("BFGS, differences")
    ),
    "BFGS, gradients": optimize.minimize(f, start, method="BFGS", options=precise, callback=keep("BFGS, gradients")),
    "trust-ncg, products": optimize.minimize(
        f, start, method="trust-ncg", options=precise, callback=keep("trust-ncg, products")
    ),
}
distances = {name: np.linalg.norm(np.array(path) - 1.0, axis=1) for name, path in paths.items()}

for name, result in results.items():
    steepest = np.max(np.abs(scipy.optimize.rosen_der(result.x)))
    print(
        f"{name:<20} {result.nit} steps, {result.nfev:3d} evaluations, {result.get('nhev', 0):2d} products, "
        f"{distances[name][-1]:.0e} from (1, 1), steepest slope {steepest:.0e}"
    )

# %% [markdown]
# With differences BFGS stops some $10^{-5}$ away, whatever it says about success. It sees slopes that are wrong: with a
# long step a difference cuts corners, with a short one it has lost its digits, and even the best step leaves half of
# them. Where its slopes vanish, the real ones do not. With exact derivatives what remains is the error of the last
# digits.
#
# SciPy's own gradient, product and method must lead to the same point as ours:

# %%
by_hand = scipy.optimize.minimize(
    scipy.optimize.rosen,
    start,
    method="trust-ncg",
    jac=scipy.optimize.rosen_der,
    hessp=scipy.optimize.rosen_hess_prod,
    options=precise,
)
ours = results["trust-ncg, products"]

assert by_hand.nit == ours.nit
assert np.allclose(ours.x, by_hand.x, rtol=0, atol=1e-9)
assert np.allclose(ours.x, 1.0, rtol=0, atol=1e-9)
assert np.allclose(results["BFGS, gradients"].x, 1.0, rtol=0, atol=1e-9)
assert np.max(np.abs(scipy.optimize.rosen_der(results["BFGS, differences"].x))) > 1e-7
assert 1e-8 < distances["BFGS, differences"][-1] < 1e-4

# %% [markdown]
# ## The picture: the path over the valley
#
# All of them drop to the floor at once, then follow the bend. The right panel shows the end of the walk: as soon as it
# is near, Newton's method doubles the number of right digits with every second step.

# %%
colors = {"BFGS, differences": "#8d99ae", "BFGS, gradients": "#22577a", "trust-ncg, products": "#d62828"}
across, along = np.linspace(-1.7, 1.7, 301), np.linspace(-0.7, 1.8, 301)
height = np.array([[scipy.optimize.rosen([u, w]) for u in across] for w in along])

figure, (valley, error) = plt.subplots(1, 2, figsize=(13.5, 5.2), dpi=110, layout="constrained", width_ratios=(6, 5))
valley.contourf(across, along, np.log10(height + 1e-3), levels=24, cmap="Blues", alpha=0.75)
valley.contour(across, along, height, levels=[0.3, 3, 15, 60, 200, 500], colors="white", linewidths=0.8)
for name in ("BFGS, gradients", "trust-ncg, products"):
    valley.plot(*np.array(paths[name]).T, ".-", color=colors[name], markersize=7, linewidth=1.5, label=name)
valley.plot(*start, "o", color="#1f2933", markersize=8, label="start")
valley.plot(1, 1, "*", color="gold", markeredgecolor="black", markersize=15, linestyle="none", label="lowest point")
valley.set(xlabel="$x_1$", ylabel="$x_2$", title="Two paths over the valley", xlim=(-1.7, 1.7), ylim=(-0.7, 1.8))
valley.legend(loc="lower right")

for name, distance in distances.items():
    error.semilogy(np.maximum(distance, 1e-16), ".-", color=colors[name], label=name)
error.set(xlabel="steps", ylabel="distance from the lowest point", title="How close they come", ylim=(1e-16, 10))
error.grid(alpha=0.25)
error.legend(loc="lower left")
plt.show()

# %% [markdown]
# ## More variables
#
# Differences have another price. One gradient takes $n + 1$ values, and $f$ has many gradients to give on its way. A
# backward pass gives the whole gradient from one evaluation, whatever $n$ is.
#
# Count the evaluations, from the origin to $(1, \dots, 1)$. They are not of one kind: counted in arithmetic, an
# evaluation with gradient costs a few times one without, and a product $H v$ about twice as much again. But these
# factors do not grow with $n$.

# %%
sizes = (2, 3, 5, 10)
counts = {name: [] for name in paths}
calls = []


def counted(x):
    calls.append(x)
    return f(x)


for n in sizes:
    origin = np.zeros(n)
    by_differences = scipy.optimize.minimize(f, origin, method="BFGS")
    calls.clear()
    by_gradients = optimize.minimize(counted, origin, method="BFGS")
    assert len(calls) == by_gradients.nfev  # value and gradient come from one evaluation
    by_products = optimize.minimize(f, origin, method="trust-ncg")
    for found in (by_differences, by_gradients, by_products):
        assert np.allclose(found.x, 1.0, rtol=0, atol=1e-3)
    for name, count in zip(
        counts, (by_differences.nfev, by_gradients.nfev, by_products.nfev + by_products.nhev), strict=True
    ):
        counts[name].append(count)

assert counts["BFGS, differences"][-1] > 5 * counts["BFGS, gradients"][-1]

# %%
labels = {
    "BFGS, differences": "BFGS, differences: values",
    "BFGS, gradients": "BFGS, gradients: values with gradient",
    "trust-ncg, products": "trust-ncg: values with gradient, and products",
}
figure, panel = plt.subplots(figsize=(8, 4.6), dpi=110, layout="constrained")
for name, count in counts.items():
    panel.loglog(sizes, count, "o-", color=colors[name], linewidth=2, label=labels[name])
    panel.annotate(
        f"{count[-1]}", (sizes[-1], count[-1]), xytext=(8, -4), textcoords="offset points", color=colors[name]
    )
panel.set(xlabel="variables $n$", ylabel="evaluations", title="From the origin to the lowest point", xlim=(1.8, 13))
panel.set_xticks(sizes, [str(n) for n in sizes])
panel.minorticks_off()
panel.grid(alpha=0.25)
panel.legend(loc="upper left")
plt.show()

# %% [markdown]
# With differences the count grows by $n$ times more. Here BFGS with gradients is the cheapest. What the products buy is
# room: BFGS keeps a guess of the Hessian with $n^2$ numbers, trust-ncg a handful of vectors.
#
# ## Your turn
#
# In four variables, start at $(-1, 1, 1, 1)$. The search ends, but not at $(1, 1, 1, 1)$. Is it stuck on a slope, on a
# saddle, or in another valley? The gradient and the eigenvalues of the Hessian tell.

# %%
trap = optimize.minimize(f, np.array([-1.0, 1.0, 1.0, 1.0]), method="trust-ncg", options=precise)
functions = optimize.scipy_functions(f, trap.x)
eigenvalues = np.linalg.eigvalsh(functions.hess(trap.x))

assert np.max(np.abs(scipy.optimize.rosen_der(trap.x))) < 1e-8
assert np.all(eigenvalues > 0)
assert np.isclose(trap.fun, 3.70142861, rtol=1e-8)
print(f"x = {trap.x.round(5)}, f = {trap.fun:.6f}")
print(f"largest slope {np.max(np.abs(functions.jac(trap.x))):.0e}, curvatures {eigenvalues.round(2)}")

# %% [markdown]
# No slope, and all curvatures are positive: this is a second valley with a bottom of its own. No local method gets out
# of it, with the best of derivatives.
