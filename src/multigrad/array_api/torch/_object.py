"""The array object: how torch's tensors are told apart, inspected, read and written."""

import contextlib

import torch
from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing, get_proxy_slot

from multigrad._errors import DeviceError

_functorch = torch._C._functorch  # no public question "is this tensor being transformed?" (torch 2.13)


def is_native(x):
    return isinstance(x, torch.Tensor)


def is_recorded(x):
    return x.requires_grad or _functorch.is_functorch_wrapped_tensor(x)


def is_mapped(*arrays):
    """Tell whether a running vmap may give an array another value for each slice; Dynamo cannot be asked."""
    return torch.compiler.is_compiling() or any([_map_levels(x) for x in arrays])


def varies_beyond(x, other):
    """Tell whether a running vmap may give another array a value for each slice and x one for all."""
    if torch.compiler.is_compiling():
        return True
    return bool(_map_levels(other) - _map_levels(x))


def _map_levels(x):
    levels = set()
    while _functorch.is_functorch_wrapped_tensor(x):
        if _functorch.is_batchedtensor(x):
            levels.add(_functorch.maybe_get_level(x))
        x = _functorch.get_unwrapped(x)
    return levels


def is_symbolic(x):
    """Tell whether a program is being traced and x is one of its values: what x holds is only an example's."""
    mode = torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.PROXY)
    if mode is None:
        return False
    while _functorch.is_functorch_wrapped_tensor(x):
        x = _functorch.get_unwrapped(x)
    found = get_proxy_slot(x, mode.tracer, default=None)
    return found is not None and found.constant is None


def outside_programs():
    """Return a context in which nothing is taken down by make_fx: what is made in it is known, as data of f is."""
    if torch.compiler.is_compiling() or not _makes_program():
        return contextlib.nullcontext()
    return disable_proxy_modes_tracing()


def is_known_in_program(x):
    """Tell whether a program is being traced, and x is no value of it: data, which may be looked at."""
    if torch.compiler.is_compiling() or not _makes_program():
        return False
    return not (_functorch.is_functorch_wrapped_tensor(x) or is_symbolic(x))


def _makes_program():
    return torch._C._get_dispatch_mode(torch._C._TorchDispatchModeKey.PROXY) is not None


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
    if x._is_zerotensor():  # zeros that torch has not written out: a part of them would be read from nowhere (2.13)
        x = x.clone()
    return x.numpy(force=True)  # also of conjugates and negatives that torch has not written out yet


def peek(x):
    """Return the value for display, out of any functorch wrapper."""
    while _functorch.is_functorch_wrapped_tensor(x):
        x = _functorch.get_unwrapped(x)
    return to_numpy(x)
