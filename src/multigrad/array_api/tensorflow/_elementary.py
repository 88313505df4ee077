"""Elementary functions: roots, exponentials, logarithms, circular and hyperbolic functions."""

import math

import tensorflow as tf

from multigrad.array_api.tensorflow import _complex, _overrides
from multigrad.array_api.tensorflow._derivatives import derived, summed_to
from multigrad.array_api.tensorflow._promoted import binary, by_kind, unary

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "hypot",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]


acos, asin = by_kind(_overrides.acos, _complex.acos), by_kind(_overrides.asin, _complex.asin)
atan, atanh = by_kind(tf.atan, _complex.atan), by_kind(_overrides.atanh, _complex.atanh)
acosh, asinh = by_kind(tf.acosh, _complex.acosh), by_kind(tf.asinh, _complex.asinh)
cos, sin, tan = unary(tf.cos), unary(tf.sin), by_kind(tf.tan, _complex.tan)
cosh, sinh, tanh = unary(tf.cosh), unary(tf.sinh), by_kind(tf.tanh, _complex.tanh)
exp, expm1 = unary(tf.exp), by_kind(tf.math.expm1, _complex.expm1)
log, log1p = by_kind(_overrides.log, _complex.log), by_kind(_overrides.log1p, _complex.log1p)
sqrt = by_kind(_overrides.sqrt, _complex.sqrt)


def _log(base):
    factor = math.log(base)

    def on_complex(x):
        # A complex quotient would make a NaN of the imaginary part at 0.
        y = _complex.log(x)
        return tf.complex(tf.math.real(y) / factor, tf.math.imag(y) / factor)

    return by_kind(lambda x: _overrides.log(x) / factor, on_complex)


log2, log10 = _log(2), _log(10)


def _logaddexp(x1, x2):
    swap = x2 > x1
    high, low = tf.where(swap, x2, x1), tf.where(swap, x1, x2)
    return high + tf.math.log1p(tf.exp(-_distance(high, low)))


def _distance(x1, x2):
    """Return the difference, 0 of equal infinities."""
    return tf.where(tf.math.is_inf(x1) & (x1 == x2), tf.zeros_like(x1 + x2), x1 - x2)


def _pulled_logaddexp(cotangent, _, x1, x2):
    # By slopes: of an infinite cotangent a difference of two parts would be NaN.
    distance = _distance(x1, x2)
    return [summed_to(cotangent * tf.sigmoid(sided), x) for sided, x in ((distance, x1), (-distance, x2))]


logaddexp = binary(derived(_logaddexp, _pulled_logaddexp), floating=True)
atan2, hypot = binary(_overrides.atan2, floating=True), binary(_overrides.hypot, floating=True)
