"""The functions of the array API standard, made of autograd.numpy by composition.

autograd.numpy wraps NumPy's functions under NumPy's older names; an alias has no derivative of its own there. What it
cannot differentiate is composed of what it can.
"""

from types import SimpleNamespace

import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive
from autograd.tracer import isbox

from multigrad.array_api import numpy as standard  # for the list of its names

OLDER_NAMES = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "concat": "concatenate", "permute_dims": "transpose", "pow": "power", "conj": "conj",
    "bitwise_invert": "invert", "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift",
}  # fmt: skip

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64", "complex64",
    "complex128",
)  # fmt: skip


def dtype_of(x):
    """Return the dtype of an array, or of what has a dtype's name."""
    return x.dtype if hasattr(x, "dtype") else x


def value_of(x):
    """Return the value without any trace."""
    while isbox(x):
        x = x._value
    return np.asarray(x)


@primitive
def _cast(x, dtype):
    return np.asarray(x).astype(dtype)


defvjp(_cast, lambda ans, x, dtype: lambda g: _cast(g if np.iscomplexobj(x) else anp.real(g), x.dtype))


def astype(x, dtype, /, *, copy=True, device=None):
    if np.dtype(dtype).kind not in "fc":
        return value_of(x).astype(dtype)
    return x if isbox(x) and x.dtype == dtype else _cast(x, np.dtype(dtype))


def asarray(obj, /, *, dtype=None, device=None, copy=None):
    if isbox(obj) or isinstance(obj, list | tuple):
        array = obj if isbox(obj) else anp.array(obj)
        return array if dtype is None else astype(array, dtype)
    return np.asarray(obj, dtype=dtype, copy=copy)


def expand_slices(x, axis, index):
    axes = range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    chosen = {a % x.ndim for a in axes}
    return x[tuple(index if i in chosen else slice(None) for i in range(x.ndim))]


def take(x, indices, /, *, axis=0):
    return expand_slices(x, axis, indices)


def clip(x, /, min=None, max=None):
    x = x if min is None else anp.maximum(x, min)
    return x if max is None else anp.minimum(x, max)


def hypot(x, y, /):
    values = np.maximum(np.abs(value_of(x)), np.abs(value_of(y)))
    scale = np.where(np.isfinite(values) & (values > 0), values, 1.0)  # the squares do not overflow
    return scale * anp.sqrt((x / scale) ** 2 + (y / scale) ** 2)


def copysign(x, y, /):
    return x * (np.sign(value_of(x)) * np.copysign(1.0, value_of(y)))


def spread(function):
    """Return var or std of the standard, which says correction where NumPy says ddof."""
    return lambda x, /, *, axis=None, correction=0.0, keepdims=False: function(
        x, axis, ddof=correction, keepdims=keepdims
    )


COMPOSED = {
    "astype": astype,
    "asarray": asarray,
    "take": take,
    "clip": clip,
    "hypot": hypot,
    "copysign": copysign,
    "flip": lambda x, /, *, axis=None: expand_slices(x, axis, slice(None, None, -1)),
    "positive": lambda x, /: x * 1,
    "reciprocal": lambda x, /: 1.0 / x,
    "square": lambda x, /: x * x,
    "matrix_transpose": lambda x, /: anp.swapaxes(x, -1, -2),
    "vecdot": lambda x, y, /, *, axis=-1: anp.sum(anp.conj(x) * y, axis=axis),
    "cumulative_sum": lambda x, /, *, axis=None: anp.cumsum(x, axis=axis),
    "var": spread(anp.var),
    "std": spread(anp.std),
    "expand_dims": lambda x, /, *, axis: anp.expand_dims(x, axis),
    "reshape": lambda x, /, shape, *, copy=None: anp.reshape(x, shape),
    "stack": lambda arrays, /, *, axis=0: anp.stack(arrays, axis),
    "isdtype": lambda dtype, kind: np.isdtype(dtype_of(dtype), kind),
    "result_type": lambda *args: np.result_type(*map(dtype_of, args)),
    "can_cast": lambda source, to, /: np.can_cast(dtype_of(source), to),
    "finfo": lambda kind, /: np.finfo(dtype_of(kind)),
    "iinfo": lambda kind, /: np.iinfo(dtype_of(kind)),
}  # fmt: skip


def _part(names, module):
    """Return the functions of these names, under NumPy's older names where autograd knows only those."""
    older = {name: OLDER_NAMES.get(name, name) for name in names if not name.startswith("_")}
    return SimpleNamespace(**{name: getattr(module, old) for name, old in older.items() if hasattr(module, old)})


xp = _part(standard.__all__, anp)
xp.linalg, xp.fft = _part(standard.linalg.__all__, anp.linalg), _part(standard.fft.__all__, anp.fft)
vars(xp).update(COMPOSED, **{name: np.dtype(name) for name in DTYPES})
