"""Elementwise functions whose derivative in TensorFlow breaks the convention, measured on TensorFlow 2.21.

The values are TensorFlow's. Beside each function stands what its native derivative gives. The slopes that tell NaN and
the border of the domain from each other do it by the square root, in as few eager operations as the native ones.
"""

import math
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

from multigrad.array_api._slopes import SLOPES
from multigrad.array_api.tensorflow._derivatives import derived, is_watched, summed_to
from multigrad.array_api.tensorflow._dtypes import HALF, constant, finfo
from multigrad.array_api.tensorflow._regular import (
    at_places,
    few_places,
    holds,
    is_normal,
    is_readable,
    largest,
    values,
)

_raw = tf.raw_ops
_slopes = SimpleNamespace()  # what the shared slopes are made of


def _times(cotangent, slope):
    return _raw.Mul(x=cotangent, y=slope)


def _by_slope(name, forward, *, keeps_result=False):
    """Return a real function of one argument whose slope is shared by the frameworks."""
    (slope,) = SLOPES[name]

    def pull(cotangent, out, x):
        return [_times(cotangent, slope(_slopes, out, x))]

    return derived(forward, pull, keeps_result=keeps_result)


def _squared_rsqrt(x):
    # 1/x for positive x, +inf at both zeros, NaN below.
    if tf.executing_eagerly():
        return _raw.Square(x=_raw.Rsqrt(x=x))
    # XLA makes one loop of these, in a quarter of the time of its root.
    return tf.where(x < constant(0.0, x), constant(math.nan, x), _raw.Abs(x=_raw.Reciprocal(x=x)))


_RESULT = {"keeps_result": True}
_slopes.sqrt_slope = _by_slope("sqrt_slope", lambda x: _raw.Abs(x=_raw.RealDiv(x=constant(0.5, x), y=x)), **_RESULT)
_slopes.log_slope = _by_slope("log_slope", _squared_rsqrt, **_RESULT)
_slopes.log1p_slope = _by_slope("log1p_slope", lambda x: _squared_rsqrt(1 + x), **_RESULT)
_slopes.asin_slope = _by_slope("asin_slope", lambda x: _raw.Rsqrt(x=(1 - x) * (1 + x)), **_RESULT)
_slopes.atanh_slope = _by_slope("atanh_slope", lambda x: _squared_rsqrt((1 - x) * (1 + x)), **_RESULT)


def _sqrt_pull(cotangent, root, x):
    if is_readable(root):
        found = values(root)
        odd = few_places(~(found > 0))
        if odd is not None and not np.any(np.signbit(found.ravel()[odd])) and np.all(at_places(cotangent, odd)):
            return [_raw.SqrtGrad(y=root, dy=cotangent)]
    return [_times(cotangent, SLOPES["sqrt"][0](_slopes, root, x))]


# -inf at -0; a zero cotangent gives 0 where the slope is infinite or NaN (rule 5).
sqrt = derived(lambda x: _raw.Sqrt(x=x), _sqrt_pull, **_RESULT)


def _root_pull(cotangent, root, _):
    return [_times(_times(cotangent, constant(0.5, root)), _raw.DivNoNan(x=tf.ones_like(root), y=root))]


# Of a sum of squares: 0 at 0 in every order, a symmetric kink.
root_of_squares = derived(lambda x: _raw.Sqrt(x=x), _root_pull, **_RESULT)

# -inf at -0; finite outside the domain.
log = _by_slope("log", lambda x: _raw.Log(x=x))
log1p = _by_slope("log1p", lambda x: _raw.Log1p(x=x))
atanh = _by_slope("atanh", lambda x: _raw.Atanh(x=x))
# Half of the digits are lost close to the border.
asin = _by_slope("asin", lambda x: _raw.Asin(x=x))
acos = _by_slope("acos", lambda x: _raw.Acos(x=x))


def _reciprocal_pull(cotangent, out, x):
    if is_readable(x):
        odd = few_places(values(x) == 0)
        if odd is not None and np.all(at_places(cotangent, odd)):
            return [_raw.ReciprocalGrad(y=out, dy=cotangent)]
    # One after the other: in the second derivative of a quotient the square of the reciprocal may overflow.
    return [_raw.Neg(x=_times(_times(cotangent, out), out))]


# A zero cotangent gives 0 at the pole (rule 5).
reciprocal = _slopes.reciprocal = derived(lambda x: _raw.Reciprocal(x=x), _reciprocal_pull, **_RESULT)


def _divide_pull(cotangent, out, x, y):
    slopes = [slope(_slopes, out, x, y) for slope in SLOPES["divide"]]
    return [summed_to(_times(cotangent, slope), z) for slope, z in zip(slopes, (x, y), strict=True)]


_slopes.multiply = _times
_divide = derived(lambda x, y: _raw.RealDiv(x=x, y=y), _divide_pull, keeps_result=True)


def divide(x, y):
    # XLA makes (x/y)/y of the native rule x/(y*y), which overflows. Without XLA the native rule is right, and faster.
    if tf.executing_eagerly() or not x.dtype.is_floating:
        return _raw.RealDiv(x=x, y=y)
    return _divide(x, y)


# --- Functions of two arguments

# The integers that hold the bits of a floating number.
BITS = {tf.float16: tf.int16, tf.bfloat16: tf.int16, tf.float32: tf.int32, tf.float64: tf.int64}


def _copysign(x, y):
    bits = BITS[x.dtype]
    size, sign = (_raw.BitwiseAnd(x=_raw.Bitcast(input=z, type=bits), y=m) for z, m in ((x, bits.max), (y, bits.min)))
    return _raw.Bitcast(input=_raw.BitwiseOr(x=size, y=sign), type=x.dtype)


