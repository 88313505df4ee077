"""Sorting functions."""

from multigrad.array_api import _checks
from multigrad.array_api.numpy._dtypes import traced

__all__ = ["argsort", "sort"]


def argsort(x, /, *, axis=-1, descending=False, stable=True):
    return traced.argsort(x, axis=_checks.axis(axis, x.ndim), descending=descending, stable=stable)


def sort(x, /, *, axis=-1, descending=False, stable=True):
    return traced.sort(x, axis=_checks.axis(axis, x.ndim), descending=descending, stable=stable)
