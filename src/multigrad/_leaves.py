"""The leaves of all arguments of a call in one list, and where each argument's are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from multigrad import _registry, _tree
from multigrad._protocol import SupportsPytree


class Leaves:
    """The arguments of a call, taken apart."""

    __slots__ = ("leaves", "spans", "structures")

    def __init__(self, values: Sequence[Any], expand: _tree.Expand) -> None:
        self.leaves: list[Any] = []
        self.spans: list[tuple[int, int]] = []
        self.structures: list[_tree.Structure | None] = []
        for value in values:
            start = len(self.leaves)
            if type(value) in _tree.PLAIN or _registry.array_backend_name(value) is not None:
                self.leaves.append(value)  # no container: nothing to take apart
                self.structures.append(None)
            else:
                found, structure = _tree.flatten(value, expand)
                self.leaves.extend(found)
                self.structures.append(structure)
            self.spans.append((start, len(self.leaves)))

    def rebuild(self, leaves: Sequence[Any], argument: int) -> Any:
        start, stop = self.spans[argument]
        structure = self.structures[argument]
        return leaves[start] if structure is None else structure.unflatten(leaves[start:stop])

    def path(self, position: int, names: Sequence[str]) -> str:
        """Return a leaf's path as code, such as ``params['w'][0]``."""
        for (start, stop), structure, name in zip(self.spans, self.structures, names, strict=True):
            if start <= position < stop:
                return name if structure is None else structure.paths(name)[position - start]
        raise IndexError(position)


def expander(explicit: Any) -> _tree.Expand:
    """Return a function that opens containers which only a framework's own registry knows."""

    def expand(leaf: object) -> Any:
        if _registry.array_backend_name(leaf) is not None:
            return None
        for backend in (_registry.get_backend(explicit),) if explicit is not None else _registry.imported_backends():
            if _registry.supports(backend, SupportsPytree):
                opened = backend.flatten_node(leaf)  # type: ignore[attr-defined]
                if opened is not None:
                    return opened
        return None

    return expand


def is_table(leaf: object) -> bool:
    """Tell whether a leaf is a table or a column of one (pandas, Polars): no array, and ``to_numpy()`` gives one."""
    return hasattr(type(leaf), "to_numpy") and _registry.array_backend_name(leaf) is None


def kind(leaf: object) -> str:
    """Return the name of a leaf's type with its package, such as ``pandas.DataFrame``."""
    return f"{type(leaf).__module__.partition('.')[0]}.{type(leaf).__qualname__}"


def unknown_container(leaf: object, path: str) -> str:
    """Return what to say about an object which may hold arrays that would be missed."""
    if is_table(leaf):
        return f"Expected arrays, numbers and known containers, got the {kind(leaf)} {path}. Pass {path}.to_numpy()."
    full = f"{type(leaf).__module__}.{type(leaf).__qualname__}"
    return (
        f"Expected arrays, numbers and known containers, got {path} of type {full}, which may hold arrays that would "
        "be missed. Register it with multigrad.register_pytree, or make it a dataclass."
    )
