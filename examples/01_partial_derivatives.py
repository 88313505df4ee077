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
# # Exercise 1: partial derivatives
#
# ## The problem
#
# Given the function of three variables
#
# $$ f(x, y, z) = x^2 + y^2 + z^2 + 2xyz , $$
#
# find its three partial derivatives at the point $(x, y, z) = (1, 2, 3)$.
#
# A partial derivative says how fast $f$ changes when one variable moves and the others stand still. The three of them
# together are the **gradient** $\nabla f$.

# %% [markdown]
# ## The formula
#
# Differentiate in $x$ and treat $y$ and $z$ as constants. The term $x^2$ gives $2x$, the terms $y^2$ and $z^2$ give
# nothing, and $2xyz$ gives $2yz$. The function does not change when its variables trade places, so the other two
# derivatives follow by renaming:
#
# $$
# \frac{\partial f}{\partial x} = 2x + 2yz, \qquad
# \frac{\partial f}{\partial y} = 2y + 2xz, \qquad
# \frac{\partial f}{\partial z} = 2z + 2xy .
# $$
#
# At $(1, 2, 3)$ this is $2 + 12 = 14$, $4 + 6 = 10$ and $6 + 4 = 10$.

# %% [markdown]
# ## The backend
#
# The environment variable `MULTIGRAD_BACKEND` chooses the framework that does the work: `numpy` (the default), `torch`,
# `jax` or `tensorflow`. Nothing else in this notebook depends on it.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np

import multigrad
from multigrad import exercises, xp

backend = multigrad.infer_backend().name
print(f"This notebook runs on {backend}.")


# %% [markdown]
# ## The code
#
# Write the function as on paper, then ask for its gradient. `argnums=(0, 1, 2)` names the arguments to differentiate:
# all three. The answer comes as the framework's own arrays.


# %%
def f(x, y, z):
    return x**2 + y**2 + z**2 + 2 * x * y * z


multigrad.gradient(f, argnums=(0, 1, 2))(1.0, 2.0, 3.0)

# %% [markdown]
# ## The result
#
# `value_and_gradient` gives the value as well, at no extra cost. Plain Python numbers are easier to read, so we
# convert.

# %%
point = {"x": 1.0, "y": 2.0, "z": 3.0}
value, partials = multigrad.value_and_gradient(f, argnums=(0, 1, 2))(**point)
value = float(value)
partials = [float(p) for p in partials]

print(f"f = {value}")
for name, p in zip(point, partials, strict=True):
    print(f"∂f/∂{name} = {p}")

# %% [markdown]
# ## Verification
#
# One computation alone proves little. Here are three independent ones.
#
# **1. The formula** derived above.

# %%
x, y, z = point.values()
by_formula = [2 * x + 2 * y * z, 2 * y + 2 * x * z, 2 * z + 2 * x * y]

assert by_formula == [14.0, 10.0, 10.0]
assert np.allclose(partials, by_formula, rtol=1e-12, atol=0)
assert math.isclose(value, 26.0, rel_tol=1e-12)
print("formula:           ", by_formula)

# %% [markdown]
# **2. Finite differences.** Move one variable by a small step $h$ to either side and watch the function:
#
# $$ \frac{\partial f}{\partial x} \approx \frac{f(x + h, y, z) - f(x - h, y, z)}{2h} . $$
#
# This needs no calculus at all, only values of $f$, but it is never exact: a large $h$ cuts corners, and a small one
# subtracts two nearly equal numbers. So we ask for eight digits here, not for twelve.

# %%
h = 1e-5
by_differences = []
for name, here in point.items():
    ahead = f(**{**point, name: here + h})
    behind = f(**{**point, name: here - h})
    by_differences.append((ahead - behind) / (2 * h))

assert np.allclose(partials, by_differences, rtol=1e-8, atol=0)
print("finite differences:", by_differences)

# %% [markdown]
# **3. The framework's native call**, the way its own documentation teaches it: `backward()` in torch,
# `jax.value_and_grad` in JAX, `tf.GradientTape` in TensorFlow. NumPy has no such call, and takes the formula.

# %%
native_value, native_partials = exercises.native_solution("partials", backend, point)

assert math.isclose(value, native_value, rel_tol=1e-12)
assert np.allclose(partials, [native_partials[name] for name in point], rtol=1e-12, atol=0)
print("native call:       ", list(native_partials.values()))

