"""Elementwise functions whose native derivative breaks the convention (measured: torch 2.13).

All are compositions of native differentiable operations on the forward's own values, so they hold under every
transform, to every order, and in a compiled program. Where no derivative is asked for, or the values are known to keep
away from the points in question, it is the native function. Each takes tensors of one dtype; the value stays the native
one.
"""

import functools
import math

import torch

from multigrad.array_api.torch import _fused, _inverse_complex, _pieces
from multigrad.array_api.torch._pieces import by_blocks, taken_apart
from multigrad.array_api.torch._regular import (
    are_few_and_positive,
    is_constant,
    is_readable,
    is_traced,
    largest,
    smallest,
)


def valid(out):
    """Return a result whose derivative is NaN where it is NaN: outside the domain, and at a NaN that was compared."""
    return out * torch.clamp(out.detach(), 1, 1)  # 1 or NaN


def override(is_right, *, takes_complex=False, right_where_positive=False):
    """Make of a function of arrays of one dtype the override of torch's function of that name.

    Parameters
    ----------
    is_right
        Whether the native derivative is right, to every order, at all elements of real arrays; False if unknown.
    takes_complex
        Whether complex arrays go to the override; else torch's own function takes them.
    right_where_positive
        Whether the native derivative of a function of one array is right at all positive elements.
    """

    def wrap(function):
        native = getattr(torch, function.__name__)

        @functools.wraps(function)
        def call(*arrays):
            if arrays[0].dtype.is_complex:
                return (function if takes_complex else native)(*arrays)
            return (native if is_constant(*arrays) or is_right(*arrays) else function)(*arrays)

        def real(x):
            return native(x) if x.requires_grad and are_few_and_positive(x) else call(x)

        call.real = real if right_where_positive else call
        return call

    return wrap


def _has_no_nan(x):
    return not math.isnan(smallest(x))


def _one_where(condition, like):
    return condition.to(like.dtype)


@override(_has_no_nan, takes_complex=True)
def abs(x):  # noqa: A001
    if x.dtype.is_complex:
        # Native: forwards over forwards NaN at 0.
        zero = _one_where(x == 0, x)
        return torch.abs(x + zero) * (1 - zero.real)
    # Native: 0 at NaN. The sign by scaling up, which keeps NaN.
    return x * torch.mul(x.detach(), torch.finfo(x.dtype).max).clamp_(-1, 1)


_BITS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def _has_no_sign(x):
    """Tell whether the sign bit of every element is known to be 0, as -0 has it not."""
    if not is_readable(x) or not x.numel():
        return False
    # In one pass: as integers, the others are negative.
    return x.detach().resolve_neg().view(_BITS[x.element_size()]).min().item() >= 0


@override(_has_no_sign, right_where_positive=True)
def sqrt(x):
    # Native: -inf at -0, where the value is -0 and the slope +inf. The root of 0, and -0 again: by sums, whose
    # derivative is 1.
    zero = torch.copysign(torch.zeros((), dtype=x.dtype, device=x.device), -x.detach())  # 0 at -0, else -0
    return -(zero - torch.sqrt(x + zero))


def _logarithm(function):
    # Native: -inf at -0, and 1/x outside the domain. What x is added to is 0 or NaN, and turns -0 into 0.
    def masked(x):
        where = x.detach()
        if is_readable(where):
            return function(torch.sqrt(where).neg_().relu_().add_(x))  # in place: half the time of new arrays
        return function(x + 0.0) * _fused.inside(where >= 0, where)  # in a compiled program: no root

    masked.__name__ = function.__name__
    return override(_has_no_sign, right_where_positive=True)(masked)


log, log2, log10 = _logarithm(torch.log), _logarithm(torch.log2), _logarithm(torch.log10)


def _is_in_domain_of_log1p(x):
    return smallest(x) >= -1


@override(by_blocks(_is_in_domain_of_log1p))
def log1p(x):
    # Native: 1 / (1 + x) outside the domain.
    where = x.detach()
    if is_readable(where):
        return _pieces.valid(torch.log1p(x), _is_in_domain_of_log1p, x)
    return torch.log1p(x) * _fused.inside(where >= -1, where)  # in a compiled program: no logarithm for the slope


def _is_in_domain_of_atanh(x):
    return smallest(x) >= -1 and largest(x) <= 1


@override(by_blocks(_is_in_domain_of_atanh), takes_complex=True)
def atanh(x):
    if x.dtype.is_complex:
        return _inverse_complex.atanh(x)
    # Native: 1 / (1 - x²) outside the domain.
    where = x.detach()
    if is_readable(where):
        return _pieces.valid(torch.atanh(x), _is_in_domain_of_atanh, x)
    return torch.atanh(x) * _fused.inside(torch.abs(where) <= 1, where)  # as in log1p


def asin(x):
    return _inverse_complex.asin(x) if x.dtype.is_complex else torch.asin(x)


def acos(x):
    return _inverse_complex.acos(x) if x.dtype.is_complex else torch.acos(x)


def atan(x):
    return _inverse_complex.atan(x) if x.dtype.is_complex else torch.atan(x)


def _largest_regular(dtype):
    """Return a bound up to which there are squares, and cubes of the slopes, which a second derivative takes."""
    return torch.finfo(dtype).max ** (1 / 3) / 4


def _is_regular_beyond_one(x):
    return smallest(x) >= 1.1 and largest(x) <= _largest_regular(x.dtype)


