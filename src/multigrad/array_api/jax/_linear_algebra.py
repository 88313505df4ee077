"""Linear algebra functions of the main namespace."""

import jax.numpy as jnp

from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._wide import keep_width

__all__ = ["matmul", "tensordot", "vecdot"]

# The width is kept after the promotion, which may widen.
matmul = promotion.binary(keep_width(jnp.matmul))
_tensordot, _vecdot = keep_width(jnp.tensordot), keep_width(jnp.vecdot)


def tensordot(x1, x2, /, *, axes=2):
    return _tensordot(*promotion.common([x1, x2]), axes=axes)


def vecdot(x1, x2, /, *, axis=-1):
    return _vecdot(*promotion.common([x1, x2]), axis=axis)
