"""Bounds on a tree of parameters, as people write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from multigrad import _tree
from multigrad._errors import InputError

_ENDS = (int, float, np.number, type(None))


def pair_of_trees(bounds: Any, x0: Any) -> tuple[Any, Any]:
    """Return the two trees of bounds: from the pair itself, or from a dict with one pair for each parameter."""
    if isinstance(bounds, dict) and isinstance(x0, dict) and _holds_pairs(bounds):
        return _ends(bounds, 0), _ends(bounds, 1)
    if not isinstance(bounds, tuple | list) or len(bounds) != 2:
        raise ValueError(
            "Expected bounds as a pair of trees (low, high), or a dict of pairs for a dict of parameters, got "
            f"{bounds!r}."
        )
    return bounds[0], bounds[1]


def _holds_pairs(bounds: Any) -> bool:
    return all(map(_holds_pairs, bounds.values())) if isinstance(bounds, dict) else _is_pair(bounds)


def _ends(bounds: Any, end: int) -> Any:
    return {key: _ends(part, end) for key, part in bounds.items()} if isinstance(bounds, dict) else bounds[end]


def is_per_element(bounds: Any, count: int, x0: Any) -> bool:
    """Tell whether these are SciPy's bounds: one pair of numbers per element of the vector.

    Raises
    ------
    InputError
        If the elements of the vector come in another order than people see in x0.
    """
    if isinstance(bounds, np.ndarray):
        found = bounds.shape == (count, 2)
    else:
        found = isinstance(bounds, list | tuple) and len(bounds) == count and all(map(_is_pair_of_numbers, bounds))
    if found and not _is_sorted(x0):
        raise InputError(
            "Expected bounds that name their parameters, since the vector has the values of x0 by sorted keys, got a "
            f"sequence of pairs. Pass a dict of pairs, as in bounds={{{next(iter(x0))!r}: (0, None), ...}}."
        )
    return found


def _is_sorted(x0: Any) -> bool:
    """Tell whether the dicts of a tree have the order of their sorted keys, by which the vector goes."""
    if type(x0) is dict:
        places, _ = _tree.flatten({key: place for place, key in enumerate(x0)})
        return places == sorted(places) and all(map(_is_sorted, x0.values()))
    return not isinstance(x0, tuple | list) or all(map(_is_sorted, x0))


def _is_pair(node: Any) -> bool:
    return isinstance(node, tuple | list) and len(node) == 2


def _is_pair_of_numbers(pair: Any) -> bool:
    return _is_pair(pair) and all(isinstance(end, _ENDS) for end in pair)
