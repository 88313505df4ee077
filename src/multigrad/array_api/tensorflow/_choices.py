"""Choices between two: maximum, minimum, clip.

At a tie TensorFlow gives the whole derivative to one operand, at NaN a number, 0 or 1 (measured on TensorFlow 2.21).
"""

import tensorflow as tf

from multigrad.array_api.tensorflow._derivatives import derived, summed_to
from multigrad.array_api.tensorflow._dtypes import constant
from multigrad.array_api.tensorflow._regular import smallest

_raw = tf.raw_ops


def _times(x, y):
    return _raw.Mul(x=x, y=y)


def _half(x):
    return _times(x, constant(0.5, x))


def _choice(forward, difference):
    """Return the larger or smaller of two: half to each at a tie, NaN to both at NaN, as the sign of the difference."""

    def sign(x, y):
        return _raw.Sign(x=difference(x, y))

    def pull(cotangent, _, x, y):
        half = _half(cotangent)
        turned = _times(half, sign(x, y))
        return [summed_to(_raw.AddV2(x=half, y=turned), x), summed_to(_raw.Sub(x=half, y=turned), y)]

    of_two = derived(forward, pull)

    def with_number(x, number):
        number = constant(number, x)

        def pull(cotangent, _, x):
            distance = difference(x, number)
            if smallest(_raw.Abs(x=distance)) > 0:
                return [_raw.ReluGrad(gradients=cotangent, features=distance)]
            half = _half(cotangent)
            return [_raw.AddV2(x=half, y=_times(half, _raw.Sign(x=distance)))]

        return derived(lambda x: forward(x, number), pull)(x)

    def call(x, y):
        if isinstance(x, _NUMBERS):
            x, y = y, x
        if isinstance(y, _NUMBERS):
            return with_number(x, y) if x.dtype.is_floating else forward(x, constant(y, x))
        return of_two(x, y) if x.dtype.is_floating else forward(x, y)

    return call


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
maximum = _choice(_larger, _difference)
minimum = _choice(_smaller, lambda x, y: _difference(y, x))


def clip_to_numbers(x, low, high):
    """Clip between two Python numbers, the lower one first."""
    low, high = constant(low, x), constant(high, x)

    def forward(x):
        return _raw.Minimum(x=_raw.Maximum(x=x, y=low), y=high)

    def pull(cotangent, _, x):
        # 0 also where both bounds are x.
        inside = _raw.AddV2(x=_sign_of_difference(x, low), y=_sign_of_difference(high, x))
        return [_times(_half(cotangent), inside)]

    return derived(forward, pull)(x)


def clip_to_arrays(x, low, high):
    """Clip between two tensors, which may be in any order."""

    def forward(x, low, high):
        return _smaller(_larger(x, low), high)

    def pull(cotangent, _, x, low, high):
        above = _sign_of_difference(x, low)
        below = _sign_of_difference(high, _larger(x, low))
        half = _half(cotangent)
        # None is inside where both bounds are x, and where they are in the wrong order.
        in_x = _times(half, _raw.Relu(features=_raw.AddV2(x=above, y=below)))
        turned = _times(half, below)
        in_high = _raw.Sub(x=half, y=turned)
        in_low = _raw.Sub(x=_raw.AddV2(x=half, y=turned), y=in_x)
        return [summed_to(one, z) for one, z in ((in_x, x), (in_low, low), (in_high, high))]

    return derived(forward, pull)(x, low, high)
