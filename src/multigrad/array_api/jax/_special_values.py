"""Special values that the standard lists and that JAX or XLA do not give.

The functions of complex numbers are C99's: an infinite part often decides the result although the other part is NaN.
Real arrays pass by without a cost.
"""

import functools
from math import inf, nan, pi

import jax
import jax.numpy as jnp

from multigrad.array_api.jax._overrides import ruled


def _complex(real, imag):
    real, imag = jnp.broadcast_arrays(real, imag)
    return jax.lax.complex(real, imag)


def _like(zero_or_one, part):
    """Return a number with the signs of a part: odd functions are odd at these points too."""
    return jnp.copysign(jnp.full_like(part, zero_or_one), part)


def _of(number, part):
    return jnp.full_like(part, number)


def _lost(b):
    return ~jnp.isfinite(b)


def _zero(b):
    # By its bits: XLA takes a subnormal number for zero.
    return jax.lax.bitcast_convert_type(b, f"uint{8 * b.dtype.itemsize}") << 1 == 0


# For a + bj: where the result is another, and which.
_CASES = {
    "exp": [
        (lambda a, b: (a == -inf) & _lost(b), lambda a, b: _complex(_of(0.0, a), _of(0.0, b))),
        (lambda a, b: (a == inf) & _lost(b), lambda a, b: _complex(a, _of(nan, b))),
    ],
    "expm1": [
        (lambda a, b: (a == -inf) & _lost(b), lambda a, b: _complex(_of(-1.0, a), _of(0.0, b))),
        (lambda a, b: (a == inf) & _lost(b), lambda a, b: _complex(a, _of(nan, b))),
    ],
    "cosh": [
        (lambda a, b: (a == 0) & _lost(b), lambda a, b: _complex(_of(nan, a), _of(0.0, b))),
        (lambda a, b: jnp.isinf(a) & _lost(b), lambda a, b: _complex(_of(inf, a), _of(nan, b))),
    ],
    "sinh": [
        (lambda a, b: ((a == 0) | jnp.isinf(a)) & _lost(b), lambda a, b: _complex(a, _of(nan, b))),
    ],
    "tanh": [
        (lambda a, b: (a == 0) & _lost(b), lambda a, b: _complex(a, _of(nan, b))),
        (lambda a, b: jnp.isinf(a) & jnp.isfinite(b), lambda a, b: _complex(_like(1.0, a), _like(0.0, b))),
    ],
    "sqrt": [
        (lambda a, b: jnp.isinf(b), lambda a, b: _complex(_of(inf, a), b)),
        (lambda a, b: (a == inf) & jnp.isnan(b), lambda a, b: _complex(a, b)),
        (lambda a, b: (a == -inf) & jnp.isnan(b), lambda a, b: _complex(b, _of(inf, a))),
    ],
    "log": [
        (
            lambda a, b: (jnp.isinf(a) & jnp.isnan(b)) | (jnp.isnan(a) & jnp.isinf(b)),
            lambda a, b: _complex(_of(inf, a), _of(nan, b)),
        ),
    ],
    "acos": [(lambda a, b: (a == 0) & jnp.isnan(b), lambda a, b: _complex(_of(pi / 2, a), b))],
    "acosh": [(lambda a, b: (a == 0) & jnp.isnan(b), lambda a, b: _complex(b, _of(pi / 2, a)))],
    "asinh": [
        (lambda a, b: jnp.isnan(a) & _zero(b), lambda a, b: _complex(a, b)),
        (lambda a, b: jnp.isnan(a) & jnp.isfinite(b) & (b != 0), lambda a, b: _complex(_of(nan, a), _of(nan, b))),
    ],
    "atanh": [
        (lambda a, b: jnp.isnan(b) & ((a == 0) | jnp.isinf(a)), lambda a, b: _complex(_like(0.0, a), b)),
        (
            lambda a, b: (jnp.isnan(a) & ~jnp.isinf(b)) | (jnp.isnan(b) & jnp.isfinite(a) & (a != 0)),
            lambda a, b: _complex(_of(nan, a), _of(nan, b)),
        ),
    ],
}
_CASES["log1p"] = _CASES["log"]


@jax.custom_jvp
def _complex_acosh(x):
    """JAX's own function with the derivative of the right branch where the real part is negative."""
    return jnp.acosh(x)


_complex_acosh.defjvps(lambda tangent, _, x: tangent / (jnp.sqrt(x - 1) * jnp.sqrt(x + 1)))


def _asin_slope(x):
    """Return the derivative of asin where the imaginary part is positive or 0.0, not -0.0."""
    return 1j / (jnp.sqrt(x - 1) * jnp.sqrt(x + 1))


def _with_slope(function, slope):
    """Return a function with the derivative of the right side of its branch cut; JAX's own has that of the other."""
    call = jax.custom_jvp(function)
    call.defjvps(lambda tangent, _, x: tangent * slope(x))
    return call


