"""The convention's slopes of elementwise functions, one expression each, for every framework that needs an override.

A slope is the partial derivative as ``(xp, out, *arguments)``, made of the namespace's functions: `xp` must hold the
overridden ones, or second derivatives would be the framework's own. A slope whose own derivative needs a rule has a
name: `NAMED` gives its value, `SLOPES` its derivative, and `xp` must hold the function made of both.

All are of real arguments; those of ``divide``, ``pow`` and ``sqrt`` hold for complex ones, too. A tangent is multiplied
with a slope, a cotangent with its conjugate, and both are broadcast or summed to their shape by whoever uses them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

_LN2, _LN10 = math.log(2), math.log(10)

Slope = Callable[..., Any]


def ratio(xp: Any, numerator: Any, denominator: Any) -> Any:
    """Return a quotient that is 0 at a symmetric kink, where it would be 0/0 (rule 2)."""
    zero = denominator == 0
    return xp.where(zero, 0.0, xp.divide(numerator, xp.where(zero, 1.0, denominator)))


def share(xp: Any, out: Any, x: Any, y: Any) -> Any:
    """Return the slope in x of a choice between x and y: 1 for the chosen, one half in a tie (rule 2), NaN (rule 4)."""
    won = xp.where(out == y, 0.0, math.nan)
    return xp.where(out == x, xp.where(x == y, 0.5, 1.0), won)


def _clip_in_x(xp: Any, out: Any, x: Any, low: Any, high: Any) -> Any:
    """Return the slope of min(max(x, low), high) in x: none where all three are equal."""
    flat = xp.where(xp.isnan(out), math.nan, 0.0)
    at_a_bound = xp.where((x >= low) & (x <= high) & (low < high), 0.5, flat)
    return xp.where((x > low) & (x < high), 1.0, at_a_bound)


def _clip_in_low(xp: Any, out: Any, x: Any, low: Any, high: Any) -> Any:
    flat = xp.where(xp.isnan(out), math.nan, 0.0)
    return xp.where((x < low) & (low < high), 1.0, xp.where((x <= low) & (low <= high), 0.5, flat))


def _power(xp: Any, x: Any, n: Any) -> Any:
    # A constant in x at n = 0, also where x to the power of -1 is infinite or NaN (rule 6).
    flat = (n == 0) & ((x == 0) | xp.isnan(x))
    return xp.where(flat, 0.0, xp.multiply(n, xp.pow(xp.where(flat, 1.0, x), n - 1.0)))


def _exponent(xp: Any, out: Any, x: Any, n: Any) -> Any:
    # The limit of x to the power of n times log x at zero, which for n >= 0 is 0 · inf in IEEE arithmetic. The power of
    # -0 may be -inf, its size is not.
    zero = x == 0
    size = xp.where(zero, xp.abs(out), out)
    return xp.multiply(size, xp.log(xp.where(zero & (xp.real(n) >= 0), 1.0, x)))


def _logistic(xp: Any, x: Any) -> Any:
    return 0.5 + 0.5 * xp.tanh(0.5 * x)  # infinite exponentials would give NaN in second order


def _over_squared(xp: Any, x: Any, r: Any) -> Any:
    # Not by the square of the radius, which may overflow; nor by two divisions, of which XLA makes that square.
    return xp.multiply(ratio(xp, x, r), ratio(xp, xp.ones_like(r), r))


NAMED: dict[str, Slope] = {
    # In terms of the root. +inf at both zeros (rule 4).
    "sqrt_slope": lambda xp, root: xp.where(root == 0, math.inf, 0.5 / root),
    # NaN outside the domain; +inf at both zeros (rule 4).
    "log_slope": lambda xp, x: xp.where(x < 0, math.nan, 1.0 / xp.abs(x)),
    "log1p_slope": lambda xp, x: xp.where(x < -1, math.nan, 1.0 / xp.abs(1.0 + x)),
    "acosh_slope": lambda xp, x: 1.0 / (xp.sqrt(x - 1.0) * xp.sqrt(x + 1.0)),  # the square may overflow
    "atanh_slope": lambda xp, x: xp.where(xp.abs(x) > 1, math.nan, 1.0 / xp.abs((1.0 - x) * (1.0 + x))),
    "asin_slope": lambda xp, x: 1.0 / xp.sqrt((1.0 - x) * (1.0 + x)),
}

SLOPES: dict[str, tuple[Slope | None, ...]] = {
    "abs": (lambda xp, out, x: xp.sign(x),),
    "sqrt": (lambda xp, out, x: xp.sqrt_slope(out),),
    "log": (lambda xp, out, x: xp.log_slope(x),),
    "log2": (lambda xp, out, x: xp.multiply(xp.log_slope(x), 1 / _LN2),),
    "log10": (lambda xp, out, x: xp.multiply(xp.log_slope(x), 1 / _LN10),),
    "log1p": (lambda xp, out, x: xp.log1p_slope(x),),
    "asin": (lambda xp, out, x: xp.asin_slope(x),),
    "acos": (lambda xp, out, x: -xp.asin_slope(x),),
    "asinh": (lambda xp, out, x: xp.reciprocal(xp.hypot(x, xp.ones_like(x))),),
    "acosh": (lambda xp, out, x: xp.acosh_slope(x),),
    "atanh": (lambda xp, out, x: xp.atanh_slope(x),),
    # Of the slopes just named, by their own values: infinite or NaN where they should be.
    "sqrt_slope": (lambda xp, out, root: -2.0 * out * out,),
    "log_slope": (lambda xp, out, x: -out * out,),
    "log1p_slope": (lambda xp, out, x: -out * out,),
    "asin_slope": (lambda xp, out, x: x * out * out * out,),
    "acosh_slope": (lambda xp, out, x: -x * out * out * out,),
    "atanh_slope": (lambda xp, out, x: 2.0 * x * out * out,),
    "maximum": (lambda xp, out, x, y: share(xp, out, x, y), lambda xp, out, x, y: share(xp, out, y, x)),
    "minimum": (lambda xp, out, x, y: share(xp, out, x, y), lambda xp, out, x, y: share(xp, out, y, x)),
    "clip": (
        lambda xp, out, x, low, high: _clip_in_x(xp, out, x, low, high),
        lambda xp, out, x, low, high: _clip_in_low(xp, out, x, low, high),
        lambda xp, out, x, low, high: share(xp, out, high, xp.maximum(x, low)),
    ),
    "divide": (
        lambda xp, out, x, y: xp.reciprocal(y),
        # Not by the square of y, which may overflow (rule 1).
        lambda xp, out, x, y: -xp.multiply(out, xp.reciprocal(y)),
    ),
    "reciprocal": (lambda xp, out, x: -out * out,),
    "pow": (lambda xp, out, x, n: _power(xp, x, n), lambda xp, out, x, n: _exponent(xp, out, x, n)),
    "hypot": (lambda xp, out, x, y: ratio(xp, x, out), lambda xp, out, x, y: ratio(xp, y, out)),
    "atan2": (
        lambda xp, out, y, x: _over_squared(xp, x, xp.hypot(x, y)),
        lambda xp, out, y, x: -_over_squared(xp, y, xp.hypot(x, y)),
    ),
    "logaddexp": (
        lambda xp, out, x, y: _logistic(xp, xp.subtract(x, y)),
        lambda xp, out, x, y: _logistic(xp, xp.subtract(y, x)),
    ),
    # Flat in the second argument (rule 3).
    "copysign": (lambda xp, out, x, y: xp.multiply(xp.sign(x), xp.copysign(xp.ones_like(x), y)), None),
}
