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
# # Find a porting bug
#
# ## The problem
#
# A research team has a small neural network. Another team rewrites it for production: another framework, another layout
# of the weights. The new code runs, it trains, the loss falls. Is it the same network?
#
# Here it is not. We plant an error that really happens, see that training does not show it, and let `compare` find the
# line.

# %% [markdown]
# ## The backend
#
# The environment variable `MULTIGRAD_BACKEND` chooses the framework of the production code: `numpy` (the default),
# `torch`, `jax` or `tensorflow`. The research code runs on NumPy.

# %%
import matplotlib.pyplot as plt
import numpy as np
import scipy.special
from IPython.display import display

import multigrad
from multigrad import special, xp

backend = multigrad.infer_backend().name
research, production = "numpy:research", f"{backend}:production"
print(f"The production code runs on {backend}.")


# %% [markdown]
# ## The original
#
# Two hidden layers of 16 units. The weight matrices have one **row per output**, as in torch. The activation is the
# GELU, $v\,\Phi(v)$ with the normal distribution function $\Phi$.


# %%
def gelu(v):
    return 0.5 * v * (1 + special.erf(v / np.sqrt(2)))


def original(p, x, y):
    hidden = gelu(x @ p["w1"].T + p["b1"])
    hidden = gelu(hidden @ p["w2"].T + p["b2"])
    found = hidden @ p["w3"].T + p["b3"]
    return xp.mean((found[:, 0] - y) ** 2)


# %% [markdown]
# ## The port
#
# Here a layer is a dict, and its kernel has one **column per output**, as in Keras and Flax. The author knew the GELU
# from elsewhere, in another form.


# %%
def fast_gelu(v):
    return 0.5 * v * (1 + xp.tanh(np.sqrt(2 / np.pi) * (v + 0.044715 * v**3)))


def dense(layer, v):
    return v @ layer["kernel"] + layer["bias"]


def port(layers, x, y):
    hidden = fast_gelu(dense(layers["first"], x))
    hidden = fast_gelu(dense(layers["second"], hidden))
    return xp.mean((dense(layers["last"], hidden)[:, 0] - y) ** 2)


# %% [markdown]
# The weights of the one must be brought into the layout of the other. This function is part of every port, and the
# first place where things go wrong.


# %%
def to_layers(p):
    return {
        "first": {"kernel": p["w1"].T, "bias": p["b1"]},
        "second": {"kernel": p["w2"].T, "bias": p["b2"]},
        "last": {"kernel": p["w3"].T, "bias": p["b3"]},
    }


# %% [markdown]
# ## Data and weights
#
# The network shall learn $y = \sin(2 x_1)\, x_2$ from 64 points. The seed is 7.

# %%
random = np.random.default_rng(7)
x = random.uniform(-2.0, 2.0, size=(64, 2))
y = np.sin(2 * x[:, 0]) * x[:, 1]
p = {
    "w1": random.normal(size=(16, 2)),
    "b1": random.normal(size=16),
    "w2": random.normal(size=(16, 16)) / 4,
    "b2": np.zeros(16),
    "w3": random.normal(size=(1, 16)) / 4,
    "b3": np.zeros(1),
}

# %% [markdown]
# ## Training tells nothing
#
# Train both from the same weights, by gradient descent. `gradient` returns the structure of the weights, a dict here
# and a dict of dicts there, and a short function takes the step in either.


# %%
def step_down(weights, slopes, step):
    if isinstance(weights, dict):
        return {name: step_down(weights[name], slopes[name], step) for name in weights}
    return weights - step * slopes


def train(f, weights, where, count=300, step=0.05):
    f_and_slopes = multigrad.value_and_gradient(f, backend=where)
    losses = []
    for _ in range(count):
        loss, slopes = multigrad.to_numpy(f_and_slopes(weights, x, y))
        losses.append(float(loss))
        weights = step_down(weights, slopes, step)
    return np.array(losses)


losses = train(original, p, "numpy")
losses_of_port = train(port, to_layers(p), backend)

assert losses[-1] < 0.5 * losses[0]
assert np.max(np.abs(losses_of_port / losses - 1)) < 0.02
print(f"original: {losses[0]:.4f} -> {losses[-1]:.4f}")
print(f"port:     {losses_of_port[0]:.4f} -> {losses_of_port[-1]:.4f}")

# %% [markdown]
# Both learn, equally well. Nobody would look twice.
#
# ## Ask `compare`
#
# Give it the two ports, the point, and the map between the layouts. A port's name is its backend and, after a colon,
# any label. `compare` evaluates both and brings the gradient of the port back into the layout of the original.

# %%
report = multigrad.compare({research: original, production: port}, p, x, y, map={production: to_layers})
display(report)

