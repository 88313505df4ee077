"""Functions that move elements: manipulation, indexing, sorting, searching, triangles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad.engine._cotangents import Placed
from multigrad.engine._forward import plain_key
from multigrad.engine._shapes import Rule, scatter, sum_to, unpermuted
from multigrad.engine._trace import strip

PULLBACKS: dict[str, Rule] = {
    "reshape": (lambda xp, g, out, like, shape: xp.reshape(g, like.shape),),
    "broadcast_to": (lambda xp, g, out, like, shape: sum_to(xp, g, like),),
    "permute_dims": (lambda xp, g, out, x, axes: xp.permute_dims(g, unpermuted(axes)),),
    "matrix_transpose": (lambda xp, g, out, x: xp.matrix_transpose(g),),
    "moveaxis": (lambda xp, g, out, x, source, destination: xp.moveaxis(g, destination, source),),
    "flip": (lambda xp, g, out, x, axis=None: xp.flip(g, axis=axis),),
    # to_device(x, device, source): x, which is on the source, on another device.
    "to_device": (lambda xp, g, out, x, device, source: xp.to_device(g, source),),
    "roll": (lambda xp, g, out, x, shift, axis=None: xp.roll(g, _negated(shift), axis=axis),),
    "tile": (lambda xp, g, out, like, repetitions: _sum_copies(xp, g, like, repetitions),),
    "repeat": (lambda xp, g, out, like, repeats, **o: scatter(xp, g, like, lambda p: xp.repeat(p, repeats, **o)),),
    "tril": (lambda xp, g, out, x, k=0: xp.tril(g, k=k),),
    "triu": (lambda xp, g, out, x, k=0: xp.triu(g, k=k),),
    "take": (lambda xp, g, out, like, indices, **o: scatter(xp, g, like, lambda p: xp.take(p, indices, **o)),),
    "take_along_axis": (
        lambda xp, g, out, like, indices, axis=-1: scatter(
            xp, g, like, lambda p: xp.take_along_axis(p, indices, axis=axis)
        ),
    ),
    # Rule 2: cotangents move by the stable permutation; the argsort of a permutation is its inverse.
    "sort": (lambda xp, g, out, x, axis=-1, descending=False, **_: _unsorted(xp, g, x, axis, descending),),
    "where": (
        None,  # boolean: never differentiated
        lambda xp, g, out, condition, like, y: sum_to(xp, xp.where(condition, g, 0.0), like),
        lambda xp, g, out, condition, x, like: sum_to(xp, xp.where(condition, 0.0, g), like),
    ),
    # The standard's syntax, and transposes of it:
    # place(x, g, key): zeros like x with g added at key; x is always plain.
    # scatter(x, g, positions): the same at positions in the flat array.
    # setitem(x, value, key): x with value at key.
    "getitem": (lambda xp, g, out, like, key: Placed(like, g, plain_key(key)),),
    "place": (None, lambda xp, g, out, x, value, key: xp.getitem(g, key)),
    "scatter": (
        None,
        lambda xp, g, out, x, value, positions: xp.reshape(
            xp.take(xp.reshape(g, (-1,)), xp.reshape(positions, (-1,)), axis=0), positions.shape
        ),
    ),
    "setitem": (
        lambda xp, g, out, x, value, key: xp.setitem(g, 0.0, key),
        lambda xp, g, out, x, like, key: sum_to(xp, _written(xp, g, key), like),
    ),
}

VARIADIC: dict[str, Callable[[int], Callable[..., Any]]] = {
    "concat": lambda i: lambda xp, g, out, *likes, axis: _part(xp, g, likes, i, axis),
    "stack": lambda i: (
        lambda xp, g, out, *likes, axis: xp.getitem(g, (slice(None),) * (axis % len(g.shape)) + (i, ...))
    ),
}

FLAT = frozenset(
    ("argsort", "nonzero", "searchsorted", "zeros_like", "ones_like", "empty_like", "result_type", "can_cast")
)


def _negated(shift: Any) -> Any:
    return tuple(-one for one in shift) if isinstance(shift, tuple) else -shift


def _sum_copies(xp: Any, g: Any, x: Any, repetitions: tuple[int, ...]) -> Any:
    ndim = len(g.shape)
    repetitions = (1,) * (ndim - len(repetitions)) + tuple(repetitions)
    sizes = (1,) * (ndim - len(x.shape)) + tuple(x.shape)
    pairs = tuple(n for pair in zip(repetitions, sizes, strict=True) for n in pair)
    return xp.reshape(xp.sum(xp.reshape(g, pairs), axis=tuple(range(0, 2 * ndim, 2))), x.shape)


def _unsorted(xp: Any, g: Any, x: Any, axis: int, descending: bool) -> Any:
    order = xp.argsort(x, axis=axis, descending=descending, stable=True)
    return xp.take_along_axis(g, xp.argsort(order, axis=axis), axis=axis)


def _written(xp: Any, g: Any, key: Any) -> Any:
    """Return the cotangent of a value written at key: of several values for one place only the last was kept."""
    part, lost = xp.getitem(g, key), xp.overwritten(strip(g), key)
    return part if lost is None else xp.where(lost, 0.0, part)


def _part(xp: Any, g: Any, xs: tuple[Any, ...], i: int, axis: int) -> Any:
    axis %= len(xs[i].shape)
    start = sum(x.shape[axis] for x in xs[:i])
    return xp.getitem(g, (slice(None),) * axis + (slice(start, start + xs[i].shape[axis]), ...))
