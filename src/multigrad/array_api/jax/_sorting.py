"""Sorting functions, stable in both directions."""

import jax.numpy as jnp

from multigrad.array_api import _checks
from multigrad.array_api.jax._wide import keep_width, with_positions

__all__ = ["argsort", "sort"]

_sort, _flip = keep_width(jnp.sort), keep_width(jnp.flip)


@with_positions
def argsort(x, /, *, axis=-1, descending=False, stable=True):
    axis = _checks.axis(axis, x.ndim)
    return jnp.argsort(x, axis=axis, descending=descending, stable=stable)


def sort(x, /, *, axis=-1, descending=False, stable=True):
    axis = _checks.axis(axis, x.ndim)
    if not descending:
        return _sort(x, axis=axis, stable=stable)
    # Equal elements keep their order, which decides where their cotangents go: turned twice.
    return _flip(_sort(_flip(x, axis=axis), axis=axis, stable=stable), axis=axis)
