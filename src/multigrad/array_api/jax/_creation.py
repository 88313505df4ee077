"""Creation functions. Without ``dtype`` and ``device`` the running computation decides."""

import jax
import jax.numpy as jnp
import numpy as np

from multigrad.array_api import _defaults
from multigrad.array_api.jax._dtypes import DTYPES, promotion
from multigrad.array_api.jax._object import as_device
from multigrad.array_api.jax._wide import keep_width

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
    """Return the keyword arguments for JAX: the given ones, or the defaults for such numbers."""
    if dtype is None:
        dtype = DTYPES[_defaults.dtype_of_number(*numbers) if numbers else _defaults.default_dtype()]
    return {"dtype": dtype, "device": as_device(_defaults.device() if device is None else device)}


# JAX narrows a 64-bit dtype while its flag is off: the calls below keep the width that was asked for.
_arange, _array, _empty, _eye, _full, _linspace = map(
    keep_width, (jnp.arange, jnp.asarray, jnp.empty, jnp.eye, jnp.full, jnp.linspace)
)


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    if stop is None:
        start, stop = 0, start
    return _arange(start, stop, step, **_place(dtype, device, start, stop, step))


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    if isinstance(obj, jax.Array):
        obj = _strong(obj) if dtype is None or obj.dtype == dtype else _array(obj, dtype=dtype)
        return obj if device is None else jax.device_put(obj, as_device(device))
    if isinstance(obj, bool | int | float | complex) and not isinstance(obj, np.generic):
        return _array(np.asarray(obj), **_place(dtype, device, obj))
    if isinstance(obj, list | tuple) and _holds_array(obj):
        return jnp.stack(promotion.common([asarray(part, dtype=dtype, device=device) for part in obj]))
    if not isinstance(obj, np.ndarray | np.generic):
        obj = np.asarray(obj)
        dtype = dtype or DTYPES.get(_defaults.dtype_of_values(obj.dtype.kind))
    device = as_device(_defaults.device() if device is None else device)
    # jnp.asarray may share a NumPy array's memory on CPU; a later change of it must not show.
    return _array(np.array(obj), dtype=dtype or obj.dtype, device=device)


def _strong(x):
    """Return the array with its dtype as its own: a weakly typed one would take others' dtype."""
    return jax.lax.convert_element_type(x, x.dtype) if getattr(x, "weak_type", False) else x


def _holds_array(obj):
    return any(isinstance(x, jax.Array) or (isinstance(x, list | tuple) and _holds_array(x)) for x in obj)


def empty(shape, *, dtype=None, device=None):
    return _empty(shape, **_place(dtype, device))


def zeros(shape, *, dtype=None, device=None):
    return _full(shape, 0, **_place(dtype, device))


def ones(shape, *, dtype=None, device=None):
    return _full(shape, 1, **_place(dtype, device))


def full(shape, fill_value, *, dtype=None, device=None):
    if isinstance(fill_value, jax.Array):  # a differentiable value stays differentiable
        return _full(shape, fill_value, dtype=dtype, device=as_device(device))
    return _full(shape, fill_value, **_place(dtype, device, fill_value))


def eye(n_rows, n_cols=None, /, *, k=0, dtype=None, device=None):
    return _eye(n_rows, n_cols, k=k, **_place(dtype, device))


def linspace(start, stop, /, num, *, dtype=None, device=None, endpoint=True):
    return _linspace(start, stop, num, endpoint=endpoint, **_place(dtype, device, float(0), start, stop))


def empty_like(x, /, *, dtype=None, device=None):
    return zeros_like(x, dtype=dtype, device=device)


def zeros_like(x, /, *, dtype=None, device=None):
    return _full(x.shape, 0, dtype=x.dtype if dtype is None else dtype, device=as_device(device))


def ones_like(x, /, *, dtype=None, device=None):
    return _full(x.shape, 1, dtype=x.dtype if dtype is None else dtype, device=as_device(device))


def full_like(x, /, fill_value, *, dtype=None, device=None):
    return _full(x.shape, fill_value, dtype=x.dtype if dtype is None else dtype, device=as_device(device))
