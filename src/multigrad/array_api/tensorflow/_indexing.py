"""Indexing functions, and reading and writing by index as in NumPy, on immutable tensors.

TensorFlow's own indexing knows integers, slices, None and the ellipsis. Index arrays are gathered after it.
"""

import operator

import numpy as np
import tensorflow as tf

from multigrad.array_api import _checks
from multigrad.array_api.tensorflow._gathering import gather
from multigrad.array_api.tensorflow._object import is_native, tensor
from multigrad.array_api.tensorflow._shapes import ndim, product, sizes, vector
from multigrad.array_api.tensorflow._slicing import sliced

__all__ = ["take", "take_along_axis"]


def take(x, indices, /, *, axis=None):
    x = tensor(x)
    axis = _checks.only_axis(axis, ndim(x), "take")
    return gather(x, within(indices, sizes(x)[axis]), axis=axis)


def take_along_axis(x, indices, /, *, axis=-1):
    x, rank = tensor(x), ndim(x)
    axis = _checks.axis(axis, rank)
    if ndim(indices) != rank:
        raise ValueError(
            f"xp.take_along_axis takes indices with as many axes as x, got shapes {tuple(indices.shape)} and "
            f"{tuple(x.shape)}."
        )
    others = [[size for i, size in enumerate(array.shape) if i != axis] for array in (x, indices)]
    _checks.broadcast(*others)
    indices = within(indices, sizes(x)[axis])
    if others[0] != others[1] or None in others[0]:
        x, indices = _beside(x, indices, axis)
    to_last = [*(i for i in range(rank) if i != axis), axis]
    back = [*range(axis), rank - 1, *range(axis, rank - 1)]
    found = along_last(tf.transpose(x, to_last), tf.transpose(indices, to_last))
    return tf.transpose(found, back)


def _beside(x, indices, axis):
    """Broadcast two arrays against each other, except along one axis."""
    shapes = [sizes(array) for array in (x, indices)]
    without = [vector([*shape[:axis], 1, *shape[axis + 1 :]]) for shape in shapes]
    common = tf.unstack(tf.broadcast_dynamic_shape(*map(tf.convert_to_tensor, without)), num=ndim(x))
    return [
        tf.broadcast_to(array, vector([*common[:axis], shape[axis], *common[axis + 1 :]]))
        for array, shape in zip((x, indices), shapes, strict=True)
    ]


def along_last(x, positions):
    """Return the elements at positions, counted from the front and in range, along the last axis."""
    rank = ndim(x)
    return gather(x, positions, axis=rank - 1, batch_dims=rank - 1)


def getitem(x, key):
    x = tensor(x)
    parts = _parts(key)
    if not any(_is_array(part) for part in parts):
        _check_basic(parts, x.shape)
        return sliced(x, parts)
    return _gathered(x, _Advanced(x, parts))


def setitem(x, key, value):
    x = tensor(x)
    parts = _parts(key)
    arrays = [part for part in parts if _is_array(part)]
    if len(parts) == 1 and arrays and arrays[0].dtype == tf.bool and value.shape.rank == 0:
        # The shape of the result does not depend on the mask's values, so that XLA can compile it.
        mask = tensor(arrays[0])
        _check_mask(mask, x.shape[: ndim(mask)], 0)
        return tf.where(tf.reshape(mask, vector([*sizes(mask), *[1] * (ndim(x) - ndim(mask))])), value, x)
    flat = tf.reshape(x, (-1,))
    size = tf.size(x, tf.int64)
    positions = getitem(tf.reshape(tf.range(size), tf.shape(x)), key)
    value = tf.reshape(_broadcast(value, positions), (-1,))
    positions = tf.reshape(positions, (-1,))
    if all(array.dtype == tf.bool for array in arrays):  # no element twice
        # tf.vectorized_map takes a scatter's indices only in int32 (TensorFlow 2.21).
        if flat.shape[0] is not None and flat.shape[0] < 2**31:
            positions = tf.cast(positions, tf.int32)
        return tf.reshape(tf.tensor_scatter_nd_update(flat, positions[:, tf.newaxis], value), tf.shape(x))
    # Of the values for one element the last one stays, here and in the derivative; TensorFlow leaves the order open.
    count = tf.size(positions, tf.int64)
    segments = tf.size(x) if x.shape.num_elements() is None else x.shape.num_elements()
    last = tf.maximum(tf.math.unsorted_segment_max(tf.range(1, count + 1), positions, segments), 0)
    found = gather(tf.concat([tf.zeros((1,), x.dtype), value], 0), last)
    return tf.reshape(tf.where(last > 0, found, flat), tf.shape(x))


