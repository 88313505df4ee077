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
# # Gradient descent and Newton's method
#
# ## The problem
#
# Thirty points lie near a line. Find the line $w x + b$ that meets them best, that is, the slope $w$ and the offset $b$
# with the smallest mean squared error
#
# $$ L(w, b) = \frac{1}{n} \sum_{i=1}^{n} \left( w x_i + b - y_i \right)^2 . $$
#
# We walk downhill on $L$ in two ways. **Gradient descent** looks at the slope under its feet and takes many small
# steps. **Newton's method** also looks at the curvature, and here it needs one step. The pictures show why.

# %% [markdown]
# ## The backend
#
# The environment variable `MULTIGRAD_BACKEND` chooses the framework that does the work: `numpy` (the default), `torch`,
# `jax` or `tensorflow`. Nothing else in this notebook depends on it.

# %%
import matplotlib.pyplot as plt
import numpy as np

import multigrad
from multigrad import xp

backend = multigrad.infer_backend().name
print(f"This notebook runs on {backend}.")

# %% [markdown]
# ## The data and the loss
#
# The points come from the line $1.5\,x - 1$ and a random scatter. The seed is 4: everybody gets the same points.
#
# The loss takes slope and offset together, as one vector $p = (w, b)$. Then its gradient is a vector, and its second
# derivatives are a matrix.

# %%
random = np.random.default_rng(4)
x = random.uniform(0.0, 4.0, size=30)
y = 1.5 * x - 1.0 + random.normal(scale=0.5, size=30)


def loss(p, x, y):
    return xp.mean((p[0] * x + p[1] - y) ** 2)


start = np.array([-1.2, 3.0])
value, slope = multigrad.to_numpy(multigrad.value_and_gradient(loss)(start, x, y))
curvature = multigrad.to_numpy(multigrad.hessian(loss)(start, x, y))

print(f"loss      {value:.6f}")
print(f"gradient  {slope}")
print(f"Hessian   {curvature[0]}\n          {curvature[1]}")

# %% [markdown]
# Both have a formula. With the residuals $r_i = w x_i + b - y_i$,
#
# $$
# \nabla L = \frac{2}{n} \begin{pmatrix} \sum r_i x_i \\ \sum r_i \end{pmatrix} ,
# \qquad
# H = \frac{2}{n} \begin{pmatrix} \sum x_i^2 & \sum x_i \\ \sum x_i & n \end{pmatrix} .
# $$
#
# The **Hessian** $H$ does not depend on $p$: the loss is a bowl with the same curvature everywhere.

# %%
residual = start[0] * x + start[1] - y

assert np.isclose(value, np.mean(residual**2), rtol=1e-12)
assert np.allclose(slope, [2 * np.mean(residual * x), 2 * np.mean(residual)], rtol=1e-12, atol=0)
assert np.allclose(curvature, [[2 * np.mean(x**2), 2 * np.mean(x)], [2 * np.mean(x), 2.0]], rtol=1e-12, atol=0)

# %% [markdown]
# ## The answer, to compare with
#
# For a straight line the best parameters can be had without any walking: they solve the **normal equations**
# $A^\top A\, p = A^\top y$, where $A$ has the columns $x$ and $1$. We shall not use this on the way, only at the end.

# %%
columns = np.stack([x, np.ones_like(x)], axis=1)
best = np.linalg.solve(columns.T @ columns, columns.T @ y)
lowest = np.mean((columns @ best - y) ** 2)

assert np.allclose(best, np.polyfit(x, y, deg=1), rtol=1e-10, atol=0)
print(f"best line: {best[0]:.6f} x {best[1]:+.6f}, with a loss of {lowest:.6f}")

# %% [markdown]
# ## Gradient descent
#
# Go a little way against the gradient, and look again: $p \leftarrow p - \eta\, \nabla L(p)$. How long may the step
# $\eta$ be? The eigenvalues of the Hessian tell, the curvatures along the two axes of the bowl. Along an axis of
# curvature $\lambda$ each step multiplies the distance from the bottom by $1 - \eta \lambda$. So
#
# - with $\eta > 2 / \lambda_{\max}$ the steep direction gets worse each time: the walk **diverges**;
# - with $\eta = 2 / (\lambda_{\min} + \lambda_{\max})$ both directions shrink equally fast, which is the best there is;
# - with a shorter step the steep direction settles soon, and the flat one takes forever.
#
# The steps themselves are a few numbers, and NumPy does that arithmetic: `to_numpy` brings the gradient from any
# backend.

