"""The standard's defaults for creation functions, as the running computation sets them."""

from __future__ import annotations

from typing import Any

from multigrad import _dtypes
from multigrad._computation import current, default_dtype


def device() -> Any:
    """Return where new arrays go; None for the framework's default device."""
    computation = current()
    return computation and computation.place()


def dtype_of_number(*numbers: Any) -> str:
    """Return the default dtype, by name, of Python numbers: that of the most general kind among them."""
    if any(isinstance(number, complex) for number in numbers):
        return _dtypes.complex_of(default_dtype())
    if any(isinstance(number, float) for number in numbers):
        return default_dtype()
    if all(isinstance(number, bool) for number in numbers):
        return "bool"
    return "int64"


def dtype_of_values(kind: str) -> str | None:
    """Return the default dtype, by name, of a sequence of Python numbers of a NumPy kind; None to keep NumPy's."""
    return {"f": default_dtype(), "c": _dtypes.complex_of(default_dtype()), "i": "int64", "b": "bool"}.get(kind)
