"""JAX: `jax.value_and_grad`, in the scoped 64-bit mode where float64 is asked for."""

import contextlib

import jax
import jax.numpy as jnp

from multigrad.array_api.jax._object import as_device


def _solve(f, names, dtype, device, *values):
    with jax.enable_x64(True) if dtype == "float64" else contextlib.nullcontext():
        arrays = [jax.device_put(jnp.asarray(value, dtype=dtype), as_device(device)) for value in values]
        value, slopes = jax.value_and_grad(f, argnums=tuple(range(len(names))))(*arrays)
    return float(value), {name: float(slope) for name, slope in zip(names, slopes, strict=True)}


def partials(x, y, z, *, dtype, device):
    return _solve(lambda x, y, z: x**2 + y**2 + z**2 + 2 * x * y * z, ("x", "y", "z"), dtype, device, x, y, z)


def linear_mse(w, b, x, y, *, dtype, device):
    return _solve(lambda w, b, x, y: jnp.mean((w * x + b - y) ** 2), ("w", "b"), dtype, device, w, b, x, y)


def chain_rule(x, *, dtype, device):
    return _solve(lambda x: jnp.sin(x**2 + 1), ("x",), dtype, device, x)
