"""The determinant of a matrix by expansion along the first row, again and again: l! products on purpose.

GradBench wants this algorithm and no other: no LU decomposition (`xp.linalg.det`), and no sharing of equal minors. The
recursion is vectorized over all minors of one size: after i steps there are l!/(l-i)! of them in one array. It works on
the transposed matrix, so that removing a column takes rows, and the minors lie in memory one after the other.
"""

import numpy as np

from benchmarks.programs._program import SEED, Program
from multigrad import xp


def data(size):
    return (np.random.default_rng(SEED).random((size["l"], size["l"])),)


def _kept_rows(m):
    """Return the rows of m minors, one after the other: for minor j all but j."""
    row = np.arange(m - 1)
    return (row + (row >= np.arange(m)[:, None])).reshape(-1)


def standard(matrix):
    return _determinants(matrix.T[None, :, :])[0]


def _determinants(matrices):
    """Return the determinants (count,) of matrices (count, m, m), expanded along the first column."""
    m = matrices.shape[-1]
    if m == 1:
        return matrices[:, 0, 0]
    minors = xp.take(matrices[:, :, 1:], xp.asarray(_kept_rows(m)), axis=1)
    terms = matrices[:, :, 0] * xp.reshape(_determinants(xp.reshape(minors, (-1, m - 1, m - 1))), (-1, m))
    return xp.sum(terms[:, ::2], axis=1) - xp.sum(terms[:, 1::2], axis=1)


def torch_det(matrix):
    import torch

    def determinants(matrices):
        m = matrices.shape[-1]
        if m == 1:
            return matrices[:, 0, 0]
        minors = matrices[:, :, 1:].index_select(1, torch.from_numpy(_kept_rows(m)))
        terms = matrices[:, :, 0] * determinants(minors.reshape(-1, m - 1, m - 1)).reshape(-1, m)
        return terms[:, ::2].sum(1) - terms[:, 1::2].sum(1)

    return determinants(matrix.T[None])[0]


def jax_det(matrix):
    def determinants(matrices):
        m = matrices.shape[-1]
        if m == 1:
            return matrices[:, 0, 0]
        minors = matrices[:, _kept_rows(m), 1:]
        terms = matrices[:, :, 0] * determinants(minors.reshape(-1, m - 1, m - 1)).reshape(-1, m)
        return terms[:, ::2].sum(axis=1) - terms[:, 1::2].sum(axis=1)

    return determinants(matrix.T[None])[0]


def tensorflow_det(matrix):
    import tensorflow as tf

    def determinants(matrices):
        m = matrices.shape[-1]
        if m == 1:
            return matrices[:, 0, 0]
        minors = tf.gather(matrices[:, :, 1:], _kept_rows(m), axis=1)
        terms = matrices[:, :, 0] * tf.reshape(determinants(tf.reshape(minors, (-1, m - 1, m - 1))), (-1, m))
        return tf.reduce_sum(terms[:, ::2], axis=1) - tf.reduce_sum(terms[:, 1::2], axis=1)

    return determinants(tf.transpose(matrix)[None])[0]


PROGRAM = Program(
    name="det",
    title="determinant by expansion by minors",
    # GradBench goes to 11. Eager calls would stay below two seconds up to 10, but torch's compiler takes the levels of
    # the recursion for one expression: more than a minute at 8 for the native version (2.13).
    sizes={"quick": {"l": 5}, "full": {"l": 8}},
    data=data,
    standard=standard,
    argnums=0,
    operator="gradient",
    native={"torch": torch_det, "jax": jax_det, "tensorflow": tensorflow_det},
)
