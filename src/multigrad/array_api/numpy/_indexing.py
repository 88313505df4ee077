"""Indexing functions, and the syntax ``x[key]`` and ``x[key] = value`` as functions."""

from multigrad.array_api import _checks
from multigrad.array_api.numpy._dtypes import traced

__all__ = ["take", "take_along_axis"]

getitem = traced.getitem


def setitem(x, key, value):
    return traced.setitem(x, value, key)


def take(x, indices, /, *, axis=None):
    return traced.take(x, indices, axis=_checks.only_axis(axis, x.ndim, "take"))


def take_along_axis(x, indices, /, *, axis=-1):
    return traced.take_along_axis(x, indices, axis=_checks.axis(axis, x.ndim))
