"""Statistical functions and the two of utility, ``all`` and ``any``."""

import tensorflow as tf

from multigrad.array_api.tensorflow._dtypes import UNSIGNED, astype, floating
from multigrad.array_api.tensorflow._object import tensor

__all__ = ["all", "any", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]


def _axes(axis):
    # TensorFlow reads an empty list, as the standard does, as "no axis"; one axis as a number is four times as fast.
    if isinstance(axis, tuple):
        return axis[0] if len(axis) == 1 else list(axis)
    return axis


def _accumulating(x, dtype):
    """Return x in the dtype to accumulate in: small integers would overflow."""
    if dtype is None:
        if x.dtype.is_floating or x.dtype.is_complex:
            return x
        dtype = tf.uint64 if x.dtype in UNSIGNED else tf.int64
    return astype(x, dtype)


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    return tf.reduce_sum(_accumulating(x, dtype), axis=_axes(axis), keepdims=keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    return tf.reduce_prod(_accumulating(x, dtype), axis=_axes(axis), keepdims=keepdims)


def mean(x, /, *, axis=None, keepdims=False):
    return tf.reduce_mean(floating(x), axis=_axes(axis), keepdims=keepdims)


def max(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return tf.reduce_max(_not_empty(x, axis, "max"), axis=_axes(axis), keepdims=keepdims)


def min(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return tf.reduce_min(_not_empty(x, axis, "min"), axis=_axes(axis), keepdims=keepdims)


def _not_empty(x, axis, name):
    x = tensor(x)
    shape = x.shape
    if shape.rank is not None and 0 in shape:
        axes = range(shape.rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if 0 in [shape[one] for one in axes]:
            raise ValueError(f"{name} of no elements: axis {axis} of shape {tuple(shape)}.")
    return x


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    x = floating(x)
    axes = _axes(axis)
    deviation = x - tf.reduce_mean(x, axis=axes, keepdims=True)
    squares = tf.math.real(deviation * tf.math.conj(deviation)) if x.dtype.is_complex else tf.square(deviation)
    if not correction:
        return tf.reduce_mean(squares, axis=axes, keepdims=keepdims)
    total = tf.reduce_sum(squares, axis=axes, keepdims=keepdims)
    # As in NumPy, with no more elements than the correction the divisor is zero.
    freedom = tf.maximum(_count(x, total) - correction, 0)
    return total / tf.cast(freedom, total.dtype)


def _count(x, reduced):
    """Return how many elements of x went into each one of a reduction, as a float64 tensor."""
    return tf.math.divide_no_nan(tf.cast(tf.size(x), tf.float64), tf.cast(tf.size(reduced), tf.float64))


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    return tf.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims))


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    x = _accumulating(x, dtype)
    if axis is None:
        if x.shape.rank != 1:
            raise ValueError(f"Expected an axis for cumulative_sum of {x.shape.rank} axes, got None.")
        axis = 0
    result = tf.cumsum(x, axis=axis)
    if include_initial:
        first = tf.zeros_like(tf.reduce_sum(x, axis=axis, keepdims=True))  # of length 1 also where x is empty
        result = tf.concat([first, result], axis=axis)
    return result


def any(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return tf.reduce_any(astype(x, tf.bool), axis=_axes(axis), keepdims=keepdims)


def all(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return tf.reduce_all(astype(x, tf.bool), axis=_axes(axis), keepdims=keepdims)
