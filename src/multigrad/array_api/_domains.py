"""Which dtypes each function of the standard takes, as one table.

The frameworks disagree about arrays of another kind: ``add`` of two bool arrays is a logical or, a TypeError or a
missing kernel, ``less`` of complex numbers orders them or fails. Here it is one TypeError on every backend. Wider than
the standard in two points, where all agree: floating functions take integers (which become the default real dtype), and
sums, products and means take bool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from multigrad import _dtypes

_INTEGRAL = frozenset(_dtypes.INTEGER)
_REAL = _INTEGRAL | frozenset(_dtypes.FLOATING)
_NUMERIC = _REAL | frozenset(_dtypes.COMPLEX)
_BOOL = frozenset(("bool",))

# Words for the message: names of dtypes.
KINDS: dict[str, frozenset[str]] = {
    "numeric": _NUMERIC,
    "real-valued": _REAL,
    "integer": _INTEGRAL,
    "integer or bool": _INTEGRAL | _BOOL,
    "bool": _BOOL,
    "numeric or bool": _NUMERIC | _BOOL,
}

# Functions of one array: the kind of its dtype.
UNARY: dict[str, str] = {
    **dict.fromkeys(("abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp"), "numeric"),
    **dict.fromkeys(("expm1", "log", "log1p", "log2", "log10", "negative", "positive", "reciprocal"), "numeric"),
    **dict.fromkeys(("round", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh"), "numeric"),
    **dict.fromkeys(("conj", "imag", "isfinite", "isinf", "isnan", "real"), "numeric or bool"),
    **dict.fromkeys(("ceil", "floor", "trunc", "signbit"), "real-valued"),
    "bitwise_invert": "integer or bool",
    "logical_not": "bool",
    **dict.fromkeys(("sum", "prod", "mean", "cumulative_sum", "cumulative_prod"), "numeric or bool"),
    **dict.fromkeys(("max", "min", "argmax", "argmin", "sort", "argsort"), "real-valued"),
    **dict.fromkeys(("std", "var"), "numeric"),
    **dict.fromkeys(("cholesky", "det", "eigh", "eigvalsh", "inv", "matrix_norm", "matrix_power"), "numeric"),
    **dict.fromkeys(("matrix_rank", "pinv", "qr", "slogdet", "svd", "svdvals", "trace", "vector_norm"), "numeric"),
    **dict.fromkeys(("fft", "ifft", "fftn", "ifftn", "irfft", "irfftn", "hfft"), "numeric"),
    **dict.fromkeys(("rfft", "rfftn", "ihfft"), "real-valued"),
}

# Functions of several arrays that promote: the kind of their common dtype.
PROMOTING: dict[str, str] = {
    **dict.fromkeys(("add", "divide", "multiply", "pow", "subtract"), "numeric"),
    **dict.fromkeys(
        ("atan2", "copysign", "floor_divide", "hypot", "logaddexp", "nextafter", "remainder"), "real-valued"
    ),
    **dict.fromkeys(("greater", "greater_equal", "less", "less_equal", "maximum", "minimum", "clip"), "real-valued"),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), "integer or bool"),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift"), "integer"),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), "bool"),
    **dict.fromkeys(("matmul", "tensordot", "vecdot", "cross", "outer", "solve"), "numeric"),
    "searchsorted": "real-valued",
}


def checker(name: str, namespace: Any) -> Callable[[Sequence[Any]], None] | None:
    """Return a check of the positional arguments of one namespace's function; None if it takes every dtype.

    Quick for arrays of a good dtype: one look into a set of the namespace's own dtype objects for each.
    """
    kind = UNARY.get(name) or PROMOTING.get(name)
    if kind is None:
        return None
    good = dtypes(kind, namespace)
    single = name in UNARY

    def check(args: Sequence[Any]) -> None:
        for arg in args[:1] if single else args:
            dtype = getattr(arg, "dtype", None)
            if dtype is not None and dtype not in good:
                break
        else:
            return
        message = violation(name, args)
        if message:
            raise TypeError(message)

    return check


def dtypes(kind: str, namespace: Any) -> frozenset[Any]:
    """Return the dtypes of a kind, as objects of a namespace."""
    return frozenset(getattr(namespace, dtype) for dtype in KINDS[kind] if hasattr(namespace, dtype))


def shared(dtypes: Iterable[Any]) -> frozenset[Any]:
    """Return the one set of these dtypes: what every call looks into stays in the processor's caches."""
    found = frozenset(dtypes)
    # By identity: array_api_strict's dtypes warn where they are compared with others.
    return _SETS.setdefault(frozenset(map(id, found)), found)


_SETS: dict[frozenset[int], frozenset[Any]] = {}


def violation(name: str, args: Sequence[Any]) -> str | None:
    """Return what is wrong with the dtypes of a call, or None."""
    kind = UNARY.get(name) or PROMOTING.get(name)
    if kind is None:
        return None
    if name in UNARY:
        args = args[:1]
    names = [_dtypes.dtype_name(arg.dtype) for arg in args if hasattr(arg, "dtype")]
    numbers = [arg for arg in args if type(arg) in _dtypes.NUMBERS]
    allowed = KINDS[kind]
    # A bool array beside a number or a numeric array counts as 0 and 1: ``mask * x``.
    beside = [one for one in names if one != "bool"] or (["int64"] if any(type(n) is not bool for n in numbers) else [])
    if "bool" not in allowed and beside:
        names = beside
    wrong = next((one for one in names if one not in allowed), None)
    if wrong is None:
        wrong = next((f"the number {n!r}" for n in numbers if not _number_fits(n, kind)), None)
    return None if wrong is None else f"xp.{name} takes {kind} arrays, got {wrong}. {_advice(kind)}"


def _number_fits(number: Any, kind: str) -> bool:
    if type(number) is complex:
        return kind.startswith("numeric")
    if type(number) is float:
        return "integer" not in kind and kind != "bool"
    return type(number) is bool or kind != "bool"


def _advice(kind: str) -> str:
    if kind == "bool":
        return "Compare first: x != 0."
    if kind == "real-valued":
        return "Take xp.real, xp.imag or xp.abs of a complex array; cast another with xp.astype."
    return "Cast it with xp.astype(x, dtype)."
