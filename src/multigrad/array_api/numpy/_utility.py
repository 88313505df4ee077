"""Utility functions."""

from multigrad.array_api import _checks
from multigrad.array_api.numpy._dtypes import promotion, traced

__all__ = ["all", "any", "diff"]


def all(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return traced.all(x, axis=axis, keepdims=keepdims)


def any(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return traced.any(x, axis=axis, keepdims=keepdims)


def diff(x, /, *, axis=-1, n=1, prepend=None, append=None):
    axis = _checks.axis(axis, x.ndim)
    ends = {"prepend": prepend, "append": append}
    ends = {name: end for name, end in ends.items() if end is not None}
    x, *parts = promotion.common([x, *ends.values()])
    return traced.diff(x, axis=axis, n=n, **dict(zip(ends, parts, strict=True)))
