"""`Array` over torch's tensors."""

from collections.abc import Mapping

import torch

from multigrad._array import Array
from multigrad._dtypes import dtype_name
from multigrad.array_api.torch import _dtypes, _indexing, _native, _object


class TorchArray(Array):
    """`multigrad.Array` over `torch.Tensor`. torch's own functions take it and give it back."""

    __slots__ = ()
    backend = "torch"
    _xp = _native
    _is_native = staticmethod(_object.is_native)
    _is_recorded = staticmethod(_object.is_recorded)
    _is_symbolic = staticmethod(_object.is_symbolic)
    _is_mapped = staticmethod(_object.is_mapped)
    _to_numpy = staticmethod(_object.to_numpy)
    _peek = staticmethod(_object.peek)
    _device = staticmethod(_object.device_name)
    _getitem = staticmethod(_indexing.getitem)
    _setitem = staticmethod(_indexing.setitem)

    @staticmethod
    def _asarray(obj, dtype=None, device=None):
        return _native.asarray(obj, dtype=_dtypes.DTYPES[dtype_name(dtype)] if dtype else None, device=device)

    @staticmethod
    def _to_device(native, device):
        return native.to(_object.as_device(device))

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return _convert(function(*_convert(args, _unwrap), **_convert(kwargs or {}, _unwrap)), _wrap)


def _unwrap(x):
    return x.native if isinstance(x, TorchArray) else x


def _wrap(x):
    return TorchArray._wrap(x) if isinstance(x, torch.Tensor) else x


def _convert(tree, convert):
    """Apply a conversion to the leaves of torch's arguments and results: lists, tuples, dicts, return types."""
    if isinstance(tree, Mapping):
        return {key: _convert(value, convert) for key, value in tree.items()}
    if isinstance(tree, tuple | list) and not isinstance(tree, torch.Size):
        parts = [_convert(part, convert) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return convert(tree)
