"""What the values of large eager tensors say, for the overrides that have a shorter way at regular points.

One reduction costs a CPU less than the passes that it saves, but more than they do on a small tensor, and another
device would have to wait for it. Inside a graph there are no values. NumPy reads them in half of TensorFlow's time.
"""

import math

import numpy as np
import tensorflow as tf

from multigrad.array_api.tensorflow._dtypes import finfo

_MANY = 10_000  # elements: a reduction takes as long as three small operations


def is_readable(x):
    """Tell whether it pays to look at the values."""
    return (
        tf.executing_eagerly()
        and x.shape.num_elements() >= _MANY
        and "CPU" in x.device
        and x.dtype != tf.bfloat16  # NumPy has none
    )


def values(x):
    """Return the values of an eager tensor on the CPU, not a copy but where NumPy lacks the dtype."""
    return np.asarray(memoryview(tf.cast(x, tf.float32) if x.dtype == tf.bfloat16 else x))


def smallest(x):
    """Return the smallest element as a number: NaN if one is NaN, or if nobody looks."""
    return float(values(x).min()) if is_readable(x) else math.nan


def largest(x):
    """Return the largest element as a number, or NaN as `smallest` does."""
    return float(values(x).max()) if is_readable(x) else math.nan


def is_normal(x):
    """Tell whether every element is known to be a positive number far from overflow and underflow."""
    return smallest(x) > finfo(x.dtype).smallest_normal and largest(x) < math.inf


def holds(condition):
    """Tell whether a condition is known to hold everywhere; it costs little beside what depends on it."""
    return tf.executing_eagerly() and "CPU" in condition.device and bool(tf.reduce_all(condition))


def few_places(condition):
    """Return the flat places where a NumPy condition holds; None if they are many."""
    places = np.flatnonzero(condition) if condition.any() else np.zeros(0, np.int64)
    return places if 100 * places.size <= condition.size else None


def at_places(cotangent, places):
    """Return a cotangent's elements as a NumPy array."""
    if not places.size:
        return np.zeros(0)
    # It may be of tf.gather, which has slices, or come from another device.
    return tf.gather(tf.reshape(tf.stop_gradient(cotangent), [-1]), places).numpy()


def is_between(x, low, high):
    """Tell whether all elements lie between two numbers: as a tensor that is True or False inside a graph.

    False on another device.
    """
    if not tf.executing_eagerly():
        return tf.reduce_all((x > low) & (x < high))
    if "CPU" not in x.device or 0 in x.shape:
        return False
    found = values(x)
    return bool(found.min() > low and found.max() < high)


def is_uneven(x, axis):
    """Tell whether no elements along the axes of a reduction are known to be all equal."""
    if not tf.executing_eagerly() or "CPU" not in x.device or 0 in x.shape:
        return False
    found = values(x)
    return bool((found.max(axis) > found.min(axis)).all())
