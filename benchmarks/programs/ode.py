"""An initial value problem by Runge and Kutta's method of order four: a sequential loop over long vectors.

y_0' = x_0 and y_i' = x_i y_(i-1), from y(0) = 0 to t = 2 in s equal steps; the output is the last component of y. The
times are an argument, which is not differentiated, because their number is GradBench's second input.

After s steps the components from 4s on are exactly zero still, and at all of GradBench's own sizes the last is one of
them: the work is done all the same, but the gradient is zero. The quick size has a last component that is not.
"""

import numpy as np

from benchmarks.programs._program import SEED, Program
from multigrad import xp


def data(size):
    return np.random.default_rng(SEED).random(size["n"]), np.linspace(0.0, 2.0, size["s"] + 1)


def standard(x, times):
    one = xp.ones(1, dtype=x.dtype)

    def slope(y):
        return x * xp.concat([one, y[:-1]])

    steps = times.shape[0] - 1
    h = (times[-1] - times[0]) / steps
    y = xp.zeros_like(x)
    for _ in range(steps):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * (k2 + k3) + k4)
    return y[-1]


def torch_ode(x, times):
    import torch

    one = x.new_ones(1)

    def slope(y):
        return x * torch.cat([one, y[:-1]])

    steps = times.shape[0] - 1
    h = (times[-1] - times[0]) / steps
    y = torch.zeros_like(x)
    for _ in range(steps):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * (k2 + k3) + k4)
    return y[-1]


def jax_ode(x, times):
    import jax
    import jax.numpy as jnp

    one = jnp.ones(1, dtype=x.dtype)

    def slope(y):
        return x * jnp.concatenate([one, y[:-1]])

    steps = times.shape[0] - 1
    h = (times[-1] - times[0]) / steps

    def step(y, _):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        return y + h / 6 * (k1 + 2 * (k2 + k3) + k4), None

    y, _ = jax.lax.scan(step, jnp.zeros_like(x), length=steps)
    return y[-1]


def tensorflow_ode(x, times):
    import tensorflow as tf

    one = tf.ones(1, dtype=x.dtype)

    def slope(y):
        return x * tf.concat([one, y[:-1]], axis=0)

    steps = times.shape[0] - 1
    h = (times[-1] - times[0]) / steps
    y = tf.zeros_like(x)
    for _ in range(steps):
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6 * (k1 + 2 * (k2 + k3) + k4)
    return y[-1]


PROGRAM = Program(
    name="ode",
    title="Runge-Kutta solution of an ODE",
    # With 100 steps an eager gradient on JAX takes three seconds, and Inductor needs minutes to compile any version.
    sizes={"quick": {"n": 12, "s": 4}, "full": {"n": 100_000, "s": 10}},
    data=data,
    standard=standard,
    argnums=0,
    operator="gradient",
    native={"torch": torch_ode, "jax": jax_ode, "tensorflow": tensorflow_ode},
)
