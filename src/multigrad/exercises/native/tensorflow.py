"""TensorFlow: `tf.GradientTape`."""

import contextlib

import tensorflow as tf


def _solve(f, names, dtype, device, *values):
    # TensorFlow says "GPU:0" where others say "gpu:0" or "cuda:0".
    place = contextlib.nullcontext() if device is None else tf.device(str(device).replace("cuda", "gpu"))
    with place:
        arrays = [tf.convert_to_tensor(value, dtype=dtype) for value in values]
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            value = f(*arrays)
        slopes = tape.gradient(value, arrays[: len(names)])
    return float(value), {name: float(slope) for name, slope in zip(names, slopes, strict=True)}


def partials(x, y, z, *, dtype, device):
    return _solve(lambda x, y, z: x**2 + y**2 + z**2 + 2 * x * y * z, ("x", "y", "z"), dtype, device, x, y, z)


def linear_mse(w, b, x, y, *, dtype, device):
    return _solve(lambda w, b, x, y: tf.reduce_mean((w * x + b - y) ** 2), ("w", "b"), dtype, device, w, b, x, y)


def chain_rule(x, *, dtype, device):
    return _solve(lambda x: tf.sin(x**2 + 1), ("x",), dtype, device, x)
