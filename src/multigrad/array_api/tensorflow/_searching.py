"""Searching functions. Positions and counts are int64."""

import tensorflow as tf

from multigrad.array_api import _checks
from multigrad.array_api.tensorflow._creation import asarray
from multigrad.array_api.tensorflow._dtypes import promotion
from multigrad.array_api.tensorflow._indexing import within
from multigrad.array_api.tensorflow._object import is_native, tensor
from multigrad.array_api.tensorflow._shapes import ndim, sizes
from multigrad.array_api.tensorflow._sorting import keys

__all__ = ["argmax", "argmin", "count_nonzero", "nonzero", "searchsorted", "where"]


def argmax(x, /, *, axis=None, keepdims=False):
    return _arg(tf.argmax, "argmax", tensor(x), axis, keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    return _arg(tf.argmin, "argmin", tensor(x), axis, keepdims)


def _arg(function, name, x, axis, keepdims):
    rank = ndim(x)
    whole = axis is None
    if whole:
        x, axis = tf.reshape(x, (-1,)), 0
    else:
        axis = _checks.axis(axis, rank)
    if x.shape[axis] == 0:
        raise ValueError(f"xp.{name} needs at least one element along the axis, got shape {tuple(x.shape)}.")
    found = _position(function, x, axis)
    if not keepdims:
        return found
    return tf.reshape(found, (1,) * rank) if whole else tf.expand_dims(found, axis)


def _position(function, x, axis):
    found = function(x, axis)
    if not x.dtype.is_floating:
        return found
    # The first NaN, as in NumPy; TensorFlow passes over it.
    missing = tf.math.is_nan(x)
    return tf.where(tf.reduce_any(missing, axis), tf.argmax(tf.cast(missing, tf.int8), axis), found)


def count_nonzero(x, /, *, axis=None, keepdims=False):
    axes = list(_checks.axes(axis, ndim(x)))
    return tf.reduce_sum(tf.cast(_is_nonzero(x), tf.int64), axes, keepdims=keepdims)


def nonzero(x, /):
    if not ndim(x):
        raise ValueError("xp.nonzero takes an array with at least 1 axis, got a 0-d one.")
    return tuple(tf.unstack(tf.where(_is_nonzero(x)), num=x.shape.rank, axis=1))


def _is_nonzero(x):
    return tensor(x) if x.dtype == tf.bool else tf.not_equal(x, tf.zeros((), x.dtype))


def searchsorted(x1, x2, /, *, side="left", sorter=None):
    if ndim(x1) != 1:
        raise ValueError(f"xp.searchsorted takes a vector to search in, got shape {tuple(x1.shape)}.")
    if side not in ("left", "right"):
        raise ValueError(f"Expected 'left' or 'right' for side=, got {side!r}.")
    x1, x2 = promotion.common([x1, x2])
    if sorter is not None:
        x1 = tf.gather(x1, within(sorter, sizes(x1)[0]))
    values = tf.reshape(keys(x2), (-1,))
    return tf.reshape(tf.searchsorted(keys(x1), values, side=side, out_type=tf.int64), tf.shape(x2))


def where(condition, x1, x2, /):
    if condition.dtype != tf.bool:
        raise TypeError(f"xp.where takes a condition of dtype bool, got {condition.dtype.name}.")
    if not is_native(x1) and not is_native(x2):
        x1, x2 = asarray(x1), asarray(x2)
    elif not is_native(x1):
        x1 = promotion.constant(x1, x2)
    elif not is_native(x2):
        x2 = promotion.constant(x2, x1)
    return tf.where(condition, *promotion.common([x1, x2]))
