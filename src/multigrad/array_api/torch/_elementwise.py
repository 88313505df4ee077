"""Elementwise functions."""

import operator

import torch

from multigrad.array_api.torch._dtypes import promotion

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


def _flat(x):
    """Cut the gradient; a Python number has none."""
    return x.detach() if isinstance(x, torch.Tensor) else x


def _floor_divide(x1, x2):
    return _flat(x1) // _flat(x2)  # torch has no derivative, not even zero


# Python's operators rather than torch's functions: as fast, and they take a Python number on either side.
add = binary(operator.add)
subtract = binary(operator.sub)
multiply = binary(operator.mul)
divide = binary(operator.truediv, floating=True)
pow = binary(torch.pow)  # noqa: A001 - takes a number on either side, and x ** n is slower
floor_divide = binary(_floor_divide)
remainder = binary(operator.mod)
equal, not_equal = binary(operator.eq), binary(operator.ne)
less, less_equal = binary(operator.lt), binary(operator.le)
greater, greater_equal = binary(operator.gt), binary(operator.ge)

atan2 = binary(torch.atan2, numbers=False, floating=True)
copysign = binary(torch.copysign, numbers=False, floating=True)
hypot = binary(torch.hypot, numbers=False, floating=True)
logaddexp = binary(torch.logaddexp, numbers=False, floating=True)
maximum, minimum = binary(torch.maximum, numbers=False), binary(torch.minimum, numbers=False)

bitwise_and, bitwise_or = binary(torch.bitwise_and), binary(torch.bitwise_or)
bitwise_xor, bitwise_invert = binary(torch.bitwise_xor), torch.bitwise_not
bitwise_left_shift, bitwise_right_shift = binary(torch.bitwise_left_shift), binary(torch.bitwise_right_shift)
logical_and, logical_or = binary(torch.logical_and, numbers=False), binary(torch.logical_or, numbers=False)
logical_xor, logical_not = binary(torch.logical_xor, numbers=False), torch.logical_not

acos, asin, atan = unary(torch.acos), unary(torch.asin), unary(torch.atan)
acosh, asinh, atanh = unary(torch.acosh), unary(torch.asinh), unary(torch.atanh)
cos, sin, tan = unary(torch.cos), unary(torch.sin), unary(torch.tan)
cosh, sinh, tanh = unary(torch.cosh), unary(torch.sinh), unary(torch.tanh)
exp, expm1 = unary(torch.exp), unary(torch.expm1)
log, log1p, log2, log10 = unary(torch.log), unary(torch.log1p), unary(torch.log2), unary(torch.log10)
reciprocal, sqrt = unary(torch.reciprocal), unary(torch.sqrt)

isfinite, isinf, isnan, signbit = torch.isfinite, torch.isinf, torch.isnan, torch.signbit
negative, positive, square = torch.negative, torch.positive, torch.square


def abs(x, /):  # noqa: A001
    return x if x.dtype is torch.bool else torch.abs(x)


def sign(x, /):
    if x.dtype.is_floating_point:
        x = _flat(x)  # torch's zero gradient is one that cannot be written to or converted
        return torch.where(torch.isnan(x), x, torch.sgn(x))  # torch has 0 for NaN
    return torch.sgn(x)


def clip(x, /, min=None, max=None):
    if min is not None:
        x = maximum(x, min)
    return x if max is None else minimum(x, max)


def conj(x, /):
    return torch.conj_physical(x) if x.dtype.is_complex else x


def real(x, /):
    return x.real if x.dtype.is_complex else x


def imag(x, /):
    return x.imag if x.dtype.is_complex else torch.zeros_like(x)


def _integer_keeps(function):
    """Round functions give integers back as they are; torch refuses some integer dtypes."""

    def call(x, /):
        return function(x) if x.dtype.is_floating_point else x

    call.__name__ = function.__name__
    return call


ceil, floor, trunc = _integer_keeps(torch.ceil), _integer_keeps(torch.floor), _integer_keeps(torch.trunc)


def round(x, /):  # noqa: A001
    if x.dtype.is_complex:
        return torch.complex(torch.round(x.real), torch.round(x.imag))
    return torch.round(x) if x.dtype.is_floating_point else x
