"""Statistical functions."""

import builtins
import math

import tensorflow as tf

from multigrad.array_api import _checks
from multigrad.array_api.tensorflow._derivatives import derived, is_watched
from multigrad.array_api.tensorflow._dtypes import UNSIGNED, astype, constant, floating
from multigrad.array_api.tensorflow._object import tensor
from multigrad.array_api.tensorflow._overrides import root_of_squares
from multigrad.array_api.tensorflow._products import cumulative, reduced
from multigrad.array_api.tensorflow._regular import is_uneven
from multigrad.array_api.tensorflow._shapes import ndim, sizes, vector

__all__ = ["cumulative_prod", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]


def reduction_axes(axis):
    """Return axes as TensorFlow's reductions take them best."""
    # TensorFlow reads an empty list, as the standard does, as "no axis"; one axis as a number is four times as fast.
    if isinstance(axis, tuple):
        return axis[0] if len(axis) == 1 else list(axis)
    return axis


def _accumulating(x, dtype):
    """Return x in the dtype to accumulate in: small integers would overflow."""
    if dtype is None:
        if x.dtype.is_floating or x.dtype.is_complex:
            return tensor(x)
        dtype = tf.uint64 if x.dtype in UNSIGNED else tf.int64
    return astype(x, dtype)


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    return tf.reduce_sum(_accumulating(x, dtype), axis=reduction_axes(axis), keepdims=keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    x = _accumulating(x, dtype)
    return reduced(x, _checks.axes(axis, ndim(x)), keepdims)


def mean(x, /, *, axis=None, keepdims=False):
    x = floating(x)
    if x.shape.num_elements() == 0:  # TensorFlow's tangent of an empty mean is 0, not NaN as its value
        return tf.reduce_sum(x, axis=reduction_axes(axis), keepdims=keepdims) / 0
    return tf.reduce_mean(x, axis=reduction_axes(axis), keepdims=keepdims)


def max(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return extreme(tf.reduce_max, _not_empty(x, axis, "max"), axis=reduction_axes(axis), keepdims=keepdims)


def min(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return extreme(tf.reduce_min, _not_empty(x, axis, "min"), axis=reduction_axes(axis), keepdims=keepdims)


def extreme(reduction, x, *, axis, keepdims):
    """Reduce to a maximum or minimum that is NaN if an element is."""
    if tf.executing_eagerly() or not x.dtype.is_floating:
        return reduction(x, axis=axis, keepdims=keepdims)
    # XLA passes over NaN (TensorFlow 2.21).
    zero, one, nan = (tf.constant(value, x.dtype) for value in (0.0, 1.0, math.nan))

    def forward(x):
        missing = tf.reduce_any(tf.math.is_nan(x), axis=axis, keepdims=keepdims)
        return tf.where(missing, nan, reduction(x, axis=axis, keepdims=keepdims))

    def pull(cotangent, _, x):
        # The pass that counts the ties finds a NaN as well: a program without the value needs no other.
        found = reduction(tf.stop_gradient(x), axis=axis, keepdims=True)
        chosen = tf.where(x == found, one, tf.where(tf.math.is_nan(x), nan, zero))
        share = _as(cotangent, found) / tf.reduce_sum(chosen, axis=axis, keepdims=True)
        return [chosen * share]

    return derived(forward, pull)(x)


def _as(x, other):
    """Return x in the shape of another tensor with as many elements."""
    return tf.reshape(x, other.shape if other.shape.is_fully_defined() else tf.shape(other))


def _not_empty(x, axis, name):
    x = tensor(x)
    shape = x.shape
    if shape.rank is not None and 0 in shape:
        axes = range(shape.rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        if 0 in [shape[one] for one in axes]:
            raise ValueError(f"{name} of no elements: axis {axis} of shape {tuple(shape)}.")
    return x


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    axes = reduction_axes(axis)

    def forward(x):
        away = x - tf.reduce_mean(x, axis=axes, keepdims=True)
        squares = tf.math.real(away * tf.math.conj(away)) if x.dtype.is_complex else tf.square(away)
        if not correction:
            return tf.reduce_mean(squares, axis=axes, keepdims=keepdims)
        total = tf.reduce_sum(squares, axis=axes, keepdims=keepdims)
        return total / _freedom(x, total, correction)

    def pull(cotangent, _, x):
        # TensorFlow's own rule adds the sum of the deviations, which is 0, in as much time as all the rest takes.
        mean = tf.reduce_mean(x, axis=axes, keepdims=True)
        share = _as(cotangent, mean) * (2 / _freedom(x, cotangent, correction))
        return [(x - mean) * astype(share, x.dtype)]

    return derived(forward, pull)(floating(x))


def _freedom(x, reduced, correction):
    """Return the divisor of a variance, which the standard calls NaN if there is none above 0."""
    if x.shape.is_fully_defined() and reduced.shape.is_fully_defined():
        count = x.shape.num_elements() / builtins.max(reduced.shape.num_elements(), 1)
        return constant(count - correction if count > correction else math.nan, reduced)
    count = tf.math.divide_no_nan(tf.cast(tf.size(x), tf.float64), tf.cast(tf.size(reduced), tf.float64))
    return tf.cast(tf.where(count > correction, count - correction, math.nan), reduced.dtype)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    x = floating(x)
    if is_watched(x) and not is_uneven(x, axis):
        # Beside one of them the mean of equal elements is theirs: 0, a symmetric kink.
        x -= tf.stop_gradient(_one_along(x, axis))
    return root_of_squares(var(x, axis=axis, correction=correction, keepdims=keepdims))


def _one_along(x, axis):
    """Return the first element along the axes of a reduction, which stay; none of none."""
    axes = _checks.axes(axis, ndim(x))
    lengths = [_at_most_one(size) if i in axes else size for i, size in enumerate(sizes(x))]
    return tf.slice(x, [0] * len(lengths), vector(lengths)) if lengths else x


def _at_most_one(size):
    return (builtins.min if isinstance(size, int) else tf.minimum)(size, 1)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    x = _accumulating(x, dtype)
    axis = _checks.only_axis(axis, ndim(x), "cumulative_sum")
    result = _in_int64(tf.cumsum, x, axis)
    return _after(0, result, axis) if include_initial else result


def cumulative_prod(x, /, *, axis=None, dtype=None, include_initial=False):
    x = _accumulating(x, dtype)
    axis = _checks.only_axis(axis, ndim(x), "cumulative_prod")
    result = _in_int64(cumulative, x, axis)
    return _after(1, result, axis) if include_initial else result


def _in_int64(function, x, axis):
    # XLA has no kernels for uint64; the last bits are the same.
    return astype(function(astype(x, tf.int64), axis), x.dtype) if x.dtype == tf.uint64 else function(x, axis)


def _after(number, x, axis):
    """Put a number before the first element along an axis."""
    return tf.pad(x, [[int(i == axis), 0] for i in range(ndim(x))], constant_values=tf.constant(number, x.dtype))
