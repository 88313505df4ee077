"""Overrides in forms for compiled and mapped code, where the values cannot be looked at.

Eagerly each operation is a pass over the arrays, and the overrides take few of them. A compiler fuses all into one
loop: masks are free there, while a root, a quotient or a logarithm more takes as long as torch's own slope. What is the
result of two numbers and a condition must be made of arrays: of numbers inductor makes float32, and converts it. It
computes isnan, isfinite and the conjunction of two conditions element by element: one comparison takes their place.
"""

import math

import torch


def inside(domain, like):
    """Return 1 where a condition holds, else NaN: times it, an array has the derivative NaN outside the domain."""
    return torch.where(domain, torch.ones_like(like), torch.full_like(like, math.nan))


def asinh(x):
    """Return asinh(x) by asinh(x / 2ᵏ) + k·log(2) where x is large."""
    if x.dtype is torch.float16:  # where 2ᵏ would be too small for that: all its squares are in float32
        return asinh(x.to(torch.float32)).to(x.dtype)
    scaled, logarithm = _scaled(x, torch.abs(x.detach()))
    return torch.asinh(scaled) + torch.copysign(logarithm, x.detach())


def _scaled(x, size):
    """Return x divided by 2ᵏ once or twice where the sizes are large, and what its logarithm lacks then.

    Large is what has no cube: the slope of the slope takes the cube of its inverse.
    """
    digits, one = math.frexp(torch.finfo(size.dtype).max)[1], torch.ones_like(size)
    k, bound = digits // 4 + 1, 2.0 ** (digits // 3)
    # After two, the largest has a square. Side by side, not one after the other: it is the delay that costs.
    once = torch.where(size > bound, one * 2.0**-k, one)
    twice = torch.where(size > bound * 2.0**k, one * 2.0**-k, one)
    missing = (2 - once - twice) * (k * math.log(2) / (1 - 2.0**-k))
    return x * once * twice, missing


