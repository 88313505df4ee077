"""The exercises themselves: a function, its derivatives by formula, and two inputs each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from multigrad.array_api._dispatch import xp

Inputs = dict[str, Any]
Answer = tuple[float, dict[str, float]]


def partials(x: Any, y: Any, z: Any) -> Any:
    """Compute x² + y² + z² + 2xyz, whose partial derivative in x is 2x + 2yz, and so on in turn."""
    return x**2 + y**2 + z**2 + 2 * x * y * z


def linear_mse(w: Any, b: Any, x: Any, y: Any) -> Any:
    """Compute (1/n) Σ (w·x + b - y)², the mean squared error of a line; its gradient is in w and b."""
    return xp.mean((w * x + b - y) ** 2)


def chain_rule(x: Any) -> Any:
    """Compute sin(x² + 1), whose derivative by the chain rule is 2x·cos(x² + 1)."""
    return xp.sin(x**2 + 1)


def _partials_answer(x: float, y: float, z: float) -> Answer:
    value = x * x + y * y + z * z + 2 * x * y * z
    return value, {"x": 2 * x + 2 * y * z, "y": 2 * y + 2 * x * z, "z": 2 * z + 2 * x * y}


def _linear_mse_answer(w: float, b: float, x: tuple[float, ...], y: tuple[float, ...]) -> Answer:
    residuals = [w * xi + b - yi for xi, yi in zip(x, y, strict=True)]
    n = len(x)
    value = math.fsum(r * r for r in residuals) / n
    in_w = 2 / n * math.fsum(r * xi for r, xi in zip(residuals, x, strict=True))
    return value, {"w": in_w, "b": 2 / n * math.fsum(residuals)}


def _chain_rule_answer(x: float) -> Answer:
    return math.sin(x * x + 1), {"x": 2 * x * math.cos(x * x + 1)}


class Exercise(NamedTuple):
    """One exercise.

    Attributes
    ----------
    name
        As in ``multigrad exercises``.
    function
        Namespace-neutral; takes the inputs by name.
    formula
        Its value as people write it.
    wrt
        Names of the arguments to differentiate.
    answer
        Value and derivatives by formula, in Python floats.
    inputs
        Points at which `run` solves it; tuples stand for vectors.
    """

    name: str
    function: Callable[..., Any]
    formula: str
    wrt: tuple[str, ...]
    answer: Callable[..., Answer]
    inputs: tuple[Inputs, ...]


EXERCISES = (
    Exercise(
        "partials",
        partials,
        "x² + y² + z² + 2xyz",
        ("x", "y", "z"),
        _partials_answer,
        ({"x": 1.0, "y": 2.0, "z": 3.0}, {"x": 2.0, "y": 3.0, "z": 4.0}),
    ),
    Exercise(
        "linear_mse",
        linear_mse,
        "(1/n) Σ (w·x + b - y)²",
        ("w", "b"),
        _linear_mse_answer,
        (
            {"w": 0.5, "b": 0.1, "x": (1.0, 2.0, 3.0), "y": (2.0, 4.0, 6.0)},
            {"w": 1.5, "b": 0.5, "x": (2.5, 4.8, 6.9, 9.5), "y": (3.0, 5.0, 7.0, 9.0)},
        ),
    ),
    Exercise("chain_rule", chain_rule, "sin(x² + 1)", ("x",), _chain_rule_answer, ({"x": 2.0}, {"x": 3.0})),
)
