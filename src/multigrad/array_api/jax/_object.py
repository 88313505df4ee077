"""The array object: how JAX's arrays are told apart and inspected."""

import jax
import numpy as np

from multigrad._errors import DeviceError


def is_native(x):
    return isinstance(x, jax.Array)  # tracers included


def is_recorded(x):
    return isinstance(x, jax.core.Tracer)


def is_symbolic(x):
    """Tell whether the array has no value: it is being compiled, not only differentiated."""
    while isinstance(x, jax.core.Tracer):
        x = getattr(x, "primal", None)  # what is only differentiated has its value one level down
        if x is None:
            return True
    return False


def _name(device):
    kind = "gpu" if device.platform in ("gpu", "cuda", "rocm") else device.platform
    return kind if kind == "cpu" else f"{kind}:{device.id}"


def device_name(x):
    if isinstance(x, jax.core.Tracer):
        return _name(default_device())  # a tracer does not say; computations run on the default device
    devices = sorted(x.devices(), key=lambda device: device.id)
    return _name(devices[0])


def default_device():
    default = jax.config.jax_default_device
    if isinstance(default, str):
        return jax.devices(default)[0]
    return default if default is not None else jax.devices()[0]


def devices():
    """Return all devices by name, the default one first."""
    found = {_name(default_device()): default_device()}
    for device in jax.devices():
        found.setdefault(_name(device), device)
    for device in jax.devices("cpu"):
        found.setdefault(_name(device), device)
    return found


def as_device(device):
    """Return a device given by name or as JAX's own object (a sharding, too) as JAX's; None stays None."""
    if device is None or not isinstance(device, str):
        return device
    found = devices()
    kind, _, index = device.replace("cuda", "gpu").partition(":")
    match = found.get(kind if kind == "cpu" else f"{kind}:{index or 0}")
    if match is None or (kind == "cpu" and index not in ("", "0")):
        raise DeviceError(f"No device {device!r} for jax on this machine; it sees {', '.join(found)}.")
    return match


def to_device(x, device):
    return jax.device_put(x, as_device(device))


def to_numpy(x):
    x = np.asarray(x)
    return x.astype(np.float32) if x.dtype.name == "bfloat16" else x


def peek(x):
    """Return the value for display; out of the tracers that have one."""
    while isinstance(x, jax.core.Tracer):
        inner = getattr(x, "primal", None)
        if inner is None:
            return np.full(x.shape, "?", dtype=object)
        x = inner
    return to_numpy(x)


def dlpack(x, options):
    """Return the capsule; JAX names the versions that it knows, but a consumer may name any older one."""
    if options.get("max_version", (1, 0)) < (1, 0):
        options = {name: value for name, value in options.items() if name != "max_version"}
    return x.__dlpack__(**options)