def hypot(x1, x2):
    """Return hypot by the root of the squares, scaled by a power of 2, with the derivative 0 at (0, 0)."""
    x, y = torch.abs(x1.detach()), torch.abs(x2.detach())
    size, one = torch.maximum(x, y), torch.ones_like(x)
    none, zero = 0 * one, size == 0
    size = torch.where(zero, one, size)  # the square of a scale has no number, and 0 times its slope none either
    digits = math.frexp(torch.finfo(x.dtype).max)[1]
    # By so much that neither the squares nor the second derivatives over a factor leave the dtype's range.
    far, factor = 2.0 ** (digits * 5 // 16), 2.0 ** (digits * 17 // 32)
    scale, inverse = [
        torch.where(size > far, one / power, torch.where(size < 1 / far, one * power, one))
        for power in (factor, 1 / factor)
    ]
    u, v = x1 * scale, x2 * scale
    root = torch.sqrt(u * u + v * v + torch.where(zero, one, none)) * torch.where(zero, none, inverse)
    infinite = one * math.inf  # beside NaN, too
    return torch.where(x == math.inf, infinite, torch.where(y == math.inf, infinite, root))


def atan2(x1, x2):
    """Return atan2 with the derivative 0 at (0, 0), also forwards, and without underflow in fourth powers."""
    y, x = x1.detach(), x2.detach()
    size, one = torch.abs(x) + torch.abs(y), torch.ones_like(x)
    zero = size == 0  # one comparison: inductor is slow at two
    digits = math.frexp(torch.finfo(x.dtype).max)[1]
    # By so much that its square, times that of the slope, does not leave the dtype's range.
    scale = torch.where(size < 2.0 ** -(digits // 4), one * 2.0 ** (digits // 2 - 2), one)
    scale = torch.where(size < 2.0 ** -(digits * 5 // 8), one * 2.0 ** (digits * 13 // 16), scale)
    # At (0, 0) a constant: (0, 1), or to (0, -0) what (0, -1) has.
    return torch.atan2(torch.where(zero, y, x1) * scale, torch.where(zero, torch.copysign(one, x), x2) * scale)


def acosh(x):
    """Return acosh(x) by acosh(x / 2ᵏ) + k·log(2) where x is large, NaN below the domain.

    Near 1 torch's slope r = (x² - 1)^-½ has the rounding error of the square. What is added there is 0, with the first
    and the second derivative that are missing: d·r³ and -3·d·r⁵, where -2·d is the distance of (x - 1)(x + 1) from the
    x² - 1 that was computed. By r itself, which costs no second root; the order of the factors is the quickest found.
    """
    if x.dtype is torch.float16:  # as in asinh
        return acosh(x.to(torch.float32)).to(x.dtype)
    size = x.detach()
    one = torch.ones_like(size)
    none = 0 * one
    scaled, logarithm = _scaled(x, size)
    value = (torch.acosh(scaled) + logarithm) * inside(size > 0, size)
    near = torch.abs(size - 1.5) < 0.5  # 1 itself has the root's infinite slope
    square = scaled.detach().pow(2) - 1
    r = torch.rsqrt(square)
    d = ((size - 1) * (size + 1) - square) * -0.5
    near_x = torch.where(near, x, one)
    move = near_x - near_x.detach()
    d, r = torch.where(near, d, none), torch.where(near, r, one)
    r_square = r * r
    return value + d * (r * r_square) * (move + r_square * ((-1.5 * move) * move))


def logaddexp(x1, x2):
    """Return logaddexp by the larger one and the distance to the other, whose exponential does not overflow."""
    x, y = x1.detach(), x2.detach()
    one = torch.ones_like(x)
    # Of infinities the maximum, but not beside NaN: halves, since a sum of two numbers may overflow.
    infinite = torch.abs(0.5 * x + 0.5 * y) == math.inf
    a, b = torch.where(infinite, 0 * one, x1), torch.where(infinite, 0 * one, x2)
    first = x >= y
    distance = (b - a) * torch.where(first, one, -one)
    smooth = torch.where(first, a, b) + torch.log1p(torch.exp(distance))
    return torch.where(infinite, torch.maximum(x1, x2), smooth)


def power(x1, x2):
    """Return x1 ** x2 with all derivatives to second order; see `_powers.pow` for what torch's are not."""
    x, y = x1.detach(), x2.detach()
    size, one = torch.abs(x), torch.ones_like(x)
    none, zero = 0 * one, y == 0
    flat = torch.maximum(size, -y) == 0  # in the exponent: the base 0, and no negative exponent
    exponent = _with_nan_slope(torch.where(flat, y, x2), torch.where(zero, x, none))
    linear = torch.maximum(size, torch.abs(y - 1)) == 0  # the base 0 with the exponent 1
    # The exponent 0 has no slope in the base, and at the bases 0 and NaN nothing that depends on them.
    base = torch.where(zero, torch.where(size > 0, x, one + one), torch.where(linear, one, x1))
    power = torch.where(linear, x1, torch.pow(base, exponent))
    # The mixed derivative that torch has not: 1 / x1 at the exponent 0, 1 where it is linear.
    finite = torch.where(size < math.inf, size, none)
    mixed = torch.where(zero, finite, torch.where(linear, one, none)) > 0
    x1, x2 = [torch.where(mixed, x, one) for x in (x1, x2)]
    move = (x1 - x1.detach()) / torch.where(linear, one, x1.detach())
    return power + (x2 - x2.detach()) * move


def _with_nan_slope(x, number):
    """Return x with the derivative NaN where a number is NaN, and x is 0: an infinite one times 0, from either side."""
    nan, one = number != number, torch.ones_like(number)  # noqa: PLR0124 - isnan goes element by element
    most, none = torch.where(nan, torch.finfo(number.dtype).max * one, one), torch.where(nan, 0 * one, one)
    return x * most * most * none * most * most
