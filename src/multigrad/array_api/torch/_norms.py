"""Norms whose derivative is 0 at 0 to second order and NaN where an element is NaN, unlike torch's (2.13)."""

import torch

from multigrad.array_api.torch import _overrides
from multigrad.array_api.torch._decompositions import svdvals
from multigrad.array_api.torch._dtypes import HALF
from multigrad.array_api.torch._regular import has_no_zero, is_constant, is_normal, is_readable

_INF = float("inf")


def vector_norm(x, order, axes, keepdim):
    """Return the norm along axes, of which there is at least one."""
    if not x.numel() or order == 0:
        return torch.linalg.vector_norm(x, order, axes, keepdim=keepdim)
    if order == 1:
        return torch.sum(_overrides.abs(x), axes, keepdim=keepdim)
    if order in (_INF, -_INF):
        extreme = torch.amax if order > 0 else torch.amin
        return extreme(_overrides.abs(x), axes, keepdim=keepdim)
    if order == 2 and x.dtype not in HALF:
        if is_constant(x) or (is_readable(x) and x.dtype.is_floating_point):
            native = torch.linalg.vector_norm(x, 2, axes, keepdim=keepdim)
            if is_constant(x) or is_normal(native):
                return native
        squares = torch.sum((x * x.conj()).real if x.dtype.is_complex else x * x, axes, keepdim=keepdim)
        zero = (squares == 0).to(squares.dtype)
        return torch.sqrt(squares + zero) * (1 - zero)
    if order < 0:
        return _negative_norm(x, order, axes, keepdim)
    if order % 1:
        return _fractional_norm(x, order, axes, keepdim)
    zero = torch.linalg.vector_norm(x.detach(), order, axes, keepdim=True) == 0
    norm = torch.linalg.vector_norm(x + zero.to(x.dtype), order, axes, keepdim=True) * ~zero
    return norm if keepdim else torch.squeeze(norm, axes)


def _fractional_norm(x, order, axes, keepdim):
    """Return the norm of an order between integers: torch's second derivative is NaN where one element is 0."""
    if x.dtype in HALF:
        return _fractional_norm(x.to(torch.float32), order, axes, keepdim).to(x.dtype)
    missing = x.detach() == 0
    powers = torch.pow(_overrides.abs(x + missing.to(x.dtype)), order) * ~missing
    total = torch.sum(powers, axes, keepdim=keepdim)
    zero = total.detach() == 0
    return torch.pow(total + zero.to(total.dtype), 1 / order) * ~zero


def _negative_norm(x, order, axes, keepdim):
    """Return the norm of a negative order, 0 where one element is: torch's second derivative is NaN there."""
    if is_constant(x) or has_no_zero(x):
        return torch.linalg.vector_norm(x, order, axes, keepdim=keepdim)
    where = x.detach()
    zero = torch.any(where == 0, axes, keepdim=True) & ~torch.any(torch.isnan(where), axes, keepdim=True)
    safe = torch.where(zero, torch.ones_like(x), x)
    norm = torch.linalg.vector_norm(safe, order, axes, keepdim=True) * ~zero
    return norm if keepdim else torch.squeeze(norm, axes)


def matrix_norm(x, order, keepdim):
    """Return the norm of matrices."""
    if not x.numel():
        return torch.linalg.matrix_norm(x, order, keepdim=keepdim)
    if order == "fro":
        return vector_norm(x, 2, (-2, -1), keepdim)
    if order in ("nuc", 2, -2):
        values = svdvals(x)
        norm = torch.sum(values, -1) if order == "nuc" else values[..., 0 if order == 2 else -1]
    else:
        sums = torch.sum(_overrides.abs(x), -2 if order in (1, -1) else -1)
        norm = (torch.amax if order > 0 else torch.amin)(sums, -1)
    return norm[..., None, None] if keepdim else norm
