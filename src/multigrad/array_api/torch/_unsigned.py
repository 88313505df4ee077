"""Unsigned integers of 16, 32 and 64 bits, for which torch has few kernels (2.13).

Their bits, seen as signed integers of the same width, move and add and multiply in the same way; with the first bit
turned they have the same order. Both are exact and stay on the device.
"""

import functools

import torch

from multigrad._dtypes import INEXACT, NUMBERS
from multigrad.array_api.torch._dtypes import DTYPES, promotion

_INEXACT = frozenset(DTYPES[name] for name in INEXACT)
SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}


def by_bits(function):
    """Wrap a function that moves the elements of its first array, or computes with them modulo 2**bits."""

    @functools.wraps(function)
    def call(x, *args, **kwargs):
        signed = SIGNED.get(x.dtype)
        if signed is None:
            return function(x, *args, **kwargs)
        return function(x.view(signed), *args, **kwargs).view(x.dtype)

    return call


def ranked(x):
    """Return an array whose elements have the order of x, in a dtype that torch compares."""
    signed = SIGNED.get(x.dtype)
    return x if signed is None else x.view(signed) ^ torch.iinfo(signed).min


def unranked(x, dtype):
    """Return the elements that `ranked` gave as an array of a dtype."""
    return (x ^ torch.iinfo(x.dtype).min).view(dtype) if dtype in SIGNED else x


def by_rank(function):
    """Wrap a function that picks elements of its array by their order."""

    @functools.wraps(function)
    def call(x, *args, **kwargs):
        return unranked(function(ranked(x), *args, **kwargs), x.dtype)

    return call


def detour(function, through):
    """Return a function of two operands that goes ``through(x1, x2)`` for unsigned arrays."""

    def call(x1, x2):
        dtype = (x2 if type(x1) in NUMBERS else x1).dtype
        if dtype in SIGNED:
            return through(*(torch.tensor(x, dtype=dtype) if type(x) in NUMBERS else x for x in (x1, x2)))
        return function(x1, x2)

    return call


def binary(function, unsigned, exact=None, **options):
    """Wrap a function of two arrays or numbers as `Promotion.binary` does, with other ways for integers.

    ``unsigned`` takes the arrays of this module's dtypes, ``exact`` other integers if ``function`` does not.
    """
    promoting = promotion.binary(detour(exact or function, unsigned), **options)

    @functools.wraps(promoting)
    def call(x1, x2, /):
        # The usual call has nothing to promote.
        if type(x1) not in NUMBERS and type(x2) not in NUMBERS:
            dtype = x1.dtype
            if dtype is x2.dtype and dtype in _INEXACT:
                return function(x1, x2)
        return promoting(x1, x2)

    if hasattr(promoting, "direct"):
        call.direct = dict.fromkeys(promoting.direct, function)
    return call


def bitwise(function):
    """Return a function of two unsigned arrays that computes with their bits."""

    def call(x1, x2):
        signed = SIGNED[x1.dtype]
        return function(x1.view(signed), x2.view(signed)).view(x1.dtype)

    return call


def comparing(function):
    """Return a comparison of two unsigned arrays."""
    return lambda x1, x2: function(ranked(x1), ranked(x2))


def choosing(function):
    """Return a function of two unsigned arrays that picks one of the elements by their order."""
    return lambda x1, x2: unranked(function(ranked(x1), ranked(x2)), x1.dtype)


def floor_divide(x1, x2):
    """Divide two unsigned arrays."""
    if x1.dtype is not torch.uint64:
        return (x1.to(torch.int64) // x2.to(torch.int64)).to(x1.dtype)
    a, b = x1.view(torch.int64), x2.view(torch.int64)
    # Half of the dividend is a signed number; twice its quotient is right or one too small. A divisor above 2**63 goes
    # at most once.
    large = b < 0
    quotient = 2 * (_halved(a) // torch.where(large, 1, b))
    quotient = torch.where(large, 0, quotient)
    return (quotient + (ranked((a - quotient * b).view(torch.uint64)) >= ranked(x2))).view(torch.uint64)


def remainder(x1, x2):
    """Return what is left after dividing two unsigned arrays."""
    signed = SIGNED[x1.dtype]
    quotient = floor_divide(x1, x2).view(signed)
    return (x1.view(signed) - quotient * x2.view(signed)).view(x1.dtype)


def right_shift(x1, x2):
    """Shift the bits of an unsigned array to the right, zeros coming in."""
    if x1.dtype is not torch.uint64:
        return (x1.to(torch.int64) >> x2.to(torch.int64)).to(x1.dtype)
    a, b = x1.view(torch.int64), x2.view(torch.int64)
    return torch.where(b == 0, a, _halved(a) >> (b - 1)).view(torch.uint64)


def _halved(x):
    """Return half of an unsigned number given by its bits."""
    return (x >> 1) & torch.iinfo(torch.int64).max
