"""Linear algebra inside a ``tf.function``, where TensorFlow's kernels fall short of the eager ones.

XLA stops its Jacobi iterations at 1e-6: values and vectors of ``eigh`` and ``svd`` have half of their digits. Newton
steps, products of matrices only, restore the others. A matrix without an inverse makes the kernels of a graph raise
when it runs, and XLA's give noise: here it is NaN (rule 7). Measured on TensorFlow 2.21. No function of this module has
a derivative; ``_decompositions`` gives it.
"""

import math
from typing import Any, NamedTuple

import tensorflow as tf

from multigrad.array_api.tensorflow._dtypes import astype, finfo

_STEPS = 2  # an error of 1e-6 becomes 1e-12, then 1e-24


def _adjoint(x):
    return tf.linalg.adjoint(x)


def _real_diagonal(x):
    return tf.math.real(tf.linalg.diag_part(x))


def _scaled(x, factors):
    """Return x with its columns multiplied by real factors."""
    return x * astype(factors, x.dtype)[..., tf.newaxis, :]


def _orthonormal(x):
    """Return the nearest matrix with orthonormal columns, to second order in what is missing."""
    return 1.5 * x - 0.5 * tf.matmul(x, tf.matmul(x, x, adjoint_a=True))


def _over(numerator, gaps, scale):
    """Return quotients that turn vectors into each other: none where two values are equal but for rounding."""
    count = tf.cast(tf.shape(gaps)[-1], gaps.dtype)
    equal = tf.abs(gaps) <= scale * (count * (64 * finfo(gaps.dtype).eps))
    # Close together, vectors are more uncertain than a step can tell.
    skip = equal | (count * tf.abs(numerator) > 0.3 * tf.abs(gaps))
    quotient = numerator / astype(tf.where(skip, tf.ones_like(gaps), gaps), numerator.dtype)
    return tf.where(skip, tf.zeros_like(numerator), quotient)


def eigh(x, vectors):
    """Return eigenvalues and eigenvectors of Hermitian matrices from approximate eigenvectors."""
    for _ in range(_STEPS):
        inner = tf.matmul(vectors, tf.matmul(x, vectors), adjoint_a=True)
        values = _real_diagonal(inner)
        gaps = values[..., tf.newaxis, :] - values[..., :, tf.newaxis]
        turn = _over(inner, gaps, _largest(values))
        vectors = _orthonormal(vectors + tf.matmul(vectors, turn))
    return _real_diagonal(tf.matmul(vectors, tf.matmul(x, vectors), adjoint_a=True)), vectors


def _largest(values):
    return tf.reduce_max(tf.abs(values), axis=-1)[..., tf.newaxis, tf.newaxis]


def svd(x, u_all, v_all, count):
    """Return S, U and V from approximate singular vectors; beyond the first ``count`` they span the rest."""
    u, v = u_all[..., :count], v_all[..., :count]
    for _ in range(_STEPS):
        x_v, x_u = tf.matmul(x, v), tf.matmul(x, u, adjoint_a=True)
        inner = tf.matmul(u, x_v, adjoint_a=True)
        s = _real_diagonal(inner)
        row, column = s[..., tf.newaxis, :], s[..., :, tf.newaxis]
        gaps, scale = tf.square(row) - tf.square(column), tf.square(_largest(s))
        across = _adjoint(inner)
        weight_row, weight_column = astype(row, x.dtype), astype(column, x.dtype)
        turn_u = _over(inner * weight_row + weight_column * across, gaps, scale)
        turn_v = _over(weight_column * inner + across * weight_row, gaps, scale)
        # Into the space that the vectors do not span; nowhere from a singular value of zero.
        inverse = tf.math.divide_no_nan(tf.ones_like(s), s)
        inverse = tf.where(tf.abs(s) > 1e-3 * _largest(s)[..., 0], inverse, tf.zeros_like(s))
        u_next = u + tf.matmul(u, turn_u) + _scaled(x_v - tf.matmul(u, inner), inverse)
        v_next = v + tf.matmul(v, turn_v) + _scaled(x_u - tf.matmul(v, across), inverse)
        u, v = _orthonormal(u_next), _orthonormal(v_next)
    s = tf.abs(_real_diagonal(tf.matmul(u, tf.matmul(x, v), adjoint_a=True)))
    return s, _completed(u, u_all, count), _completed(v, v_all, count)


def _completed(first, every, count):
    rest = every[..., count:]
    rest = rest - tf.matmul(first, tf.matmul(first, rest, adjoint_a=True))
    return tf.concat([first, _orthonormal(rest)], -1)


class Factors(NamedTuple):
    """QR of a matrix whose rows and columns were multiplied so that they are of like size and a small pivot tells."""

    q: Any
    r: Any  # the identity where the matrix is singular but for rounding
    regular: Any  # whether it is not
    rows: Any
    columns: Any


def factorized(a):
    """Return what `solve` needs to know of a matrix."""
    rows = _inverse_size(a, axis=-1)
    columns = _inverse_size(a * rows, axis=-2)
    q, r = tf.linalg.qr(a * rows * columns)
    pivots = tf.abs(tf.linalg.diag_part(r))
    noise = tf.cast(tf.shape(a)[-1], pivots.dtype) * finfo(pivots.dtype).eps
    regular = tf.reduce_all(pivots > noise * tf.reduce_max(pivots, axis=-1, keepdims=True), axis=-1)
    regular = regular[..., tf.newaxis, tf.newaxis]
    return Factors(q, tf.where(regular, r, tf.eye(tf.shape(a)[-1], dtype=a.dtype)), regular, rows, columns)


def solve(factors, b, *, adjoint):
    """Solve for matrices b, by the adjoint matrix if asked to; NaN where the matrix is singular."""
    q, r, regular, rows, columns = factors
    if adjoint:
        inner = tf.linalg.triangular_solve(r, _adjoint(columns) * b, lower=False, adjoint=True)
        found = rows * tf.matmul(q, inner)
    else:
        inner = tf.matmul(q, rows * b, adjoint_a=True)
        found = _adjoint(columns) * tf.linalg.triangular_solve(r, inner, lower=False)
    return tf.where(regular, found, tf.constant(math.nan, b.dtype))


def _inverse_size(x, axis):
    largest = tf.reduce_max(tf.abs(x), axis=axis, keepdims=True)
    return astype(1 / tf.where(largest > 0, largest, tf.ones_like(largest)), x.dtype)
