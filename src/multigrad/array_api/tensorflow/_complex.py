"""Complex functions whose kernel in TensorFlow is inaccurate, overflows or takes the wrong side of a branch cut.

Their values are computed from the real and imaginary parts; each has its derivative as a holomorphic function, because
that of the parts would pass through infinities where the function itself is smooth.
"""

import math

import numpy as np
import tensorflow as tf

from multigrad.array_api.tensorflow._derivatives import derived, summed_to


def _holomorphic(slope):
    """Give a function of a complex tensor its complex derivative."""

    def give(function):
        return derived(function, lambda cotangent, _, z: [cotangent * tf.math.conj(slope(z))])

    return give


def _parts(z):
    return tf.math.real(z), tf.math.imag(z)


def _signed(magnitude, sign):
    """Return magnitudes with the signs of others; those of zeros count."""
    bits = tf.bitcast(sign, tf.int64 if sign.dtype == tf.float64 else tf.int32)
    return tf.where(bits < 0, -tf.abs(magnitude), tf.abs(magnitude))


def _log_modulus(x, y):
    """Return log(hypot(x, y)), accurate near modulus 1 and without overflow."""
    x, y = tf.abs(x), tf.abs(y)
    high, low = tf.maximum(x, y), tf.minimum(x, y)
    ratio = low / tf.where(high > 0, high, tf.ones_like(high))
    far = tf.math.log(high) + tf.math.log1p(tf.square(ratio)) / 2
    near = tf.math.log1p((high - 1) * (high + 1) + tf.square(low)) / 2
    infinite = tf.math.is_inf(x) | tf.math.is_inf(y)
    return tf.where(infinite, tf.constant(math.inf, x.dtype), tf.where((high > 0.5) & (high < 2), near, far))


@_holomorphic(lambda z: reciprocal(z))
def log(z):
    x, y = _parts(z)
    return tf.complex(_log_modulus(x, y), tf.atan2(y, x))


@_holomorphic(lambda z: reciprocal(z + 1))
def log1p(z):
    x, y = _parts(z)
    near = tf.math.log1p(x * (2 + x) + tf.square(y)) / 2
    is_near = (tf.abs(x) < 0.5) & (tf.abs(y) < 0.5)
    return tf.complex(tf.where(is_near, near, _log_modulus(1 + x, y)), tf.atan2(y, 1 + x))


@_holomorphic(tf.exp)
def expm1(z):
    x, y = _parts(z)
    # The terms vanish with z; cos(y) - 1 is -2 sin(y/2)^2.
    real = tf.math.expm1(x) * tf.cos(y) - 2 * tf.square(tf.sin(y / 2))
    imaginary = tf.where(tf.equal(y, 0), y, tf.exp(x) * tf.sin(y))
    turns = tf.logical_not(tf.math.is_finite(y))
    real = tf.where(turns & tf.math.is_inf(x), tf.where(x < 0, -tf.ones_like(x), x), real)
    real = tf.where(tf.equal(real, 0), tf.zeros_like(x), real)  # +0, as the standard has it at -0
    return tf.complex(real, tf.where(turns & (x < 0) & tf.math.is_inf(x), tf.zeros_like(y), imaginary))


@_holomorphic(lambda z: reciprocal(2 * sqrt(z)))
def sqrt(z):
    # The imaginary part has the sign of that of z, a zero's too: it chooses the side of the branch cut.
    root = tf.sqrt(z)
    return tf.complex(tf.math.real(root), _signed(tf.math.imag(root), tf.math.imag(z)))


@_holomorphic(lambda z: -tf.square(reciprocal(z)))
def reciprocal(z):
    x, y = _parts(z)
    limits, infinite = np.finfo(x.dtype.as_numpy_dtype), tf.math.is_inf(x) | tf.math.is_inf(y)
    # Scaled, so that the squares neither overflow nor vanish; by a product, for of two quotients XLA makes one by the
    # product of their denominators.
    scale = tf.clip_by_value(tf.maximum(tf.abs(x), tf.abs(y)), 4 * limits.tiny, limits.max / 4)
    inverse = 1 / scale
    x, y = x * inverse, y * inverse
    squares = (tf.square(x) + tf.square(y)) * scale
    zero = tf.zeros_like(x)
    real, imaginary = (tf.where(infinite, _signed(zero, part), part / squares) for part in (x, -y))
    return tf.complex(real, imaginary)


