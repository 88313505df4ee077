"""Elementwise functions."""

from __future__ import annotations

import math
from typing import Any

from multigrad.engine._shapes import Rule, ratio, sum_to

_LN2, _LN10 = math.log(2), math.log(10)


def _within(xp: Any, x: Any, inside: Any, slope: Any) -> Any:
    """Rule 4: outside the domain of a real function the derivative is NaN."""
    return slope if xp.is_complex(x) else xp.where(inside, slope, xp.nan)


def _log_slope(xp: Any, x: Any) -> Any:
    # x + 0.0 turns -0.0 into 0.0: rule 4 takes the one-sided limit, +inf.
    return 1 / x if xp.is_complex(x) else _within(xp, x, x >= 0, 1 / (x + 0.0))


def _chosen(xp: Any, out: Any, x: Any, y: Any, wins: Any) -> Any:
    """Rule 2: the winner's slope is 1, tied operands share; rule 4: NaN goes to both."""
    share = xp.where(xp.equal(x, y), 0.5, xp.astype(wins, out.dtype))
    return xp.where(xp.isnan(out), xp.nan, share)


def _inverse(xp: Any, out: Any, y: Any) -> Any:
    # Python raises where a number is divided by zero; arrays give IEEE's infinity.
    return xp.divide(xp.ones_like(out), y) if isinstance(y, int | float | complex) and y == 0 else 1 / y


def _power_slope(xp: Any, x: Any, n: Any) -> Any:
    if isinstance(n, int | float | complex):
        return xp.zeros_like(x) if n == 0 else 2 * x if n == 2 else n * xp.pow(x, n - 1)  # rule 6
    # The exponent n - 1 is replaced where n = 0, so that x = 0 gives 0 and not 0·inf (rule 6).
    return xp.where(n == 0, 0.0, xp.multiply(n, xp.pow(x, xp.where(n == 0, 1.0, n - 1))))


def _exponent_slope(xp: Any, out: Any, x: Any, n: Any) -> Any:
    base = x if not isinstance(x, int | float | complex) else xp.full_like(n, x)
    at_zero = base == 0
    slope = xp.where(at_zero, 0.0, out * xp.log(xp.where(at_zero, 1.0, base)))
    return xp.where(xp.logical_and(at_zero, xp.real(n) < 0), -xp.inf, slope)


SLOPES: dict[str, Rule] = {
    "multiply": (lambda xp, out, x, y: y, lambda xp, out, x, y: x),
    "divide": (lambda xp, out, x, y: _inverse(xp, out, y), lambda xp, out, x, y: -out / y),
    "pow": (
        lambda xp, out, x, n: _power_slope(xp, x, n),
        lambda xp, out, x, n: _exponent_slope(xp, out, x, n),
    ),
    "reciprocal": (lambda xp, out, x: -out * out,),
    "square": (lambda xp, out, x: 2 * x,),
    "sqrt": (lambda xp, out, x: 0.5 / (out + 0.0),),  # +inf at ±0 (rule 4)
    "exp": (lambda xp, out, x: out,),
    "expm1": (lambda xp, out, x: xp.exp(x),),
    "log": (lambda xp, out, x: _log_slope(xp, x),),
    "log2": (lambda xp, out, x: _log_slope(xp, x) / _LN2,),
    "log10": (lambda xp, out, x: _log_slope(xp, x) / _LN10,),
    "log1p": (lambda xp, out, x: _within(xp, x, x >= -1, 1 / (1 + x)),),
    "sin": (lambda xp, out, x: xp.cos(x),),
    "cos": (lambda xp, out, x: -xp.sin(x),),
    "tan": (lambda xp, out, x: 1 + out * out,),
    "asin": (lambda xp, out, x: 1 / xp.sqrt((1 - x) * (1 + x)),),
    "acos": (lambda xp, out, x: -1 / xp.sqrt((1 - x) * (1 + x)),),
    "atan": (lambda xp, out, x: 1 / (1 + x * x),),
    "sinh": (lambda xp, out, x: xp.cosh(x),),
    "cosh": (lambda xp, out, x: xp.sinh(x),),
    "tanh": (lambda xp, out, x: 1 - out * out,),
    "asinh": (lambda xp, out, x: 1 / (xp.hypot(x, 1.0) if not xp.is_complex(x) else xp.sqrt(1 + x * x)),),
    "acosh": (lambda xp, out, x: 1 / (xp.sqrt(x - 1) * xp.sqrt(x + 1)),),
    "atanh": (lambda xp, out, x: _within(xp, x, xp.abs(x) <= 1, 1 / ((1 - x) * (1 + x))),),
    "maximum": (
        lambda xp, out, x, y: _chosen(xp, out, x, y, xp.greater(x, y)),
        lambda xp, out, x, y: _chosen(xp, out, y, x, xp.greater(y, x)),
    ),
    "minimum": (
        lambda xp, out, x, y: _chosen(xp, out, x, y, xp.less(x, y)),
        lambda xp, out, x, y: _chosen(xp, out, y, x, xp.less(y, x)),
    ),
    "hypot": (lambda xp, out, x, y: ratio(xp, x, out), lambda xp, out, x, y: ratio(xp, y, out)),
    # Divided twice by the radius: its square may overflow (rule 1).
    "atan2": (
        lambda xp, out, y, x: ratio(xp, ratio(xp, x, xp.hypot(x, y)), xp.hypot(x, y)),
        lambda xp, out, y, x: -ratio(xp, ratio(xp, y, xp.hypot(x, y)), xp.hypot(x, y)),
    ),
    "logaddexp": (
        lambda xp, out, x, y: xp.exp(xp.subtract(x, out)),
        lambda xp, out, x, y: xp.exp(xp.subtract(y, out)),
    ),
    "copysign": (
        lambda xp, out, x, y: xp.multiply(xp.sign(x), xp.copysign(xp.ones_like(x), y)),
        lambda xp, out, x, y: xp.zeros_like(out),
    ),
    "remainder": (lambda xp, out, x, y: 1.0, lambda xp, out, x, y: -xp.floor(xp.divide(x, y))),
}

PULLBACKS: dict[str, Rule] = {
    "add": (lambda xp, g, out, x, y: sum_to(xp, g, x), lambda xp, g, out, x, y: sum_to(xp, g, y)),
    "subtract": (lambda xp, g, out, x, y: sum_to(xp, g, x), lambda xp, g, out, x, y: sum_to(xp, -g, y)),
    "negative": (lambda xp, g, out, x: -g,),
    "positive": (lambda xp, g, out, x: g,),
    # For complex z the direction of steepest ascent of |z| is z/|z|, which is sign(z); 0 at 0 (rule 2).
    "abs": (lambda xp, g, out, x: xp.multiply(g, xp.sign(x)),),
    "real": (lambda xp, g, out, x: xp.astype(g, x.dtype),),
    "imag": (lambda xp, g, out, x: g * 1j if xp.is_complex(x) else 0.0 * g,),
    "conj": (lambda xp, g, out, x: xp.conj(g),),
    "astype": (lambda xp, g, out, x, dtype, **_: xp.astype(g, x.dtype),),
}

FLAT = frozenset(
    (
        *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
        *("logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isinf", "isfinite", "signbit"),
        *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert", "bitwise_left_shift", "bitwise_right_shift"),
        *("floor", "ceil", "round", "trunc", "floor_divide", "nextafter"),
    )
)
