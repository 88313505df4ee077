"""The slopes of special functions, one expression each, for every framework: the table of `multigrad.special`.

As in `multigrad.array_api._slopes`, a slope is the partial derivative as ``(xp, out, *arguments)``, made of functions
whose own derivatives are right: the standard's, and those of this table. What stands here is differentiable to any
order. Names without a counterpart in `multigrad.special` are derivatives that need a value or a rule of their own.
Where a value decides, the number of the convention's rule stands beside the expression.
"""

from __future__ import annotations

import math
from typing import Any

from multigrad.array_api._slopes import SLOPES as _STANDARD
from multigrad.array_api._slopes import Slope, ratio

_ROOT_PI = math.sqrt(math.pi)
_ROOT_2PI = math.sqrt(2 * math.pi)
_ROOT_HALF = math.sqrt(0.5)


def _unless_zero(xp: Any, factor: Any, slope: Any) -> Any:
    """Return a product that is 0 where the factor has vanished, also where the slope is infinite."""
    zero = factor == 0
    return xp.where(zero, 0.0, xp.multiply(factor, xp.where(zero, 1.0, slope)))


def _log_ndtr_curvature(xp: Any, slope: Any, excess: Any) -> Any:
    return xp.where(excess == 0, -1.0, -_unless_zero(xp, slope, excess))  # the limit at -inf


def _gamma_density(xp: Any, a: Any, x: Any) -> Any:
    return xp.exp(xp.xlogy(a - 1.0, x) - x - xp.gammaln(a))


def no_slope_in_a(xp: Any, out: Any, a: Any, x: Any) -> Any:
    """Refuse the derivative of the incomplete gamma function in its first argument."""
    raise NotImplementedError(
        "The incomplete gamma function has a derivative in x here, none in a: no framework but two has its kernel. "
        "Take a as a constant: multigrad.stop_gradient(a)."
    )


SLOPES: dict[str, tuple[Slope | None, ...]] = {
    # --- The error function and the normal distribution.
    "erf": (lambda xp, out, x: 2 / _ROOT_PI * xp.gaussian(x),),
    "erfc": (lambda xp, out, x: -2 / _ROOT_PI * xp.gaussian(x),),
    "erfinv": (lambda xp, out, x: _ROOT_PI / 2 * xp.exp(xp.multiply(out, out)),),  # +inf at the border (rule 4)
    "ndtr": (lambda xp, out, x: xp.gaussian(x * _ROOT_HALF) / _ROOT_2PI,),
    "log_ndtr": (lambda xp, out, x: xp.log_ndtr_slope(x),),
    "ndtri": (lambda xp, out, p: _ROOT_2PI * xp.exp(0.5 * xp.multiply(out, out)),),
    "gaussian": (lambda xp, out, x: -2.0 * _unless_zero(xp, out, x),),  # exp(-x²)
    "log_ndtr_slope": (lambda xp, out, x: _log_ndtr_curvature(xp, out, xp.log_ndtr_excess(x)),),
    "log_ndtr_excess": (lambda xp, out, x: 1.0 - xp.multiply(xp.log_ndtr_slope(x), out),),  # log_ndtr_slope(x) + x
    # --- The gamma function.
    "gammaln": (lambda xp, out, x: xp.digamma(x),),
    "digamma": (lambda xp, out, x: xp.polygamma(1, x),),
    "betaln": (
        lambda xp, out, a, b: xp.digamma(a) - xp.digamma(a + b),
        lambda xp, out, a, b: xp.digamma(b) - xp.digamma(a + b),
    ),
    "beta": (
        lambda xp, out, a, b: xp.multiply(out, xp.digamma(a) - xp.digamma(a + b)),
        lambda xp, out, a, b: xp.multiply(out, xp.digamma(b) - xp.digamma(a + b)),
    ),
    "gammainc": (no_slope_in_a, lambda xp, out, a, x: _gamma_density(xp, a, x)),
    "gammaincc": (no_slope_in_a, lambda xp, out, a, x: -_gamma_density(xp, a, x)),
    # --- The logistic function.
    "expit": (lambda xp, out, x: xp.multiply(out, xp.expit(-x)),),
    "log_expit": (lambda xp, out, x: xp.expit(-x),),
    "logit": (lambda xp, out, p: xp.logit_slope(p),),
    "logit_slope": (lambda xp, out, p: (2.0 * p - 1.0) * out * out,),
    # --- Entropies. A factor of 0 makes the product 0 whatever the other one is, and so its slope in the other one.
    "xlogy": (lambda xp, out, x, y: xp.log(y) + xp.zeros_like(x), lambda xp, out, x, y: xp.xlogy_slope(x, y)),
    "xlog1py": (lambda xp, out, x, y: xp.log1p(y) + xp.zeros_like(x), lambda xp, out, x, y: xp.xlog1py_slope(x, y)),
    "xlogy_slope": (  # x/y
        lambda xp, out, x, y: xp.log_slope(y) + xp.zeros_like(x),
        lambda xp, out, x, y: -xp.xlogy_slope(out, y),
    ),
    "xlog1py_slope": (  # x/(1 + y)
        lambda xp, out, x, y: xp.log1p_slope(y) + xp.zeros_like(x),
        lambda xp, out, x, y: -xp.xlog1py_slope(out, y),
    ),
    "log_slope": _STANDARD["log_slope"],
    "log1p_slope": _STANDARD["log1p_slope"],
    "entr": (lambda xp, out, x: -xp.log(x) - 1.0,),
    "rel_entr": (
        lambda xp, out, x, y: xp.log(x) - xp.log(y) + 1.0,
        lambda xp, out, x, y: -xp.xlogy_slope(x, y),
    ),
    # --- Modified Bessel functions, plain and times exp(-abs(x)), whose kink at 0 is symmetric (rule 2).
    "i0": (lambda xp, out, x: xp.i1(x),),
    "i1": (lambda xp, out, x: 0.5 * (xp.i0(x) + xp.i2(x)),),
    "i2": (lambda xp, out, x: xp.i1(x) - 2.0 * ratio(xp, out, x),),
    "i0e": (lambda xp, out, x: xp.i1e(x) - xp.multiply(xp.sign(x), out),),
    "i1e": (lambda xp, out, x: 0.5 * (xp.i0e(x) + xp.i2e(x)) - xp.multiply(xp.sign(x), out),),
    "i2e": (lambda xp, out, x: xp.i1e(x) - 2.0 * ratio(xp, out, x) - xp.multiply(xp.sign(x), out),),
}


def polygamma_slope(n: int) -> tuple[Slope, ...]:
    """Return the slope of the polygamma function of order n."""
    return (lambda xp, out, x: xp.polygamma(n + 1, x),)
