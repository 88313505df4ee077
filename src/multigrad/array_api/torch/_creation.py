"""Creation functions. Without ``dtype`` and ``device`` the running computation decides."""

import math
from types import SimpleNamespace

import numpy as np
import torch

from multigrad._dtypes import dtype_name
from multigrad.array_api import _checks, _composed, _defaults
from multigrad.array_api.torch._dtypes import DTYPES, in_range, promotion
from multigrad.array_api.torch._object import as_device, outside_programs
from multigrad.array_api.torch._regular import is_traced
from multigrad.array_api.torch._unsigned import SIGNED, by_bits

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


# Made once: torch.compile cannot follow a union of NumPy's types.
_FROM_NUMPY = (np.ndarray, np.generic)


def _place(dtype, device, *numbers):
    """Return the keyword arguments for torch: the given ones, or the defaults for such numbers."""
    if dtype is None:
        dtype = DTYPES[_defaults.dtype_of_number(*numbers) if numbers else _defaults.default_dtype()]
    return {"dtype": dtype, "device": as_device(_defaults.device() if device is None else device)}


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    if stop is None:
        start, stop = 0, start
    options = _place(dtype, device, start, stop, step)
    if step == 0:
        raise ValueError("Expected a step other than 0.")
    if (stop - start) * step <= 0:  # torch refuses a range against its step
        return torch.empty((0,), **options)
    dtype = options["dtype"]
    if dtype in SIGNED:  # torch has no kernel
        positions = torch.arange(math.ceil((stop - start) / step), device=options["device"])
        if isinstance(start, int) and isinstance(step, int):
            signed = start - 2**64 if start >= 2**63 else start
            return (positions * step + signed).to(dtype)
        return (positions * step + start).to(dtype)
    if any(isinstance(number, float) for number in (start, stop, step)) and not dtype.is_floating_point:
        count = math.ceil((stop - start) / step)  # torch cuts the step to an integer first
        return (torch.arange(count, device=options["device"], dtype=torch.float64) * step + start).to(dtype)
    return torch.arange(start, stop, step, **options)


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    if isinstance(obj, torch.Tensor):
        result = obj.to(dtype=dtype, device=as_device(device))
        if copy is False and result is not obj:
            raise ValueError("Expected the array's own dtype and device with copy=False: no cast, no move.")
        return result.clone() if copy and result is obj else result
    if type(obj) is np.ndarray and copy is not False:
        return _of_data(from_numpy_array(obj), dtype, device)
    if copy is False:
        raise ValueError(f"Expected an array of torch with copy=False, got {type(obj).__name__}, which must be copied.")
    if isinstance(obj, bool | int | float | complex) and not isinstance(obj, np.generic):
        return torch.tensor(obj, **_place(dtype, device, obj))
    if isinstance(obj, list | tuple) and _holds_tensor(obj):
        return _stacked([asarray(part, dtype=dtype, device=device) for part in obj])
    if isinstance(obj, list | tuple) and torch.compiler.is_compiling():  # which follows nothing of NumPy's
        return torch.tensor(obj, **_place(dtype, device, *_numbers(obj)))
    if not isinstance(obj, _FROM_NUMPY):
        # Large integers stay exact where their dtype is known.
        integers = dtype is not None and not (dtype.is_floating_point or dtype.is_complex or dtype is torch.bool)
        obj = np.asarray(obj, dtype=dtype_name(dtype) if integers else None)
        if obj.dtype.kind not in "biufc":
            raise TypeError(f"xp.asarray takes numbers and arrays of numbers, got dtype {obj.dtype.name!r}.")
        default = _defaults.dtype_of_values(obj.dtype.kind)
        if dtype is None and default is not None:
            obj = obj.astype(default)
    elif isinstance(obj, np.ndarray):
        obj = from_numpy_array(obj)
    return _of_data(obj, dtype, device)


