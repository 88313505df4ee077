"""Trees of arrays in expectations: their leaves in order, rebuilt, and compared with what an operator returned."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from multigrad._convert import to_numpy


def transformed(function: Callable[[Any], Any], tree: Any) -> Any:
    """Return the tree with a function applied to each leaf, in order."""
    if isinstance(tree, dict):
        return {key: transformed(function, value) for key, value in tree.items()}
    if isinstance(tree, tuple | list):
        values = [transformed(function, value) for value in tree]
        return type(tree)(*values) if hasattr(tree, "_fields") else type(tree)(values)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = [field.name for field in dataclasses.fields(tree)]
        return type(tree)(**{name: transformed(function, getattr(tree, name)) for name in fields})
    return function(tree)


def leaves(tree: Any) -> list[np.ndarray]:
    """Return the leaves as NumPy arrays, in order."""
    found: list[np.ndarray] = []
    transformed(lambda leaf: found.append(np.asarray(leaf)), tree)
    return found


def rebuilt(tree: Any, values: Iterable[Any]) -> Any:
    """Return the tree with other leaves."""
    following = iter(values)
    return transformed(lambda _: next(following), tree)


def cast(tree: Any, dtype: str) -> Any:
    """Return the tree with its floating arrays in float32 or float64, its complex ones in that precision."""
    kinds = {"f": dtype, "c": {"float32": "complex64", "float64": "complex128"}[dtype]}

    def leaf(x: Any) -> Any:
        return x.astype(kinds.get(x.dtype.kind, x.dtype)) if isinstance(x, np.ndarray | np.generic) else x

    return transformed(leaf, tree)


def assert_tree(found: Any, expected: Any, rtol: float) -> None:
    """Assert structure, shapes, dtypes and values: within rtol of the largest expected element of a leaf."""
    found = to_numpy(found)
    structures = [transformed(lambda _: "*", tree) for tree in (found, expected)]
    # Statements raise by themselves, since python -O leaves out assert.
    if structures[0] != structures[1]:
        raise AssertionError(f"Expected the structure {structures[1]}, got {structures[0]}.")
    for got, wanted in zip(leaves(found), leaves(expected), strict=True):
        if (got.shape, got.dtype) != (wanted.shape, wanted.dtype):
            raise AssertionError(
                f"Expected shape {wanted.shape} and dtype {wanted.dtype}, got {got.shape} and {got.dtype}."
            )
        scale = np.max(np.abs(wanted), initial=1.0)
        if not np.all(np.abs(got - wanted) <= rtol * scale) if got.dtype != bool else np.any(got != wanted):
            raise AssertionError(f"Expected {wanted.tolist()}, got {got.tolist()}.")
