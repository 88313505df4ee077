"""Linear algebra functions of the main namespace."""

import math

import torch

from multigrad.array_api import _checks
from multigrad.array_api.torch._dtypes import promotion
from multigrad.array_api.torch._unsigned import binary, bitwise, detour

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]


def _is_exact(x):
    return not (x.is_floating_point() or x.is_complex())


def _inexact_matmul(x1, x2):
    try:
        return torch.matmul(x1, x2)
    except RuntimeError:
        shapes = [tuple(x.shape) for x in (x1, x2)]
        if all(shapes) and shapes[0][-1] == shapes[1][-2:][0]:
            _checks.broadcast(*(shape[:-2] for shape in shapes))
            raise
        raise ValueError(
            f"xp.matmul needs arrays with axes, as many columns in the first as rows in the second, got shapes "
            f"{shapes[0]} and {shapes[1]}."
        ) from None


def _matmul(x1, x2):
    """Multiply matrices, also of integers on devices that have no kernel for them."""
    if not _is_exact(x1) or x1.device.type == "cpu":
        return _inexact_matmul(x1, x2)
    left, right = (x1[None] if x1.ndim == 1 else x1), (x2[:, None] if x2.ndim == 1 else x2)
    result = torch.sum(left[..., :, :, None] * right[..., None, :, :], -2, dtype=x1.dtype)
    result = result[..., 0] if x2.ndim == 1 else result
    return torch.squeeze(result, -1 if x2.ndim == 1 else -2) if x1.ndim == 1 else result


matmul = binary(_inexact_matmul, bitwise(_matmul), exact=_matmul)


def matrix_transpose(x, /):
    _checks.at_least(x.ndim, 2, "matrix_transpose")
    return x.mT


def tensordot(x1, x2, /, *, axes=2):
    x1, x2 = promotion.common([x1, x2])
    if isinstance(axes, int):
        if not 0 <= axes <= min(x1.ndim, x2.ndim):
            raise ValueError(f"Expected 0 to {min(x1.ndim, x2.ndim)} for axes=, got {axes}.")
        first, second = range(x1.ndim - axes, x1.ndim), range(axes)
    else:
        first, second = _checks.axes(tuple(axes[0]), x1.ndim), _checks.axes(tuple(axes[1]), x2.ndim)
    # torch stretches an axis of one element.
    if [x1.shape[i] for i in first] != [x2.shape[i] for i in second]:
        raise ValueError(
            f"Expected equal sizes along the axes that xp.tensordot sums over, got shapes {tuple(x1.shape)} and "
            f"{tuple(x2.shape)} for axes={axes}."
        )
    if not _is_exact(x1):
        return torch.tensordot(x1, x2, dims=(list(first), list(second)))
    # torch does it for integers neither in every shape nor on every device.
    rest1 = [i for i in range(x1.ndim) if i not in first]
    rest2 = [i for i in range(x2.ndim) if i not in second]
    size = math.prod([x1.shape[i] for i in first])
    rows, columns = [x1.shape[i] for i in rest1], [x2.shape[i] for i in rest2]
    left = torch.permute(x1, (*rest1, *first)).reshape(math.prod(rows), size)
    right = torch.permute(x2, (*second, *rest2)).reshape(size, math.prod(columns))
    return matmul(left, right).reshape(rows + columns)


def vecdot(x1, x2, /, *, axis=-1):
    # The axis counts from the end in both, since their shapes broadcast.
    ndim = min(x1.ndim, x2.ndim)
    if not -ndim <= axis < 0:
        axis = _checks.axis(axis, ndim) - ndim
    if x1.shape[axis] != x2.shape[axis]:  # torch stretches an axis of one element
        raise ValueError(f"Expected equal sizes along axis {axis}, got shapes {tuple(x1.shape)} and {tuple(x2.shape)}.")
    x1, x2 = promotion.common([x1, x2])
    if not _is_exact(x1):
        return torch.linalg.vecdot(x1, x2, dim=axis)

    def dot(a, b):
        return torch.sum(a * b, dim=axis, dtype=a.dtype)

    return detour(dot, bitwise(dot))(x1, x2)
