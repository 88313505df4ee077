"""Statistical functions."""

import math

import torch

from multigrad.array_api import _checks
from multigrad.array_api.torch import _extremes, _overrides, _products, _regular
from multigrad.array_api.torch._dtypes import astype, floating
from multigrad.array_api.torch._unsigned import SIGNED, by_rank

__all__ = ["cumulative_prod", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var"]

# The standard sums integers in the widest dtype of their kind.
_WIDEST = {
    torch.bool: torch.int64,
    torch.int8: torch.int64,
    torch.int16: torch.int64,
    torch.int32: torch.int64,
    torch.uint8: torch.uint64,
    torch.uint16: torch.uint64,
    torch.uint32: torch.uint64,
}


def _accumulated(function, x, dtype):
    """Apply a sum or a product in the dtype that it has: the given one, else the standard's."""
    if dtype is None:
        dtype = _WIDEST.get(x.dtype, x.dtype)
    if x.dtype != dtype:
        x = astype(x, dtype)
    if dtype in SIGNED or not (dtype.is_floating_point or dtype.is_complex):
        # Modulo 2**bits, which the last bits of int64 are.
        wide = x.view(torch.int64) if dtype is torch.uint64 else x.to(torch.int64)
        result = function(wide)
        return result.view(dtype) if dtype is torch.uint64 else result.to(dtype)
    return function(x)


def sum(x, /, *, axis=None, dtype=None, keepdims=False):  # noqa: A001
    if dtype is None and type(axis) is int and x.is_floating_point() and -(ndim := x.ndim) <= axis < ndim:
        return torch.sum(x, axis, keepdim=keepdims)  # the usual call
    if axis is None and not keepdims:
        return _accumulated(torch.sum, x, dtype)
    axes = _checks.axes(axis, x.ndim)
    return _accumulated(lambda x: torch.sum(x, axes, keepdim=keepdims) if axes else x, x, dtype)


def prod(x, /, *, axis=None, dtype=None, keepdims=False):
    axes = _checks.axes(axis, x.ndim)

    def product(x):
        if len(axes) == 1:
            return _products.product(x, axes[0], keepdims)
        # Along one axis.
        rest = [i for i in range(x.ndim) if i not in axes]
        result = _products.product(
            torch.permute(x, (*rest, *axes)).reshape(*(x.shape[i] for i in rest), _size(x, axes)), -1, False
        )
        return result.reshape([1 if i in axes else size for i, size in enumerate(x.shape)]) if keepdims else result

    return _accumulated(product, x, dtype)


def _size(x, axes):
    return math.prod([x.shape[i] for i in axes])  # a list: torch.compile follows no generator here


def _cumulative(function, initial, x, axis, *, dtype, include_initial):
    def along(x):
        result = function(x, axis)
        if not include_initial:
            return result
        shape = [1 if i == axis else size for i, size in enumerate(x.shape)]
        return torch.cat([torch.full(shape, initial, dtype=x.dtype, device=x.device), result], axis)

    return _accumulated(along, x, dtype)


def cumulative_sum(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = _checks.only_axis(axis, x.ndim, "cumulative_sum")
    return _cumulative(torch.cumsum, 0, x, axis, dtype=dtype, include_initial=include_initial)


def cumulative_prod(x, /, *, axis=None, dtype=None, include_initial=False):
    axis = _checks.only_axis(axis, x.ndim, "cumulative_prod")
    return _cumulative(_products.cumulative, 1, x, axis, dtype=dtype, include_initial=include_initial)


def _extreme(function, x, axis, keepdims):
    size = x.numel()
    if type(axis) is int and -x.ndim <= axis < x.ndim and size and x.dtype not in SIGNED:
        if size < _extremes.LARGE:
            return function(x, axis, keepdim=keepdims)  # the usual call
        return _extremes.along(function, x, axis, keepdims)
    if not size:
        _check_choice(x, axis, function.__name__.removeprefix("a"))
    if axis is None and not keepdims:
        if size >= _extremes.LARGE and x.dtype.is_floating_point and x.is_contiguous():
            return _extremes.along(function, torch.reshape(x, (-1,)), 0, False)
        return function(x) if x.dtype not in SIGNED else by_rank(function)(x)
    axes = _checks.axes(axis, x.ndim)
    if axes or not x.ndim:
        return by_rank(function)(x, axes, keepdim=keepdims)
    return _overrides.valid(x) if x.dtype.is_floating_point else x  # of one element each


def _check_choice(x, axis, name):
    if any([not x.shape[i] for i in _checks.axes(axis, x.ndim)]):
        raise ValueError(f"xp.{name} has nothing to choose from along axes without elements, shape {tuple(x.shape)}.")


def max(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return _extreme(torch.amax, x, axis, keepdims)


def min(x, /, *, axis=None, keepdims=False):  # noqa: A001
    return _extreme(torch.amin, x, axis, keepdims)


def mean(x, /, *, axis=None, keepdims=False):
    if not x.is_floating_point():
        x = floating(x)
    if not x.numel():
        return sum(x, axis=axis, keepdims=keepdims) / 0  # torch's tangent of an empty mean is 0, not NaN as its value
    if axis is None and not keepdims:
        return torch.mean(x)
    axes = _checks.axes(axis, x.ndim)
    return torch.mean(x, axes, keepdim=keepdims) if axes or not x.ndim else x


def _spread(function, x, axis, correction, keepdims):
    x = floating(x)
    axes = _checks.axes(axis, x.ndim)
    if not axes:  # the spread of one element; torch takes all axes for none
        return _spread(function, x[..., None], -1, correction, False)
    if _size(x, axes) - correction <= 0 or not x.numel():  # NaN in the standard; torch warns, and may give infinity
        around = torch.abs(x - torch.mean(x, axes, keepdim=True))
        return torch.sum(around * around, axes, keepdim=keepdims) / math.nan
    return function(x, axes, correction=correction, keepdim=keepdims)


def var(x, /, *, axis=None, correction=0.0, keepdims=False):
    return _spread(torch.var, x, axis, correction, keepdims)


def std(x, /, *, axis=None, correction=0.0, keepdims=False):
    return _spread(_root_of_variance, x, axis, correction, keepdims)


def _root_of_variance(x, axes, **options):
    if _regular.is_constant(x):
        return torch.std(x, axes, **options)
    first = x.detach()[tuple([slice(1) if i in axes else slice(None) for i in range(x.ndim)])]
    if _regular.is_readable(x):
        variance = torch.var(x, axes, **options)
        # The mean of equal elements need not be theirs, but it is close: torch adds up in blocks (2.13).
        rounding = first * (8 * torch.finfo(x.dtype).eps * _size(x, axes) ** 0.5)
        if torch.all(variance.detach().reshape(first.shape) > rounding * rounding):
            return torch.sqrt(variance)
    # Beside one of them it is theirs: 0, a symmetric kink.
    variance = torch.var(x - first, axes, **options)
    zero = (variance == 0).to(variance.dtype)  # torch.std has NaN there, forwards and in second order
    return torch.sqrt(variance + zero) * (1 - zero)
