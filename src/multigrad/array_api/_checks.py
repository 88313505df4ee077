"""Arguments that every backend checks the same way: axes, shapes, sizes.

The frameworks accept different things (JAX clamps, TensorFlow wraps, torch truncates) and say so in different words.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.exceptions import AxisError  # both a ValueError and an IndexError

from multigrad._dtypes import dtype_name


def axis(value: Any, ndim: int) -> int:
    """Return an axis counted from the front.

    Raises
    ------
    AxisError
        If the array has no such axis.
    TypeError
        If it is not an integer.
    """
    number = value if type(value) is int else integer(value, "axis=")
    if not -ndim <= number < ndim:
        raise AxisError(f"Axis {number} is out of bounds for an array with {ndim} axes.")
    return number + ndim if number < 0 else number


def axes(value: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the front: None means all of them, an integer one.

    Raises
    ------
    AxisError
        If the array has no such axis.
    ValueError
        If an axis is named twice.
    """
    if value is None:
        return tuple(range(ndim))
    if not isinstance(value, tuple | list):
        return (axis(value, ndim),)
    found = tuple(axis(one, ndim) for one in value)
    if len(set(found)) != len(found):
        raise ValueError(f"Expected different axes, got {tuple(value)} for an array with {ndim} axes.")
    return found


def only_axis(value: Any, ndim: int, name: str) -> int:
    """Return the axis of a function whose ``axis=None`` means the only axis that there is."""
    if value is not None:
        return axis(value, ndim)
    if ndim != 1:
        raise ValueError(f"xp.{name} needs axis= for an array with {ndim} axes; only a vector may leave it out.")
    return 0


def broadcast(*shapes: Sequence[int | None]) -> tuple[int | None, ...]:
    """Return the shape that shapes broadcast to; a size that is not known yet (None) fits every other.

    Raises
    ------
    ValueError
        If they do not broadcast.
    """
    result: list[int | None] = []
    for i in range(max([0, *map(len, shapes)])):
        sizes = {shape[-1 - i] for shape in shapes if i < len(shape)} - {1}
        known = sizes - {None}
        if len(known) > 1:
            listed = ", ".join(str(tuple(shape)) for shape in shapes)
            raise ValueError(f"Expected shapes that broadcast, got {listed}.")
        result.append(next(iter(known)) if known else None if sizes else 1)
    return tuple(reversed(result))


def at_least(ndim: int, needed: int, name: str) -> None:
    """Raise if an array has too few axes for a function."""
    if ndim < needed:
        what = "a matrix (at least 2 axes)" if needed == 2 else f"an array with at least {needed} axes"
        raise ValueError(f"xp.{name} takes {what}, got an array with {ndim}.")


def square(shape: Sequence[int | None], name: str) -> None:
    """Raise if the last two axes are not a square matrix."""
    at_least(len(shape), 2, name)
    rows, columns = shape[-2:]
    if rows is not None and columns is not None and rows != columns:
        raise ValueError(f"xp.{name} takes square matrices, got shape {tuple(shape)}.")


def axis_of_triples(first: Sequence[int | None], second: Sequence[int | None], value: Any) -> int:
    """Return the axis of ``cross``, counted from the end in both shapes, since they broadcast."""
    ndim = min(len(first), len(second))
    if not -ndim <= value < 0:
        value = axis(value, ndim) - ndim
    for shape in (first, second):
        if shape[value] not in (3, None):
            raise ValueError(f"xp.linalg.cross takes vectors of 3 elements, got shape {tuple(shape)}, axis {value}.")
    broadcast(first, second)
    return value


def numpy_array(x: Any) -> Any:
    """Return a NumPy array as every framework takes it: no subclass, in this machine's order of bytes.

    Raises
    ------
    DtypeError
        If the standard has no such dtype.
    TypeError
        If it is a masked array, whose mask would be lost.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            "Expected an array without a mask, got numpy.ma.MaskedArray, whose mask would be lost. Fill it with "
            "x.filled(value), or pass data and mask apart and choose with xp.where."
        )
    dtype_name(x.dtype)
    return np.asarray(x, dtype=x.dtype if x.dtype.isnative else x.dtype.newbyteorder("="))


def integer(value: Any, what: str) -> int:
    """Return an integer, or raise TypeError for what has none to give."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"Expected an integer for {what}, got {value!r}.") from None
