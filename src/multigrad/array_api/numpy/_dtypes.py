"""Data types, and the functions of the engine under NumPy's types."""

import numpy as np

from multigrad.array_api._data_types import DataTypes
from multigrad.array_api._promotion import Promotion
from multigrad.array_api.numpy import _framework
from multigrad.engine import TracedNamespace

# Functions that compute with NumPy and record what they do.
traced = TracedNamespace(_framework)

DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    )
}
globals().update(DTYPES)

__all__ = ["astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"]
__all__ += list(DTYPES)


def astype(x, dtype, /, *, copy=True, device=None):
    """Cast an array to a dtype."""
    return x if x.dtype == dtype else traced.astype(x, dtype)


promotion = Promotion(DTYPES, astype, lambda number, array: np.asarray(number, dtype=array.dtype))
floating = promotion.unary(lambda x: x)  # integers become the default real dtype
_functions = DataTypes(DTYPES)
can_cast, finfo, iinfo = _functions.can_cast, _functions.finfo, _functions.iinfo
isdtype, result_type = _functions.isdtype, _functions.result_type
