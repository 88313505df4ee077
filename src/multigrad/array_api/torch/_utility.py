"""Utility functions."""

from types import SimpleNamespace

import torch

from multigrad.array_api import _checks, _composed
from multigrad.array_api.torch._dtypes import isdtype
from multigrad.array_api.torch._elementwise import not_equal, subtract
from multigrad.array_api.torch._indexing import getitem
from multigrad.array_api.torch._manipulation import concat

__all__ = ["all", "any", "diff"]


def all(x, /, *, axis=None, keepdims=False):  # noqa: A001
    axes, x = _checks.axes(axis, x.ndim), _truth(x)
    return torch.all(x, axes, keepdim=keepdims) if axes else x


def any(x, /, *, axis=None, keepdims=False):  # noqa: A001
    axes, x = _checks.axes(axis, x.ndim), _truth(x)
    return torch.any(x, axes, keepdim=keepdims) if axes else x


def _truth(x):
    return x if x.dtype is torch.bool else x != 0


diff = _composed.bound(
    _composed.diff,
    SimpleNamespace(getitem=getitem, concat=concat, isdtype=isdtype, not_equal=not_equal, subtract=subtract),
)
