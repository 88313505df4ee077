"""Indexing: ``take``, ``take_along_axis``, and how `Array` reads and assigns its elements."""

import numpy as np
import torch

from multigrad._dtypes import dtype_name
from multigrad.array_api import _checks
from multigrad.array_api.torch._object import (
    is_known_in_program,
    is_mapped,
    is_recorded,
    is_symbolic,
    outside_programs,
    varies_beyond,
)
from multigrad.array_api.torch._regular import is_readable, is_traced
from multigrad.array_api.torch._unsigned import SIGNED, by_bits

__all__ = ["take", "take_along_axis"]

# Made once: torch.compile cannot follow a union of NumPy's types.
_TO_ARRAY = (list, np.ndarray, np.bool_)
_BASIC = (int, slice, torch.SymInt)


@by_bits
def take(x, indices, /, *, axis=None):
    axis = _checks.only_axis(axis, x.ndim, "take")
    if indices.ndim == 1 and indices.dtype is torch.int64 and is_readable(x, indices):
        try:
            return torch.index_select(x, axis, indices)
        except (IndexError, RuntimeError):
            pass  # of a position from the end, too; on a CPU torch looks at each
    positions = _from_front(indices, x.shape[axis])
    if positions.ndim != 1:
        taken = _select(x, axis, positions.reshape(-1))
        return taken.reshape((*x.shape[:axis], *positions.shape, *x.shape[axis + 1 :]))
    return _select(x, axis, positions)


def _select(x, axis, positions):
    """Take a vector of positions along an axis."""
    # The derivative of index_select in a compiled vmap adds all slices into one, and in a vmap over the positions it is
    # a loop over the slices (torch 2.13).
    traced = is_traced()
    if not (is_mapped(positions) or (traced and is_mapped(x))):
        return torch.index_select(x, axis, positions)
    taken = x[(slice(None),) * axis + (positions,)]
    # inductor lays the result out in another order, in which it could not be viewed as another shape.
    return taken.clone(memory_format=torch.contiguous_format) if traced else taken


@by_bits
def take_along_axis(x, indices, /, *, axis=-1):
    axis = _checks.axis(axis, x.ndim)
    if indices.ndim != x.ndim:
        raise ValueError(f"Expected as many axes in indices as in the array, {x.ndim}, got {indices.ndim}.")
    shape = _checks.broadcast(*((*a.shape[:axis], 1, *a.shape[axis + 1 :]) for a in (x, indices)))
    positions = _from_front(indices, x.shape[axis])
    # Not torch.take_along_dim, which reads some other element for a position outside (2.13).
    x, positions = (a.expand(*shape[:axis], a.shape[axis], *shape[axis + 1 :]) for a in (x, positions))
    return torch.gather(x, axis, positions)


def _from_front(indices, size):
    """Return positions as torch takes them: int64, counted from the front."""
    if indices.dtype is torch.bool or indices.is_floating_point() or indices.is_complex():
        raise TypeError(f"Expected an integer array for indices, got {dtype_name(indices.dtype)}.")
    indices = indices.to(torch.int64)
    return torch.where(indices < 0, indices + size, indices)


def getitem(x, key):
    parts = key if isinstance(key, tuple) else (key,)
    if _plain(parts):
        return x[key]
    parts = _normalized(parts, x)
    _check_masks(parts)
    return _read(x, parts)


def _plain(parts):
    """Tell whether torch takes an index as it is: integers, slices forward, None, Ellipsis."""
    ellipsis_seen = False
    for part in parts:
        kind = type(part)
        if kind is slice:
            step = part.step
            if step is not None and step < 0:
                return False
        elif part is Ellipsis:
            if ellipsis_seen:
                raise IndexError("Expected one Ellipsis in an index, got several.")
            ellipsis_seen = True
        elif not (kind is int or part is None):
            return False
    return True


@by_bits
def _read(x, parts):
    return _by_positions(x, parts) if any(map(_needs_positions, parts)) else _pick(x, parts)


def _check_masks(parts):
    """Refuse masks that find another number of elements in each slice of a running vmap."""
    if torch.compiler.is_compiling():
        return
    for part in parts:
        if isinstance(part, torch.Tensor) and part.dtype is torch.bool and is_mapped(part):
            raise TypeError(
                f"The shape of x[mask] depends on values, here on those of a mask of shape {tuple(part.shape)} that "
                "differs from slice to slice of a vmap. Keep the shape, with xp.where, say, or compute this part "
                "outside vmap."
            )


