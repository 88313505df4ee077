"""What f returned: checked, and taken apart into native arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from multigrad import _dtypes, _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._computation import Computation
from multigrad._errors import MixedBackendError, OutputError
from multigrad._protocol import Native, Natives


def native_output(value: Any, computation: Computation) -> Native | None:
    """Return one output as an array of the computation's backend, or None if it is no array and no number.

    A Python number or a NumPy array is a constant.
    """
    backend, cls = computation.backend, computation.cls
    if cls._is_native(value) and cls._is_array_object(value):
        return value
    if isinstance(value, Array):
        if type(value) is cls:
            return value.native
        if value.backend != "numpy" or value.is_recorded:
            raise _foreign(value.backend, backend.name)
        value = value.native
    if isinstance(value, np.ndarray | np.generic):
        return backend.asarray(value, device=computation.place())
    if isinstance(value, bool | int | float | complex):
        return backend.asarray(value, dtype=_number_dtype(value, computation), device=computation.place())
    name = _registry.array_backend_name(value)
    if name is not None:
        raise _foreign(name, backend.name)
    return None


def _number_dtype(value: Any, computation: Computation) -> str:
    default = computation.dtype or "float64"
    return _dtypes.complex_of(default) if isinstance(value, complex) else default


def _foreign(found: str, expected: str) -> MixedBackendError:
    return MixedBackendError(
        f"Expected f to return an array of {expected}, on which it was called, got one of {found}. Its gradient would "
        f"be lost; compute with xp functions, or choose backend={found!r}."
    )


def scalar_output(value: Any, computation: Computation) -> Native:
    """Return the real scalar that a gradient needs, or raise `OutputError`."""
    array = value.native if type(value) is computation.cls else native_output(value, computation)
    if array is None:
        raise OutputError(f"Expected f to return a real scalar, got {_what(value)}.{_advice(value)}")
    if len(array.shape) != 0:
        raise OutputError(
            f"Expected f to return a real scalar, got an array of shape {tuple(array.shape)}. Reduce it, for instance "
            "with xp.sum, or use multigrad.jacobian."
        )
    name = _dtypes.dtype_name(array.dtype)
    if name in _dtypes.COMPLEX:
        raise OutputError(
            f"Expected f to return a real scalar, got a complex one ({name}). Return a real quantity such as "
            "xp.abs(y)**2 or xp.real(y), or use multigrad.vjp."
        )
    return array


def _what(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of length {len(value)}"
    return "None" if value is None else f"an object of type {type(value).__name__}"


def _advice(value: Any) -> str:
    if isinstance(value, tuple):
        return " To return more than the value, pass has_aux=True and return (value, aux)."
    if value is None:
        return " Does f lack a return statement?"
    return " Return one array with a single element, or pass has_aux=True and return (value, aux)."


def split_aux(returned: Any) -> tuple[Any, Any]:
    """Return ``(value, aux)`` of a function that runs with has_aux=True."""
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise OutputError(f"Expected f to return (value, aux) because of has_aux=True, got {_what(returned)}.")
    return returned


class OutputTree:
    """A tree of outputs: the arrays apart, the rest kept in place."""

    def __init__(self, value: Any, computation: Computation, *, arrays_only: bool) -> None:
        leaves, self.structure = _tree.flatten(value, _leaves.expander(computation.backend))
        self._leaves = leaves
        self._positions = []
        natives = []
        for position, leaf in enumerate(leaves):
            # Numbers in aux are not results of the differentiation and stay what they are.
            is_array = arrays_only or _registry.array_backend_name(leaf) is not None
            native = native_output(leaf, computation) if is_array else None
            if native is not None:
                natives.append(native)
                self._positions.append(position)
            elif arrays_only:
                path = self.structure.paths("output")[position]
                raise OutputError(
                    f"Expected f to return arrays and numbers, got {_what(leaf)} at {path}.{_advice(leaf)}"
                )
        self.natives: Natives = tuple(natives)

    def rebuild(self, arrays: Any) -> Any:
        """Return the tree with arrays in the places of its own."""
        leaves = list(self._leaves)
        for position, array in zip(self._positions, arrays, strict=True):
            leaves[position] = array
        return self.structure.unflatten(leaves)
