"""Linear algebra functions of the main namespace."""

from multigrad.array_api.numpy._dtypes import promotion, traced

__all__ = ["matmul", "tensordot", "vecdot"]

matmul = promotion.binary(traced.matmul)


def tensordot(x1, x2, /, *, axes=2):
    return traced.tensordot(*promotion.common([x1, x2]), axes=axes)


def vecdot(x1, x2, /, *, axis=-1):
    return traced.vecdot(*promotion.common([x1, x2]), axis=axis)
