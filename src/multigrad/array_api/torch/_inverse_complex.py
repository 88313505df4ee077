"""Inverse trigonometric and hyperbolic functions of complex tensors, whose native derivatives err (torch 2.13).

On branch cuts these are those of one side on both, and far away NaN, since the square in them overflows. Compositions,
like the other overrides; their values stay the native ones.
"""

import torch

from multigrad.array_api.torch._regular import is_readable, largest


def _mirrored(function, below):
    """Compute a complex function f with f(conj z) = conj f(z) on one side of its branch cut.

    Native: the derivative of one side on both. ``below(left, lower)`` tells the wrong side from the signs of the parts.
    """

    def call(z):
        turned = below(torch.signbit(z.real), torch.signbit(z.imag))
        return _conjugated(turned, function(_conjugated(turned, z)))

    return call


def _conjugated(where, z):
    # torch.conj_physical maps element by element, with a warning.
    return torch.complex(z.real, torch.where(where, -z.imag, z.imag))


def _with_slope_far_away(function, limit):
    """Give a complex function the derivative of another one where both are the same but for rounding, and a constant.

    ``limit(z, scale)`` is the other one of z / scale, but for a constant that may depend on the scale.
    """

    def call(z):
        parts = z.detach()
        size = torch.maximum(torch.abs(parts.real), torch.abs(parts.imag))
        # Its third power neither overflows nor, inverted, underflows; its square has no digit left for a summand of 1.
        bound = torch.finfo(size.dtype).max ** (1 / 3) / 4
        if is_readable(z) and largest(size) <= bound:
            return function(z)
        far = (size > bound) & torch.isfinite(size)
        near, scale = function(torch.where(far, 0.0, z)), torch.where(far, size / bound, 1.0)
        z = torch.where(far, z, 1.0)
        there = limit(torch.complex(z.real / scale, z.imag / scale), scale)
        # What is subtracted is 0, which leaves a value of -0 as it is.
        return torch.where(far, function(parts) - (there.detach() - there), near)

    return call


def _logarithm(z, towards):
    """Return log(z), or -log(z) where the other array has the sign -."""
    side = torch.copysign(torch.ones_like(towards), towards.detach())
    found = torch.log(z)
    return torch.complex(side * found.real, side * found.imag)


def _like_asinh(z, scale):
    return _logarithm(z, z.real)


def _like_acos(z, scale):
    found = _logarithm(z, z.imag)
    return torch.complex(found.imag, -found.real)  # times -i


def _like_asin(z, scale):
    return -_like_acos(z, scale)


def _like_atanh(z, scale):
    inverse = torch.reciprocal(z)
    return torch.complex(inverse.real / scale, inverse.imag / scale)


def _like_atan(z, scale):
    return -_like_atanh(z, scale)


acosh = _mirrored(torch.acosh, lambda left, lower: lower)
asinh = _mirrored(_with_slope_far_away(torch.asinh, _like_asinh), torch.logical_xor)
asin, acos = (
    _mirrored(_with_slope_far_away(function, limit), lambda left, lower: left == lower)
    for function, limit in ((torch.asin, _like_asin), (torch.acos, _like_acos))
)
atan, atanh = _with_slope_far_away(torch.atan, _like_atan), _with_slope_far_away(torch.atanh, _like_atanh)
