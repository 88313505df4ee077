"""Values of special functions that a framework lacks or has with too few digits, as compositions.

Each takes ``(xp, *arguments)`` with arrays of one floating dtype. `xp` holds the standard's functions and the special
functions that a formula names; nothing here is differentiated, the slopes are those of `_special_slopes`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from multigrad.array_api._slopes import NAMED

_LOG_2PI = math.log(2 * math.pi)
_ROOT_2PI = math.sqrt(2 * math.pi)
_ROOT_HALF = math.sqrt(0.5)


def polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """Return a polynomial of at least first degree by Horner's rule, the highest power first."""
    result = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        result = result * x + coefficient
    return result


# --- The error function and the normal distribution.

_TAIL = -5.0  # below it twenty terms of the continued fraction are exact to an eps


def _in_tail(xp: Any, x: Any) -> tuple[Any, Any]:
    """Return t = -x and the excess of the normal hazard rate over t, by Laplace's continued fraction."""
    t = xp.where(x < _TAIL, -x, -_TAIL)
    excess = 42.0 / (t + xp.sqrt(t * t + 86.0))  # what follows, as if its terms were all alike
    for k in range(20, 0, -1):
        excess = k / (t + excess)
    return t, excess


def log_ndtr(xp: Any, x: Any) -> Any:
    t, excess = _in_tail(xp, x)
    tail = -0.5 * t * t - xp.log(t + excess) - 0.5 * _LOG_2PI
    below = xp.log(0.5 * xp.erfc(xp.where(x < 0, -x, 0.0) * _ROOT_HALF))
    above = xp.log1p(-0.5 * xp.erfc(xp.where(x < 0, 0.0, x) * _ROOT_HALF))
    return xp.where(x < _TAIL, tail, xp.where(x < 0, below, above))


def log_ndtr_slope(xp: Any, x: Any) -> Any:
    t, excess = _in_tail(xp, x)
    middle = xp.where(x < _TAIL, _TAIL, x)
    return xp.where(x < _TAIL, t + excess, xp.exp(-0.5 * middle * middle) / (_ROOT_2PI * xp.ndtr(middle)))


def log_ndtr_excess(xp: Any, x: Any) -> Any:
    return xp.where(x < _TAIL, _in_tail(xp, x)[1], log_ndtr_slope(xp, x) + x)


def refined_erfinv(xp: Any, x: Any, guess: Any, steps: int = 1) -> Any:
    """Return erfinv by Halley's method from a guess with half of the digits, or fewer for more steps."""
    size, y = xp.abs(x), xp.abs(guess)
    inside = size < 1
    y = xp.where(inside, y, 0.0)
    # 1 - abs(x) is exact above 1/2, where erf has no digits left.
    for _ in range(steps):
        residual = xp.where(size > 0.5, (1.0 - size) - xp.erfc(y), xp.erf(y) - size)
        step = residual * (0.5 * math.sqrt(math.pi)) * xp.exp(y * y)
        y = y - step / (1.0 + y * step)
    return xp.where(inside, xp.where(x < 0, -y, y), guess)


def ndtri(xp: Any, p: Any) -> Any:
    """Return the normal quantile: in the middle by erfinv, in the tails by Halley's method on log_ndtr."""
    upper = p > 0.5
    q = xp.where(upper, 1.0 - p, p)  # exact
    middle = q >= 0.1
    level = xp.log(xp.where(middle | ~(q > 0), 0.1, q))
    z = -xp.sqrt(-2.0 * level - xp.log(-4.0 * math.pi * level))
    for _ in range(4):
        slope = log_ndtr_slope(xp, z)
        step = (log_ndtr(xp, z) - level) / slope
        z = z - step / (1.0 + 0.5 * step * log_ndtr_excess(xp, z))  # the logarithm's curvature is -slope·excess
    z = xp.where(middle, xp.erfinv(2.0 * xp.where(middle, q, 0.5) - 1.0) / _ROOT_HALF, z)
    z = xp.where(q == 0, -math.inf, xp.where(q < 0, math.nan, z))
    return xp.where(xp.isnan(p), p, xp.where(upper, -z, z))


# --- The gamma function.


