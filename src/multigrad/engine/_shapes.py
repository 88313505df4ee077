"""What many rules share: moving cotangents between shapes, the inverse of broadcasting, reducing and permuting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad.engine._cotangents import Multiple
from multigrad.engine._trace import Tracer, device_of, strip

Rule = tuple[Any, ...]  # one expression per argument, or a number where the derivative is one


def sum_to(xp: Any, g: Any, like: Any) -> Any:
    """Return a cotangent summed over the axes along which ``like`` was broadcast, in the dtype of ``like``."""
    shape, wide = like.shape, g.shape
    if wide != shape:
        if not shape:
            g = g.total(xp) if type(g) is Multiple else xp.sum(g)
        else:
            g = g.dense(xp) if type(g) is Multiple else g
            extra = len(wide) - len(shape)
            stretched = tuple([i + extra for i, n in enumerate(shape) if n == 1 and wide[i + extra] != 1])
            g = xp.sum(g, axis=tuple(range(extra)) + stretched, keepdims=bool(stretched))
            if stretched and extra:
                g = xp.reshape(g, shape)
    return g if g.dtype == like.dtype else cast(xp, g.dense(xp) if type(g) is Multiple else g, like)


def cast(xp: Any, g: Any, like: Any) -> Any:
    """Return a cotangent in the dtype of ``like``: a real input's is real (rule 8)."""
    return g if g.dtype == like.dtype else xp.astype(g, like.dtype)


def conjugate(xp: Any, x: Any) -> Any:
    """Return the conjugate of a number or an array; of a real one itself."""
    if isinstance(x, int | float | complex):
        return x.conjugate()
    return xp.conj(x) if xp.is_complex(x) else x


def times(xp: Any, g: Any, slope: Any) -> Any:
    """Return the pullback of a holomorphic slope: g times its conjugate. A tuple is a product, a number first."""
    kind = type(slope)
    if kind is tuple:
        return times(xp, times(xp, g, slope[0]), slope[1])
    if kind is complex or (kind is not float and kind is not int and xp.is_complex(slope)):
        slope = conjugate(xp, slope)
    if type(g) is Multiple:
        return g.times(xp, slope)
    return xp.negative(g) if kind is int and slope == -1 else xp.multiply(g, slope)


def times_summed(xp: Any, g: Any, slope: Any, like: Any) -> Any:
    """Return the same for an argument that was broadcast."""
    if type(g) is Multiple and g.array is not None and g.dtype == like.dtype:
        return xp.multiply(g.factor, times_summed(xp, g.array, slope, like))
    if like.shape or not _is_large_product(xp, g, slope):
        return sum_to(xp, times(xp, g, slope), like)
    # Without an array for the products; in rows, so that rounding errors do not pile up.
    rows = g.size // _ROW
    g, slope = xp.reshape(g, (-1,)), xp.reshape(slope, (-1,))
    heads = (xp.reshape(part[: rows * _ROW], (rows, _ROW)) for part in (g, slope))
    return cast(xp, xp.sum(xp.vecdot(*heads)) + xp.vecdot(g[rows * _ROW :], slope[rows * _ROW :]), like)


_ROW = 4096


def _is_large_product(xp: Any, g: Any, slope: Any) -> bool:
    """Tell whether two factors are plain real arrays of one shape with many elements, which lie in memory."""
    if type(g) is Tracer or type(slope) is Tracer or getattr(g, "size", 0) < 2 * _ROW:
        return False
    return (
        getattr(slope, "shape", None) == g.shape
        and g.dtype == slope.dtype
        and g.dtype in (xp.float32, xp.float64)
        and hasattr(g, "strides")
    )


def _axes(like: Any, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(len(like.shape)))
    return tuple([one % len(like.shape) for one in (axis if isinstance(axis, tuple) else (axis,))])


def restore_axes(xp: Any, reduced: Any, like: Any, axis: Any, keepdims: Any) -> Any:
    """Return a reduction's result with its reduced axes as axes of length one, or of no axes at all."""
    if keepdims or not reduced.shape:
        return reduced
    axes = _axes(like, axis)
    return xp.reshape(reduced, tuple([1 if i in axes else n for i, n in enumerate(like.shape)]))


def spread(xp: Any, g: Any, like: Any, axis: Any, keepdims: Any) -> Any:
    """Return a reduction's cotangent, the same for every element that was reduced."""
    shape = like.shape
    g = restore_axes(xp, g, like, axis, keepdims)
    if g.shape == shape:
        return g
    return xp.broadcast_to(g, shape) if type(g) is Tracer else Multiple(g, None, shape)


def unpermuted(axes: Any) -> tuple[int, ...]:
    """Return the inverse of a permutation of axes."""
    axes = [axis % len(axes) for axis in axes]
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def scatter(xp: Any, g: Any, like: Any, moved: Callable[[Any], Any]) -> Any:
    """Return zeros like ``like`` with a cotangent added where elements came from.

    ``moved`` is the function that moved them; here it moves their positions.
    """
    return xp.scatter(strip(like), g, moved(xp.positions(like, g)))


def identity(xp: Any, like: Any) -> Any:
    """Return the identity matrix with the last axis, the dtype and the device of an array."""
    return xp.eye(like.shape[-1], dtype=like.dtype, device=device_of(like))
