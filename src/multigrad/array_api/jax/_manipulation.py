"""Manipulation, searching and indexing functions."""

import jax
import jax.numpy as jnp

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
argmax, argmin = keep_width(jnp.argmax), keep_width(jnp.argmin)


@keep_width
def concat(arrays, /, *, axis=0):
    return jnp.concat(promotion.common(arrays), axis=axis)


@keep_width
def stack(arrays, /, *, axis=0):
    return jnp.stack(promotion.common(arrays), axis=axis)


@keep_width
def expand_dims(x, /, *, axis=0):
    return jnp.expand_dims(x, axis)


@keep_width
def reshape(x, /, shape, *, copy=None):
    return jnp.reshape(x, shape)


@keep_width
def take(x, indices, /, *, axis=None):
    return jnp.take(x, indices, axis=0 if axis is None else axis)


@keep_width
def where(condition, x1, x2, /):
    if not isinstance(x1, jax.Array):
        x1 = promotion.constant(x1, x2)
    elif not isinstance(x2, jax.Array):
        x2 = promotion.constant(x2, x1)
    return jnp.where(condition, *promotion.common([x1, x2]))
