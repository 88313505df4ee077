"""`Array` over TensorFlow's tensors."""

import tensorflow as tf

from multigrad._array import Array
from multigrad._dtypes import dtype_name
from multigrad.array_api.tensorflow import _dtypes, _indexing, _native, _object


class TensorFlowArray(Array):
    """`multigrad.Array` over `tf.Tensor`. TensorFlow's own functions take it and give tensors back."""

    __slots__ = ()
    backend = "tensorflow"
    _xp = _native
    _is_native = staticmethod(_object.is_native)
    _is_array_object = staticmethod(_object.is_array_object)
    _is_recorded = staticmethod(_object.is_recorded)
    _is_symbolic = staticmethod(_object.is_symbolic)
    _to_numpy = staticmethod(_object.to_numpy)
    _device = staticmethod(_object.device_name)
    _to_device = staticmethod(_object.to_device)
    _getitem = staticmethod(_indexing.getitem)
    _setitem = staticmethod(_indexing.setitem)
    _dlpack = staticmethod(_object.dlpack)

    def __init__(self, native, /):
        super().__init__(_object.tensor(native))

    @classmethod
    def _wrap(cls, native):
        # A variable is changed in place by its owner; an Array holds the value that it has now.
        return super()._wrap(_object.tensor(native))

    @staticmethod
    def _asarray(obj, dtype=None, device=None):
        return _native.asarray(obj, dtype=_dtypes.DTYPES[dtype_name(dtype)] if dtype else None, device=device)

    def __tf_tensor__(self, dtype=None, name=None):
        native = self.native
        # As for NumPy arrays, TensorFlow's callers (Keras casts everything to its float32) decide about the precision.
        if dtype is not None and native.dtype != dtype and _same_kind(native.dtype, dtype):
            native = _dtypes.astype(native, dtype)
        return tf.convert_to_tensor(native, dtype=dtype, name=name)

    def __tf_tracing_type__(self, context):
        # Without it a tf.function traces itself anew for every Array.
        return tf.TensorSpec(self.native.shape, self.native.dtype)


def _same_kind(source, target):
    """Tell whether a cast loses no more than precision."""
    kinds = ("bool", "integral", "real floating", "complex floating")
    order = [next(i for i, kind in enumerate(kinds) if _dtypes.isdtype(dtype, kind)) for dtype in (source, target)]
    return order[0] <= order[1]
