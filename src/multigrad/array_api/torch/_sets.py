"""Set functions: one stable sort, in which every NaN is an element of its own and -0 equals 0."""

from typing import Any, NamedTuple

import torch

from multigrad.array_api.torch._unsigned import by_bits, ranked

__all__ = ["unique_all", "unique_counts", "unique_inverse", "unique_values"]


class UniqueAll(NamedTuple):
    """Result of ``unique_all``."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """Result of ``unique_counts``."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """Result of ``unique_inverse``."""

    values: Any
    inverse_indices: Any


_pick = by_bits(lambda x, positions: x[positions])


def _order(x):
    """Return the positions of a vector's elements in ascending order."""
    if x.dtype.is_complex:  # torch sorts no complex numbers: by the real part, equal ones by the imaginary
        order = torch.sort(x.imag, stable=True).indices
        return order[torch.sort(x.real[order], stable=True).indices]
    return torch.sort(ranked(x), stable=True).indices


def unique_all(x, /):
    flat = x.reshape(-1)
    fixed = flat.detach()
    order = _order(fixed)
    ascending = _pick(fixed, order)
    first = torch.ones_like(ascending, dtype=torch.bool)
    first[1:] = ascending[1:] != ascending[:-1]
    starts = torch.nonzero(first)[:, 0]
    indices = order[starts]
    group = torch.cumsum(first, 0) - 1
    inverse = torch.empty_like(order).scatter_(0, order, group)
    counts = torch.diff(starts, append=torch.full((1,), flat.numel(), device=x.device))
    return UniqueAll(_pick(flat, indices), indices, inverse.reshape(x.shape), counts)


def unique_counts(x, /):
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x, /):
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x, /):
    return unique_all(x).values
