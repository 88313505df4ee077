"""Linear algebra functions of the main namespace."""

import torch

from multigrad.array_api.torch._dtypes import promotion

__all__ = ["matmul", "tensordot", "vecdot"]

matmul = promotion.binary(torch.matmul)


def tensordot(x1, x2, /, *, axes=2):
    x1, x2 = promotion.common([x1, x2])
    return torch.tensordot(x1, x2, dims=axes)


def vecdot(x1, x2, /, *, axis=-1):
    x1, x2 = promotion.common([x1, x2])
    if not (x1.is_floating_point() or x1.is_complex()):  # torch has it for these only
        return torch.sum(x1 * x2, dim=axis, dtype=x1.dtype)
    return torch.linalg.vecdot(x1, x2, dim=axis)