# %% [markdown]
# ## Read the report
#
# - **Both gradients are right**: each is the true derivative of its own function, checked against differences. So this
# is   no bug of a framework. The two functions differ.
# - **Everything differs, by a ten-thousandth or less.** A wrong layout would show as a difference of the order of 1,
# and   rounding as one of $10^{-16}$. A ten-thousandth is the mark of an approximation.
# - **The last lines name the place.** `compare` looked for every intermediate value of the port among those of the
#   original. The first one without a counterpart is a cube, in `fast_gelu`. The original divides by $\sqrt 2$ there.
#
# So it is the activation. `fast_gelu` is the approximation by the hyperbolic tangent, which `jax.nn.gelu` uses unless
# told otherwise, while torch's default is the exact form. The two are easily taken for the same.

# %%
found = report.rows[1].divergence
print(found)

assert not report.ok
assert [row.verdict for row in report.rows] == ["right", "right"]
assert found.what == "value"
assert "0.044715" in found.step.text
assert "erf" in found.counterpart.text

# %% [markdown]
# Is that so? Compute both forms with NumPy and SciPy alone: the exact one is $v\,\Phi(v)$, and the other one is off by
# up to $4.7 \cdot 10^{-4}$.

# %%
line = np.linspace(-6.0, 6.0, 1201)
exact = line * scipy.special.ndtr(line)
distance = np.max(np.abs(fast_gelu(line) - exact))

assert np.allclose(gelu(line), exact, rtol=0, atol=1e-15)
assert np.isclose(distance, 4.7e-4, rtol=0.02)
print(f"largest distance: {distance:.2e}")


# %% [markdown]
# ## Fix it, and ask again


# %%
def fixed_port(layers, x, y):
    hidden = gelu(dense(layers["first"], x))
    hidden = gelu(dense(layers["second"], hidden))
    return xp.mean((dense(layers["last"], hidden)[:, 0] - y) ** 2)


after = multigrad.compare({research: original, production: fixed_port}, p, x, y, map={production: to_layers})
display(after)

assert after.ok

# %% [markdown]
# The ports are the same function now, value and gradient, to the last digits. What remains are rounding errors. As a
# check from outside, the slope in the last offset by its formula, twice the mean residual, with NumPy alone:

# %%
hidden = x
for w, b in (("w1", "b1"), ("w2", "b2")):
    before = hidden @ p[w].T + p[b]
    hidden = before * scipy.special.ndtr(before)
residual = (hidden @ p["w3"].T + p["b3"])[:, 0] - y

assert np.isclose(after.rows[1].value, np.mean(residual**2), rtol=1e-12)
assert np.allclose(after.rows[1].gradient["b3"], 2 * np.mean(residual), rtol=1e-11)
print(f"{after.rows[1].gradient['b3'][0]:.12f} by the port, {2 * np.mean(residual):.12f} by the formula")

# %% [markdown]
# ## The picture
#
# Left, what people look at: the loss. The curves lie on top of each other. Right, what `compare` looks at: how far the
# gradient of each weight is from the original's, relative to its size. Twelve orders of magnitude lie between a port
# that seems right and one that is.


# %%
def relative(report):
    leaves = report.rows[1].gradient_difference.leaves
    return {leaf.place.partition("]")[0] + "]": max(leaf.relative, 1e-17) for leaf in leaves}


figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4.8), dpi=110, layout="constrained")
left.plot(losses, color="#22577a", linewidth=5, alpha=0.45, label="original")
left.plot(losses_of_port, color="#d62828", linewidth=1.5, label="port with the bug")
left.set(xlabel="steps", ylabel="loss", title="What training shows", ylim=(0, None))
left.grid(alpha=0.25)
left.legend()

for which, color, label in ((report, "#d62828", "with the bug"), (after, "#2a9d5c", "fixed")):
    differences = relative(which)
    right.semilogy(list(differences), list(differences.values()), "o", color=color, markersize=10, label=label)
right.axhline(np.finfo(float).eps, color="#1f2933", linestyle="--", linewidth=1, label="last digit of a float64")
right.set(ylabel="difference of the gradients, relative", title="What compare shows", ylim=(3e-18, 1))
right.set_yticks([1e-17, 1e-13, 1e-9, 1e-5, 1e-1], ["0", "$10^{-13}$", "$10^{-9}$", "$10^{-5}$", "$10^{-1}$"])
right.legend(loc="center")
right.grid(alpha=0.25)
plt.show()


# %% [markdown]
# ## Your turn
#
# Now the classic: somebody forgets to transpose a kernel. In the first and the last layer the shapes would tell at
# once. The second one is square, and nothing complains. How large will the difference be? What will the report say?


# %%
def careless(p):
    layers = to_layers(p)
    layers["second"]["kernel"] = p["w2"]
    return layers


report = multigrad.compare({research: original, production: fixed_port}, p, x, y, map={production: careless})
found = report.rows[1].divergence
print(found)

assert not report.ok
assert found.step.operation == "matmul"
assert any("transposed it would be the same" in hint for hint in found.hints)
