"""The map from one port's arguments to another's, and its transpose, which brings gradients back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multigrad import _convert, _leaves, _registry, _tree
from multigrad._errors import StructureError
from multigrad._products import vjp

_KINDS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Layout:
    """One port's arguments, made from the first one's.

    Parameters
    ----------
    name
        The port, for error messages.
    map
        See `compare`.
    args
        The first port's arguments.
    chosen
        Positions of the differentiated ones.

    Attributes
    ----------
    args
        The port's arguments, NumPy arrays and whatever else the map gives.
    argnums
        Positions of those that depend on the chosen ones.
    """

    def __init__(self, name: str, map: Callable[..., Any], args: tuple[Any, ...], chosen: Sequence[int]) -> None:
        self._name, self._map = name, map
        self._leaves, self._structure = _tree.flatten(_convert.to_numpy(args), _leaves.expander(None))
        tops = _positions(args)
        self._places = [i for i, leaf in enumerate(self._leaves) if tops[i] in chosen and _is_inexact(leaf)]
        self.args = self._mapped(self._leaves)
        self._found, self._wanted = _tree.flatten(self.args, _leaves.expander(None))
        moved = self._moved()
        self._dependent = [i for i, (x, y) in enumerate(zip(self._found, moved, strict=True)) if _differ(x, y)]
        # Without one it is the map that is wrong, and the report will say that every gradient is zero.
        tops = _positions(self.args)
        self.argnums = tuple(dict.fromkeys(tops[i] for i in self._dependent)) or (0,)

    def paths(self, names: Sequence[str]) -> list[str]:
        """Return the chosen leaves of the first port as code, in the order of `back`; names are its arguments'."""
        flat = _leaves.Leaves(self._structure.unflatten(self._leaves), _leaves.expander(None))
        return [flat.path(i, names) for i in self._places]

    def back(self, gradient: Sequence[Any]) -> list[np.ndarray]:
        """Return the gradient in the chosen leaves of the first port.

        Parameters
        ----------
        gradient
            One tree of NumPy arrays per argument in `argnums`.

        Raises
        ------
        StructureError
            If the map can be neither differentiated nor seen to move elements only.
        """
        trees = dict(zip(self.argnums, gradient, strict=True))
        whole = tuple(trees.get(i, arg) for i, arg in enumerate(self.args))
        found = _tree.flatten(whole, _leaves.expander(None))[0]
        cotangents = [np.asarray(found[i]) for i in self._dependent]
        try:
            return self._pulled_back(cotangents)
        except Exception as error:  # written with functions that cannot be differentiated: np.split, a loop over .flat
            moved = self._moved_back(cotangents)
            if moved is None:
                raise StructureError(
                    f"The map of {self._name!r} must be differentiable, so that gradients can be brought back: written "
                    "with array API functions, NumPy functions that have a counterpart there, indexing and operators, "
                    f"or moving elements only. It raised {type(error).__name__}: {error}"
                ) from error
            return moved

    def _mapped(self, leaves: Sequence[Any]) -> tuple[Any, ...]:
        args = self._structure.unflatten(leaves)
        taken = _taken(self._map, len(args))
        try:
            result = self._map(*args[: taken[0]])
        except Exception as error:
            names = f"the first {taken[0]} of the {len(args)} arguments" if taken[0] < len(args) else "all arguments"
            error.add_note(f"Raised by the map of {self._name!r}, which was called with {names} of the first port.")
            raise
        if taken[1]:
            return (result, *args[taken[0] :])
        if not isinstance(result, tuple | list):
            raise StructureError(
                f"The map of {self._name!r} takes {taken[0]} arguments and must return a tuple with the port's own, "
                f"got {type(result).__name__}."
            )
        return (*result, *args[taken[0] :])

    def _with(self, chosen: Sequence[Any]) -> list[Any]:
        leaves = list(self._leaves)
        for place, leaf in zip(self._places, chosen, strict=True):
            leaves[place] = leaf
        return leaves

    def _moved(self) -> list[Any]:
        """Return the port's leaves at another point, to see which of them depend on the chosen leaves."""
        generator = np.random.default_rng(0)
        chosen = [_other(generator, np.asarray(self._leaves[i])) for i in self._places]
        found, structure = _tree.flatten(self._mapped(self._with(chosen)), _leaves.expander(None))
        if structure != self._wanted:
            raise StructureError(
                f"The map of {self._name!r} must give the same structure for all numbers, got {self._wanted} and "
                f"{structure}."
            )
        return found

    def _pulled_back(self, cotangents: list[np.ndarray]) -> list[np.ndarray]:
        def relaid(chosen: list[Any]) -> list[Any]:
            found = _tree.flatten(self._mapped(self._with(chosen)), _leaves.expander(None))[0]
            return [found[i] for i in self._dependent]

        # In the gradient's precision, which may be less than the arguments'.
        given = [np.asarray(self._leaves[i]) for i in self._places]
        value, pullback = vjp(relaid, given, backend="numpy")
        prepared = [ct.astype(x.dtype) for ct, x in zip(cotangents, value, strict=True)]
        return [np.asarray(x) for x in pullback(prepared)[0]]

    def _moved_back(self, cotangents: list[np.ndarray]) -> list[np.ndarray] | None:
        """Do the same for a map that only moves elements, which is seen from where numbered elements go."""
        given = [np.asarray(self._leaves[i]) for i in self._places]
        offsets = np.cumsum([0, *(x.size for x in given)])
        # From 1, so that an element that the map fills with zeros is none of them.
        numbers = [
            np.arange(start + 1.0, start + 1 + x.size).reshape(x.shape)
            for start, x in zip(offsets[:-1], given, strict=True)
        ]
        pulled = np.zeros(offsets[-1], np.result_type(np.float64, *cotangents))
        flat = np.concatenate([x.ravel() for x in given])
        found = _tree.flatten(self._mapped(self._with(numbers)), _leaves.expander(None))[0]
        for place, cotangent in zip(self._dependent, cotangents, strict=True):
            origin = np.asarray(found[place])
            index = origin.real.astype(np.int64).ravel() - 1
            if (index < 0).any() or (index >= flat.size).any() or (index + 1 != origin.ravel()).any():
                return None
            if not np.array_equal(flat[index], np.asarray(self._found[place]).ravel(), equal_nan=True):
                return None
            np.add.at(pulled, index, cotangent.ravel())
        return [pulled[start : start + x.size].reshape(x.shape) for start, x in zip(offsets[:-1], given, strict=True)]


