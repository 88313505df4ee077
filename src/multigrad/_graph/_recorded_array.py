"""The array that f sees while it is recorded: `Array`, and every operation on it is told to the recorder.

A subclass of the backend's own `Array` type, so that nothing is paid for it when nothing is recorded: the plain type's
operators and the namespaces' short ways never meet it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

from multigrad._array import Array
from multigrad._graph._spelling import BINARY, COMPARISONS, UNARY


class _Recorded:
    """What a recorded array does otherwise than the plain type. Mixed in before it."""

    __slots__ = ()

    plain: ClassVar[type[Array]]
    observer: Any  # the recorder
    node: int | None  # what it knows of the value; None for one that was computed unobserved
    native: Any

    @classmethod
    def _wrap(cls, native: Any) -> Array:
        return cls.plain._wrap(native)  # not told of: a plain array

    @classmethod
    def _adopt(cls, other: Array) -> Any:
        return other.native if isinstance(other, cls.plain) else cls.plain._adopt(other)

    @property
    def mT(self) -> Any:  # noqa: N802 - the standard's name
        return self.observer.method("matrix_transpose", _transposed, (self,))

    @property
    def real(self) -> Any:
        return self.observer.method("real", _real, (self,))

    @property
    def imag(self) -> Any:
        return self.observer.method("imag", _imag, (self,))

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        return self.observer.method("to_device", self.plain.to_device, (self, device), {"stream": stream})

    def copy(self) -> Any:
        return self.observer.method("copy", self.plain.copy, (self,))

    def __getitem__(self, key: Any, /) -> Any:
        return self.observer.operator("getitem", self.plain.__getitem__, (self, key))

    def __setitem__(self, key: Any, value: Any, /) -> None:
        _take(self, self.observer.operator("setitem", _assigned, (self, key, value)))


def _transposed(x: Array) -> Array:
    return x.mT


def _real(x: Array) -> Array:
    return x.real


def _imag(x: Array) -> Array:
    return x.imag


def _assigned(x: Array, key: Any, value: Any) -> Array:
    x[key] = value
    return x


def _take(array: Any, result: Any) -> None:
    """Let an array hold the value of another one."""
    array.native, array.node = result.native, getattr(result, "node", None)


@functools.lru_cache(maxsize=256)
def recorded_type(plain: Any) -> type[Array]:
    """Return the subclass of a backend's array type whose operations are recorded."""
    members = {"__slots__": ("node", "observer"), "__module__": __name__, "plain": plain}
    cls: type[Array] = type(f"Recorded{plain.__name__}", (_Recorded, plain), members)
    for name, (operation, _) in BINARY.items():
        if hasattr(plain, f"__{name}__"):
            _set(cls, f"__{name}__", _operator(operation, getattr(plain, f"__{name}__")))
            _set(cls, f"__r{name}__", _reflected(operation, getattr(plain, f"__r{name}__")))
            _set(cls, f"__i{name}__", _in_place(operation, getattr(plain, f"__i{name}__")))
    for name, (operation, _) in (COMPARISONS | UNARY).items():
        if hasattr(plain, f"__{name}__"):
            _set(cls, f"__{name}__", _operator(operation, getattr(plain, f"__{name}__")))
    cls.__hash__ = None  # type: ignore[assignment]
    return cls


def _set(cls: type[Array], name: str, operator: Callable[..., Any]) -> None:
    operator.__name__ = name
    setattr(cls, name, operator)


def _operator(operation: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    def operator(self: Any, *other: Any) -> Any:
        return self.observer.operator(operation, plain, (self, *other))

    return operator


def _reflected(operation: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    def function(other: Any, x: Array) -> Any:
        return plain(x, other)

    def operator(self: Any, other: Any) -> Any:
        return self.observer.operator(operation, function, (other, self))

    return operator


def _in_place(operation: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    def operator(self: Any, other: Any) -> Any:
        result = self.observer.operator(operation, plain, (self, other))
        if result is NotImplemented:
            return result
        _take(self, result)
        return self

    return operator