def _one_minus_square(z):
    # From the parts, for the sign of a zero imaginary part: it tells the sides of a branch cut.
    x, y = _parts(z)
    return tf.complex((1 - x) * (1 + x) + tf.square(y), -2 * x * y)


def _moved(z, number):
    """Return z + number with the sign of a zero imaginary part, which an addition would lose."""
    x, y = _parts(z)
    return tf.complex(x + number, y)


def _turned(z):
    """Return i·z with the signs of its zeros."""
    x, y = _parts(z)
    return tf.complex(-y, x)


# XLA's kernels of these functions' gradients have second derivatives without the conjugate (TensorFlow 2.21).
# By two roots: their product does not overflow, and is exactly 0 at the ends of a branch cut.
def _asin_slope(z):
    return reciprocal(sqrt(-_moved(z, -1)) * sqrt(_moved(z, 1)))


def _acosh_slope(z):
    return reciprocal(sqrt(_moved(z, -1)) * sqrt(_moved(z, 1)))


acos = _holomorphic(lambda z: -_asin_slope(z))(tf.acos)
asin = _holomorphic(_asin_slope)(tf.asin)
acosh, asinh = _holomorphic(_acosh_slope)(tf.acosh), _holomorphic(lambda z: _asin_slope(_turned(z)))(tf.asinh)
atan = _holomorphic(lambda z: reciprocal(1 + tf.square(z)))(tf.atan)
atanh = _holomorphic(lambda z: reciprocal(_one_minus_square(z)))(tf.atanh)
tan = _holomorphic(lambda z: tf.square(reciprocal(tf.cos(z))))(tf.tan)


def _power(x, n):
    # TensorFlow's is NaN at (0, 0).
    return tf.where(tf.equal(n, 0), tf.ones_like(x), tf.pow(x, n))


def _pow_pull(cotangent, out, x, n):
    zero, flat = tf.equal(x, 0), tf.math.real(n) >= 0
    constant = tf.equal(n, 0) & (zero | tf.math.is_nan(tf.abs(x)))
    in_x = tf.where(constant, tf.zeros_like(x), n * pow(tf.where(constant, tf.ones_like(x), x), n - 1))
    in_n = out * log(tf.where(zero, tf.ones_like(x), x))
    in_n = tf.where(zero & ~flat, tf.constant(-math.inf, x.dtype), tf.where(zero, tf.zeros_like(x), in_n))
    return [summed_to(cotangent * tf.math.conj(slope), z) for slope, z in ((in_x, x), (in_n, n))]


pow = derived(_power, _pow_pull, keeps_result=True)  # noqa: A001


def _abs_pull(cotangent, _, z):
    direction = sign(z)
    return [tf.complex(cotangent * tf.math.real(direction), cotangent * tf.math.imag(direction))]


# TensorFlow's derivative is 0 where the squares of the parts underflow.
abs = derived(tf.abs, _abs_pull)  # noqa: A001


def tanh(z):
    value = tf.tanh(z)
    # Towards infinity the imaginary part vanishes on the side of z.
    x, y = _parts(tf.stop_gradient(z))
    imaginary = tf.where(tf.math.is_inf(x), _signed(tf.zeros_like(y), y), tf.math.imag(value))
    return tf.complex(tf.math.real(value), imaginary)


def sign(z):
    """Return z / abs(z), and 0 at 0."""
    x, y = _parts(z)
    infinite = tf.math.is_inf(x) | tf.math.is_inf(y)
    x, y = (tf.where(infinite, _direction(part), part) for part in (x, y))
    # The result does not depend on the scale, so the scale's own derivative may be left out, in every order.
    high = tf.stop_gradient(tf.maximum(tf.abs(x), tf.abs(y)))
    scale = tf.where(high > 0, high, tf.ones_like(high))
    x, y = x / scale, y / scale
    squares = tf.square(x) + tf.square(y)
    at_zero = tf.equal(squares, 0)
    modulus = tf.sqrt(tf.where(at_zero, tf.ones_like(squares), squares))
    x, y = (tf.where(at_zero, tf.zeros_like(part), part / modulus) for part in (x, y))
    return tf.complex(x, y)


def _direction(part):
    """Return an infinity as 1 with its sign, NaN as NaN, a number as 0."""
    return tf.where(tf.math.is_finite(part), tf.zeros_like(part), tf.sign(part))
