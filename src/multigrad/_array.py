"""`Array`: the thin standard array that f sees on every backend.

A backend's array is a small subclass: it names the backend, the native namespace whose functions do the work, and how
its framework reads, writes and inspects an array. Operators are bound to the namespace's functions when the subclass is
made, so an operation costs one Python call more than the framework's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn, Self, SupportsIndex

import numpy as np

from multigrad import _array_operators, _dtypes, _numpy_calls
from multigrad._array_methods import ArrayMethods
from multigrad._errors import DetachedValueError, MixedBackendError

_new = object.__new__
# A tuple: a union is made anew in every call, and torch.compile cannot follow it.
_FROM_NUMPY = (np.ndarray, np.generic)
# Types of an index, or of a part of one, that holds no array.
_POSITIONS = frozenset((int, slice, type(None), type(...)))

# What people reach for on a torch or JAX array, and how the standard says it.
_STANDARD_WAY = {
    "clone": "xp.asarray(x, copy=True)",
    "detach": "multigrad.stop_gradient(x)",
    "at": "x[i] = v",
    "numpy": "multigrad.to_numpy(x)",
    "size": "x.size",
    "dim": "x.ndim",
    "view": "x.reshape(...)",
    "permute": "xp.permute_dims(x, axes)",
    "unsqueeze": "xp.expand_dims(x, axis=...)",
    "float": "x.astype(xp.float32)",
    "double": "x.astype(xp.float64)",
    "to": "x.astype(dtype) or x.to_device(device)",
}


class Array(ArrayMethods):
    """The standard array over one framework's array.

    Made by `multigrad.asarray` inside f, by ``xp.asarray``, by the namespaces in ``multigrad.array_api``, and for the
    arguments of every function that runs with ``arrays="standard"``. Operators, promotion and derivatives follow the
    array API standard and the derivative convention on every backend.

    Attributes
    ----------
    native
        The framework's array.
    backend
        Name of the backend.

    Notes
    -----
    Assignment (``x[i] = v``, ``x += v``) replaces the value that this object holds: other names of the object see it,
    views, native arrays and the caller's arguments never change.

    Examples
    --------
    >>> from multigrad.array_api import numpy as xp
    >>> x = xp.asarray([1.0, 2.0])
    >>> x[0] = 5.0
    >>> x * 2
    Array([10.,  4.], dtype=float64, backend='numpy')
    """

    __slots__ = ("__weakref__", "native")

    native: Any
    backend: ClassVar[str]
    _xp: ClassVar[Any]  # functions of the standard on native arrays
    _namespace: ClassVar[Any] = None  # the same over Array
    _special: ClassVar[Any] = None  # the special functions over Array

    # NumPy arrays on the left leave the operation to us.
    __array_priority__ = 1000

    def __init__(self, native: Any, /) -> None:
        if type(self) is Array:
            raise TypeError("Array is made by multigrad.asarray or by a namespace; it has one subclass per backend.")
        self.native = native

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if hasattr(cls, "_xp"):
            _array_operators.bind(cls)

    # How a framework differs. Native in, native out.

    @staticmethod
    def _is_native(x: object) -> bool:
        raise NotImplementedError

    @staticmethod
    def _is_array_object(native: Any) -> bool:
        """Tell whether a native value is an array proper, not something that must be made into one first."""
        return True

    @staticmethod
    def _native_form(native: Any) -> Any:
        """Return what a user gets who asked for native arrays."""
        return native

    @staticmethod
    def _is_recorded(native: Any) -> bool:
        """Tell whether the framework records operations on this array for differentiation."""
        raise NotImplementedError

    @staticmethod
    def _is_symbolic(native: Any) -> bool:
        """Tell whether the array has no value yet because the framework is compiling."""
        return False

    @staticmethod
    def _is_mapped(native: Any) -> bool:
        """Tell whether the array has another value for each slice because the framework is mapping a function."""
        return False

    @staticmethod
    def _to_numpy(native: Any) -> np.ndarray:
        raise NotImplementedError

    @staticmethod
    def _asarray(obj: Any, dtype: str | None = None, device: Any = None) -> Any:
        raise NotImplementedError

    @staticmethod
    def _device(native: Any) -> str:
        raise NotImplementedError

    @staticmethod
    def _to_device(native: Any, device: Any) -> Any:
        raise NotImplementedError

    @staticmethod
    def _getitem(native: Any, key: Any) -> Any:
        return native[key]

    @staticmethod
    def _setitem(native: Any, key: Any, value: Any) -> Any:
        """Return a copy of native with ``value``, of the same dtype, at ``key``."""
        raise NotImplementedError

    @staticmethod
    def _dlpack(native: Any, options: dict[str, Any]) -> Any:
        """Return the capsule; ``options`` are those of the standard's ``__dlpack__`` that are not None."""
        return native.__dlpack__(**options)

    @staticmethod
    def _dlpack_device(native: Any) -> tuple[Any, int]:
        device: tuple[Any, int] = native.__dlpack_device__()
        return device

    @staticmethod
    def _shape(native: Any) -> tuple[int | None, ...]:
        return tuple(native.shape)

    # Wrapping

    @classmethod
    def _wrap(cls, native: Any) -> Self:
        array = _new(cls)
        array.native = native
        return array

    @classmethod
    def _coerce(cls, other: Any) -> Any:
        """Return an operand as a native array or a Python number, or NotImplemented."""
        kind = type(other)
        if kind is cls:
            return other.native
        if kind in _dtypes.NUMBERS or cls._is_native(other):
            return other
        if isinstance(other, _FROM_NUMPY):
            return cls._asarray(other)
        if isinstance(other, Array):
            return cls._adopt(other)
        return plain_number(other) if isinstance(other, int | float | complex) else NotImplemented

    @classmethod
    def _adopt(cls, other: Array) -> Any:
        if isinstance(other, cls):  # an observed array of this backend
            return other.native
        if other.backend == "numpy" and not other.is_recorded:
            return cls._asarray(other.native)
        raise MixedBackendError(
            f"Expected arrays of one framework, got {cls.backend} and {other.backend}. Move one with "
            f"multigrad.asarray(x, backend={cls.backend!r}), or choose with backend=... in the operator."
        )

    # The array object of the standard

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Sizes of the axes; None where a compiler does not know one yet."""
        return self._shape(self.native)

    @property
    def dtype(self) -> Any:
        """The framework's own dtype object; equal to ``xp.float64`` and so on."""
        return self.native.dtype

    @property
    def device(self) -> str:
        """Where the array lives: ``"cpu"``, ``"gpu:0"``."""
        return self._device(self.native)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape(self.native))

    @property
    def size(self) -> int | None:
        """Number of elements, or None if a size is not known yet."""
        size = 1
        for length in self.shape:
            if length is None:
                return None
            size *= length
        return size

    @property
    def T(self) -> Self:  # noqa: N802 - the standard's name
        """Transpose of a matrix."""
        if self.ndim != 2:
            raise ValueError(f"Expected 2 axes for .T, got {self.ndim}; use .mT or xp.permute_dims(x, axes).")
        return self.mT

    @property
    def mT(self) -> Self:  # noqa: N802 - the standard's name
        """Transpose of the last two axes."""
        return self._wrap(self._xp.matrix_transpose(self.native))

    @property
    def real(self) -> Self:
        """Real part."""
        return self._wrap(self._xp.real(self.native))

    @property
    def imag(self) -> Self:
        """Imaginary part."""
        return self._wrap(self._xp.imag(self.native))

    @property
    def is_recorded(self) -> bool:
        """Whether this value is being differentiated, so that a copy that leaves the computation loses its gradient."""
        return self._is_recorded(self.native)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Self:
        """Return the array on another device."""
        if stream is not None:
            raise ValueError("Expected stream=None; streams are the framework's: use x.native.")
        return self._wrap(self._to_device(self.native, device))

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        if api_version not in (None, "2024.12", "2023.12", "2022.12", "2021.12"):
            raise ValueError(f"Expected the array API version '2024.12' or an older one, got {api_version!r}.")
        return self._namespace

    def __getitem__(self, key: Any, /) -> Self:
        array = _new(self.__class__)
        try:
            kind = type(key)
            if kind not in _POSITIONS and not (kind is tuple and _POSITIONS.issuperset(map(type, key))):
                key = self._key(key)
            array.native = self._getitem(self.native, key)
        except Exception as error:
            _raise_clearer(error, f"The index {key!r} does not fit an array of shape {self.shape}")
        return array

    def __setitem__(self, key: Any, value: Any, /) -> None:
        try:
            self.native = self._setitem(self.native, self._key(key), self._value(value))
        except Exception as error:
            of = f" of shape {value.shape}" if hasattr(value, "shape") else ""
            _raise_clearer(error, f"A value{of} cannot be assigned to index {key!r} of an array of shape {self.shape}")

    @classmethod
    def _key(cls, key: Any) -> Any:
        """Return an index with the native arrays inside."""
        if isinstance(key, tuple):
            return tuple(cls._key(part) for part in key)
        if isinstance(key, Array):
            return key.native if type(key) is cls else cls._adopt(key)
        if isinstance(key, list | range):
            positions = np.asarray(key)
            return positions if positions.size else positions.astype(np.int64)
        if type(key) is float or type(key) is str:
            raise IndexError(
                f"Expected integers, slices, None, ... or arrays of integers or bools as index, got {key!r}."
            )
        return key

    def _value(self, value: Any) -> Any:
        """Return a value to assign as a native array of this array's dtype."""
        value = self._coerce(value)
        if value is NotImplemented:
            value = np.asarray(value)
        name = _dtypes.dtype_name(self.native.dtype)
        return self._xp.astype(self._asarray(value, name) if not self._is_native(value) else value, self.native.dtype)

    def _replace(self, native: Any) -> Self:
        """Take the value of an in-place operation; the shape and dtype stay."""
        if self._shape(native) != self.shape:
            raise ValueError(f"An in-place operation cannot change the shape {self.shape} to {self._shape(native)}.")
        self.native = self._xp.astype(native, self.native.dtype)
        return self

    def __len__(self) -> int:
        shape = self.shape
        if not shape or shape[0] is None:
            raise TypeError("len() of an array without axes or with an unknown first size.")
        return shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    # Values that leave the computation

    def _leave(self, how: str) -> np.ndarray:
        self._forbid_leaving(how)
        return self._to_numpy(self.native)

    def _forbid_leaving(self, how: str) -> None:
        if self._is_symbolic(self.native) or self._is_mapped(self.native):
            raise DetachedValueError(
                f"{how} would take a value that is being compiled or mapped ({self._describe()}) out of the "
                "computation, where there are no values, detached or not. Keep computing with xp functions (an array i "
                "of integers is an index, too: x[i]), pass a count or an axis as a Python int, which stays one, or "
                "call the function as it is, without compile=True and vmap."
            )
        if self._is_recorded(self.native):
            raise DetachedValueError(
                f"{how} would take a value that is being differentiated ({self._describe()}) out of the computation, "
                "and its gradient would silently become zero. Keep computing with xp functions, return the value "
                "through has_aux=True, or, on purpose, detach it first with multigrad.stop_gradient(x)."
            )

    def _describe(self) -> str:
        return f"shape {self.shape}, dtype {_dtypes.dtype_name(self.native.dtype)}, backend {self.backend!r}"

    def _scalar(self, how: str) -> Any:
        value = self._leave(how)
        if value.size != 1:
            raise TypeError(f"{how} needs an array with one element, got shape {self.shape}.")
        return value.reshape(()).item()

    def __float__(self) -> float:
        return float(self._scalar("float(x)"))

    def __int__(self) -> int:
        return int(self._scalar("int(x)"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex(x)"))

    def __index__(self) -> int:
        value = self._scalar("operator.index(x)")
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"Expected an integer array as an index, got {self._describe()}.")
        return value

    def __bool__(self) -> bool:
        # Branching on a value is no exit: the branch that is taken is the function at this point.
        if self._is_symbolic(self.native):
            raise DetachedValueError(
                "A function that is being compiled or mapped has no values to branch on (an array of "
                f"{self._describe()} was asked for its truth). Choose between values with xp.where, or call the "
                "function as it is."
            )
        if self.size != 1:
            raise ValueError(
                f"Expected one element to tell the truth of, got shape {self.shape}; use xp.any or xp.all."
            )
        try:
            return bool(self.native)
        except RuntimeError as error:
            if not str(error).startswith("vmap"):  # torch's values in a map look like values until they are asked
                raise
            raise DetachedValueError(
                f"A function that is being mapped has no one value to branch on (an array of {self._describe()} was "
                "asked for its truth). Choose between values with xp.where, or call the function as it is."
            ) from error

    def item(self) -> Any:
        """Return the only element as a Python number."""
        return self._scalar("x.item()")

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self._leave("x.tolist()").tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = self._leave("np.asarray(x)")
        return np.array(value, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return _numpy_calls.ufunc(self, ufunc, method, inputs, options)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        return _numpy_calls.function(self, function, args, kwargs)

    def __copy__(self) -> Self:
        return self._wrap(self.native)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._wrap(self._xp.asarray(self.native, copy=True))  # the framework's own copies may be cut off

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        self._forbid_leaving("pickle.dumps(x)")
        return super().__reduce_ex__(protocol)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        self._forbid_leaving("x.__dlpack__()")
        options = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        return self._dlpack(self.native, {name: value for name, value in options.items() if value is not None})

    def __dlpack_device__(self) -> tuple[Any, int]:
        return self._dlpack_device(self.native)

    def __repr__(self) -> str:
        if self._is_symbolic(self.native):
            return f"Array({self._describe()}, symbolic)"
        text = np.array2string(self._peek(self.native), separator=", ", prefix="Array(", threshold=50)
        return f"Array({text}, dtype={_dtypes.dtype_name(self.native.dtype)}, backend={self.backend!r})"

    def __format__(self, spec: str, /) -> str:
        # Like repr, for people's eyes: the text cannot come back into the computation.
        if not spec:
            return repr(self)
        if self.size != 1 or self._is_symbolic(self.native):
            raise TypeError(f"Expected one element with a value for the format {spec!r}, got {self._describe()}.")
        return format(self._peek(self.native).item(), spec)

    @classmethod
    def _peek(cls, native: Any) -> np.ndarray:
        """Return the value for display only."""
        return cls._to_numpy(native)

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> NoReturn:
        # Reached only for names that the standard array does not have.
        if name.startswith("__") or name == "native" or not hasattr(self.native, name):
            raise AttributeError(f"'Array' object has no attribute {name!r}", name=name, obj=self)
        way = _STANDARD_WAY.get(name)
        hint = f"The standard way is {way}; or run" if way else "Use a function of xp, or x.native, or run"
        raise AttributeError(
            f"'Array' object has no attribute {name!r}: only {self.backend}'s own array has it. {hint} the function "
            'with arrays="native" to get the framework\'s arrays.',
            name=name,
            obj=self,
        )

    @classmethod
    def _as_dtype(cls, dtype: Any) -> Any:
        """Return any framework's dtype as this framework's."""
        return None if dtype is None else getattr(cls._xp, _dtypes.dtype_name(dtype))


def _raise_clearer(error: Exception, fault: str) -> NoReturn:
    """Raise an error that is being handled, a framework's own kind as an IndexError."""
    if isinstance(error, TypeError | ValueError | IndexError | NotImplementedError):
        raise error
    raise IndexError(f"{fault}: {str(error).partition(chr(10))[0]}") from error


def plain_number(value: Any) -> Any:
    """Return a number of a subclass, such as an enum.IntEnum, as the plain number that it is."""
    kind = next(kind for kind in (int, float, complex) if isinstance(value, kind))
    return kind(value)
