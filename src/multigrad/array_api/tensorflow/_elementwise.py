"""Elementwise functions.

Each takes two tensors of one dtype: promotion comes before. Where TensorFlow has no function, compositions of
differentiable ones; flat functions cut the gradient, which then counts as zero.
"""

import functools
import math

import tensorflow as tf

from multigrad.array_api.tensorflow import _complex, _overrides
from multigrad.array_api.tensorflow._dtypes import HALF, UNSIGNED, constant, promotion
from multigrad.array_api.tensorflow._object import is_native, tensor

__all__ = [
    "abs",
    "acos",
    "acosh",
    "add",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "ceil",
    "clip",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "divide",
    "equal",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "pow",
    "real",
    "reciprocal",
    "remainder",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "trunc",
]


def unary(function):
    # Without what TensorFlow hangs on its functions: signatures of their own, marks for AutoGraph.
    def call(x):
        return function(x)

    return promotion.unary(call)


def _two(function, **options):
    def call(x1, x2):
        return function(x1, x2)

    return promotion.binary(call, numbers=False, **options)


def _raw(operation):
    """Return a binary operation without the overhead of TensorFlow's operators, half of their eager time."""

    def call(x1, x2):
        return operation(x=x1, y=x2)

    return call


add, subtract = _two(_raw(tf.raw_ops.AddV2)), _two(_raw(tf.raw_ops.Sub))
multiply, divide = _two(_raw(tf.raw_ops.Mul)), _two(_overrides.divide, floating=True)
# The comparison operators would answer False, rather than fail, for shapes that do not broadcast.
equal, not_equal = _two(tf.equal), _two(tf.not_equal)
less, less_equal = _two(tf.less), _two(tf.less_equal)
greater, greater_equal = _two(tf.greater), _two(tf.greater_equal)
maximum, minimum = promotion.binary(_overrides.maximum), promotion.binary(_overrides.minimum)
atan2 = _two(_overrides.atan2, floating=True)
logical_and, logical_or, logical_xor = _two(tf.logical_and), _two(tf.logical_or), _two(tf.math.logical_xor)


def _by_kind(on_real, on_complex):
    def call(x):
        return on_complex(x) if x.dtype.is_complex else on_real(x)

    return unary(call)


acos, asin = _by_kind(_overrides.acos, _complex.acos), _by_kind(_overrides.asin, _complex.asin)
atan, atanh = _by_kind(tf.atan, _complex.atan), _by_kind(_overrides.atanh, _complex.atanh)
acosh, asinh = _by_kind(tf.acosh, _complex.acosh), _by_kind(tf.asinh, _complex.asinh)
cos, sin, tan = unary(tf.cos), unary(tf.sin), _by_kind(tf.tan, _complex.tan)
cosh, sinh, tanh = unary(tf.cosh), unary(tf.sinh), _by_kind(tf.tanh, _complex.tanh)
exp, expm1 = unary(tf.exp), _by_kind(tf.math.expm1, _complex.expm1)
log, log1p = _by_kind(_overrides.log, _complex.log), _by_kind(_overrides.log1p, _complex.log1p)
reciprocal = _by_kind(_overrides.reciprocal, _complex.reciprocal)
sqrt = _by_kind(_overrides.sqrt, _complex.sqrt)


def _log(base):
    factor = math.log(base)

    def on_complex(x):
        # A complex quotient would make a NaN of the imaginary part at 0.
        y = _complex.log(x)
        return tf.complex(tf.math.real(y) / factor, tf.math.imag(y) / factor)

    return _by_kind(lambda x: _overrides.log(x) / factor, on_complex)


log2, log10 = _log(2), _log(10)


@functools.partial(_two, floating=True)
def nextafter(x1, x2):
    # TensorFlow's derivative is 1; a step of the grid is flat.
    return tf.math.nextafter(tf.stop_gradient(x1), tf.stop_gradient(x2))


# Small exponents as products: 19 times as fast as TensorFlow's pow, and polynomials to every order of derivative, where
# the derivatives of pow end in 0 * inf at 0.
_PRODUCTS = {
    0: tf.ones_like,
    1: tensor,
    2: tf.square,
    3: lambda x: x * tf.square(x),
    4: lambda x: tf.square(tf.square(x)),
}


def _power(x1, x2):
    if isinstance(x2, bool | int | float | complex):
        product = _PRODUCTS.get(x2)
        if product is not None:
            return product(x1)
        return _native_power(x1, constant(x2, x1))
    if isinstance(x1, bool | int | float | complex):
        x1, positive = constant(x1, x2), not isinstance(x1, complex) and x1 > 0
        return _native_power(x1, x2) if positive or not x2.dtype.is_floating else _overrides.pow(x1, x2)
    if x1.dtype.is_complex:
        return _complex.pow(x1, x2)
    return _overrides.pow(x1, x2) if x1.dtype.is_floating else _native_power(x1, x2)


