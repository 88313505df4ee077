"""The array object: NumPy's arrays and scalars, and arrays that the engine traces."""

import numpy as np

from multigrad._errors import DeviceError
from multigrad.engine import Tracer


def is_native(x):
    return isinstance(x, np.ndarray | np.generic | Tracer)


def is_plain(x):
    return isinstance(x, np.ndarray | np.generic)


def is_array_object(x):
    # NumPy's scalars stand for 0-d arrays; a subclass of its arrays has rules of its own.
    return type(x) is np.ndarray or isinstance(x, Tracer)


def is_recorded(x):
    return isinstance(x, Tracer)


def device_name(x):
    return "cpu"


def to_device(x, device):
    check_device(device)
    return x


def check_device(device):
    if device is not None and device not in ("cpu", "cpu:0"):
        raise DeviceError(f"No device {device!r} for numpy; it sees cpu.")


def to_numpy(x):
    return np.asarray(x)


def peek(x):
    """Return the value for display, under all traces."""
    while isinstance(x, Tracer):
        x = x.value
    return np.asarray(x)
