"""The convention's slopes of elementwise functions, one expression each, for the engine and for every framework.

A slope is the partial derivative as ``(xp, out, *arguments)``: an array, or a pair of a number and an array whose
product it is, which spares an array where the number meets another one. A number stands for a constant slope, None for
a function that is flat in the argument (rule 3). The expressions are made of the functions of a namespace, `xp`, which
must have the derivatives of this table in its turn, or second derivatives would be somebody else's.

A slope whose own derivative needs a rule has a name: composed of other functions, it would have the derivative NaN at
the border of the domain, by 0 · inf, and a finite one outside. `NAMED` gives its value, `SLOPES` its derivative, and
`xp` must hold the function made of both. The values in `NAMED` are those of real arguments. Complex ones have no border
but branch cuts, on which the signs of zeros decide: each namespace has values of its own for them.

A tangent is multiplied with a slope, a cotangent with its conjugate, and both are broadcast or summed to their shape by
whoever uses them. Where a value decides, the number of the convention's rule stands beside the expression.

A parameter that an expression does not read is not kept for the backward pass. Functions of `xp` stand in place of
operators where a plain array may be on the left of a traced one, which it need not know.
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
    # Rule 4: the limit of x to the power of n times log x at zero, which for n >= 0 is 0 · inf in IEEE arithmetic. The
    # power of -0 may be -inf, its size is not.
    zero = x == 0
    size = xp.where(zero, xp.abs(out), out)
    return xp.multiply(size, xp.log(xp.where(zero & (xp.real(n) >= 0), 1.0, x)))


def _logistic(xp: Any, x: Any) -> Any:
    return 0.5 + 0.5 * xp.tanh(0.5 * x)  # infinite exponentials would give NaN in second order


def _over_square(xp: Any, x: Any, r: Any) -> Any:
    # Not by the square of the radius, which may overflow (rule 1), nor by two divisions, of which XLA makes it.
    zero = r == 0  # 0 there, and in second order (rule 2)
    safe = xp.where(zero, 1.0, r)
    return xp.where(zero, 0.0, xp.multiply(xp.divide(x, safe), xp.reciprocal(safe)))


NAMED: dict[str, Slope] = {
    # In terms of the root. +inf at both zeros (rule 4): by the size, since XLA drops an added 0.
    "sqrt_slope": lambda xp, root: xp.abs(0.5 / root),
    # NaN outside the domain, +inf at its border, also at -0 (rule 4).
    "log_slope": lambda xp, x: xp.where(x < 0, math.nan, 1.0 / xp.abs(x)),
    "log1p_slope": lambda xp, x: xp.where(x < -1, math.nan, 1.0 / (1.0 + x)),
    "asin_slope": lambda xp, x: 1.0 / xp.sqrt((1.0 - x) * (1.0 + x)),
    "asinh_slope": lambda xp, x: 1.0 / xp.hypot(x, xp.ones_like(x)),  # the square may overflow (rule 1)
    "acosh_slope": lambda xp, x: 1.0 / (xp.sqrt(x - 1.0) * xp.sqrt(x + 1.0)),  # likewise
    "atan_slope": lambda xp, x: 1.0 / (1.0 + x * x),
    "atanh_slope": lambda xp, x: xp.where(xp.abs(x) > 1, math.nan, 1.0 / ((1.0 - x) * (1.0 + x))),
}

SLOPES: dict[str, tuple[Any, ...]] = {
    # --- Arithmetic.
    "add": (1, 1),
    "subtract": (1, -1),
    "multiply": (lambda xp, out, x, y: y, lambda xp, out, x, y: x),
    "divide": (
        lambda xp, out, x, y: xp.reciprocal(y),
        # Not by the square of y, which may overflow (rule 1).
        lambda xp, out, x, y: -xp.multiply(out, xp.reciprocal(y)),
    ),
    # The floor of the exact quotient, of which the value is made: 9 for 1 % 0.1, not 10.
    "remainder": (1, lambda xp, out, x, y: -xp.floor_divide(x, y)),
    "pow": (lambda xp, out, x, n: _power(xp, x, n), lambda xp, out, x, n: _exponent(xp, out, x, n)),
    "negative": (-1,),
    "positive": (1,),
    "reciprocal": (lambda xp, out, x: -(out * out),),
    "square": (lambda xp, out, x: (2, x),),
    "abs": (lambda xp, out, x: xp.sign(x),),
    # --- Roots, exponentials, logarithms.
    "sqrt": (lambda xp, out, x: xp.sqrt_slope(out),),
    "exp": (lambda xp, out, x: out,),
    "expm1": (lambda xp, out, x: xp.exp(x),),
    "log": (lambda xp, out, x: xp.log_slope(x),),
    "log2": (lambda xp, out, x: (1 / _LN2, xp.log_slope(x)),),
    "log10": (lambda xp, out, x: (1 / _LN10, xp.log_slope(x)),),
    "log1p": (lambda xp, out, x: xp.log1p_slope(x),),
    "logaddexp": (
        lambda xp, out, x, y: _logistic(xp, xp.subtract(x, y)),
        lambda xp, out, x, y: _logistic(xp, xp.subtract(y, x)),
    ),
    # --- Trigonometry.
    "sin": (lambda xp, out, x: xp.cos(x),),
    "cos": (lambda xp, out, x: -xp.sin(x),),
    "tan": (lambda xp, out, x: 1 + out * out,),
    "asin": (lambda xp, out, x: xp.asin_slope(x),),
    "acos": (lambda xp, out, x: (-1, xp.asin_slope(x)),),
    "atan": (lambda xp, out, x: xp.atan_slope(x),),
    "atan2": (
        lambda xp, out, y, x: _over_square(xp, x, xp.hypot(x, y)),
        lambda xp, out, y, x: -_over_square(xp, y, xp.hypot(x, y)),
    ),
    "hypot": (lambda xp, out, x, y: ratio(xp, x, out), lambda xp, out, x, y: ratio(xp, y, out)),
    "sinh": (lambda xp, out, x: xp.cosh(x),),
    "cosh": (lambda xp, out, x: xp.sinh(x),),
    "tanh": (lambda xp, out, x: 1 - out * out,),
    "asinh": (lambda xp, out, x: xp.asinh_slope(x),),
    "acosh": (lambda xp, out, x: xp.acosh_slope(x),),
    "atanh": (lambda xp, out, x: xp.atanh_slope(x),),
    # --- Of the slopes just named, by their own values: infinite or NaN where they should be.
    "sqrt_slope": (lambda xp, out, root: -2.0 * out * out,),
    "log_slope": (lambda xp, out, x: -out * out,),
    "log1p_slope": (lambda xp, out, x: -out * out,),
    "asin_slope": (lambda xp, out, x: x * out * out * out,),
    "asinh_slope": (lambda xp, out, x: -x * out * out * out,),
    "acosh_slope": (lambda xp, out, x: -x * out * out * out,),
    # The argument times the slope first, which never overflows.
    "atan_slope": (lambda xp, out, x: -2.0 * (x * out) * out,),
    "atanh_slope": (lambda xp, out, x: 2.0 * (x * out) * out,),
    # --- Choices.
    "maximum": (lambda xp, out, x, y: share(xp, out, x, y), lambda xp, out, x, y: share(xp, out, y, x)),
    "minimum": (lambda xp, out, x, y: share(xp, out, x, y), lambda xp, out, x, y: share(xp, out, y, x)),
    "clip": (
        lambda xp, out, x, low, high: _clip_in_x(xp, out, x, low, high),
        lambda xp, out, x, low, high: _clip_in_low(xp, out, x, low, high),
        lambda xp, out, x, low, high: share(xp, out, high, xp.maximum(x, low)),
    ),
    "copysign": (lambda xp, out, x, y: xp.multiply(xp.sign(x), xp.copysign(xp.ones_like(x), y)), None),
}
