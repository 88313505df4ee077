"""Reductions with the convention's derivatives.

JAX 0.10.2 gives 0 for max and min of arrays with a NaN, and NaN for std of a constant vector.
"""

import math

import jax
import jax.numpy as jnp


def extremum(name, x, axis, keepdims):
    """Return the "max" or "min" of an array; tied elements share the slope, and a NaN is in all slopes."""
    reduce = getattr(jnp, name)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return reduce(x, axis=axis, keepdims=keepdims)

    @jax.custom_jvp
    def chosen(x):
        return reduce(x, axis=axis, keepdims=True)

    @chosen.defjvp
    def rule(primals, tangents):
        (x,), (tangent,) = primals, tangents
        out = chosen(x)
        ties = x == out
        part = (1.0 / jnp.sum(ties, axis=axis, keepdims=True)).astype(x.dtype)
        # Not as a product with the ties: of zeros and NaN XLA makes zeros.
        rest = jnp.where(jnp.isnan(out), jnp.nan, jnp.zeros_like(out))
        return out, jnp.sum(tangent * jnp.where(ties, part, rest), axis=axis, keepdims=True)

    out = chosen(x)
    return out if keepdims else jnp.squeeze(out, axis)


def var(x, *, axis, correction, keepdims):
    """Return the variance; without degrees of freedom it is NaN, and so are its derivatives."""
    if correction and _size(x, axis) <= correction:
        return jnp.var(x, axis=axis, keepdims=keepdims) * math.nan
    return jnp.var(x, axis=axis, correction=correction, keepdims=keepdims)


def _size(x, axis):
    """Return the number of elements that a reduction over an axis meets."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return math.prod(x.shape[one] for one in axes)


def std(x, *, axis, correction, keepdims):
    """Return the standard deviation; its slope is 0 where all elements are equal.

    With a rule of its own, so that a compiled gradient has no slopes of the passes that look for equal elements.
    """

    @jax.custom_jvp
    def root(x):
        return _root_of_variance(x, axis, correction)

    @root.defjvp
    def rule(primals, tangents):
        (x,), (tangent,) = primals, tangents
        out = root(x)
        zero = out == 0
        count = _size(x, axis) - correction
        off = jnp.conj(x - jnp.mean(x, axis=axis, keepdims=True))
        slope = jnp.where(zero, 0.0, off / jnp.where(zero, 1.0, out) / count)
        return out, jnp.sum(jnp.real(tangent * slope), axis=axis, keepdims=True)

    out = root(x)
    return out if keepdims else jnp.squeeze(out, axis)


def _root_of_variance(x, axis, correction):
    variance = var(x, axis=axis, correction=correction, keepdims=True)
    # The variance of equal elements need not be exactly 0.
    first = x[tuple(slice(1) if size == 1 else slice(None) for size in variance.shape)]
    constant = (variance == 0) | (jnp.all(x == first, axis=axis, keepdims=True) & jnp.isfinite(variance))
    return jnp.where(constant, 0.0, jnp.sqrt(variance))