_complex_asin = _with_slope(jnp.asin, _asin_slope)
_complex_acos = _with_slope(jnp.acos, lambda x: -_asin_slope(x))
# For a real part that is positive or 0.0, not -0.0.
_complex_asinh = _with_slope(jnp.asinh, lambda x: _asin_slope(jax.lax.complex(-jnp.imag(x), jnp.real(x))))


# On a branch cut, and for results that are zero, the sign of a zero decides; XLA keeps it on one side only. These
# functions are symmetric: f(conj(z)) = conj(f(z)), and the odd ones f(-conj(z)) = -conj(f(z)) as well.
def _mirrored(function, x):
    below = jnp.signbit(jnp.imag(x))
    result = function(jnp.where(below, jnp.conj(x), x))
    return jnp.where(below, jnp.conj(result), result)


def _mirrored_as_odd(function, x):
    left = jnp.signbit(jnp.real(x))
    result = function(jnp.where(left, -jnp.conj(x), x))
    return jnp.where(left, -jnp.conj(result), result)


def _complex_atanh(x):
    # Far out XLA gives +π/2 on both sides of the cut.
    return _mirrored(functools.partial(_mirrored_as_odd, jnp.atanh), x)


def _complex_atan(x):
    turned = _complex_atanh(jax.lax.complex(-jnp.imag(x), jnp.real(x)))
    return jax.lax.complex(jnp.imag(turned), -jnp.real(turned))


_COMPLEX = {
    "acos": functools.partial(_mirrored, _complex_acos),
    "asin": functools.partial(_mirrored, _complex_asin),
    "asinh": functools.partial(_mirrored_as_odd, _complex_asinh),
    "atanh": _complex_atanh,
    "sqrt": functools.partial(_mirrored, jnp.sqrt),
    "acosh": functools.partial(_mirrored, _complex_acosh),
    "atan": _complex_atan,
}


def with_special_values(name, function):
    """Return a function of one array with the standard's special values for complex numbers; real ones go to it."""
    complex_function = _COMPLEX.get(name, getattr(jnp, name))

    @jax.jit
    def of_complex(x):
        # Nothing is differentiable at these points.
        a, b = (jax.lax.stop_gradient(part) for part in (jnp.real(x), jnp.imag(x)))
        result = complex_function(x)
        for applies, value in _CASES.get(name, ()):
            result = jnp.where(applies(a, b), value(a, b), result)
        return result

    @functools.wraps(function)
    def call(x):
        return of_complex(x) if x.dtype.kind == "c" else function(x)

    return call


@jax.jit
def sign(x, /):
    if not jnp.issubdtype(x.dtype, jnp.complexfloating):
        return jnp.where(x == 0, jnp.zeros_like(x), jnp.sign(x))
    # JAX takes the sign of a complex number for flat; it turns with the number.
    other = jnp.where(x == 0, jnp.ones_like(x), x)
    # Scaled, so that squares do not vanish; the result does not depend on the scale, nor does its derivative.
    scale = jax.lax.stop_gradient(jnp.maximum(jnp.abs(jnp.real(other)), jnp.abs(jnp.imag(other))))
    other = other / jnp.where(jnp.isfinite(scale), scale, 1)
    return jnp.where(x == 0, jnp.zeros_like(x), other / jnp.abs(other))


@jax.jit
def complex_abs(x):
    """Return the size of complex numbers, at 0 with the derivative 0 in every order."""
    zero = x == 0
    return jnp.where(zero, 0, jnp.abs(jnp.where(zero, jnp.ones_like(x), x)))


@jax.jit
def floor_divide(x1, x2):
    result = jnp.floor_divide(x1, x2)
    if not jnp.issubdtype(result.dtype, jnp.floating):
        return result
    # Where the exact remainder that the result is made of is no number or loses a sign, the quotient has both.
    plain = jnp.isfinite(x1) & jnp.isfinite(x2) & (x1 != 0)
    quotient = jnp.divide(x1, x2)
    return jnp.where(plain, jnp.where(result == 0, jnp.copysign(result, quotient), result), jnp.floor(quotient))


@jax.jit
def remainder(x1, x2):
    result = jnp.remainder(x1, x2)
    if not jnp.issubdtype(result.dtype, jnp.floating):
        return result
    return _real_remainder(jnp.asarray(x1, result.dtype), jnp.asarray(x2, result.dtype))


def _remainder_of_floats(x1, x2):
    """Return a remainder, a zero with the divisor's sign."""
    result = jnp.remainder(x1, x2)
    return jnp.where(result == 0, jnp.copysign(jnp.zeros_like(result), x2), result)


# JAX's slope has the floor of the rounded quotient: 10 for 1 % 0.1, whose value is made of 9.
_real_remainder = ruled(
    _remainder_of_floats,
    (
        lambda xp, out, x1, x2: jnp.ones_like(out),
        lambda xp, out, x1, x2: -floor_divide(*map(jax.lax.stop_gradient, (x1, x2))),
    ),
)
