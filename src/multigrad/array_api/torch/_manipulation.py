"""Manipulation functions."""

import torch

from multigrad.array_api import _checks
from multigrad.array_api.torch._dtypes import promotion
from multigrad.array_api.torch._indexing import take
from multigrad.array_api.torch._object import is_known_in_program, outside_programs
from multigrad.array_api.torch._unsigned import by_bits

__all__ = [
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "moveaxis",
    "permute_dims",
    "repeat",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "tile",
    "unstack",
]


def broadcast_arrays(*arrays):
    shape = _checks.broadcast(*(x.shape for x in arrays))
    return [x.expand(shape) for x in arrays]


def broadcast_to(x, /, shape):
    shape = tuple(shape)
    if _checks.broadcast(x.shape, shape) != shape:  # torch keeps a size where it sees -1
        raise ValueError(f"Shape {tuple(x.shape)} does not broadcast to {shape}.")
    return x.expand(shape)


def concat(arrays, /, *, axis=0):
    if type(axis) is int and _are_alike(arrays, axis):
        return torch.cat(arrays, axis)  # the usual call
    arrays = promotion.common(arrays)
    if not arrays:
        raise ValueError("xp.concat takes at least one array.")
    if axis is None:
        return torch.cat([x.reshape(-1) for x in arrays])
    axis = _checks.axis(axis, arrays[0].ndim)
    if any([x.ndim != arrays[0].ndim for x in arrays]):  # torch passes over a vector without elements
        listed = ", ".join(str(tuple(x.shape)) for x in arrays)
        raise ValueError(f"Expected shapes that differ along axis {axis} at most, got {listed}.")
    return torch.cat(arrays, dim=axis)


def _are_alike(arrays, axis):
    """Tell whether arrays are of one dtype and one number of axes, and have this one."""
    dtype = ndim = None
    for x in arrays:
        if ndim is None:
            dtype, ndim = x.dtype, x.ndim
        elif x.dtype is not dtype or x.ndim != ndim:
            return False
    return ndim is not None and -ndim <= axis < ndim


def expand_dims(x, /, axis):
    if isinstance(axis, tuple | list):
        for one in sorted(_checks.axes(axis, x.ndim + len(axis))):
            x = x.unsqueeze(one)
        return x
    return x.unsqueeze(_checks.axis(axis, x.ndim + 1))


@by_bits
def flip(x, /, *, axis=None):
    return torch.flip(x, _checks.axes(axis, x.ndim))


def moveaxis(x, source, destination, /):
    source, destination = _checks.axes(source, x.ndim), _checks.axes(destination, x.ndim)
    if len(source) != len(destination):
        raise ValueError(f"Expected as many axes as destinations, got {source} and {destination}.")
    return torch.movedim(x, source, destination)


def permute_dims(x, /, axes):
    order = _checks.axes(tuple(axes), x.ndim)
    if len(order) != x.ndim:
        raise ValueError(f"Expected all {x.ndim} axes in their new order, got {tuple(axes)}.")
    return torch.permute(x, order)


@by_bits
def repeat(x, repeats, /, *, axis=None):
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis = _checks.axis(axis, x.ndim)
    if isinstance(repeats, torch.Tensor):
        repeats = repeats.to(torch.int64)
    elif isinstance(repeats, list | tuple):
        repeats = torch.tensor(repeats, dtype=torch.int64, device=x.device)
    if isinstance(repeats, torch.Tensor) and is_known_in_program(repeats):
        with outside_programs():  # a program has to know the shape
            places = torch.arange(x.shape[axis], device=x.device)
            places = torch.repeat_interleave(places, repeats.expand(places.shape))
        return take(x, places, axis=axis)
    return torch.repeat_interleave(x, repeats, axis)


def reshape(x, /, shape, *, copy=None):
    if copy is False:
        return x.view(shape)  # raises where elements would have to move
    try:
        result = torch.reshape(x, shape)
    except RuntimeError:
        raise ValueError(f"An array of shape {tuple(x.shape)} cannot take the shape {tuple(shape)}.") from None
    return result.clone() if copy else result


def roll(x, /, shift, *, axis=None):
    if axis is None:
        if isinstance(shift, tuple | list):
            raise ValueError(f"Expected an integer for shift= without axis=, got {shift!r}.")
        return torch.roll(x, shift)
    axes = [_checks.axis(one, x.ndim) for one in (axis if isinstance(axis, tuple | list) else (axis,))]
    shifts = list(shift) if isinstance(shift, tuple | list) else [shift] * len(axes)
    if len(shifts) != len(axes):
        raise ValueError(f"Expected as many shifts as axes, got {shift!r} and {axis!r}.")
    return torch.roll(x, shifts, axes) if axes else x


def squeeze(x, /, axis):
    axes = _checks.axes(axis, x.ndim)
    for one in axes:
        if x.shape[one] != 1:
            raise ValueError(f"Expected size 1 along the axes to remove, got {x.shape[one]} along axis {one}.")
    return torch.squeeze(x, axes)


def stack(arrays, /, *, axis=0):
    arrays = promotion.common(arrays)
    if not arrays:
        raise ValueError("xp.stack takes at least one array.")
    return torch.stack(arrays, dim=_checks.axis(axis, arrays[0].ndim + 1))


def tile(x, repetitions, /):
    return torch.tile(x, tuple(repetitions))


def unstack(x, /, *, axis=0):
    return torch.unbind(x, _checks.axis(axis, x.ndim))
