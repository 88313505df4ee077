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
# # Exercise 2: the error of a straight line
#
# ## The problem
#
# A line $w x + b$ shall run through the points $(x_i, y_i)$. The **mean squared error** measures how badly it does:
#
# $$ L(w, b) = \frac{1}{n} \sum_{i=1}^{n} \left( w x_i + b - y_i \right)^2 . $$
#
# To improve the line we must know which way to change its slope $w$ and its offset $b$. Find
# $\partial L / \partial w$ and $\partial L / \partial b$ for the points $x = (1, 2, 3)$, $y = (2, 4, 6)$, at $w = 0.5$
# and $b = 0.1$.

# %% [markdown]
# ## The formula
#
# Call the distance between line and point the residual, $r_i = w x_i + b - y_i$. By the chain rule, $r_i^2$ has the
# derivative $2 r_i$ times the derivative of $r_i$, and $r_i$ grows by $x_i$ per unit of $w$ and by $1$ per unit of $b$:
#
# $$
# \frac{\partial L}{\partial w} = \frac{2}{n} \sum_{i=1}^{n} r_i \, x_i , \qquad
# \frac{\partial L}{\partial b} = \frac{2}{n} \sum_{i=1}^{n} r_i .
# $$
#
# At our point the residuals are $(-1.4, -2.9, -4.4)$: the line runs below all three points. So
#
# $$
# L = \tfrac{1}{3} (1.96 + 8.41 + 19.36) = 9.91, \qquad
# \frac{\partial L}{\partial w} = \tfrac{2}{3} (-20.4) = -13.6, \qquad
# \frac{\partial L}{\partial b} = \tfrac{2}{3} (-8.7) = -5.8 .
# $$

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
# The data may stay NumPy arrays: multigrad moves them to the backend. `xp` is the namespace of the array API standard,
# and `xp.mean` calls the mean of whatever framework is at work. `argnums=(0, 1)` asks for the derivatives in `w` and
# `b` and treats the data as constants.

# %%
x = np.array([1.0, 2.0, 3.0])
y = np.array([2.0, 4.0, 6.0])


# %%
def loss(w, b, x, y):
    return xp.mean((w * x + b - y) ** 2)


multigrad.gradient(loss, argnums=(0, 1))(0.5, 0.1, x, y)

# %% [markdown]
# ## The result
#
# `value_and_gradient` gives the loss as well, at no extra cost.

# %%
w, b = 0.5, 0.1
value, (in_w, in_b) = multigrad.value_and_gradient(loss, argnums=(0, 1))(w, b, x, y)
value, in_w, in_b = float(value), float(in_w), float(in_b)

print(f"L     = {value:.12g}")
print(f"∂L/∂w = {in_w:.12g}")
print(f"∂L/∂b = {in_b:.12g}")

# %% [markdown]
# Both derivatives are negative: the loss falls when $w$ or $b$ grows, which lifts the line towards the points.
#
# Nothing accumulates between calls. The second call gives what the first one gave:

# %%
again = multigrad.gradient(loss, argnums=(0, 1))(w, b, x, y)

assert [float(slope) for slope in again] == [in_w, in_b]

# %% [markdown]
# ## Verification
#
# One computation alone proves little. Here are three independent ones.
#
# **1. The formula** derived above.

# %%
residual = w * x + b - y
by_formula = [2 * np.mean(residual * x), 2 * np.mean(residual)]

assert np.allclose(by_formula, [-13.6, -5.8], rtol=1e-12, atol=0)
assert np.allclose([in_w, in_b], by_formula, rtol=1e-12, atol=0)
assert math.isclose(value, 9.91, rel_tol=1e-12)
print(f"formula:            {by_formula[0]:.12g}, {by_formula[1]:.12g}")

# %% [markdown]
# **2. Finite differences.** Move one parameter by a small step $h$ to either side and watch the loss:
#
# $$ \frac{\partial L}{\partial w} \approx \frac{L(w + h, b) - L(w - h, b)}{2h} . $$
#
# Only values of the loss are needed. `loss` is written against the standard, so with NumPy arrays NumPy computes them.

# %%
h = 1e-5
by_differences = [
    (loss(w + h, b, x, y) - loss(w - h, b, x, y)) / (2 * h),
    (loss(w, b + h, x, y) - loss(w, b - h, x, y)) / (2 * h),
]

assert np.allclose([in_w, in_b], by_differences, rtol=1e-8, atol=0)
print(f"finite differences: {by_differences[0]:.12g}, {by_differences[1]:.12g}")

# %% [markdown]
# **3. The framework's native call**, the way its own documentation teaches it: `torch.autograd.grad` of `nn.MSELoss` in
# torch, `jax.value_and_grad` in JAX, `tf.GradientTape` in TensorFlow. NumPy has no such call, and takes the formula.

