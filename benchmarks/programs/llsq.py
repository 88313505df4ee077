"""Least squares of a polynomial's coefficients against the sign function: half the sum of squared residuals.

The n points t run from -1 to 1; they are an argument, which is not differentiated, because their number is GradBench's
second input. The powers of t are part of the work in GradBench, and so they are here.
"""

import numpy as np

from benchmarks.programs._program import SEED, Program
from multigrad import xp


def data(size):
    return np.random.default_rng(SEED).random(size["m"]), np.linspace(-1.0, 1.0, size["n"])


def standard(coefficients, t):
    base = xp.broadcast_to(t[:, None], (t.shape[0], coefficients.shape[0] - 1))
    # A running product is several times faster than 128 powers; with the power 0 put before it, it would be copied.
    powers = xp.cumulative_prod(base, axis=1)
    return xp.sum((xp.sign(t) - coefficients[0] - powers @ coefficients[1:]) ** 2) / 2


def torch_llsq(coefficients, t):
    import torch

    powers = torch.linalg.vander(t, N=coefficients.shape[0])
    return (torch.sign(t) - powers @ coefficients).square().sum() / 2


def jax_llsq(coefficients, t):
    import jax.numpy as jnp

    base = jnp.broadcast_to(t[:, None], (t.shape[0], coefficients.shape[0] - 1))
    # jnp.vander raises to powers, which takes longer than the running product.
    powers = jnp.cumulative_prod(base, axis=1, include_initial=True)
    return jnp.sum((jnp.sign(t) - powers @ coefficients) ** 2) / 2


def tensorflow_llsq(coefficients, t):
    import tensorflow as tf

    base = tf.broadcast_to(t[:, None], (t.shape[0], coefficients.shape[0]))
    powers = tf.math.cumprod(base, axis=1, exclusive=True)
    return tf.reduce_sum(tf.square(tf.sign(t) - tf.linalg.matvec(powers, coefficients))) / 2


PROGRAM = Program(
    name="llsq",
    title="linear least squares of a polynomial",
    sizes={"quick": {"n": 16, "m": 128}, "full": {"n": 16392, "m": 128}},
    data=data,
    standard=standard,
    argnums=0,
    operator="gradient",
    native={"torch": torch_llsq, "jax": jax_llsq, "tensorflow": tensorflow_llsq},
)
