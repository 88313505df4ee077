"""Searching functions."""

import torch

from multigrad.array_api import _checks
from multigrad.array_api.torch._creation import asarray
from multigrad.array_api.torch._dtypes import promotion
from multigrad.array_api.torch._unsigned import ranked

__all__ = ["argmax", "argmin", "count_nonzero", "nonzero", "searchsorted", "where"]


def _position(function, x, axis, keepdims):
    if axis is not None:
        axis = _checks.axis(axis, x.ndim)
    if not x.numel() and (axis is None or not x.shape[axis]):
        raise ValueError(
            f"xp.{function.__name__} has nothing to choose from along axes without elements, shape {tuple(x.shape)}."
        )
    return function(ranked(x), dim=axis, keepdim=keepdims)


def argmax(x, /, *, axis=None, keepdims=False):
    return _position(torch.argmax, x, axis, keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    return _position(torch.argmin, x, axis, keepdims)


def count_nonzero(x, /, *, axis=None, keepdims=False):
    axes = _checks.axes(axis, x.ndim)
    found = x != 0
    return torch.sum(found, dim=axes, keepdim=keepdims) if axes or not x.ndim else found.to(torch.int64)


def nonzero(x, /):
    _checks.at_least(x.ndim, 1, "nonzero")
    return torch.nonzero(x != 0, as_tuple=True)


def searchsorted(x1, x2, /, *, side="left", sorter=None):
    if side not in ("left", "right"):
        raise ValueError(f"Expected 'left' or 'right' for side=, got {side!r}.")
    if x1.ndim != 1:
        raise ValueError(f"xp.searchsorted takes a sorted vector first, got shape {tuple(x1.shape)}.")
    x1, x2 = (ranked(x.detach()).contiguous() for x in promotion.common([x1, x2]))
    return torch.searchsorted(x1, x2, side=side, sorter=None if sorter is None else sorter.to(torch.int64))


def where(condition, x1, x2, /):
    if not isinstance(x1, torch.Tensor) and not isinstance(x2, torch.Tensor):
        x1, x2 = asarray(x1, device=condition.device), asarray(x2, device=condition.device)
    elif not isinstance(x1, torch.Tensor):
        x1 = promotion.constant(x1, x2)
    elif not isinstance(x2, torch.Tensor):
        x2 = promotion.constant(x2, x1)
    return torch.where(condition, *promotion.common([x1, x2]))
