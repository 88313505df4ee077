"""Creation functions. Without ``dtype`` and ``device`` the running computation decides."""

import jax
import jax.numpy as jnp
import numpy as np

from multigrad.array_api import _checks, _defaults
from multigrad.array_api.jax._dtypes import DTYPES, promotion
from multigrad.array_api.jax._object import as_device
from multigrad.array_api.jax._wide import keep_width, with_positions

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


def _place(dtype, device, *numbers):
    """Return the keyword arguments for JAX: the given ones, or the defaults for such numbers."""
    if dtype is None:
        dtype = DTYPES[_defaults.dtype_of_number(*numbers) if numbers else _defaults.default_dtype()]
    return {"dtype": dtype, "device": as_device(_defaults.device() if device is None else device)}


# JAX narrows a 64-bit dtype while its flag is off: the calls below keep the width that was asked for.
_arange, _array, _empty, _eye, _full, _linspace, _stack = map(
    keep_width, (jnp.arange, jnp.asarray, jnp.empty, jnp.eye, jnp.full, jnp.linspace, jnp.stack)
)


def arange(start, /, stop=None, step=1, *, dtype=None, device=None):
    if stop is None:
        start, stop = 0, start
    if not step:
        raise ValueError("Expected a step other than 0.")
    return _arange(start, stop, step, **_place(dtype, device, start, stop, step))


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    if isinstance(obj, jax.Array):
        if copy is False and dtype is not None and obj.dtype != dtype:
            raise ValueError(f"An array of dtype {obj.dtype} cannot become {dtype} with copy=False.")
        obj = _strong(obj) if dtype is None or obj.dtype == dtype else _array(obj, dtype=dtype)
        return obj if device is None else jax.device_put(obj, as_device(device))
    if copy is False:
        raise ValueError(
            f"Expected an array of JAX's for copy=False, got {type(obj).__name__}: JAX has its own memory."
        )
    if isinstance(obj, bool | int | float | complex) and not isinstance(obj, np.generic):
        return _array(np.asarray(obj), **_place(dtype, device, obj))
    if isinstance(obj, list | tuple) and _holds_array(obj):
        return _stack(promotion.common([asarray(part, dtype=dtype, device=device) for part in obj]))
    if not isinstance(obj, np.ndarray | np.generic):
        obj = np.asarray(obj)
        dtype = dtype or DTYPES.get(_defaults.dtype_of_values(obj.dtype.kind))
    obj = _checks.numpy_array(obj)
    device = as_device(_defaults.device() if device is None else device)
    # jnp.asarray may share a NumPy array's memory on CPU; a later change of it must not show.
    obj, dtype = np.array(obj), dtype or obj.dtype
    if device is not None:
        return _array(obj, dtype=dtype, device=device)
    # Values from outside stay known while JAX compiles: a mask or positions may decide about a shape.
    with jax.ensure_compile_time_eval():
        return _array(obj, dtype=dtype)


def from_host(values, dtype, device):
    """Return floating NumPy values as an array of the given dtype and device, or the defaults'."""
    return _array(values, **_place(dtype, device, 1.0))


def _strong(x):
    """Return the array with its dtype as its own: a weakly typed one would take others' dtype."""
    return jax.lax.convert_element_type(x, x.dtype) if getattr(x, "weak_type", False) else x


def _holds_array(obj):
    return any(isinstance(x, jax.Array) or (isinstance(x, list | tuple) and _holds_array(x)) for x in obj)


def _sizes(shape):
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(size < 0 for size in shape):
        raise ValueError(f"Expected sizes >= 0, got shape {shape}.")
    return shape


def empty(shape, *, dtype=None, device=None):
    return _empty(_sizes(shape), **_place(dtype, device))


def zeros(shape, *, dtype=None, device=None):
    return _full(_sizes(shape), 0, **_place(dtype, device))


def ones(shape, *, dtype=None, device=None):
    return _full(_sizes(shape), 1, **_place(dtype, device))


def full(shape, fill_value, *, dtype=None, device=None):
    if isinstance(fill_value, jax.Array):  # a differentiable value stays differentiable
        return _full(_sizes(shape), fill_value, dtype=dtype, device=as_device(device))
    if not isinstance(fill_value, bool | int | float | complex | np.ndarray | np.generic):
        raise TypeError(f"Expected a number for fill_value, got {fill_value!r}: xp.full takes numbers and arrays.")
    return _full(_sizes(shape), fill_value, **_place(dtype, device, fill_value))


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


def from_dlpack(x, /, *, device=None, copy=None):
    # Memory that someone else may write to is shared only on demand: JAX takes its arrays for constant.
    x = x if isinstance(x, jax.Array) else _from_dlpack(x, copy=copy)
    if copy is not False:
        x = _copied(x)
    return x if device is None else jax.device_put(x, as_device(device))


@with_positions  # the width is not known before
def _from_dlpack(x, copy):
    return jnp.from_dlpack(x, copy=copy)


_copied = keep_width(lambda x: jnp.array(x, copy=True))


def meshgrid(*arrays, indexing="xy"):
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Expected 'xy' or 'ij' for indexing=, got {indexing!r}.")
    if any(x.ndim > 1 for x in arrays):
        raise ValueError(f"xp.meshgrid takes vectors, got shapes {', '.join(str(x.shape) for x in arrays)}.")
    n = len(arrays)
    places = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    shape = [0] * n
    for x, place in zip(arrays, places, strict=True):
        shape[place] = x.size
    return [_spread(x, tuple(shape), place) for x, place in zip(arrays, places, strict=True)]


@keep_width
def _spread(x, shape, place):
    return jax.lax.broadcast_in_dim(jnp.reshape(x, (-1,)), shape, (place,))


_tril, _triu = keep_width(jnp.tril), keep_width(jnp.triu)


def tril(x, /, *, k=0):
    _checks.at_least(x.ndim, 2, "tril")
    return _tril(x, k)


def triu(x, /, *, k=0):
    _checks.at_least(x.ndim, 2, "triu")
    return _triu(x, k)