# %%
native_value, native = exercises.native_solution("linear_mse", backend, {"w": w, "b": b, "x": x, "y": y})

assert math.isclose(value, native_value, rel_tol=1e-12)
assert np.allclose([in_w, in_b], [native["w"], native["b"]], rtol=1e-12, atol=0)
print(f"native call:        {native['w']:.12g}, {native['b']:.12g}")

# %% [markdown]
# ## The picture
#
# Seen along one parameter the loss is a parabola, and the partial derivative is the slope of its tangent. Seen over
# both, it is a long valley. The negative gradient points down the steepest way, at a right angle to the level line
# (dashed).
#
# **Gradient descent** goes a step that way and asks for the gradient again. It crosses the valley a few times, then
# creeps along its floor to the best line, $w = 2$ and $b = 0$, which meets all three points exactly.

# %%
along_w = np.linspace(-0.6, 4.6, 105)
along_b = np.linspace(-2.2, 3.0, 105)
loss_along_w = [loss(value_of_w, b, x, y) for value_of_w in along_w]
loss_along_b = [loss(w, value_of_b, x, y) for value_of_b in along_b]
loss_over_both = np.array([[loss(value_of_w, value_of_b, x, y) for value_of_w in along_w] for value_of_b in along_b])

slopes = multigrad.gradient(loss, argnums=(0, 1))
step = 0.15
path = [(w, b)]
for _ in range(60):
    here = path[-1]
    down = [-float(slope) for slope in slopes(*here, x, y)]
    path.append((here[0] + step * down[0], here[1] + step * down[1]))
path = np.array(path)

assert loss(*path[-1], x, y) < 0.001 * value

# %%
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.8), dpi=110, layout="constrained")
middle.sharey(left)
curve, tangent, mark = "#22577a", "#f3722c", "#d62828"

for panel, positions, losses, here, slope, name in (
    (left, along_w, loss_along_w, w, in_w, "w"),
    (middle, along_b, loss_along_b, b, in_b, "b"),
):
    near = here + np.array([-0.7, 0.7])
    panel.plot(positions, losses, color=curve, linewidth=2, label=f"loss along ${name}$")
    panel.plot(near, value + slope * (near - here), color=tangent, linewidth=2.5, label=f"tangent, slope ${slope:.4g}$")
    panel.plot(here, value, "o", color=mark, markersize=7, label=f"${name} = {here}$, $L = {value:.4g}$")
    panel.set(xlabel=f"${name}$", ylabel="loss $L$", title=f"The loss along ${name}$")
    panel.grid(alpha=0.25)
    panel.legend(loc="upper center")

right.contourf(along_w, along_b, np.sqrt(loss_over_both), levels=24, cmap="Blues")
lines = right.contour(along_w, along_b, loss_over_both, levels=[0.1, 1, 4, 20, 40, 70], colors=curve, linewidths=0.8)
right.clabel(lines, fmt="%g", fontsize=8)
right.contour(along_w, along_b, loss_over_both, levels=[value], colors=mark, linestyles="--", linewidths=1)
right.plot(*path.T, ".-", color=tangent, markersize=5, linewidth=1, label="gradient descent, 60 steps")
right.quiver(w, b, -in_w, -in_b, color=mark, angles="xy", scale_units="xy", scale=17, width=0.012, zorder=3)
right.plot(w, b, "o", color=mark, markersize=7, label=r"$(0.5,\ 0.1)$ and $-\nabla L$")
right.plot(2.0, 0.0, "*", color="gold", markeredgecolor="black", markersize=14, linestyle="none", label="best line")
right.set(xlabel="$w$", ylabel="$b$", title="The loss over $(w, b)$", aspect="equal")
right.legend(loc="upper right")
plt.show()

# %% [markdown]
# ## Your turn
#
# Take the points $x = (2.5, 4.8, 6.9, 9.5)$, $y = (3, 5, 7, 9)$ and the line $w = 1.5$, $b = 0.5$. Is this line too
# high or too low? Which sign will the derivatives have?

# %%
x = np.array([2.5, 4.8, 6.9, 9.5])
y = np.array([3.0, 5.0, 7.0, 9.0])
value, gradient = multigrad.value_and_gradient(loss, argnums=(0, 1))(1.5, 0.5, x, y)

assert math.isclose(float(value), 14.184375, rel_tol=1e-12)
assert np.allclose([float(slope) for slope in gradient], [48.6375, 6.775], rtol=1e-12, atol=0)
print(f"L = {float(value):.12g}, gradient = {[round(float(slope), 12) for slope in gradient]}")
