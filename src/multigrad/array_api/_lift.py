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
from multigrad._array import Array, plain_number
from multigrad._errors import MixedBackendError
from multigrad.array_api import _checks, _domains, _integers, _ranges
from multigrad.array_api._explain import explained

CREATION = frozenset(
    ("arange", "asarray", "empty", "eye", "from_dlpack", "full", "linspace", "ones", "zeros", "fftfreq", "rfftfreq")
)
# Functions that take the arrays of other frameworks.
_CONVERSIONS = frozenset(("asarray", "from_dlpack"))
# Functions whose positional arguments may be dtypes.
_TAKE_DTYPES = frozenset(("astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"))
CONSTANTS = frozenset(("e", "inf", "nan", "newaxis", "pi"))
_AS_THEY_ARE = CONSTANTS | {"__array_namespace_info__"}
EXTENSIONS = ("linalg", "fft")
# Options that need no look: they hold no array, and name no dtype.
_PLAIN = frozenset((bool, int, float, type(None)))
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
        args = _integers.plain(name, args, kwargs)
        if name in _ranges.NAMES:
            found = _ranges.between_recorded(name, function, cls, args, kwargs)
            if found is not None:
                return found
        unwrapped = _Call(cls, args, kwargs, converts=name in _CONVERSIONS)
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
    takes_integers = _integers.takes(name)
    check = _domains.checker(name, cls._xp)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        # The usual calls, one or two arrays with plain options, take the short way.
        count = len(args)
        plain: Any  # before the branches: TensorFlow's AutoGraph allows no annotation inside them
        options: Any
        kind: Any = None  # of the first native array on the short way
        if (
            0 < count < 3
            and type(args[0]) is cls
            and (count == 1 or (type(args[1]) is cls and not takes_integers))
            and (not kwargs or all([type(value) in _PLAIN for value in kwargs.values()]))
        ):
            plain = (args[0].native,) if count == 1 else (args[0].native, args[1].native)
            options, wraps, kind = kwargs, True, type(plain[0])
        elif (
            count == 2
            and takes_integers
            and type(args[0]) is cls
            and not kwargs
            and type(args[1]) is tuple
            and all([type(one) is int for one in args[1]])
        ):
            plain = (args[0].native, args[1])  # a shape: xp.reshape(x, (-1, 3))
            options, wraps, kind = kwargs, True, type(plain[0])
        else:
            unwrapped = _Call(cls, _integers.plain(name, args, kwargs), kwargs, takes_dtypes)
            if unwrapped.observer is not None:
                return unwrapped.observer.function(name, call, args, kwargs)
            if not takes_dtypes:
                unwrapped.make_arrays(name)
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
        if kind is not None and type(result) is kind:
            return cls._wrap(result)
        return _rewrap(cls, result) if wraps else result

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

    def make_arrays(self, name: str) -> None:
        """Make arrays of Python numbers where the frameworks need them.

        Numbers alone get a meaning: ``xp.sqrt(2.0)`` takes an array of the default dtype. Beside arrays they are one in
        ``xp.where(True, x, y)`` and ``xp.stack([x, 1.0])``.
        """
        xp, args = self.cls._xp, self.args
        if not args:
            return
        first = args[0]
        if type(first) in _dtypes.NUMBERS and (name == "where" or not (self.saw_array or self.saw_native)):
            self.args = (xp.asarray(first), *args[1:])
        elif name in ("stack", "concat") and any([type(one) in _dtypes.NUMBERS for one in first]):
            array = next((one for one in first if type(one) not in _dtypes.NUMBERS), None)
            self.args = ([self._beside(one, array) for one in first], *args[1:])

    def _beside(self, number: Any, array: Any) -> Any:
        """Return a number as an array of the dtype that it has beside an array."""
        if type(number) not in _dtypes.NUMBERS:
            return number
        xp = self.cls._xp
        return xp.asarray(number, dtype=None if array is None else xp.result_type(array, number))

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
            return value if not isinstance(value, np.ndarray) or kind is np.ndarray else _checks.numpy_array(value)
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
                f"with multigrad.asarray(x, backend={cls.backend!r})."
            )
        return value

    def _names_dtype(self, value: Any) -> bool:
        if isinstance(value, (Array, *_FROM_NUMPY)) or self.cls._is_native(value):
            return False
        return _dtypes.is_dtype(value)
