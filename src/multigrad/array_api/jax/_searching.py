"""Searching functions. Positions and counts are int64."""

import jax
import jax.numpy as jnp

from multigrad.array_api.jax._creation import asarray
from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._values import check_positions, positions
from multigrad.array_api.jax._wide import keep_width, with_positions

__all__ = ["argmax", "argmin", "count_nonzero", "nonzero", "searchsorted", "where"]


def _finder(name):
    native, narrow = getattr(jnp, name), getattr(jax.lax, name)

    def find(x, /, *, axis=None, keepdims=False):
        line, along = (x.ravel(), 0) if axis is None else (x, axis)
        if not -line.ndim <= along < line.ndim or not 0 < line.shape[along] < 2**31:
            return native(x, axis=axis, keepdims=keepdims)
        # In 32 bits: a program of float32 is lowered outside of the 64-bit mode, where JAX finds no position in 64.
        found = narrow(line, along % line.ndim, jnp.int32).astype(jnp.int64)
        return jnp.expand_dims(found, tuple(range(x.ndim)) if axis is None else axis) if keepdims else found

    find.__name__ = name
    return with_positions(jax.jit(find, static_argnames=("axis", "keepdims")))


argmax, argmin = _finder("argmax"), _finder("argmin")


@with_positions
def count_nonzero(x, /, *, axis=None, keepdims=False):
    return jnp.sum(x != 0, axis=axis, dtype=jnp.int64, keepdims=keepdims)


def nonzero(x, /):
    if not x.ndim:
        raise ValueError("xp.nonzero takes an array with at least 1 axis, got a 0-d one.")
    return positions(x, "xp.nonzero(x)")


@with_positions
def searchsorted(x1, x2, /, *, side="left", sorter=None):
    if x1.ndim != 1:
        raise ValueError(f"xp.searchsorted takes a vector to search in, got shape {x1.shape}.")
    if side not in ("left", "right"):
        raise ValueError(f"Expected 'left' or 'right' for side=, got {side!r}.")
    if sorter is not None:
        check_positions(sorter, x1.shape[0], 0)
    x1, x2 = promotion.common([x1, x2])
    return jnp.searchsorted(x1, x2, side=side, sorter=sorter).astype(jnp.int64)


# The width is kept after the promotion, which may widen.
_where = keep_width(jnp.where)


def where(condition, x1, x2, /):
    if not isinstance(x1, jax.Array) and not isinstance(x2, jax.Array):
        x1, x2 = asarray(x1), asarray(x2)
    elif not isinstance(x1, jax.Array):
        x1 = promotion.constant(x1, x2)
    elif not isinstance(x2, jax.Array):
        x2 = promotion.constant(x2, x1)
    return _where(condition, *promotion.common([x1, x2]))
