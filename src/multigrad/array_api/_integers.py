"""Arguments that the standard wants as Python numbers: shapes, axes, counts.

Some frameworks take a 0-d array there, others refuse it, and a value that is being differentiated would lose its
gradient. Here an integer array is taken at its value on every backend, any other is refused.
"""

from __future__ import annotations

import operator
from typing import Any

from multigrad._array import Array

# Positional arguments by function.
_PLACES: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("empty", "full", "ones", "zeros", "fftfreq", "rfftfreq"), (0,)),
    **dict.fromkeys(("broadcast_to", "matrix_power", "permute_dims", "repeat", "reshape", "roll", "tile"), (1,)),
    "eye": (0, 1),
    "linspace": (2,),
    "moveaxis": (1, 2),
}
# Options of any function.
_OPTIONS = frozenset(("axes", "axis", "k", "n", "num", "n_cols", "offset", "repetitions", "shape", "shift"))


def takes(name: str) -> bool:
    """Tell whether a function has positional arguments that must be integers."""
    return name in _PLACES


def plain(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return the positional arguments of a call with plain integers; those among the options are replaced in place.

    Raises
    ------
    DetachedValueError
        If an argument that must be an integer is being differentiated.
    TypeError
        If it is an array of another kind than integers.
    """
    for option in _OPTIONS & kwargs.keys():
        kwargs[option] = _integers(kwargs[option])
    if isinstance(kwargs.get("correction"), Array):
        kwargs["correction"] = float(kwargs["correction"])
    places = [place for place in _PLACES.get(name, ()) if place < len(args)]
    if not places:
        return args
    found = list(args)
    for place in places:
        found[place] = _integers(found[place])
    if name == "reshape" and type(found[1]) is int:
        found[1] = (found[1],)
    return tuple(found)


def _integers(value: Any) -> Any:
    if type(value) is int or value is None:
        return value
    if isinstance(value, list | tuple):
        return (
            value
            if type(value) is tuple and all([type(one) is int for one in value])
            else tuple([_integers(one) for one in value])
        )
    if isinstance(value, Array) and not value.is_recorded and value._is_symbolic(value.native):
        return value  # known when the program runs; some frameworks can wait
    return operator.index(value) if hasattr(value, "dtype") and not getattr(value, "shape", ()) else value
