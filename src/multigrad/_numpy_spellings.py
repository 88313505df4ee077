"""NumPy's functions in the words of the standard, where both mean the same and say it differently.

Each takes the namespace first and then NumPy's parameters, without those that the standard has no word for: a call that
does not fit such a signature has no counterpart.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

# NumPy's name where the standard's differs. Names that agree need no entry.
RENAMED = {
    "absolute": "abs",
    "true_divide": "divide",
    "power": "pow",
    "float_power": "pow",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "conjugate": "conj",
    "mod": "remainder",
    "rint": "round",
    "invert": "bitwise_invert",
    "left_shift": "bitwise_left_shift",
    "right_shift": "bitwise_right_shift",
    "concatenate": "concat",
    "transpose": "permute_dims",
    "amax": "max",
    "amin": "min",
    "cumsum": "cumulative_sum",
    "cumprod": "cumulative_prod",
}

# What NumPy also takes by position and the standard only by name: from which position on.
_AXIS = (1, "axis")
_NAMED_OPTIONS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("sum", "prod", "mean", "max", "min", "amax", "amin", "any", "all", "std", "var"), _AXIS),
    **dict.fromkeys(("cumsum", "cumprod", "argmax", "argmin", "sort", "argsort", "count_nonzero", "flip"), _AXIS),
    **dict.fromkeys(("concatenate", "concat", "stack", "unstack", "squeeze", "expand_dims"), _AXIS),
    **dict.fromkeys(("repeat", "roll"), (2, "axis")),
    **dict.fromkeys(("tril", "triu"), (1, "k")),
    **dict.fromkeys(
        ("fft.fft", "fft.ifft", "fft.rfft", "fft.irfft", "fft.hfft", "fft.ihfft"), (1, "n", "axis", "norm")
    ),
    **dict.fromkeys(("fft.fftn", "fft.ifftn", "fft.rfftn", "fft.irfftn"), (1, "s", "axes", "norm")),
    **dict.fromkeys(("fft.fftshift", "fft.ifftshift"), (1, "axes")),
    "diff": (1, "n", "axis"),
    "tensordot": (2, "axes"),
    "searchsorted": (2, "side"),
}
# Options of another name. NumPy's default means the same under both.
_OPTIONS = {
    "std": {"ddof": "correction"},
    "var": {"ddof": "correction"},
    "clip": {"a_min": "min", "a_max": "max"},
}


def respelled(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call of NumPy's function for the standard's of the same meaning.

    Parameters
    ----------
    name
        NumPy's name without ``numpy.``, such as ``"sum"`` or ``"fft.fft"``.
    args, kwargs
        What NumPy's function was called with.
    """
    renamed = _OPTIONS.get(name)
    if renamed and kwargs:
        kwargs = {renamed.get(option, option): value for option, value in kwargs.items()}
    first, *options = _NAMED_OPTIONS.get(name, (len(args),))
    if len(args) > first and len(args) - first <= len(options):
        kwargs = {**dict(zip(options, args[first:], strict=False)), **kwargs}
        args = args[:first]
    return args, kwargs