def within(indices, size):
    """Return integer indices counted from the front; raise IndexError if one is out of range.

    Indices that a graph computes are known only when it runs, and are not checked here.
    """
    if is_native(indices):
        indices = tensor(indices)
        if not indices.dtype.is_integer:
            raise TypeError(f"Expected integers as indices, got an array of dtype {indices.dtype.name}.")
        if indices.dtype != tf.int64:
            indices = tf.cast(indices, tf.int64)
        if isinstance(size, int) and not tf.is_symbolic_tensor(indices):
            if "CPU" in indices.device:  # NumPy looks at them in a tenth of the time
                known = indices.numpy()
                return indices if _are_within(known, size) else within(known, size)
            wrong = (indices < -size) | (indices >= size)
            if tf.reduce_any(wrong):
                raise _out_of_range(int(tf.boolean_mask(indices, wrong)[0]), size)
        return tf.where(indices < 0, indices + tf.cast(size, tf.int64), indices)
    indices = np.asarray(indices)
    if isinstance(size, int):
        wrong = indices[(indices < -size) | (indices >= size)]
        if wrong.size:
            raise _out_of_range(wrong.flat[0], size)
        return tf.convert_to_tensor(np.where(indices < 0, indices + size, indices).astype(np.int64))
    return within(tf.convert_to_tensor(indices), size)


def _are_within(indices, size):
    return not indices.size or (indices.min() >= 0 and indices.max() < size)


def _out_of_range(index, size):
    return IndexError(f"Index {index} is out of bounds for an axis of size {size}.")


class _Advanced:
    """An index with arrays, taken apart.

    Attributes
    ----------
    basic
        What TensorFlow's own indexing can do first; the axes of the arrays stay whole.
    arrays
        Positions from the front, one array for each axis of ``axes``, broadcast to one shape.
    axes
        Their axes after the basic part.
    together
        Whether the arrays stood side by side; the axes of the result then take the place of theirs, else the front.
    """

    def __init__(self, x, parts):
        lengths = sizes(x)
        self.basic, self.axes, arrays, places = [], [], [], []
        axis = 0
        for place, part in _full(parts, len(lengths)):
            if part is None or isinstance(part, slice):
                self.basic.append(part)
                axis += part is not None
                continue
            places.append(place)
            if _is_array(part) and part.dtype == tf.bool:
                mask = tensor(part)
                covered = ndim(mask)
                _check_mask(mask, x.shape[axis : axis + covered], axis)
                # A mask without axes makes one of length 0 or 1.
                found = tf.where(mask if covered else tf.reshape(mask, (1,)))
                coordinates = tf.unstack(found, num=covered or 1, axis=1)
                added = [slice(None)] * covered or [None]
            else:
                coordinates, added, covered = [within(part, lengths[axis])], [slice(None)], 1
            self.axes += range(len(self.basic), len(self.basic) + len(added))
            self.basic += added
            arrays += coordinates
            axis += covered
        self.together = places[-1] - places[0] + 1 == len(places)
        self.arrays = _to_one_shape(arrays)


def _gathered(x, index):
    if any(part != slice(None) for part in index.basic):
        x = sliced(x, tuple(index.basic))
    if len(index.axes) == 1:
        return gather(x, index.arrays[0], axis=index.axes[0])
    # The axes of the arrays become one in front.
    others = [axis for axis in range(ndim(x)) if axis not in index.axes]
    x = tf.transpose(x, [*index.axes, *others])
    lengths = sizes(x)
    taken, rest = lengths[: len(index.axes)], lengths[len(index.axes) :]
    x = tf.reshape(x, vector([product(taken), *rest]))
    position = index.arrays[0]
    for array, length in zip(index.arrays[1:], taken[1:], strict=True):
        position = position * tf.cast(length, tf.int64) + array
    found = gather(x, position)
    if not index.together or index.axes[0] == 0:
        return found
    front, before = ndim(position), index.axes[0]
    order = [*range(front, front + before), *range(front), *range(front + before, ndim(found))]
    return tf.transpose(found, order)


def _to_one_shape(arrays):
    if len(arrays) == 1:
        return arrays
    try:
        _checks.broadcast(*(tuple(array.shape) for array in arrays))
    except ValueError:
        shapes = ", ".join(str(tuple(array.shape)) for array in arrays)
        raise IndexError(f"Expected index arrays whose shapes broadcast, got {shapes}.") from None
    shape = tf.shape(arrays[0])
    for array in arrays[1:]:
        shape = tf.broadcast_dynamic_shape(shape, tf.shape(array))
    return [tf.broadcast_to(array, shape) for array in arrays]


