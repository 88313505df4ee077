"""Manipulation, searching and indexing functions."""

import functools

import numpy as np
import tensorflow as tf

from multigrad.array_api.tensorflow._creation import asarray
from multigrad.array_api.tensorflow._dtypes import promotion
from multigrad.array_api.tensorflow._indexing import within
from multigrad.array_api.tensorflow._object import is_native, tensor

__all__ = [
    "argmax",
    "argmin",
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "matrix_transpose",
    "permute_dims",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "take",
    "where",
]


def broadcast_arrays(*arrays):
    if all(x.shape.is_fully_defined() for x in arrays):
        shape = np.broadcast_shapes(*(tuple(x.shape) for x in arrays))
    else:
        shape = functools.reduce(tf.broadcast_dynamic_shape, map(tf.shape, arrays))
    return [tf.broadcast_to(x, shape) for x in arrays]


def broadcast_to(x, /, shape):
    return tf.broadcast_to(x, shape)


def concat(arrays, /, *, axis=0):
    arrays = promotion.common(arrays)
    if axis is None:
        arrays, axis = [tf.reshape(x, (-1,)) for x in arrays], 0
    return tf.concat(arrays, axis)


def stack(arrays, /, *, axis=0):
    return tf.stack(promotion.common(arrays), axis)


def expand_dims(x, /, *, axis=0):
    if not -x.shape.rank - 1 <= axis <= x.shape.rank:
        raise IndexError(f"Axis {axis} is out of range for an array that will have {x.shape.rank + 1} axes.")
    return tf.expand_dims(x, axis)


def squeeze(x, /, axis):
    axes = axis if isinstance(axis, tuple) else (axis,)
    for one in axes:
        if x.shape[one] not in (1, None):
            raise ValueError(f"Expected axes of length 1 to squeeze, got axis {one} of shape {tuple(x.shape)}.")
    # To TensorFlow no axes mean all axes of length 1.
    return tf.squeeze(x, axes) if axes else tensor(x)


def flip(x, /, *, axis=None):
    axes = range(x.shape.rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tf.reverse(x, np.asarray(axes, np.int32))


def roll(x, /, shift, *, axis=None):
    if axis is None:
        return tf.reshape(tf.roll(tf.reshape(x, (-1,)), shift, 0), tf.shape(x))
    if isinstance(axis, tuple) and isinstance(shift, int):
        shift = (shift,) * len(axis)
    return tf.roll(x, shift, axis)


def permute_dims(x, /, axes):
    return tf.transpose(x, [axis % x.shape.rank for axis in axes])


def matrix_transpose(x, /):
    if x.shape.rank < 2:
        raise ValueError(f"Expected at least 2 axes to transpose a matrix, got {x.shape.rank}.")
    return tf.linalg.matrix_transpose(x)


def reshape(x, /, shape, *, copy=None):
    return tf.reshape(x, shape)


def take(x, indices, /, *, axis=None):
    if axis is None:
        if x.shape.rank != 1:
            raise ValueError(f"Expected an axis to take from {x.shape.rank} axes, got None.")
        axis = 0
    return tf.gather(x, within(indices, x.shape[axis]), axis=axis)


def where(condition, x1, x2, /):
    if not is_native(x1) and not is_native(x2):
        x1, x2 = asarray(x1), asarray(x2)
    elif not is_native(x1):
        x1 = promotion.constant(x1, x2)
    elif not is_native(x2):
        x2 = promotion.constant(x2, x1)
    return tf.where(condition, *promotion.common([x1, x2]))


def argmax(x, /, *, axis=None, keepdims=False):
    return _arg(tf.argmax, x, axis, keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    return _arg(tf.argmin, x, axis, keepdims)


def _arg(function, x, axis, keepdims):
    rank = x.shape.rank
    if axis is None:
        found = _position(function, tf.reshape(x, (-1,)), 0)
        return tf.reshape(found, (1,) * rank) if keepdims else found
    found = _position(function, x, axis)
    return tf.expand_dims(found, axis % rank) if keepdims else found


def _position(function, x, axis):
    found = function(x, axis)
    if not x.dtype.is_floating:
        return found
    # The first NaN, as in NumPy; TensorFlow passes over it.
    missing = tf.math.is_nan(x)
    return tf.where(tf.reduce_any(missing, axis), tf.argmax(tf.cast(missing, tf.int8), axis), found)
