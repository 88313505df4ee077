"""Cotangents and tangents: matched with the values that they belong to, leaf by leaf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multigrad import _convert, _dtypes, _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._computation import Computation
from multigrad._errors import StructureError
from multigrad._protocol import Native, Natives


class Expected:
    """What cotangents or tangents must look like: a structure, and the shape and dtype of each leaf.

    Parameters
    ----------
    structure
        Structure of the tree.
    leaves
        One array per leaf; None for a leaf that is not differentiated and may be anything.
    computation
        The computation to which they belong.
    word
        What to call the tree in messages: ``"cotangent"``, ``"tangents"``, or the code that returned it.
    owner
        What it must fit.
    given
        The leaves as the caller gave them, of perhaps another dtype: what has that dtype is cast as they were.
    """

    __slots__ = ("_computation", "_given", "_owner", "_shapes", "_structure", "_word")

    def __init__(
        self,
        structure: _tree.Structure,
        leaves: Sequence[Any],
        computation: Computation,
        word: str = "cotangent",
        owner: str = "value",
        *,
        given: Sequence[Any] = (),
    ) -> None:
        self._structure = structure
        # Only what is compared is kept: the arrays themselves may be large.
        self._shapes = [
            None if leaf is None else (tuple(leaf.shape), _dtypes.dtype_name(leaf.dtype)) for leaf in leaves
        ]
        self._computation = computation
        self._word = word
        self._owner = owner
        self._given = [_dtypes.dtype_name(x.dtype) if hasattr(x, "dtype") else None for x in given]

    def flatten(self, tree: Any) -> Natives:
        """Return the differentiated leaves as native arrays, or raise `StructureError`."""
        leaves, structure = _tree.flatten(tree, _leaves.expander(self._computation.backend))
        if structure != self._structure:
            what = "a cotangent" if self._word == "cotangent" else self._word
            raise StructureError(
                f"Expected {what} with the structure of the {self._owner}, {self._structure}, got {structure}."
            )
        return tuple(
            self._leaf(position, leaf, *expected)
            for position, (leaf, expected) in enumerate(zip(leaves, self._shapes, strict=True))
            if expected is not None
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
            if self._given and found == self._given[position]:
                return backend.asarray(native, dtype=dtype)
            raise self._mismatch(position, f"dtype {dtype}", f"dtype {found}")
        return native

    def _mismatch(self, position: int, expected: str, found: str) -> StructureError:
        return StructureError(
            f"Expected {self._path(position)} to have the {self._owner}'s {expected}, got {found}. Convert it with "
            "xp.asarray or xp.reshape."
        )

    def _path(self, position: int) -> str:
        return self._structure.paths(self._word)[position]
