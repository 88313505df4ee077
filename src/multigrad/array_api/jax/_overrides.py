"""Elementwise functions whose derivative in JAX breaks the convention, with the convention's.

Each is `jax.numpy`'s function with the slopes of `multigrad.array_api._slopes`, or those of `_fused_slopes` in their
place, as its rule, compiled whole: eagerly it costs one call, as `jax.numpy`'s own functions do. Other dtypes than real
floating ones keep JAX's function and rule.

What JAX 0.10.2 gives instead: abs at 0: 1, at NaN: -1; maximum and minimum at NaN: 0; hypot at 0: 1/2, and overflows;
atan2 at 0: NaN; copysign at 0: 1, at NaN: -1; pow in x at x = n = 0: NaN, in n at x = 0 > n: NaN; sqrt, log, log2 and
log10 at -0: -inf; log, log2, log10, log1p, acosh and atanh outside their domain: numbers; acosh, asinh and divide
overflow; logaddexp is a hundred eps off at 1000; tanh where it is not positive: NaN of an infinite cotangent.
"""

from types import SimpleNamespace

import jax
import jax.numpy as jnp

from multigrad.array_api._slopes import NAMED, SLOPES
from multigrad.array_api.jax import _fused_slopes

_VALUES, _SLOPES = {**NAMED, **_fused_slopes.NAMED}, {**SLOPES, **_fused_slopes.SLOPES}
_SYMBOLIC_ZERO = jax.custom_derivatives.SymbolicZero


def ruled(function, slopes, xp=None):
    """Return a function with slopes as its derivative, for any composition of forward and reverse mode.

    Parameters
    ----------
    function
        Function of arrays, elementwise.
    slopes
        One per argument, as in `multigrad.array_api._slopes`; None for an argument in which the function is flat.
    xp
        What the slopes are made of; None for `convention`.
    """

    @jax.custom_jvp
    def call(*args):
        return function(*args)

    def rule(primals, tangents):
        out = call(*primals)
        # A constant has no tangent: its slope, which may be infinite or NaN, is not computed.
        terms = [
            tangent * slope(xp or convention, out, *primals)
            for tangent, slope in zip(tangents, slopes, strict=True)
            if slope is not None and type(tangent) is not _SYMBOLIC_ZERO
        ]
        found = sum(terms[1:], terms[0]) if terms else jnp.zeros_like(out)
        return out, jnp.broadcast_to(found, out.shape).astype(out.dtype)

    call.defjvp(rule, symbolic_zeros=True)
    return call


def _overridden(name, function, holomorphic=False):
    """Return a function of `jax.numpy` with the convention's derivative where its arguments are real (or complex)."""
    with_slopes = ruled(function, _SLOPES[name])
    kind = jnp.inexact if holomorphic else jnp.floating

    @jax.jit
    def call(*args):
        return (with_slopes if jnp.issubdtype(jnp.result_type(*args), kind) else function)(*args)

    call.__name__ = name
    return call


_HOLOMORPHIC = ("divide", "pow")
_NAMES = ("abs", "acosh", "asinh", "atan2", "atanh", "copysign", "divide", "hypot", "log", "log1p", "log2", "log10")
_NAMES += ("logaddexp", "maximum", "minimum", "pow", "sqrt", "tanh")

# The namespace that slopes are made of: functions of arrays with the convention's derivatives.
convention = SimpleNamespace(
    isnan=jnp.isnan,
    multiply=jnp.multiply,
    ones_like=jnp.ones_like,
    real=jnp.real,
    reciprocal=jnp.reciprocal,
    sign=jnp.sign,
    subtract=jnp.subtract,
    where=jnp.where,
)
vars(convention).update({name: _overridden(name, getattr(jnp, name), name in _HOLOMORPHIC) for name in _NAMES})


def _named(name):
    # The value of a slope is not differentiated: JAX's own functions do.
    return ruled(lambda *args: _VALUES[name](jnp, *args), _SLOPES[name])


vars(convention).update({name: _named(name) for name in _VALUES})


@jax.jit
def limited(x, low, high):
    """Return min(max(x, low), high)."""
    return (_limited if jnp.issubdtype(jnp.result_type(x, low, high), jnp.floating) else _native_limited)(x, low, high)


def _native_limited(x, low, high):
    return jnp.minimum(jnp.maximum(x, low), high)


_limited = ruled(_native_limited, _SLOPES["clip"])
