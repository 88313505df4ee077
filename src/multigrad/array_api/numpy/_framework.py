"""NumPy as the standard has it: array-api-compat's namespace, with the special values that NumPy gets wrong."""

import array_api_compat.numpy as _xp
import numpy as np


def __getattr__(name):
    return getattr(_xp, name)


# NumPy's own, without the wrappers around them: on small arrays these cost more than the work.
matmul, where = np.matmul, np.where


def astype(x, dtype, /, *, copy=True, device=None):
    return x.astype(dtype, copy=copy)


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    return np.add.reduce(x, axis=axis, dtype=dtype, keepdims=keepdims)


def max(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims)


def min(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return np.minimum.reduce(x, axis=axis, keepdims=keepdims)


def reshape(x, /, shape, *, copy=None):
    return x.reshape(shape) if copy is None else np.reshape(x, shape, copy=copy)


def permute_dims(x, /, axes):
    return x.transpose(axes)


def matrix_transpose(x, /):
    return x.swapaxes(-1, -2)


def floor_divide(x1, x2, /):
    """Take infinities as the standard does: NumPy has NaN for inf // 2 and -1 for 1 // -inf."""
    out = np.floor_divide(x1, x2)
    if out.dtype.kind != "f":
        return out
    one_is_infinite = np.isinf(x1) != np.isinf(x2)
    if not np.any(one_is_infinite):
        return out
    return np.where(one_is_infinite & np.not_equal(x2, 0), np.divide(x1, x2), out)


def expm1(x, /):
    """Take complex zeros and infinities from ``exp``: NumPy has NaN for infinities."""
    out = np.expm1(x)
    if out.dtype.kind != "c":
        return out
    special = ~np.isfinite(x) | np.equal(x, 0)
    return np.where(special, np.exp(x) - 1, out) if np.any(special) else out


def tanh(x, /):
    """Give the zero of a complex limit the sign of the imaginary part: NumPy follows C99, whose zero oscillates."""
    out = np.tanh(x)
    if out.dtype.kind != "c":
        return out
    limit = np.isinf(np.real(x)) & np.isfinite(np.imag(x))
    if not np.any(limit):
        return out
    ends = np.array(np.copysign(1.0, np.real(x)), dtype=out.dtype)
    ends.imag[...] = np.copysign(0.0, np.imag(x))
    return np.where(limit, ends, out)
