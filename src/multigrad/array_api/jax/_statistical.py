"""Statistical functions and the two of utility, ``all`` and ``any``."""

import jax.numpy as jnp

from multigrad.array_api.jax._dtypes import DTYPES, floating
from multigrad.array_api.jax._wide import keep_width

__all__ = ["all", "any", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]


def _sum_dtype(x, dtype):
    """Return the dtype to accumulate in: small integers would overflow."""
    if dtype is not None or x.dtype.kind not in "biu":
        return dtype
    return DTYPES["uint64" if x.dtype.kind == "u" else "int64"]


_sum, _prod, _mean = keep_width(jnp.sum), keep_width(jnp.prod), keep_width(jnp.mean)
_var, _std, _cumulative_sum = keep_width(jnp.var), keep_width(jnp.std), keep_width(jnp.cumulative_sum)


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    return _sum(x, axis=axis, dtype=_sum_dtype(x, dtype), keepdims=keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    return _prod(x, axis=axis, dtype=_sum_dtype(x, dtype), keepdims=keepdims)


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    return _var(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    return _std(floating(x), axis=axis, correction=correction, keepdims=keepdims)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    return _cumulative_sum(x, axis=axis, dtype=_sum_dtype(x, dtype), include_initial=include_initial)


def mean(x, /, *, axis=None, keepdims=False):
    return _mean(floating(x), axis=axis, keepdims=keepdims)


max, min = keep_width(jnp.max), keep_width(jnp.min)  # noqa: A001
all, any = keep_width(jnp.all), keep_width(jnp.any)  # noqa: A001
