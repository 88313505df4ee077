"""From a namespace over a framework's arrays to the same namespace over `Array`.

A native namespace does the work. Here each of its functions is given the rule of forms: `Array` out if any argument is
an `Array`, native out if all are native; creation functions give `Array`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from multigrad import _dtypes
from multigrad._array import Array
from multigrad.array_api import _integers, _ranges
from multigrad.array_api._arguments import INTEGERS, Arguments
from multigrad.array_api._calls import function_over
from multigrad.array_api._explain import raise_clearer

CREATION = frozenset(
    ("arange", "asarray", "empty", "eye", "from_dlpack", "full", "linspace", "ones", "zeros", "fftfreq", "rfftfreq")
)
# Functions that take the arrays of other frameworks.
_CONVERSIONS = frozenset(("asarray", "from_dlpack"))
CONSTANTS = frozenset(("e", "inf", "nan", "newaxis", "pi"))
_AS_THEY_ARE = CONSTANTS | {"__array_namespace_info__"}
EXTENSIONS = ("linalg", "fft")
_DATA = frozenset((bool, int, float, complex, np.ndarray))


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
    if name in EXTENSIONS and not callable(member):  # fft.fft is a function
        return _extension(name, member, cls)
    if name in _AS_THEY_ARE or name in _dtypes.NAMES or not callable(member) or isinstance(member, type):
        return member
    if name in CREATION:
        return _creation(name, member, cls)
    return function_over(name, member, cls)


def _extension(name: str, native: Any, cls: type[Array]) -> ModuleType:
    module = ModuleType(f"{cls.__module__.rpartition('.')[0]}.{name}", native.__doc__)
    members = vars(generated(native, cls))
    module.__dict__.update(members, __all__=sorted(members))
    return module


def _creation(name: str, function: Callable[..., Any], cls: type[Array]) -> Callable[..., Any]:
    def of_data(data: Any) -> Array:
        try:
            return cls._wrap(function(data))
        except Exception as error:
            raise_clearer(name, (data,), {}, error)

    @functools.wraps(function)
    def create(*args: Any, **kwargs: Any) -> Array:
        if len(args) == 1 and not kwargs and is_data(args[0]):
            return of_data(args[0])
        if kwargs.get("copy") is False and args and type(args[0]) is cls and _stays(args[0], kwargs):
            return args[0]  # whoever assigns to one sees it in the other
        args = _integers.plain(name, args, kwargs)
        if name in _ranges.NAMES:
            found = _ranges.between_recorded(name, function, cls, args, kwargs)
            if found is not None:
                return found
        unwrapped = Arguments(cls, args, kwargs, converts=name in _CONVERSIONS)
        if unwrapped.observer is not None:
            return unwrapped.observer.function(name, create, args, kwargs)
        try:
            return cls._wrap(function(*unwrapped.args, **unwrapped.kwargs))
        except Exception as error:
            raise_clearer(name, unwrapped.args, unwrapped.kwargs, error)

    create.__name__ = name
    create.of_data = of_data  # type: ignore[attr-defined]
    return create


def is_data(value: Any) -> bool:
    """Tell whether an argument is surely no array of a framework, and holds none: a number, a shape, NumPy's data."""
    return type(value) in _DATA or (type(value) is tuple and INTEGERS.issuperset(map(type, value)))


def _stays(array: Array, options: dict[str, Any]) -> bool:
    """Tell whether ``asarray`` with these options would leave an array as it is."""
    dtype, device = options.get("dtype"), options.get("device")
    same_dtype = dtype is None or _dtypes.dtype_name(dtype) == _dtypes.dtype_name(array.dtype)
    return same_dtype and (device is None or device == array.device)
