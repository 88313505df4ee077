"""Elementwise functions."""

from multigrad.array_api.numpy._dtypes import promotion, traced
from multigrad.array_api.numpy._object import is_native, is_plain

unary, binary = promotion.unary, promotion.binary

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

add, subtract, multiply = binary(traced.add), binary(traced.subtract), binary(traced.multiply)
divide, pow = binary(traced.divide, floating=True), binary(traced.pow)  # noqa: A001
floor_divide, remainder = binary(traced.floor_divide), binary(traced.remainder)
equal, not_equal = binary(traced.equal), binary(traced.not_equal)
less, less_equal = binary(traced.less), binary(traced.less_equal)
greater, greater_equal = binary(traced.greater), binary(traced.greater_equal)
atan2, copysign = binary(traced.atan2, floating=True), binary(traced.copysign, floating=True)
hypot, logaddexp = binary(traced.hypot, floating=True), binary(traced.logaddexp, floating=True)
maximum, minimum = binary(traced.maximum), binary(traced.minimum)
nextafter = binary(traced.nextafter, floating=True)
bitwise_and, bitwise_or, bitwise_xor = binary(traced.bitwise_and), binary(traced.bitwise_or), binary(traced.bitwise_xor)
bitwise_left_shift, bitwise_right_shift = binary(traced.bitwise_left_shift), binary(traced.bitwise_right_shift)
logical_and, logical_or, logical_xor = binary(traced.logical_and), binary(traced.logical_or), binary(traced.logical_xor)

acos, asin, atan = unary(traced.acos), unary(traced.asin), unary(traced.atan)
acosh, asinh, atanh = unary(traced.acosh), unary(traced.asinh), unary(traced.atanh)
cos, sin, tan = unary(traced.cos), unary(traced.sin), unary(traced.tan)
cosh, sinh, tanh = unary(traced.cosh), unary(traced.sinh), unary(traced.tanh)
exp, expm1 = unary(traced.exp), unary(traced.expm1)
log, log1p, log2, log10 = unary(traced.log), unary(traced.log1p), unary(traced.log2), unary(traced.log10)
reciprocal, sqrt = unary(traced.reciprocal), unary(traced.sqrt)


def _plain(function):
    """Return a function of one array of any dtype, with the standard's signature."""

    def call(x, /):
        return function(x)

    return call


abs, sign, square = _plain(traced.abs), _plain(traced.sign), _plain(traced.square)  # noqa: A001
negative, positive = _plain(traced.negative), _plain(traced.positive)
bitwise_invert, logical_not = _plain(traced.bitwise_invert), _plain(traced.logical_not)
isfinite, isinf = _plain(traced.isfinite), _plain(traced.isinf)
isnan, signbit = _plain(traced.isnan), _plain(traced.signbit)
conj, real, imag = _plain(traced.conj), _plain(traced.real), _plain(traced.imag)
ceil, floor = _plain(traced.ceil), _plain(traced.floor)
trunc, round = _plain(traced.trunc), _plain(traced.round)  # noqa: A001


def clip(x, /, min=None, max=None):
    lower = x if min is None else maximum(x, min)
    out = lower if max is None else minimum(lower, max)
    if is_plain(out) or min is None or max is None:
        return out
    # Traced: the bounds may meet.
    bounds = [bound if is_native(bound) else promotion.constant(bound, x) for bound in (min, max)]
    return traced.clip(*promotion.common([x, *bounds]))