def spelling(namespace: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """Return what computes a call of NumPy's function that the standard spells as an expression, or None.

    Parameters
    ----------
    namespace
        The standard's namespace of the arrays.
    name, args, kwargs
        As for `respelled`.
    """
    found = _SPELLINGS.get(name)
    if found is None or (name in _NEEDS_LINALG and not hasattr(namespace, "linalg")):
        return None
    try:
        bound = inspect.signature(found).bind(namespace, *args, **kwargs)
    except TypeError:  # an option that the standard has no word for
        return None
    fits = _FITS.get(name)
    if fits is not None and not fits(*bound.args[1:], **bound.kwargs):
        return None
    return lambda *args, **kwargs: found(namespace, *args, **kwargs)


def _array(xp: Any, x: Any) -> Any:
    return x if hasattr(x, "ndim") else xp.asarray(x)


def _flat(xp: Any, x: Any) -> Any:
    return xp.reshape(_array(xp, x), (-1,))


def _contracted(xp: Any, a: Any, b: Any, axis: int) -> Any:
    a, b = _array(xp, a), _array(xp, b)
    if not a.ndim or not b.ndim:
        return xp.multiply(a, b)
    return xp.tensordot(a, b, axes=((a.ndim - 1,), (b.ndim + axis if b.ndim > 1 else 0,)))


def _dot(xp: Any, a: Any, b: Any) -> Any:
    return _contracted(xp, a, b, -2)


def _inner(xp: Any, a: Any, b: Any) -> Any:
    return _contracted(xp, a, b, -1)


def _vdot(xp: Any, a: Any, b: Any) -> Any:
    return xp.vecdot(_flat(xp, a), _flat(xp, b))


def _outer(xp: Any, a: Any, b: Any) -> Any:
    return xp.multiply(_flat(xp, a)[:, None], _flat(xp, b)[None, :])


def _of_matrices(function: str) -> Callable[..., Any]:
    # NumPy takes the first two axes unless told otherwise, the standard the last two.
    def along(xp: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        return getattr(xp.linalg, function)(xp.moveaxis(a, (axis1, axis2), (-2, -1)), offset=offset)

    return along


def _norm(xp: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None and ord is not None and x.ndim == 2:
        return xp.linalg.matrix_norm(x, ord=ord, keepdims=keepdims)
    return xp.linalg.vector_norm(x, axis=axis, ord=2 if ord is None else ord, keepdims=keepdims)


def _is_inexact(x: Any, *_: Any, **__: Any) -> bool:
    # NumPy makes floats of integers here, the standard does not.
    return any(kind in str(getattr(x, "dtype", "")) for kind in ("float", "complex"))


def _norm_fits(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> bool:
    if ord is None:
        return _is_inexact(x)
    return _is_inexact(x) and (x.ndim in (1, 2) if axis is None else isinstance(axis, int))


def _cumulative(name: str) -> Callable[..., Any]:
    def cumulative(xp: Any, a: Any) -> Any:
        return getattr(xp, name)(_flat(xp, a))

    return cumulative


def _over_planes(name: str) -> Callable[..., Any]:
    def transform(xp: Any, a: Any, s: Any = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
        return getattr(xp.fft, name)(a, s=s, axes=axes, norm="backward" if norm is None else norm)

    return transform


def _swapaxes(xp: Any, a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return xp.permute_dims(a, tuple(order))


def _squeeze(xp: Any, a: Any) -> Any:
    return xp.squeeze(a, axis=tuple(axis for axis, length in enumerate(a.shape) if length == 1))


def _hstack(xp: Any, tup: Any) -> Any:
    arrays = [_flat(xp, x) if not _array(xp, x).ndim else _array(xp, x) for x in tup]
    return xp.concat(arrays, axis=0 if arrays[0].ndim == 1 else 1)


def _vstack(xp: Any, tup: Any) -> Any:
    return xp.concat([_flat(xp, x)[None, :] if _array(xp, x).ndim < 2 else _array(xp, x) for x in tup], axis=0)


def _tile(xp: Any, A: Any, reps: Any) -> Any:  # noqa: N803 - NumPy's name
    return xp.tile(A, (reps,) if isinstance(reps, int) else tuple(reps))


def _take(xp: Any, a: Any, indices: Any, axis: Any = None) -> Any:
    a, indices = (_flat(xp, a) if axis is None else a), xp.asarray(indices)
    return xp.take(a, indices, axis=0 if axis is None else axis)


def _ptp(xp: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return xp.subtract(xp.max(a, axis=axis, keepdims=keepdims), xp.min(a, axis=axis, keepdims=keepdims))


def _scaled(factor: float) -> Callable[..., Any]:
    return lambda xp, x: xp.multiply(x, factor)


# By NumPy's name. Where the same name is in the standard, too, these are the calls that it does not take.
_SPELLINGS: dict[str, Callable[..., Any]] = {
    "dot": _dot,
    "inner": _inner,
    "vdot": _vdot,
    "outer": _outer,
    "trace": _of_matrices("trace"),
    "diagonal": _of_matrices("diagonal"),
    "linalg.norm": _norm,
    "ravel": _flat,
    "cross": lambda xp, a, b, axisa=-1, axisb=-1, axisc=-1, axis=-1: xp.linalg.cross(a, b, axis=axis),
    "cumsum": _cumulative("cumulative_sum"),
    "cumprod": _cumulative("cumulative_prod"),
    "squeeze": _squeeze,
    "swapaxes": _swapaxes,
    "hstack": _hstack,
    "vstack": _vstack,
    "tile": _tile,
    "take": _take,
    "where": lambda xp, condition: xp.nonzero(condition),
    "average": lambda xp, a, axis=None: xp.mean(a, axis=axis),
    "ptp": _ptp,
    "copy": lambda xp, a: xp.asarray(a, copy=True),
    "exp2": lambda xp, x: xp.pow(2.0, x),
    "deg2rad": _scaled(math.pi / 180),
    "radians": _scaled(math.pi / 180),
    "rad2deg": _scaled(180 / math.pi),
    "degrees": _scaled(180 / math.pi),
    "linalg.svd": lambda xp, a, full_matrices=True, compute_uv=True: xp.linalg.svdvals(a),
    "fft.fft2": _over_planes("fftn"),
    "fft.ifft2": _over_planes("ifftn"),
    "fft.rfft2": _over_planes("rfftn"),
    "fft.irfft2": _over_planes("irfftn"),
}
_NEEDS_LINALG = frozenset(("trace", "diagonal", "linalg.norm", "cross", "linalg.svd"))
# Which calls are meant, where the signature does not tell.
_FITS: dict[str, Callable[..., bool]] = {
    "linalg.norm": _norm_fits,
    "cross": lambda a, b, axisa=-1, axisb=-1, axisc=-1, axis=-1: axisa == axisb == axisc == -1,
    "linalg.svd": lambda a, full_matrices=True, compute_uv=True: not compute_uv,
    **dict.fromkeys(("exp2", "deg2rad", "radians", "rad2deg", "degrees", "average"), _is_inexact),
}

# What to reach for instead of a function whose meaning the standard does not have.
INSTEAD = {
    "add.reduce": "xp.sum",
    "add.accumulate": "xp.cumulative_sum",
    "multiply.reduce": "xp.prod",
    "multiply.accumulate": "xp.cumulative_prod",
    "multiply.outer": "xp.linalg.outer",
    "maximum.reduce": "xp.max",
    "minimum.reduce": "xp.min",
    "full_like": "xp.full(shape, value)",
    "full": "xp.full(shape, value)",
    "diag": "xp.linalg.diagonal(x), or xp.eye(n) * x for a matrix",
    "einsum": "xp.tensordot, xp.matmul or xp.vecdot",
    "linalg.norm": "xp.linalg.vector_norm or xp.linalg.matrix_norm",
    "append": "xp.concat",
    "unique": "xp.unique_values",
    "split": "slices, or xp.unstack",
    "nan_to_num": "xp.where(xp.isnan(x), 0.0, x)",
    "nansum": "xp.sum(xp.where(xp.isnan(x), 0.0, x))",
    "angle": "xp.atan2(xp.imag(z), xp.real(z))",
    "trapezoid": "xp.sum over slices, as in xp.sum((y[1:] + y[:-1]) / 2 * dx)",
    "average": "xp.sum(w * x) / xp.sum(w)",
    "cross": "xp.linalg.cross",
    "linalg.multi_dot": "xp.matmul",
    "fabs": "xp.abs",
    "cbrt": "xp.pow(x, 1 / 3) for x > 0",
    "median": "xp.sort(x) and an index",
}
