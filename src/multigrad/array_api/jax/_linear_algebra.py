"""Linear algebra functions of the main namespace."""

import functools

import jax
import jax.numpy as jnp

from multigrad.array_api import _checks
from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._wide import keep_width

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]


def _contracting(function, name):
    """Say in the standard's words which shapes do not fit; JAX's are those of its primitives."""

    @functools.wraps(function)
    def call(x1, x2, **options):
        try:
            return function(x1, x2, **options)
        except (TypeError, ValueError) as error:
            given = "".join(f", {option}={value}" for option, value in options.items())
            raise ValueError(f"xp.{name} cannot contract shapes {jnp.shape(x1)} and {jnp.shape(x2)}{given}.") from error

    return call


# The width is kept after the promotion, which may widen.
matmul = promotion.binary(keep_width(_contracting(jnp.matmul, "matmul")))
_matrix_transpose = keep_width(jnp.matrix_transpose)
# Compiled whole: eagerly they take several calls.
_tensordot = keep_width(_contracting(jax.jit(jnp.tensordot, static_argnames="axes"), "tensordot"))
_vecdot = keep_width(_contracting(jax.jit(jnp.vecdot, static_argnames="axis"), "vecdot"))


def matrix_transpose(x, /):
    _checks.at_least(x.ndim, 2, "matrix_transpose")
    return _matrix_transpose(x)


def tensordot(x1, x2, /, *, axes=2):
    if not isinstance(axes, int):
        first, second = axes
        axes = (_checks.axes(first, x1.ndim), _checks.axes(second, x2.ndim))
    return _tensordot(*promotion.common([x1, x2]), axes=axes)


def vecdot(x1, x2, /, *, axis=-1):
    ndim = min(x1.ndim, x2.ndim)
    _checks.axis(axis, ndim)
    return _vecdot(*promotion.common([x1, x2]), axis=axis)
