"""The array object: how torch's tensors are told apart, inspected, read and written."""

import numpy as np
import torch

from multigrad._errors import DeviceError

_functorch = torch._C._functorch  # no public question "is this tensor being transformed?" (torch 2.13)


def is_native(x):
    return isinstance(x, torch.Tensor)


def is_recorded(x):
    return x.requires_grad or _functorch.is_functorch_wrapped_tensor(x)


def device_name(x):
    device = x.device
    kind = "gpu" if device.type == "cuda" else device.type
    return kind if kind == "cpu" else f"{kind}:{device.index or 0}"


def as_device(device):
    """Return a device given by name ("gpu" means CUDA) or as torch's own object as torch's; None stays None."""
    if device is None or isinstance(device, torch.device):
        return device
    try:
        found = torch.device(str(device).replace("gpu", "cuda"))
    except RuntimeError as error:
        raise DeviceError(f"Unknown device {device!r} for torch; it sees {', '.join(device_names())}.") from error
    if found.type == "cuda" and (found.index or 0) >= torch.cuda.device_count():
        raise DeviceError(f"No device {device!r} for torch on this machine; it sees {', '.join(device_names())}.")
    return found


def device_names():
    cuda = tuple(f"gpu:{i}" for i in range(torch.cuda.device_count()))
    mps = ("mps:0",) if torch.backends.mps.is_available() else ()
    default = torch.get_default_device().type
    names = ("cpu", *cuda, *mps)
    return names if default == "cpu" else tuple(sorted(names, key=lambda name: name == "cpu"))


def to_numpy(x):
    """Return a copy-free NumPy array where torch can give one; also of values that are only looked at."""
    x = x.detach().cpu()
    if x.dtype is torch.bfloat16:  # NumPy has no bfloat16
        x = x.to(torch.float32)
    return x.numpy(force=True)  # also of conjugates, negatives and zeros that torch has not written out yet


def getitem(x, key):
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts):
        return _reversed_slices(x, parts)
    return x[key]


def _reversed_slices(x, parts):
    """Slice with negative steps, which torch lacks, by taking positions along each such axis."""
    fixed = sum(part is not None and part is not Ellipsis for part in parts)
    axis = 0
    rest = []
    for part in parts:
        reversed_ = isinstance(part, slice) and (part.step or 1) < 0
        if reversed_:
            positions = list(range(x.shape[axis]))[part]
            x = x.index_select(axis, torch.as_tensor(positions, dtype=torch.int64, device=x.device))
        rest.append(slice(None) if reversed_ else part)
        if part is Ellipsis:
            axis += x.ndim - fixed
        elif part is not None:
            axis += 1
    return x[tuple(rest)]


def setitem(x, key, value):
    parts = key if isinstance(key, tuple) else (key,)
    repeats = any(_is_positions(part) for part in parts) and (value.numel() != 1 or is_recorded(value))
    if repeats or any(isinstance(part, slice) and (part.step or 1) < 0 for part in parts):
        positions = getitem(torch.arange(x.numel(), device=x.device).reshape(x.shape), key)
        flat = x.reshape(-1).clone()
        flat[positions] = _last_of_each(positions, value, x.numel()) if repeats else value
        return flat.reshape(x.shape)
    copy = x.clone()
    copy[key] = value
    return copy


def _is_positions(part):
    """Tell whether a part of an index is an array of integers, in which one may occur twice."""
    return isinstance(part, list) or (getattr(part, "ndim", 0) > 0 and part.dtype not in (torch.bool, np.dtype(bool)))


def _last_of_each(positions, value, size):
    """Keep the last of the values for one position; torch leaves the order open, and its derivative counts them all."""
    while value.ndim > positions.ndim and value.shape[0] == 1:
        value = value[0]
    order = torch.arange(positions.numel(), device=positions.device)
    last = torch.zeros(size, dtype=torch.int64, device=positions.device)
    last = last.scatter_reduce(0, positions.reshape(-1), order, "amax")[positions]
    value = torch.broadcast_to(value, positions.shape).reshape(-1)[last]
    return torch.where(last == order.reshape(positions.shape), value, value.detach())


def peek(x):
    """Return the value for display, out of any functorch wrapper."""
    while _functorch.is_functorch_wrapped_tensor(x):
        x = _functorch.get_unwrapped(x)
    return to_numpy(x)


def from_dlpack(x, device=None):
    return torch.from_dlpack(x).to(device=as_device(device)) if not isinstance(x, np.ndarray) else torch.from_numpy(x)
