"""Utility functions."""

import jax.numpy as jnp

from multigrad.array_api.jax._dtypes import promotion
from multigrad.array_api.jax._wide import keep_width

__all__ = ["all", "any", "diff"]

_all, _any, _diff = keep_width(jnp.all), keep_width(jnp.any), keep_width(jnp.diff)


def all(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return _all(x, axis=axis, keepdims=keepdims)


def any(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return _any(x, axis=axis, keepdims=keepdims)


def diff(x, /, *, axis=-1, n=1, prepend=None, append=None):
    if n < 0:
        raise ValueError(f"Expected n >= 0 differences, got {n}.")
    parts = [part for part in (prepend, x, append) if part is not None]
    if len(parts) > 1:
        parts = iter(promotion.common(parts))
        prepend, x, append = (None if part is None else next(parts) for part in (prepend, x, append))
    return _diff(x, axis=axis, n=n, prepend=prepend, append=append)
