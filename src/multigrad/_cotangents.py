"""Cotangents given to a pullback: matched with the outputs, leaf by leaf."""

from __future__ import annotations

from typing import Any

from multigrad import _convert, _dtypes, _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._computation import Computation
from multigrad._errors import StructureError
from multigrad._protocol import Native, Natives


class Expected:
    """What a cotangent must look like: the structure, shapes and dtypes of the outputs."""

    __slots__ = ("_computation", "_shapes", "_structure")

    def __init__(self, structure: _tree.Structure, outputs: Natives, computation: Computation) -> None:
        self._structure = structure
        # Only what is compared is kept: the outputs themselves may be large.
        self._shapes = [(tuple(out.shape), _dtypes.dtype_name(out.dtype)) for out in outputs]
        self._computation = computation

    def flatten(self, cotangent: Any) -> Natives:
        """Return a cotangent's leaves as native arrays, or raise `StructureError`."""
        leaves, structure = _tree.flatten(cotangent, _leaves.expander(self._computation.backend))
        if structure != self._structure:
            raise StructureError(
                f"Expected a cotangent with the structure of the value, {self._structure}, got {structure}."
            )
        return tuple(
            self._leaf(position, leaf, shape, dtype)
            for position, (leaf, (shape, dtype)) in enumerate(zip(leaves, self._shapes, strict=True))
        )

    def _leaf(self, position: int, leaf: Any, shape: tuple[int, ...], dtype: str) -> Native:
        backend = self._computation.backend
        source = _registry.array_backend_name(leaf)
        if source is None:
            if not isinstance(leaf, int | float | complex):
                raise StructureError(
                    f"Expected an array or a number for {self._path(position)}, got {type(leaf).__name__}."
                )
            if dtype not in _dtypes.COMPLEX and isinstance(leaf, complex):
                raise self._mismatch(position, f"dtype {dtype}", "a complex number")
            native = backend.asarray(leaf, dtype=dtype, device=self._computation.place())
        else:
            native = leaf.native if isinstance(leaf, Array) else leaf
            if source != backend.name:
                native = backend.asarray(_convert.detachable(leaf, source), device=self._computation.place())
        if tuple(native.shape) != shape:
            raise self._mismatch(position, f"shape {shape}", f"shape {tuple(native.shape)}")
        found = _dtypes.dtype_name(native.dtype)
        if dtype in _dtypes.INEXACT and found != dtype:
            raise self._mismatch(position, f"dtype {dtype}", f"dtype {found}")
        return native

    def _mismatch(self, position: int, expected: str, found: str) -> StructureError:
        return StructureError(
            f"Expected {self._path(position)} to have the value's {expected}, got {found}. Convert it with xp.asarray "
            "or xp.reshape."
        )

    def _path(self, position: int) -> str:
        return self._structure.paths("cotangent")[position]
