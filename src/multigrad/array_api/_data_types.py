"""The standard's data-type functions, framework-free: everything about a dtype follows from its name."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from multigrad import _dtypes
from multigrad._errors import DtypeError

KINDS: dict[str, tuple[str, ...]] = {
    "bool": ("bool",),
    "signed integer": _dtypes.SIGNED,
    "unsigned integer": _dtypes.UNSIGNED,
    "integral": _dtypes.INTEGER,
    "real floating": _dtypes.FLOATING,
    "complex floating": _dtypes.COMPLEX,
    "numeric": _dtypes.INTEGER + _dtypes.FLOATING + _dtypes.COMPLEX,
}


# NumPy has no bfloat16: 8 bits of exponent, as in float32, and 8 of significand.
_BFLOAT16 = SimpleNamespace(
    bits=16, eps=2.0**-7, max=(2 - 2.0**-7) * 2.0**127, min=-(2 - 2.0**-7) * 2.0**127, smallest_normal=2.0**-126
)


class finfo_object:  # noqa: N801 - the standard's name
    """Machine limits of a floating dtype."""

    def __init__(self, name: str, dtype: Any) -> None:
        limits = _BFLOAT16 if name == "bfloat16" else np.finfo(_dtypes.precision(name))
        self.bits = limits.bits
        self.eps = float(limits.eps)
        self.max = float(limits.max)
        self.min = float(limits.min)
        self.smallest_normal = float(limits.smallest_normal)
        self.dtype = dtype


class iinfo_object:  # noqa: N801 - the standard's name
    """Machine limits of an integer dtype."""

    def __init__(self, name: str, dtype: Any) -> None:
        limits = np.iinfo(name)
        self.bits = limits.bits
        self.max = int(limits.max)
        self.min = int(limits.min)
        self.dtype = dtype


class DataTypes:
    """The data-type functions over one framework's dtype objects."""

    def __init__(self, dtypes: Mapping[str, Any]) -> None:
        self._dtypes = dtypes

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        """Tell whether a dtype is of a kind: a dtype, a kind's name, or a tuple of these."""
        if isinstance(kind, tuple):
            return any(self.isdtype(dtype, part) for part in kind)
        name = _dtypes.dtype_name(dtype)
        # "bool" is a kind and a dtype's name, and means the same as both.
        if isinstance(kind, str) and kind in KINDS:
            return name in KINDS[kind]
        if isinstance(kind, str) and kind not in _dtypes.NAMES:
            raise ValueError(f"Expected a dtype or one of {', '.join(KINDS)} for kind, got {kind!r}.")
        return name == _dtypes.dtype_name(kind)

    def can_cast(self, from_: Any, to: Any, /) -> bool:
        """Tell whether promotion takes one dtype to the other."""
        source = _dtypes.dtype_name(getattr(from_, "dtype", from_))
        target = _dtypes.dtype_name(to)
        try:
            return _dtypes.promote(source, target) == target
        except DtypeError:
            return False

    def result_type(self, *arrays_and_dtypes: Any) -> Any:
        """Return the dtype that arrays, dtypes and Python numbers promote to."""
        names = [
            _dtypes.dtype_name(x.dtype if hasattr(x, "shape") and hasattr(x, "dtype") else x)  # np.dtype has a shape
            for x in arrays_and_dtypes
            if not isinstance(x, bool | int | float | complex)
        ]
        if not names:
            raise TypeError("result_type needs at least one array or dtype besides Python numbers.")
        name = functools.reduce(_dtypes.promote, names)
        if any(isinstance(x, complex) for x in arrays_and_dtypes):
            name = _dtypes.complex_of(name)
        return self._dtypes[name]

    def finfo(self, type: Any, /) -> finfo_object:
        """Return the machine limits of a floating dtype."""
        name = _dtypes.dtype_name(getattr(type, "dtype", type))
        if name not in _dtypes.INEXACT:
            raise TypeError(f"Expected a floating dtype, got {name}.")
        return finfo_object(name, self._dtypes[_dtypes.precision(name)])

    def iinfo(self, type: Any, /) -> iinfo_object:
        """Return the machine limits of an integer dtype."""
        name = _dtypes.dtype_name(getattr(type, "dtype", type))
        if name not in _dtypes.INTEGER:
            raise TypeError(f"Expected an integer dtype, got {name}.")
        return iinfo_object(name, self._dtypes[name])