def _taken(map: Callable[..., Any], count: int) -> tuple[int, bool]:
    """Return how many leading arguments a map takes, and whether it stands for one argument."""
    try:
        parameters = list(inspect.signature(map).parameters.values())
    except (TypeError, ValueError):  # some built-in functions have none
        return count, count == 1
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        return count, False
    positional = sum(parameter.kind in _KINDS for parameter in parameters)
    required = sum(p.kind in _KINDS and p.default is inspect.Parameter.empty for p in parameters)
    taken = min(required or positional, count)
    return taken, taken == 1


def _positions(args: tuple[Any, ...]) -> list[int]:
    """Return for each leaf of all arguments which argument it belongs to."""
    counts = (len(_tree.flatten(arg, _leaves.expander(None))[0]) for arg in args)
    return [i for i, count in enumerate(counts) for _ in range(count)]


def _is_inexact(leaf: Any) -> bool:
    if _registry.array_backend_name(leaf) is not None:
        return np.asarray(leaf).dtype.kind in "fc"
    return isinstance(leaf, int | float | complex) and not isinstance(leaf, bool)


def _other(generator: np.random.Generator, x: np.ndarray) -> np.ndarray:
    return (x + generator.uniform(1.0, 2.0, x.shape)).astype(x.dtype if x.dtype.kind in "fc" else np.float64)


def _differ(x: Any, y: Any) -> bool:
    if not (_is_inexact(x) and _is_inexact(y)):
        return False
    a, b = np.asarray(x), np.asarray(y)
    return a.shape == b.shape and a.size > 0 and not np.array_equal(a, b)
