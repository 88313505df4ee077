"""Searching functions."""

from multigrad.array_api.numpy._creation import asarray
from multigrad.array_api.numpy._dtypes import promotion, traced
from multigrad.array_api.numpy._object import is_native

__all__ = ["argmax", "argmin", "count_nonzero", "nonzero", "searchsorted", "where"]


def argmax(x, /, *, axis=None, keepdims=False):
    return traced.argmax(x, axis=axis, keepdims=keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    return traced.argmin(x, axis=axis, keepdims=keepdims)


def count_nonzero(x, /, *, axis=None, keepdims=False):
    return traced.count_nonzero(x, axis=axis, keepdims=keepdims)


def nonzero(x, /):
    return traced.nonzero(x)


def searchsorted(x1, x2, /, *, side="left", sorter=None):
    if not is_native(x2):
        x2 = promotion.constant(x2, x1)
    return traced.searchsorted(*promotion.common([x1, x2]), side=side, sorter=sorter)


def where(condition, x1, x2, /):
    if not is_native(x1) and not is_native(x2):
        x1, x2 = asarray(x1), asarray(x2)
    elif not is_native(x1):
        x1 = promotion.constant(x1, x2)
    elif not is_native(x2):
        x2 = promotion.constant(x2, x1)
    return traced.where(condition, *promotion.common([x1, x2]))