def _needs_positions(part):
    """Tell whether torch cannot read by a part of an index: a slice backward, an integer that has no value to ask."""
    if isinstance(part, slice):
        return (part.step or 1) < 0
    is_number = isinstance(part, torch.Tensor) and not part.ndim and part.dtype is not torch.bool
    return is_number and (is_mapped(part) or is_symbolic(part))


def _normalized(parts, x):
    """Return an index as torch takes it in NumPy's sense.

    For torch 8-bit integers are a mask, other short ones an error, and an integer beside an array is no array.
    """
    parts = _without_masks_of_data(_without_empty_masks([_array_index(part, x) for part in parts], x))
    if any([isinstance(part, torch.Tensor) and part.ndim for part in parts]):
        parts = tuple([_as_array(part, x) for part in parts])
    return parts


def _without_masks_of_data(parts):
    """Return an index for a program that is being traced: of a mask that is data, the positions are known there."""
    found = []
    for part in parts:
        is_mask = isinstance(part, torch.Tensor) and part.dtype is torch.bool and part.ndim
        if is_mask and is_known_in_program(part):
            with outside_programs():
                found += part.nonzero(as_tuple=True)
        else:
            found.append(part)
    return tuple(found)


def _as_array(part, x):
    """Return an integer that stands beside arrays as an array of one."""
    if type(part) is int:
        return torch.full((1,), part, device=x.device)
    is_number = isinstance(part, torch.Tensor) and not part.ndim and part.dtype is not torch.bool
    return part.reshape(1) if is_number else part


def _without_empty_masks(parts, x):
    """Return an index with arrays of no positions in place of masks without elements.

    In the standard the size of a mask's axis is the array's or 0; torch takes only the first.
    """
    fixed = sum([_axes_of(part) for part in parts])
    axis = 0
    found = []
    for part in parts:
        count = x.ndim - fixed if part is Ellipsis else _axes_of(part)
        if count and isinstance(part, torch.Tensor) and part.dtype is torch.bool and not part.numel():
            sizes = x.shape[axis : axis + count]
            if len(sizes) != count or any([one not in (size, 0) for one, size in zip(part.shape, sizes, strict=True)]):
                raise IndexError(
                    f"A mask of shape {tuple(part.shape)} does not fit an array of shape {tuple(x.shape)}."
                )
            found += [torch.empty(0, dtype=torch.int64, device=x.device)] * count
        else:
            found.append(part)
        axis += count
    return tuple(found)


def _pick(x, parts):
    """Read an index; an Ellipsis of no axes separates arrays for NumPy, for torch it is not there."""
    gap = _empty_gap(parts, x)
    if gap is None:
        return x[parts]
    arrays = [part for part in parts if isinstance(part, torch.Tensor)]
    axis = max([1 if part.dtype is torch.bool else part.ndim for part in arrays])
    axis += sum([isinstance(part, slice) or part is None for part in parts[:gap]])
    return x[(*parts[:gap], None, *parts[gap + 1 :])].squeeze(axis)


def _empty_gap(parts, x):
    """Return the place of an Ellipsis between arrays that stands for no axes, or None."""
    gap = next((i for i, part in enumerate(parts) if part is Ellipsis), None)
    if gap is None or sum([_axes_of(part) for part in parts]) != x.ndim:
        return None
    sides = (parts[:gap], parts[gap + 1 :])
    between = all([any([isinstance(part, torch.Tensor) and part.ndim for part in side]) for side in sides])
    return gap if between else None


def _array_index(part, x):
    if isinstance(part, np.integer):
        return int(part)
    if isinstance(part, _TO_ARRAY):
        part = np.asarray(part)
        with outside_programs():
            part = torch.as_tensor(part if part.size else part.astype(np.int64), device=x.device)
    if not isinstance(part, torch.Tensor):
        if isinstance(part, _BASIC) or part is None or part is Ellipsis:
            return part
        raise IndexError(
            f"Expected integers, slices, None, Ellipsis, integer or bool arrays as an index, got {part!r}."
        )
    if part.dtype in (torch.bool, torch.int64):
        return part
    if part.is_floating_point() or part.is_complex():
        raise IndexError(f"Expected an integer or bool array as an index, got {dtype_name(part.dtype)}.")
    return part.to(torch.int64)


