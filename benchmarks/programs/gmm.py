"""The log posterior of a Gaussian mixture model with a Wishart prior on its precision matrices.

Component k has the weight softmax(alpha)_k, the mean mu_k and the precision matrix QᵀQ, where Q is lower triangular
with the diagonal exp(q_k) and below it, column by column, the entries of lower_k. The n points x are not
differentiated.
"""

import math

import numpy as np

from benchmarks.programs._program import SEED, Program
from benchmarks.programs.lse import logsumexp
from multigrad import xp

# GradBench's values: the additional degrees of freedom of the prior, and its precision.
M, GAMMA = 0, 1.0


def data(size):
    d, k, n = size["d"], size["k"], size["n"]
    generator = np.random.default_rng(SEED)
    x = generator.normal(size=(n, d))
    alpha = generator.normal(size=k)
    mu = generator.random((k, d))
    q = generator.normal(size=(k, d))
    return alpha, mu, q, generator.normal(size=(k, d * (d - 1) // 2)), x


def _constant(d, k, n):
    """Return the terms of the log posterior that depend on no argument."""
    freedom = d + M + 1
    log_gamma = d * (d - 1) / 4 * math.log(math.pi) + sum(math.lgamma((freedom - j) / 2) for j in range(d))
    return k * (freedom * d * math.log(GAMMA / math.sqrt(2)) - log_gamma) - n * d / 2 * math.log(2 * math.pi)


def _below_diagonal(d):
    """Return the rows and the columns of the entries below the diagonal, column by column."""
    columns, rows = np.triu_indices(d, 1)
    return rows, columns


def _places(d):
    """Return for each entry of a lower triangular matrix its place in the vector (0, diagonal, entries below it)."""
    places = np.zeros((d, d), dtype=np.int64)
    places[np.diag_indices(d)] = np.arange(1, d + 1)
    places[_below_diagonal(d)] = np.arange(d + 1, d * (d + 1) // 2 + 1)
    return places.reshape(-1)


def standard(alpha, mu, q, lower, x):
    (k, d), n = mu.shape, x.shape[0]
    diagonal, log_determinants = xp.exp(q), xp.sum(q, axis=1)
    entries = xp.concat([xp.zeros((k, 1), dtype=q.dtype), diagonal, lower], axis=1)
    factors = xp.reshape(xp.take(entries, xp.asarray(_places(d)), axis=1), (k, d, d))
    # Q(x - mu) as Qx - Qmu: one product of matrices for all points and components.
    of_points = xp.reshape(x @ xp.reshape(factors, (k * d, d)).T, (n, k, d))
    of_means = xp.matmul(factors, mu[:, :, None])[:, :, 0]
    distances = xp.sum((of_points - of_means) ** 2, axis=2)
    likelihood = xp.sum(logsumexp(alpha + log_determinants - distances / 2, axis=1)) - n * logsumexp(alpha)
    prior = M * xp.sum(q) - GAMMA**2 / 2 * (xp.sum(diagonal**2) + xp.sum(lower**2))
    return likelihood + prior + _constant(d, k, n)


def torch_gmm(alpha, mu, q, lower, x):
    import torch

    (k, d), n = mu.shape, x.shape[0]
    diagonal, log_determinants = q.exp(), q.sum(1)
    factors = torch.diag_embed(diagonal)
    rows, columns = torch.tril_indices(d, d, -1)
    order = torch.argsort(columns, stable=True)
    factors[:, rows[order], columns[order]] = lower
    of_points = (x @ factors.reshape(k * d, d).T).reshape(n, k, d)
    of_means = torch.bmm(factors, mu[:, :, None])[:, :, 0]
    distances = (of_points - of_means).square().sum(2)
    likelihood = torch.logsumexp(alpha + log_determinants - distances / 2, 1).sum() - n * torch.logsumexp(alpha, 0)
    prior = M * q.sum() - GAMMA**2 / 2 * (diagonal.square().sum() + lower.square().sum())
    return likelihood + prior + _constant(d, k, n)


def jax_gmm(alpha, mu, q, lower, x):
    import jax.numpy as jnp
    from jax.scipy.special import logsumexp

    (k, d), n = mu.shape, x.shape[0]
    diagonal, log_determinants = jnp.exp(q), jnp.sum(q, axis=1)
    rows, columns = _below_diagonal(d)
    factors = jnp.zeros((k, d, d), dtype=q.dtype)
    factors = factors.at[:, np.arange(d), np.arange(d)].set(diagonal).at[:, rows, columns].set(lower)
    of_points = jnp.einsum("nj,kij->nki", x, factors)
    of_means = jnp.einsum("kij,kj->ki", factors, mu)
    distances = jnp.sum((of_points - of_means) ** 2, axis=2)
    likelihood = jnp.sum(logsumexp(alpha + log_determinants - distances / 2, axis=1)) - n * logsumexp(alpha)
    prior = M * jnp.sum(q) - GAMMA**2 / 2 * (jnp.sum(diagonal**2) + jnp.sum(lower**2))
    return likelihood + prior + _constant(d, k, n)


def tensorflow_gmm(alpha, mu, q, lower, x):
    import tensorflow as tf

    (k, d), n = mu.shape, x.shape[0]
    diagonal, log_determinants = tf.exp(q), tf.reduce_sum(q, axis=1)
    entries = tf.concat([tf.zeros((k, 1), dtype=q.dtype), diagonal, lower], axis=1)
    factors = tf.reshape(tf.gather(entries, _places(d), axis=1), (k, d, d))
    of_points = tf.reshape(tf.matmul(x, tf.reshape(factors, (k * d, d)), transpose_b=True), (n, k, d))
    of_means = tf.linalg.matvec(factors, mu)
    distances = tf.reduce_sum(tf.math.squared_difference(of_points, of_means), axis=2)
    densities = tf.reduce_logsumexp(alpha + log_determinants - distances / 2, axis=1)
    likelihood = tf.reduce_sum(densities) - n * tf.reduce_logsumexp(alpha)
    squares = tf.reduce_sum(tf.square(diagonal)) + tf.reduce_sum(tf.square(lower))
    return likelihood + M * tf.reduce_sum(q) - GAMMA**2 / 2 * squares + _constant(d, k, n)


PROGRAM = Program(
    name="gmm",
    title="log posterior of a Gaussian mixture model",
    # With fewer than four dimensions the entries of lower have the same order by rows and by columns.
    sizes={"quick": {"d": 4, "k": 5, "n": 1000}, "full": {"d": 64, "k": 100, "n": 1000}},
    data=data,
    standard=standard,
    argnums=(0, 1, 2, 3),
    operator="gradient",
    native={"torch": torch_gmm, "jax": jax_gmm, "tensorflow": tensorflow_gmm},
)
