"""The extension ``linalg``."""

from multigrad.array_api import _checks
from multigrad.array_api.numpy._dtypes import floating, promotion, traced
from multigrad.array_api.numpy._linear_algebra import matmul, matrix_transpose, tensordot, vecdot
from multigrad.array_api.numpy._statistical import sum_dtype

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


def _matrix(x, name):
    _checks.at_least(x.ndim, 2, f"linalg.{name}")
    return floating(x)


def _square(x, name):
    _checks.square(x.shape, f"linalg.{name}")
    return floating(x)


def cholesky(x, /, *, upper=False):
    return traced.linalg.cholesky(_square(x, "cholesky"), upper=upper)


def cross(x1, x2, /, *, axis=-1):
    axis = _checks.axis_of_triples(x1.shape, x2.shape, axis)
    return traced.linalg.cross(*promotion.common([x1, x2]), axis=axis)


def det(x, /):
    return traced.linalg.det(_square(x, "det"))


def diagonal(x, /, *, offset=0):
    _checks.at_least(x.ndim, 2, "linalg.diagonal")
    return traced.linalg.diagonal(x, offset=offset)


def eigh(x, /):
    return traced.linalg.eigh(_square(x, "eigh"))


def eigvalsh(x, /):
    return traced.linalg.eigvalsh(_square(x, "eigvalsh"))


def inv(x, /):
    return traced.linalg.inv(_square(x, "inv"))


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    return traced.linalg.matrix_norm(_matrix(x, "matrix_norm"), keepdims=keepdims, ord=ord)


def matrix_power(x, n, /):
    x, n = _square(x, "matrix_power"), _checks.integer(n, "the power n")
    # NumPy raises for a singular matrix.
    return traced.linalg.matrix_power(inv(x) if n < 0 else x, abs(n))


def matrix_rank(x, /, *, rtol=None):
    return traced.linalg.matrix_rank(_matrix(x, "matrix_rank"), rtol=rtol)


def outer(x1, x2, /):
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"xp.linalg.outer takes vectors, got shapes {x1.shape} and {x2.shape}.")
    return traced.linalg.outer(*promotion.common([x1, x2]))


def pinv(x, /, *, rtol=None):
    return traced.linalg.pinv(_matrix(x, "pinv"), rtol=rtol)


def qr(x, /, *, mode="reduced"):
    if mode not in ("reduced", "complete"):
        raise ValueError(f"Expected 'reduced' or 'complete' for mode=, got {mode!r}.")
    return traced.linalg.qr(_matrix(x, "qr"), mode=mode)


def slogdet(x, /):
    return traced.linalg.slogdet(_square(x, "slogdet"))


def solve(x1, x2, /):
    _checks.square(x1.shape, "linalg.solve")
    return traced.linalg.solve(*map(floating, promotion.common([x1, x2])))


def svd(x, /, *, full_matrices=True):
    return traced.linalg.svd(_matrix(x, "svd"), full_matrices=full_matrices)


def svdvals(x, /):
    return traced.linalg.svdvals(_matrix(x, "svdvals"))


def trace(x, /, *, offset=0, dtype=None):
    _checks.at_least(x.ndim, 2, "linalg.trace")
    return traced.linalg.trace(x, offset=offset, dtype=sum_dtype(x, dtype))


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    return traced.linalg.vector_norm(floating(x), axis=axis, keepdims=keepdims, ord=ord)