def _full(parts, rank):
    """Return the parts of an index with their places, the ellipsis written out.

    Also an ellipsis that stands for no axis has a place: it parts the arrays beside it.
    """
    _check_ellipsis(parts)
    taken = sum(_covered(part) for part in parts)
    if taken > rank:
        raise _too_many(taken, rank)
    result = []
    for place, part in enumerate(parts):
        result += [(place, slice(None))] * (rank - taken) if part is Ellipsis else [(place, part)]
    return result


def _covered(part):
    """Return how many axes of the array a part of an index takes."""
    if part is None or part is Ellipsis:
        return 0
    return ndim(part) if _is_array(part) and part.dtype == tf.bool else 1


def _check_mask(mask, lengths, axis):
    for i, (have, want) in enumerate(zip(mask.shape, lengths, strict=True)):
        if None not in (have, want) and have != want:
            raise IndexError(
                f"Expected a mask of the array's shape, got length {have} for axis {axis + i} of length {want}."
            )


def _parts(key):
    return tuple([_part(part) for part in (key if isinstance(key, tuple) else (key,))])


def _part(part):
    """Return a part of an index as None, Ellipsis, a slice, an integer, or a tensor of integers or bool."""
    if part is None or part is Ellipsis or type(part) is int:
        return part
    if isinstance(part, slice):
        return slice(_end(part.start), _end(part.stop), _end(part.step))
    if not is_native(part):
        part = np.asarray(part)
        if part.size == 0 and part.dtype == np.float64:  # an empty list
            part = part.astype(np.int64)
        if part.ndim == 0 and part.dtype.kind in "iu":
            return int(part)
        if part.dtype.kind in "iub":
            return tf.convert_to_tensor(part)
    elif part.dtype.is_integer or part.dtype == tf.bool:
        part = tensor(part)
        if part.shape.rank == 0 and part.dtype != tf.bool and not tf.is_symbolic_tensor(part):
            return int(part)
        return part
    raise IndexError(f"Expected integers, slices, None, ..., integer or boolean arrays as an index, got {part!r}.")


def _end(end):
    """Return one of a slice's three numbers as an integer, or as a tensor if it has no value yet."""
    if end is None or type(end) is int:
        return end
    if hasattr(end, "__tf_tensor__"):  # tensors, variables, Array
        end = tf.convert_to_tensor(end)
        return end if tf.is_symbolic_tensor(end) else int(end)
    return operator.index(end)


_PLAIN = frozenset((int, slice, type(None), type(Ellipsis)))


def _is_array(part):
    """Tell whether a part is more than TensorFlow's own indexing knows; that takes integers without a value yet."""
    return type(part) not in _PLAIN and is_native(part) and not (part.shape.rank == 0 and part.dtype.is_integer)


def _check_basic(parts, shape):
    """Raise IndexError, where TensorFlow raises errors of its own, on the CPU only."""
    _check_ellipsis(parts)
    if shape.rank is None:
        return
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    if taken > shape.rank:
        raise _too_many(taken, shape.rank)
    axis = 0
    for part in parts:
        if part is Ellipsis:
            axis += shape.rank - taken
        elif part is not None:
            size = shape[axis]
            if type(part) is int and size is not None and not -size <= part < size:
                raise IndexError(f"Index {part} is out of bounds for axis {axis} of size {size}.")
            axis += 1


def _check_ellipsis(parts):
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError("An index can have only one ellipsis (...).")
    if any(isinstance(part, slice) and type(part.step) is int and part.step == 0 for part in parts):
        raise ValueError("The step of a slice cannot be zero.")


def _too_many(taken, rank):
    return IndexError(f"Too many indices: {taken} for an array of {rank} axes.")


def _broadcast(value, target):
    # As in NumPy, the value may have axes of length one too many in front.
    while ndim(value) > ndim(target) and value.shape[0] == 1:
        value = tf.squeeze(value, 0)
    if target.shape.is_fully_defined() and value.shape.is_fully_defined():
        shape = tuple(target.shape)
        if _checks.broadcast(value.shape, shape) != shape:
            raise ValueError(f"Expected a value that broadcasts to shape {shape}, got shape {tuple(value.shape)}.")
    return tf.broadcast_to(value, tf.shape(target))
