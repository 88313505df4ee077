"""Products along an axis whose derivative leaves one factor out, also at zeros and NaN.

torch divides the product by the factor (2.13): a NaN spoils the slope of its own factor too, and the curvature along a
small factor is the rounding error of a large number instead of 0. Here the elements are multiplied in pairs, the
products in pairs, and so on, whose derivatives are products again, to every order. Products of elements that are known
to be alike in size are divided.
"""

import torch

from multigrad.array_api.torch._regular import is_constant, is_readable, is_traced


def _is_exact(x):
    return not (x.dtype.is_floating_point or x.dtype.is_complex)


def _can_be_divided(products, x):
    """Tell whether products are known to keep their digits when divided by two factors, in any order."""
    if not is_readable(x) or not x.numel():
        return False
    limits = torch.finfo(x.dtype)
    low, high = _sizes(x)
    if not (low > limits.tiny**0.25 and high < limits.max**0.25 and low > high * limits.eps**0.25):
        return False
    low, high = _sizes(products)
    return low > limits.tiny**0.5 and high < limits.max**0.5


def _sizes(x):
    """Return the smallest and the largest absolute value, NaN if one is NaN."""
    x = x.detach()
    if not x.dtype.is_complex:
        low, high = [bound.item() for bound in torch.aminmax(x)]
        if low > 0 or high < 0:  # no need of an array of absolute values
            return [low, high] if low > 0 else [-high, -low]
    return [bound.item() for bound in torch.aminmax(torch.abs(x))]


def product(x, axis, keepdims):
    """Multiply along an axis."""
    if _is_exact(x) or not x.shape[axis] or is_constant(x):
        return torch.prod(x, axis, keepdim=keepdims)
    if is_readable(x):
        native = torch.prod(x, axis, keepdim=keepdims)
        if _can_be_divided(native, x):
            return native
    rest = []
    while (size := x.shape[axis]) > 1:
        first, second, *odd = torch.split(x, [size // 2, size // 2] + [1] * (size % 2), axis)
        rest += odd
        x = first * second
    for factor in rest:
        x = x * factor
    return x if keepdims else torch.squeeze(x, axis)


def cumulative(x, axis):
    """Multiply along an axis, up to each element."""
    if _is_exact(x) or not x.ndim or x.shape[axis] < 2:
        return torch.cumprod(x, axis)
    if is_constant(x) or is_readable(x):
        native = torch.cumprod(x, axis)
        if is_constant(x) or _can_be_divided(native, x):
            return native
    return torch.movedim((_doubled if is_traced() else _scan)(torch.movedim(x, axis, -1)), -1, axis)


def _doubled(x):
    """Multiply up to each element, by products of 1, 2, 4, ... elements: the same for inductor.

    It inlines what is interleaved, and takes minutes for 64 elements of `_scan`.
    """
    size, length = x.shape[-1], 1
    while length < size:
        x = x * torch.nn.functional.pad(x, (length, 0), value=1.0)[..., :size]
        length *= 2
    return x


def _scan(x):
    size = x.shape[-1]
    if size == 1:
        return x
    even, odd = x[..., 0::2], x[..., 1::2]
    through_odd = _scan(even[..., : odd.shape[-1]] * odd)  # up to the elements 1, 3, 5, ...
    later = through_odd[..., : even.shape[-1] - 1] * even[..., 1:]
    through_even = torch.cat([even[..., :1], later], -1)
    pairs = torch.stack([through_even[..., : odd.shape[-1]], through_odd], -1)
    pairs = pairs.reshape(*x.shape[:-1], 2 * odd.shape[-1])
    return torch.cat([pairs, through_even[..., -1:]], -1) if size % 2 else pairs
