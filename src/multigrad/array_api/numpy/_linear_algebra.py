"""Linear algebra functions of the main namespace."""

from multigrad.array_api import _checks
from multigrad.array_api.numpy._dtypes import promotion, traced

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]

matmul = promotion.binary(traced.matmul)


def matrix_transpose(x, /):
    _checks.at_least(x.ndim, 2, "matrix_transpose")
    return traced.matrix_transpose(x)


def tensordot(x1, x2, /, *, axes=2):
    first, second = axes if not isinstance(axes, int) else (range(-axes, 0), range(axes))
    sizes = [tuple(x.shape[_checks.axis(i, x.ndim)] for i in part) for x, part in ((x1, first), (x2, second))]
    if sizes[0] != sizes[1]:
        raise ValueError(f"xp.tensordot sums over axes of equal sizes, got {sizes[0]} and {sizes[1]}.")
    return traced.tensordot(*promotion.common([x1, x2]), axes=axes)


def vecdot(x1, x2, /, *, axis=-1):
    return traced.vecdot(*promotion.common([x1, x2]), axis=axis)
