"""The logarithm of a sum of exponentials: two reductions over a long vector.

GradBench asks for the maximum and the sum, not for a library function with a derivative of its own; the standard
version does that. The native ones are each framework's own function, which is what people call.
"""

import numpy as np

import multigrad
from benchmarks.programs._program import SEED, Program
from multigrad import xp


def data(size):
    return (np.random.default_rng(SEED).random(size["n"]),)


def logsumexp(x, axis=None):
    """Return log Σ exp(x) over an axis, without overflow."""
    # The result does not depend on the shift, and so its derivative need not be followed.
    shift = multigrad.stop_gradient(xp.max(x, axis=axis, keepdims=True))
    return xp.log(xp.sum(xp.exp(x - shift), axis=axis)) + xp.squeeze(
        shift, axis=tuple(range(x.ndim)) if axis is None else axis
    )


def torch_lse(x):
    import torch

    return torch.logsumexp(x, dim=0)


def jax_lse(x):
    import jax

    return jax.scipy.special.logsumexp(x)


def tensorflow_lse(x):
    import tensorflow as tf

    return tf.reduce_logsumexp(x)


PROGRAM = Program(
    name="lse",
    title="log-sum-exp of a vector",
    sizes={"quick": {"n": 2500}, "full": {"n": 1_280_000}},
    data=data,
    standard=logsumexp,
    argnums=0,
    operator="gradient",
    native={"torch": torch_lse, "jax": jax_lse, "tensorflow": tensorflow_lse},
)
