"""JAX: `jax.grad`, held; compiled, a held `jax.jit` of it."""

import jax
import jax.numpy as jnp


def partials(x, y, z):
    return x**2 + y**2 + z**2 + 2 * x * y * z


def linear_mse(w, b, x, y):
    return jnp.mean((w * x + b - y) ** 2)


def chain_rule(x):
    return jnp.sin(x**2 + 1)


def mlp(w1, b1, w2, b2, w3, b3, images, labels):
    hidden = jnp.tanh(images @ w1 + b1)
    hidden = jnp.tanh(hidden @ w2 + b2)
    scores = hidden @ w3 + b3
    shifted = scores - jnp.max(scores, axis=1, keepdims=True)
    return jnp.mean(jnp.log(jnp.sum(jnp.exp(shifted), axis=1)) - jnp.sum(labels * shifted, axis=1))


def rosenbrock(x):
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def arrays(values):
    return tuple(jnp.asarray(value) for value in values)


def finished(call):
    return lambda *args: jax.block_until_ready(call(*args))


def hvp(f, argnums):
    return lambda x, vector: jax.jvp(jax.grad(f, argnums), (x,), (vector,))[1]


def gradient_and_hvp(f, argnums):
    def both(x, *others):
        return jax.jvp(jax.grad(lambda x: f(x, *others)), (x,), (jnp.ones_like(x),))

    return both


ROUTES = {
    ("gradient", "eager"): jax.grad,
    ("hvp", "eager"): hvp,
    ("hessian", "eager"): jax.hessian,
    ("gradient_and_hvp", "eager"): gradient_and_hvp,
    ("gradient_and_hvp", "compiled"): lambda f, argnums: jax.jit(gradient_and_hvp(f, argnums)),
    ("gradient", "compiled"): lambda f, argnums: jax.jit(jax.grad(f, argnums)),
    ("hvp", "compiled"): lambda f, argnums: jax.jit(hvp(f, argnums)),
    ("hessian", "compiled"): lambda f, argnums: jax.jit(jax.hessian(f, argnums)),
}
