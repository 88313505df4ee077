"""How each operation is differentiated: one expression per function and argument.

``SLOPES`` holds elementwise functions by their derivative: ``(xp, out, *args)`` gives d out / d arg. The pullback of a
holomorphic slope s is g·conj(s), summed over what was broadcast.

``PULLBACKS`` holds everything else: ``(xp, g, out, *args, **kwargs)`` gives the cotangent of one argument.

``FLAT`` names functions whose derivative is zero or that have none. Where a value decides (kinks, borders of the
domain), the number of the convention's rule stands beside the expression.

Where a plain array may stand on the left of a traced one, the expressions call ``xp.multiply`` and the like: an
operator of a plain array need not know traced ones (array-api-strict's raises).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from multigrad.engine._shapes import restore_axes, scatter, spread, sum_to, unpermuted
from multigrad.engine._trace import strip

Rule = tuple[Callable[..., Any], ...]

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


def _ratio(xp: Any, numerator: Any, denominator: Any) -> Any:
    """Rule 2: 0 at a symmetric kink, where the quotient is 0/0."""
    zero = denominator == 0
    return xp.where(zero, 0.0, xp.divide(numerator, xp.where(zero, 1.0, denominator)))


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
    "hypot": (lambda xp, out, x, y: _ratio(xp, x, out), lambda xp, out, x, y: _ratio(xp, y, out)),
    # Divided twice by the radius: its square may overflow (rule 1).
    "atan2": (
        lambda xp, out, y, x: _ratio(xp, _ratio(xp, x, xp.hypot(x, y)), xp.hypot(x, y)),
        lambda xp, out, y, x: -_ratio(xp, _ratio(xp, y, xp.hypot(x, y)), xp.hypot(x, y)),
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
    "sum": (lambda xp, g, out, x, **o: xp.astype(spread(xp, g, x, o.get("axis"), o.get("keepdims")), x.dtype),),
    "max": (lambda xp, g, out, x, **o: _extremum(xp, g, out, x, **o),),
    "min": (lambda xp, g, out, x, **o: _extremum(xp, g, out, x, **o),),
    "std": (lambda xp, g, out, x, **o: _deviation(xp, g, out, x, **o),),
    "cumulative_sum": (lambda xp, g, out, x, **o: _running(xp, g, x, **o),),
    "reshape": (lambda xp, g, out, x, shape: xp.reshape(g, x.shape),),
    "broadcast_to": (lambda xp, g, out, x, shape: sum_to(xp, g, x),),
    "permute_dims": (lambda xp, g, out, x, axes: xp.permute_dims(g, unpermuted(axes)),),
    "flip": (lambda xp, g, out, x, axis=None: xp.flip(g, axis=axis),),
    "roll": (lambda xp, g, out, x, shift, axis=None: xp.roll(g, _negated(shift), axis=axis),),
    "take": (lambda xp, g, out, x, indices, axis=None: scatter(xp, g, x, indices, axis),),
    "where": (
        lambda xp, g, out, condition, x, y: None,  # boolean: never differentiated
        lambda xp, g, out, condition, x, y: sum_to(xp, xp.where(condition, g, xp.zeros_like(g)), x),
        lambda xp, g, out, condition, x, y: sum_to(xp, xp.where(condition, xp.zeros_like(g), g), y),
    ),
    "matmul": (
        lambda xp, g, out, x, y: _matmul_left(xp, g, x, y),
        lambda xp, g, out, x, y: _matmul_right(xp, g, x, y),
    ),
    "getitem": (lambda xp, g, out, x, key: xp.place(strip(x), g, key),),
    # place(x, g, key): zeros like x with g added at key; x is always plain.
    # setitem(x, value, key): x with value at key.
    "place": (lambda xp, g, out, x, value, key: None, lambda xp, g, out, x, value, key: xp.getitem(g, key)),
    "setitem": (
        lambda xp, g, out, x, value, key: xp.setitem(g, xp.zeros_like(value), key),
        lambda xp, g, out, x, value, key: sum_to(xp, _written(xp, g, key), value),
    ),
}

# Functions of any number of arrays: the argument's index gives the expression.
VARIADIC: dict[str, Callable[[int], Callable[..., Any]]] = {
    "concat": lambda i: lambda xp, g, out, *xs, axis: _part(xp, g, xs, i, axis),
    "stack": lambda i: lambda xp, g, out, *xs, axis: xp.getitem(g, (slice(None),) * (axis % len(out.shape)) + (i, ...)),
}

FLAT = frozenset(
    (
        *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
        *("logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isinf", "isfinite", "signbit"),
        *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert", "bitwise_left_shift", "bitwise_right_shift"),
        *("floor", "ceil", "round", "trunc", "floor_divide"),  # rule 3
        *("argmax", "argmin", "any", "all", "zeros_like", "ones_like", "empty_like"),
    )
)


def _extremum(xp: Any, g: Any, out: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Rule 2: tied elements share equally; a NaN makes every share 0/0 = NaN (rule 4)."""
    ties = xp.astype(x == restore_axes(xp, out, x, axis, keepdims), x.dtype)
    return spread(xp, g, x, axis, keepdims) * (ties / xp.sum(ties, axis=axis, keepdims=True))


