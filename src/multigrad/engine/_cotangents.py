"""What travels backwards: arrays, tuples of them for operations with several results, and parts of arrays."""

from __future__ import annotations

import math
from typing import Any

from multigrad.engine._trace import Tracer


class Placed:
    """A cotangent that is zero but at an index.

    Whoever reads a vector element by element sends back as many cotangents as there are elements: added up in place,
    they cost no more than the elements, where dense ones would cost their square.
    """

    __slots__ = ("key", "like", "value")

    def __init__(self, like: Any, value: Any, key: Any) -> None:
        self.like = like
        self.value = value
        self.key = key

    def dense(self, xp: Any) -> Any:
        """Return the array of zeros with the value in its place."""
        return xp.place(self.like, self.value, self.key)

    def added_to(self, xp: Any, array: Any, own: bool) -> Any:
        """Return the sum with an array, which is written to if it is the caller's own."""
        plain = type(array) is not Tracer and type(self.value) is not Tracer and array.dtype == self.value.dtype
        if not plain or not array.shape or not _is_written_once(self.key):
            return _add(xp, array, self.dense(xp), own)
        if not own:
            array = xp.asarray(array, copy=True)
        array[self.key] += self.value
        return array


class Multiple:
    """A cotangent that is a factor times an array, or times ones: what the way back of a sum begins with.

    The product is often only added up again, or multiplied once more; so it is not formed before somebody asks for it.

    Parameters
    ----------
    factor
        Plain array that broadcasts to the shape.
    array
        Plain array of the shape, of which a 0-d factor is a multiple; None for ones.
    shape
        Of the product.
    """

    __slots__ = ("array", "factor", "shape")

    def __init__(self, factor: Any, array: Any, shape: tuple[int, ...]) -> None:
        self.factor = factor
        self.array = array
        self.shape = shape

    @property
    def dtype(self) -> Any:
        return self.factor.dtype

    def dense(self, xp: Any) -> Any:
        """Return the product as an array."""
        if self.array is None:
            return xp.broadcast_to(self.factor, self.shape)
        return xp.multiply(self.factor, self.array)

    def times(self, xp: Any, slope: Any) -> Any:
        """Return the product with an array that broadcasts to this one's shape, or with a number."""
        if isinstance(slope, int | float | complex):
            return Multiple(xp.multiply(self.factor, slope), self.array, self.shape)
        if self.array is not None or slope.shape != self.shape:
            return xp.multiply(self.dense(xp), slope)
        if self.factor.shape or type(slope) is Tracer or slope.dtype != self.factor.dtype:
            return xp.multiply(self.factor, slope)
        return Multiple(self.factor, slope, self.shape)

    def total(self, xp: Any) -> Any:
        """Return the sum of all elements."""
        if self.factor.shape:
            return xp.sum(self.dense(xp))
        return self.factor * (math.prod(self.shape) if self.array is None else xp.sum(self.array))


def _is_written_once(key: Any) -> bool:
    parts = key if type(key) is tuple else (key,)
    return all(part is Ellipsis or isinstance(part, int | slice) for part in parts)


def add(xp: Any, first: Any, second: Any, own: bool) -> Any:
    """Return the sum of two cotangents of one operation.

    Parameters
    ----------
    xp
        A `TracedNamespace`.
    first, second
        Arrays, plain or traced; `Placed`; or tuples of arrays with None for zeros.
    own
        Whether the first is a sum made here, which nobody else sees, so that it may be written to.
    """
    if type(first) is tuple:
        return tuple(
            other if one is None else one if other is None else xp.add(one, other)
            for one, other in zip(first, second, strict=True)
        )
    if type(first) is Multiple:
        first = first.dense(xp)
    if type(second) is Multiple:
        second = second.dense(xp)
    if type(first) is Placed:
        if type(second) is not Placed:
            return first.added_to(xp, second, False)
        first, own = first.dense(xp), True
    if type(second) is Placed:
        return second.added_to(xp, first, own)
    return _add(xp, first, second, own)


def _add(xp: Any, first: Any, second: Any, own: bool) -> Any:
    if own and type(first) is not Tracer and type(second) is not Tracer and first.dtype == second.dtype:
        first += second
        return first
    return xp.add(first, second)