# %%
flat, steep = np.linalg.eigvalsh(curvature)
steps = {"short": 0.4 / steep, "best": 2 / (flat + steep), "too long": 2.15 / steep}
gradient = multigrad.gradient(loss)


def descend(p, step, count, x, y):
    path = [p]
    for _ in range(count):
        p = p - step * multigrad.to_numpy(gradient(p, x, y))
        path.append(p)
    return np.array(path)


paths = {name: descend(start, step, 12 if name == "too long" else 150, x, y) for name, step in steps.items()}

print(f"curvatures {flat:.4f} and {steep:.4f}, ratio {steep / flat:.1f}")
for name, path in paths.items():
    print(f"{name:<9} step {steps[name]:.4f}: {len(path) - 1} steps lead to ({path[-1][0]:+.5f}, {path[-1][1]:+.5f})")

# %% [markdown]
# The theory says more: after $k$ steps the distance from the bottom is $(I - \eta H)^k$ times the first one. All three
# walks must follow it, the one that diverges as well.

# %%
for name, path in paths.items():
    shrink = np.eye(2) - steps[name] * curvature
    predicted = [best + np.linalg.matrix_power(shrink, k) @ (start - best) for k in range(len(path))]
    assert np.allclose(path, predicted, rtol=1e-9, atol=1e-9)

assert np.linalg.norm(paths["best"][-1] - best) < 0.05 < np.linalg.norm(paths["short"][-1] - best)
assert np.linalg.norm(paths["too long"][-1] - best) > np.linalg.norm(start - best)

# %% [markdown]
# ## Newton's method
#
# Near $p$ the loss is a bowl with the slope $\nabla L$ and the curvature $H$. Its bottom lies where the slope is used
# up: at $p - s$ with $H s = \nabla L$. Newton's method goes there at once. It needs the matrix of second derivatives,
# and `hessian` gives it.
#
# Here the loss **is** a bowl, so one step is all it takes. A second step would be zero, up to rounding.

# %%
hessian = multigrad.hessian(loss)
newton = [start]
for _ in range(2):
    slope = multigrad.to_numpy(gradient(newton[-1], x, y))
    curvature = multigrad.to_numpy(hessian(newton[-1], x, y))
    newton.append(newton[-1] - np.linalg.solve(curvature, slope))
newton = np.array(newton)

assert np.allclose(newton[1], best, rtol=1e-12, atol=1e-12)
assert np.linalg.norm(newton[2] - newton[1]) < 1e-13
print(f"after one step: {newton[1][0]:.12f} x {newton[1][1]:+.12f}")
print(f"best line:      {best[0]:.12f} x {best[1]:+.12f}")

# %% [markdown]
# ## The picture: the path over the loss surface
#
# Slope and offset are entangled: a steeper line can be lowered to stay near the points. So the bowl is a long, slanted
# valley. The short step runs down its wall, then creeps along the floor. The best fixed step swings from wall to wall,
# as far as it may, and gets there. The step that is too long climbs. Newton's method walks straight to the bottom.


# %%
def excess(path):
    """Return how far the loss lies above the lowest one, along a path or over a grid."""
    return np.mean((path[..., :1] * x + path[..., 1:] - y) ** 2, axis=-1) - lowest


colors = {"short": "#22577a", "best": "#2a9d5c", "too long": "#8d99ae"}
grid = np.stack(np.meshgrid(np.linspace(-2.4, 4.0, 201), np.linspace(-3.0, 4.4, 201)), axis=-1)

