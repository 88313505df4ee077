"""``apply_where``: one of two elementwise functions by a condition, with a gradient that no masked element spoils.

``where(condition, f1(x), f2(x))`` evaluates both branches everywhere, and the chain rule multiplies the zero that comes
back to a masked element by the slope there: 0 * inf is NaN. The remedy is never to evaluate a branch where it is not
chosen. Shapes are fixed under compilation, so the elements cannot be left out; they are replaced before the branch runs
by an element for which it is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from multigrad import _closures, _dtypes, _registry
from multigrad._convert import stop_gradient
from multigrad.array_api._dispatch import array_namespace
from multigrad.array_api._dispatch import xp as dispatcher

# Stands in where a branch is chosen for no element at all: inside the domain of log, sqrt, asin, atanh and logit alike.
_SOMEWHERE = 0.5


def apply_where(
    condition: Any,
    args: Any,
    f1: Callable[..., Any],
    f2: Callable[..., Any] | None = None,
    fill_value: Any = None,
) -> Any:
    """Compute ``f1(*args)`` where a condition holds, else ``f2(*args)`` or a value; what is not chosen has no effect.

    Parameters
    ----------
    condition
        Array of bool.
    args
        One array, or a tuple of arrays; they and the condition broadcast against each other. Python numbers are handed
        to the branches as they are.
    f1, f2
        Elementwise functions of the arrays in args, broadcast; each returns an array of that shape. Exactly one of f2
        and fill_value is given.
    fill_value
        Number, or array that broadcasts against the condition and args.

    Returns
    -------
    array
        Has the broadcast shape, and the dtype to which the two branches promote; in the form of the arguments.

    Raises
    ------
    TypeError
        If f2 and fill_value are both given, or neither; if the condition is not bool; if a branch is no function.
    NotImplementedError
        If a third-party backend does not offer the capability ``stop_gradient``.

    Notes
    -----
    Before a branch runs, elements for which it is not chosen are replaced by one for which it is, as a constant. So it
    meets no point but those that it is chosen for, and derivatives of every order, in every mode, eager and compiled,
    are right wherever the chosen branch is differentiable.

    The same holds for floating arrays that a branch closes over (found in its closure, default values and globals, also
    inside containers). One of the broadcast shape that the branch uses element by element is replaced like the
    arguments; whether it does is tested by calling the branch twice more, with NaN in the places not chosen. For one
    that broadcasts (a row, say) the arguments are replaced by elements that meet the same entry, and entries that no
    chosen element meets are replaced. Arrays that the branch sums or indexes stay as they are. Pass in args what is
    meant element by element: it costs less. Integer arrays, attributes of objects and decorated functions are not
    searched, and a row and a column together leave no element to choose.

    Method: the double ``where`` that JAX's documentation describes ("gradients contain NaN where using where"), with an
    element of the data in place of a constant. The signature is that of array-api-extra's function of the same name.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> import numpy as np
    >>> def f(x):
    ...     return xp.sum(multigrad.apply_where(x > 0, x, xp.sqrt, fill_value=0.0))
    >>> multigrad.gradient(f)(np.asarray([4.0, 0.0, -1.0]))
    array([0.25, 0.  , 0.  ])
    """
    _check(f1, f2, fill_value)
    given = list(args) if isinstance(args, tuple | list) else [args]
    condition = _as_array(condition)
    places = [i for i, arg in enumerate(given) if _is_array(arg)]
    others = [fill_value] if _is_array(fill_value) else []
    xp = array_namespace(condition, *given, fill_value)
    if _dtypes.dtype_name(condition.dtype) != "bool":
        raise TypeError(f"Expected a condition of dtype bool, got {_dtypes.dtype_name(condition.dtype)}.")
    condition, *arrays = xp.broadcast_arrays(condition, *(given[i] for i in places), *others)
    fill_value = arrays.pop() if others else fill_value

    def branch(f: Callable[..., Any], chosen: Any) -> Any:
        if 0 in chosen.shape:
            return f(*given)  # nothing to replace, and nothing to replace it by
        read = [array for array in _closures.closed_over(f) if _is_inexact(array)]
        shelter = _Shelter(xp, chosen, [tuple(array.shape) for array in read])
        call = list(given)
        for i, array in zip(places, arrays, strict=True):
            call[i] = shelter.argument(array)
        return _closures.reading(f, {id(array): shelter.closed(f, array, call) for array in read})(*call)

    first = branch(f1, condition)
    second = fill_value if f2 is None else branch(f2, xp.logical_not(condition))
    return _joined(xp, condition, first, second)


def _check(f1: Any, f2: Any, fill_value: Any) -> None:
    if (f2 is None) == (fill_value is None):
        raise TypeError(f"Expected exactly one of f2 and fill_value, got {'neither' if f2 is None else 'both'}.")
    for name, f in (("f1", f1), ("f2", f2)):
        if not callable(f) and (name == "f1" or f is not None):
            raise TypeError(f"Expected {name} to be a function, got {type(f).__name__}.")


def _is_array(x: Any) -> bool:
    return _registry.array_backend_name(x) is not None


def _as_array(x: Any) -> Any:
    return x if _is_array(x) else dispatcher.asarray(x)


def _is_inexact(array: Any) -> bool:
    return _dtypes.dtype_name(array.dtype) in _dtypes.INEXACT


def _joined(xp: Any, condition: Any, first: Any, second: Any) -> Any:
    first = _as_array(first)
    if not _is_array(second) and not _is_inexact(first):
        second = dispatcher.asarray(second)  # the standard leaves open what a floating number makes of integers
    return xp.where(condition, first, second)


class _Shelter:
    """What stands in for the elements for which a branch is not chosen.

    Parameters
    ----------
    xp, chosen
        Namespace, and the condition under which the branch is chosen, of the full shape.
    read
        Shapes of the arrays that the branch closes over.
    """

    def __init__(self, xp: Any, chosen: Any, read: list[tuple[Any, ...]]) -> None:
        self._xp, self._chosen, self._shape = xp, chosen, tuple(chosen.shape)
        self._any = xp.any(chosen)
        self._kept = self._axes_to_keep(read)
        rest = [i for i in range(len(self._shape)) if i not in self._kept]
        self._order = (*self._kept, *rest)
        size = math.prod(self._shape[i] for i in rest)
        table = xp.reshape(self._ordered(xp.astype(chosen, xp.int32)), (-1, size))
        self._first = xp.reshape(xp.argmax(xp.reshape(table, (-1,))), (1,))
        self._nearest = self._first
        if self._kept:
            found = xp.argmax(table, axis=1)
            starts = (xp.cumulative_sum(xp.ones_like(found)) - 1) * size
            self._nearest = xp.where(xp.any(table != 0, axis=1), starts + found, self._first)

    def _axes_to_keep(self, read: list[tuple[Any, ...]]) -> tuple[int, ...]:
        """Return the axes along which arrays that broadcast vary: there an element is replaced by none but its own."""
        kept: set[int] = set()
        for shape in read:
            if self._broadcasts(shape) and shape != self._shape:
                extra = len(self._shape) - len(shape)
                kept |= {extra + i for i, n in enumerate(shape) if n != 1}
        return tuple(sorted(kept)) if len(kept) < len(self._shape) else ()

    def _broadcasts(self, shape: tuple[Any, ...]) -> bool:
        own = self._shape[len(self._shape) - len(shape) :]
        return len(shape) <= len(self._shape) and all(n in (1, m) for n, m in zip(shape, own, strict=True))

    def _ordered(self, array: Any) -> Any:
        return self._xp.permute_dims(array, self._order) if self._kept else array

    def _elements(self, array: Any) -> Any:
        """Return the elements of an array of the full shape that stand in for the others; they broadcast to it."""
        xp = self._xp
        found = xp.take(xp.reshape(self._ordered(array), (-1,)), self._nearest, axis=0)
        return xp.reshape(found, tuple(n if i in self._kept else 1 for i, n in enumerate(self._shape)))

    def argument(self, array: Any) -> Any:
        """Return an argument, of the full shape, with harmless elements in place of those not chosen."""
        xp = self._xp
        name = _dtypes.dtype_name(array.dtype)
        somewhere = True if name == "bool" else _SOMEWHERE if name in _dtypes.INEXACT else 1
        # A constant: the branch may have an infinite slope at that element, which others must not multiply by zero.
        return xp.where(self._chosen, array, stop_gradient(xp.where(self._any, self._elements(array), somewhere)))

    def closed(self, f: Callable[..., Any], array: Any, call: list[Any]) -> Any:
        """Return what a branch reads in place of an array that it closes over; call has its arguments."""
        xp, shape = self._xp, tuple(array.shape)
        # What has one entry is used by every element.
        if self._broadcasts(shape) and math.prod(shape) != 1:
            used, instead = self._entries(array, shape)
            replaced = xp.where(used, array, stop_gradient(instead))
            poisoned = xp.where(used, array, math.nan)
            one, other = (_closures.reading(f, {id(array): new}) for new in (replaced, poisoned))
            array = xp.where(self._same(one, other, call), replaced, array)
        # Chosen for no element: the branch is a constant, whatever its slope.
        return xp.where(self._any, array, stop_gradient(array))

    def _entries(self, array: Any, shape: tuple[Any, ...]) -> tuple[Any, Any]:
        """Return which entries of an array that broadcasts some chosen element uses, and what stands in for others."""
        xp = self._xp
        if shape == self._shape:
            return self._chosen, self._elements(array)
        extra = len(self._shape) - len(shape)
        axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n != self._shape[extra + i]))
        used = xp.reshape(xp.any(self._chosen, axis=axes), shape) if axes else self._chosen
        wide = self._ordered(xp.broadcast_to(array, self._shape))
        return used, xp.reshape(xp.take(xp.reshape(wide, (-1,)), self._first, axis=0), ())

    def _same(self, one: Callable[..., Any], other: Callable[..., Any], call: list[Any]) -> Any:
        """Tell whether two functions give the same numbers where the branch is chosen."""
        xp = self._xp
        constant = [stop_gradient(x) if _is_array(x) else x for x in call]
        try:
            first, second = (_as_array(stop_gradient(f(*constant))) for f in (one, other))
        except Exception:  # a branch that looks at its values may refuse NaN: then it is not elementwise
            return xp.zeros_like(self._any)
        return xp.all(xp.logical_or(xp.equal(first, second), xp.logical_not(self._chosen)))
