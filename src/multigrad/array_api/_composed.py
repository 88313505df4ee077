"""Functions of the standard that are compositions of its others, written once for the backends that lack them.

Each takes the namespace first; `bound` turns it into a function with the standard's signature. Shapes may be unknown
(None) along the axes that a function does not change.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

from multigrad.array_api import _checks


def bound(function: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    """Return a function of this module over one namespace, with the standard's signature."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(xp, *args, **kwargs)

    signature = inspect.signature(function)
    call.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # type: ignore[attr-defined]
    return call


def moveaxis(xp: Any, x: Any, source: Any, destination: Any, /) -> Any:
    ndim = len(x.shape)
    first, last = _checks.axes(source, ndim), _checks.axes(destination, ndim)
    if len(first) != len(last):
        raise ValueError(f"Expected as many axes as destinations, got {source} and {destination}.")
    order = [axis for axis in range(ndim) if axis not in first]
    for place, axis in sorted(zip(last, first, strict=True)):
        order.insert(place, axis)
    return xp.permute_dims(x, tuple(order))


def meshgrid(xp: Any, *arrays: Any, indexing: str = "xy") -> tuple[Any, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Expected 'xy' or 'ij' for indexing=, got {indexing!r}.")
    n = len(arrays)
    if any(len(x.shape) > 1 for x in arrays):
        raise ValueError(f"xp.meshgrid takes vectors, got shapes {', '.join(str(tuple(x.shape)) for x in arrays)}.")
    places = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    shaped = [
        xp.reshape(x, tuple(-1 if i == place else 1 for i in range(n))) for x, place in zip(arrays, places, strict=True)
    ]
    return tuple(xp.broadcast_arrays(*shaped)) if n else ()


def diff(xp: Any, x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    axis = _checks.axis(axis, len(x.shape))
    if n < 0:
        raise ValueError(f"Expected n >= 0 differences, got {n}.")
    parts = [part for part in (prepend, x, append) if part is not None]
    if n and len(parts) > 1:
        x = xp.concat(parts, axis=axis)
    before = (slice(None),) * axis
    subtract = xp.not_equal if xp.isdtype(x.dtype, "bool") else xp.subtract
    for _ in range(n):
        x = subtract(xp.getitem(x, (*before, slice(1, None), ...)), xp.getitem(x, (*before, slice(None, -1), ...)))
    return x


def outer(xp: Any, x1: Any, x2: Any, /) -> Any:
    for x in (x1, x2):
        if len(x.shape) != 1:
            raise ValueError(f"xp.linalg.outer takes vectors, got shape {tuple(x.shape)}.")
    return xp.multiply(xp.expand_dims(x1, axis=1), xp.expand_dims(x2, axis=0))


def cross(xp: Any, x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    axis = _checks.axis_of_triples(x1.shape, x2.shape, axis)
    (a0, a1, a2), (b0, b1, b2) = ([_along(xp, x, i, axis) for i in range(3)] for x in (x1, x2))
    pairs = ((a1, b2, a2, b1), (a2, b0, a0, b2), (a0, b1, a1, b0))
    parts = [xp.subtract(xp.multiply(a, d), xp.multiply(b, c)) for a, d, b, c in pairs]
    return xp.stack(parts, axis=axis)


def _along(xp: Any, x: Any, i: int, axis: int) -> Any:
    return xp.getitem(x, (..., i, *(slice(None),) * (-1 - axis)))


def fftshift(xp: Any, x: Any, /, *, axes: Any = None) -> Any:
    found = _checks.axes(axes, len(x.shape))
    return xp.roll(x, tuple(x.shape[axis] // 2 for axis in found), axis=found)


def ifftshift(xp: Any, x: Any, /, *, axes: Any = None) -> Any:
    found = _checks.axes(axes, len(x.shape))
    return xp.roll(x, tuple(-(x.shape[axis] // 2) for axis in found), axis=found)


def fftfreq(xp: Any, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
    _check_window(n, d)
    positions = (*range((n + 1) // 2), *range(-(n // 2), 0))
    return xp.asarray([p / (n * d) for p in positions], dtype=dtype, device=device)


def rfftfreq(xp: Any, n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
    _check_window(n, d)
    return xp.asarray([p / (n * d) for p in range(n // 2 + 1)], dtype=dtype, device=device)


def _check_window(n: int, d: float) -> None:
    if n < 1:
        raise ValueError(f"Expected a window of n >= 1 samples, got {n}.")
    if d == 0 or math.isnan(d):
        raise ValueError(f"Expected a sample spacing d other than 0, got {d}.")
