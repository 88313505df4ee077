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

if TYPE_CHECKING:
    from multigrad._array import Array

# NumPy's name where the standard's differs. Names that agree need no entry.
_RENAMED = {
    "absolute": "abs",
    "true_divide": "divide",
    "power": "pow",
    "float_power": "pow",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "conjugate": "conj",
    "mod": "remainder",
    "rint": "round",
    "invert": "bitwise_invert",
    "left_shift": "bitwise_left_shift",
    "right_shift": "bitwise_right_shift",
    "concatenate": "concat",
    "transpose": "permute_dims",
    "amax": "max",
    "amin": "min",
    "cumsum": "cumulative_sum",
    "cumprod": "cumulative_prod",
}


def ufunc(array: Array, function: np.ufunc, method: str, inputs: Any, options: dict[str, Any]) -> Any:
    """Answer ``__array_ufunc__``."""
    if method == "__call__" and not options:
        found = _counterpart(array, function)
        if found is not None:
            return found(*inputs)
    return _fall_back(array, function if method == "__call__" else getattr(function, method), inputs, options)


def function(array: Array, called: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer ``__array_function__``."""
    if called is np.transpose and len(args) == 1 and not kwargs:
        return array.transpose()  # the standard's permute_dims has no default order
    if called in (np.shape, np.ndim, np.size) and args and args[0] is array:
        return called(np.broadcast_to(0, array.shape), *args[1:], **kwargs)  # a shape is no exit for the values
    found = _counterpart(array, called)
    return _fall_back(array, called, args, kwargs) if found is None else found(*args, **kwargs)


def _counterpart(array: Array, called: Callable[..., Any]) -> Callable[..., Any] | None:
    name = called.__name__
    if isinstance(called, np.ufunc) and getattr(np, name, None) is not called:
        # SciPy's, and not another's of the same name. Who calls it has imported SciPy, which may hide it in a wrapper.
        homes = (sys.modules.get("scipy.special"), sys.modules.get("scipy.special._ufuncs"))
        if all(getattr(home, name, None) is not called for home in homes):
            return None
        return getattr(type(array)._special, name, None)
    namespace = array.__array_namespace__()
    if getattr(called, "__module__", None) == "numpy.linalg":
        namespace = getattr(namespace, "linalg", None)
    found = getattr(namespace, _RENAMED.get(name, name), None)
    return found if callable(found) else None


def _fall_back(array: Array, called: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    name = getattr(called, "__name__", called)
    into = f" with {', '.join(f'{option}=' for option in kwargs)}" if isinstance(called, np.ufunc) and kwargs else ""
    for found in _arrays_in((args, kwargs), type(array)):
        found._forbid_leaving(f"numpy.{name}{into}, which has no counterpart in the array API standard,")
    plain = functools.partial(_replace, kind=type(array))
    return called(*plain(args), **plain(kwargs))


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
