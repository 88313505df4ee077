"""Manipulation functions."""

import sys

import jax
import jax.numpy as jnp
import numpy as np

from multigrad.array_api import _checks, _composed
from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._values import required
from multigrad.array_api.jax._wide import keep_width

__all__ = [
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "moveaxis",
    "permute_dims",
    "repeat",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "tile",
    "unstack",
]

# The width is kept after the promotion, which may widen.
_broadcast_to, _concat, _stack = keep_width(jnp.broadcast_to), keep_width(jnp.concat), keep_width(jnp.stack)
_expand_dims, _flip, _permute_dims = keep_width(jnp.expand_dims), keep_width(jnp.flip), keep_width(jnp.permute_dims)
_reshape, _roll, _squeeze = keep_width(jnp.reshape), keep_width(jnp.roll), keep_width(jnp.squeeze)
_tile, _unstack = keep_width(jnp.tile), keep_width(jnp.unstack)
_repeat = keep_width(jax.jit(jnp.repeat, static_argnames=("repeats", "axis", "total_repeat_length")))
_repeat_each = keep_width(jax.jit(jnp.repeat, static_argnames=("axis", "total_repeat_length")))

moveaxis = _composed.bound(_composed.moveaxis, sys.modules[__name__])


def broadcast_arrays(*arrays):
    shape = _checks.broadcast(*(x.shape for x in arrays))
    return [x if x.shape == shape else _broadcast_to(x, shape) for x in arrays]


def broadcast_to(x, /, shape):
    shape = tuple(shape)
    if _checks.broadcast(x.shape, shape) != shape:
        raise ValueError(f"Expected a shape that {x.shape} broadcasts to, got {shape}.")
    return _broadcast_to(x, shape)


def concat(arrays, /, *, axis=0):
    arrays = promotion.common(arrays)
    axis = axis if axis is None else _checks.axis(axis, arrays[0].ndim)
    try:
        return _concat(arrays, axis=axis)
    except TypeError as error:
        raise ValueError(f"Expected shapes that differ only in axis {axis}, got {_shapes(arrays)}.") from error


def stack(arrays, /, *, axis=0):
    arrays = promotion.common(arrays)
    if len({x.shape for x in arrays}) > 1:
        raise ValueError(f"xp.stack takes arrays of one shape, got {_shapes(arrays)}.")
    return _stack(arrays, axis=_checks.axis(axis, arrays[0].ndim + 1))


def _shapes(arrays):
    return ", ".join(str(x.shape) for x in arrays)


def unstack(x, /, *, axis=0):
    return _unstack(x, axis=_checks.axis(axis, x.ndim))


def expand_dims(x, /, axis):
    return _expand_dims(x, _checks.axis(axis, x.ndim + 1))


def squeeze(x, /, axis):
    axes = _checks.axes(axis, x.ndim)
    if any(x.shape[one] != 1 for one in axes):
        raise ValueError(f"Expected axes of size 1 to squeeze, got {axes} of shape {x.shape}.")
    return _squeeze(x, axes)


def flip(x, /, *, axis=None):
    return _flip(x, axis=_checks.axes(axis, x.ndim))


def roll(x, /, shift, *, axis=None):
    return _roll(x, shift, axis=axis)


def permute_dims(x, /, axes):
    axes = _checks.axes(tuple(axes), x.ndim)
    if len(axes) != x.ndim:
        raise ValueError(f"Expected each of {x.ndim} axes once, got {axes}.")
    return _permute_dims(x, axes)


def reshape(x, /, shape, *, copy=None):
    try:
        return _reshape(x, shape)
    except TypeError as error:
        raise ValueError(f"Expected a shape for the {x.size} elements of shape {x.shape}, got {shape}.") from error


def tile(x, repetitions, /):
    return _tile(x, tuple(repetitions))


def repeat(x, repeats, /, *, axis=None):
    if axis is None:
        x, axis = _reshape(x, (-1,)), 0
    axis = _checks.axis(axis, x.ndim)
    if isinstance(repeats, int):
        if repeats < 0:
            raise ValueError(f"Expected repeats >= 0, got {repeats}.")
        return _repeat(x, repeats, axis=axis)
    repeats = np.asarray(repeats) if isinstance(repeats, list | tuple) else repeats
    if repeats.ndim > 1 or (repeats.ndim and repeats.shape[0] not in (1, x.shape[axis])):
        raise ValueError(f"Expected one number of repeats for each of {x.shape[axis]}, got shape {repeats.shape}.")
    counts = np.asarray(required(repeats, "xp.repeat(x, repeats)"))
    if counts.size and counts.min() < 0:
        raise ValueError(f"Expected repeats >= 0, got {counts.min()}.")
    if counts.size == 1:
        return _repeat(x, int(counts.reshape(-1)[0]), axis=axis)
    return _repeat_each(x, counts, axis=axis, total_repeat_length=int(counts.sum()))
