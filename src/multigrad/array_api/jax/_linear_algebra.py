"""Linear algebra functions of the main namespace."""

import jax.numpy as jnp

from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._wide import keep_width

__all__ = ["matmul", "tensordot", "vecdot"]

matmul = keep_width(promotion.binary(jnp.matmul))


@keep_width
def tensordot(x1, x2, /, *, axes=2):
    return jnp.tensordot(*promotion.common([x1, x2]), axes=axes)


@keep_width
def vecdot(x1, x2, /, *, axis=-1):
    return jnp.vecdot(*promotion.common([x1, x2]), axis=axis)
