"""The extension ``linalg``."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp

from multigrad.array_api import _checks, _composed
from multigrad.array_api.jax import _decompositions, _determinants, _norms
from multigrad.array_api.jax._dtypes import DTYPES, floating, promotion
from multigrad.array_api.jax._elementwise import multiply, subtract
from multigrad.array_api.jax._indexing import getitem
from multigrad.array_api.jax._linear_algebra import matmul, matrix_transpose, tensordot, vecdot
from multigrad.array_api.jax._manipulation import expand_dims, stack
from multigrad.array_api.jax._statistical import sum_dtype
from multigrad.array_api.jax._wide import keep_width, with_positions

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


def _compiled(function, *static):
    # Compiled whole: eagerly some take several calls.
    return keep_width(jax.jit(function, static_argnames=static))


_cholesky, _det = _compiled(jnp.linalg.cholesky, "upper"), keep_width(_determinants.det)
_diagonal, _trace = _compiled(jnp.linalg.diagonal, "offset"), _compiled(jnp.linalg.trace, "offset", "dtype")
_eigh, _eigvalsh = keep_width(_decompositions.eigh), keep_width(_decompositions.eigvalsh)
_svd, _svdvals = keep_width(_decompositions.svd), keep_width(_decompositions.svdvals)
_slogdet, _solve = keep_width(_decompositions.slogdet), keep_width(_decompositions.solve)
_inv, _pinv, _qr = map(keep_width, (_decompositions.inv, jnp.linalg.pinv, jnp.linalg.qr))
_compiled_pinv = _compiled(jnp.linalg.pinv, "rtol")
_matrix_norm = _compiled(_norms.matrix_norm, "keepdims", "ord")
_matrix_power = _compiled(jnp.linalg.matrix_power, "n")
_vector_norm = _compiled(_norms.vector_norm, "axis", "keepdims", "ord")

_xp = SimpleNamespace(expand_dims=expand_dims, getitem=getitem, multiply=multiply, stack=stack, subtract=subtract)
outer = _composed.bound(_composed.outer, _xp)
_cross = _compiled(_composed.bound(_composed.cross, _xp), "axis")


def cross(x1, x2, /, *, axis=-1):
    return _cross(*promotion.common([x1, x2]), axis=axis)


def cholesky(x, /, *, upper=False):
    _checks.square(x.shape, "linalg.cholesky")
    return _cholesky(floating(x), upper=upper)


def det(x, /):
    _checks.square(x.shape, "linalg.det")
    return _det(floating(x))


def slogdet(x, /):
    _checks.square(x.shape, "linalg.slogdet")
    return _slogdet(floating(x))


def diagonal(x, /, *, offset=0):
    _checks.at_least(x.ndim, 2, "linalg.diagonal")
    return _diagonal(x, offset=offset)


def trace(x, /, *, offset=0, dtype=None):
    _checks.at_least(x.ndim, 2, "linalg.trace")
    return _trace(x, offset=offset, dtype=sum_dtype(x, dtype))


def eigh(x, /):
    _checks.square(x.shape, "linalg.eigh")
    return _eigh(floating(x))


def eigvalsh(x, /):
    _checks.square(x.shape, "linalg.eigvalsh")
    return _eigvalsh(floating(x))


def inv(x, /):
    _checks.square(x.shape, "linalg.inv")
    return _inv(floating(x))


def matrix_power(x, n, /):
    n = _checks.integer(n, "the power n")
    _checks.square(x.shape, "linalg.matrix_power")
    return _matrix_power(_inv(floating(x)) if n < 0 else x, n=abs(n))


def _relative(x, rtol):
    """Return the cut-off relative to the largest singular value, the standard's if None is given."""
    return max(x.shape[-2:]) * float(jnp.finfo(x.dtype).eps) if rtol is None else rtol


@with_positions
def matrix_rank(x, /, *, rtol=None):
    _checks.at_least(x.ndim, 2, "linalg.matrix_rank")
    x = floating(x)
    if not x.size:
        return jnp.zeros(x.shape[:-2], DTYPES["int64"])
    return _rank(x, jnp.asarray(_relative(x, rtol)))


@jax.jit
def _rank(x, rtol):
    values = jnp.linalg.svdvals(x)
    return jnp.sum(values > jnp.expand_dims(rtol * values[..., 0], -1), axis=-1, dtype=jnp.int64)


def pinv(x, /, *, rtol=None):
    _checks.at_least(x.ndim, 2, "linalg.pinv")
    x = floating(x)
    rtol = _relative(x, rtol)
    return (_compiled_pinv if isinstance(rtol, float) else _pinv)(x, rtol=rtol)


def qr(x, /, *, mode="reduced"):
    _checks.at_least(x.ndim, 2, "linalg.qr")
    if mode not in ("reduced", "complete"):
        raise ValueError(f"Expected 'reduced' or 'complete' for mode=, got {mode!r}.")
    return _qr(floating(x), mode=mode)


def solve(x1, x2, /):
    _checks.square(x1.shape, "linalg.solve")
    _checks.at_least(x2.ndim, 1, "linalg.solve")
    # Only one axis is a vector; NumPy 1 took a stack of vectors as well.
    rows = x2.shape[0] if x2.ndim == 1 else x2.shape[-2]
    if rows != x1.shape[-1]:
        raise ValueError(f"Expected {x1.shape[-1]} rows in x2 for matrices of shape {x1.shape}, got shape {x2.shape}.")
    if x2.ndim > 1:
        _checks.broadcast(x1.shape[:-2], x2.shape[:-2])
    return _solve(*map(floating, promotion.common([x1, x2])))


def svd(x, /, *, full_matrices=True):
    _checks.at_least(x.ndim, 2, "linalg.svd")
    # For square matrices both are the same.
    return _svd(floating(x), full_matrices=full_matrices and x.shape[-2] != x.shape[-1])


def svdvals(x, /):
    _checks.at_least(x.ndim, 2, "linalg.svdvals")
    return _svdvals(floating(x))


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    _checks.at_least(x.ndim, 2, "linalg.matrix_norm")
    return _matrix_norm(floating(x), keepdims=keepdims, ord=ord)


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    axis = None if axis is None else _checks.axes(axis, x.ndim)
    return _vector_norm(floating(x), axis=axis, keepdims=keepdims, ord=ord)
