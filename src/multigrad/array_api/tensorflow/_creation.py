"""Creation functions. Without ``dtype`` and ``device`` the running computation decides."""

from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from multigrad._dtypes import dtype_name
from multigrad.array_api import _checks, _composed, _defaults
from multigrad.array_api.tensorflow import _object
from multigrad.array_api.tensorflow._dtypes import DTYPES, astype, promotion
from multigrad.array_api.tensorflow._manipulation import broadcast_arrays, reshape
from multigrad.array_api.tensorflow._object import is_native, placed, tensor
from multigrad.array_api.tensorflow._shapes import ndim, sizes, vector

__all__ = [
    "arange",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "linspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tril",
    "triu",
    "zeros",
    "zeros_like",
]


def _dtype(dtype, *numbers):
    """Return the given dtype, or the default for such numbers."""
    if dtype is not None:
        return dtype
    return DTYPES[_defaults.dtype_of_number(*numbers) if numbers else _defaults.default_dtype()]


def _placed(device):
    return placed(_defaults.device() if device is None else device)


def _shape(shape):
    """Return a shape given as a tuple, an integer or a tensor as TensorFlow takes it."""
    if is_native(shape):
        return shape
    lengths = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if any(not is_native(size) and size < 0 for size in lengths):
        raise ValueError(f"Expected sizes of at least 0 in a shape, got {shape}.")
    return vector(lengths)


def _from_numpy(values, dtype, device):
    """Return a NumPy array as a tensor; TensorFlow copies it."""
    # By way of NumPy also for numbers: TensorFlow's cache of eager scalars takes 0.0 and -0.0 for the same.
    with _placed(device):
        return tf.convert_to_tensor(values.astype(dtype.as_numpy_dtype, copy=False))


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    if stop is None:
        start, stop = 0, start
    if any(map(is_native, (start, stop, step))):  # known only when a graph runs, perhaps
        with _placed(device):
            ends = [x if is_native(x) else asarray(x) for x in (start, stop, step)]
            values = tf.range(*promotion.common(ends))
            return values if dtype is None else astype(values, dtype)
    if step == 0:
        raise ValueError("Expected a step other than 0 for xp.arange.")
    dtype = _dtype(dtype, start, stop, step)
    values = np.arange(start, stop, step)  # TensorFlow's own adds up the steps, and their rounding errors
    return _from_numpy(values, dtype, device)


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    if is_native(obj) or hasattr(obj, "__tf_tensor__"):
        found = tf.convert_to_tensor(obj)
        wanted = found.dtype if dtype is None else dtype
        _check_copy(copy, isinstance(obj, tf.Variable) or found.dtype != wanted)
        return astype(found, wanted, device=device)
    if hasattr(obj, "__dlpack__") and not isinstance(obj, np.ndarray | np.generic):
        found = from_dlpack(obj, device=_defaults.device() if device is None else device, copy=copy)
        _check_copy(copy, dtype not in (None, found.dtype))
        return found if dtype is None else astype(found, dtype)
    _check_copy(copy, True)
    if isinstance(obj, bool | int | float | complex) and not isinstance(obj, np.generic):
        return _from_numpy(np.asarray(obj), _dtype(dtype, obj), device)
    if isinstance(obj, list | tuple) and _holds_tensor(obj):
        return tf.stack(promotion.common(asarray(part, dtype=dtype, device=device) for part in obj))
    if not isinstance(obj, np.ndarray | np.generic):
        obj = np.asarray(obj)
        default = _defaults.dtype_of_values(obj.dtype.kind)
        if dtype is None and default is not None:
            dtype = DTYPES[default]
    # Of NumPy's scalars TensorFlow keeps those it has seen, and takes -0.0 for 0.0.
    obj = np.asarray(_checks.numpy_array(obj))
    return _from_numpy(obj, DTYPES[dtype_name(obj.dtype)] if dtype is None else dtype, device)


def _check_copy(copy, needed):
    if copy is False and needed:
        raise ValueError("Expected an object that needs no copy for copy=False: a tensor of the same dtype.")


def _holds_tensor(obj):
    return any(is_native(x) or (isinstance(x, list | tuple) and _holds_tensor(x)) for x in obj)


def empty(shape, *, dtype=None, device=None):
    return zeros(shape, dtype=dtype, device=device)


def zeros(shape, *, dtype=None, device=None):
    with _placed(device):
        return tf.zeros(_shape(shape), _dtype(dtype))


def ones(shape, *, dtype=None, device=None):
    with _placed(device):
        return tf.ones(_shape(shape), _dtype(dtype))


def full(shape, fill_value, *, dtype=None, device=None):
    # A differentiable value stays differentiable.
    with _placed(device):
        return tf.broadcast_to(asarray(fill_value, dtype=dtype), _shape(shape))


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None):
    n_cols = n_rows if n_cols is None else n_cols
    with _placed(device):
        return tf.cast(tf.range(n_cols)[None, :] - tf.range(n_rows)[:, None] == k, _dtype(dtype))


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True):
    dtype = _dtype(dtype, 0.0, start, stop)
    if not is_native(start) and not is_native(stop):
        return _from_numpy(np.linspace(start, stop, num, endpoint=endpoint), dtype, device)
    # Differentiable ends stay differentiable.
    weights = asarray(np.linspace(0.0, 1.0, num, endpoint=endpoint), dtype=dtype, device=device)
    start, stop = (asarray(end, dtype=dtype, device=device) for end in (start, stop))
    return start * (1 - weights) + stop * weights


def empty_like(x, /, *, dtype=None, device=None):
    return zeros_like(x, dtype=dtype, device=device)


def zeros_like(x, /, *, dtype=None, device=None):
    with placed(device):
        return tf.zeros_like(x, dtype)


def ones_like(x, /, *, dtype=None, device=None):
    with placed(device):
        return tf.ones_like(x, dtype)


def full_like(x, /, fill_value, *, dtype=None, device=None):
    with placed(device):
        return tf.broadcast_to(asarray(fill_value, dtype=x.dtype if dtype is None else dtype), tf.shape(x))


def from_dlpack(x, /, *, device=None, copy=None):
    if is_native(x):
        return _object.to_device(tensor(x) if copy is not True else tf.raw_ops.DeepCopy(x=tensor(x)), device)
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"xp.from_dlpack takes an array with __dlpack__, got {type(x).__name__}.")
    return _object.from_dlpack(x, device, copy)


def tril(x, /, *, k=0):
    return _part(x, "tril", lambda row, column: column <= row + k)


def triu(x, /, *, k=0):
    return _part(x, "triu", lambda row, column: column >= row + k)


def _part(x, name, keeps):
    x = tensor(x)
    _checks.at_least(ndim(x), 2, name)
    rows, columns = map(tf.range, sizes(x)[-2:])
    # Not a product with zeros: NaN would stay.
    return tf.where(keeps(rows[:, tf.newaxis], columns), x, tf.zeros((), x.dtype))


_functions = SimpleNamespace(broadcast_arrays=broadcast_arrays, reshape=reshape)


def meshgrid(*arrays, indexing="xy"):
    return list(_composed.meshgrid(_functions, *arrays, indexing=indexing))  # a list until version 2025.12
