"""SciPy, imported when it is called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from multigrad.optimize._point import Point


def scipy_optimize() -> Any:
    """Return the module ``scipy.optimize``."""
    try:
        from scipy import optimize
    except ImportError as error:
        raise ImportError(
            "multigrad.optimize needs SciPy, which could not be imported. Install it: pip install multigrad-xp[scipy]"
        ) from error
    return optimize


def on_trees(callback: Callable[..., Any] | None, point: Point) -> Callable[..., Any] | None:
    """Return a callback of the user's as one for SciPy, which passes the flat vector, or a result with it."""
    if callback is None:
        return None
    if list(inspect.signature(callback).parameters) == ["intermediate_result"]:

        def with_result(intermediate_result: Any) -> Any:  # SciPy looks for this name
            return callback(intermediate_result=answer(intermediate_result, point))

        return with_result

    @functools.wraps(callback)
    def with_vector(vector: Any, *rest: Any) -> Any:
        return callback(point.answer(np.asarray(vector, dtype=np.float64)), *rest)

    return with_vector


def answer(result: Any, point: Point) -> Any:
    """Return a copy of a result of SciPy's with x as a tree, and as ``x_vector`` the flat vector."""
    found = type(result)(result)
    found.x_vector = np.array(result.x, dtype=np.float64)
    found.x = point.answer(found.x_vector)
    return found
