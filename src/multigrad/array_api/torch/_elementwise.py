"""Elementwise functions."""

import operator

import torch

from multigrad._dtypes import NUMBERS
from multigrad.array_api.torch import _choices, _overrides, _powers, _remainders, _unsigned
from multigrad.array_api.torch._dtypes import promotion
from multigrad.array_api.torch._regular import is_constant
from multigrad.array_api.torch._remainders import flat
from multigrad.array_api.torch._unsigned import bitwise, choosing, comparing

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


def unary(function, real=None):
    """Wrap a function of one array; ``real`` is a shorter way of real arrays."""
    return promotion.unary(function, real or getattr(function, "real", None))


def binary(function, unsigned=None, **options):
    """Wrap a function of two arrays or numbers; ``unsigned`` computes it for the dtypes that torch lacks."""
    return (
        promotion.binary(function, **options) if unsigned is None else _unsigned.binary(function, unsigned, **options)
    )


def _divide(x1, x2):
    if type(x1) in NUMBERS and x1 not in (1, -1) and not is_constant(x2):
        # torch multiplies the reciprocal, and the square of that overflows or has few digits where the slope is finite.
        x1 = promotion.constant(x1, x2)
    return x1 / x2


# Python's operators rather than torch's functions: as fast, and they take a Python number on either side.
add = binary(operator.add, bitwise(operator.add))
subtract = binary(operator.sub, bitwise(operator.sub))
multiply = binary(operator.mul, bitwise(operator.mul))
divide = binary(_divide, floating=True)
pow = binary(_powers.pow, bitwise(torch.pow))  # noqa: A001 - takes a number on either side, and x ** n is slower
floor_divide = binary(_remainders.floor_divide, _unsigned.floor_divide)
remainder = binary(_remainders.remainder, _unsigned.remainder)
equal, not_equal = binary(operator.eq, comparing(operator.eq)), binary(operator.ne, comparing(operator.ne))
less, less_equal = binary(operator.lt, comparing(operator.lt)), binary(operator.le, comparing(operator.le))
greater, greater_equal = binary(operator.gt, comparing(operator.gt)), binary(operator.ge, comparing(operator.ge))

atan2 = binary(_overrides.atan2, numbers=False, floating=True)
copysign = binary(_overrides.copysign, numbers=False, floating=True)
hypot = binary(_overrides.hypot, numbers=False, floating=True)
logaddexp = binary(_overrides.logaddexp, numbers=False, floating=True)
nextafter = binary(lambda x1, x2: torch.nextafter(flat(x1), flat(x2)), numbers=False, floating=True)
maximum = binary(_choices.maximum, choosing(torch.maximum))
minimum = binary(_choices.minimum, choosing(torch.minimum))

bitwise_and, bitwise_or = binary(torch.bitwise_and), binary(torch.bitwise_or)
bitwise_xor, _invert = binary(torch.bitwise_xor), _unsigned.by_bits(torch.bitwise_not)
bitwise_left_shift = binary(torch.bitwise_left_shift, bitwise(torch.bitwise_left_shift))
bitwise_right_shift = binary(torch.bitwise_right_shift, _unsigned.right_shift)
logical_and, logical_or = binary(torch.logical_and, numbers=False), binary(torch.logical_or, numbers=False)
logical_xor = binary(torch.logical_xor, numbers=False)


def bitwise_invert(x, /):
    return _invert(x)


def logical_not(x, /):
    return torch.logical_not(x)


def _expm1(x):
    if not x.dtype.is_complex:
        return torch.expm1(x)
    # exp(x) - 1 without cancellation; torch's own loses digits near 0 and the standard's infinities.
    a, b = x.real, x.imag
    half = torch.sin(b / 2)
    real = (0.0 - 2 * half * half) + torch.expm1(a) * torch.cos(b)  # +0 where both are zeros
    imag = torch.exp(a) * torch.sin(b)
    edge = ~torch.isfinite(a) & ~((a > 0) & torch.isfinite(b) & (b != 0))
    real = torch.where(edge & ~(torch.isfinite(b) & (a > 0)), torch.expm1(a), real)
    zero = edge & ((b == 0) | (a < 0))
    return torch.complex(real, torch.where(zero, torch.where(b == 0, b, torch.zeros_like(b)), imag))


