"""Creation functions. Without ``dtype`` the running computation decides."""

import numpy as np

from multigrad.array_api import _checks, _defaults
from multigrad.array_api.numpy._dtypes import DTYPES, astype, promotion, traced
from multigrad.array_api.numpy._object import check_device
from multigrad.engine import Tracer

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


def _dtype(dtype, device, *numbers):
    """Return the dtype to use: the given one, or the default for such numbers."""
    check_device(device)
    if dtype is not None:
        return dtype
    return DTYPES[_defaults.dtype_of_number(*numbers) if numbers else _defaults.default_dtype()]


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    if stop is None:
        start, stop = 0, start
    return np.arange(start, stop, step, dtype=_dtype(dtype, device, start, stop, step))


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    check_device(device)
    if isinstance(obj, Tracer):
        return obj if dtype is None else astype(obj, dtype)
    if isinstance(obj, list | tuple) and _holds_tracer(obj):
        return traced.stack(promotion.common([asarray(part, dtype=dtype) for part in obj]))
    if not isinstance(obj, np.ndarray | np.generic):
        obj = np.asarray(obj)
        if obj.dtype.kind not in "biufc":
            raise TypeError(f"xp.asarray takes numbers and arrays of them, got values of dtype {obj.dtype}.")
        dtype = dtype or DTYPES.get(_defaults.dtype_of_values(obj.dtype.kind))
    obj = _checks.numpy_array(obj)
    # A copy: the caller may change its array after the call.
    return np.array(obj, dtype=dtype)


def _holds_tracer(obj):
    return any(isinstance(x, Tracer) or (isinstance(x, list | tuple) and _holds_tracer(x)) for x in obj)


def empty(shape, *, dtype=None, device=None):
    return np.empty(shape, dtype=_dtype(dtype, device))


def zeros(shape, *, dtype=None, device=None):
    return np.zeros(shape, dtype=_dtype(dtype, device))


def ones(shape, *, dtype=None, device=None):
    return np.ones(shape, dtype=_dtype(dtype, device))


def full(shape, fill_value, *, dtype=None, device=None):
    if isinstance(fill_value, str):
        raise TypeError(f"xp.full takes a number, got {fill_value!r}.")
    if isinstance(fill_value, Tracer | np.ndarray | np.generic):
        return traced.broadcast_to(fill_value if dtype is None else astype(fill_value, dtype), shape)
    return np.full(shape, fill_value, dtype=_dtype(dtype, device, fill_value))


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None):
    return np.eye(n_rows, n_cols, k=k, dtype=_dtype(dtype, device))


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True):
    return np.linspace(start, stop, num, endpoint=endpoint, dtype=_dtype(dtype, device, float(0), start, stop))


def empty_like(x, /, *, dtype=None, device=None):
    return traced.empty_like(x, dtype=dtype)


def zeros_like(x, /, *, dtype=None, device=None):
    return traced.zeros_like(x, dtype=dtype)


def ones_like(x, /, *, dtype=None, device=None):
    return traced.ones_like(x, dtype=dtype)


def full_like(x, /, fill_value, *, dtype=None, device=None):
    return traced.full_like(x, fill_value, dtype=dtype)


def from_dlpack(x, /, *, device=None, copy=None):
    check_device(device)
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"xp.from_dlpack takes an object with __dlpack__, got {type(x).__name__}.")
    found = np.from_dlpack(x, copy=copy)
    return found if copy is False else np.array(found)  # the producer may change its array after the call


def meshgrid(*arrays, indexing="xy"):
    return list(traced.meshgrid(*arrays, indexing=indexing))


def tril(x, /, *, k=0):
    _checks.at_least(x.ndim, 2, "tril")
    return traced.tril(x, k=k)


def triu(x, /, *, k=0):
    _checks.at_least(x.ndim, 2, "triu")
    return traced.triu(x, k=k)
