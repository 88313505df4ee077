"""Shapes of tensors, whose sizes inside a ``tf.function`` may be known only when the graph runs."""

import math

import numpy as np
import tensorflow as tf


def ndim(x):
    """Return the number of axes.

    Raises
    ------
    ValueError
        If a graph does not know it yet.
    """
    rank = x.shape.rank
    if rank is None:
        raise ValueError(
            "Expected an array with a known number of axes, got a tensor of unknown rank. Give the tf.function an "
            "input_signature with the rank (None stands for a size), or call x.set_shape([None, ...]) first."
        )
    return rank


def sizes(x):
    """Return the sizes of the axes: integers, and scalar tensors for those that are known only later."""
    ndim(x)
    static = x.shape.as_list()
    if None not in static:
        return static
    dynamic = tf.shape(x)
    return [dynamic[i] if size is None else size for i, size in enumerate(static)]


def product(lengths):
    """Return the product of sizes: an integer if all are known."""
    return math.prod(lengths)


def vector(lengths):
    """Return sizes as a shape that TensorFlow's functions take."""
    if all(isinstance(size, int | np.integer) for size in lengths):
        return list(lengths)
    return tf.stack([tf.cast(size, tf.int32) for size in lengths])


def only_known(size, what):
    """Return a size that must be known while a graph is traced."""
    if size is None:
        raise ValueError(f"{what} needs an axis of known length; this one is known only when the tf.function runs.")
    return size
