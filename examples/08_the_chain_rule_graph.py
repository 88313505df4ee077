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
# # The chain rule as a picture
#
# ## The problem
#
# A computer does not see a formula. It sees a list of small steps, each with one or two inputs: a **graph**. The chain
# rule walks through this graph from the end to the beginning, and that is all there is to automatic differentiation.
#
# Here we draw the graphs of the three exercises, read off the derivative of every value on the way, check each by hand,
# and then write the walk ourselves, in twenty lines.

# %% [markdown]
# ## The backend
#
# The environment variable `MULTIGRAD_BACKEND` chooses the framework that does the work: `numpy` (the default), `torch`,
# `jax` or `tensorflow`. Nothing else in this notebook depends on it. There is nothing random in it, so there is no
# seed.

# %%
import math

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display

import multigrad
from multigrad import xp

backend = multigrad.infer_backend().name
print(f"This notebook runs on {backend}.")


# %% [markdown]
# ## A chain: $\sin(x^2 + 1)$
#
# `graph` evaluates the function and records each step. A notebook shows the result as a picture. Read it from top to
# bottom: a box holds a name, the step, its value, the derivative of the **output** with respect to this value, and the
# place in the code.


# %%
def chain(x):
    return xp.sin(x**2 + 1)


chain_graph = multigrad.graph(chain, 2.0)
display(chain_graph)

# %% [markdown]
# Now read the derivatives from bottom to top. Call the output $L$.
#
# - $u_3$ **is** the output, so $\partial L / \partial u_3 = 1$.
# - $u_3 = \sin u_2$ has the slope $\cos u_2$, so $\partial L / \partial u_2 = 1 \cdot \cos 5 = 0.28366$.
# - $u_2 = u_1 + 1$ has the slope 1, which changes nothing.
# - $u_1 = x^2$ has the slope $2x$, so $\partial L / \partial x = \cos 5 \cdot 4 = 1.13465$.
#
# Every step multiplies by its own slope. The product is the chain rule, $2x \cos(x^2 + 1)$.


# %%
def derivatives(graph):
    """Return the derivative of the output with respect to each value, by name, as NumPy arrays."""
    return {node.name: graph.to_numpy(node.derivative) for node in graph.nodes}


def check(graph, by_hand):
    """Print the derivatives found and those by hand, and assert that they are equal."""
    found = derivatives(graph)
    assert found.keys() == by_hand.keys()
    for name, expected in by_hand.items():
        assert np.allclose(found[name], expected, rtol=1e-12, atol=1e-12)
        print(f"∂L/∂{name:<3} = {np.round(found[name], 6) + 0.0!s:<34} by hand {np.round(expected, 6) + 0.0}")


check(chain_graph, {"x": 4 * math.cos(5), "u1": math.cos(5), "u2": math.cos(5), "u3": 1.0})

# %% [markdown]
# ## Paths that meet: $x^2 + y^2 + z^2 + 2xyz$
#
# Here $x$ is used twice, in $x^2$ and in $2x$: two paths lead from $x$ to the output.


# %%
def partials(x, y, z):
    return x**2 + y**2 + z**2 + 2 * x * y * z


partials_graph = multigrad.graph(partials, 1.0, 2.0, 3.0)
display(partials_graph)

# %% [markdown]
# A sum passes the derivative on unchanged. A product passes it on times the **other** factor: from $u_8 = u_7 z$ the
# derivative in $u_7$ is $z = 3$, and that in $z$ is $u_7 = 4$. Where paths meet, on the way back, their contributions
# **add up**:
#
# $$
# \frac{\partial L}{\partial x}
# = \underbrace{1 \cdot 2x}_{\text{through } x^2} + \underbrace{1 \cdot z \cdot y \cdot 2}_{\text{through } 2xyz}
# = 2 + 12 = 14 .
# $$

# %%
x, y, z = 1.0, 2.0, 3.0

check(
    partials_graph,
    {
        "x": 2 * x + 2 * y * z,
        "y": 2 * y + 2 * x * z,
        "z": 2 * z + 2 * x * y,
        "u1": 1.0,  # x²
        "u2": 1.0,  # y²
        "u3": 1.0,  # x² + y²
        "u4": 1.0,  # z²
        "u5": 1.0,  # x² + y² + z²
        "u6": y * z,  # 2x
        "u7": z,  # 2xy
        "u8": 1.0,  # 2xyz
        "u9": 1.0,  # the output
    },
)

# %% [markdown]
# ## Arrays: the mean squared error of a line
#
# A value may be an array; then its derivative is an array of the same shape. The mean divides the 1 at the end among
# its three elements. On the way back to $w$ and $b$, single numbers that all three elements use, three contributions
# meet again and are added.


# %%
def loss(w, b, x, y):
    return xp.mean((w * x + b - y) ** 2)


x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
loss_graph = multigrad.graph(loss, 0.5, 0.1, x, y)
display(loss_graph)

# %% [markdown]
# With the residuals $r = w x + b - y$ every derivative has a formula. The data have derivatives, too: they say which
# way each point would have to move to raise the loss.

# %%
residual = 0.5 * x + 0.1 - y
each = 2 * residual / 3