# %% [markdown]
# ## The picture
#
# Keep $z = 3$ and let $x$ and $y$ vary: the function is now a surface over the plane, with a saddle at the origin. Walk
# on it along $x$ alone, or along $y$ alone (the white lines): the partial derivatives are the slopes of the tangents.
#
# Seen from above, they are the components of an arrow, the gradient. It points where the surface rises fastest, it is
# long where the surface is steep, and it crosses the level lines at a right angle.
#
# To get all arrows in one call we differentiate the **sum** of $f$ over the whole grid: each term depends on its own
# $x$ and $y$ only, so the gradient of the sum is the list of all gradients.

# %%
line = np.linspace(-3.0, 3.0, 61)
grid_x, grid_y = np.meshgrid(line, line)
surface = f(grid_x, grid_y, z)


def total(x, y, z):
    return xp.sum(f(x, y, z))


coarse = np.linspace(-2.5, 2.5, 9)
tail_x, tail_y = np.meshgrid(coarse, coarse)
arrow_x, arrow_y = multigrad.to_numpy(multigrad.gradient(total, argnums=(0, 1))(tail_x, tail_y, z))

# %%
figure = plt.figure(figsize=(12, 5.2), dpi=110, layout="constrained")
ink, mark = "#1f2933", "#d62828"

space = figure.add_subplot(1, 2, 1, projection="3d", computed_zorder=False)
space.plot_surface(grid_x, grid_y, surface, cmap="viridis", alpha=0.8, linewidth=0, rcount=61, ccount=61)
space.plot(line, np.full_like(line, y), f(line, y, z), color="white", linewidth=1)
space.plot(np.full_like(line, x), line, f(x, line, z), color="white", linewidth=1)
reach = np.array([-1.4, 1.4])
stay = np.zeros(2)
in_x, in_y, _ = partials
space.plot(x + reach, y + stay, value + in_x * reach, color="#f3722c", linewidth=3, label=f"slope {in_x:g} along $x$")
space.plot(x + stay, y + reach, value + in_y * reach, color="#9d4edd", linewidth=3, label=f"slope {in_y:g} along $y$")
space.plot([x], [y], [value], "o", color=mark, markersize=7, label=f"$f(1, 2, 3) = {value:g}$")
space.set(xlabel="$x$", ylabel="$y$", zlabel="$f(x, y, 3)$", title="The surface at $z = 3$")
space.view_init(elev=30, azim=-70)
space.legend(loc="upper left", bbox_to_anchor=(-0.12, 1.03))

plane = figure.add_subplot(1, 2, 2)
levels = plane.contourf(grid_x, grid_y, surface, levels=15, cmap="viridis", alpha=0.55)
plane.contour(grid_x, grid_y, surface, levels=15, colors="white", linewidths=0.6, linestyles="solid")
plane.quiver(tail_x, tail_y, arrow_x, arrow_y, color=ink, angles="xy", scale_units="xy", scale=40, width=0.004)
plane.quiver(x, y, in_x, in_y, color=mark, angles="xy", scale_units="xy", scale=14, width=0.009, zorder=3)
plane.plot(x, y, "o", color=mark, markersize=7)
plane.annotate(
    f"at $(1, 2)$: $({in_x:g}, {in_y:g})$",
    (x, y),
    xytext=(-8, -20),
    textcoords="offset points",
    bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": mark, "alpha": 0.9},
)
plane.set(xlabel="$x$", ylabel="$y$", title="From above: level lines and gradient arrows", aspect="equal")
figure.colorbar(levels, ax=plane, label="$f(x, y, 3)$", shrink=0.85)
plt.show()

# %% [markdown]
# The red arrow is drawn larger than the black ones, to be seen. The third component of the gradient,
# $\partial f / \partial z = 10$, has no place in this plane: it says how fast the surface rises at $(1, 2)$ as $z$
# grows.
#
# ## Your turn
#
# What is the gradient at $(2, 3, 4)$? Work it out with the formula before you run the next cell.

# %%
value, partials = multigrad.value_and_gradient(f, argnums=(0, 1, 2))(2.0, 3.0, 4.0)

assert math.isclose(float(value), 77.0, rel_tol=1e-12)
assert np.allclose([float(p) for p in partials], [28.0, 22.0, 20.0], rtol=1e-12, atol=0)
print([float(p) for p in partials])
