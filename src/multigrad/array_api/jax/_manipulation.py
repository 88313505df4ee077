"""Manipulation, searching and indexing functions."""

import jax
import jax.numpy as jnp

from multigrad.array_api.jax._creation import asarray
from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._wide import keep_width

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

broadcast_arrays, broadcast_to = keep_width(jnp.broadcast_arrays), keep_width(jnp.broadcast_to)
flip, roll = keep_width(jnp.flip), keep_width(jnp.roll)
matrix_transpose, permute_dims = keep_width(jnp.matrix_transpose), keep_width(jnp.permute_dims)
squeeze = keep_width(jnp.squeeze)


# The width is kept after the promotion, which may widen.
_concat, _stack, _where = keep_width(jnp.concat), keep_width(jnp.stack), keep_width(jnp.where)


def concat(arrays, /, *, axis=0):
    return _concat(promotion.common(arrays), axis=axis)


def stack(arrays, /, *, axis=0):
    return _stack(promotion.common(arrays), axis=axis)


# Positions are int64, as everywhere, whatever the width of the values.
def argmax(x, /, *, axis=None, keepdims=False):
    with jax.enable_x64(True):
        return jnp.argmax(x, axis=axis, keepdims=keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    with jax.enable_x64(True):
        return jnp.argmin(x, axis=axis, keepdims=keepdims)


@keep_width
def expand_dims(x, /, *, axis=0):
    return jnp.expand_dims(x, axis)


@keep_width
def reshape(x, /, shape, *, copy=None):
    return jnp.reshape(x, shape)


@keep_width
def take(x, indices, /, *, axis=None):
    return jnp.take(x, indices, axis=0 if axis is None else axis)


def where(condition, x1, x2, /):
    if not isinstance(x1, jax.Array) and not isinstance(x2, jax.Array):
        x1, x2 = asarray(x1), asarray(x2)
    elif not isinstance(x1, jax.Array):
        x1 = promotion.constant(x1, x2)
    elif not isinstance(x2, jax.Array):
        x2 = promotion.constant(x2, x1)
    return _where(condition, *promotion.common([x1, x2]))
