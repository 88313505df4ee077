"""The arguments of one call of a namespace over `Array`, as its native namespace takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from multigrad import _dtypes
from multigrad._array import Array, plain_number
from multigrad._errors import MixedBackendError
from multigrad.array_api import _checks

# Types of arguments, by which a call finds its way.
LISTS = frozenset((list, tuple))
INTEGERS = frozenset((int,))
# Those that need no look: they hold no array, and name no dtype.
PLAIN = frozenset((bool, int, float, type(None)))
NOTHING = object()  # in place of the first argument of a call without any

# A tuple: a union is made anew in every call, and torch.compile cannot follow it.
_FROM_NUMPY = (np.ndarray, np.generic)


class Arguments:
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
        if kind in LISTS:
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
