"""From the tables of special functions to one framework's functions.

A framework brings kernels (values, as fast and exact as it has them) and its way of giving a function a derivative;
what it has no kernel for is a formula, and all derivatives are the shared slopes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Protocol

from multigrad import _dtypes
from multigrad.array_api._slopes import Slope
from multigrad.array_api._special_formulas import FORMULAS, polygamma
from multigrad.array_api._special_slopes import SLOPES, polygamma_slope

# The functions that users see; the others are parts of their derivatives.
NAMES = (
    *("beta", "betaln", "digamma", "entr", "erf", "erfc", "erfinv", "expit", "gammainc", "gammaincc", "gammaln", "i0"),
    *("i0e", "i1", "i1e", "log_expit", "log_ndtr", "logit", "ndtr", "ndtri", "rel_entr", "xlog1py", "xlogy"),
)
# What slopes and formulas take from the standard.
_STANDARD = (
    *("abs", "copysign", "divide", "exp", "floor", "isnan", "log", "log1p", "multiply", "round", "sign", "sin", "sqrt"),
)

Function = Callable[..., Any]


class Promotes(Protocol):
    """What is used of `multigrad.array_api._promotion.Promotion`."""

    def unary(self, function: Function) -> Function: ...
    def binary(self, function: Function, *, numbers: bool, floating: bool) -> Function: ...


def special_functions(
    elementwise: Any,
    extra: Mapping[str, Function],
    kernels: Mapping[str, Function],
    ruled: Callable[[Function, tuple[Slope | None, ...], Any], Function],
    promotion: Promotes,
) -> SimpleNamespace:
    """Return the special functions of one framework, on its own arrays.

    Parameters
    ----------
    elementwise
        Its elementwise functions of the standard, with right derivatives.
    extra
        ``where``, ``zeros_like`` and ``ones_like``.
    kernels
        Functions of arrays of one floating dtype, by the names of the table. A function with neither kernel nor formula
        raises when it is called.
    ruled
        ``ruled(function, slopes, xp)`` returns a function with slopes as its derivative, of any order and mode.
    promotion
        Its promotion of dtypes.
    """
    standard = {name: getattr(elementwise, name) for name in _STANDARD} | dict(extra)
    values, xp = SimpleNamespace(**standard), SimpleNamespace(**standard)
    for name, formula in FORMULAS.items():
        setattr(values, name, functools.partial(formula, values))
    vars(values).update(kernels)
    for name, slopes in SLOPES.items():
        vars(values).setdefault(name, _missing(name))
        setattr(xp, name, ruled(getattr(values, name), slopes, xp))

    @functools.cache
    def of_order(n: int) -> Function:
        return ruled(functools.partial(polygamma, values, n), polygamma_slope(n), xp)

    xp.polygamma = lambda n, x: of_order(n)(x)
    found = SimpleNamespace(**{name: _promoting(name, getattr(xp, name), promotion) for name in NAMES})

    def polygamma_of_any(n: int, x: Any, /) -> Any:
        return (found.digamma if n == 0 else _promoting("polygamma", of_order(n), promotion))(x)

    found.polygamma = polygamma_of_any
    found.psi = found.digamma  # SciPy has both names
    return found


def _missing(name: str) -> Function:
    def call(*args: Any) -> Any:
        raise NotImplementedError(f"This backend has no kernel for multigrad.special.{name}, and there is no formula.")

    return call


def _promoting(name: str, function: Function, promotion: Promotes) -> Function:
    if len(SLOPES.get(name, "x")) == 2:

        def of_two(x1: Any, x2: Any, /) -> Any:
            return function(_real(name, x1), _real(name, x2))

        return promotion.binary(of_two, numbers=False, floating=True)

    def of_one(x: Any, /) -> Any:
        return function(_real(name, x))

    return promotion.unary(of_one)


def _real(name: str, x: Any) -> Any:
    if _dtypes.dtype_name(x.dtype) in _dtypes.COMPLEX:
        raise TypeError(f"multigrad.special.{name} takes real arrays, got one of dtype {_dtypes.dtype_name(x.dtype)}.")
    return x
