"""Values that the shape of a result, or an error, depends on.

JAX fixes shapes before there are values. Outside ``jax.jit`` and ``jax.vmap`` the values are there all the same, also
where they are being differentiated: one level below the tracer.
"""

import jax
import jax.numpy as jnp

from multigrad.array_api.jax._wide import with_positions


def known(x):
    """Return the array that has the value, out of the tracers that only differentiate; None if it has none yet."""
    while isinstance(x, jax.core.Tracer):
        x = getattr(x, "primal", None)
    return x


def required(x, what):
    """Return the array that has the value.

    Raises
    ------
    TypeError
        If it has none yet.
    """
    value = known(x)
    if value is None:
        raise TypeError(
            f"The shape of {what} depends on values, here of an array of shape {x.shape} and dtype {x.dtype} that has "
            "none while JAX compiles or maps: such a shape cannot be compiled. Keep the shape, with xp.where, say, or "
            "compute this part outside jit and vmap."
        )
    return value


@with_positions
def positions(x, what):
    """Return the positions of the elements that are not zero, in each axis."""
    x = required(x, what)
    with jax.ensure_compile_time_eval():
        found, count = _packed(x)
        # Elements behind the last one found are padding.
        return tuple(jax.lax.slice_in_dim(along, 0, int(count)) for along in found)


@jax.jit
def _packed(x):
    """Return the positions packed to the front of arrays as long as x, and their number."""
    mask = jnp.reshape(x != 0, (-1,))
    order = jnp.cumsum(mask, dtype=jnp.int64) - 1
    places = jnp.where(mask, order, mask.size)  # beyond the end: dropped
    flat = jnp.zeros(mask.size, jnp.int64).at[places].set(jnp.arange(mask.size), mode="drop")
    return jnp.unravel_index(flat, x.shape), jnp.sum(mask)


@with_positions
def check_positions(indices, size, axis):
    """Raise IndexError for positions out of range, where their values are known; JAX clamps or fills instead."""
    if not jnp.issubdtype(indices.dtype, jnp.integer):
        raise TypeError(f"Expected integer indices, got dtype {indices.dtype}.")
    value = known(indices)
    if value is None or not value.size:
        return
    with jax.ensure_compile_time_eval():
        low, high = _extremes(value).tolist()
    if low < -size or high >= size:
        wrong = low if low < -size else high
        raise IndexError(f"Index {wrong} is out of bounds for axis {axis} with size {size}.")


@jax.jit
def _extremes(x):
    return jnp.stack([jnp.min(x), jnp.max(x)])
