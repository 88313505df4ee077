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
# # Exercise 3: the chain rule
#
# ## The problem
#
# Find the derivative of
#
# $$ f(x) = \sin\left( x^2 + 1 \right) $$
#
# at $x = 2$. The sine does not act on $x$ itself but on another function of it, so this is a case for the chain rule,
# the rule on which all automatic differentiation is built.

# %% [markdown]
# ## The formula
#
# Take the function apart: $f = \sin(u)$ with $u = x^2 + 1$. The derivative of the whole is the product of the
# derivatives of its parts,
#
# $$
# \frac{\mathrm{d}f}{\mathrm{d}x}
# = \frac{\mathrm{d}f}{\mathrm{d}u} \cdot \frac{\mathrm{d}u}{\mathrm{d}x}
# = \cos(u) \cdot 2x
# = 2x \cos\left( x^2 + 1 \right) .
# $$
#
# At $x = 2$ this is $4 \cos 5 \approx 1.1346$, and the function itself is $\sin 5 \approx -0.9589$.

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
# `xp` is the namespace of the array API standard, and `xp.sin` calls the sine of whatever framework is at work.


# %%
def f(x):
    return xp.sin(x**2 + 1)


multigrad.gradient(f)(2.0)

# %% [markdown]
# ## The result
#
# `value_and_gradient` gives the value as well, at no extra cost.

# %%
x = 2.0
value, slope = multigrad.value_and_gradient(f)(x)
value, slope = float(value), float(slope)

print(f"f(2)     = {value:.12f}")
print(f"df/dx(2) = {slope:.12f}")

# %% [markdown]
# ## Verification
#
# One computation alone proves little. Here are three independent ones.
#
# **1. The formula** derived above.

# %%
by_formula = 2 * x * math.cos(x**2 + 1)

assert math.isclose(slope, by_formula, rel_tol=1e-12)
assert math.isclose(value, math.sin(x**2 + 1), rel_tol=1e-12)
assert math.isclose(by_formula, 1.134648741852905, rel_tol=1e-12)
print(f"formula:            {by_formula:.12f}")

# %% [markdown]
# **2. Finite differences.** Move $x$ by a small step $h$ to either side and watch the function:
#
# $$ \frac{\mathrm{d}f}{\mathrm{d}x} \approx \frac{f(x + h) - f(x - h)}{2h} . $$
#
# Only values of $f$ are needed. `f` is written against the standard, so for a NumPy array NumPy computes them.

# %%
h = 1e-5
behind, ahead = f(np.array([x - h, x + h]))
by_differences = (ahead - behind) / (2 * h)

assert math.isclose(slope, by_differences, rel_tol=1e-8)
print(f"finite differences: {by_differences:.12f}")

# %% [markdown]
# **3. The framework's native call**, the way its own documentation teaches it: `torch.autograd.grad` in torch,
# `jax.value_and_grad` in JAX, `tf.GradientTape` in TensorFlow. NumPy has no such call, and takes the formula.

# %%
native_value, native = exercises.native_solution("chain_rule", backend, {"x": x})

assert math.isclose(value, native_value, rel_tol=1e-12)
assert math.isclose(slope, native["x"], rel_tol=1e-12)
print(f"native call:        {native['x']:.12f}")

# %% [markdown]
# ## The picture
#
# The derivative at $x = 2$ is the slope of the tangent there. Compute it at every $x$, and you get a curve of its own:
# it is zero where the function has a peak or a trough, and its swings grow like $2x$, the inner derivative.
#
# `gradient` wants a function with one number as its value. To get the derivative at all points in one call we
# differentiate the **sum** of $f$ over them: each term depends on its own $x$ only.

# %%
line = np.linspace(0.0, 3.2, 641)
derivative = multigrad.to_numpy(multigrad.gradient(lambda points: xp.sum(f(points)))(line))

assert np.allclose(derivative, 2 * line * np.cos(line**2 + 1), rtol=1e-12, atol=1e-12)

# %%
figure, (top, bottom) = plt.subplots(
    2, 1, figsize=(9, 6.6), dpi=110, layout="constrained", sharex=True, height_ratios=(3, 2)
)
curve, tangent, mark = "#22577a", "#f3722c", "#d62828"

near = x + np.array([-0.75, 0.75])
top.plot(line, f(line), color=curve, linewidth=2, label=r"$f(x) = \sin(x^2 + 1)$")
top.plot(near, value + slope * (near - x), color=tangent, linewidth=2, label=f"tangent at $x = 2$, slope {slope:.4f}")
top.plot(x, value, "o", color=mark, markersize=7, label=f"$f(2) = {value:.4f}$")
top.set(ylabel="$f(x)$", title="The function and its tangent", ylim=(-2.0, 1.3))
top.legend(loc="lower left", frameon=False)

bottom.axhline(0.0, color="#8d99ae", linewidth=1)
bottom.plot(line, derivative, color=tangent, linewidth=2, label=r"$f'(x) = 2x\,\cos(x^2 + 1)$")
bottom.plot(line, 2 * line, "--", color="#8d99ae", linewidth=1, label=r"$\pm 2x$")
bottom.plot(line, -2 * line, "--", color="#8d99ae", linewidth=1)
bottom.plot(x, slope, "o", color=mark, markersize=7, label=f"$f'(2) = {slope:.4f}$")
bottom.set(xlabel="$x$", ylabel="$f'(x)$", title="Its derivative")
bottom.legend(loc="upper left", frameon=False)

for panel in (top, bottom):
    panel.axvline(x, color=mark, linewidth=1, linestyle=":")
    panel.grid(alpha=0.25)
    panel.margins(x=0)
plt.show()

# %% [markdown]
# The tangent rises at $x = 2$, though the function stands almost at its lowest value: the trough is close by, where
# $x^2 + 1 = \tfrac{3}{2}\pi$, at $x \approx 1.927$.
#
# ## Your turn
#
# Does the function rise or fall at $x = 3$, and how steeply? Read it off the lower picture, then run the next cell.

# %%
slope = float(multigrad.gradient(f)(3.0))

assert math.isclose(slope, 6 * math.cos(10), rel_tol=1e-12)
print(f"df/dx(3) = {slope:.5f}")
