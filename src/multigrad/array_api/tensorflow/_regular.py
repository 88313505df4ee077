"""What the values of large eager tensors say, for the overrides that have a shorter way at regular points.

One reduction costs a CPU less than the passes that it saves, but more than they do on a small tensor, and another
device would have to wait for it. Inside a graph there are no values.
"""

import math

import tensorflow as tf

from multigrad.array_api.tensorflow._dtypes import finfo

_MANY = 10_000  # elements: a reduction takes as long as three small operations
_raw = tf.raw_ops


def is_readable(x):
    """Tell whether it pays to look at the values."""
    return tf.executing_eagerly() and x.shape.num_elements() >= _MANY and "CPU" in x.device


def smallest(x):
    """Return the smallest element as a number: NaN if one is NaN, or if nobody looks."""
    return float(tf.reduce_min(tf.stop_gradient(x))) if is_readable(x) else math.nan


def largest(x):
    """Return the largest element as a number, or NaN as `smallest` does."""
    return float(tf.reduce_max(tf.stop_gradient(x))) if is_readable(x) else math.nan


def is_normal(x):
    """Tell whether every element is known to be a positive number far from overflow and underflow."""
    return smallest(x) > finfo(x.dtype).smallest_normal and largest(x) < math.inf


def holds(condition):
    """Tell whether a condition is known to hold everywhere, for conditions much smaller than what depends on them."""
    return tf.executing_eagerly() and "CPU" in condition.device and bool(tf.reduce_all(condition))


def has_no_zero(x):
    """Tell whether no element is known to be zero."""
    return is_readable(x) and bool(tf.reduce_all(_raw.NotEqual(x=x, y=tf.zeros((), x.dtype))))


def is_between(x, low, high):
    """Tell whether all elements lie between two numbers: as a tensor that is True or False inside a graph.

    False on another device.
    """
    if not tf.executing_eagerly():
        return tf.reduce_all(_raw.LogicalAnd(x=x > low, y=x < high))
    if "CPU" not in x.device or 0 in x.shape:
        return False
    if x.shape.num_elements() < _MANY:
        values = x.numpy()
        return bool(values.min() > low and values.max() < high)
    return smallest(x) > low and largest(x) < high


def is_uneven(x, axis):
    """Tell whether no elements along the axes of a reduction are known to be all equal."""
    if not tf.executing_eagerly() or "CPU" not in x.device or 0 in x.shape:
        return False
    values = x.numpy()
    return bool((values.max(axis) > values.min(axis)).all())
