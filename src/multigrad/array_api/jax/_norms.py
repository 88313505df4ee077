"""Norms with the convention's derivatives: compositions, 0 at a symmetric kink in every order (rules 2 and 10).

JAX 0.10.2 gives NaN for the Euclidean norm of zeros, 1 for the others, and numbers where an element is NaN.
"""

import math

import jax.numpy as jnp

from multigrad.array_api.jax._decompositions import svdvals
from multigrad.array_api.jax._overrides import convention
from multigrad.array_api.jax._reductions import extremum
from multigrad.array_api.jax._special_values import complex_abs


def vector_norm(x, *, axis, keepdims, ord):
    if ord == 2:
        return _euclidean(x, axis, keepdims)
    if ord == 0:
        return jnp.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    sizes = _sizes(x)
    if ord == 1:
        return jnp.sum(sizes, axis=axis, keepdims=keepdims)
    if ord in (math.inf, -math.inf):
        return extremum("max" if ord > 0 else "min", sizes, axis, keepdims)
    return _power(sizes, axis, keepdims, ord)


def _sizes(x):
    return complex_abs(x) if x.dtype.kind == "c" else convention.abs(x)


def _euclidean(x, axis, keepdims):
    total = jnp.sum(jnp.real(x * jnp.conj(x)), axis=axis, keepdims=keepdims)
    zero = (total == 0).astype(total.dtype)
    return jnp.sqrt(total + zero) * (1 - zero)  # a factor: a choice would make 0 of a NaN that is pulled back


def _power(sizes, axis, keepdims, ord):
    # An element that is zero has no slope; to a negative power it makes the norm zero.
    zero = sizes == 0
    powers = jnp.where(zero, 0.0 if ord > 0 else math.inf, jnp.where(zero, 1.0, sizes) ** ord)
    total = jnp.sum(powers, axis=axis, keepdims=keepdims)
    none = (total == 0) | (total == math.inf)
    limit = jnp.where(total == 0, 0.0, math.inf) if ord > 0 else jnp.where(total == 0, math.inf, 0.0)
    return jnp.where(none, limit, jnp.where(none, 1.0, total) ** (1 / ord))


def matrix_norm(x, *, keepdims, ord):
    if ord == "fro":
        return _euclidean(x, (-2, -1), keepdims)
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        out = jnp.sum(values, axis=-1) if ord == "nuc" else extremum("max" if ord > 0 else "min", values, -1, False)
        return out[..., None, None] if keepdims else out
    if ord in (1, -1, math.inf, -math.inf):
        sums = jnp.sum(_sizes(x), axis=-2 if ord in (1, -1) else -1, keepdims=True)
        return extremum("max" if ord > 0 else "min", sums, (-2, -1), keepdims)
    return jnp.linalg.matrix_norm(x, keepdims=keepdims, ord=ord)
