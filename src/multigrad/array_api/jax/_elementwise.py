"""Elementwise functions."""

import jax.numpy as jnp

from multigrad.array_api.jax._dtypes import promotion
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


add, subtract, multiply = _binary(jnp.add), _binary(jnp.subtract), _binary(jnp.multiply)
divide, pow = _binary(jnp.divide, floating=True), _binary(jnp.pow)  # noqa: A001
floor_divide, remainder = _binary(jnp.floor_divide), _binary(jnp.remainder)
equal, not_equal = _binary(jnp.equal), _binary(jnp.not_equal)
less, less_equal = _binary(jnp.less), _binary(jnp.less_equal)
greater, greater_equal = _binary(jnp.greater), _binary(jnp.greater_equal)
atan2, copysign = _binary(jnp.atan2, floating=True), _binary(jnp.copysign, floating=True)
hypot, logaddexp = _binary(jnp.hypot, floating=True), _binary(jnp.logaddexp, floating=True)
maximum, minimum = _binary(jnp.maximum), _binary(jnp.minimum)
bitwise_and, bitwise_or, bitwise_xor = _binary(jnp.bitwise_and), _binary(jnp.bitwise_or), _binary(jnp.bitwise_xor)
bitwise_left_shift, bitwise_right_shift = _binary(jnp.bitwise_left_shift), _binary(jnp.bitwise_right_shift)
logical_and, logical_or, logical_xor = _binary(jnp.logical_and), _binary(jnp.logical_or), _binary(jnp.logical_xor)

acos, asin, atan = _unary(jnp.acos), _unary(jnp.asin), _unary(jnp.atan)
acosh, asinh, atanh = _unary(jnp.acosh), _unary(jnp.asinh), _unary(jnp.atanh)
cos, sin, tan = _unary(jnp.cos), _unary(jnp.sin), _unary(jnp.tan)
cosh, sinh, tanh = _unary(jnp.cosh), _unary(jnp.sinh), _unary(jnp.tanh)
exp, expm1 = _unary(jnp.exp), _unary(jnp.expm1)
log, log1p, log2, log10 = _unary(jnp.log), _unary(jnp.log1p), _unary(jnp.log2), _unary(jnp.log10)
reciprocal, sqrt = _unary(jnp.reciprocal), _unary(jnp.sqrt)

abs, sign, square = keep_width(jnp.abs), keep_width(jnp.sign), keep_width(jnp.square)  # noqa: A001
negative, positive = keep_width(jnp.negative), keep_width(jnp.positive)
bitwise_invert, logical_not = keep_width(jnp.bitwise_not), keep_width(jnp.logical_not)
ceil, floor, trunc, round = map(keep_width, (jnp.ceil, jnp.floor, jnp.trunc, jnp.round))  # noqa: A001
isfinite, isinf, isnan, signbit = map(keep_width, (jnp.isfinite, jnp.isinf, jnp.isnan, jnp.signbit))
conj, real, imag = keep_width(jnp.conj), keep_width(jnp.real), keep_width(jnp.imag)


def clip(x, /, min=None, max=None):
    if min is not None:
        x = maximum(x, min)
    return x if max is None else minimum(x, max)
