"""What many rules share: moving cotangents between shapes, the inverse of broadcasting, reducing and permuting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad.engine._trace import strip

Rule = tuple[Callable[..., Any], ...]  # one expression per argument


def sum_to(xp: Any, g: Any, like: Any) -> Any:
    """Return a cotangent summed over the axes along which ``like`` was broadcast, in the dtype of ``like``."""
    shape = tuple(like.shape)
    if tuple(g.shape) != shape:
        extra = len(g.shape) - len(shape)
        stretched = tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
        g = xp.reshape(xp.sum(g, axis=tuple(range(extra)) + stretched, keepdims=True), shape)
    return g if g.dtype == like.dtype else xp.astype(g, like.dtype)  # rule 8: a real input's is real


def _axes(like: Any, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(len(like.shape)))
    return tuple(one % len(like.shape) for one in (axis if isinstance(axis, tuple) else (axis,)))


def restore_axes(xp: Any, reduced: Any, like: Any, axis: Any, keepdims: Any) -> Any:
    """Return a reduction's result with its reduced axes as axes of length one."""
    if keepdims:
        return reduced
    axes = _axes(like, axis)
    return xp.reshape(reduced, tuple(1 if i in axes else n for i, n in enumerate(like.shape)))


def spread(xp: Any, g: Any, like: Any, axis: Any, keepdims: Any) -> Any:
    """Return a reduction's cotangent, the same for every element that was reduced."""
    return xp.broadcast_to(restore_axes(xp, g, like, axis, keepdims), like.shape)


def unpermuted(axes: Any) -> tuple[int, ...]:
    """Return the inverse of a permutation of axes."""
    axes = [axis % len(axes) for axis in axes]
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def scatter(xp: Any, g: Any, like: Any, moved: Callable[[Any], Any]) -> Any:
    """Return zeros like ``like`` with a cotangent added where elements came from.

    ``moved`` is the function that moved them; here it moves their positions.
    """
    return xp.scatter(strip(like), g, moved(xp.positions(like)))


def ratio(xp: Any, numerator: Any, denominator: Any) -> Any:
    """Return a quotient that is 0 at a symmetric kink, where it would be 0/0 (rule 2)."""
    zero = denominator == 0
    return xp.where(zero, 0.0, xp.divide(numerator, xp.where(zero, 1.0, denominator)))
