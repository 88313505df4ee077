"""Large eager arrays with few odd elements, taken apart: masks for the pieces that hold them, torch's own for the rest.

A mask is a pass over a whole array, and some overrides have ten. Taking arrays apart and putting the results together
copies each once. Pieces are views, so that derivatives of every order hold: those of the functions on the pieces.
"""

import functools

import torch

from multigrad.array_api.torch._regular import is_readable

# What a look makes of so many elements stays in the processor's cache. A smaller piece costs the calls.
_BLOCK, _LEAST = 1 << 16, 1 << 13
_MOST = 4  # odd pieces


def by_blocks(is_right):
    """Make of a question whether all elements are right one that looks at a block after the other."""

    @functools.wraps(is_right)
    def call(*arrays):
        # A compiler would keep the comparison with the block, for each size anew.
        if torch.compiler.is_compiling() or arrays[0].numel() <= _BLOCK or not _is_divisible(*arrays):
            return is_right(*arrays)
        flat = [x.detach().reshape(-1) for x in arrays]
        return all(is_right(*[x[i : i + _BLOCK] for x in flat]) for i in range(0, arrays[0].numel(), _BLOCK))

    return call


def _is_divisible(*arrays):
    if not is_readable(*arrays) or not arrays[0].dtype.is_floating_point:
        return False
    return all(x.shape == arrays[0].shape and x.is_contiguous() for x in arrays)


def odd_ranges(is_right, *arrays):
    """Return the few ranges of the elements of large arrays in which some are not right; none if unknown or many."""
    size = arrays[0].numel()
    if size <= _BLOCK or not _is_divisible(*arrays):
        return []
    flat = [x.detach().reshape(-1) for x in arrays]
    ranges = [(0, size)]
    for length in (_BLOCK, _LEAST):
        parts = [(i, min(i + length, stop)) for start, stop in ranges for i in range(start, stop, length)]
        ranges = [(start, stop) for start, stop in parts if not is_right(*[x[start:stop] for x in flat])]
        if len(ranges) > _MOST:
            return []
    return ranges


def in_pieces(function, native, is_right, *arrays):
    """Return the result of an elementwise function by torch's own wherever that is right.

    Parameters
    ----------
    function
        Right for all elements of arrays of one dtype.
    native
        Quicker, and right where ``is_right`` tells it; with results of the same dtype.
    is_right
        Whether ``native`` is right, derivatives included, at all elements.
    arrays
        Those of the call, at which ``native`` is not right everywhere.
    """
    odd = odd_ranges(is_right, *arrays)
    if not odd:
        return function(*arrays)
    bounds = [0, *[bound for piece in odd for bound in piece], arrays[0].numel()]
    parts = zip(bounds[:-1], bounds[1:], [native, function] * len(odd) + [native], strict=True)
    sizes, calls = zip(*[(stop - start, call) for start, stop, call in parts if start < stop], strict=True)
    pieces = zip(*[torch.split(x.reshape(-1), sizes) for x in arrays], strict=True)
    results = [call(*piece) for call, piece in zip(calls, pieces, strict=True)]
    return torch.cat(results).reshape(arrays[0].shape)


def taken_apart(is_right):
    """Make of the override of torch's function of that name one that works in pieces, beside torch's own."""

    def wrap(function):
        native = getattr(torch, function.__name__)

        @functools.wraps(function)
        def call(*arrays):
            return in_pieces(function, native, is_right, *arrays)

        return call

    return wrap


def valid(out, is_right, x):
    """Return what a function made of an array, with the derivative NaN where it is NaN, which is where x is not right.

    The function may not have kept its result for the derivative, which is changed in place.
    """
    odd = odd_ranges(is_right, x)
    if not odd:
        return out * torch.clamp(out.detach(), 1, 1)  # 1 or NaN
    for start, stop in odd:
        piece = out.view(-1)[start:stop]
        piece.mul_(torch.clamp(piece.detach(), 1, 1))
    return out