@override(by_blocks(_is_regular_beyond_one), takes_complex=True)
@taken_apart(_is_regular_beyond_one)
def acosh(x):
    if x.dtype.is_complex:
        return _inverse_complex.acosh(x)
    if is_traced():
        return _fused.acosh(x)
    # Native: a derivative below -1, 0 where the square overflows, and few digits near 1. At 1 a root of its own: asinh
    # has no curvature at 0, where that of the root is infinite.
    half = (x - 1) * 0.5
    one = half == 0
    beyond = torch.asinh(torch.sqrt(torch.where(one, 1.0, half)))
    return 2 * torch.where(one, torch.sqrt(torch.where(one, half, 1.0)), beyond)


def _is_regular(x):
    return smallest(x) >= -_largest_regular(x.dtype) and largest(x) <= _largest_regular(x.dtype)


@override(by_blocks(_is_regular), takes_complex=True)
@taken_apart(_is_regular)
def asinh(x):
    # Native: 0 where the square overflows, in second order where the cube does.
    return _inverse_complex.asinh(x) if x.dtype.is_complex else _fused.asinh(x)


def _scaling_bound(dtype):
    """Return a power of 2 that is about the fourth root of the smallest number."""
    return 2.0 ** -(math.frexp(torch.finfo(dtype).max)[1] // 4)


def _has_fourth_power(x):
    return is_readable(x) and smallest(torch.abs(x.detach())) >= _scaling_bound(x.dtype)


def _have_fourth_powers(x1, x2):
    return _has_fourth_power(x1) or _has_fourth_power(x2)


def _sizes(x1, x2):
    """Return the larger of two sizes, 1 where it is 0 else 0, and where its fourth power may underflow, if anywhere."""
    size = torch.maximum(torch.abs(x1.detach()), torch.abs(x2.detach()))
    zero, bound = _one_where(size == 0, size), _scaling_bound(size.dtype)
    return size, zero, None if smallest(size + zero) >= bound else size < bound


@override(by_blocks(_have_fourth_powers))
@taken_apart(_have_fourth_powers)
def hypot(x1, x2):
    # Native: NaN at (0, 0); and beyond first order infinite where squares underflow: scaled by a power of 2.
    if is_traced():
        return _fused.hypot(x1, x2)
    size, zero, small = _sizes(x1, x2)
    x1, none_there = x1 + zero, 1 - zero
    if small is None:
        return torch.hypot(x1, x2) * none_there
    scale, one = _scaling_bound(size.dtype) ** -1.5, torch.ones_like(size)
    up, down = [torch.where(small, one * factor, one) for factor in (scale, 1 / scale)]
    return torch.hypot(x1 * up, x2 * up) * (none_there * down)


@override(by_blocks(_have_fourth_powers))
@taken_apart(_have_fourth_powers)
def atan2(x1, x2):
    # Native: forwards NaN at (0, 0), where the derivative is 0; and in second order infinite where the square of the
    # squares underflows: scaled to about 1.
    if is_traced():
        return _fused.atan2(x1, x2)
    size, zero, small = _sizes(x1, x2)
    x1, beside = x1 * (1 - zero), torch.copysign(zero, x2.detach())
    if small is None:
        return torch.atan2(x1, x2 + beside)
    limits = torch.finfo(size.dtype)
    inverse = 1 / torch.clamp(size + zero, limits.tiny, _scaling_bound(size.dtype))
    scale = torch.where(small, inverse, torch.ones_like(size))
    return torch.atan2(x1 * scale, x2 * scale + beside)


@override(lambda x1, x2: False)
def copysign(x1, x2):
    # Native: NaN at infinity, and in second order at 0.
    return abs(x1) * torch.copysign(torch.ones((), dtype=x2.dtype, device=x2.device), x2.detach())


def _is_near(x1, x2):
    """Tell whether the exponential of the difference of two arrays is known not to overflow, nor its square."""
    if not is_readable(x1, x2):
        return False
    distance, bound = torch.sub(x1.detach(), x2.detach()), math.log(torch.finfo(x1.dtype).max) / 2 - 1
    return smallest(distance) > -bound and largest(distance) < bound


def _is_finite(x):
    return smallest(x) > -math.inf and largest(x) < math.inf


@override(by_blocks(_is_near))
@taken_apart(_is_near)
def logaddexp(x1, x2):
    # Native: NaN in second order where the exponential of the difference overflows.
    if is_traced():
        return _fused.logaddexp(x1, x2)
    return _logaddexp(x1, x2, finite=_is_finite(x1) and _is_finite(x2))


def _logaddexp(x1, x2, *, finite):
    """Return logaddexp by x2 + softplus(x1 - x2), of infinities by the maximum; ``finite`` says that there are none.

    The value is torch's, and what is added is 0 with those derivatives, in quarters so that none of it overflows.
    """
    value, most = torch.logaddexp(x1.detach(), x2.detach()), torch.finfo(x1.dtype).max
    x, y = x1, x2
    if not finite:
        infinite = torch.maximum(torch.abs(x1.detach()), torch.abs(x2.detach())) == math.inf
        x, y = [torch.where(infinite, torch.zeros_like(x), x) for x in (x1, x2)]
    x, y = x * 0.25, y * 0.25
    smooth = y + torch.nn.functional.softplus(x - y, beta=4, threshold=math.log(most) - 1)
    out = torch.add(value, smooth - smooth.detach(), alpha=4)
    return out if finite else torch.where(infinite, torch.maximum(x1, x2), out)


def sign(z):
    """Return the sign of complex numbers."""
    zero = _one_where(z == 0, z)  # native: forwards NaN at 0
    return torch.sgn(z + zero) * (1 - zero)
