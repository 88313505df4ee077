"""Statistical functions."""

import jax
import jax.numpy as jnp

from multigrad.array_api import _checks
from multigrad.array_api.jax import _reductions
from multigrad.array_api.jax._dtypes import DTYPES, floating
from multigrad.array_api.jax._wide import keep_width

__all__ = ["cumulative_prod", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]


def sum_dtype(x, dtype):
    """Return the dtype to accumulate in: small integers would overflow."""
    if dtype is not None or x.dtype.kind not in "biu":
        return dtype
    return DTYPES["uint64" if x.dtype.kind == "u" else "int64"]


_sum, _prod, _mean = keep_width(jnp.sum), keep_width(jnp.prod), keep_width(jnp.mean)
_var = keep_width(_reductions.var)
# Compiled whole: eagerly they take several calls.
_std = keep_width(jax.jit(_reductions.std, static_argnames=("axis", "correction", "keepdims")))
_extremum = keep_width(jax.jit(_reductions.extremum, static_argnames=("name", "axis", "keepdims")))
_cumulative_sum, _cumulative_prod = (
    keep_width(jax.jit(function, static_argnames=("axis", "dtype", "include_initial")))
    for function in (jnp.cumulative_sum, jnp.cumulative_prod)
)


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    return _sum(x, axis=axis, dtype=sum_dtype(x, dtype), keepdims=keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    return _prod(x, axis=axis, dtype=sum_dtype(x, dtype), keepdims=keepdims)


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    return _var(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    return _std(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = _checks.only_axis(axis, x.ndim, "cumulative_sum")
    return _cumulative_sum(x, axis=axis, dtype=sum_dtype(x, dtype), include_initial=include_initial)


def cumulative_prod(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = _checks.only_axis(axis, x.ndim, "cumulative_prod")
    return _cumulative_prod(x, axis=axis, dtype=sum_dtype(x, dtype), include_initial=include_initial)


def mean(x, /, *, axis=None, keepdims=False):
    return _mean(floating(x), axis=axis, keepdims=keepdims)


def max(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return _extremum("max", x, axis=axis, keepdims=keepdims)


def min(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return _extremum("min", x, axis=axis, keepdims=keepdims)