def _of_data(obj, dtype, device):
    """Return a copy of data: a NumPy array may change after the call, the standard's arrays must not change with it."""
    device = as_device(_defaults.device() if device is None else device)
    if not is_traced():
        return torch.tensor(obj, dtype=dtype, device=device)
    with outside_programs():
        return torch.tensor(obj, dtype=dtype, device=device)


def from_numpy_array(x):
    """Return a NumPy array as torch takes it, which knows no negative strides."""
    x = _checks.numpy_array(x)
    return np.ascontiguousarray(x) if min(x.strides, default=0) < 0 else x


def _numbers(obj):
    """Return the numbers in nested lists."""
    return [x for part in obj for x in (_numbers(part) if isinstance(part, list | tuple) else (part,))]


def _holds_tensor(obj):
    return any(isinstance(x, torch.Tensor) or (isinstance(x, list | tuple) and _holds_tensor(x)) for x in obj)


def _stacked(parts):
    return torch.stack(promotion.common(parts))


def empty(shape, *, dtype=None, device=None):
    return torch.empty(shape, **_place(dtype, device))


def zeros(shape, *, dtype=None, device=None):
    return torch.zeros(shape, **_place(dtype, device))


def ones(shape, *, dtype=None, device=None):
    return torch.ones(shape, **_place(dtype, device))


def full(shape, fill_value, *, dtype=None, device=None):
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if isinstance(fill_value, torch.Tensor):  # a differentiable value stays differentiable
        return asarray(fill_value, dtype=dtype, device=device).expand(shape)
    options = _place(dtype, device, fill_value)
    return torch.full(shape, in_range(fill_value, options["dtype"]), **options)


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None):
    n_cols = n_rows if n_cols is None else n_cols
    options = _place(dtype, device)
    if k == 0:
        return torch.eye(n_rows, n_cols, **options)
    rows = torch.arange(n_rows, device=options["device"])
    columns = torch.arange(n_cols, device=options["device"])
    k = max(-n_rows, min(k, n_cols))  # beyond, all diagonals are outside, and k may be no int64
    return (columns[None, :] - rows[:, None] == k).to(options["dtype"])


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True):
    options = _place(dtype, device, float(0), start, stop)
    values = torch.linspace(start, stop, num if endpoint else num + 1, **options)
    return values if endpoint else values[:num]


def empty_like(x, /, *, dtype=None, device=None):
    return torch.empty_like(x, dtype=dtype, device=as_device(device), requires_grad=False)


def zeros_like(x, /, *, dtype=None, device=None):
    return torch.zeros_like(x, dtype=dtype, device=as_device(device))


def ones_like(x, /, *, dtype=None, device=None):
    return torch.full_like(x, 1, dtype=dtype, device=as_device(device))  # faster than torch.ones_like


def full_like(x, /, fill_value, *, dtype=None, device=None):
    if isinstance(fill_value, torch.Tensor):
        return asarray(fill_value, dtype=dtype or x.dtype, device=device).expand(x.shape)
    return torch.full_like(x, in_range(fill_value, dtype or x.dtype), dtype=dtype, device=as_device(device))


def from_dlpack(x, /, *, device=None, copy=None):
    if not hasattr(x, "__dlpack__"):
        raise TypeError(f"xp.from_dlpack takes an array that has __dlpack__, got {type(x).__name__}.")
    source = x if isinstance(x, torch.Tensor) else torch.from_dlpack(x)
    result = source if device is None else source.to(as_device(device))
    if copy is False and result is not source:
        raise ValueError(f"Expected copy=None or True to move an array from {source.device} to {result.device}.")
    return result.clone() if copy and result is source else result


@by_bits
def tril(x, /, *, k=0):
    return torch.tril(x, k)


@by_bits
def triu(x, /, *, k=0):
    return torch.triu(x, k)


_meshgrid = _composed.bound(
    _composed.meshgrid, SimpleNamespace(reshape=torch.reshape, broadcast_arrays=torch.broadcast_tensors)
)


def meshgrid(*arrays, indexing="xy"):
    return list(_meshgrid(*arrays, indexing=indexing))
