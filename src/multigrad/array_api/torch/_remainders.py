"""Division with a floor, and what it leaves.

The floor is that of the exact quotient, as in Python: 1 // 0.1 is 9. Inductor takes that of the rounded quotient, 10,
in the values and in the slope of the remainder (torch 2.13); compiled, both are made of the exact remainder here.
"""

import torch

from multigrad._dtypes import NUMBERS
from multigrad.array_api.torch._choices import finite, valued
from multigrad.array_api.torch._dtypes import promotion
from multigrad.array_api.torch._regular import is_traced


def flat(x):
    """Cut the gradient; a Python number has none."""
    return x.detach() if isinstance(x, torch.Tensor) else x


def floor_divide(x1, x2):
    x1, x2 = flat(x1), flat(x2)  # torch has no derivative, not even zero
    quotient = x1 // x2
    if not quotient.dtype.is_floating_point:
        return quotient
    exact = x1 / x2
    if is_traced():
        quotient = _floored(x1, x2, _rest(*_arrays(x1, x2)))
    # At infinities torch has Python's values (NaN, -1), the standard those of the rounded quotient (infinity, -0).
    return torch.where(torch.isinf(exact) | (exact == 0), torch.floor(exact), quotient)


def remainder(x1, x2):
    if type(x1) in NUMBERS:
        x1 = promotion.constant(x1, x2)  # torch has no derivative of a number's remainder
    if not x1.dtype.is_floating_point:
        return x1 % x2
    if is_traced():
        x1, x2 = _arrays(x1, x2)
        result = valued(_rest(x1.detach(), x2.detach()), x1 - _times(finite(x2), floor_divide(x1, x2)))
    else:
        result = x1 % x2
    # A zero has the divisor's sign: adding +0 does it on one side, keeping the derivative.
    if type(x2) in NUMBERS:
        return result + 0.0 if x2 > 0 else -(-result + 0.0)
    side = torch.copysign(torch.ones((), dtype=x2.dtype, device=x2.device), x2.detach())
    return side * (side * result + 0.0)


def _arrays(x1, x2):
    return [promotion.constant(x, other) if type(x) in NUMBERS else x for x, other in ((x1, x2), (x2, x1))]


def _times(x, floored):
    """Return 0 with the slope of a product with numbers that may be infinite."""
    most = torch.finfo(x.dtype).max
    twice = torch.where(torch.abs(floored) > most, 2 * torch.ones_like(x), torch.ones_like(x))
    return (x - x.detach()) * torch.clamp(floored, -most, most) * twice


def _rest(x1, x2):
    """Return the remainder of arrays, with the sign of the divisor."""
    rest = torch.fmod(x1, x2)
    return torch.where(rest * torch.sign(x2) < 0, rest + x2, rest)


def _floored(x1, x2, rest):
    """Return the quotient of numbers that leave a remainder."""
    return torch.round((x1 - rest) / x2)
