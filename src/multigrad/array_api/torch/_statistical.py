"""Statistical functions and the two of utility, ``all`` and ``any``."""

import torch

from multigrad.array_api.torch._dtypes import promotion

__all__ = ["all", "any", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]


def _axes(x, axis):
    """Return the axes to reduce as a tuple; torch reads an empty tuple as "all axes"."""
    if axis is None:
        return tuple(range(x.ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def _sum_dtype(x, dtype):
    """Return the dtype to accumulate in: small integers would overflow."""
    if dtype is not None or x.dtype.is_floating_point or x.dtype.is_complex:
        return dtype
    unsigned = x.dtype in (torch.uint8, torch.uint16, torch.uint32, torch.uint64)
    return torch.uint64 if unsigned else torch.int64


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    if axis == ():
        return x.to(_sum_dtype(x, dtype) or x.dtype)
    return torch.sum(x, dim=axis, keepdim=keepdims, dtype=_sum_dtype(x, dtype))


def mean(x, /, *, axis=None, keepdims=False):
    return x if axis == () else torch.mean(x, dim=axis, keepdim=keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    dtype = _sum_dtype(x, dtype)
    x = x if dtype is None else x.to(dtype)
    axes = _axes(x, axis)
    if len(axes) == x.ndim and not keepdims:
        return torch.prod(x)
    for one in sorted((a % x.ndim for a in axes), reverse=True):  # torch.prod takes one axis
        x = torch.prod(x, dim=one, keepdim=keepdims)
    return x


def max(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return torch.amax(x, dim=_axes(x, axis), keepdim=keepdims) if axis != () else x


def min(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return torch.amin(x, dim=_axes(x, axis), keepdim=keepdims) if axis != () else x


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    return torch.var(x, dim=_axes(x, axis), correction=correction, keepdim=keepdims)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    return torch.std(x, dim=_axes(x, axis), correction=correction, keepdim=keepdims)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = 0 if axis is None else axis
    result = torch.cumsum(x, dim=axis, dtype=_sum_dtype(x, dtype))
    if include_initial:
        result = torch.cat(promotion.common([torch.zeros_like(result.narrow(axis, 0, 1)), result]), dim=axis)
    return result


def any(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return torch.any(x, dim=_axes(x, axis), keepdim=keepdims) if axis != () else x.to(torch.bool)


def all(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return torch.all(x, dim=_axes(x, axis), keepdim=keepdims) if axis != () else x.to(torch.bool)
