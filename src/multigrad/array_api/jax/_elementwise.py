"""Elementwise functions."""

import jax
import jax.numpy as jnp

from multigrad import _dtypes
from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._overrides import convention, limited
from multigrad.array_api.jax._special_values import (
    complex_abs,
    floor_divide,
    remainder,
    sign,
    with_special_values,
)
from multigrad.array_api.jax._wide import keep_width

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clip",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "pow",
    "real",
    "reciprocal",
    "remainder",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
]


# The width is kept after the promotion, which may widen: a float makes float64 of an int32 array.
def _unary(function):
    return promotion.unary(keep_width(function))


def _binary(function, **options):
    return promotion.binary(keep_width(function), **options)


def _divide(x1, x2):
    # By a constant JAX's own is right.
    return jnp.divide(x1, x2) if type(x2) in _dtypes.NUMBERS else convention.divide(x1, x2)


def _pow(x1, x2):
    # A whole power is a polynomial: at 0 it has all its derivatives.
    if type(x2) is float and x2 in _WHOLE:
        x2 = int(x2)
    return (jnp.pow if type(x2) is int else convention.pow)(x1, x2)


_WHOLE = frozenset(range(5))  # few multiplications; JAX's own rule is NaN at 0 in the end


def _atan2(x1, x2):
    # Its slopes ask both for the limits of their dtype, which an integer has not.
    return convention.atan2(*(float(x) if type(x) is int else x for x in (x1, x2)))


def _nextafter(x1, x2):
    return jnp.nextafter(jax.lax.stop_gradient(x1), jax.lax.stop_gradient(x2))  # flat; JAX has no derivative, not zero


add, subtract, multiply = _binary(jnp.add), _binary(jnp.subtract), _binary(jnp.multiply)
divide, pow = _binary(_divide, floating=True), _binary(_pow)  # noqa: A001
floor_divide, remainder = _binary(floor_divide), _binary(remainder)
equal, not_equal = _binary(jnp.equal), _binary(jnp.not_equal)
less, less_equal = _binary(jnp.less), _binary(jnp.less_equal)
greater, greater_equal = _binary(jnp.greater), _binary(jnp.greater_equal)
atan2, hypot = _binary(_atan2, floating=True), _binary(convention.hypot, floating=True)
copysign, logaddexp = _binary(convention.copysign, floating=True), _binary(convention.logaddexp, floating=True)
nextafter = _binary(_nextafter, numbers=False, floating=True)
maximum, minimum = _binary(convention.maximum), _binary(convention.minimum)
bitwise_and, bitwise_or, bitwise_xor = _binary(jnp.bitwise_and), _binary(jnp.bitwise_or), _binary(jnp.bitwise_xor)
bitwise_left_shift, bitwise_right_shift = _binary(jnp.bitwise_left_shift), _binary(jnp.bitwise_right_shift)
logical_and, logical_or, logical_xor = _binary(jnp.logical_and), _binary(jnp.logical_or), _binary(jnp.logical_xor)


def _unary_with_special_values(name):
    return _unary(with_special_values(name, getattr(convention, name, getattr(jnp, name))))


acos, acosh, asin, asinh, atan, atanh = map(
    _unary_with_special_values, ("acos", "acosh", "asin", "asinh", "atan", "atanh")
)
cosh, exp, expm1, log, log1p, sinh, sqrt, tanh = map(
    _unary_with_special_values, ("cosh", "exp", "expm1", "log", "log1p", "sinh", "sqrt", "tanh")
)
cos, sin, tan = _unary(jnp.cos), _unary(jnp.sin), _unary(jnp.tan)
log2, log10, reciprocal = map(_unary, (convention.log2, convention.log10, jnp.reciprocal))


# Without promotion. JAX's own signatures have options that the standard's functions lack.
def _plain(function):
    kept = keep_width(function)

    def call(x, /):
        return kept(x)

    return call


def _abs(x):
    return complex_abs(x) if x.dtype.kind == "c" else convention.abs(x)


abs, sign, square = _plain(_abs), _plain(sign), _plain(jnp.square)  # noqa: A001
negative, positive = _plain(jnp.negative), _plain(jnp.positive)
bitwise_invert, logical_not = _plain(jnp.bitwise_not), _plain(jnp.logical_not)
ceil, floor, trunc, round = map(_plain, (jnp.ceil, jnp.floor, jnp.trunc, jnp.round))  # noqa: A001
isfinite, isinf, isnan, signbit = map(_plain, (jnp.isfinite, jnp.isinf, jnp.isnan, jnp.signbit))
conj, real, imag = _plain(jnp.conj), _plain(jnp.real), _plain(jnp.imag)


_limited = keep_width(limited)


def clip(x, /, min=None, max=None):
    if min is None:
        return x if max is None else minimum(x, max)
    if max is None:
        return maximum(x, min)
    bounds = [promotion.constant(bound, x) if type(bound) in _dtypes.NUMBERS else bound for bound in (min, max)]
    return _limited(*promotion.common([x, *bounds]))
