"""Slopes in forms that XLA computes as fast as JAX's own, in the place of some of the shared table.

Compiled, a slope is a loop over the elements that reads its arguments once: masks and factors are free there, while
each quotient or root after the first takes as long as the whole of JAX's own slope. A result that two expressions
read is written to memory and read again, which costs more than a quotient. The values are those of the shared table,
but for rounding.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from multigrad.array_api._slopes import SLOPES as _SHARED


def _inverse_root(x: Any, square: Any) -> Any:
    """Return the inverse root of the square of about x, which may overflow (rule 1)."""
    large = x > jnp.finfo(x.dtype).max ** 0.5 / 4
    return jnp.where(large, 1.0 / x, jax.lax.rsqrt(square))


def _over_square(u: Any, v: Any) -> Any:
    """Return u / (u² + v²), and 0 where both are 0 (rule 2)."""
    size = jnp.maximum(jnp.abs(u), jnp.abs(v))
    # By powers of 2 which keep the squares from overflow and underflow (rule 1): a quotient and no root.
    bits = jnp.finfo(u.dtype).maxexp
    far, factor = 2.0 ** (3 * bits // 8), 2.0 ** (11 * bits // 16)
    scale = jnp.where(size > far, 1 / factor, jnp.where(size < 1 / far, factor, jnp.ones_like(u)))
    u, v = u * scale, v * scale
    square = u * u + v * v
    return u / jnp.where(square == 0, 1.0, square) * scale


def _over_square_in_u(xp: Any, out: Any, u: Any, v: Any) -> Any:
    other = xp.where(xp.abs(v) == math.inf, 0.0, xp.over_square(v, u))  # the limit, which is inf/inf
    return (other - out) * (other + out)


def _in_divisor(x: Any, y: Any) -> Any:
    # Not by the square of y, which may overflow (rule 1). The inverse of -y, since XLA would share 1 / y with the slope
    # in x: see above.
    inverse = -1.0 / y
    return -x * inverse * inverse


def _in_exponent(xp: Any, out: Any, x: Any, n: Any) -> Any:
    # As in the shared table, with one reader of the power: else XLA would not fuse it.
    zero = x == 0
    slope = xp.multiply(out, xp.log(xp.where(zero & (xp.real(n) >= 0), 1.0, x)))
    return xp.where(zero, -xp.abs(slope), slope)


NAMED = {
    "divisor_slope": lambda xp, x, y: _in_divisor(x, y),
    # In terms of x, not of the root. The size: +inf at both zeros (rule 4).
    "sqrt_slope": lambda xp, x: 0.5 * xp.abs(jax.lax.rsqrt(x)),
    "asinh_slope": lambda xp, x: _inverse_root(xp.abs(x), x * x + 1.0),
    # x² - 1 with the digits of x - 1, and negative everywhere outside the domain.
    "acosh_slope": lambda xp, x: _inverse_root(x, (x - 1.0) * (xp.abs(x) + 1.0)),
    "over_square": lambda xp, u, v: _over_square(u, v),
}

SLOPES = {
    "sqrt": (lambda xp, out, x: xp.sqrt_slope(x),),
    "asinh": (lambda xp, out, x: xp.asinh_slope(x),),
    "atan2": (lambda xp, out, y, x: xp.over_square(x, y), lambda xp, out, y, x: -xp.over_square(y, x)),
    "divide": (_SHARED["divide"][0], lambda xp, out, x, y: xp.divisor_slope(x, y)),
    "pow": (_SHARED["pow"][0], _in_exponent),
    # Of the slopes just named, by their own values.
    "sqrt_slope": (lambda xp, out, x: -2.0 * out * out * out,),
    "asinh_slope": (lambda xp, out, x: -x * out * out * out,),
    "divisor_slope": (
        lambda xp, out, x, y: _in_divisor(jnp.ones_like(x), y),
        lambda xp, out, x, y: -2.0 * out * xp.reciprocal(y),
    ),
    "over_square": (
        _over_square_in_u,
        lambda xp, out, u, v: -2.0 * out * xp.over_square(v, u),
    ),
}
