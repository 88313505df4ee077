"""Moving cotangents between shapes: the inverse of broadcasting, reducing and permuting."""

from __future__ import annotations

from typing import Any

from multigrad.engine._trace import strip


def sum_to(xp: Any, g: Any, like: Any) -> Any:
    """Return a cotangent summed over the axes along which ``like`` was broadcast."""
    shape = getattr(like, "shape", ())
    if tuple(g.shape) == tuple(shape):
        return g
    extra = len(g.shape) - len(shape)
    stretched = tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
    g = xp.sum(g, axis=tuple(range(extra)) + stretched, keepdims=True)
    return xp.reshape(g, tuple(shape))


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


def scatter(xp: Any, g: Any, like: Any, indices: Any, axis: Any) -> Any:
    """Return zeros like ``like`` with a cotangent added where elements were taken."""
    return xp.place(strip(like), g, (slice(None),) * ((axis or 0) % len(like.shape)) + (indices,))
