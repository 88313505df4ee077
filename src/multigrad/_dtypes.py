"""Dtypes by name: what the frameworks' dtype objects have in common.

Inside the package a dtype is its standard name (``"float32"``). Frameworks' objects are turned into names on the way
in, and names into the framework's objects by its own namespace.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from multigrad._errors import DtypeError

# Ordered by width; bfloat16 has float32's range with fewer digits, and neither half type holds the other.
FLOATING = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGER = SIGNED + UNSIGNED
INEXACT = frozenset(FLOATING + COMPLEX)
# Types of Python numbers, which take the dtype of the arrays beside them. NumPy's scalars derive from some of these and
# are arrays: hence types, compared exactly.
NUMBERS = frozenset((int, float, complex, bool))
NAMES = frozenset(("bool", *INTEGER, *FLOATING, *COMPLEX))

_PYTHON = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}
_PRECISION = {"complex64": "float32", "complex128": "float64"}
_COMPLEX_OF = {"float16": "complex64", "bfloat16": "complex64", "float32": "complex64", "float64": "complex128"}

# By type first: dtypes of two frameworks may have one hash, and array_api_strict's warn when they are compared.
_names: dict[type, dict[Any, str]] = {}


def dtype_name(dtype: Any, /) -> str:
    """Return the standard name of a dtype of any framework, of a Python type, or of a string.

    Raises
    ------
    DtypeError
        If no standard dtype has this name.
    """
    try:
        return _names[type(dtype)][dtype]
    except (KeyError, TypeError):
        pass
    name = _read_name(dtype)
    if name not in NAMES:
        raise DtypeError(f"Expected a dtype of the array API standard such as 'float32', got {dtype!r}.")
    # Only the frameworks' own few dtype objects are kept: a finite set.
    _names.setdefault(type(dtype), {})[dtype] = name
    return name


def _read_name(dtype: Any) -> str:
    if isinstance(dtype, str):
        return dtype
    if dtype in _PYTHON:
        return _PYTHON[dtype]
    # NumPy's and TensorFlow's dtypes have a name; scalar types (np.float64, jax.numpy.float64) a __name__ or a dtype.
    name = getattr(dtype, "name", None) or getattr(getattr(dtype, "dtype", None), "name", None)
    if not isinstance(name, str):
        name = getattr(dtype, "__name__", None) or str(dtype)
    name = name.rpartition(".")[2]  # "torch.float64"
    return "bool" if name == "bool_" else name


def is_dtype(value: Any, /) -> bool:
    """Tell whether a value names a dtype of some framework."""
    try:
        dtype_name(value)
    except (DtypeError, TypeError):
        return False
    return True


def precision(name: str, /) -> str:
    """Return the real floating dtype that has the precision of an inexact dtype."""
    return _PRECISION.get(name, name)


def complex_of(name: str, /) -> str:
    """Return the complex dtype that has at least the precision of a floating dtype."""
    return _COMPLEX_OF.get(name, name)


def widest(names: Iterable[str], /) -> str | None:
    """Return the widest real floating dtype among the precisions of inexact dtypes, or None without any."""
    found = {precision(name) for name in names if name in INEXACT}
    if found == {"float16", "bfloat16"}:
        return "float32"
    return max(found, key=FLOATING.index, default=None)


def promote(first: str, second: str, /) -> str:
    """Return the dtype that two dtypes promote to.

    Within a kind as the standard says. Across kinds, where the standard leaves it open, the inexact operand decides:
    ``int64`` and ``float32`` give ``float32`` on every backend (torch's and JAX's rule; NumPy alone widens to float64).
    """
    if first == second:
        return first
    a, b = sorted((first, second), key=_kind)
    if _kind(a) == _kind(b):
        return _promote_within(a, b)
    if b in COMPLEX and a in FLOATING:
        return complex_of(widest((a, b)) or precision(b))
    return b


def _kind(name: str) -> int:
    for kind, names in enumerate((("bool",), INTEGER, FLOATING, COMPLEX)):
        if name in names:
            return kind
    raise DtypeError(f"Expected a dtype of the array API standard such as 'float32', got {name!r}.")


def _promote_within(a: str, b: str) -> str:
    if a in FLOATING:
        return widest((a, b)) or a
    if a in COMPLEX:
        return max(a, b, key=COMPLEX.index)
    if (a in SIGNED) == (b in SIGNED):
        row = SIGNED if a in SIGNED else UNSIGNED
        return max(a, b, key=row.index)
    signed, unsigned = (a, b) if a in SIGNED else (b, a)
    index = max(SIGNED.index(signed), UNSIGNED.index(unsigned) + 1)
    if index == len(SIGNED):
        raise DtypeError(f"{a} and {b} have no common dtype in the array API standard; cast one with xp.astype.")
    return SIGNED[index]
