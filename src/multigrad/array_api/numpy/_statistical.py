"""Statistical functions."""

from multigrad.array_api import _checks
from multigrad.array_api.numpy._dtypes import DTYPES, astype, floating, traced

__all__ = ["cumulative_prod", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]


def max(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return traced.max(x, axis=axis, keepdims=keepdims)


def min(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return traced.min(x, axis=axis, keepdims=keepdims)


def mean(x, /, *, axis=None, keepdims=False):
    return traced.mean(floating(x), axis=axis, keepdims=keepdims)


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    return traced.var(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    return traced.std(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def sum_dtype(x, dtype):
    """Return the dtype to accumulate in: small integers would overflow."""
    if dtype is not None or x.dtype.kind not in "biu":
        return dtype or x.dtype
    return DTYPES["uint64" if x.dtype.kind == "u" else "int64"]


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    dtype = sum_dtype(x, dtype)
    return traced.sum(astype(x, dtype), axis=axis, dtype=dtype, keepdims=keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    dtype = sum_dtype(x, dtype)
    return traced.prod(astype(x, dtype), axis=axis, dtype=dtype, keepdims=keepdims)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = _checks.only_axis(axis, x.ndim, "cumulative_sum")
    dtype = sum_dtype(x, dtype)
    return traced.cumulative_sum(astype(x, dtype), axis=axis, dtype=dtype, include_initial=include_initial)


def cumulative_prod(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = _checks.only_axis(axis, x.ndim, "cumulative_prod")
    dtype = sum_dtype(x, dtype)
    return traced.cumulative_prod(astype(x, dtype), axis=axis, dtype=dtype, include_initial=include_initial)
