"""Set functions. NaN is never equal to another: each stays an element of its own."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from multigrad.array_api.jax._values import positions, required
from multigrad.array_api.jax._wide import keep_width, with_positions

__all__ = ["unique_all", "unique_counts", "unique_inverse", "unique_values"]


class UniqueAllResult(NamedTuple):
    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    values: Any
    inverse_indices: Any


def unique_all(x, /):
    order, firsts, inverse = _sorted(x, "unique_all")
    indices = _pick(order, firsts)
    return UniqueAllResult(_values(x, indices), indices, inverse, _counts(firsts, x.size))


def unique_counts(x, /):
    order, firsts, _ = _sorted(x, "unique_counts")
    return UniqueCountsResult(_values(x, _pick(order, firsts)), _counts(firsts, x.size))


def unique_inverse(x, /):
    order, firsts, inverse = _sorted(x, "unique_inverse")
    return UniqueInverseResult(_values(x, _pick(order, firsts)), inverse)


def unique_values(x, /):
    order, firsts, _ = _sorted(x, "unique_values")
    return _values(x, _pick(order, firsts))


def _sorted(x, name):
    """Return the flat positions in sorted order, where in it new values begin, and each element's value."""
    x = required(x, f"xp.{name}(x)")
    with jax.ensure_compile_time_eval():
        order, first, inverse = _ordered(x)
        return order, positions(first, f"xp.{name}(x)")[0], inverse


@with_positions
@jax.jit
def _ordered(x):
    flat = jnp.reshape(x, (-1,))
    order = jnp.argsort(flat, stable=True)
    flat = flat[order]
    first = jnp.concat([jnp.ones(min(flat.size, 1), bool), flat[1:] != flat[:-1]])
    inverse = jnp.zeros(flat.size, jnp.int64).at[order].set(jnp.cumsum(first, dtype=jnp.int64) - 1)
    return order, first, jnp.reshape(inverse, x.shape)


# The values are taken from x itself and so stay differentiable.
@keep_width
@jax.jit
def _values(x, indices):
    return jnp.reshape(x, (-1,))[indices]


@with_positions
@jax.jit
def _pick(order, firsts):
    return order[firsts]


@with_positions
def _counts(firsts, size):
    return jnp.diff(firsts, append=jnp.asarray([size]))
