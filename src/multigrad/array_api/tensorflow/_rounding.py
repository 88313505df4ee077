"""Functions that round, and the division that goes with them.

The flat ones cut the gradient, which then counts as zero.
"""

import tensorflow as tf

from multigrad.array_api.tensorflow._derivatives import derived, summed_to
from multigrad.array_api.tensorflow._dtypes import HALF
from multigrad.array_api.tensorflow._object import tensor
from multigrad.array_api.tensorflow._promoted import binary

__all__ = [
    "ceil",
    "floor",
    "floor_divide",
    "nextafter",
    "remainder",
    "round",
    "trunc",
]


def _nextafter(x1, x2):
    # TensorFlow's derivative is 1; a step of the grid is flat.
    return tf.math.nextafter(tf.stop_gradient(x1), tf.stop_gradient(x2))


nextafter = binary(_nextafter, floating=True)


def _in_float32(function):
    """Give half types the wider one: TensorFlow lacks the kernel."""

    def call(x1, x2):
        if x1.dtype in HALF:
            return tf.cast(function(tf.cast(x1, tf.float32), tf.cast(x2, tf.float32)), x1.dtype)
        return function(x1, x2)

    return call


@_in_float32
def _floor_divide(x1, x2):
    """Divide by the exact remainder, as Python does: 1.0 // 0.1 is 9. At infinities and zeros the quotient counts."""
    if not x1.dtype.is_floating:
        return tf.math.floordiv(x1, x2)
    x1, x2 = tf.stop_gradient(x1), tf.stop_gradient(x2)
    ratio = x1 / x2
    zero = tf.zeros_like(ratio)
    rest = tf.truncatemod(x1, x2)
    quotient = (x1 - rest) / x2
    quotient -= tf.cast((rest != zero) & ((rest < zero) != (x2 < zero)), x1.dtype)
    floored = tf.floor(quotient)
    floored += tf.cast(quotient - floored > 0.5, x1.dtype)
    exact = tf.math.is_finite(x1) & tf.math.is_finite(x2) & (x1 != zero) & (x2 != zero)
    return tf.where(exact, tf.where(quotient == zero, zero * ratio, floored), tf.floor(ratio))


def _signed_remainder(x1, x2):
    result = tf.math.floormod(x1, x2)
    # A zero takes the sign of the divisor.
    one = tf.ones_like(x2)
    side = tf.where(x2 < tf.zeros_like(x2), -one, one)
    return side * (side * result + tf.zeros_like(result))


def _remainder_pull(cotangent, _, x1, x2):
    # TensorFlow's slope has the floor of the rounded quotient: 10 for 1 % 0.1, whose value is made of 9.
    return [summed_to(cotangent, x1), summed_to(-cotangent * _floor_divide(x1, x2), x2)]


_remainder_of_floats = derived(_signed_remainder, _remainder_pull)


def _remainder(x1, x2):
    return _remainder_of_floats(x1, x2) if x1.dtype.is_floating else tf.math.floormod(x1, x2)


floor_divide, remainder = binary(_floor_divide), binary(_remainder)


def _flat(function):
    """Round functions, with the gradient cut; TensorFlow's refuse integers, which are round already."""

    def call(x, /):
        return function(tf.stop_gradient(x)) if x.dtype.is_floating else tensor(x)

    call.__name__ = function.__name__
    return call


ceil, floor, _round = _flat(tf.math.ceil), _flat(tf.math.floor), _flat(tf.round)


@_flat
def trunc(x):
    return tf.where(x < tf.zeros_like(x), tf.math.ceil(x), tf.math.floor(x))


def round(x, /):  # noqa: A001
    return tf.complex(_round(tf.math.real(x)), _round(tf.math.imag(x))) if x.dtype.is_complex else _round(x)
