"""From a namespace over a framework's arrays to the same namespace over `Array`.

A native namespace does the work. Here each of its functions is given the rule of forms: `Array` out if any argument is
an `Array`, native out if all are native; creation functions give `Array`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from multigrad import _dtypes
from multigrad._array import Array, plain_number

CREATION = frozenset(("arange", "asarray", "empty", "eye", "full", "linspace", "ones", "zeros"))
# Functions whose positional arguments may be dtypes.
_TAKE_DTYPES = frozenset(("astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"))
CONSTANTS = frozenset(("e", "inf", "nan", "newaxis", "pi"))
EXTENSIONS = ("linalg", "fft")


def lifted(native: Any, cls: type[Array]) -> dict[str, Any]:
    """Return the public names of a native namespace over an `Array` subclass.

    Parameters
    ----------
    native
        Namespace (a module, say) with ``__all__`` on the framework's own arrays.
    cls
        The backend's `Array`.
    """
    return {name: _lift(name, getattr(native, name), cls) for name in native.__all__}


def generated(native: Any, cls: type[Array]) -> SimpleNamespace:
    """Return a namespace over `Array` for a backend that brings only functions on its own arrays."""
    names = getattr(native, "__all__", None) or [name for name in dir(native) if not name.startswith("_")]
    return SimpleNamespace(**{name: _lift(name, getattr(native, name), cls) for name in names})


def _lift(name: str, member: Any, cls: type[Array]) -> Any:
    if name in EXTENSIONS:
        return generated(member, cls)
    if name in _dtypes.NAMES or name in CONSTANTS or not callable(member) or isinstance(member, type):
        return member
    if name in CREATION:
        return _creation(name, member, cls)
    return _function(name, member, cls)


def _creation(name: str, function: Callable[..., Any], cls: type[Array]) -> Callable[..., Any]:
    @functools.wraps(function)
    def create(*args: Any, **kwargs: Any) -> Array:
        if "dtype" in kwargs:
            kwargs["dtype"] = cls._as_dtype(kwargs["dtype"])
        call = _Call(cls)
        return cls._wrap(
            function(*(call.unwrap(arg) for arg in args), **{k: call.unwrap(v) for k, v in kwargs.items()})
        )

    create.__name__ = name
    return create


def _function(name: str, function: Callable[..., Any], cls: type[Array]) -> Callable[..., Any]:
    takes_dtypes = name in _TAKE_DTYPES

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        # The usual calls, one or two arrays, take the short way.
        if not kwargs and args and type(args[0]) is cls:
            if len(args) == 1:
                return _rewrap(cls, function(args[0].native))
            if len(args) == 2 and type(args[1]) is cls:
                return _rewrap(cls, function(args[0].native, args[1].native))
        return _Call(cls).run(function, args, kwargs, takes_dtypes)

    call.__name__ = name
    return call


def _rewrap(cls: type[Array], result: Any) -> Any:
    if cls._is_native(result):
        return cls._wrap(result)
    if isinstance(result, tuple | list):
        parts = [_rewrap(cls, part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result  # an answer that is no array: a bool, a dtype, an info object


class _Call:
    """One call of a lifted function: unwraps the arguments and remembers what it saw."""

    __slots__ = ("cls", "saw_array", "saw_native")

    def __init__(self, cls: type[Array]) -> None:
        self.cls = cls
        self.saw_array = False
        self.saw_native = False

    def run(self, function: Callable[..., Any], args: Any, kwargs: Any, takes_dtypes: bool) -> Any:
        cls = self.cls
        if "dtype" in kwargs:
            kwargs["dtype"] = cls._as_dtype(kwargs["dtype"])
        if takes_dtypes:
            args = tuple(cls._as_dtype(arg) if self._names_dtype(arg) else arg for arg in args)
        plain = [self.unwrap(arg) for arg in args]
        options = {key: self.unwrap(value) for key, value in kwargs.items()}
        if not (self.saw_array or self.saw_native or takes_dtypes) and plain and type(plain[0]) in _dtypes.NUMBERS:
            # Python numbers alone: xp.sqrt(2.0) means an array of the default dtype.
            plain[0] = cls._xp.asarray(plain[0])
            self.saw_array = True
        result = function(*plain, **options)
        return _rewrap(cls, result) if self.saw_array or not self.saw_native else result

    def unwrap(self, value: Any) -> Any:
        cls = self.cls
        kind = type(value)
        if kind is cls:
            self.saw_array = True
            return value.native
        if kind in _dtypes.NUMBERS or value is None or kind is str:
            return value
        if cls._is_native(value):
            self.saw_native = True
            return value
        if isinstance(value, Array):
            self.saw_array = True
            return cls._adopt(value)
        if isinstance(value, np.ndarray | np.generic):
            return cls._asarray(value)
        if kind in (list, tuple):
            return kind(self.unwrap(part) for part in value)
        return plain_number(value) if isinstance(value, int | float | complex) else value

    def _names_dtype(self, value: Any) -> bool:
        if isinstance(value, Array | np.ndarray | np.generic) or self.cls._is_native(value):
            return False
        return _dtypes.is_dtype(value)
