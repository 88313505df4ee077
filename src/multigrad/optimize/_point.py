"""The way between a tree of arrays and numbers and SciPy's vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from multigrad import _convert, _dtypes, _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._errors import InputError, StructureError

Vector = np.ndarray[Any, Any]


class Point:
    """The structure of a starting point.

    Parameters
    ----------
    x0
        The starting point.
    backend
        Whose own containers are opened; None for all imported ones.

    Attributes
    ----------
    start
        x0 as one float64 vector: its leaves (those of a dict by sorted keys), each in C order, one after the other.
    shapes
        Of the leaves.
    """

    def __init__(self, x0: Any, backend: Any) -> None:
        self._expand = _leaves.expander(backend)
        leaves, self._structure = _tree.flatten(x0, self._expand)
        if not leaves:
            raise InputError("Expected at least one number or array in x0, got none.")
        self.paths = self._structure.paths("x0")
        arrays = [_real(leaf, path) for leaf, path in zip(leaves, self.paths, strict=True)]
        # None stands for a Python number: in f it takes the dtype of the arrays beside it.
        self._dtypes = [
            None if isinstance(leaf, int | float) and not isinstance(leaf, np.generic) else array.dtype
            for leaf, array in zip(leaves, arrays, strict=True)
        ]
        self.shapes = [array.shape for array in arrays]
        self._ends = np.cumsum([array.size for array in arrays])[:-1]
        self.start = _joined(arrays)

    def vector(self, tree: Any) -> Vector:
        """Return a tree of the structure of x0 as one float64 vector."""
        leaves, structure = _tree.flatten(_convert.to_numpy(tree), self._expand)
        shapes = [np.shape(leaf) for leaf in leaves]
        if structure != self._structure or shapes != self.shapes:
            raise StructureError(f"Expected the structure and the shapes of x0, {self._structure}, got {structure}.")
        return _joined(leaves)

    def tree(self, vector: Vector) -> Any:
        """Return what f is called with; a copy, since SciPy goes on with its vector."""
        return self._structure.unflatten(
            [
                float(array) if dtype is None else array.astype(dtype)
                for array, dtype in zip(self.arrays(vector), self._dtypes, strict=True)
            ]
        )

    def answer(self, vector: Vector) -> Any:
        """Return the structure of x0 with float64 arrays."""
        return self._structure.unflatten([array.copy() for array in self.arrays(vector)])

    def matrix(self, blocks: Any, shapes: list[tuple[int, ...]]) -> Vector:
        """Return a derivative of trees as one matrix.

        Parameters
        ----------
        blocks
            For each output leaf a tree of the structure of x0, with arrays of shape ``output.shape + input.shape``.
        shapes
            Those of the output leaves.
        """
        leaves = _tree.flatten(_convert.to_numpy(blocks), self._expand)[0]
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        count = len(sizes)
        rows = [
            [np.reshape(block, (int(np.prod(shape)), size)) for block, size in zip(row, sizes, strict=True)]
            for shape, row in zip(shapes, (leaves[i : i + count] for i in range(0, len(leaves), count)), strict=True)
        ]
        return np.concatenate([np.concatenate(row, axis=1) for row in rows]).astype(np.float64)

    def arrays(self, vector: Vector) -> list[Vector]:
        """Return the leaves of a vector."""
        parts = np.split(vector, self._ends)
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def bounds(self, low: Any, high: Any) -> tuple[Vector, Vector]:
        """Return bounds, each a tree of the structure of x0 or a prefix of it, as two vectors; None is no bound."""
        return _joined(self._ends_of(low, "low", -np.inf)), _joined(self._ends_of(high, "high", np.inf))

    def _ends_of(self, tree: Any, word: str, without: float) -> list[Vector]:
        found = []
        for value, shape, path in zip(self._spread(tree, word), self.shapes, self.paths, strict=True):
            end = np.asarray(without if value is None else _convert.to_numpy(value), dtype=np.float64)
            try:
                found.append(np.broadcast_to(end, shape))
            except ValueError as error:
                raise InputError(
                    f"Expected a {word} bound of {path} that broadcasts to its shape {shape}, got shape {end.shape}."
                ) from error
        return found

    def _spread(self, tree: Any, word: str) -> list[Any]:
        if len(self.shapes) == 1 and isinstance(tree, list | tuple) and self._structure == _tree.flatten(0)[1]:
            return [tree]  # one number per element
        leaves, structure = _tree.flatten(tree, self._expand)
        if structure == self._structure:
            return leaves
        try:
            return self._structure.broadcast(tree)
        except ValueError as error:
            raise StructureError(
                f"Expected {word} bounds with the structure of x0, {self._structure}, got {structure}."
            ) from error


def _real(leaf: Any, path: str) -> Vector:
    """Return one leaf of x0 as a NumPy array of a real floating dtype."""
    is_number = isinstance(leaf, int | float) and not isinstance(leaf, bool)
    if not is_number and _registry.array_backend_name(leaf) is None:
        raise InputError(
            f"Expected real arrays and numbers in x0, got {path} of type {type(leaf).__name__}. Pass what is not "
            "optimized in args."
        )
    array = np.asarray(_convert.to_numpy(leaf))
    name = _dtypes.dtype_name(array.dtype)
    if name in _dtypes.FLOATING:
        return array
    if name in _dtypes.COMPLEX or name == "bool":
        raise InputError(
            f"Expected real arrays and numbers in x0, got {path} of dtype {name}. Optimize over the real and imaginary "
            "parts, or pass what is not optimized in args."
        )
    return array.astype(np.float64)


def _joined(arrays: list[Any]) -> Vector:
    return np.concatenate([np.ravel(array).astype(np.float64) for array in arrays])


def place(values: tuple[Any, ...], backend: Any, device: Any) -> tuple[Any, Any]:
    """Return the backend and device to compute on: those of the framework's arrays, where none were asked for.

    f only ever sees x as it was rebuilt from SciPy's NumPy vector, which no longer tells.
    """
    leaves = [leaf for value in values for leaf in _tree.flatten(value, _leaves.expander(backend))[0]]
    if backend is None:
        backend = _registry.framework_of(leaves)
    if backend is None or device is not None:
        return backend, device
    chosen = _registry.get_backend(backend)
    for leaf in leaves:
        native = leaf.native if isinstance(leaf, Array) else leaf
        if not isinstance(native, np.ndarray | np.generic) and chosen.is_array(native):
            return backend, chosen.device(native)
    return backend, None
