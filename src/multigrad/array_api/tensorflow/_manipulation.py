"""Manipulation functions."""

import functools
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from multigrad.array_api import _checks, _composed
from multigrad.array_api.tensorflow._dtypes import promotion
from multigrad.array_api.tensorflow._gathering import gather
from multigrad.array_api.tensorflow._object import is_native, tensor
from multigrad.array_api.tensorflow._shapes import ndim, only_known, product, sizes, vector

__all__ = [
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "moveaxis",
    "permute_dims",
    "repeat",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "tile",
    "unstack",
]


def broadcast_arrays(*arrays):
    if all(x.shape.is_fully_defined() for x in arrays):
        shape = _checks.broadcast(*(x.shape for x in arrays))
    else:
        shape = functools.reduce(tf.broadcast_dynamic_shape, map(tf.shape, arrays))
    return [tf.broadcast_to(x, shape) for x in arrays]


def broadcast_to(x, /, shape):
    x = tensor(x)
    if not is_native(shape):
        wanted = tuple(shape)
        known = tuple(None if is_native(size) else size for size in wanted)
        if ndim(x) > len(known) or any(
            have not in (1, None) and want is not None and have != want
            for have, want in zip(reversed(x.shape), reversed(known), strict=False)
        ):
            raise ValueError(f"An array of shape {tuple(x.shape)} does not broadcast to shape {known}.")
        shape = vector(wanted)
    return tf.broadcast_to(x, shape)


def concat(arrays, /, *, axis=0):
    arrays = promotion.common(arrays)
    if not arrays:
        raise ValueError("xp.concat needs at least one array, got none.")
    if axis is None:
        return tf.concat([tf.reshape(x, (-1,)) for x in arrays], 0)
    axis = _checks.axis(axis, ndim(arrays[0]))
    others = [[*x.shape[:axis], *x.shape[axis + 1 :]] for x in arrays]
    if len({ndim(x) for x in arrays}) > 1 or any(len({*row} - {None}) > 1 for row in zip(*others, strict=True)):
        shapes = ", ".join(str(tuple(x.shape)) for x in arrays)
        raise ValueError(f"xp.concat takes arrays of one shape except along axis {axis}, got {shapes}.")
    return tf.concat(arrays, axis)


def stack(arrays, /, *, axis=0):
    arrays = promotion.common(arrays)
    if not arrays:
        raise ValueError("xp.stack needs at least one array, got none.")
    if not all(x.shape.is_compatible_with(arrays[0].shape) for x in arrays):
        raise ValueError(f"xp.stack takes arrays of one shape, got {', '.join(str(tuple(x.shape)) for x in arrays)}.")
    return tf.stack(arrays, _checks.axis(axis, ndim(arrays[0]) + 1))


def expand_dims(x, /, axis):
    return tf.expand_dims(x, _checks.axis(axis, ndim(x) + 1))


def squeeze(x, /, axis):
    axes = _checks.axes(axis, ndim(x))
    for one in axes:
        if x.shape[one] not in (1, None):
            raise ValueError(f"Expected axes of length 1 to squeeze, got axis {one} of shape {tuple(x.shape)}.")
    # To TensorFlow no axes mean all axes of length 1.
    return tf.squeeze(x, axes) if axes else tensor(x)


def flip(x, /, *, axis=None):
    return tf.reverse(x, np.asarray(_checks.axes(axis, ndim(x)), np.int32))


def roll(x, /, shift, *, axis=None):
    if axis is None:
        return tf.reshape(tf.roll(tf.reshape(x, (-1,)), shift, 0), tf.shape(x))
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    axes = [_checks.axis(one, ndim(x)) for one in axes]  # an axis may come twice
    shifts = shift if isinstance(shift, tuple | list) else (shift,) * len(axes)
    if len(shifts) != len(axes):
        raise ValueError(f"Expected as many shifts as axes, got {shift} and {axis}.")
    return tf.roll(x, shifts, axes) if axes else tensor(x)


def permute_dims(x, /, axes):
    order = _checks.axes(tuple(axes), ndim(x))
    if len(order) != ndim(x):
        raise ValueError(f"Expected all {ndim(x)} axes in their new order, got {tuple(axes)}.")
    return tf.transpose(x, order)


def reshape(x, /, shape, *, copy=None):
    if is_native(shape):
        return tf.reshape(x, shape)
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    have, fixed = x.shape.num_elements(), [size for size in shape if type(size) is int and size != -1]
    if have is not None and len(fixed) >= len(shape) - shape.count(-1):
        asked = product(fixed)
        free = shape.count(-1)
        if free > 1 or (have != asked if not free else not asked or have % asked):
            raise ValueError(f"An array of shape {tuple(x.shape)} cannot take the shape {shape}.")
    return tf.reshape(x, vector(shape))


_functions = SimpleNamespace(permute_dims=permute_dims)
moveaxis = _composed.bound(_composed.moveaxis, _functions)


def unstack(x, /, *, axis=0):
    axis = _checks.axis(axis, ndim(x))
    return tuple(tf.unstack(x, num=only_known(x.shape[axis], "xp.unstack"), axis=axis))


def repeat(x, repeats, /, *, axis=None):
    x = tensor(x)
    if axis is None:
        x, axis = tf.reshape(x, (-1,)), 0
    axis = _checks.axis(axis, ndim(x))
    if is_native(repeats):
        return _repeat_each(x, tensor(repeats), axis)
    if repeats < 0:
        raise ValueError(f"Expected repeats >= 0, got {repeats}.")
    lengths = sizes(x)
    before, length, after = lengths[:axis], lengths[axis], lengths[axis + 1 :]
    spread = tf.broadcast_to(tf.expand_dims(x, axis + 1), vector([*before, length, repeats, *after]))
    return tf.reshape(spread, vector([*before, length * repeats, *after]))


def _repeat_each(x, repeats, axis):
    if not repeats.dtype.is_integer:
        raise TypeError(f"xp.repeat takes repeats of an integer dtype, got {repeats.dtype.name}.")
    have, want = repeats.shape.num_elements(), x.shape[axis]
    if ndim(repeats) > 1 or (None not in (have, want) and have not in (1, want)):
        raise ValueError(f"Expected repeats for each of {want} elements, got shape {tuple(repeats.shape)}.")
    length = sizes(x)[axis]
    counts = tf.broadcast_to(tf.cast(repeats, tf.int64), vector([length]))
    if not tf.is_symbolic_tensor(counts) and tf.reduce_any(counts < 0):
        raise ValueError("Expected repeats >= 0, got a negative one.")
    # Position p belongs to the element at which the sum of the counts first exceeds p.
    ends = tf.cumsum(counts)
    total = tf.reduce_sum(counts)
    return gather(x, tf.searchsorted(ends, tf.range(total), side="right", out_type=tf.int64), axis=axis)


def tile(x, repetitions, /):
    x, repetitions = tensor(x), tuple(repetitions)
    more = len(repetitions) - ndim(x)
    x = tf.reshape(x, vector([*[1] * more, *sizes(x)])) if more > 0 else x
    counts = [*[1] * -more, *repetitions]
    if x.dtype == tf.uint16:  # no kernel
        return tf.cast(tf.tile(tf.cast(x, tf.int32), counts), x.dtype)
    return tf.tile(x, counts)
