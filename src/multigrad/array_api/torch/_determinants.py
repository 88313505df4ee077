"""Determinants whose derivative is right at singular matrices, where torch's is 0, infinite or an error (2.13)."""

import torch

from multigrad.array_api.torch import _products
from multigrad.array_api.torch._regular import has_no_zero, is_readable, smallest


def det(x):
    size = x.shape[-1]
    if size == 2:
        a, b, c, d = torch.unbind(x.reshape(*x.shape[:-2], 4), -1)
        return a * d - b * c
    if size == 3:
        first, second, third = torch.unbind(x, -2)
        return torch.sum(first * torch.linalg.cross(second, third), -1)
    if size < 2:
        return torch.linalg.det(x)
    if is_readable(x):
        native, factors, _ = torch._linalg_det(x)  # what torch.linalg.det does, with the LU decomposition
        if _is_regular(native, factors):
            return native
    return _of_any_size(x)


def _is_regular(determinant, factors):
    """Tell whether matrices are so far from singular that torch takes the derivative by the inverse, in every order."""
    pivots = torch.abs(torch.diagonal(factors.detach(), dim1=-2, dim2=-1))
    eps = torch.finfo(pivots.dtype).eps
    # In second order torch holds for singular what has a small determinant.
    return (
        smallest(torch.amin(pivots, -1) / torch.amax(pivots, -1)) > eps**0.5
        and smallest(torch.abs(determinant.detach())) > 1000 * eps
    )


def _of_any_size(x):
    """Take the derivative through the logarithm but for the matrices that are nearly singular."""
    fixed = x.detach()
    finite = torch.all(torch.isfinite(fixed), (-2, -1), keepdim=True)
    eye = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    u, s, vh = torch.linalg.svd(torch.where(finite, fixed, eye))
    # The inverse has an error of eps times the condition number, the other way none, but it ends at second order.
    singular = s[..., -1:] <= s[..., :1] * torch.finfo(s.dtype).eps ** 0.5
    value = torch.linalg.det(fixed)
    sign, logarithm = torch.linalg.slogdet(torch.where(singular[..., None], eye, x))
    rest = value * (sign * sign.detach().conj()) * torch.exp(logarithm - logarithm.detach())
    near = _second_order(u.mH @ torch.where(singular[..., None], x, 0.0) @ vh.mH, s)
    near = near * (torch.linalg.det(u) * torch.linalg.det(vh))
    return torch.where(singular[..., 0], value + (near - near.detach()), rest)


def _second_order(x, s):
    """Return the determinant of matrices that are diagonal but for what is differentiated, to second order.

    It is the product of the diagonal, less the products in which one pair of columns is exchanged.
    """
    size = s.shape[-1]
    before, after = torch.cumprod(s, -1), torch.flip(torch.cumprod(torch.flip(s, (-1,)), -1), (-1,))
    one = torch.ones_like(s[..., :1])
    without_one = torch.cat([one, before[..., :-1]], -1) * torch.cat([after[..., 1:], one], -1)
    # Descending: where the larger of two is 0, all others are not 0 only if these are the last two.
    larger = s[..., :, None]
    without_two = without_one[..., None, :] / torch.where(larger == 0, torch.inf, larger)
    last = torch.zeros(size, size, dtype=s.dtype, device=s.device)
    last[-2, -1] = 1
    without_two = torch.where(last == 1, before[..., -3, None, None], without_two)
    exchanged = torch.sum(torch.triu(without_two, 1) * x * x.mT, (-2, -1))
    return _products.product(torch.diagonal(x, dim1=-2, dim2=-1), -1, False) - exchanged


def slogdet(x):
    """Return sign and logarithm; of a singular matrix 0 and -inf, whose derivative is NaN."""
    if is_readable(x):
        native = torch.linalg.slogdet(x)
        if has_no_zero(native.sign):
            return native
    singular = torch.linalg.slogdet(x.detach()).sign == 0
    eye = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    sign, logarithm = torch.linalg.slogdet(torch.where(singular[..., None, None], eye, x))
    elements = x.real + x.imag if x.dtype.is_complex else x
    none = torch.where(singular, torch.sum(elements, (-2, -1)) * ~singular, 1.0)  # 0, and no number to fold
    return sign * ~singular, logarithm + torch.log(none)
