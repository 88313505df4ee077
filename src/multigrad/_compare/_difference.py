"""How far one tree of numbers is from another, leaf by leaf."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from multigrad import _dtypes, _leaves, _registry, _tree
from multigrad._convert import asarray, to_numpy
from multigrad._report import plain

# NumPy does not know bfloat16.
_EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
# Ulps of the largest element by which two right answers may differ: roundings in another order. A coarse dtype has
# fewer to give away before nothing is left of the number.
_ULPS = {name: min(256.0, 8 * eps**-0.25) for name, eps in _EPS.items()}


class Leaf(NamedTuple):
    """A leaf of an answer.

    Attributes
    ----------
    path
        As code, such as ``params['w']``.
    array
        The numbers; bfloat16 as float32.
    dtype
        As it was found.
    """

    path: str
    array: np.ndarray
    dtype: str


class LeafDifference(NamedTuple):
    """How far one leaf is from its counterpart.

    Attributes
    ----------
    path
        The leaf as code, such as ``params['w']``.
    position
        Indices of where the difference is largest, or of the first element of which one is NaN or infinite and the
        other is not.
    found, expected
        The two numbers there.
    absolute, relative, ulps
        Largest difference of two finite elements: in their units, and relative to the leaf's largest element, as a
        number and in ulps of the dtype.
    not_finite
        Number of elements of which one is NaN or infinite and the other is not the same.
    mismatches
        One sentence per difference of shape or dtype.
    ok
        Whether the leaves agree to a few hundred ulps of the largest element of all leaves.
    """

    path: str
    position: tuple[int, ...] = ()
    found: Any = 0.0
    expected: Any = 0.0
    absolute: float = 0.0
    relative: float = 0.0
    ulps: float = 0.0
    not_finite: int = 0
    mismatches: tuple[str, ...] = ()
    ok: bool = True

    @property
    def place(self) -> str:
        """The element that differs most, as code."""
        return self.path + (f"[{', '.join(map(str, self.position))}]" if self.position else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as plain data for JSON."""
        found = {name: plain(part) for name, part in self._asdict().items()}
        return {**found, "position": list(self.position), "mismatches": list(self.mismatches)}


@dataclasses.dataclass(frozen=True)
class Difference:
    """How far one tree of arrays is from another.

    Attributes
    ----------
    absolute
        Largest absolute difference of two finite elements, in their units.
    relative
        The same relative to the largest element of all leaves.
    ulps
        The same in ulps of the dtype at the largest element.
    not_finite
        Number of elements of which one is NaN or infinite and the other is not the same.
    mismatches
        One sentence per difference of structure, shape or dtype.
    leaves
        One `LeafDifference` per leaf.
    """

    absolute: float = 0.0
    relative: float = 0.0
    ulps: float = 0.0
    not_finite: int = 0
    mismatches: tuple[str, ...] = ()
    leaves: tuple[LeafDifference, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the trees agree to a few hundred ulps of the largest element."""
        return not self.mismatches and all(leaf.ok for leaf in self.leaves)

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as plain data for JSON."""
        found = {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}
        return {**found, "mismatches": list(self.mismatches), "leaves": [leaf.to_dict() for leaf in self.leaves]}


NO_DIFFERENCE = Difference()


def numbers(tree: Any, name: str) -> list[Leaf]:
    """Return the arrays of a tree, whose paths begin with a name, as NumPy arrays; Python numbers are left out."""
    found, structure = _tree.flatten(tree, _leaves.expander(None))
    return [
        Leaf(path, *_as_numpy(leaf))
        for path, leaf in zip(structure.paths(name), found, strict=True)
        if _registry.array_backend_name(leaf) is not None
    ]


def _as_numpy(array: Any) -> tuple[np.ndarray, str]:
    dtype = _dtypes.dtype_name(array.dtype)
    return np.asarray(to_numpy(asarray(array, dtype="float32") if dtype == "bfloat16" else array)), dtype


def difference(found: Sequence[Leaf], expected: Sequence[Leaf], what: str) -> Difference:
    """Compare two lists of leaves.

    Parameters
    ----------
    found, expected
        What came, and what it is compared with.
    what
        What they are, for the sentence that says that they have not the same leaves.
    """
    if [leaf.path for leaf in found] != [leaf.path for leaf in expected]:
        paths, wanted = (", ".join(leaf.path for leaf in leaves) or "none" for leaves in (found, expected))
        return Difference(mismatches=(f"{what} has the leaves {paths} instead of {wanted}",))
    pairs = list(zip(found, expected, strict=True))
    largest = max((_largest(x) for pair in pairs for x in pair), default=0.0)
    leaves = tuple(_leaf_difference(x, y, largest) for x, y in pairs)
    worst = max((leaf.absolute for leaf in leaves), default=0.0)
    relative = worst / largest if largest else 0.0
    # Only the floating ones have ulps.
    eps = max((_eps(x) for pair in pairs for x in pair), default=0.0)
    return Difference(
        worst,
        relative,
        relative / eps if eps else 0.0,
        sum(leaf.not_finite for leaf in leaves),
        tuple(sentence for leaf in leaves for sentence in leaf.mismatches),
        leaves,
    )


def _largest(leaf: Leaf) -> float:
    sizes = np.abs(leaf.array[np.isfinite(leaf.array)]).astype(np.float64)
    return float(np.max(sizes, initial=0.0))


def _eps(leaf: Leaf) -> float:
    return _EPS[_dtypes.precision(leaf.dtype)] if leaf.dtype in _dtypes.INEXACT else 0.0


def _leaf_difference(x: Leaf, y: Leaf, largest: float) -> LeafDifference:
    if x.array.shape != y.array.shape:
        sentence = f"{x.path} has shape {x.array.shape} instead of {y.array.shape}"
        return LeafDifference(x.path, mismatches=(sentence,), ok=False)
    mismatches = (f"{x.path} has dtype {x.dtype} instead of {y.dtype}",) if x.dtype != y.dtype else ()
    a, b = x.array, y.array
    finite = np.isfinite(a) & np.isfinite(b)
    strange = ~finite & ~((a == b) | (np.isnan(a) & np.isnan(b)))
    wide = np.result_type(a, b, np.float64)
    gaps = np.abs(np.where(finite, a, 0).astype(wide) - np.where(finite, b, 0).astype(wide))
    absolute, own = float(np.max(gaps, initial=0.0)), max(_largest(x), _largest(y))
    eps = max(_eps(x), _eps(y))
    relative = absolute / own if own else 0.0
    limit = max((_ULPS[_dtypes.precision(leaf.dtype)] * _eps(leaf) for leaf in (x, y) if _eps(leaf)), default=0.0)
    place = np.argmax(strange if strange.any() else gaps) if a.size else None
    index = () if place is None else tuple(int(i) for i in np.unravel_index(place, a.shape))
    return LeafDifference(
        x.path,
        index,
        a[index].item() if a.size else 0.0,
        b[index].item() if a.size else 0.0,
        absolute,
        relative,
        relative / eps if eps else 0.0,
        int(strange.sum()),
        mismatches,
        not mismatches and not strange.any() and absolute <= limit * largest,
    )


def numpy_tree(tree: Any) -> Any:
    """Return a tree with NumPy arrays in place of any framework's; bfloat16 becomes float32."""
    found, structure = _tree.flatten(tree, _leaves.expander(None))
    is_array = _registry.array_backend_name
    return structure.unflatten([leaf if is_array(leaf) is None else _as_numpy(leaf)[0] for leaf in found])
