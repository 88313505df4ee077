"""W1 to W6: small functions where overhead is all, large ones where it must vanish, and second derivatives."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from multigrad import exercises, xp


class Workload(NamedTuple):
    """Something to differentiate.

    Attributes
    ----------
    name, title
        A short name for tables, and what it is.
    operator
        ``"gradient"``, ``"hvp"`` (the last argument is the vector) or ``"hessian"``.
    argnums
        The arguments that are differentiated.
    data
        Gives the arguments as NumPy arrays.
    standard
        The function against the array API standard. Its native spellings have its name in `benchmarks.native`.
    """

    name: str
    title: str
    operator: str
    argnums: int | tuple[int, ...]
    data: Callable[[], tuple[np.ndarray, ...]]
    standard: Callable[..., Any]


def mlp(w1, b1, w2, b2, w3, b3, images, labels):
    """Return the cross entropy of a perceptron with two hidden layers; labels are one-hot.

    With tanh and the softmax written out, so that all contestants do the same operations.
    """
    hidden = xp.tanh(images @ w1 + b1)
    hidden = xp.tanh(hidden @ w2 + b2)
    scores = hidden @ w3 + b3
    shifted = scores - xp.max(scores, axis=1, keepdims=True)
    return xp.mean(xp.log(xp.sum(xp.exp(shifted), axis=1)) - xp.sum(labels * shifted, axis=1))


def rosenbrock(x):
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def _float32(*values):
    return tuple(np.asarray(value, dtype=np.float32) for value in values)


def _line(n):
    generator = np.random.default_rng(0)
    x = generator.standard_normal(n)
    return _float32(0.5, 0.1, x, 2.0 * x + 0.1 * generator.standard_normal(n))


def _perceptron():
    generator = np.random.default_rng(0)
    sizes, batch = (784, 256, 256, 10), 128
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [generator.standard_normal((inputs, outputs)) / np.sqrt(inputs), np.zeros(outputs)]
    labels = np.eye(10)[generator.integers(10, size=batch)]
    return _float32(*layers, generator.standard_normal((batch, 784)), labels)


def _point(n, count=1):
    generator = np.random.default_rng(0)
    return _float32(*(generator.uniform(-1.5, 1.5, n) for _ in range(count)))


WORKLOADS = (
    Workload("W1", "x² + y² + z² + 2xyz", "gradient", (0, 1, 2), lambda: _float32(1.0, 2.0, 3.0), exercises.partials),
    Workload(
        "W2",
        "linear MSE, n = 3",
        "gradient",
        (0, 1),
        lambda: _float32(0.5, 0.1, [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]),
        exercises.linear_mse,
    ),
    Workload("W3", "sin(x² + 1)", "gradient", 0, lambda: _float32(2.0), exercises.chain_rule),
    Workload("W4", "linear MSE, n = 1e6", "gradient", (0, 1), lambda: _line(1_000_000), exercises.linear_mse),
    Workload("W5", "MLP 784-256-256-10, batch 128", "gradient", (0, 1, 2, 3, 4, 5), _perceptron, mlp),
    Workload("W6", "Rosenbrock, n = 1000", "gradient", 0, lambda: _point(1000), rosenbrock),
    Workload("HVP", "Rosenbrock, n = 1000", "hvp", 0, lambda: _point(1000, 2), rosenbrock),
    Workload("Hessian", "Rosenbrock, n = 100", "hessian", 0, lambda: _point(100), rosenbrock),
)
