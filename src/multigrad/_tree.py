"""Pytrees: taking containers apart into leaves and putting them together again. The only importer of optree.

Tuples, lists, dicts, named tuples, deques and classes given to `register_pytree` are optree's, in a namespace of our
own. Dataclasses, and containers that only a framework's registry knows, are opened here one level at a time, so that
nothing is registered on anybody's behalf.
"""

from __future__ import annotations

import copy
import dataclasses
import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import optree

_NAMESPACE = "multigrad"
_Class = TypeVar("_Class", bound=type)

# Types of leaves that are certainly neither arrays nor containers: the quick way out on the hot path.
PLAIN: frozenset[type] = frozenset((int, float, complex, bool, str, bytes, type(None)))

Rebuild = Callable[[Sequence[Any]], Any]
# Opens one container that optree does not know: its children, how to rebuild it, and how each child is reached as code;
# None for a leaf.
Expand = Callable[[object], "tuple[Sequence[Any], Rebuild, Sequence[str]] | None"]


class _Star:
    """Stands for a leaf where a structure is shown."""

    def __repr__(self) -> str:
        return "*"


_STAR = _Star()


@dataclasses.dataclass(frozen=True)
class _Node:
    """A container below optree's sight, at one of the leaves that optree returned."""

    position: int
    kind: type
    suffixes: tuple[str, ...]  # how each child is reached, as code
    children: Structure
    rebuild: Rebuild = dataclasses.field(compare=False)


@dataclasses.dataclass(frozen=True)
class Structure:
    """What remains of a tree when its leaves are taken out; compares equal for equal containers."""

    spec: optree.PyTreeSpec
    nodes: tuple[_Node, ...] = ()

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        """Put leaves into the structure."""
        if not self.nodes:
            return optree.tree_unflatten(self.spec, leaves)
        remaining = iter(leaves)
        return self._take(remaining)

    def _take(self, remaining: Iterator[Any]) -> Any:
        nodes = {node.position: node for node in self.nodes}
        parts = []
        for position in range(self.spec.num_leaves):
            node = nodes.get(position)
            parts.append(next(remaining) if node is None else node.rebuild(node.children._take(remaining)))
        return optree.tree_unflatten(self.spec, parts)

    def paths(self, name: str) -> list[str]:
        """Return each leaf's path as code, such as ``x['w'][0]`` for the tree ``x``."""
        nodes = {node.position: node for node in self.nodes}
        paths: list[str] = []
        for position, accessor in enumerate(self.spec.accessors()):
            path = accessor.codify(name)
            node = nodes.get(position)
            if node is None:
                paths.append(path)
                continue
            # The children were flattened as a list: replace its [i] by the way the container spells it.
            for child, suffix in enumerate(node.suffixes):
                head = f"[{child}]"
                inner = node.children.paths("")
                paths.extend(
                    path + suffix + p[len(head) :] for p in inner if p == head or p.startswith((head + "[", head + "."))
                )
        return paths

    def broadcast(self, prefix: Any) -> list[Any]:
        """Return for each leaf the value that a tree prefix of this structure has for it.

        Raises
        ------
        ValueError
            If it is no prefix.
        """
        top = optree.tree_unflatten(self.spec, range(self.spec.num_leaves))
        found = optree.broadcast_prefix(prefix, top, none_is_leaf=True, namespace=_NAMESPACE)
        nodes = {node.position: node for node in self.nodes}
        values: list[Any] = []
        for position, value in enumerate(found):
            node = nodes.get(position)
            values.extend([value] if node is None else [value] * node.children.num_leaves)
        return values

    def __str__(self) -> str:
        """Return the tree with a star for each leaf, such as ``{'w': [*, *]}``."""
        try:
            return repr(self.unflatten([_STAR] * self.num_leaves))
        except Exception:  # a registered class may refuse what is no number; a message must not fail for that
            return str(self.spec)

    @property
    def num_leaves(self) -> int:
        """Number of leaves."""
        return self.spec.num_leaves + sum(node.children.num_leaves - 1 for node in self.nodes)


def flatten(tree: Any, expand: Expand | None = None) -> tuple[list[Any], Structure]:
    """Return a tree's leaves and structure. None is a leaf, and so is everything that is no known container."""
    top, spec = optree.tree_flatten(tree, none_is_leaf=True, namespace=_NAMESPACE)
    leaves: list[Any] = []
    nodes: list[_Node] = []
    for position, leaf in enumerate(top):
        opened = None if type(leaf) in PLAIN else _open(leaf, expand)
        if opened is None:
            leaves.append(leaf)
            continue
        children, rebuild, suffixes = opened
        inner, structure = flatten(list(children), expand)
        leaves.extend(inner)
        nodes.append(_Node(position, type(leaf), suffixes, structure, rebuild))
    return leaves, Structure(spec, tuple(nodes))


def _open(leaf: Any, expand: Expand | None) -> tuple[Sequence[Any], Rebuild, tuple[str, ...]] | None:
    # The framework's registry goes first: it may treat some fields of a dataclass as static.
    opened = expand(leaf) if expand is not None else None
    if opened is not None:
        children, rebuild, suffixes = opened
        return children, rebuild, tuple(suffixes)
    if not dataclasses.is_dataclass(leaf) or isinstance(leaf, type):
        return None
    names = tuple(field.name for field in dataclasses.fields(leaf) if hasattr(leaf, field.name))

    def rebuild_dataclass(values: Sequence[Any]) -> Any:
        # Neither __init__ nor __post_init__ runs: they may validate, and a gradient's leaves may be None.
        rebuilt = copy.copy(leaf)
        for name, value in zip(names, values, strict=True):
            object.__setattr__(rebuilt, name, value)
        return rebuilt

    return [getattr(leaf, name) for name in names], rebuild_dataclass, tuple(f".{name}" for name in names)


def is_opaque(leaf: object) -> bool:
    """Tell whether a leaf that is no array could hide arrays: an object of a class that nobody registered."""
    if type(leaf) in PLAIN or isinstance(leaf, int | float | complex | str | bytes | enum.Enum | type):
        return False
    return not callable(leaf) or hasattr(leaf, "__iter__")


def register_pytree(
    cls: _Class, flatten: Callable[[Any], tuple[Sequence[Any], Any]], unflatten: Callable[[Any, Sequence[Any]], Any]
) -> _Class:
    """Make a container class known to multigrad, in a registry that no other package shares.

    Parameters
    ----------
    cls
        The class. Subclasses are not included.
    flatten
        Takes an instance, returns its children and anything hashable that is needed to rebuild it.
    unflatten
        Takes what ``flatten`` returned second, and new children; returns an instance. Children may be any object, also
        None.

    Returns
    -------
    type
        ``cls``.

    Raises
    ------
    ValueError
        If the class is already registered.

    Examples
    --------
    >>> import multigrad
    >>> class Line:
    ...     def __init__(self, w, b):
    ...         self.w, self.b = w, b
    >>> _ = multigrad.register_pytree(Line, lambda line: ((line.w, line.b), None), lambda _, children: Line(*children))
    >>> float(multigrad.gradient(lambda line: 3 * line.w + line.b)(Line(2.0, 1.0)).w)
    3.0
    """
    if not isinstance(cls, type):
        raise TypeError(f"Expected a class, got {type(cls).__name__}.")
    optree.register_pytree_node(cls, flatten, unflatten, namespace=_NAMESPACE)  # type: ignore[arg-type]
    return cls
