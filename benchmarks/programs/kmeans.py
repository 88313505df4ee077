"""The cost of a k-means clustering: the sum of squared distances of n points to their nearest of k centroids.

GradBench wants Newton's direction in the centroids, the gradient divided by the diagonal of the Hessian. The Hessian
has nothing but its diagonal, which therefore is its product with a vector of ones: the derivative measured here is the
pair of gradient and product. The points, which are not differentiated, come second.
"""

import numpy as np

from benchmarks.programs._program import SEED, Program
from multigrad import xp


def data(size):
    points = np.random.default_rng(SEED).random((size["n"], size["d"]))
    return points[-size["k"] :].copy(), points  # no cluster is empty


def standard(centroids, points):
    # |p - c|² without |p|², which no centroid changes.
    distances = xp.sum(centroids**2, axis=1) - 2 * points @ centroids.T
    return xp.sum(points**2) + xp.sum(xp.min(distances, axis=1))


def torch_kmeans(centroids, points):
    import torch

    distances = torch.addmm(centroids.square().sum(1), points, centroids.T, alpha=-2)
    return points.square().sum() + distances.min(dim=1).values.sum()


def jax_kmeans(centroids, points):
    import jax.numpy as jnp

    distances = jnp.sum(centroids**2, axis=1) - 2 * points @ centroids.T
    return jnp.sum(points**2) + jnp.sum(jnp.min(distances, axis=1))


def tensorflow_kmeans(centroids, points):
    import tensorflow as tf

    distances = tf.reduce_sum(tf.square(centroids), axis=1) - tf.matmul(2 * points, centroids, transpose_b=True)
    return tf.reduce_sum(tf.square(points)) + tf.reduce_sum(tf.reduce_min(distances, axis=1))


PROGRAM = Program(
    name="kmeans",
    title="k-means cost, gradient and diagonal of the Hessian",
    sizes={"quick": {"k": 10, "n": 1000, "d": 8}, "full": {"k": 1000, "n": 10000, "d": 16}},
    data=data,
    standard=standard,
    argnums=0,
    operator="gradient_and_hvp",
    native={"torch": torch_kmeans, "jax": jax_kmeans, "tensorflow": tensorflow_kmeans},
)
