"""Statistical functions; those that are missing are compositions (mean, var, prod, cumulative_prod)."""

from __future__ import annotations

from typing import Any

from multigrad.engine._shapes import Rule, ratio, restore_axes, spread

PULLBACKS: dict[str, Rule] = {
    "sum": (lambda xp, g, out, x, **o: xp.astype(spread(xp, g, x, o.get("axis"), o.get("keepdims")), x.dtype),),
    "max": (lambda xp, g, out, x, **o: _extremum(xp, g, out, x, **o),),
    "min": (lambda xp, g, out, x, **o: _extremum(xp, g, out, x, **o),),
    "std": (lambda xp, g, out, x, **o: _deviation(xp, g, out, x, **o),),
    "cumulative_sum": (lambda xp, g, out, x, **o: _running(xp, g, x, **o),),
}

FLAT = frozenset(("any", "all", "argmax", "argmin", "count_nonzero"))


def _extremum(xp: Any, g: Any, out: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Rule 2: tied elements share equally; a NaN makes every share 0/0 = NaN (rule 4)."""
    ties = xp.astype(x == restore_axes(xp, out, x, axis, keepdims), x.dtype)
    return spread(xp, g, x, axis, keepdims) * (ties / xp.sum(ties, axis=axis, keepdims=True))


def _deviation(
    xp: Any, g: Any, out: Any, x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False
) -> Any:
    """Rule 2: 0 where the deviation is 0."""
    centred = x - xp.mean(x, axis=axis, keepdims=True)
    count = xp.count(x, axis) - correction
    direction = ratio(xp, centred, restore_axes(xp, out, x, axis, keepdims))
    return xp.multiply(spread(xp, g, x, axis, keepdims), direction) / count


def _running(
    xp: Any, g: Any, x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    axis = (axis or 0) % len(x.shape)
    if include_initial:
        g = xp.getitem(g, (slice(None),) * axis + (slice(1, None), ...))
    return xp.astype(xp.flip(xp.cumulative_sum(xp.flip(g, axis=axis), axis=axis), axis=axis), x.dtype)
