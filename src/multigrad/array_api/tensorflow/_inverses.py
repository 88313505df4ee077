"""Inverse, solution of linear systems and pseudoinverse, with the derivatives that TensorFlow lacks or has wrong."""

import tensorflow as tf

from multigrad.array_api.tensorflow import _graph_linalg
from multigrad.array_api.tensorflow._decompositions import plain_svd
from multigrad.array_api.tensorflow._matrices import each, identity, missing, scaled, with_rule


def inv(x):
    if not tf.executing_eagerly():
        value = tf.ensure_shape(_graph_linalg.inv(tf.stop_gradient(x)), x.shape)
        return with_rule((value,), (x,), _inv_rule)[0]
    try:
        return tf.linalg.inv(x)
    except tf.errors.InvalidArgumentError:
        regular = _is_regular(x)
        return tf.linalg.inv(tf.where(regular, x, identity(x))) + poison(regular, x) * wave(x)


def _inv_rule(outputs, _, cotangents):
    (p,), (g,) = outputs, cotangents
    return -tf.matmul(tf.matmul(p, g, adjoint_a=True), p, adjoint_b=True)


def solve(a, b):
    """Solve for matrices b; their batches broadcast."""
    if a.shape[:-2] != b.shape[:-2] or not a.shape.is_fully_defined() or not b.shape.is_fully_defined():
        batch = tf.broadcast_dynamic_shape(tf.shape(a)[:-2], tf.shape(b)[:-2])
        a = tf.broadcast_to(a, tf.concat([batch, tf.shape(a)[-2:]], 0))
        b = tf.broadcast_to(b, tf.concat([batch, tf.shape(b)[-2:]], 0))
    if not tf.executing_eagerly():
        return _solved(a, b, _graph_linalg.factorized(tf.stop_gradient(a)), adjoint=False)
    try:
        return tf.linalg.solve(a, b)
    except tf.errors.InvalidArgumentError:
        regular = _is_regular(a)
        found = tf.linalg.solve(tf.where(regular, a, identity(a)), b)
        return found + poison(regular, a) * (tf.reduce_sum(wave(a), axis=-1, keepdims=True) + wave(b))


def _solved(a, b, factors, *, adjoint):
    """Solve for b by the factors of a, or by its adjoint; the derivatives solve by the same factors."""
    value = tf.ensure_shape(_graph_linalg.solve(factors, tf.stop_gradient(b), adjoint=adjoint), b.shape)

    def rule(outputs, inputs, cotangents):
        (found,), (a, _), (g,) = outputs, inputs, cotangents
        in_b = _solved(a, g, factors, adjoint=not adjoint)
        first, second = (found, in_b) if adjoint else (in_b, found)
        return [-tf.matmul(first, second, adjoint_b=True), in_b]

    return with_rule((value,), (a, b), rule)[0]


def _is_regular(x):
    return each(tf.math.is_finite(tf.math.real(tf.linalg.slogdet(tf.stop_gradient(x))[1])))


def wave(x):
    """Return bounded numbers of which no derivative is constant, so that a NaN stays one in every order."""
    return tf.cast(tf.sin(tf.math.real(x)), x.dtype)


def poison(regular, x):
    """Return a factor whose product is NaN, and has the derivative NaN, for the matrices that are not regular."""
    return tf.where(regular, tf.zeros((), x.dtype), missing(x))


def pinv(x, rtol):
    s, u, v = plain_svd(x, full=False)
    cutoff = rtol[..., tf.newaxis] * tf.reduce_max(s, axis=-1, keepdims=True)
    used = s > cutoff
    reciprocals = tf.where(used, 1 / tf.where(used, s, tf.ones_like(s)), tf.zeros_like(s))
    value = tf.matmul(scaled(v, reciprocals), u, adjoint_b=True)
    return with_rule((value,), (x,), _pinv_rule)[0]


def _pinv_rule(outputs, inputs, cotangents):
    # The rank is constant in a neighborhood; no difference of singular values is in it.
    (p,), (a,), (g,) = outputs, inputs, cotangents
    from_p = tf.matmul(tf.matmul(p, g, adjoint_a=True), p, adjoint_b=True)
    g_p = tf.matmul(tf.matmul(g, p, adjoint_a=True), p, adjoint_b=True)
    p_g = tf.matmul(tf.matmul(p, p, adjoint_a=True), g, adjoint_b=True)
    outside_range = g_p - tf.matmul(a, tf.matmul(p, g_p))
    outside_rows = p_g - tf.matmul(tf.matmul(p_g, p), a)
    return outside_range + outside_rows - from_p
