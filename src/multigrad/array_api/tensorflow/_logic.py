"""Comparisons, tests, and operations on bools and bits."""

import tensorflow as tf

from multigrad.array_api.tensorflow._overrides import BITS
from multigrad.array_api.tensorflow._promoted import binary

__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "equal",
    "greater",
    "greater_equal",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
    "signbit",
]

# The comparison operators would answer False, rather than fail, for shapes that do not broadcast.
equal, not_equal = binary(tf.equal), binary(tf.not_equal)
less, less_equal = binary(tf.less), binary(tf.less_equal)
greater, greater_equal = binary(tf.greater), binary(tf.greater_equal)
logical_and, logical_or, logical_xor = binary(tf.logical_and), binary(tf.logical_or), binary(tf.math.logical_xor)


def _bitwise(on_integers, on_bools):
    def call(x1, x2):
        return (on_bools if x1.dtype == tf.bool else on_integers)(x1, x2)

    return binary(call)


bitwise_and = _bitwise(tf.bitwise.bitwise_and, tf.logical_and)
bitwise_or = _bitwise(tf.bitwise.bitwise_or, tf.logical_or)
bitwise_xor = _bitwise(tf.bitwise.bitwise_xor, tf.math.logical_xor)
bitwise_left_shift, bitwise_right_shift = binary(tf.bitwise.left_shift), binary(tf.bitwise.right_shift)


def bitwise_invert(x, /):
    return tf.logical_not(x) if x.dtype == tf.bool else tf.bitwise.invert(x)


def logical_not(x, /):
    return tf.logical_not(x)


def isnan(x, /):
    return _test(tf.math.is_nan, tf.logical_or, x, otherwise=False)


def isinf(x, /):
    return _test(tf.math.is_inf, tf.logical_or, x, otherwise=False)


def isfinite(x, /):
    return _test(tf.math.is_finite, tf.logical_and, x, otherwise=True)


def _test(function, combine, x, *, otherwise):
    """Test floating values; combine the parts of complex ones; integers are always finite."""
    if x.dtype.is_complex:
        return combine(function(tf.math.real(x)), function(tf.math.imag(x)))
    if x.dtype.is_floating:
        return function(x)
    return tf.ones_like(x, tf.bool) if otherwise else tf.zeros_like(x, tf.bool)


def signbit(x, /):
    bits = tf.bitcast(tf.stop_gradient(x), BITS[x.dtype])
    return bits < tf.zeros_like(bits)
