"""Statistical functions; those that are missing are compositions (mean, var, prod, cumulative_prod)."""

from __future__ import annotations

from typing import Any

from multigrad._slope_table import ratio
from multigrad.engine._shapes import Rule, cast, restore_axes, spread

PULLBACKS: dict[str, Rule] = {
    "sum": (lambda xp, g, out, like, **o: _sum(xp, g, like, **o),),
    "max": (lambda xp, g, out, x, **o: _extremum(xp, g, out, x, **o),),
    "min": (lambda xp, g, out, x, **o: _extremum(xp, g, out, x, **o),),
    "std": (lambda xp, g, out, x, **o: _deviation(xp, g, out, x, **o),),
    "cumulative_sum": (lambda xp, g, out, like, **o: _running(xp, g, like, **o),),
}

FLAT = frozenset(("any", "all", "argmax", "argmin", "count_nonzero"))


def _sum(xp: Any, g: Any, like: Any, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return spread(xp, cast(xp, g, like), like, axis, keepdims)


def _extremum(xp: Any, g: Any, out: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Rule 2: tied elements share equally; a NaN makes every share 0/0 = NaN (rule 4)."""
    ties = xp.astype(x == restore_axes(xp, out, x, axis, keepdims), x.dtype)
    g = restore_axes(xp, g, x, axis, keepdims)
    return xp.multiply(ties, xp.divide(g, xp.sum(ties, axis=axis, keepdims=True)))


def _deviation(
    xp: Any, g: Any, out: Any, x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False
) -> Any:
    """Rule 2: 0 where all elements are equal, whose mean need not be exactly theirs."""
    every = axis if isinstance(axis, tuple) else range(len(x.shape)) if axis is None else (axis,)
    reduced = {one % len(x.shape) for one in every}
    first = xp.getitem(x, tuple(slice(0, 1) if i in reduced else slice(None) for i in range(len(x.shape))))
    constant = xp.all(xp.equal(x, first), axis=axis, keepdims=True)
    centred = xp.where(constant, 0.0, x - xp.mean(x, axis=axis, keepdims=True))
    count = xp.count(x, axis) - correction
    direction = ratio(xp, centred, restore_axes(xp, out, x, axis, keepdims))
    return xp.multiply(restore_axes(xp, g, x, axis, keepdims), direction) / count


def _running(
    xp: Any, g: Any, like: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    axis = (axis or 0) % len(like.shape)
    if include_initial:
        g = xp.getitem(g, (slice(None),) * axis + (slice(1, None), ...))
    return cast(xp, xp.flip(xp.cumulative_sum(xp.flip(g, axis=axis), axis=axis), axis=axis), like)
