"""From a namespace over a framework's arrays to the same namespace over `Array`.

A native namespace does the work. Here each of its functions is given the rule of forms: `Array` out if any argument is
an `Array`, native out if all are native; creation functions give `Array`.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from multigrad import _dtypes
from multigrad._array import Array, plain_number
from multigrad._errors import MixedBackendError
from multigrad.array_api import _domains
from multigrad.array_api._explain import explained

CREATION = frozenset(
    ("arange", "asarray", "empty", "eye", "from_dlpack", "full", "linspace", "ones", "zeros", "fftfreq", "rfftfreq")
)
# Functions that take the arrays of other frameworks.
_CONVERSIONS = frozenset(("asarray", "from_dlpack"))
# Functions whose positional arguments may be dtypes.
_TAKE_DTYPES = frozenset(("astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"))
# Which positional argument is a shape, whose sizes may be arrays: ``xp.reshape(x, (n, -1))`` with an n computed before.
_SHAPES = {"broadcast_to": 1, "reshape": 1, "tile": 1, "empty": 0, "full": 0, "ones": 0, "zeros": 0}
CONSTANTS = frozenset(("e", "inf", "nan", "newaxis", "pi"))
_AS_THEY_ARE = CONSTANTS | {"__array_namespace_info__"}
EXTENSIONS = ("linalg", "fft")
# A tuple: a union is made anew in every call, and torch.compile cannot follow it.
_FROM_NUMPY = (np.ndarray, np.generic)


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
    return _function(name, member, cls)


def _extension(name: str, native: Any, cls: type[Array]) -> ModuleType:
    module = ModuleType(f"{cls.__module__.rpartition('.')[0]}.{name}", native.__doc__)
    members = vars(generated(native, cls))
    module.__dict__.update(members, __all__=sorted(members))
    return module


def _creation(name: str, function: Callable[..., Any], cls: type[Array]) -> Callable[..., Any]:
    @functools.wraps(function)
    def create(*args: Any, **kwargs: Any) -> Array:
        if kwargs.get("copy") is False and args and type(args[0]) is cls and _stays(args[0], kwargs):
            return args[0]  # whoever assigns to one sees it in the other
        unwrapped = _Call(cls, _with_sizes(name, args), kwargs, converts=name in _CONVERSIONS)
        if unwrapped.observer is not None:
            return unwrapped.observer.function(name, create, args, kwargs)
        try:
            return cls._wrap(function(*unwrapped.args, **unwrapped.kwargs))
        except Exception as error:
            clearer = explained(name, unwrapped.args, unwrapped.kwargs, error)
            if clearer is error:
                raise
            raise clearer from error

    create.__name__ = name
    return create


def _stays(array: Array, options: dict[str, Any]) -> bool:
    """Tell whether ``asarray`` with these options would leave an array as it is."""
    dtype, device = options.get("dtype"), options.get("device")
    same_dtype = dtype is None or _dtypes.dtype_name(dtype) == _dtypes.dtype_name(array.dtype)
    return same_dtype and (device is None or device == array.device)


def _function(name: str, function: Callable[..., Any], cls: type[Array]) -> Callable[..., Any]:
    takes_dtypes = name in _TAKE_DTYPES
    check = _domains.checker(name, cls._xp)
    no_options: dict[str, Any] = {}

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        # The usual calls, one or two arrays, take the short way.
        count = 0 if kwargs else len(args)
        plain: Any  # before the branches: TensorFlow's AutoGraph allows no annotation inside them
        if count == 1 and type(args[0]) is cls:
            plain, options, wraps = (args[0].native,), no_options, True
        elif count == 2 and type(args[0]) is cls and type(args[1]) is cls:
            plain, options, wraps = (args[0].native, args[1].native), no_options, True
        else:
            unwrapped = _Call(cls, _with_sizes(name, args), kwargs, takes_dtypes)
            if unwrapped.observer is not None:
                return unwrapped.observer.function(name, call, args, kwargs)
            if not takes_dtypes:
                unwrapped.make_array()
            plain, options, wraps = unwrapped.args, unwrapped.kwargs, unwrapped.wraps
        try:
            if check is not None:
                check(plain)
            result = function(*plain, **options)
        except Exception as error:
            clearer = explained(name, plain, options, error)
            if clearer is error:
                raise
            raise clearer from error
        return _rewrap(cls, result) if wraps else result

    call.__name__ = name
    return call


def _with_sizes(name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a call with plain integers for the sizes of a shape."""
    place = _SHAPES.get(name)
    if place is None or place >= len(args) or not isinstance(args[place], tuple | list):
        return args
    sizes = tuple(operator.index(size) if hasattr(size, "dtype") else size for size in args[place])
    return (*args[:place], sizes, *args[place + 1 :])


def _rewrap(cls: type[Array], result: Any) -> Any:
    if cls._is_native(result):
        return cls._wrap(result)
    if isinstance(result, tuple | list):
        parts = [_rewrap(cls, part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result  # an answer that is no array: a bool, a dtype, an info object


class _Call:
    """The arguments of one call with native arrays in place of `Array`, and whether the result is to be wrapped."""

    __slots__ = ("args", "cls", "converts", "kwargs", "observer", "saw_array", "saw_native")

    def __init__(
        self,
        cls: type[Array],
        args: Any,
        kwargs: dict[str, Any],
        takes_dtypes: bool = False,
        converts: bool = False,
    ) -> None:
        self.cls = cls
        self.converts = converts
        self.observer: Any = None  # of an observed array among the arguments, which is told of the call instead
        self.saw_array = False
        self.saw_native = False
        if kwargs.get("dtype") is not None:
            kwargs["dtype"] = cls._as_dtype(kwargs["dtype"])
        if takes_dtypes:
            args = tuple(cls._as_dtype(arg) if self._names_dtype(arg) else arg for arg in args)
        self.args = tuple([self.unwrap(arg) for arg in args])
        self.kwargs = {key: self.unwrap(value) for key, value in kwargs.items()}

    def make_array(self) -> None:
        """Give Python numbers alone a meaning: ``xp.sqrt(2.0)`` takes an array of the default dtype."""
        if not (self.saw_array or self.saw_native) and self.args and type(self.args[0]) in _dtypes.NUMBERS:
            self.args = (self.cls._xp.asarray(self.args[0]), *self.args[1:])

    @property
    def wraps(self) -> bool:
        return self.saw_array or not self.saw_native

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
            self.observer = self.observer or getattr(value, "observer", None)
            return value.native if self.converts and not value.is_recorded else cls._adopt(value)
        if isinstance(value, _FROM_NUMPY):
            return cls._asarray(value)
        if kind in (list, tuple):
            return kind(self.unwrap(part) for part in value)
        if isinstance(value, int | float | complex):
            return plain_number(value)
        if not self.converts and (
            hasattr(value, "__dlpack__") or (hasattr(value, "shape") and hasattr(value, "dtype"))
        ):
            raise MixedBackendError(
                f"Expected arrays of one framework, {cls.backend}, got {kind.__module__}.{kind.__qualname__}. Move it "
                "with xp.asarray(x)."
            )
        return value

    def _names_dtype(self, value: Any) -> bool:
        if isinstance(value, (Array, *_FROM_NUMPY)) or self.cls._is_native(value):
            return False
        return _dtypes.is_dtype(value)
