"""Data types."""

import numpy as np
import tensorflow as tf
from tensorflow import (
    bfloat16,
    bool,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)

from multigrad._dtypes import dtype_name
from multigrad.array_api._data_types import DataTypes
from multigrad.array_api._promotion import Promotion
from multigrad.array_api.tensorflow._object import tensor, to_device

__all__ = [
    "astype",
    "bfloat16",
    "bool",
    "can_cast",
    "complex64",
    "complex128",
    "finfo",
    "float16",
    "float32",
    "float64",
    "iinfo",
    "int8",
    "int16",
    "int32",
    "int64",
    "isdtype",
    "result_type",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

DTYPES = {
    "bool": bool,
    "int8": int8,
    "int16": int16,
    "int32": int32,
    "int64": int64,
    "uint8": uint8,
    "uint16": uint16,
    "uint32": uint32,
    "uint64": uint64,
    "float16": float16,
    "bfloat16": bfloat16,
    "float32": float32,
    "float64": float64,
    "complex64": complex64,
    "complex128": complex128,
}

UNSIGNED = frozenset((uint8, uint16, uint32, uint64))
HALF = frozenset((float16, bfloat16))


def astype(x, dtype, /, *, copy=True, device=None):
    """Cast an array to a dtype; tensors are immutable, so no copy is made where none is needed."""
    if not isinstance(dtype, tf.DType):
        dtype = DTYPES[dtype_name(dtype)]
    return to_device(_cast(tensor(x), dtype), device)


def _cast(x, dtype):
    if x.dtype == dtype:
        return x
    if x.dtype.is_complex and dtype == bool:
        return tf.not_equal(x, tf.zeros_like(x))
    if x.dtype.is_complex and not dtype.is_complex:
        x = tf.math.real(x)
    elif dtype.is_complex and not x.dtype.is_complex:
        # tf.cast would log a warning about a lost imaginary part for every gradient taken through it.
        part = tf.cast(x, dtype.real_dtype)
        return tf.complex(part, tf.zeros_like(part))
    return tf.cast(x, dtype)


def constant(number, array):
    """Return a Python number as a 0-d tensor of an array's dtype."""
    dtype = array.dtype
    if number and type(number) in (int, float) and not dtype.is_integer:
        return tf.constant(number, dtype)
    # TensorFlow caches eager scalars by equality, and 0.0 == -0.0: the first that came would stand for both. Integers
    # out of the dtype's range it wraps.
    return tf.convert_to_tensor(np.asarray(number, dtype=dtype.as_numpy_dtype))


promotion = Promotion(DTYPES, astype, constant)
floating = promotion.unary(tensor)  # integers become the default real dtype
_functions = DataTypes(DTYPES)
can_cast, finfo, iinfo = _functions.can_cast, _functions.finfo, _functions.iinfo
isdtype, result_type = _functions.isdtype, _functions.result_type
