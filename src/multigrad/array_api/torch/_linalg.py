"""The extension for linear algebra.

A matrix outside a function's domain (``cholesky`` of one that is not positive definite, ``inv`` and ``solve`` of a
singular one) gives NaN, as with the other frameworks, and no wait for a GPU to say so.
"""

from types import SimpleNamespace
from typing import Any, NamedTuple

import torch

from multigrad.array_api import _checks, _composed
from multigrad.array_api.torch import _decompositions, _determinants, _factors, _norms, _whole
from multigrad.array_api.torch._dtypes import floating, promotion
from multigrad.array_api.torch._elementwise import multiply
from multigrad.array_api.torch._linear_algebra import matmul, matrix_transpose, tensordot, vecdot
from multigrad.array_api.torch._manipulation import expand_dims
from multigrad.array_api.torch._object import is_mapped
from multigrad.array_api.torch._statistical import sum as _sum
from multigrad.array_api.torch._unsigned import bitwise, detour

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]

_INF = float("inf")


class EighResult(NamedTuple):
    """Result of ``eigh``."""

    eigenvalues: Any
    eigenvectors: Any


class QRResult(NamedTuple):
    """Result of ``qr``."""

    Q: Any
    R: Any


class SlogdetResult(NamedTuple):
    """Result of ``slogdet``."""

    sign: Any
    logabsdet: Any


class SVDResult(NamedTuple):
    """Result of ``svd``."""

    U: Any
    S: Any
    Vh: Any


def _matrices(x, name):
    _checks.at_least(x.ndim, 2, f"linalg.{name}")
    return floating(x)


def _square(x, name):
    _checks.square(x.shape, f"linalg.{name}")
    return floating(x)


def _valid(result, info):
    """Return a result with NaN where a kernel refused the matrix; so is its derivative."""
    factor = torch.where(info == 0, 1.0, float("nan")).to(result.dtype)
    return result * factor[..., None, None]


def cholesky(x, /, *, upper=False):
    return _valid(*_decompositions.cholesky(_square(x, "cholesky"), upper))


def cross(x1, x2, /, *, axis=-1):
    axis = _checks.axis_of_triples(x1.shape, x2.shape, axis)
    shape = _checks.broadcast(x1.shape, x2.shape)
    x1, x2 = (x.expand(shape) for x in promotion.common([x1, x2]))

    def product(a, b):
        return torch.linalg.cross(a, b, dim=axis)

    return detour(product, bitwise(product))(x1, x2)


def det(x, /):
    return _determinants.det(_square(x, "det"))


def diagonal(x, /, *, offset=0):
    _checks.at_least(x.ndim, 2, "linalg.diagonal")
    # torch takes an offset far outside for an error or another number.
    return torch.diagonal(x, offset=max(-x.shape[-2], min(offset, x.shape[-1])), dim1=-2, dim2=-1)


def eigh(x, /):
    return EighResult(*_decompositions.eigh(_square(x, "eigh")))


def eigvalsh(x, /):
    return _decompositions.eigvalsh(_square(x, "eigvalsh"))


def inv(x, /):
    return _valid(*torch.linalg.inv_ex(_square(x, "inv")))


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    x = _matrices(x, "matrix_norm")
    if ord not in ("fro", "nuc", 1, -1, 2, -2, _INF, -_INF):
        raise ValueError(f"Expected 'fro', 'nuc', 1, -1, 2, -2, inf or -inf for ord=, got {ord!r}.")
    return _norms.matrix_norm(x, ord, keepdims)


def matrix_power(x, n, /):
    x, n = _square(x, "matrix_power"), _checks.integer(n, "the power n")
    return torch.linalg.matrix_power(inv(x) if n < 0 else x, abs(n))


def matrix_rank(x, /, *, rtol=None):
    return torch.linalg.matrix_rank(_matrices(x, "matrix_rank"), rtol=rtol)


outer = _composed.bound(_composed.outer, SimpleNamespace(multiply=multiply, expand_dims=expand_dims))


def pinv(x, /, *, rtol=None):
    return _decompositions.pinv(_matrices(x, "pinv"), rtol)


def qr(x, /, *, mode="reduced"):
    if mode not in ("reduced", "complete"):
        raise ValueError(f"Expected 'reduced' or 'complete' for mode=, got {mode!r}.")
    return QRResult(*_decompositions.qr(_matrices(x, "qr"), mode))


def slogdet(x, /):
    return SlogdetResult(*_determinants.slogdet(_square(x, "slogdet")))


def solve(x1, x2, /):
    x1, x2 = (floating(x) for x in promotion.common([x1, x2]))
    _checks.square(x1.shape, "linalg.solve")
    vector = x2.ndim == 1
    if not x2.ndim or x2.shape[-1 if vector else -2] != x1.shape[-1]:
        raise ValueError(
            f"xp.linalg.solve needs as many equations as unknowns, got shapes {tuple(x1.shape)} and {tuple(x2.shape)}."
        )
    x1, right = _same_stacks(x1, x2[:, None] if vector else x2)
    if _whole.value(x1) is not None and _whole.value(right) is not None:
        result, info = torch.linalg.solve_ex(x1, right)
        if not _whole.value(info).any().item():
            return result[..., 0] if vector else result
    result = _factors.solve(x1, right)
    return result[..., 0] if vector else result


def _same_stacks(x1, x2):
    """Return two stacks of matrices with as many axes: one fewer in the second, and torch may take it for vectors.

    Under vmap, where torch counts the mapped axes of one and not of the other (2.13), also with the same sizes.
    """
    shape = _checks.broadcast(x1.shape[:-2], x2.shape[:-2])
    if is_mapped(x1, x2):
        return x1.expand(*shape, *x1.shape[-2:]), x2.expand(*shape, *x2.shape[-2:])
    return x1, x2.reshape(*(1,) * (x1.ndim - x2.ndim), *x2.shape) if x2.ndim < x1.ndim else x2


def svd(x, /, *, full_matrices=True):
    return SVDResult(*_decompositions.svd(_matrices(x, "svd"), full_matrices))


def svdvals(x, /):
    return _decompositions.svdvals(_matrices(x, "svdvals"))


def trace(x, /, *, offset=0, dtype=None):
    return _sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    if isinstance(ord, bool) or not isinstance(ord, int | float):
        raise ValueError(f"Expected a number for ord=, got {ord!r}.")
    x = floating(x)
    axes = _checks.axes(axis, x.ndim)
    if not axes:  # the norm of one element; torch takes all axes for none
        return _norms.vector_norm(x[..., None], ord, (-1,), False)
    if ord == _INF and not x.numel():  # the norm of no elements, which torch refuses
        ord = 2  # noqa: A001
    return _norms.vector_norm(x, ord, axes, keepdims)
