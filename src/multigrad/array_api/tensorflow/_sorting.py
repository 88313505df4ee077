"""Sorting functions: stable in both directions, NaN above every number, both zeros equal.

By way of integers of the same order, which TensorFlow sorts right: with NaN, or upwards beyond 2**63, it does not.
"""

import tensorflow as tf

from multigrad.array_api import _checks
from multigrad.array_api.tensorflow._indexing import along_last
from multigrad.array_api.tensorflow._object import tensor
from multigrad.array_api.tensorflow._shapes import ndim, sizes

__all__ = ["argsort", "sort"]

_BITS = {tf.float16: tf.int16, tf.bfloat16: tf.int16, tf.float32: tf.int32, tf.float64: tf.int64}
_SMALL = frozenset((tf.bool, tf.int8, tf.int16, tf.uint8, tf.uint16))  # some without a kernel


def argsort(x, /, *, axis=-1, descending=False, stable=True):
    axis = _checks.axis(axis, ndim(x))
    return _swapped(order(_swapped(keys(x), axis), descending), axis)


def sort(x, /, *, axis=-1, descending=False, stable=True):
    x = tensor(x)
    axis = _checks.axis(axis, ndim(x))
    last = _swapped(x, axis)
    return _swapped(along_last(last, order(keys(last), descending)), axis)


def _swapped(x, axis):
    """Exchange an axis and the last one."""
    rank = ndim(x)
    if axis == rank - 1:
        return x
    order_of_axes = list(range(rank))
    order_of_axes[axis], order_of_axes[-1] = rank - 1, axis
    return tf.transpose(x, order_of_axes)


def keys(x):
    """Return real numbers as integers of the same order: -0 as 0, NaN above all."""
    x = tf.stop_gradient(tensor(x))
    if not x.dtype.is_floating:
        return tf.cast(x, tf.int32) if x.dtype in _SMALL else x
    bits = tf.bitcast(x, _BITS[x.dtype])
    lowest = bits.dtype.min
    if bits.dtype in _SMALL:
        bits = tf.cast(bits, tf.int32)
    # Below zero the bits count upwards from the lowest integer.
    ordered = tf.where(bits < 0, lowest - bits, bits)
    return tf.where(tf.math.is_nan(x), tf.constant(bits.dtype.max, bits.dtype), ordered)


def order(ordered, descending=False):
    """Return the positions that sort integers along the last axis; equal ones keep their order."""
    # The inverted bits count downwards, for signed and unsigned integers alike.
    high_first = ordered if descending else tf.bitwise.invert(ordered)
    return tf.cast(tf.math.top_k(high_first, sizes(ordered)[-1]).indices, tf.int64)