def _copysign_pull(cotangent, out, x, _):
    # 0 at 0; flat in the second argument.
    slope = _times(_raw.Sign(x=tf.stop_gradient(x)), _raw.Sign(x=tf.stop_gradient(out)))
    return [summed_to(_times(cotangent, slope), x), None]


# TensorFlow has none.
copysign = derived(_copysign, _copysign_pull, **_RESULT)


def _hypot(x, y):
    if not tf.executing_eagerly():
        return _scaled_hypot(x, y)
    if x.dtype in HALF:
        return tf.cast(_hypot(tf.cast(x, tf.float32), tf.cast(y, tf.float32)), x.dtype)
    squares = _raw.AddV2(x=_raw.Square(x=x), y=_raw.Square(x=y))
    if is_normal(squares) or (largest(squares) < math.inf and _are_small_at_the_origin(squares, x, y)):
        return _raw.Sqrt(x=squares)
    x, y = tf.broadcast_to(x, squares.shape), tf.broadcast_to(y, squares.shape)
    return _raw.ComplexAbs(x=tf.complex(x, y), Tout=x.dtype)  # XLA's passes over NaN


def _are_small_at_the_origin(squares, x, y):
    """Tell whether only exact zeros have a sum of squares that is no normal number."""
    small = squares < constant(finfo(squares.dtype).smallest_normal, squares)
    return holds(_raw.Equal(x=small, y=_is_origin(x, y)))


def _is_origin(x, y):
    return _raw.LogicalAnd(x=_equal(x, 0.0), y=_equal(y, 0.0))


def _scaled_hypot(x, y):
    scale = tf.maximum(tf.abs(x), tf.abs(y))
    one = tf.ones_like(scale)
    scale = tf.where(tf.math.is_finite(scale) & (scale > 0), scale, one)
    root = scale * tf.sqrt(tf.square(x / scale) + tf.square(y / scale))
    return tf.where(tf.math.is_inf(x) | tf.math.is_inf(y), constant(math.inf, root), root)


def _hypot_pull(cotangent, out, x, y):
    # 0 at the origin, in every order.
    return [summed_to(_times(cotangent, _raw.DivNoNan(x=z, y=out)), z) for z in (x, y)]


# TensorFlow has none.
hypot = derived(_hypot, _hypot_pull, **_RESULT)


def _atan2_pull(cotangent, _, y, x):
    like_y, like_x = y, x
    squares = _raw.AddV2(x=_raw.Square(x=x), y=_raw.Square(x=y))
    # In second order the square of these would underflow: scaled by powers of 2, which spare a quotient.
    power = math.frexp(finfo(x.dtype).max)[1] / 16
    small = squares < constant(2.0 ** (-8 * power), squares)
    if not (holds(_raw.LogicalNot(x=small)) or holds(_raw.Equal(x=small, y=_is_origin(x, y)))):
        smaller = squares < constant(2.0 ** (-12 * power), squares)
        scales = [constant(2.0 ** (k * power), squares) for k in (7, 5, 0)]
        scale = tf.where(smaller, scales[0], tf.where(small, scales[1], scales[2]))
        cotangent, y, x = _times(cotangent, scale), _times(y, scale), _times(x, scale)
        squares = _raw.AddV2(x=_raw.Square(x=x), y=_raw.Square(x=y))
    over_squares = _raw.DivNoNan(x=cotangent, y=squares)
    in_y, in_x = _times(x, over_squares), _raw.Neg(x=_times(y, over_squares))
    return [summed_to(in_y, like_y), summed_to(in_x, like_x)]


# NaN at the origin.
atan2 = derived(lambda y, x: _raw.Atan2(y=y, x=x), _atan2_pull)


def _equal(x, number):
    return _raw.Equal(x=x, y=constant(number, x))


def _base_slope(x, n):
    # A constant in x at n = 0, also where x to the power of -1 is infinite or NaN (rule 6).
    no_power = _raw.LogicalOr(x=_equal(x, 0.0), y=_raw.NotEqual(x=x, y=x))
    flat = _raw.LogicalAnd(x=_equal(n, 0.0), y=no_power)
    safe = tf.where(flat, constant(1.0, x), x)
    slope = _times(n, pow(safe, _raw.Sub(x=n, y=constant(1.0, n))))
    return tf.where(flat, constant(0.0, slope), slope)


def _exponent_slope(out, x, n):
    # The limit of x**n * log(x) at 0 for n >= 0, which is 0 * inf in IEEE arithmetic.
    flat = _raw.LogicalAnd(x=_equal(x, 0.0), y=_raw.GreaterEqual(x=n, y=constant(0.0, n)))
    # By the size: the power of -0 may be -inf.
    return _times(_raw.Abs(x=out), log(tf.where(flat, constant(1.0, x), x)))


def _pow_pull(cotangent, out, x, n):
    in_x, in_n = _times(cotangent, _base_slope(x, n)), _times(cotangent, _exponent_slope(out, x, n))
    return [summed_to(in_x, x), summed_to(in_n, n)]


_pow = derived(lambda x, n: _raw.Pow(x=x, y=n), _pow_pull, keeps_result=True)


def pow(x, n):  # noqa: A001
    """Return a power of real tensors; TensorFlow's slope is NaN at (0, 0), and 0 in n where x < 0 or x = 0 > n."""
    if is_watched(n):
        return _pow(x, n)

    def pull(cotangent, _, x):
        return [summed_to(_times(cotangent, _base_slope(x, n)), x)]

    return derived(lambda x: _raw.Pow(x=x, y=n), pull)(x)
