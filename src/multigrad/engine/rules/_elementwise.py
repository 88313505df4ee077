"""Elementwise functions."""

from __future__ import annotations

import math
from typing import Any

from multigrad.engine._shapes import Rule, cast, conjugate, ratio
from multigrad.engine._trace import strip

_LN2, _LN10 = math.log(2), math.log(10)


def _chosen(xp: Any, out: Any, x: Any, y: Any, wins: Any) -> Any:
    """Rule 2: the winner's slope is 1, tied operands share; rule 4: NaN goes to both."""
    share = xp.where(xp.equal(x, y), 0.5, xp.astype(wins, out.dtype))
    return xp.where(xp.isnan(out), xp.nan, share)


def _power_slope(xp: Any, x: Any, n: Any) -> Any:
    if isinstance(n, int | float | complex):
        return xp.zeros_like(x) if n == 0 else (n, xp.pow(x, n - 1))  # rule 6
    # A constant in x at n = 0, also where x to the power of -1 is infinite or NaN (rule 6).
    flat = xp.logical_and(n == 0, xp.logical_or(x == 0, xp.isnan(x)))
    return xp.where(flat, 0.0, xp.multiply(n, xp.pow(xp.where(flat, 1.0, x), n - 1)))


def _exponent_slope(xp: Any, out: Any, x: Any, n: Any) -> Any:
    base = cast(xp, x if not isinstance(x, int | float | complex) else xp.full_like(n, x), out)
    # Rule 4: the limit at the base 0, which for n >= 0 would be 0·inf. The power of -0 may be -inf, its size is not.
    flat = xp.logical_and(base == 0, xp.real(n) >= 0 if not isinstance(n, int | float | complex) else n.real >= 0)
    logarithm = xp.log(xp.where(flat, 1.0, base))
    if not xp.is_complex(out):
        return xp.multiply(xp.abs(out), logarithm)
    return xp.where(xp.logical_and(base == 0, xp.logical_not(flat)), -xp.inf, out * logarithm)


def _logistic(xp: Any, x: Any) -> Any:
    return 0.5 + 0.5 * xp.tanh(0.5 * x)  # infinite exponentials would give NaN in second order


SLOPES: dict[str, Rule] = {
    "add": (1, 1),
    "subtract": (1, -1),
    "multiply": (lambda xp, out, x, y: y, lambda xp, out, x, y: x),
    "pow": (
        lambda xp, out, x, n: _power_slope(xp, x, n),
        lambda xp, out, x, n: _exponent_slope(xp, out, x, n),
    ),
    "reciprocal": (lambda xp, out, x: -out * out,),
    "negative": (-1,),
    "positive": (1,),
    "square": (lambda xp, out, x: (2, x),),
    "sqrt": (lambda xp, out, x: 0.5 / (out + 0.0),),  # +inf at ±0 (rule 4)
    "exp": (lambda xp, out, x: out,),
    "expm1": (lambda xp, out, x: xp.exp(x),),
    "log": (lambda xp, out, x: xp.log_slope(x),),
    "log2": (lambda xp, out, x: (1 / _LN2, xp.log_slope(x)),),
    "log10": (lambda xp, out, x: (1 / _LN10, xp.log_slope(x)),),
    "log1p": (lambda xp, out, x: xp.log1p_slope(x),),
    "sin": (lambda xp, out, x: xp.cos(x),),
    "cos": (lambda xp, out, x: -xp.sin(x),),
    "tan": (lambda xp, out, x: 1 + out * out,),
    "asin": (lambda xp, out, x: xp.asin_slope(x),),
    "acos": (lambda xp, out, x: (-1, xp.asin_slope(x)),),
    "atan": (lambda xp, out, x: 1 / (1 + x * x),),
    "sinh": (lambda xp, out, x: xp.cosh(x),),
    "cosh": (lambda xp, out, x: xp.sinh(x),),
    "tanh": (lambda xp, out, x: 1 - out * out,),
    "asinh": (lambda xp, out, x: xp.asinh_slope(x),),
    "acosh": (lambda xp, out, x: xp.acosh_slope(x),),
    "atanh": (lambda xp, out, x: xp.atanh_slope(x),),
    # The slopes just named; by their results, which are infinite or NaN where they should be.
    "log_slope": (lambda xp, out, x: -out * out,),
    "log1p_slope": (lambda xp, out, x: -out * out,),
    "asin_slope": (lambda xp, out, x: x * out * out * out,),
    "asinh_slope": (lambda xp, out, x: -x * out * out * out,),
    "acosh_slope": (lambda xp, out, x: -x * out * out * out,),
    "atanh_slope": (lambda xp, out, x: 2 * x * out * out,),
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
        lambda xp, out, x, y: _logistic(xp, xp.subtract(x, y)),
        lambda xp, out, x, y: _logistic(xp, xp.subtract(y, x)),
    ),
    "copysign": (
        lambda xp, out, x, y: xp.multiply(xp.sign(x), xp.copysign(xp.ones_like(x), strip(y))),
        lambda xp, out, x, y: xp.zeros_like(out),
    ),
    "remainder": (1, lambda xp, out, x, y: -xp.floor(xp.divide(x, y))),
}

ELEMENTWISE: dict[str, Rule] = {
    "divide": (
        lambda xp, g, out, x, y: xp.divide(g, conjugate(xp, y)),
        lambda xp, g, out, x, y: xp.multiply(xp.divide(-g, conjugate(xp, y)), conjugate(xp, out)),
    ),
    # For complex z the direction of steepest ascent of |z| is z/|z|, which is sign(z); 0 at 0 (rule 2).
    "abs": (lambda xp, g, out, x: xp.multiply(g, xp.sign(x)),),
    "real": (lambda xp, g, out, like: cast(xp, g, like),),
    "imag": (lambda xp, g, out, like: g * 1j if xp.is_complex(like) else 0.0 * g,),
    "conj": (lambda xp, g, out, x: conjugate(xp, g),),
}

PULLBACKS: dict[str, Rule] = {
    "astype": (lambda xp, g, out, like, dtype, **_: cast(xp, g, like),),
}

FLAT = frozenset(
    (
        *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
        *("logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isinf", "isfinite", "signbit"),
        *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert", "bitwise_left_shift", "bitwise_right_shift"),
        *("floor", "ceil", "round", "trunc", "floor_divide", "nextafter"),
    )
)
