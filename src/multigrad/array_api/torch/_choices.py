"""Choices between two: maximum, minimum, clip.

torch passes the cotangent on through a mask (measured: 2.13): what was not chosen gets 0 of an infinite cotangent, too,
where the chain rule is 0 times infinity (rule 5); at NaN all of it, or forwards 0 to one. Here the slopes are factors:
1, 0, half of it at a tie, NaN at NaN.
"""

import functools
import math

import torch

from multigrad._dtypes import NUMBERS
from multigrad.array_api.torch._dtypes import in_range, promotion
from multigrad.array_api.torch._regular import is_constant, is_plain


def _choice(native, sign):
    """Return an override of a choice between two tensors of one dtype: the first where ``sign`` times it is larger.

    One of the two may be a number.
    """

    def call(x1, x2):
        if type(x2) in NUMBERS:
            return beside_number(x1, x2)
        if type(x1) in NUMBERS:
            return beside_number(x2, x1)
        if not x1.dtype.is_floating_point or is_constant(x1, x2):
            return native(x1, x2)
        first, second = x1.detach(), x2.detach()
        if is_plain(x1, x2):
            return _written(torch.lerp(x2, x1, _step(first - second, sign)), native, first, second)
        value = native(first, second)
        weight = _weight(sign * first, sign * second, value)
        return valued(value, finite(x1) * weight + finite(x2) * (1 - weight))

    def beside_number(x, number):
        bound = promotion.constant(number, x)
        if is_plain(x) or is_constant(x) or not (x.dtype.is_floating_point and _is_finite(number, x.dtype)):
            return call(x, bound)
        return _beside(x, bound, number, sign)

    return call


def _step(difference, sign=1, at_tie=0.5):
    """Return 1 where a difference has a sign, 0 where it has the other, a number at 0, NaN at NaN."""
    # Even the smallest difference, times the largest number, is more than 1: two passes, in place of comparisons.
    return difference.mul_(sign * torch.finfo(difference.dtype).max).add_(at_tie).clamp_(0, 1)


def _written(out, native, *arrays):
    """Write torch's own value over a result whose derivative is right, and does not depend on the value."""
    native(*arrays, out=out.detach())
    return out


# In compiled and mapped code nothing is written over, and comparisons cost no pass.


def _weight(x1, x2, value):
    """Return the slope of the larger of two in the first, whose larger one is this value."""
    one = torch.ones_like(value)
    weight = torch.where(x1 > x2, one, torch.where(x1 == x2, 0.5 * one, 0 * one))
    return _nan_like(value, weight)


def _nan_like(value, weight):
    return torch.where(value == value, weight, value)  # noqa: PLR0124 - isnan goes element by element


def finite(x):
    """Return an array without its infinities, where a factor 0 would make a NaN of the value."""
    return torch.where(torch.abs(x.detach()) == torch.inf, 0 * torch.ones_like(x.detach()), x)


def valued(value, smooth):
    """Return a value with the derivative of something else. A zero keeps its sign: what is subtracted is +0."""
    return value - (smooth.detach() - smooth)


maximum, minimum = _choice(torch.maximum, 1), _choice(torch.minimum, -1)


def clip_to_numbers(x, low, high):
    """Clip an array of floats between numbers, of which one may be None."""
    low, high = in_range(low, x.dtype), in_range(high, x.dtype)
    if is_constant(x):
        return torch.clamp(x, low, high)
    if low is None or high is None:
        return maximum(x, low) if high is None else minimum(x, high)
    where = x.detach()
    if is_plain(x):
        lower, upper = _rounded(low, x.dtype), _rounded(high, x.dtype)
        at_a_bound = 0.5 if lower < upper else 0  # between equal bounds the bounds share
        inside = torch.minimum(where - lower, upper - where)
        anything = torch.zeros((), dtype=x.dtype, device=x.device)
        return _written(torch.lerp(anything, x, _step(inside, at_tie=at_a_bound)), _clamp, where, low, high)
    lower, upper = promotion.constant(low, x), promotion.constant(high, x)
    value, one = torch.clamp(where, low, high), torch.ones_like(where)
    at_a_bound = torch.where(lower < upper, 0.5 * one, 0 * one)
    # Comparisons: inductor does not round a difference (2.13), which of a tie between two bytes is then not 0.
    slope = torch.where(where < upper, one, torch.where(where == upper, at_a_bound, 0 * one))
    slope = torch.where(where > lower, slope, torch.where(where == lower, at_a_bound, 0 * one))
    return valued(value, finite(x) * _nan_like(value, slope))


def _is_finite(number, dtype):
    return -math.inf < in_range(number, dtype) < math.inf


def _beside(x, bound, number, sign):
    """Return the larger of an array and a finite number, or the smaller: its weighted mean with the number."""
    where, one = x.detach(), torch.ones_like(x.detach())
    # 0 where the number is chosen, NaN at NaN: inductor makes 0 of a product with 0.
    flat = (torch.maximum if sign > 0 else torch.minimum)(where, bound) - bound
    chosen = where > bound if sign > 0 else where < bound
    weight = torch.where(chosen, one, torch.where(where == bound, 0.5 * one, flat))
    # Where the number is not chosen its part is -0, to which -0 may be added.
    other = bound * (1 - weight) if number < 0 else -bound * (weight - 1)
    # An infinity that is not chosen would make NaN of its weight 0.
    return torch.where(where == -sign * math.inf, 0 * one, x) * weight + other


@functools.lru_cache(maxsize=256)
def _rounded(number, dtype):
    """Return a number as an array of a dtype holds it: a bound is one of them, and a tie is with that."""
    return torch.tensor(number, dtype=dtype, device="cpu").item()


def _clamp(x, low, high, *, out):
    return torch.clamp(x, low, high, out=out)


def clip(x, low, high):
    """Clip an array of floats between arrays of its dtype."""
    if is_constant(x, low, high):
        return torch.minimum(torch.maximum(x, low), high)
    where, bounds = x.detach(), (low.detach(), high.detach())
    # Where both bounds are x the bounds share: x counts as below.
    shared = (bounds[0] == bounds[1]) & (where == bounds[0])
    if is_plain(x, low, high):
        first = _step(torch.where(shared, -torch.inf, where) - bounds[0])
        above = torch.maximum(where, bounds[0])
        chosen = torch.lerp(low, x, first)
        return _written(torch.lerp(high, chosen, _step(bounds[1] - above)), torch.minimum, above, bounds[1])
    above = torch.maximum(where, bounds[0])
    none = torch.zeros_like(above)
    first = torch.where(shared, none, _weight(where, bounds[0], above))
    chosen = finite(x) * first + finite(low) * (1 - first)
    value = torch.minimum(above, bounds[1])
    second = _weight(-above, -bounds[1], value)
    return valued(value, chosen * second + finite(high) * (1 - second))
