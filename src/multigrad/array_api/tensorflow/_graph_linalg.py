"""Linear algebra inside a ``tf.function``, where TensorFlow's kernels fall short of the eager ones.

XLA stops its Jacobi iterations at 1e-6: values and vectors of ``eigh`` and ``svd`` have half of their digits. A
perturbation, of products of matrices only, restores the others. A matrix without an inverse makes the kernels of a
graph raise when it runs, and XLA's give noise: here it is NaN (rule 7). Measured on TensorFlow 2.21. No function of
this module has a derivative; ``_decompositions`` gives it.
"""

import math
from typing import Any, NamedTuple

import tensorflow as tf

from multigrad.array_api.tensorflow._dtypes import astype, finfo


def _adjoint(x):
    return tf.linalg.adjoint(x)


def _row(x):
    return x[..., tf.newaxis, :]


def _column(x):
    return x[..., tf.newaxis]


def _orthonormal(x):
    """Return the nearest matrix with orthonormal columns, to second order in what is missing."""
    return 1.5 * x - 0.5 * tf.matmul(x, tf.matmul(x, x, adjoint_a=True))


def _split(inner):
    """Return the real diagonal, and what is beside it."""
    diagonal = tf.linalg.diag_part(inner)
    return tf.math.real(diagonal), tf.linalg.set_diag(inner, tf.zeros_like(diagonal))


def _reciprocals(gaps, rest, largest):
    """Return what turns the rest into rotations: none where two values are equal but for rounding."""
    count = tf.cast(tf.shape(gaps)[-1], gaps.dtype)
    equal = tf.abs(gaps) <= _column(_column(largest)) * (count * (64 * finfo(gaps.dtype).eps))
    # Close together, vectors are more uncertain than a step can tell.
    skip = equal | (count * tf.abs(rest) > 0.3 * tf.abs(gaps))
    return astype(tf.where(skip, tf.zeros_like(gaps), 1 / tf.where(skip, tf.ones_like(gaps), gaps)), rest.dtype)


def eigh(x, vectors):
    """Return eigenvalues and eigenvectors of Hermitian matrices from approximate eigenvectors, to third order."""
    values, rest = _split(tf.matmul(_adjoint(vectors), tf.matmul(x, vectors)))
    values /= tf.reduce_sum(tf.math.real(vectors * tf.math.conj(vectors)), axis=-2)
    over = _reciprocals(_row(values) - _column(values), rest, tf.reduce_max(tf.abs(values), axis=-1))
    turn = over * rest
    turn = over * (rest + tf.matmul(rest, turn) - turn * _row(_gained(rest, turn)))
    values += tf.math.real(_gained(rest, turn))
    turn = 0.5 * (turn - _adjoint(turn))  # a rotation to third order, with its square
    return values, _orthonormal(vectors + tf.matmul(vectors, turn + 0.5 * tf.matmul(turn, turn)))


def _gained(rest, turn):
    """Return what the diagonal gains, times a matrix that is zero on its own."""
    return tf.reduce_sum(rest * tf.linalg.matrix_transpose(turn), axis=-1)


def svd(x, u_all, v_all, count):
    """Return S, U and V from approximate singular vectors; beyond the first ``count`` they span the rest."""
    u, v = u_all[..., :count], v_all[..., :count]
    # Errors are squared twice. The third order at once, as above, is not enough where singular values tie.
    u, v = _improved(x, *_improved(x, u, v))
    s = tf.abs(tf.reduce_sum(tf.math.real(tf.math.conj(u) * tf.matmul(x, v)), axis=-2))
    return s, _completed(u, u_all, count), _completed(v, v_all, count)


def _improved(x, u, v):
    x_v = tf.matmul(x, v)
    inner = tf.matmul(_adjoint(u), x_v)
    s, rest = _split(inner)
    across, largest = _adjoint(rest), tf.reduce_max(tf.abs(s), axis=-1)
    alike, apart = 0.5 * (rest + across), 0.5 * (rest - across)
    alike *= _reciprocals(_row(s) - _column(s), 2 * alike, largest)
    apart *= _reciprocals(_row(s) + _column(s), 2 * apart, largest)
    u_next, v_next = u + tf.matmul(u, alike + apart), v + tf.matmul(v, alike - apart)
    # Into the space that the vectors do not span; nowhere from a singular value of zero.
    inverse = tf.where(s > 1e-3 * _column(largest), tf.math.divide_no_nan(tf.ones_like(s), s), tf.zeros_like(s))
    inverse = astype(_row(inverse), x.dtype)
    if may_leave(u):
        u_next += (x_v - tf.matmul(u, inner)) * inverse
    if may_leave(v):
        v_next += (tf.matmul(x, u, adjoint_a=True) - tf.matmul(v, _adjoint(inner))) * inverse
    return _orthonormal(u_next), _orthonormal(v_next)


def may_leave(vectors):
    """Tell whether vectors may span less than the whole space."""
    dimension, count = vectors.shape[-2:]
    return dimension is None or dimension != count


def _completed(first, every, count):
    if not may_leave(first):
        return first
    rest = every[..., count:]
    rest = rest - tf.matmul(first, tf.matmul(first, rest, adjoint_a=True))
    return tf.concat([first, _orthonormal(rest)], -1)


class Factors(NamedTuple):
    """What solves for any right-hand side, in products only: NaN of a matrix that is singular but for rounding."""

    q: Any
    inverse: Any  # of the triangular factor; the inverse of the matrix itself would leave residuals of its condition


def factorized(a):
    """Return what `solve` needs to know of a matrix."""
    q, r = _qr(a)
    eye = tf.broadcast_to(tf.eye(tf.shape(a)[-1], dtype=a.dtype), tf.shape(a))
    return Factors(q, tf.linalg.triangular_solve(r, eye, lower=False))


def solve(factors, b, *, adjoint):
    """Solve for matrices b, by the adjoint matrix if asked to; NaN where the matrix is singular."""
    q, inverse = factors
    if adjoint:
        return tf.matmul(q, tf.matmul(inverse, b, adjoint_a=True))
    return tf.matmul(inverse, tf.matmul(q, b, adjoint_a=True))


def inv(a):
    """Return the inverse; NaN where the matrix is singular."""
    q, r = _qr(a)
    return tf.linalg.triangular_solve(r, _adjoint(q), lower=False)


def _qr(a):
    """Return factors by which to solve: Q, its rows multiplied as those of the matrix were, and R.

    Of a singular matrix Q is NaN, and R the identity, which no kernel refuses.
    """
    # Rows and columns of like size, so that a small pivot tells, and no square is lost.
    rows = _size(a, axis=-1)
    even = a / astype(rows, a.dtype)
    columns = _size(even, axis=-2)
    q, r = tf.linalg.qr(even / astype(columns, a.dtype))
    sizes = tf.abs(r)
    noise = tf.cast(tf.shape(a)[-1], sizes.dtype) * (2 * finfo(sizes.dtype).eps)
    # A column that depends on those before it leaves a pivot that is small beside it.
    independent = tf.linalg.diag_part(sizes) > noise * tf.reduce_max(sizes, axis=-2)
    regular = tf.reduce_all(independent, axis=-1)[..., tf.newaxis, tf.newaxis]
    q /= astype(tf.where(regular, rows, tf.constant(math.nan, rows.dtype)), a.dtype)
    return q, tf.where(regular, r * astype(columns, a.dtype), tf.eye(tf.shape(a)[-1], dtype=a.dtype))


def _size(x, axis):
    largest = tf.reduce_max(tf.abs(x), axis=axis, keepdims=True)
    return tf.where(largest > 0, largest, tf.ones_like(largest))
