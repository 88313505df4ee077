"""Manipulation, searching and indexing functions."""

from multigrad.array_api.numpy._creation import asarray
from multigrad.array_api.numpy._dtypes import promotion, traced
from multigrad.array_api.numpy._object import is_native

__all__ = [
    "argmax",
    "argmin",
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "matrix_transpose",
    "permute_dims",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "take",
    "where",
]

argmax, argmin = traced.argmax, traced.argmin
broadcast_arrays, broadcast_to = traced.broadcast_arrays, traced.broadcast_to
expand_dims, squeeze, flip, roll = traced.expand_dims, traced.squeeze, traced.flip, traced.roll
matrix_transpose, permute_dims = traced.matrix_transpose, traced.permute_dims


def concat(arrays, /, *, axis=0):
    return traced.concat(promotion.common(arrays), axis=axis)


def stack(arrays, /, *, axis=0):
    return traced.stack(promotion.common(arrays), axis=axis)


def reshape(x, /, shape, *, copy=None):
    return traced.reshape(x, (shape,) if isinstance(shape, int) else tuple(shape))


def take(x, indices, /, *, axis=None):
    return traced.take(x, indices, axis=0 if axis is None else axis)


def where(condition, x1, x2, /):
    if not is_native(x1) and not is_native(x2):
        x1, x2 = asarray(x1), asarray(x2)
    elif not is_native(x1):
        x1 = promotion.constant(x1, x2)
    elif not is_native(x2):
        x2 = promotion.constant(x2, x1)
    return traced.where(condition, *promotion.common([x1, x2]))
