"""Powers: what torch's own derivative of ``x1 ** x2`` lacks at zeros, at NaN and for complex numbers (measured: 2.13).

As in `_overrides`: compositions on the forward's own values, and torch's own function where that is right.
"""

import math

import torch

from multigrad.array_api.torch import _fused
from multigrad.array_api.torch._dtypes import HALF, in_range
from multigrad.array_api.torch._pieces import by_blocks, in_pieces
from multigrad.array_api.torch._regular import has_no_zero, is_constant, is_readable, is_traced, is_unrecorded, smallest


def pow(x1, x2):  # noqa: A001
    if not isinstance(x2, torch.Tensor):
        return _power_by_number(x1, x2)
    if not isinstance(x1, torch.Tensor):
        # Native: in second order NaN at the base 0, where the function is flat.
        return torch.pow(x1, torch.where(x2 >= 0, x2.detach(), x2) if x1 == 0 and x2.dtype.is_floating_point else x2)
    if x1.dtype.is_complex:
        return _complex_pow(x1, x2)
    if not x1.dtype.is_floating_point:
        return torch.pow(x1, x2)
    if is_constant(x1, x2) or by_blocks(_have_no_zero)(x1, x2):
        return torch.pow(x1, x2)
    if is_traced():
        return _fused.power(x1, x2)
    return in_pieces(_power, torch.pow, _have_no_zero, x1, x2)


def _have_no_zero(x1, x2):
    return has_no_zero(x1) and has_no_zero(x2)


def _power(x1, x2):
    constant = [is_unrecorded(x) for x in (x1, x2)]
    # Native: in second order NaN at the base 0, where the function is flat in the exponent.
    exponent = x2 if constant[1] else torch.where((x1 == 0) & (x2 >= 0), x2.detach(), x2)
    if constant[0]:
        return torch.pow(x1, exponent)
    # Native, at the exponent 0: forwards NaN for the bases 0 and NaN, in second order 0; and forwards over forwards NaN
    # at the base 0 for the exponent 1.
    zero, nan = x2 == 0, torch.isnan(x1)
    flat = zero & (nan | (x1 == 0))
    if constant[1]:
        linear = x2 == 1
        return torch.where(linear, x1, torch.pow(torch.where(flat | linear, 1.0, x1), x2))
    base = torch.where(zero, torch.where(flat, 1.0, x1.detach()), x1)
    # What is added is 0, and takes time: with the slope NaN where the base is NaN, and with the second derivatives.
    if _may_hold(nan := zero & nan):
        root = torch.sqrt(torch.where(nan, x2, 1.0))
        exponent = exponent + (root - root.detach())
    power = torch.pow(base, exponent)
    if _may_hold(regular := zero & ~flat & torch.isfinite(x1)):
        size = torch.log(torch.abs(torch.where(regular, x1, 1.0)))
        power = power + torch.where(zero, x2, 0.0) * (size - size.detach())
    if _may_hold(linear := (x1 == 0) & (x2 == 1)):
        power = power + torch.where(linear, x1, 0.0) * (torch.where(linear, x2, 1.0) - 1.0)
    return power


def _may_hold(condition):
    """Tell whether a condition holds somewhere, or nobody can know."""
    return not is_readable(condition) or condition.any().item()


def _power_by_number(x, n):
    if x.dtype in HALF:  # beyond their range torch takes no exponent
        n = in_range(n, x.dtype)
    if type(n) is not float or n.is_integer() or not x.dtype.is_floating_point or smallest(x) > 0:
        return torch.pow(x, n)
    # Native: the side of -0 for roots.
    x = x + 0.0
    if n not in (0.5, 1.5, 2.5) or is_constant(x) or smallest(x) > -math.inf:
        return torch.pow(x, n)
    # Native: NaN at -inf, where a derivative is made of a square root (rule 1: 0 and inf, as with other numbers).
    if n > 1:
        return torch.pow(x, torch.full((), n, dtype=x.dtype, device=x.device))
    below = x.detach() == -math.inf
    return torch.where(below, math.nan, torch.pow(torch.where(below, 1.0, x), n))


def _complex_pow(x, n):
    # Native: NaN at the exponent 0 and in its derivatives at the base 0, forwards NaN. Where the power is a constant or
    # a polynomial, x, x² or higher, the coefficients of that; else the exponential, of which the value is not used.
    zero, whole = x == 0, n.detach()
    known = zero & ((whole == 0) | (whole == 1) | (whole == 2) | (whole.real > 2))
    one = torch.ones((), dtype=x.dtype, device=x.device)
    safe, exponent = torch.where(known, one, x), torch.where(known, one, n)
    value = torch.where(whole == 0, one, torch.pow(x.detach(), whole))
    smooth = torch.where(zero, torch.pow(safe, exponent), torch.exp(exponent * torch.log(safe)))
    at_zero = torch.where(known & (whole == 1), x, 0.0) + torch.where(known & (whole == 2), x * x, 0.0)
    return value + (smooth - smooth.detach()) + (at_zero - at_zero.detach())
