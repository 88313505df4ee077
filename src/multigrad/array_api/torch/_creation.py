"""Creation functions. Without ``dtype`` and ``device`` the running computation decides."""

import numpy as np
import torch

from multigrad.array_api import _defaults
from multigrad.array_api.torch._dtypes import DTYPES, promotion
from multigrad.array_api.torch._object import as_device

__all__ = [
    "arange",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "linspace",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


def _place(dtype, device, *numbers):
    """Return the keyword arguments for torch: the given ones, or the defaults for such numbers."""
    if dtype is None:
        dtype = DTYPES[_defaults.dtype_of_number(*numbers) if numbers else _defaults.default_dtype()]
    return {"dtype": dtype, "device": as_device(_defaults.device() if device is None else device)}


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    if stop is None:
        start, stop = 0, start
    options = _place(dtype, device, start, stop, step)
    if (stop - start) * step <= 0:  # torch refuses a range against its step
        return torch.empty((0,), **options)
    return torch.arange(start, stop, step, **options)


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    if isinstance(obj, torch.Tensor):
        result = obj.to(dtype=dtype, device=as_device(device))
        return result.clone() if copy and result is obj else result
    if isinstance(obj, bool | int | float | complex) and not isinstance(obj, np.generic):
        return torch.tensor(obj, **_place(dtype, device, obj))
    if isinstance(obj, list | tuple) and _holds_tensor(obj):
        return _stacked([asarray(part, dtype=dtype, device=device) for part in obj])
    device = as_device(_defaults.device() if device is None else device)
    if not isinstance(obj, np.ndarray | np.generic):
        obj = np.asarray(obj)
        default = _defaults.dtype_of_values(obj.dtype.kind)
        if dtype is None and default is not None:
            obj = obj.astype(default)
    # A NumPy array may change after the call; the standard's arrays must not change with it.
    return torch.tensor(obj, dtype=dtype, device=device)


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
    return torch.full(shape, fill_value, **_place(dtype, device, fill_value))


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None):
    n_cols = n_rows if n_cols is None else n_cols
    options = _place(dtype, device)
    rows = torch.arange(n_rows, device=options["device"])
    columns = torch.arange(n_cols, device=options["device"])
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
    return torch.full_like(x, fill_value, dtype=dtype, device=as_device(device))
