"""Choices between two: maximum, minimum, clip.

At a tie TensorFlow gives the whole derivative to one operand, at NaN a number, 0 or 1 (measured on TensorFlow 2.21).
"""

import math

import numpy as np
import tensorflow as tf

from multigrad.array_api.tensorflow._derivatives import derived, summed_to
from multigrad.array_api.tensorflow._dtypes import constant
from multigrad.array_api.tensorflow._regular import is_readable, values

_raw = tf.raw_ops


def _times(x, y):
    return _raw.Mul(x=x, y=y)


def _half(x):
    return _times(x, constant(0.5, x))


def _choice(forward, difference, is_chosen, signed):
    """Return the larger or smaller of two: half to each at a tie, NaN to both at NaN, as the sign of the difference.

    ``signed`` is the difference to 0.
    """

    def sign(x, y):
        return _raw.Sign(x=difference(x, y))

    def pull(cotangent, _, x, y):
        # As factors: half of an infinite cotangent at a tie, NaN for what was not chosen (rule 5).
        half, turned = constant(0.5, x), _half(sign(x, y))
        slopes = _raw.AddV2(x=turned, y=half), _raw.Sub(x=half, y=turned)
        return [summed_to(_times(cotangent, slope), z) for slope, z in zip(slopes, (x, y), strict=True)]

    of_two = derived(forward, pull)

    def with_number(x, value):
        number = constant(value, x)

        def pull(cotangent, _, x):
            if is_readable(x):
                bound = np.asarray(value, x.dtype.as_numpy_dtype)
                if _is_apart(values(x), bound):  # one operation, by a product
                    return [_raw.ReluGrad(gradients=cotangent, features=difference(x, number) if value else signed(x))]
                return [_times(cotangent, _slope(values(x), bound, is_chosen))]
            return [_times(cotangent, _raw.AddV2(x=_half(sign(x, number)), y=constant(0.5, x)))]

        return derived(lambda x: forward(x, number), pull)(x)

    def call(x, y):
        if isinstance(x, _NUMBERS):
            x, y = y, x
        if isinstance(y, _NUMBERS):
            return with_number(x, y) if x.dtype.is_floating else forward(x, constant(y, x))
        return of_two(x, y) if x.dtype.is_floating else forward(x, y)

    return call


def _is_apart(x, number):
    """Tell whether no element is the number or NaN."""
    return np.count_nonzero(x > number) + np.count_nonzero(x < number) == x.size


def _slope(x, number, is_chosen):
    """Return the slope of a choice beside a number from the values, by NumPy: in half of the passes."""
    slope = is_chosen(x, number).astype(x.dtype)
    slope[x == number] = 0.5
    if not np.isfinite(number) or np.isnan(x.min()):
        with np.errstate(invalid="ignore"):
            slope[np.isnan(x - number)] = math.nan
    return tf.convert_to_tensor(slope)


_NUMBERS = (bool, int, float, complex)


def _difference(x, y):
    return _raw.Sub(x=x, y=y)


def _sign_of_difference(x, y):
    return _raw.Sign(x=_difference(x, y))


def _with_missing(operation):
    def call(x, y):
        result = operation(x=x, y=y)
        if tf.executing_eagerly() or not y.dtype.is_floating:
            return result
        return tf.where(_raw.IsNan(x=y), y, result)  # XLA passes over NaN in the second operand

    return call


_larger, _smaller = _with_missing(_raw.Maximum), _with_missing(_raw.Minimum)
maximum = _choice(_larger, _difference, np.greater, lambda x: x)
minimum = _choice(_smaller, lambda x, y: _difference(y, x), np.less, lambda x: _raw.Neg(x=x))


def clip_to_numbers(x, low, high):
    """Clip between two Python numbers, the lower one first."""
    low, high = constant(low, x), constant(high, x)

    def forward(x):
        return _raw.Minimum(x=_raw.Maximum(x=x, y=low), y=high)

    def pull(cotangent, _, x):
        # 0 also where both bounds are x.
        if not tf.executing_eagerly():
            return [_times(cotangent, _clip_slope(x, low, high))]
        inside = _raw.AddV2(x=_sign_of_difference(x, low), y=_sign_of_difference(high, x))
        return [_times(_half(cotangent), inside)]

    return derived(forward, pull)(x)


def _clip_slope(x, low, high):
    """Return the slope of a clip by comparisons, which XLA makes one loop of, without a pass for each."""
    zero, one, nan = (constant(value, x) for value in (0.0, 1.0, math.nan))
    at_a_bound = tf.where(low < high, constant(0.5, x), zero)
    outside = tf.where(tf.math.is_nan(x), nan, zero)
    return tf.where((x > low) & (x < high), one, tf.where((x == low) | (x == high), at_a_bound, outside))


def clip_to_arrays(x, low, high):
    """Clip between two tensors, which may be in any order."""

    def forward(x, low, high):
        return _smaller(_larger(x, low), high)

    def pull(cotangent, _, x, low, high):
        above = _sign_of_difference(x, low)
        below = _sign_of_difference(high, _larger(x, low))
        half, turned = constant(0.5, x), _half(below)
        # None is inside where both bounds are x, and where they are in the wrong order.
        in_x = _half(_raw.Relu(features=_raw.AddV2(x=above, y=below)))
        in_high = _raw.Sub(x=half, y=turned)
        in_low = _raw.Sub(x=_raw.AddV2(x=half, y=turned), y=in_x)
        return [summed_to(_times(cotangent, slope), z) for slope, z in ((in_x, x), (in_low, low), (in_high, high))]

    return derived(forward, pull)(x, low, high)