check(
    loss_graph,
    {
        "w": np.sum(each * x),
        "b": np.sum(each),
        "x": each * 0.5,
        "y": -each,
        "u1": each,  # w x
        "u2": each,  # w x + b
        "u3": each,  # the residuals
        "u4": np.full(3, 1 / 3),  # their squares
        "u5": 1.0,  # the mean
    },
)


# %% [markdown]
# ## The walk, by yourself
#
# A node knows its `operation` and its `inputs`. Two things are missing for automatic differentiation: the slope of each
# operation, and the walk. For these three functions five slopes are enough. A rule takes the derivative at a node and
# gives the share of each input; numbers written into the formula, such as the 2 in $2x$, are no nodes and need none.


# %%
def share_product(d, node, values):
    if len(values) == 1:  # a number times a value
        return [d * float(node.expression.partition(" * ")[0])]
    return [d * values[1], d * values[0]]


rules = {
    "add": lambda d, node, values: [d for _ in values],
    "subtract": lambda d, node, values: [d, -d],
    "multiply": share_product,
    "pow": lambda d, node, values: [d * 2 * values[0]],  # all powers here are squares
    "sin": lambda d, node, values: [d * np.cos(values[0])],
    "mean": lambda d, node, values: [d * np.full(values[0].shape, 1 / values[0].size)],
}


def walk_back(graph):
    """Return the derivative of the output with respect to each value, by name: the chain rule, node after node."""
    found = {node: np.zeros(node.shape) for node in graph.nodes}
    found[graph.output] = np.ones(())
    for node in reversed(graph.nodes):
        if node.inputs:
            values = [source.to_numpy() for source in node.inputs]
            for source, share in zip(node.inputs, rules[node.operation](found[node], node, values), strict=True):
                # A number that met an array was used by every element: its shares add up.
                found[source] = found[source] + (share if share.shape == source.shape else np.sum(share))
    return {node.name: derivative for node, derivative in found.items()}


for graph in (chain_graph, partials_graph, loss_graph):
    ours, theirs = walk_back(graph), derivatives(graph)
    assert ours.keys() == theirs.keys()
    for name, derivative in theirs.items():
        assert np.shape(ours[name]) == np.shape(derivative)
        assert np.allclose(ours[name], derivative, rtol=1e-12, atol=1e-12)
    print(f"{graph.title}: {len(graph)} values, {len(graph.edges)} edges, all derivatives as by multigrad")

# %% [markdown]
# That is reverse-mode differentiation, or backpropagation. One walk gives the derivatives in **all** inputs, however
# many there are. What a library adds are rules for hundreds of operations, and the care for their corners.

# %% [markdown]
# ## The picture: what flows back
#
# One graph belongs to one point. Do it at many points, and each box becomes a curve: forward the values, backward the
# derivatives. Going back by one box multiplies by one slope: $\cos u_2$ makes the wave, and $2x$ makes it grow.

# %%
line = np.linspace(0.0, 3.0, 301)
wave = multigrad.graph(lambda x: xp.sum(chain(x)), line)
forward = {node.name: node.to_numpy() for node in wave.nodes}
backward = derivatives(wave)
boxes = (("x", "$x$"), ("u1", "$u_1 = x^2$"), ("u2", "$u_2 = u_1 + 1$"), ("u3", "$u_3 = \\sin u_2$"))

assert np.allclose(backward["u2"], np.cos(line**2 + 1), rtol=1e-12, atol=1e-12)
assert np.allclose(backward["x"], 2 * line * np.cos(line**2 + 1), rtol=1e-12, atol=1e-12)

figure, panels = plt.subplots(2, 4, figsize=(13, 5.2), dpi=110, layout="constrained", sharex=True)
for column, (name, title) in enumerate(boxes):
    top, bottom = panels[:, column]
    top.plot(line, forward[name], color="#22577a", linewidth=2)
    top.set_title(title)
    bottom.plot(line, backward[name], color="#d62828", linewidth=2)
    bottom.set_title(f"$\\partial L / \\partial {title.strip('$').split(' ')[0]}$")
    bottom.set_xlabel("$x$")
    for panel, values in ((top, forward[name]), (bottom, backward[name])):
        panel.plot(2.0, np.interp(2.0, line, values), "o", color="#1f2933", markersize=6)
        panel.grid(alpha=0.25)
        panel.margins(x=0)
panels[1, 3].set_ylim(-1.5, 1.5)
panels[0, 0].set_ylabel("values, forward", color="#22577a")
panels[1, 0].set_ylabel("derivatives, backward", color="#d62828")
plt.show()

# %% [markdown]
# The dots mark $x = 2$, the point of the first graph.
#
# ## Your turn
#
# Draw the graph of $x \cdot x$ at $x = 3$. How many edges lead from $x$ to the product, and what is the derivative?
# Work it out with the product rule before you run the cell.

# %%
square = multigrad.graph(lambda x: x * x, 3.0)
display(square)

assert [source.name for source in square.output.inputs] == ["x", "x"]
assert derivatives(square)["x"] == walk_back(square)["x"] == 6.0
