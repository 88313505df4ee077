"""Type promotion, the same on every backend, as a wrapper around a framework's elementwise functions.

The standard leaves three cases open and the frameworks differ in each; here the default real floating-point dtype of
the running computation decides: an integer array with a Python float, integer arrays given to a floating function
(``sin``, ``divide``), and arrays of two kinds (`multigrad._dtypes.promote`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from multigrad import _dtypes
from multigrad._computation import default_dtype


class Promotion:
    """One framework's promoting wrappers.

    Parameters
    ----------
    dtypes
        Standard name to the framework's dtype object, for the dtypes that it has.
    astype
        ``astype(array, dtype)`` of the framework.
    constant
        ``constant(number, array)`` gives a Python number as a 0-d array of the array's dtype and device, for functions
        that take no Python numbers.
    """

    def __init__(
        self,
        dtypes: Mapping[str, Any],
        astype: Callable[[Any, Any], Any],
        constant: Callable[[Any, Any], Any],
    ) -> None:
        self._dtypes = dtypes
        self._astype = astype
        self._constant = constant
        self._inexact = frozenset(dtypes[name] for name in _dtypes.INEXACT if name in dtypes)
        self._real = frozenset(dtypes[name] for name in _dtypes.FLOATING if name in dtypes)

    def unary(self, function: Callable[..., Any], real: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Wrap a floating function of one array: integers become the default real dtype.

        ``real`` does the same to real arrays, in fewer steps.
        """
        inexact = self._inexact

        @functools.wraps(function)
        def call(x: Any, /) -> Any:
            return function(x if x.dtype in inexact else self._float(x))

        del call.__wrapped__  # the signature is call's, the standard's
        # By dtype: who knows that there is nothing to promote may skip this wrapper.
        call.direct = dict.fromkeys(inexact, function)  # type: ignore[attr-defined]
        if real is not None:
            call.direct.update(dict.fromkeys(self._real, real))  # type: ignore[attr-defined]
        return call

    def binary(
        self, function: Callable[..., Any], *, numbers: bool = True, floating: bool = False
    ) -> Callable[..., Any]:
        """Wrap a function of two arrays or Python numbers.

        Parameters
        ----------
        function
            The framework's function on two arrays of one dtype.
        numbers
            Whether it also takes one Python number as it is.
        floating
            Whether integers become the default real dtype (``divide``, ``atan2``).
        """
        inexact = self._inexact

        @functools.wraps(function)
        def call(x1: Any, x2: Any, /) -> Any:
            if type(x2) in _dtypes.NUMBERS:
                x1, x2 = self._with_number(x1, x2, numbers)
            elif type(x1) in _dtypes.NUMBERS:
                x2, x1 = self._with_number(x2, x1, numbers)
            elif x1.dtype is not x2.dtype:
                x1, x2 = self._match(x1, x2)
            if floating:
                array = x2 if type(x1) in _dtypes.NUMBERS else x1
                if array.dtype not in inexact:
                    x1, x2 = (x if type(x) in _dtypes.NUMBERS else self._float(x) for x in (x1, x2))
            return function(x1, x2)

        del call.__wrapped__  # the signature is call's, the standard's
        if numbers:
            call.direct = dict.fromkeys(inexact, function)  # type: ignore[attr-defined]
        return call

    def common(self, arrays: Any) -> list[Any]:
        """Return arrays cast to their common dtype (for ``concat``, ``where`` and the like)."""
        arrays = list(arrays)
        if len({x.dtype for x in arrays}) <= 1:
            return arrays
        target = self._dtypes[functools.reduce(_dtypes.promote, (_dtypes.dtype_name(x.dtype) for x in arrays))]
        return [x if x.dtype == target else self._astype(x, target) for x in arrays]

    def constant(self, number: Any, array: Any) -> Any:
        """Return a Python number as a 0-d array that promotes with an array as the number itself would."""
        array, number = self._with_number(array, number, numbers=True)
        return self._constant(number, array)

    def _float(self, x: Any) -> Any:
        return self._astype(x, self._dtypes[default_dtype()])

    def _match(self, x1: Any, x2: Any) -> tuple[Any, Any]:
        if x1.dtype == x2.dtype:
            return x1, x2
        target = self._dtypes[_dtypes.promote(_dtypes.dtype_name(x1.dtype), _dtypes.dtype_name(x2.dtype))]
        return (
            x1 if x1.dtype == target else self._astype(x1, target),
            x2 if x2.dtype == target else self._astype(x2, target),
        )

    def _with_number(self, array: Any, number: Any, numbers: bool) -> tuple[Any, Any]:
        if type(number) is complex:
            name = _dtypes.dtype_name(array.dtype)
            if name not in _dtypes.COMPLEX:
                name = _dtypes.complex_of(name if name in _dtypes.FLOATING else default_dtype())
                array = self._astype(array, self._dtypes[name])
        elif type(number) is float:
            if array.dtype not in self._inexact:
                array = self._float(array)
        elif type(number) is int and array.dtype == self._dtypes["bool"]:
            array = self._astype(array, self._dtypes["int64"])
        elif type(number) is bool and array.dtype != self._dtypes["bool"]:
            number = int(number)  # torch subtracts no bool
        return array, number if numbers else self._constant(number, array)
