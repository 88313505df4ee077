"""64-bit arrays without JAX's global flag.

While the flag ``jax_enable_x64`` is off, JAX computes on float64 arrays in float32. Every function of the namespace
therefore runs in JAX's scoped 64-bit mode when one of its arrays, or the dtype asked for, is 64 bits wide. The flag
itself is never touched.
"""

import functools

import jax
import numpy as np

_WIDE = frozenset(np.dtype(name) for name in ("float64", "complex128", "int64", "uint64"))


def is_wide(value):
    """Tell whether a value, or a part of a list of values, is a 64-bit array or a 64-bit dtype."""
    if isinstance(value, list | tuple):
        return any(is_wide(part) for part in value)
    dtype = value if isinstance(value, np.dtype) else getattr(value, "dtype", None)
    return dtype in _WIDE


def keep_width(function):
    """Make a function compute in 64 bits when it is given, or asked for, 64 bits."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if not jax.config.jax_enable_x64 and (is_wide(args) or is_wide(tuple(kwargs.values()))):
            with jax.enable_x64(True):
                return function(*args, **kwargs)
        return function(*args, **kwargs)

    return call


def with_positions(function):
    """Make a function always compute in 64 bits: positions are int64, as everywhere, whatever the values' width."""

    @functools.wraps(function)
    def call(*args, **kwargs):
        if jax.config.jax_enable_x64:
            return function(*args, **kwargs)
        with jax.enable_x64(True):
            return function(*args, **kwargs)

    return call
