"""Manipulation, searching and indexing functions: array-api-compat's, with this package's promotion."""

import torch
from array_api_compat.torch import (
    broadcast_arrays,
    broadcast_to,
    expand_dims,
    flip,
    permute_dims,
    reshape,
    roll,
    squeeze,
    take,
)

from multigrad.array_api.torch._creation import asarray
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


def concat(arrays, /, *, axis=0):
    arrays = promotion.common(arrays)
    if axis is None:
        arrays, axis = [x.reshape(-1) for x in arrays], 0
    return torch.cat(arrays, dim=axis)


def stack(arrays, /, *, axis=0):
    return torch.stack(promotion.common(arrays), dim=axis)


def matrix_transpose(x, /):
    if x.ndim < 2:
        raise ValueError(f"Expected at least 2 axes to transpose a matrix, got {x.ndim}.")
    return x.mT


def where(condition, x1, x2, /):
    if not isinstance(x1, torch.Tensor) and not isinstance(x2, torch.Tensor):
        x1, x2 = asarray(x1, device=condition.device), asarray(x2, device=condition.device)
    elif not isinstance(x1, torch.Tensor):
        x1 = promotion.constant(x1, x2)
    elif not isinstance(x2, torch.Tensor):
        x2 = promotion.constant(x2, x1)
    return torch.where(condition, *promotion.common([x1, x2]))


def argmax(x, /, *, axis=None, keepdims=False):
    return torch.argmax(x, dim=axis, keepdim=keepdims)


def argmin(x, /, *, axis=None, keepdims=False):
    return torch.argmin(x, dim=axis, keepdim=keepdims)
