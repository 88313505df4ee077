"""Sorting functions. Stable in both directions; NaN counts as the largest element."""

import torch

from multigrad.array_api import _checks
from multigrad.array_api.torch._unsigned import ranked, unranked

__all__ = ["argsort", "sort"]


def _sorted(x, axis, descending, stable):
    return torch.sort(ranked(x), dim=_checks.axis(axis, x.ndim), descending=descending, stable=stable)


def argsort(x, /, *, axis=-1, descending=False, stable=True):
    return _sorted(x.detach(), axis, descending, stable).indices


def sort(x, /, *, axis=-1, descending=False, stable=True):
    # Always stable: the order of ties decides where their cotangents go.
    return unranked(_sorted(x, axis, descending, True).values, x.dtype)
