"""`Array` over NumPy's arrays, plain and traced."""

import numpy as np

from multigrad._array import Array
from multigrad._dtypes import dtype_name
from multigrad.array_api import _checks
from multigrad.array_api.numpy import _dtypes, _indexing, _native, _object


class NumpyArray(Array):
    """`multigrad.Array` over `numpy.ndarray`. What is differentiated is an array that the engine traces."""

    __slots__ = ()
    backend = "numpy"
    _xp = _native
    _is_native = staticmethod(_object.is_native)
    _is_array_object = staticmethod(_object.is_array_object)
    _is_recorded = staticmethod(_object.is_recorded)
    _to_numpy = staticmethod(_object.to_numpy)
    _peek = staticmethod(_object.peek)
    _device = staticmethod(_object.device_name)
    _to_device = staticmethod(_object.to_device)
    _getitem = staticmethod(_indexing.getitem)
    _setitem = staticmethod(_indexing.setitem)

    @staticmethod
    def _asarray(obj, dtype=None, device=None):
        return _native.asarray(obj, dtype=_dtypes.DTYPES[dtype_name(dtype)] if dtype else None, device=device)

    @classmethod
    def _native_form(cls, native):
        # A traced array has no NumPy form that could be differentiated; NumPy's scalars stand for 0-d arrays.
        return cls._wrap(native) if _object.is_recorded(native) else np.asarray(native)

    @classmethod
    def _coerce(cls, other):
        if isinstance(other, Array) and type(other) is not cls:
            return NotImplemented  # NumPy's arrays go to the other's framework, whose reflected operator answers
        if isinstance(other, np.ndarray) and type(other) is not np.ndarray:
            return _checks.numpy_array(other)
        return super()._coerce(other)
