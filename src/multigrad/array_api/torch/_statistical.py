"""Statistical functions and the two of utility, ``all`` and ``any``: array-api-compat's.

That layer gives torch's reductions the standard's axes, keepdims and accumulation dtypes.
"""

from array_api_compat.torch import all, any, max, min, prod, sum
from array_api_compat.torch import cumulative_sum as _cumulative_sum
from array_api_compat.torch import mean as _mean
from array_api_compat.torch import std as _std
from array_api_compat.torch import var as _var

from multigrad.array_api.torch._dtypes import floating

__all__ = ["all", "any", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]


def mean(x, /, *, axis=None, keepdims=False):
    return _mean(floating(x), axis=axis, keepdims=keepdims)


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    return _var(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    return _std(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    return _cumulative_sum(x, axis=axis, dtype=dtype, include_initial=include_initial)
