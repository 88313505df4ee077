"""Planted bugs in derivatives of single functions: right values, and what frameworks really give at the points."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from multigrad._protocol import Backend, Native, SupportsArrayType, SupportsStopGradient
from multigrad.array_api import _lift
from multigrad.testing._mutants._mutant import Mutant, mutant


def _wrong(*rows: str) -> Callable[[Callable[..., Native]], Mutant]:
    """Make a mutant of the function in the namespace that stands first in the name, before two underscores.

    The wrong function takes the backend and the arguments.
    """

    def make(function: Callable[..., Native]) -> Mutant:
        name = function.__name__.partition("__")[0]

        def plant(right: Backend) -> dict[str, Any]:
            return _with_function(right, name, lambda *args, **options: function(right, *args, **options))

        plant.__name__ = function.__name__
        return mutant(*(f"convention: {row}" for row in rows), capability=SupportsStopGradient)(plant)

    return make


def _with_function(right: Backend, name: str, function: Callable[..., Native]) -> dict[str, Any]:
    names = getattr(right.xp, "__all__", None) or [member for member in dir(right.xp) if not member.startswith("_")]
    xp = SimpleNamespace(**{member: getattr(right.xp, member) for member in names})
    function.__name__ = name
    setattr(xp, name, function)
    if not isinstance(right, SupportsArrayType):
        return {"xp": xp}
    cls: Any = type(right.array_type.__name__, (right.array_type,), {"__slots__": (), "_xp": xp})
    cls._namespace = _lift.generated(xp, cls)
    return {"xp": xp, "array_type": cls}


def _with_slope_of(right: Any, value: Native, other: Native) -> Native:
    """Return a value with the derivative of another expression."""
    stop = right.stop_gradient
    return right.xp.add(stop(value), right.xp.subtract(other, stop(other)))


@_wrong("abs at 0.0")
def abs__one_sided(right: Backend, x: Native) -> Native:
    xp = right.xp
    if xp.isdtype(x.dtype, "complex floating"):
        return xp.abs(x)
    return xp.where(xp.greater_equal(x, 0.0), x, xp.negative(x))


@_wrong("maximum at 1.0, 1.0")
def maximum__first_wins_ties(right: Backend, x: Native, y: Native) -> Native:
    return right.xp.where(right.xp.greater_equal(x, y), x, y)


@_wrong("clip at 1.0, 0.0, 1.0")
def clip__whole_slope_at_a_bound(right: Backend, x: Native, low: Native, high: Native) -> Native:
    xp = right.xp
    return xp.where(xp.less(x, low), low, xp.where(xp.greater(x, high), high, x))


@_wrong("max at [2.0, 1.0, 2.0]")
def max__first_wins_ties(right: Backend, x: Native, **options: Any) -> Native:
    return right.xp.max(x, **options) if options or len(x.shape) != 1 else x[right.xp.argmax(x)]


@_wrong("sqrt at 0.0")
def sqrt__through_the_logarithm(right: Backend, x: Native) -> Native:
    return _with_slope_of(right, right.xp.sqrt(x), right.xp.exp(right.xp.multiply(right.xp.log(x), 0.5)))


@_wrong("floor at 0.7")
def floor__straight_through(right: Backend, x: Native) -> Native:
    return _with_slope_of(right, right.xp.floor(x), x)


@_wrong("log2 at 0.5")
def log2__slope_of_the_natural_logarithm(right: Backend, x: Native) -> Native:
    return _with_slope_of(right, right.xp.log2(x), right.xp.log(x))


@_wrong("hypot at 0.0, 0.0")
def hypot__of_squares(right: Backend, x: Native, y: Native) -> Native:
    return right.xp.sqrt(right.xp.add(right.xp.multiply(x, x), right.xp.multiply(y, y)))


@_wrong("logaddexp at 1000.0, 0.0")
def logaddexp__overflowing(right: Backend, x: Native, y: Native) -> Native:
    xp = right.xp
    return _with_slope_of(right, xp.logaddexp(x, y), xp.log(xp.add(xp.exp(x), xp.exp(y))))


@_wrong("divide at 1.0, 4.0")
def divide__slope_of_one_part_in_a_billion_too_much(right: Backend, x: Native, y: Native) -> Native:
    return _with_slope_of(right, right.xp.divide(x, y), right.xp.multiply(right.xp.divide(x, y), 1 + 1e-9))


@_wrong("prod at [2.0, 0.0, 4.0]")
def prod__by_division(right: Any, x: Native, **options: Any) -> Native:
    product = right.xp.prod(x, **options)
    logarithm = right.xp.sum(right.xp.log(x), **options)
    return _with_slope_of(right, product, right.xp.multiply(right.stop_gradient(product), logarithm))


@_wrong("real(z * conj(z)) at (3+4j)")
def conj__as_if_holomorphic(right: Backend, z: Native) -> Native:
    return _with_slope_of(right, right.xp.conj(z), z)


@_wrong("sin'(x) at 0.5")
def sin__once_differentiable(right: Backend, x: Native) -> Native:
    xp, stop = right.xp, right.stop_gradient  # type: ignore[attr-defined]
    return xp.add(xp.sin(stop(x)), xp.multiply(xp.cos(stop(x)), xp.subtract(x, stop(x))))