figure, (surface, curves) = plt.subplots(1, 2, figsize=(13, 5.4), dpi=110, layout="constrained")
surface.contourf(grid[..., 0], grid[..., 1], np.sqrt(excess(grid)), levels=24, cmap="Blues", alpha=0.8)
surface.contour(
    grid[..., 0], grid[..., 1], excess(grid), levels=[0.03, 0.3, 1, 3, 8, 16, 30], colors="white", linewidths=0.8
)
for name in ("too long", "short", "best"):
    surface.plot(*paths[name].T, ".-", color=colors[name], markersize=5, linewidth=1.2, label=f"descent, {name} step")
surface.plot(*newton[:2].T, "-", color="#d62828", linewidth=2.5, label="Newton, one step")
surface.plot(*start, "o", color="#1f2933", markersize=8, label="start")
surface.plot(*best, "*", color="gold", markeredgecolor="black", markersize=15, linestyle="none", label="best line")
surface.set(xlabel="slope $w$", ylabel="offset $b$", title="The loss over $(w, b)$", xlim=(-2.4, 4.0), ylim=(-3.0, 4.4))
surface.legend(loc="lower left")

for name in ("too long", "short", "best"):
    curves.semilogy(excess(paths[name]), ".-", color=colors[name], markersize=4, label=f"descent, {name} step")
floor = 1e-9
curves.semilogy([0, 1], np.maximum(excess(newton[:2]), floor), "o-", color="#d62828", linewidth=2.5, label="Newton")
curves.annotate("zero up to rounding", (1, floor), xytext=(4, 2 * floor), color="#d62828")
curves.set(xlabel="steps", ylabel="loss above the lowest one", title="How fast they get there", ylim=(floor, 1e3))
curves.grid(alpha=0.25)
curves.legend(loc="upper right", ncols=2)
plt.show()

# %% [markdown]
# On the logarithmic scale gradient descent is a straight line: each step wins the same factor, in the end that of the
# slower axis. For the best step it is $\left(\frac{\kappa - 1}{\kappa + 1}\right)^2$ in the loss, where
# $\kappa = \lambda_{\max} / \lambda_{\min}$, the ratio of the curvatures. A round bowl has $\kappa = 1$ and is left in
# one step.

# %%
kappa = steep / flat
per_step = excess(paths["best"])[1:] / excess(paths["best"])[:-1]

assert np.allclose(per_step, ((kappa - 1) / (kappa + 1)) ** 2, rtol=1e-6)
print(f"each step leaves {per_step[0]:.1%} of the excess loss")

# %% [markdown]
# ## The picture: the lines
#
# The same walk, seen among the data: the line turns into place.

# %%
figure, panel = plt.subplots(figsize=(9, 4.6), dpi=110, layout="constrained")
ends = np.array([0.0, 4.0])
shown = (0, 2, 10, 30, 70, 150)
for shade, k in zip(np.linspace(0.25, 0.95, len(shown)), shown, strict=True):
    w, b = paths["short"][k]
    panel.plot(ends, w * ends + b, color=plt.cm.Blues(shade), linewidth=1.5, label=f"{k} steps")
panel.plot(ends, newton[1][0] * ends + newton[1][1], color="#d62828", linewidth=2.5, label="Newton, 1 step")
panel.plot(x, y, "o", color="#1f2933", markersize=5, label="the points")
panel.set(
    xlabel="$x$", ylabel="$y$", title="Gradient descent with the short step, and Newton's method", xlim=(0.0, 4.0)
)
panel.grid(alpha=0.25)
panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
plt.show()

# %% [markdown]
# ## Your turn
#
# Gradient descent suffers from the slanted valley. Subtract the mean from $x$ and divide by the standard deviation:
# what does the Hessian become, and how many steps does gradient descent need? Look at the formula for $H$, then run the
# cell.

# %%
scaled = (x - np.mean(x)) / np.std(x)
curvature = multigrad.to_numpy(hessian(start, scaled, y))
path = descend(start, 0.5, 1, scaled, y)

assert np.allclose(curvature, 2 * np.eye(2), rtol=1e-12, atol=1e-12)
assert np.allclose(path[-1], np.polyfit(scaled, y, deg=1), rtol=1e-12, atol=1e-12)
print(curvature.round(12) + 0.0)
print(f"gradient descent needs {len(path) - 1} step: the bowl is round")