def _native_power(x1, x2):
    if x1.dtype in UNSIGNED:  # no kernel; the product modulo 2**64 has the right last bits
        return tf.cast(tf.pow(tf.cast(x1, tf.int64), tf.cast(x2, tf.int64)), x1.dtype)
    return tf.pow(x1, x2)


pow = promotion.binary(_power)  # noqa: A001


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


def _remainder(x1, x2):
    result = tf.math.floormod(x1, x2)
    if not result.dtype.is_floating:
        return result
    # A zero takes the sign of the divisor; multiplying and adding keep the derivative.
    one = tf.ones_like(x2)
    side = tf.where(x2 < tf.zeros_like(x2), -one, one)
    return side * (side * result + tf.zeros_like(result))


floor_divide, remainder = _two(_floor_divide), _two(_remainder)


def _copysign(x1, x2):
    # The slope of abs at 0 is 0.
    one = tf.ones_like(x2)
    return tf.abs(x1) * tf.where(signbit(x2), -one, one)


def _logaddexp(x1, x2):
    swap = x2 > x1
    high, low = tf.where(swap, x2, x1), tf.where(swap, x1, x2)
    distance = tf.where(tf.math.is_inf(high) & (high == low), tf.zeros_like(high), low - high)
    return high + tf.math.log1p(tf.exp(distance))


copysign, logaddexp = _two(_copysign, floating=True), _two(_logaddexp, floating=True)
hypot = _two(_overrides.hypot, floating=True)


def _bitwise(on_integers, on_bools):
    def call(x1, x2):
        return (on_bools if x1.dtype == tf.bool else on_integers)(x1, x2)

    return _two(call)


bitwise_and = _bitwise(tf.bitwise.bitwise_and, tf.logical_and)
bitwise_or = _bitwise(tf.bitwise.bitwise_or, tf.logical_or)
bitwise_xor = _bitwise(tf.bitwise.bitwise_xor, tf.math.logical_xor)
bitwise_left_shift, bitwise_right_shift = _two(tf.bitwise.left_shift), _two(tf.bitwise.right_shift)


def bitwise_invert(x, /):
    return tf.logical_not(x) if x.dtype == tf.bool else tf.bitwise.invert(x)


def abs(x, /):  # noqa: A001
    if x.dtype.is_complex:
        return _complex.abs(x)
    return tensor(x) if x.dtype in UNSIGNED or x.dtype == tf.bool else tf.abs(x)


def logical_not(x, /):
    return tf.logical_not(x)


def positive(x, /):
    return tensor(x)


def square(x, /):
    return tf.square(x)


def negative(x, /):
    if x.dtype in UNSIGNED:  # no kernel; two's complement has the right last bits
        return tf.cast(-tf.cast(x, tf.int64), x.dtype)
    return tf.negative(x)


def sign(x, /):
    if x.dtype.is_complex:
        return _complex.sign(x)
    return tf.cast(tf.cast(x, tf.bool), x.dtype) if x.dtype in UNSIGNED else tf.sign(x)


def clip(x, /, min=None, max=None):
    if min is None or max is None:
        low = tensor(x) if min is None else maximum(x, min)
        return low if max is None else minimum(low, max)
    if type(min) in (int, float) and type(max) in (int, float) and x.dtype.is_floating and not min > max:
        return _overrides.clip_to_numbers(x, min, max)
    x, low = promotion.common([tensor(x), min if is_native(min) else promotion.constant(min, x)])
    if x.dtype.is_floating:
        # Where both bounds are x, they share the derivative, half to each.
        x = tf.where(tf.logical_and(equal(x, low), equal(x, max)), low, x)
    return minimum(maximum(x, low), max)


def conj(x, /):
    return tf.math.conj(x) if x.dtype.is_complex else tensor(x)


def real(x, /):
    return tf.math.real(x) if x.dtype.is_complex else tensor(x)


def imag(x, /):
    return tf.math.imag(x) if x.dtype.is_complex else tf.zeros_like(x)


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


_BITS = {tf.float16: tf.int16, tf.bfloat16: tf.int16, tf.float32: tf.int32, tf.float64: tf.int64}


def signbit(x, /):
    bits = tf.bitcast(tf.stop_gradient(x), _BITS[x.dtype])
    return bits < tf.zeros_like(bits)