def _deviation(
    xp: Any, g: Any, out: Any, x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False
) -> Any:
    """Rule 2: 0 where the deviation is 0."""
    centred = x - xp.mean(x, axis=axis, keepdims=True)
    count = xp.count(x, axis) - correction
    ratio = _ratio(xp, centred, restore_axes(xp, out, x, axis, keepdims))
    return xp.multiply(spread(xp, g, x, axis, keepdims), ratio) / count


def _running(
    xp: Any, g: Any, x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    axis = (axis or 0) % len(x.shape)
    if include_initial:
        g = xp.getitem(g, (slice(None),) * axis + (slice(1, None), ...))
    return xp.astype(xp.flip(xp.cumulative_sum(xp.flip(g, axis=axis), axis=axis), axis=axis), x.dtype)


def _written(xp: Any, g: Any, key: Any) -> Any:
    """Return the cotangent of a value written at key: of several values for one place only the last was kept."""
    part, lost = xp.getitem(g, key), xp.overwritten(strip(g), key)
    return part if lost is None else xp.where(lost, 0.0, part)


def _negated(shift: Any) -> Any:
    return tuple(-one for one in shift) if isinstance(shift, tuple) else -shift


def _part(xp: Any, g: Any, xs: tuple[Any, ...], i: int, axis: int) -> Any:
    axis %= len(xs[i].shape)
    start = sum(x.shape[axis] for x in xs[:i])
    return xp.getitem(g, (slice(None),) * axis + (slice(start, start + xs[i].shape[axis]), ...))


def _matmul_left(xp: Any, g: Any, x: Any, y: Any) -> Any:
    if len(y.shape) == 1:  # out[..., i] = Σ x[..., i, j] y[j]
        return sum_to(xp, xp.multiply(xp.expand_dims(g, axis=-1) if len(x.shape) > 1 else g, xp.conj(y)), x)
    transposed = xp.conj(xp.matrix_transpose(y))
    if len(x.shape) == 1:  # out[..., j] = Σ x[i] y[..., i, j]
        return sum_to(xp, xp.squeeze(xp.matmul(xp.expand_dims(g, axis=-2), transposed), axis=-2), x)
    return sum_to(xp, xp.matmul(g, transposed), x)


def _matmul_right(xp: Any, g: Any, x: Any, y: Any) -> Any:
    if len(x.shape) == 1:
        left, right = xp.conj(x), g
        if len(y.shape) > 1:
            left, right = xp.expand_dims(left, axis=-1), xp.expand_dims(g, axis=-2)
        return sum_to(xp, xp.multiply(left, right), y)
    transposed = xp.conj(xp.matrix_transpose(x))
    if len(y.shape) == 1:
        return sum_to(xp, xp.squeeze(xp.matmul(transposed, xp.expand_dims(g, axis=-1)), axis=-1), y)
    return sum_to(xp, xp.matmul(transposed, g), y)
