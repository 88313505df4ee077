"""Manipulation, searching and indexing functions."""

import torch

from multigrad.array_api.torch._dtypes import promotion

__all__ = [
    "argmax",
    "argmin",
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "expand_dims",
    "flip",
    "matrix_transpose",
    "permute_dims",
    "reshape",
    "roll",
    "squeeze",
    "stack",
    "take",
    "where",
]


def broadcast_arrays(*arrays):
    return list(torch.broadcast_tensors(*arrays))


def broadcast_to(x, /, shape):
    return torch.broadcast_to(x, shape)


def concat(arrays, /, *, axis=0):
    arrays = promotion.common(arrays)
    if axis is None:
        arrays, axis = [x.reshape(-1) for x in arrays], 0
    return torch.cat(arrays, dim=axis)


def stack(arrays, /, *, axis=0):
    return torch.stack(promotion.common(arrays), dim=axis)


def expand_dims(x, /, *, axis=0):
    return torch.unsqueeze(x, axis)


def squeeze(x, /, axis):
    axes = axis if isinstance(axis, tuple) else (axis,)
    for one in axes:
        if x.shape[one] != 1:
            raise ValueError(f"Expected axes of length 1 to squeeze, got axis {one} of shape {tuple(x.shape)}.")
    return torch.squeeze(x, axes)


def flip(x, /, *, axis=None):
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return torch.flip(x, tuple(axes))


def roll(x, /, shift, *, axis=None):
    return torch.roll(x, shift, axis)


def permute_dims(x, /, axes):
    return torch.permute(x, axes)


def matrix_transpose(x, /):
    if x.ndim < 2:
        raise ValueError(f"Expected at least 2 axes to transpose a matrix, got {x.ndim}.")
    return x.mT


def reshape(x, /, shape, *, copy=None):
    return torch.reshape(x, shape)


def take(x, indices, /, *, axis=None):
    return torch.index_select(x, 0 if axis is None else axis, indices % x.shape[0 if axis is None else axis])


def where(condition, x1, x2, /):
    if not isinstance(x1, torch.Tensor):
        x1 = promotion.constant(x1, x2)
    elif not isinstance(x2, torch.Tensor):
        x2 = promotion.constant(x2, x1)
    return torch.where(condition, *promotion.common([x1, x2]))


def argmax(x, /, *, axis=None, keepdims=False):
    return torch.argmax(x, dim=axis, keepdim=keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    return torch.argmin(x, dim=axis, keepdim=keepdims)
