"""Set functions. NaN is never equal to another: each stays an element of its own. The zeros are one element."""

from typing import Any, NamedTuple

import tensorflow as tf

from multigrad.array_api.tensorflow._gathering import gather
from multigrad.array_api.tensorflow._object import tensor
from multigrad.array_api.tensorflow._sorting import keys, order

__all__ = ["unique_all", "unique_counts", "unique_inverse", "unique_values"]


class UniqueAllResult(NamedTuple):
    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    values: Any
    inverse_indices: Any


def unique_all(x, /):
    found = _Unique(x)
    return UniqueAllResult(found.values(), found.indices(), found.inverse(), found.counts())


def unique_counts(x, /):
    found = _Unique(x)
    return UniqueCountsResult(found.values(), found.counts())


def unique_inverse(x, /):
    found = _Unique(x)
    return UniqueInverseResult(found.values(), found.inverse())


def unique_values(x, /):
    return _Unique(x).values()


class _Unique:
    """The elements in sorted order, and where in it new values begin."""

    def __init__(self, x):
        x = tensor(x)
        self._shape = tf.shape(x)
        self._flat = tf.reshape(x, (-1,))
        self._order = _order(self._flat)
        ordered = tf.gather(tf.stop_gradient(self._flat), self._order)
        self._is_new = tf.concat([tf.ones_like(ordered[:1], tf.bool), tf.not_equal(ordered[1:], ordered[:-1])], 0)
        self._starts = tf.where(self._is_new)[:, 0]

    def values(self):
        # Taken from x itself, and so differentiable.
        return gather(self._flat, self.indices())

    def indices(self):
        return tf.gather(self._order, self._starts)

    def inverse(self):
        which = tf.cumsum(tf.cast(self._is_new, tf.int64)) - 1
        size = tf.size(self._flat, tf.int64)
        return tf.reshape(tf.scatter_nd(self._order[:, tf.newaxis], which, size[tf.newaxis]), self._shape)

    def counts(self):
        size = tf.size(self._flat, tf.int64)
        return tf.concat([self._starts[1:], size[tf.newaxis]], 0)[: tf.size(self._starts)] - self._starts


def _order(flat):
    if not flat.dtype.is_complex:
        return order(keys(flat))
    by_imaginary = order(keys(tf.math.imag(flat)))
    return tf.gather(by_imaginary, order(tf.gather(keys(tf.math.real(flat)), by_imaginary)))
