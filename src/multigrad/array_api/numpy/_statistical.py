"""Statistical functions and the two of utility, ``all`` and ``any``."""

from multigrad.array_api.numpy._dtypes import DTYPES, astype, floating, traced

__all__ = ["all", "any", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]

all, any, max, min = traced.all, traced.any, traced.max, traced.min  # noqa: A001


def mean(x, /, *, axis=None, keepdims=False):
    return traced.mean(floating(x), axis=axis, keepdims=keepdims)


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    return traced.var(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    return traced.std(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def _sum_dtype(x, dtype):
    """Return the dtype to accumulate in: small integers would overflow."""
    if dtype is not None or x.dtype.kind not in "biu":
        return dtype or x.dtype
    return DTYPES["uint64" if x.dtype.kind == "u" else "int64"]


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    return traced.sum(astype(x, _sum_dtype(x, dtype)), axis=axis, keepdims=keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    return traced.prod(astype(x, _sum_dtype(x, dtype)), axis=axis, keepdims=keepdims)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = 0 if axis is None else axis
    return traced.cumulative_sum(astype(x, _sum_dtype(x, dtype)), axis=axis, include_initial=include_initial)
