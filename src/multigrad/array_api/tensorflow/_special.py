"""Special functions on TensorFlow's tensors.

What is not a kernel of TensorFlow's here is a formula: TensorFlow 2.21 has no log_ndtr and no beta function of that
accuracy, XLA no i0 and i1 and a quantile that is infinite in the far tail, and polygamma is wrong below 0. erf is NaN
at infinity, erfinv 0 for small arguments, digamma NaN at 0.
"""

import math
from types import SimpleNamespace

import tensorflow as tf

from multigrad.array_api import _special_formulas
from multigrad.array_api._special import special_functions
from multigrad.array_api._special_slopes import no_slope_in_a
from multigrad.array_api.tensorflow import _creation, _elementwise, _searching
from multigrad.array_api.tensorflow._derivatives import derived, is_watched, summed_to
from multigrad.array_api.tensorflow._dtypes import constant, promotion

_values = SimpleNamespace(
    **{name: getattr(_elementwise, name) for name in ("abs", "exp", "log", "log1p", "isnan", "sqrt")},
    where=_searching.where,
    erfc=tf.math.erfc,
)


def _erf(x):
    return tf.where(tf.abs(x) > 10, tf.sign(x), tf.math.erf(x))


def _erfinv(x):
    # TensorFlow's is the quantile at (1 + x) / 2, which rounds to 1 on both sides of 1, and is exact below 0.
    start = tf.math.erfinv(-tf.abs(x))
    return _special_formulas.refined_erfinv(_values, x, tf.where(x < 0, start, -start), steps=2)


def _digamma(x):
    return tf.where(tf.equal(x, 0), constant(-1.0, x) / x, tf.math.digamma(x))


def _ndtri(p):
    return tf.math.ndtri(p) if tf.executing_eagerly() else _special_formulas.ndtri(_values, p)


_values.erf, _values.erfinv = _erf, _erfinv
_values.ndtr = lambda x: _special_formulas.FORMULAS["ndtr"](_values, x)


def _ruled(function, slopes, xp):
    def value(*args):
        return function(*args)

    def recorded_in(wanted):
        def part(cotangent, slope, out, args, x):
            # What a graph asks for is known only further back: where the refusal stands, if x is differentiated at all.
            found = constant(math.nan, x) if slope is no_slope_in_a else slope(xp, out, *args)
            return summed_to(cotangent * found, x)

        def pull(cotangent, out, *args):
            return [
                part(cotangent, slope, out, args, x) if want else None
                for want, slope, x in zip(wanted, slopes, args, strict=True)
            ]

        return derived(value, pull, keeps_result=True)

    if len(slopes) == 1:
        return recorded_in((True,))
    # A constant's slope, which may be infinite or NaN, is not computed.
    of = {wanted: recorded_in(wanted) for wanted in ((True, True), (True, False), (False, True), (False, False))}

    def call(*args):
        args = [_refused(x) if slope is no_slope_in_a else x for x, slope in zip(args, slopes, strict=True)]
        return of[tuple(map(is_watched, args))](*args)

    return call


def _refuse(cotangent, _, x):
    return [no_slope_in_a(None, None, x, None)]


_refused = derived(tf.identity, _refuse)


SPECIAL = special_functions(
    _elementwise,
    {"where": _searching.where, "zeros_like": _creation.zeros_like, "ones_like": _creation.ones_like},
    {
        "digamma": _digamma,
        "erf": _erf,
        "erfc": tf.math.erfc,
        "erfinv": _erfinv,
        "gammainc": tf.math.igamma,
        "gammaincc": tf.math.igammac,
        "gammaln": tf.math.lgamma,
        "i0e": tf.math.bessel_i0e,
        "i1e": tf.math.bessel_i1e,
        "ndtri": _ndtri,
    },
    _ruled,
    promotion,
)
