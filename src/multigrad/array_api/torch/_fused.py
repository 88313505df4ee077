"""Overrides in forms for compiled and mapped code, where the values cannot be looked at.

Eagerly each operation is a pass over the arrays, and the overrides take few of them. A compiler fuses all into one
loop: masks are free there, while a root, a quotient or a logarithm more takes as long as torch's own slope. What is the
result of two numbers and a condition must be made of arrays: of numbers inductor makes float32, and converts it.
"""

import math

import torch


def inside(domain, like):
    """Return 1 where a condition holds, else NaN: times it, an array has the derivative NaN outside the domain."""
    return torch.where(domain, torch.ones_like(like), torch.full_like(like, math.nan))


def asinh(x):
    """Return asinh(x) by asinh(x / 2ᵏ) + k·log(2) where the square of x would overflow."""
    limits, size = torch.finfo(x.dtype), torch.abs(x.detach())
    k, one = math.frexp(limits.max)[1] // 4 + 1, torch.ones_like(size)
    step = torch.where(size > limits.max**0.5 / 4, one, 0 * one)
    steps = torch.where(size > limits.max**0.5 / 4 * 2.0**k, 2 * one, step)  # after two, the largest has a square
    scale = torch.where(steps > 1, one * 4.0**-k, torch.where(steps > 0, one * 2.0**-k, one))
    return torch.asinh(x * scale) + torch.copysign(steps * (k * math.log(2)), x.detach())


def atan2(x1, x2):
    """Return atan2 with the derivative 0 at (0, 0), also forwards."""
    x, y = x2.detach(), x1.detach()
    zero = torch.maximum(torch.abs(x), torch.abs(y)) == 0  # one comparison: inductor is slow at two
    return torch.atan2(torch.where(zero, y, x1), torch.where(zero, torch.copysign(torch.ones_like(x), x), x2))
