"""NumPy's functions called on an `Array`: sent to the standard's counterpart, or refused.

NumPy's two protocols (``__array_ufunc__``, ``__array_function__``) bring every call of its functions here, so that none
can turn a differentiated value into a plain one behind the user's back. SciPy's ufuncs come the same way and go to the
functions of `multigrad.special`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from multigrad import _numpy_spellings

if TYPE_CHECKING:
    from multigrad._array import Array


def ufunc(array: Array, function: np.ufunc, method: str, inputs: Any, options: dict[str, Any]) -> Any:
    """Answer ``__array_ufunc__``."""
    if method == "__call__" and not options:
        found = _counterpart(array, function)
        if found is None and getattr(np, function.__name__, None) is function:
            found = _numpy_spellings.spelling(array.__array_namespace__(), function.__name__, inputs, {})
        if found is not None:
            return found(*inputs)
    called = function if method == "__call__" else getattr(function, method)
    name = _ufunc_name(function) + ("" if method == "__call__" else f".{method}")
    if options and method == "__call__":
        name += f" with {', '.join(f'{option}=' for option in options)}"
    return _fall_back(array, called, inputs, options, name)


def function(array: Array, called: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer ``__array_function__``."""
    if called is np.transpose and len(args) == 1 and not kwargs:
        return array.transpose()  # the standard's permute_dims has no default order
    if called in (np.shape, np.ndim, np.size) and args and args[0] is array:
        return called(np.broadcast_to(0, array.shape), *args[1:], **kwargs)  # a shape is no exit for the values
    full = f"{called.__module__}.{called.__name__}"
    name = full.removeprefix("numpy.")
    found = _numpy_spellings.spelling(array.__array_namespace__(), name, args, kwargs)
    if found is not None:
        return found(*args, **kwargs)
    found = _counterpart(array, called)
    if found is None:
        return _fall_back(array, called, args, kwargs, full)
    args, kwargs = _numpy_spellings.respelled(name, args, kwargs)
    return found(*args, **kwargs)


def _counterpart(array: Array, called: Callable[..., Any]) -> Callable[..., Any] | None:
    name = called.__name__
    if isinstance(called, np.ufunc) and getattr(np, name, None) is not called:
        return getattr(type(array)._special, name, None) if _is_scipys(called) else None
    namespace = array.__array_namespace__()
    home, _, extension = str(getattr(called, "__module__", "")).partition(".")
    if home == "numpy" and extension:
        namespace = getattr(namespace, extension, None)
    found = getattr(namespace, _numpy_spellings.RENAMED.get(name, name), None)
    return found if callable(found) else None


def _is_scipys(called: np.ufunc) -> bool:
    """Tell whether a ufunc is SciPy's, and not another's of the same name."""
    # Who calls it has imported SciPy, which may hide it in a wrapper.
    homes = (sys.modules.get("scipy.special"), sys.modules.get("scipy.special._ufuncs"))
    return any(getattr(home, called.__name__, None) is called for home in homes)


def _ufunc_name(called: np.ufunc) -> str:
    home = "numpy." if getattr(np, called.__name__, None) is called else "scipy.special." if _is_scipys(called) else ""
    return f"{home}{called.__name__}"


def _fall_back(array: Array, called: Callable[..., Any], args: Any, kwargs: dict[str, Any], name: str) -> Any:
    for found in _arrays_in((args, kwargs), type(array)):
        if found._is_symbolic(found.native) or found.is_recorded:
            name = _name_of_caller(name)
            instead = _numpy_spellings.INSTEAD.get(name.removeprefix("numpy."))
            hint = f" (use {instead})" if instead else ""
            found._forbid_leaving(f"{name}, which has no counterpart in the array API standard{hint},")
    plain = functools.partial(_replace, kind=type(array))
    return called(*plain(args), **plain(kwargs))


def _name_of_caller(name: str) -> str:
    """Return the name of the function of NumPy that the user called, which may have called the one of this name."""
    frame = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith("multigrad."):
        frame = frame.f_back  # type: ignore[assignment]
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith("numpy."):
        called = frame.f_code.co_name
        if getattr(np, called, None) is not None:
            name = f"numpy.{called}"
        frame = frame.f_back  # type: ignore[assignment]
    return name


def _arrays_in(tree: Any, kind: type[Array]) -> Iterator[Array]:
    if isinstance(tree, kind):
        yield tree
    elif isinstance(tree, dict):
        yield from _arrays_in(tuple(tree.values()), kind)
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from _arrays_in(part, kind)


def _replace(tree: Any, kind: type[Array]) -> Any:
    """Return a call's arguments with NumPy arrays in place of arrays that nobody differentiates."""
    if isinstance(tree, kind):
        return np.asarray(tree)
    if isinstance(tree, dict):
        return {key: _replace(value, kind) for key, value in tree.items()}
    if type(tree) in (list, tuple):
        return type(tree)(_replace(part, kind) for part in tree)
    return tree
