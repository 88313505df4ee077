"""Elementwise functions: the convention's table of slopes, and what the engine needs beside or instead."""

from __future__ import annotations

from typing import Any

from multigrad import _slope_table
from multigrad.engine._shapes import Rule, cast, conjugate
from multigrad.engine._trace import strip


def _chosen(xp: Any, out: Any, x: Any, y: Any, wins: Any) -> Any:
    """Rule 2: the winner's slope is 1, tied operands share; rule 4: NaN goes to both."""
    share = xp.where(xp.equal(x, y), 0.5, xp.astype(wins, out.dtype))
    return xp.where(xp.isnan(out), xp.nan, share)


(_SLOPE_IN_BASE, _SLOPE_IN_EXPONENT), (_COPYSIGN, _) = (_slope_table.SLOPES[name] for name in ("pow", "copysign"))


def _power_slope(xp: Any, x: Any, n: Any) -> Any:
    if isinstance(n, int | float | complex):
        if n == 0:
            return xp.zeros_like(x)  # rule 6
        power = xp.pow(x, n - 1)
        return n, xp.where(xp.equal(x, -xp.inf), xp.inf, power) if n == 1.5 else power  # NumPy: the root, NaN there
    slope = _SLOPE_IN_BASE(xp, None, x, n)
    if n.shape:
        return slope
    return xp.where(xp.logical_and(xp.equal(x, -xp.inf), xp.equal(n, 1.5)), xp.inf, slope)  # likewise


def _exponent_slope(xp: Any, out: Any, x: Any, n: Any) -> Any:
    # Before the logarithm: a negative number has that of a complex one if the exponent is complex.
    base = cast(xp, xp.full_like(n, x) if isinstance(x, int | float | complex) else x, out)
    return _SLOPE_IN_EXPONENT(xp, out, base, n)


# Compositions of the engine, or among the pullbacks below.
_NOT_BY_SLOPES = ("abs", "clip", "copysign", "divide", "sqrt_slope")

SLOPES: dict[str, Rule] = {
    **{name: slopes for name, slopes in _slope_table.SLOPES.items() if name not in _NOT_BY_SLOPES},
    # Of complex numbers, too. An added 0 gives +inf at -0 (rule 4); the table takes the size, since XLA drops the 0.
    "sqrt": (lambda xp, out, x: 0.5 / (out + 0.0),),
    # A number as the exponent stays one, and is no array.
    "pow": (
        lambda xp, out, x, n: _power_slope(xp, x, n),
        lambda xp, out, x, n: _exponent_slope(xp, out, x, n),
    ),
    # By numbers made of truth values: NumPy takes four times as long for the table's choices between numbers, and makes
    # them of double precision.
    "maximum": (
        lambda xp, out, x, y: _chosen(xp, out, x, y, xp.greater(x, y)),
        lambda xp, out, x, y: _chosen(xp, out, y, x, xp.greater(y, x)),
    ),
    "minimum": (
        lambda xp, out, x, y: _chosen(xp, out, x, y, xp.less(x, y)),
        lambda xp, out, x, y: _chosen(xp, out, y, x, xp.less(y, x)),
    ),
}

ELEMENTWISE: dict[str, Rule] = {
    # A cotangent divided, not multiplied with a reciprocal: half the arrays.
    "divide": (
        lambda xp, g, out, x, y: xp.divide(g, conjugate(xp, y)),
        # The quotient first, or in second order the square of y overflows.
        lambda xp, g, out, x, y: xp.multiply(-g, conjugate(xp, xp.divide(out, y))),
    ),
    # Flat in the second argument, whatever the cotangent (rule 3).
    "copysign": (
        lambda xp, g, out, x, y: xp.multiply(g, _COPYSIGN(xp, None, x, strip(y))),
        lambda xp, g, out, x, y: xp.zeros_like(out),
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