def _log1p(x):
    if not x.dtype.is_complex:
        return _overrides.log1p(x)
    # torch's own is accurate near 0 and overflows far from it.
    a, b = x.real, x.imag
    near = (torch.abs(a) < 0.5) & (torch.abs(b) < 0.5)
    return torch.where(near, torch.log1p(torch.where(near, x, 0)), torch.log(torch.complex(a + 1, b)))


def _tanh(x):
    result = torch.tanh(x)
    if not x.dtype.is_complex:
        return result
    # At infinity torch's zero has the sign of sin(2b), as in C; the standard's has the sign of b.
    a, b = x.real.detach(), x.imag.detach()
    side = torch.copysign(torch.zeros_like(b), b)
    return torch.complex(result.real, torch.where(torch.isinf(a) & torch.isfinite(b), side, result.imag))


def _acos(x):
    result = _overrides.acos(x)
    if not x.dtype.is_complex:
        return result
    # The imaginary part's sign is the opposite of the argument's, that of a zero too; adding +0 keeps the derivative.
    side = -torch.copysign(torch.ones((), dtype=x.real.dtype, device=x.device), x.imag.detach())
    return torch.complex(result.real, side * (side * result.imag + 0.0))


acos, asin, atan = unary(_acos, torch.acos), unary(_overrides.asin, torch.asin), unary(_overrides.atan, torch.atan)
acosh, asinh, atanh = unary(_overrides.acosh), unary(_overrides.asinh), unary(_overrides.atanh)
cos, sin, tan = unary(torch.cos), unary(torch.sin), unary(torch.tan)
cosh, sinh, tanh = unary(torch.cosh), unary(torch.sinh), unary(_tanh, torch.tanh)
exp, expm1 = unary(torch.exp), unary(_expm1, torch.expm1)
log, log1p, log2, log10 = (
    unary(_overrides.log),
    unary(_log1p, _overrides.log1p.real),
    unary(_overrides.log2),
    unary(_overrides.log10),
)
reciprocal, sqrt = unary(torch.reciprocal), unary(_overrides.sqrt)

_negative_of_bits, _square_of_bits = _unsigned.by_bits(torch.negative), _unsigned.by_bits(torch.square)


def isfinite(x, /):
    return torch.isfinite(x)


def isinf(x, /):
    return torch.isinf(x)


def isnan(x, /):
    return torch.isnan(x)


def signbit(x, /):
    return torch.signbit(x)


def positive(x, /):
    return torch.positive(x)


def negative(x, /):
    return -x if x.dtype.is_floating_point else _negative_of_bits(x)


def square(x, /):
    return torch.square(x) if x.dtype.is_floating_point else _square_of_bits(x)


def abs(x, /):  # noqa: A001
    if x.dtype.is_floating_point or x.dtype.is_complex:
        return _overrides.abs(x)
    return x if x.dtype is torch.bool or x.dtype in _unsigned.SIGNED else torch.abs(x)


def sign(x, /):
    if x.dtype.is_floating_point:
        x = flat(x)  # torch's zero gradient is one that cannot be written to or converted
        return torch.where(torch.isnan(x), x, torch.sgn(x))  # torch has 0 for NaN
    if x.dtype in _unsigned.SIGNED:
        return (x != 0).to(x.dtype)
    return _overrides.sign(x) if x.dtype.is_complex else torch.sgn(x)


def clip(x, /, min=None, max=None):
    arrays = sum([isinstance(bound, torch.Tensor) for bound in (min, max)])
    if not arrays and x.dtype.is_floating_point and (min is not None or max is not None):
        return _choices.clip_to_numbers(x, min, max)
    if arrays and min is not None and max is not None:
        bounds = [b if isinstance(b, torch.Tensor) else promotion.constant(b, x) for b in (min, max)]
        operands = promotion.common([x, *bounds])
        if operands[0].dtype.is_floating_point:
            return _choices.clip(*operands)
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
