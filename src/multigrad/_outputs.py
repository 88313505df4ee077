"""What f returned: checked, and taken apart into native arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

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
        if isinstance(value, cls):
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


class OutputTree(NamedTuple):
    """A tree of outputs without its arrays, which would keep what they were computed from alive."""

    structure: _tree.Structure
    leaves: list[Any]  # None in the places of arrays
    positions: list[int]  # of the arrays

    def beside(self, arrays: Any) -> list[Any]:
        """Return one object per leaf: arrays in the places of its own, None in those of other leaves."""
        leaves: list[Any] = [None] * len(self.leaves)
        for position, array in zip(self.positions, arrays, strict=True):
            leaves[position] = array
        return leaves

    def rebuild(self, arrays: Any) -> Any:
        """Return the tree with arrays in the places of its own."""
        if self is _ONE_ARRAY:
            (array,) = arrays
            return array
        leaves = list(self.leaves)
        for position, array in zip(self.positions, arrays, strict=True):
            leaves[position] = array
        return self.structure.unflatten(leaves)


# What f returns most often, which needs no taking apart.
_ONE_ARRAY = OutputTree(_tree.flatten(0)[1], [None], [0])


def flatten_output(value: Any, computation: Computation, *, arrays_only: bool) -> tuple[Natives, OutputTree]:
    """Return the arrays of a tree of outputs as native ones, and the tree.

    With arrays_only every leaf must be an array or a number, or None beside them: what a gradient has for a leaf that
    is no number.
    """
    if type(value) is computation.cls:
        return (value.native,), _ONE_ARRAY
    if computation.cls._is_native(value) and computation.cls._is_array_object(value):
        return (value,), _ONE_ARRAY
    leaves, structure = _tree.flatten(value, _leaves.expander(computation.backend))
    positions: list[int] = []
    natives: list[Native] = []
    for position, leaf in enumerate(leaves):
        # Numbers in aux are not results of the differentiation and stay what they are.
        is_array = arrays_only or _registry.array_backend_name(leaf) is not None
        native = native_output(leaf, computation) if is_array else None
        if native is not None:
            natives.append(native)
            positions.append(position)
            leaves[position] = None
        elif arrays_only and leaf is not None:
            path = structure.paths("output")[position]
            raise OutputError(
                f"Expected f to return arrays and numbers, got {_what(leaf)} at {path}. Leave it out, or return it as "
                "aux where the operator takes has_aux=True."
            )
    if arrays_only and leaves and not positions:
        path = structure.paths("output")[0]
        raise OutputError(f"Expected f to return arrays and numbers, got None at {path}.{_advice(None)}")
    return tuple(natives), OutputTree(structure, leaves, positions)