@functools.cache
def _cotangent_derivative(n: int) -> tuple[float, ...]:
    """Return the n-th derivative of cot as a polynomial in cot: of cot' = -(1 + cot²)."""
    found = [1, 0]
    for _ in range(n):
        degree = len(found) - 1
        slope = [c * (degree - i) for i, c in enumerate(found[:-1])]
        found = [-(a + b) for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    return tuple(float(c) for c in found)


# B(2j)/(2j)!, of the Euler-Maclaurin formula.
_BERNOULLI = (
    *(1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600),
    *(-3617 / 10670622842880000, 43867 / 5109094217170944000, -174611 / 802857662698291200000),
)


def _zeta(xp: Any, s: int, q: Any) -> Any:
    """Return the Hurwitz zeta function of an integer s > 1 and q > 0: some terms, the rest by Euler and Maclaurin."""
    count = 12 + s

    def power(x: Any, n: int) -> Any:
        found = x
        for _ in range(n - 1):
            found = found * x
        return found

    w = 1.0 / (q + float(count))
    square = w * w
    rest, rising, higher = 0.5 * w + 1.0 / (s - 1), float(s), square
    for j, number in enumerate(_BERNOULLI):
        rest = rest + higher * (number * rising)
        rising *= (s + 2 * j + 1) * (s + 2 * j + 2)
        higher = higher * square
    total = rest * power(w, s - 1)
    for k in range(count - 1, -1, -1):  # the small terms first
        total = total + power(1.0 / (q + float(k)), s)
    return total


def polygamma(xp: Any, n: int, x: Any) -> Any:
    """Return the polygamma function of order n ≥ 1; below 0 by reflection."""
    scale = math.factorial(n) * (-1.0) ** (n + 1)
    above = scale * _zeta(xp, n + 1, xp.abs(xp.where(x < 0, 1.0 - x, x)))
    turn = x - xp.round(x)
    # The cosine by the sine, which keeps its digits around the zero; +inf at the poles.
    cotangent = xp.divide(xp.sin(math.pi * (0.5 - xp.abs(turn))), xp.sin(math.pi * xp.where(turn == 0, 0.0, turn)))
    reflected = polynomial(cotangent, tuple(-(math.pi ** (n + 1)) * c for c in _cotangent_derivative(n)))
    return xp.where(x < 0, reflected + (-1.0) ** n * above, above)


_STIRLING = (-3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)
_STIRLING_FROM = 10.0


def _stirling_rest(x: Any) -> Any:
    """Return what Stirling's formula lacks of gammaln at x ≥ 10."""
    return polynomial(1.0 / (x * x), _STIRLING) / x


def betaln(xp: Any, a: Any, b: Any) -> Any:
    """Return gammaln(a) + gammaln(b) - gammaln(a + b) without taking large numbers from each other.

    A. R. DiDonato, A. H. Morris, ACM TOMS 18, 1992, 360, whose branches these are.
    """
    small, large = xp.where(a < b, a, b), xp.where(a < b, b, a)
    both = small >= _STIRLING_FROM
    one = (large >= _STIRLING_FROM) & (small + large >= _STIRLING_FROM)
    up = xp.where(one, large, 2 * _STIRLING_FROM)
    p, down = xp.where(both, small, _STIRLING_FROM), xp.where(one & ~both, small, 1.0)
    h = p / up
    # The square would overflow, and of a sum of two the half is kept.
    rests = _stirling_rest(p) + _stirling_rest(up) - _stirling_rest(p + up)
    of_both = 0.5 * (_LOG_2PI - xp.log(up)) + rests + (p - 0.5) * xp.log(h / (1.0 + h)) - up * xp.log1p(h)
    sum_ = down + up
    of_one = _stirling_rest(up) - _stirling_rest(sum_) + down - down * xp.log(up) - (sum_ - 0.5) * xp.log1p(down / up)
    plain = xp.gammaln(large) - xp.gammaln(small + large)
    result = xp.where(both, of_both, xp.gammaln(small) + xp.where(one, of_one, plain))
    return xp.where((large == math.inf) & (small > 0), -math.inf, xp.where(xp.isnan(a) | xp.isnan(b), a + b, result))


def beta(xp: Any, a: Any, b: Any) -> Any:
    def sign(x: Any) -> Any:
        below = xp.floor(x)
        return xp.where((x < 0) & (below - 2.0 * xp.floor(0.5 * below) == 1), -1.0, xp.ones_like(x))

    return sign(a) * sign(b) * sign(a + b) * xp.exp(betaln(xp, a, b))


# --- The logistic function.


def expit(xp: Any, x: Any) -> Any:
    small = xp.exp(-xp.abs(x))  # nothing overflows, and the left tail keeps its relative accuracy
    return xp.where(x >= 0, 1.0, small) / (1.0 + small)


def log_expit(xp: Any, x: Any) -> Any:
    return xp.where(x >= 0, 0.0, x) - xp.log1p(xp.exp(-xp.abs(x)))


def logit(xp: Any, p: Any) -> Any:
    middle = (p >= 0.25) & (p <= 0.75)
    s = 2.0 * xp.where(middle, p, 0.5) - 1.0
    outer = xp.where(middle, 0.75, p)
    return xp.where(middle, xp.log1p(s) - xp.log1p(-s), xp.log(outer) - xp.log1p(-outer))


def logit_slope(xp: Any, p: Any) -> Any:
    return xp.where((p < 0) | (p > 1), math.nan, 1.0 / xp.abs(p * (1.0 - p)))


# --- Entropies.


def _product(xp: Any, x: Any, y: Any, factor: Any) -> Any:
    zero = (x == 0) & ~xp.isnan(y)
    return xp.where(zero, 0.0, x * xp.where(zero, 1.0, factor))


def entr(xp: Any, x: Any) -> Any:
    outside = xp.where(xp.isnan(x), x, xp.where(x == 0, xp.zeros_like(x), -math.inf))
    return xp.where(x > 0, -x * xp.log(xp.where(x > 0, x, 1.0)), outside)


def rel_entr(xp: Any, x: Any, y: Any) -> Any:
    inside = (x > 0) & (y > 0)
    u, v = xp.where(inside, x, 1.0), xp.where(inside, y, 1.0)
    quotient = u / v
    usable = (quotient > 0) & (quotient < math.inf)
    logarithm = xp.where(usable, xp.log(xp.where(usable, quotient, 1.0)), xp.log(u) - xp.log(v))
    outside = xp.where((x == 0) & (y >= 0), 0.0, xp.where(xp.isnan(x) | xp.isnan(y), x + y, math.inf))
    return xp.where(inside, u * logarithm, outside)


# --- Modified Bessel functions.

# Of 8·I2(x)/x² in (x/2)², for abs(x) < 2.
_SECOND = tuple(2 / (math.factorial(k) * math.factorial(k + 2)) for k in range(13, -1, -1))


def i2e(xp: Any, x: Any) -> Any:
    near = xp.abs(x) < 2
    small, large = xp.where(near, x, 0.0), xp.where(near, 2.0, x)
    series = small * small * polynomial(0.25 * small * small, _SECOND) / 8.0 * xp.exp(-xp.abs(small))
    return xp.where(near, series, xp.i0e(large) - 2.0 * xp.i1e(large) / large)


def unscaled(xp: Any, x: Any, scaled: Any) -> Any:
    """Return a function from what it is times exp(-abs(x)), infinite at infinity."""
    half = xp.exp(0.5 * xp.abs(x))  # the whole exponential overflows earlier than the function
    infinite = xp.abs(x) == math.inf
    return xp.where(infinite, xp.copysign(xp.abs(x), scaled), xp.where(infinite, 0.0, half) * scaled * half)


FORMULAS: dict[str, Callable[..., Any]] = {
    "gaussian": lambda xp, x: xp.exp(-(x * x)),
    "ndtr": lambda xp, x: 0.5 * xp.erfc(-x * _ROOT_HALF),
    "log_ndtr": log_ndtr,
    "log_ndtr_slope": log_ndtr_slope,
    "log_ndtr_excess": log_ndtr_excess,
    "betaln": betaln,
    "beta": beta,
    "expit": expit,
    "log_expit": log_expit,
    "logit": logit,
    "logit_slope": logit_slope,
    "xlogy": lambda xp, x, y: _product(xp, x, y, xp.log(y)),
    "xlog1py": lambda xp, x, y: _product(xp, x, y, xp.log1p(y)),
    "xlogy_slope": lambda xp, x, y: _product(xp, x, y, NAMED["log_slope"](xp, y)),
    "xlog1py_slope": lambda xp, x, y: _product(xp, x, y, NAMED["log1p_slope"](xp, y)),
    "log_slope": lambda xp, x: NAMED["log_slope"](xp, x),
    "log1p_slope": lambda xp, x: NAMED["log1p_slope"](xp, x),
    "entr": entr,
    "rel_entr": rel_entr,
    "i0": lambda xp, x: unscaled(xp, x, xp.i0e(x)),
    "i1": lambda xp, x: unscaled(xp, x, xp.i1e(x)),
    "i2": lambda xp, x: unscaled(xp, x, i2e(xp, x)),
    "i2e": i2e,
}
