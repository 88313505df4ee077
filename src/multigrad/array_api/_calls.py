"""A call of a namespace over `Array`: its arguments as native arrays, and its result as `Array`.

Most calls are of a few arrays and plain numbers. What they need is here in few steps: beside a small operation of the
framework each step counts, the more so where large ones in between have taken this code out of the processor's caches.
So each way says for itself how a result is wrapped: a function for it would be one call more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from multigrad import _dtypes
from multigrad._array import Array
from multigrad.array_api import _domains, _integers
from multigrad.array_api._arguments import INTEGERS, LISTS, NOTHING, PLAIN, Arguments
from multigrad.array_api._explain import raise_clearer

_Function = Callable[..., Any]
_General = Callable[[tuple[Any, ...], dict[str, Any]], Any]
_Entry = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
_Check = Callable[[Sequence[Any]], None]

# Functions whose positional arguments may be dtypes.
_TAKE_DTYPES = frozenset(("astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"))
_TAKE_LISTS = frozenset(("concat", "stack"))
_new = object.__new__


def function_over(name: str, function: Callable[..., Any], cls: type[Array]) -> Callable[..., Any]:
    """Return a function of a native namespace over `Array`.

    Its attribute ``entry`` takes the same arguments as ``(first, rest, options)``. A call that no short way takes goes
    the general one, which would do the same to any.
    """
    check = _domains.checker(name, cls._xp)
    general = _general(name, function, check, cls)
    ways = _of_one_array(name, function, cls)
    good = _domains.shared(ways)
    reals = _domains.shared(dtype for dtype in ways if _dtypes.dtype_name(dtype) in _dtypes.FLOATING)
    of_reals = next((ways[dtype] for dtype in reals), function)
    several = (_of_list if name in _TAKE_LISTS else _of_several)(name, function, check, cls, general)

    def entry(first: Any, rest: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if options:
            for value in options.values():
                if type(value) not in PLAIN:
                    return general((first, *rest), options)
        if rest or type(first) is not cls:
            return several(first, rest, options)
        native = first.native
        if native.dtype not in good:
            return general((first,), options)
        try:
            result = function(native, **options)
        except Exception as error:
            raise_clearer(name, (native,), options, error)
        if type(result) is type(native):
            array = _new(cls)
            array.native = result
            return array
        return _rewrap(cls, result)

    @functools.wraps(function)
    def call(first: Any = NOTHING, /, *rest: Any, **options: Any) -> Any:
        if rest or options or type(first) is not cls:
            return entry(first, rest, options)
        native = first.native
        dtype = native.dtype
        if dtype not in good:
            return general((first,), {})
        try:
            result = of_reals(native) if dtype in reals else ways[dtype](native)
        except Exception as error:
            raise_clearer(name, (native,), {}, error)
        if type(result) is type(native):
            array = _new(cls)
            array.native = result
            return array
        return _rewrap(cls, result)

    call.__name__ = name
    call.entry = entry  # type: ignore[attr-defined]
    return call


def _of_one_array(name: str, function: _Function, cls: type[Array]) -> dict[Any, _Function]:
    """Return what a function does to one array that needs neither a promotion nor a check, by the array's dtype."""
    kind = _domains.UNARY.get(name) or _domains.PROMOTING.get(name)
    good = _domains.dtypes(kind, cls._xp) if kind else {getattr(cls._xp, one, None) for one in _dtypes.NAMES} - {None}
    direct = getattr(function, "direct", {}) if name in _domains.UNARY else {}
    return {dtype: direct.get(dtype, function) for dtype in good}


def _of_several(name: str, function: _Function, check: _Check | None, cls: type[Array], general: _General) -> _Entry:
    """Return a function's way of arrays and plain numbers, or of an array and a shape."""
    takes_integers = _integers.takes(name)

    def call(first: Any, rest: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if type(first) is not cls:
            return general((first, *rest), options)
        operands = [first.native]
        for other in rest:
            kind = type(other)
            if takes_integers:
                if kind is not tuple or not INTEGERS.issuperset(map(type, other)):
                    return general((first, *rest), options)
                operands.append(other)  # xp.reshape(x, (-1, 3))
            elif kind is cls:
                operands.append(other.native)
            elif kind in PLAIN:
                operands.append(other)
            else:
                return general((first, *rest), options)
        try:
            if check is not None:
                check(operands)
            result = function(*operands, **options)
        except Exception as error:
            raise_clearer(name, tuple(operands), options, error)
        if type(result) is type(operands[0]):
            array = _new(cls)
            array.native = result
            return array
        return _rewrap(cls, result)

    return call


def _of_list(name: str, function: _Function, check: _Check | None, cls: type[Array], general: _General) -> _Entry:
    """Return a function's way of a list of arrays."""
    arrays = frozenset((cls,))

    def call(first: Any, rest: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if rest or type(first) not in LISTS or not arrays.issuperset(map(type, first)):
            return general((first, *rest), options)
        if not first:
            raise ValueError(f"xp.{name} takes at least one array.")
        operands = [one.native for one in first]
        try:
            result = function(operands, **options)
        except Exception as error:
            raise_clearer(name, (operands,), options, error)
        if type(result) is type(operands[0]):
            array = _new(cls)
            array.native = result
            return array
        return _rewrap(cls, result)

    return call


def _general(name: str, function: _Function, check: _Check | None, cls: type[Array]) -> _General:
    """Return a function's way of arguments of any kind."""
    takes_dtypes = name in _TAKE_DTYPES

    def call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args and args[0] is NOTHING:
            args = args[1:]
        unwrapped = Arguments(cls, _integers.plain(name, args, kwargs), kwargs, takes_dtypes)
        if unwrapped.observer is not None:
            return unwrapped.observer.function(name, again, args, kwargs)
        if not takes_dtypes:
            unwrapped.make_arrays(name)
        try:
            if check is not None:
                check(unwrapped.args)
            result = function(*unwrapped.args, **unwrapped.kwargs)
        except Exception as error:
            raise_clearer(name, unwrapped.args, unwrapped.kwargs, error)
        return _rewrap(cls, result) if unwrapped.wraps else result

    def again(*args: Any, **kwargs: Any) -> Any:
        return call(args, kwargs)

    return call


def _rewrap(cls: type[Array], result: Any) -> Any:
    if cls._is_native(result):
        return cls._wrap(result)
    if isinstance(result, tuple | list):
        parts = [_rewrap(cls, part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result  # an answer that is no array: a bool, a dtype, an info object