def _by_positions(x, parts):
    """Read an index some parts of which torch lacks, by taking positions along each such axis."""
    fixed = sum(_axes_of(part) for part in parts)
    axis = 0
    rest = []
    for part in parts:
        if _needs_positions(part):
            positions = part
            if isinstance(part, slice):
                positions = torch.as_tensor(list(range(x.shape[axis]))[part], dtype=torch.int64, device=x.device)
            x = _select(x, axis, _from_front(positions.reshape(-1), x.shape[axis]))
            part = slice(None) if isinstance(part, slice) else 0  # noqa: PLW2901
        rest.append(part)
        axis += x.ndim - fixed if part is Ellipsis else _axes_of(part)
    return _pick(x, tuple(rest))


def _axes_of(part):
    """Return how many axes of the array a part of an index reads."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, torch.Tensor) and part.dtype is torch.bool else 1


def setitem(x, key, value):
    signed = SIGNED.get(x.dtype)
    if signed is not None:
        return setitem(x.view(signed), key, value.view(signed)).view(x.dtype)
    parts = key if isinstance(key, tuple) else (key,)
    if not _plain(parts):
        parts = _normalized(parts, x)
        if _is_fill(x, parts, value):
            return _fill(x, parts[0], value)
        _check_masks(parts)
        repeats = any(_is_positions(part) for part in parts) and (value.numel() != 1 or is_recorded(value))
        if repeats or any(map(_needs_positions, parts)) or _empty_gap(parts, x) is not None:
            positions = _read(torch.arange(x.numel(), device=x.device).reshape(x.shape), parts)
            positions = positions if positions.ndim else positions[None]  # of a number torch would ask the value
            flat = _copied(x.reshape(-1), value, positions)
            flat[positions] = _last_of_each(positions, value, x.numel()) if repeats else value
            return flat.reshape(x.shape)
    copy = _copied(x, value, *[part for part in parts if isinstance(part, torch.Tensor)])
    try:
        copy[parts] = value
    except RuntimeError:
        raise ValueError(
            f"A value of shape {tuple(value.shape)} cannot be assigned to index {key!r} of an array of shape "
            f"{tuple(x.shape)}."
        ) from None
    return copy


def _copied(x, *others):
    """Return a copy to write to, one for each slice of a running vmap if what is written has one."""
    copy = x
    for other in others:
        if varies_beyond(copy, other):
            # The values of x whatever the condition, and a tensor of the condition's slices.
            copy = torch.where(other.new_zeros((), dtype=torch.bool), copy, copy)
    return x.clone() if copy is x else copy


def _is_fill(x, parts, value):
    """Tell whether an index is a mask, all elements of which take one value: no count of them is asked for."""
    mask = parts[0] if len(parts) == 1 else None
    if not isinstance(mask, torch.Tensor) or mask.dtype is not torch.bool or mask.shape != x.shape[: mask.ndim]:
        return False
    rest = x.ndim - mask.ndim
    return all([size == 1 for size in value.shape[: max(value.ndim - rest, 0)]])


def _fill(x, mask, value):
    rest = x.shape[mask.ndim :]
    while value.ndim > len(rest):
        value = value[0]
    return torch.where(mask.reshape((*mask.shape, *(1,) * len(rest))), torch.broadcast_to(value, rest), x)


def _is_positions(part):
    """Tell whether a part of an index is an array of integers, in which one may occur twice."""
    return isinstance(part, torch.Tensor) and part.ndim > 0 and part.dtype is not torch.bool


def _last_of_each(positions, value, size):
    """Keep the last of the values for one position; torch leaves the order open, and its derivative counts them all."""
    while value.ndim > positions.ndim and value.shape[0] == 1:
        value = value[0]
    order = torch.arange(positions.numel(), device=positions.device)
    last = torch.zeros(size, dtype=torch.int64, device=positions.device)
    last = last.scatter_reduce(0, positions.reshape(-1), order, "amax")[positions]
    value = torch.broadcast_to(value, positions.shape).reshape(-1)[last]
    return torch.where(last == order.reshape(positions.shape), value, value.detach())
