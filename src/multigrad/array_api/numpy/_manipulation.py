"""Manipulation functions."""

from multigrad.array_api import _checks
from multigrad.array_api.numpy._dtypes import promotion, traced
from multigrad.array_api.numpy._object import is_plain

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


def broadcast_arrays(*arrays):
    _checks.broadcast(*(x.shape for x in arrays))
    return list(traced.broadcast_arrays(*arrays))


def broadcast_to(x, /, shape):
    return traced.broadcast_to(x, shape)


def concat(arrays, /, *, axis=0):
    return traced.concat(promotion.common(arrays), axis=axis)


def expand_dims(x, /, axis):
    return traced.expand_dims(x, axis=_checks.axis(axis, x.ndim + 1))


def flip(x, /, *, axis=None):
    return traced.flip(x, axis=axis)


def moveaxis(x, source, destination, /):
    return traced.moveaxis(x, source, destination)


def permute_dims(x, /, axes):
    return traced.permute_dims(x, axes)


def repeat(x, repeats, /, *, axis=None):
    return traced.repeat(x, repeats, axis=axis)


def reshape(x, /, shape, *, copy=None):
    out = traced.reshape(x, (shape,) if isinstance(shape, int) else tuple(shape))
    return out.copy() if copy and is_plain(out) else out  # what is traced is never written to


def roll(x, /, shift, *, axis=None):
    return traced.roll(x, shift, axis=axis)


def squeeze(x, /, axis):
    return traced.squeeze(x, axis=_checks.axes(axis, x.ndim))


def stack(arrays, /, *, axis=0):
    return traced.stack(promotion.common(arrays), axis=axis)


def tile(x, repetitions, /):
    return traced.tile(x, repetitions)


def unstack(x, /, *, axis=0):
    return traced.unstack(x, axis=_checks.axis(axis, x.ndim))
