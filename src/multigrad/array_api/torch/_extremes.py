"""Minima and maxima of large arrays, whose gradient goes to one place where only one element is extreme.

The backward pass of torch's `amin` compares every element with the minimum, to share the gradient among ties (2.13),
and takes three times as long as writing zeros. Looking for ties beforehand takes one pass, or two along short axes.
With ties, and with NaN, it is `amin` all the same.
"""

import math

import torch

from multigrad.array_api.torch._regular import is_constant, is_readable

# From so many elements on a gradient takes less time (measured): the rule below is made of Python.
LARGE = 2**18
# Along axes shorter than this `amin` is as fast (measured, but for tens of millions of elements).
_SHORT = 64
# From here on the extreme element of each block is found first, and then the place in one block: measured, one fast
# pass over all elements for the two slower ones of an index and a comparison.
_LONG = 256

# Of each reduction, that which gives the place as well, and how others compare with the result.
_OTHERS = {torch.amin: (torch.min, torch.gt), torch.amax: (torch.max, torch.lt)}


def along(reduction, x, axis, keepdims):
    """Apply ``torch.amin`` or ``torch.amax`` along an axis, whose gradient is shared among ties."""
    axis %= x.ndim
    place = _sole_place(reduction, x, axis)
    if place is None:
        return reduction(x, axis, keepdim=keepdims)
    found = _Chosen.apply(x, place, axis)
    return found if keepdims else torch.squeeze(found, axis)


def _sole_place(reduction, x, axis):
    """Return where the extreme elements are, along an axis that stays; None with ties or NaN, or if nobody can know."""
    length = x.shape[axis]
    if length < _SHORT or is_constant(x) or not is_readable(x):
        return None
    return (_place if length < _LONG else _place_by_blocks)(reduction, x.detach(), axis)


def _place(reduction, x, axis):
    with_place, differs = _OTHERS[reduction]
    extreme, place = with_place(x, axis, keepdim=True)
    # Not for equality: rows without any, which have NaN, would make up for those with two.
    others = torch.count_nonzero(differs(x, extreme)).item()
    return place if others == x.numel() - extreme.numel() else None


def _place_by_blocks(reduction, x, axis):
    length = x.shape[axis]
    size = math.isqrt(length)
    whole = length - length % size
    blocks = reduction(torch.unflatten(torch.narrow(x, axis, 0, whole), axis, (-1, size)), axis + 1)
    if whole < length:
        rest = reduction(torch.narrow(x, axis, whole, length - whole), axis, keepdim=True)
        blocks = torch.cat([blocks, rest], axis)
    block = _place(reduction, blocks, axis)
    if block is None:
        return None
    # The last block may be short: with elements before it, which are not extreme.
    start = torch.clamp(block * size, max=length - size)
    steps = torch.arange(size, device=x.device).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    place = _place(reduction, torch.gather(x, axis, start + steps), axis)
    return None if place is None else start + place


class _Chosen(torch.autograd.Function):
    """One element of each row. Backwards the others are zeros times the cotangent: NaN where that is not finite."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x, place, axis):
        return torch.gather(x, axis, place)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, place, ctx.axis = inputs
        ctx.length = x.shape[ctx.axis]
        ctx.save_for_backward(place)
        ctx.save_for_forward(place)

    @staticmethod
    def backward(ctx, cotangent):
        return _Placed.apply(cotangent, *ctx.saved_tensors, ctx.axis, ctx.length), None, None

    @staticmethod
    def jvp(ctx, tangent, *_):
        return torch.gather(tangent, ctx.axis, *ctx.saved_tensors)


class _Placed(torch.autograd.Function):
    """The transpose of the choice, for which the same holds."""

    generate_vmap_rule = True

    @staticmethod
    def forward(cotangent, place, axis, length):
        if _is_finite(cotangent):
            return _zeros(place, axis, length, cotangent.dtype).scatter_(axis, place, cotangent)
        return _ones(place, axis, length, cotangent.dtype) * cotangent

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, place, ctx.axis, ctx.length = inputs
        ctx.save_for_backward(place)
        ctx.save_for_forward(place)

    @staticmethod
    def backward(ctx, cotangent):
        (place,) = ctx.saved_tensors
        if _is_finite(cotangent):
            return _Chosen.apply(cotangent, place, ctx.axis), None, None, None
        ones = _ones(place, ctx.axis, ctx.length, cotangent.dtype)
        return torch.sum(ones * cotangent, ctx.axis, keepdim=True), None, None, None

    @staticmethod
    def jvp(ctx, tangent, *_):
        return _Placed.apply(tangent, *ctx.saved_tensors, ctx.axis, ctx.length)


def _is_finite(x):
    """Tell whether every element is known to be finite."""
    return is_readable(x) and math.isfinite(torch.sum(x.detach()).item())


def _zeros(place, axis, length, dtype):
    shape = [length if i == axis else size for i, size in enumerate(place.shape)]
    return torch.zeros(shape, dtype=dtype, device=place.device)


def _ones(place, axis, length, dtype):
    """Return 1 at the places and 0 elsewhere."""
    return _zeros(place, axis, length, dtype).scatter_(axis, place, 1.0)
