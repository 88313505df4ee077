"""Reading and writing by index, as in NumPy, on immutable tensors.

TensorFlow's own indexing knows integers, slices, None and the ellipsis. Everything else is translated: NumPy applies
the index to the positions of the elements, and the tensor, flattened, is gathered from or scattered into there.
"""

import math
import operator

import numpy as np
import tensorflow as tf

from multigrad.array_api.tensorflow._object import is_native, tensor


def getitem(x, key):
    x = tensor(x)
    parts = _parts(key)
    if not any(_is_advanced(part) for part in parts):
        _check_basic(parts, x.shape)
        return x[parts]
    if len(parts) == 1 and parts[0].dtype.kind in "iu":
        return tf.gather(x, within(parts[0], x.shape[0] if x.shape.rank else 0))
    if not _is_known(parts) or not x.shape.is_fully_defined():
        return tf.boolean_mask(x, _only_mask(parts, "read"))
    return tf.gather(tf.reshape(x, (-1,)), _positions(x.shape, parts))


def setitem(x, key, value):
    x = tensor(x)
    parts = _parts(key)
    advanced = [part for part in parts if _is_advanced(part)]
    if _is_known(parts) and x.shape.is_fully_defined():
        positions = _positions(x.shape, parts)
        value = _broadcast(value, positions.shape)
        if any(part.dtype.kind != "b" for part in advanced):
            positions, value = _last_of_each(positions, value)
        return _scatter(x, positions, value)
    if not advanced:
        _check_basic(parts, x.shape)
        positions = tf.reshape(tf.range(tf.size(x, tf.int64)), tf.shape(x))[parts]
        return _scatter(x, positions, _broadcast(value, tf.shape(positions)))
    if len(parts) == 1 and parts[0].dtype.kind in "iu":
        rows = within(parts[0], x.shape[0])
        shape = tf.concat([tf.shape(rows), tf.shape(x)[1:]], 0)
        return tf.tensor_scatter_nd_update(x, rows[..., tf.newaxis], _broadcast(value, shape))
    mask = _only_mask(parts, "write")
    if value.shape.rank != 0:
        return tf.tensor_scatter_nd_update(x, tf.where(mask), value)
    rest = tf.ones(tf.rank(x) - tf.rank(mask), tf.int32)
    return tf.where(tf.reshape(mask, tf.concat([tf.shape(mask), rest], 0)), value, x)


def within(indices, size):
    """Return integer indices counted from the front; raise IndexError if one is out of range.

    Indices that a graph computes are known only when it runs, and are not checked.
    """
    indices = _Symbolic.unwrapped(indices)
    if is_native(indices) and not tf.is_symbolic_tensor(indices):
        indices = tensor(indices).numpy()
    if is_native(indices):
        indices = tf.cast(indices, tf.int64)
        return tf.where(indices < 0, indices + size, indices)
    indices = np.asarray(indices).astype(np.int64, casting="same_kind")
    if size is None:
        raise IndexError("Expected an axis of known length for an integer index; its length is known only later.")
    wrong = indices[(indices < -size) | (indices >= size)]
    if wrong.size:
        raise IndexError(f"Index {wrong.flat[0]} is out of range for an axis of length {size}.")
    return tf.convert_to_tensor(np.where(indices < 0, indices + size, indices))


class _Symbolic:
    """An index array that has no value yet, with the ``dtype.kind`` that NumPy's arrays have."""

    __slots__ = ("dtype", "native")

    def __init__(self, native):
        self.native = native
        self.dtype = np.dtype(native.dtype.as_numpy_dtype)

    @staticmethod
    def unwrapped(part):
        return part.native if isinstance(part, _Symbolic) else part


def _parts(key):
    return tuple(_part(part) for part in (key if isinstance(key, tuple) else (key,)))


def _part(part):
    """Return a part of an index as None, Ellipsis, a slice, an integer, or an array."""
    if part is None or part is Ellipsis or type(part) is int:
        return part
    if isinstance(part, slice):
        return slice(_end(part.start), _end(part.stop), _end(part.step))
    if is_native(part):
        part = tensor(part)
        if tf.is_symbolic_tensor(part):
            return part if part.shape.rank == 0 and part.dtype.is_integer else _Symbolic(part)
        part = part.numpy()
    part = np.asarray(part)
    if part.size == 0 and part.dtype == np.float64:  # an empty list
        part = part.astype(np.int64)
    if part.dtype.kind not in "iub":
        raise IndexError(f"Expected integers, slices, None, ..., integer or boolean arrays as an index, got {part!r}.")
    return int(part) if part.ndim == 0 and part.dtype.kind != "b" else part


def _end(end):
    """Return one of a slice's three numbers as an integer, or as a tensor if it has no value yet."""
    if end is None or type(end) is int:
        return end
    if hasattr(end, "__tf_tensor__"):  # tensors, variables, Array
        end = tf.convert_to_tensor(end)
        return end if tf.is_symbolic_tensor(end) else int(end)
    return operator.index(end)


def _is_advanced(part):
    return isinstance(part, np.ndarray | _Symbolic)


def _is_known(parts):
    """Tell whether NumPy can apply an index now."""
    ends = [end for part in parts if isinstance(part, slice) for end in (part.start, part.stop, part.step)]
    return not any(isinstance(part, _Symbolic) or tf.is_symbolic_tensor(part) for part in (*parts, *ends))


def _check_basic(parts, shape):
    """Raise IndexError, where TensorFlow raises errors of its own, on the CPU only."""
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError("An index can have only one ellipsis (...).")
    if any(isinstance(part, slice) and type(part.step) is int and part.step == 0 for part in parts):
        raise ValueError("The step of a slice cannot be zero.")
    if shape.rank is None:
        return
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    if taken > shape.rank:
        raise IndexError(f"Too many indices: {taken} for an array of {shape.rank} axes.")
    axis = 0
    for part in parts:
        if part is Ellipsis:
            axis += shape.rank - taken
        elif part is not None:
            size = shape[axis]
            if type(part) is int and size is not None and not -size <= part < size:
                raise IndexError(f"Index {part} is out of range for axis {axis} of length {size}.")
            axis += 1


def _positions(shape, parts):
    return np.asarray(np.arange(math.prod(shape)).reshape(shape)[parts])


def _only_mask(parts, what):
    """Return the mask that a graph's index consists of, or say what else would be needed."""
    if len(parts) == 1 and parts[0].dtype.kind == "b":
        return _Symbolic.unwrapped(parts[0])
    raise IndexError(
        f"Cannot {what} with a mixed index whose arrays, or the array's shape, are known only when the tf.function "
        "runs. Use one index array at a time, xp.take or xp.where."
    )


def _broadcast(value, shape):
    if isinstance(shape, tuple):
        # As in NumPy, the value may have axes of length one too many in front.
        while value.shape.rank > len(shape) and value.shape[0] == 1:
            value = tf.squeeze(value, 0)
    return tf.broadcast_to(value, shape)


def _last_of_each(positions, value):
    """Keep the last of the values that are assigned to one position; TensorFlow leaves the order open."""
    positions = positions.reshape(-1)
    found, last = np.unique(positions[::-1], return_index=True)
    if found.size == positions.size:
        return positions, value
    return found, tf.gather(tf.reshape(value, (-1,)), positions.size - 1 - last)


def _scatter(x, positions, value):
    flat = tf.reshape(x, (-1,))
    indices = tf.reshape(tf.convert_to_tensor(positions), (-1, 1))
    return tf.reshape(tf.tensor_scatter_nd_update(flat, indices, tf.reshape(value, (-1,))), tf.shape(x))
