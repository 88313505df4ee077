"""Elementwise functions whose native derivative breaks the convention (measured: torch 2.13).

All are compositions of native differentiable operations on the forward's own values, so they hold under every
transform, to every order, and in a compiled program. Each takes tensors of one dtype; the value stays the native one.
"""

import functools
import math

import torch

from multigrad.array_api.torch._object import is_recorded


def valid(out):
    """Return a result whose derivative is NaN where it is NaN: outside the domain, and at a NaN that was compared."""
    return out * torch.clamp(out.detach(), 1, 1)  # 1 or NaN


def real_only(function):
    """Wrap an override of a function of real numbers; complex ones have the native function of the same name."""
    native = getattr(torch, function.__name__)

    @functools.wraps(function)
    def call(x):
        return native(x) if x.dtype.is_complex else function(x)

    return call


def _one_where(condition, like):
    return condition.to(like.dtype)


@real_only
def abs(x):  # noqa: A001
    # Native: 0 at NaN. The sign by scaling up, which keeps NaN.
    return x * torch.clamp(x.detach() * torch.finfo(x.dtype).max, -1, 1)


@real_only
def sqrt(x):
    # Native: -inf at -0, where the value is -0 and the slope +inf: two turns of the sign.
    side = torch.clamp(torch.rsqrt(x.detach()).add_(1), -1, 1)  # -1 at -0, else 1; NaN outside the domain
    return torch.sqrt(x * side) * side


def _logarithm(function):
    # Native: -inf at -0, and 1/x outside the domain. What x is added to is 0 or NaN, and turns -0 into 0.
    def override(x):
        return function(torch.sqrt(x.detach()).neg_().relu_().add_(x))  # in place: half the time of new arrays

    override.__name__ = function.__name__
    return real_only(override)


log, log2, log10 = _logarithm(torch.log), _logarithm(torch.log2), _logarithm(torch.log10)


def log1p(x):
    return valid(torch.log1p(x))  # native: 1 / (1 + x) outside the domain


@real_only
def atanh(x):
    return valid(torch.atanh(x))  # native: 1 / (1 - x²) outside the domain


@real_only
def acosh(x):
    # Native: a derivative below -1, 0 where the square overflows, and few digits near 1.
    return 2 * torch.asinh(torch.sqrt((x - 1) * 0.5))


@real_only
def asinh(x):
    # Native: 0 where the square overflows. There asinh(x) = asinh(x / r) + log(r) but for rounding.
    limits = torch.finfo(x.dtype)
    bound = limits.max**0.5 / 4
    size = x.detach()
    ratio = torch.clamp(torch.abs(size) / bound, 1, limits.max / bound * 2)
    return torch.asinh(x / ratio) + torch.copysign(torch.log(ratio), size)


def maximum(x1, x2):
    out = torch.maximum(x1, x2)
    return valid(out) if out.dtype.is_floating_point else out  # native: 1 1 at NaN, forwards 0 1


def minimum(x1, x2):
    out = torch.minimum(x1, x2)
    return valid(out) if out.dtype.is_floating_point else out


def clip_to_numbers(x, low, high):
    """Clip an array of floats between numbers, of which one may be None."""
    if low is not None and low == high:
        x = torch.where(x.detach() == low, x.detach(), x)  # between equal bounds the bounds share
    out = x
    if low is not None:
        out = torch.maximum(out, torch.full((), low, dtype=x.dtype, device=x.device))
    if high is not None:
        out = torch.minimum(out, torch.full((), high, dtype=x.dtype, device=x.device))
    return valid(out)


def clip(x, low, high):
    """Clip an array of floats between arrays of its dtype."""
    where, bounds = x.detach(), (low.detach(), high.detach())
    factor = torch.clamp(torch.minimum(torch.maximum(where, bounds[0]), bounds[1]), 1, 1)  # 1 or NaN
    # Between equal bounds the bounds share: x goes below.
    x = torch.where((bounds[0] == bounds[1]) & (where == bounds[0]), -torch.inf, x)
    return torch.minimum(torch.maximum(x * factor, low * factor), high * factor)


def hypot(x1, x2):
    # Native: NaN at (0, 0).
    zero = _one_where((x1 == 0) & (x2 == 0), x1)
    return torch.hypot(x1 + zero, x2) * (1 - zero)


def atan2(x1, x2):
    # Native: forwards NaN at (0, 0), where the derivative is 0.
    zero = _one_where((x1 == 0) & (x2 == 0), x1)
    return torch.atan2(x1 * (1 - zero), x2 + torch.copysign(zero, x2.detach()))


def copysign(x1, x2):
    # Native: NaN at infinity, and in second order at 0.
    return abs(x1) * torch.copysign(torch.ones((), dtype=x2.dtype, device=x2.device), x2.detach())


def logaddexp(x1, x2):
    # Native: NaN in second order where the exponential of the difference overflows. The value is the native one, and
    # what is added is 0 with the derivatives of x2 + softplus(x1 - x2); infinities are too far away to count.
    value, largest = torch.logaddexp(x1.detach(), x2.detach()), torch.finfo(x1.dtype).max
    factor = torch.clamp(value, 1, 1)  # 1 or NaN
    x1, x2 = [torch.clamp(x * factor, -largest / 4, largest / 4) for x in (x1, x2)]
    smooth = x2 + torch.nn.functional.softplus(x1 - x2, threshold=math.log(largest) - 1)
    return value + (smooth - smooth.detach())


def pow(x1, x2):  # noqa: A001
    if not (isinstance(x1, torch.Tensor) and isinstance(x2, torch.Tensor) and x1.dtype.is_floating_point):
        return torch.pow(x1, x2)
    constant = [not torch.compiler.is_compiling() and not is_recorded(x) for x in (x1, x2)]
    if constant[0]:
        return torch.pow(x1, x2)
    # Native, at the exponent 0: forwards NaN for the bases 0 and NaN, in second order 0.
    zero, nan = x2 == 0, torch.isnan(x1)
    flat = zero & (nan | (x1 == 0))
    if constant[1]:
        return torch.pow(torch.where(flat, 1.0, x1), x2)
    base = torch.where(zero, torch.where(flat, 1.0, x1.detach()), x1)
    # What is added is 0: with the slope NaN where the base is NaN, and with the second derivative 1 / x1.
    root = torch.sqrt(torch.where(zero & nan, x2, 1.0))
    size = torch.log(torch.abs(torch.where(zero & ~flat & torch.isfinite(x1), x1, 1.0)))
    power = torch.pow(base, x2 + (root - root.detach()))
    return power + torch.where(zero, x2, 0.0) * (size - size.detach())


def sign(z):
    """Return the sign of complex numbers."""
    zero = _one_where(z == 0, z)  # native: forwards NaN at 0
    return torch.sgn(z + zero) * (1 - zero)
