"""The array object: how TensorFlow's tensors are told apart, inspected and moved."""

import contextlib
import functools

import numpy as np
import tensorflow as tf

# No public question "does a tape record this tensor?" (TensorFlow 2.21); its own functions ask this one.
from tensorflow.python.eager import record

from multigrad._errors import DeviceError

# Beside these TensorFlow lists devices that hold no arrays, such as TPU_SYSTEM.
_KINDS = ("CPU", "GPU", "TPU")


def is_native(x):
    return isinstance(x, tf.Tensor | tf.Variable)


def is_array_object(x):
    return isinstance(x, tf.Tensor)  # a variable's value is read first: its owner may change it


def tensor(x):
    """Return a tensor as it is and the present value of a variable."""
    return x if isinstance(x, tf.Tensor) else tf.convert_to_tensor(x)


def is_recorded(x):
    # What is being traced may be on the tape of whoever calls the program, which cannot be seen from inside it.
    return record.should_record_backprop([tensor(x)]) or tf.is_symbolic_tensor(x)


def is_symbolic(x):
    return tf.is_symbolic_tensor(x)


def device_name(x):
    # A tensor of a graph has no device yet: it runs where the default is.
    return _short(x.device) if x.device else device_names()[0]


@functools.lru_cache
def _short(name):
    """Return ``"gpu:0"`` for ``"/job:localhost/replica:0/task:0/device:GPU:0"``."""
    name = name.rpartition("device:")[2].lower()
    return "cpu" if name == "cpu:0" else name


def as_device(device):
    """Return TensorFlow's full name of a device given by name or as anyone's object; None stays None."""
    if device is None:
        return None
    if isinstance(device, tf.DeviceSpec):
        device = device.to_string()
    text = str(getattr(device, "name", device))
    kind, _, index = text.rpartition("device:")[2].strip("/").upper().replace("CUDA", "GPU").partition(":")
    name = f"/device:{kind}:{index or 0}"
    if name not in {found.name for found in tf.config.list_logical_devices()}:
        raise DeviceError(f"No device {text!r} for TensorFlow on this machine; it sees {', '.join(device_names())}.")
    return name


def device_names():
    names = [_short(device.name) for device in tf.config.list_logical_devices() if device.device_type in _KINDS]
    # TensorFlow's default is the first accelerator, if there is one.
    return tuple(sorted(names, key=lambda name: name.startswith("cpu")))


def placed(device):
    """Return a context in which new tensors go to a device; None leaves the choice to TensorFlow."""
    return contextlib.nullcontext() if device is None else tf.device(as_device(device))


def to_device(x, device):
    if device is None:
        return tensor(x)
    with placed(device):
        return tf.identity(x)


def to_numpy(x):
    """Return a copy as a NumPy array; also of values that are only looked at."""
    x = tensor(x)
    return np.asarray((tf.cast(x, tf.float32) if x.dtype == tf.bfloat16 else x).numpy())  # NumPy has no bfloat16


def from_dlpack(x, device=None, copy=None):
    """Return another framework's array as a tensor.

    A copy, unless ``copy=False`` asks for shared memory: its owner may change the original, a tensor must not change.
    """
    if isinstance(x, np.ndarray) and copy is not False:
        with placed(device):
            return tf.convert_to_tensor(x)
    if not tf.executing_eagerly():
        return from_dlpack(np.asarray(x), device)
    if _is_unaligned(x):
        if copy is False:
            raise ValueError("TensorFlow cannot share this memory: it is not aligned. Leave copy=False out.")
        return from_dlpack(np.asarray(x), device)
    try:
        shared = tf.experimental.dlpack.from_dlpack(x.__dlpack__())
    except (tf.errors.InvalidArgumentError, BufferError) as error:  # TensorFlow takes no strides
        if copy is False:
            raise ValueError(f"TensorFlow cannot share this memory: {error}. Leave copy=False out.") from error
        return from_dlpack(np.asarray(x), device)
    if copy is False:
        if device is not None and as_device(device) != as_device(shared.device):
            raise ValueError(f"Expected copy=None to move from {device_name(shared)} to {device}, got copy=False.")
        return shared
    return to_device(tf.raw_ops.DeepCopy(x=shared), device)


def _is_unaligned(x):
    """Tell whether TensorFlow would end the process when it reads this memory, such as a part of an array (2.21)."""
    try:
        return np.from_dlpack(x).ctypes.data % 64 != 0
    except (BufferError, RuntimeError):  # not on the CPU, or a dtype that NumPy lacks
        return False


# The standard's number of the CPU among DLPack's devices.
_CPU = (1, 0)


def dlpack(x, options):
    """Return a tensor's DLPack capsule, also for the options that TensorFlow's own method refuses."""
    copy, wanted = options.get("copy"), options.get("dl_device")
    have = x.__dlpack_device__()
    if wanted is not None and tuple(map(int, wanted)) != tuple(map(int, have)):
        if tuple(map(int, wanted)) != _CPU:
            raise BufferError(f"Expected dl_device to be {have} or the CPU, {_CPU}, got {wanted}.")
        if copy is False:
            raise ValueError(f"Expected copy=None to bring memory from {have} to the CPU, got copy=False.")
        x = to_device(x, "cpu")
    elif copy:
        x = tf.raw_ops.DeepCopy(x=x)
    return x.__dlpack__(**{name: options[name] for name in ("stream", "max_version") if name in options})
