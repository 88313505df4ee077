"""Python's operators for one backend's `Array`, bound to the functions of its native namespace.

Bound once, when the subclass is made, so that an operation costs one Python call more than the framework's own.
Operands that need no promotion skip the namespace's wrapper.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from multigrad._dtypes import dtype_name
from multigrad.array_api import _domains
from multigrad.array_api._explain import raise_clearer

if TYPE_CHECKING:
    from multigrad._array import Array

_new = object.__new__

# Dunder name without underscores: the standard's function behind it.
_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}
_COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
_UNARY = {"neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_invert"}


def bind(cls: type[Array]) -> None:
    """Give a subclass the operators that its native namespace has functions for."""
    for name, function in (_BINARY | _COMPARISONS).items():
        if hasattr(cls._xp, function):
            setattr(cls, f"__{name}__", _operator(cls, function, f"__{name}__"))
    for name, function in _BINARY.items():
        if hasattr(cls._xp, function):
            setattr(cls, f"__r{name}__", _reflected(cls, function, f"__r{name}__"))
            setattr(cls, f"__i{name}__", _in_place(getattr(cls, f"__{name}__"), f"__i{name}__"))
    for name, function in _UNARY.items():
        if hasattr(cls._xp, function):
            setattr(cls, f"__{name}__", _unary(cls, function, f"__{name}__"))


def _operator(cls: type[Array], standard: str, name: str) -> Callable[..., Any]:
    function, direct, inexact = _versions(cls, standard)

    def operator(self: Array, other: Any, /) -> Any:
        kind = type(other)
        native = self.native
        array = _new(self.__class__)
        try:
            if kind is cls:
                other = other.native
                dtype = native.dtype
                array.native = (direct if dtype is other.dtype and dtype in inexact else function)(native, other)
                return array
            if kind is int or kind is float:
                array.native = (direct if native.dtype in inexact else function)(native, other)
                return array
            other = cls._coerce(other)
            if other is NotImplemented:
                return NotImplemented
            array.native = function(native, other)
        except Exception as error:
            raise_clearer(standard, (native, other), {}, error)
        return array

    operator.__name__ = name
    return operator


def _reflected(cls: type[Array], standard: str, name: str) -> Callable[..., Any]:
    function, direct, inexact = _versions(cls, standard)

    def operator(self: Array, other: Any, /) -> Any:
        kind = type(other)
        native = self.native
        array = _new(self.__class__)
        try:
            if kind is int or kind is float:
                array.native = (direct if native.dtype in inexact else function)(other, native)
                return array
            other = cls._coerce(other)
            if other is NotImplemented:
                return NotImplemented
            array.native = function(other, native)
        except Exception as error:
            raise_clearer(standard, (other, native), {}, error)
        return array

    operator.__name__ = name
    return operator


def _versions(cls: type[Array], standard: str) -> tuple[Callable[..., Any], Callable[..., Any], frozenset[Any]]:
    """Return a function with all checks, the same for operands that need none, and the dtypes of those operands.

    Operands of one inexact dtype, and numbers beside them, need neither a promotion nor a check of their dtype, unless
    the function takes only some inexact dtypes.
    """
    promoting = getattr(cls._xp, standard)
    check = _domains.checker(standard, cls._xp)

    def function(*operands: Any) -> Any:
        if check is not None:
            check(operands)
        return promoting(*operands)

    direct: dict[Any, Callable[..., Any]] = getattr(promoting, "direct", {})
    kind = _domains.PROMOTING.get(standard)
    inexact = [dtype for dtype in direct if kind is None or dtype_name(dtype) in _domains.KINDS[kind]]
    return function, next(iter(direct.values()), function), _domains.shared(inexact)


def _in_place(binary: Callable[..., Any], name: str) -> Callable[..., Any]:
    def operator(self: Array, other: Any, /) -> Any:
        result = binary(self, other)
        return result if result is NotImplemented else self._replace(result.native)

    operator.__name__ = name
    return operator


def _unary(cls: type[Array], standard: str, name: str) -> Callable[..., Any]:
    function = getattr(cls._xp, standard)
    kind = _domains.UNARY.get(standard)
    good = _domains.shared(_domains.dtypes(kind, cls._xp) if kind else ())
    check = _domains.checker(standard, cls._xp)

    def operator(self: Array, /) -> Any:
        array = _new(self.__class__)
        native = self.native
        try:
            if check is not None and native.dtype not in good:
                check((native,))
            array.native = function(native)
        except Exception as error:
            raise_clearer(standard, (native,), {}, error)
        return array

    operator.__name__ = name
    return operator
