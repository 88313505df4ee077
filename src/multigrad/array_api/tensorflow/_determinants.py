"""Determinants, with derivatives that are right at singular and complex matrices, where TensorFlow's are not."""

import tensorflow as tf

from multigrad.array_api.tensorflow._decompositions import plain_svd
from multigrad.array_api.tensorflow._dtypes import astype, finfo
from multigrad.array_api.tensorflow._inverses import inv, poison, wave
from multigrad.array_api.tensorflow._matrices import adjoint, each, identity, missing, scaled, with_rule
from multigrad.array_api.tensorflow._regular import holds
from multigrad.array_api.tensorflow._slicing import sliced


def det(x):
    size = x.shape[-1]
    if size is not None and size <= 3:
        return _small_det(x, size)
    return with_rule((tf.linalg.det(tf.stop_gradient(x)),), (x,), _det_rule)[0]


def _small_det(x, size):
    """Return the polynomial itself, whose derivatives are exact in every order and known to every compiler."""
    if size < 2:
        return tf.reduce_prod(tf.linalg.diag_part(x), axis=-1)
    if size == 2:
        a, b, c, d = (sliced(x, (Ellipsis, row, column)) for row in (0, 1) for column in (0, 1))
        return a * d - b * c
    a, b, c = tf.unstack(x, axis=-2)
    b1, b2, c1, c2 = (tf.roll(row, shift, -1) for row in (b, c) for shift in (-1, -2))
    return tf.reduce_sum(a * (b1 * c2 - b2 * c1), axis=-1)


def _det_rule(outputs, inputs, cotangents):
    (value,), (x,), (g,) = outputs, inputs, cotangents
    return each(g) * _adjugate(x, tf.stop_gradient(value))


def _adjugate(x, determinant):
    """Return the adjoint of the adjugate matrix, which is the gradient of the determinant, singular or not."""
    value = _adjugate_by_inverse(tf.stop_gradient(x), determinant) if tf.executing_eagerly() else None
    if value is None:
        s, u, v = plain_svd(x, full=False)
        value = _phase(u, v) * tf.matmul(scaled(u, _before(s) * _after(s)), v, adjoint_b=True)

    def rule(_, inputs, cotangents):
        return _hessian_product(inputs[0], cotangents[0], *plain_svd(inputs[0], full=False))

    return with_rule((value,), (x,), rule)[0]


def _adjugate_by_inverse(x, determinant):
    """Return the same by the inverse; None where a matrix is so ill-conditioned that its inverse has few digits."""
    try:
        inverse = tf.linalg.inv(x, adjoint=True)
    except tf.errors.InvalidArgumentError:
        return None
    if not (_has_all_digits(x, inverse, None) or _has_all_digits(x, inverse, (-2, -1))):
        return None
    return each(tf.math.conj(determinant)) * inverse


def _has_all_digits(x, inverse, axes):
    """Tell whether condition numbers are small: of all matrices together, which is sooner known, or of each one."""
    largest, largest_inverse = (_largest(matrices, axes) for matrices in (x, inverse))
    return bool(tf.reduce_max(largest * largest_inverse) < finfo(x.dtype).eps ** -0.5)  # NaN is none


def _largest(x, axes):
    if x.dtype.is_complex:
        return tf.reduce_max(tf.abs(x), axis=axes)
    return tf.maximum(tf.reduce_max(x, axis=axes), -tf.reduce_min(x, axis=axes))


def _phase(u, v):
    return each(tf.linalg.det(v) * tf.math.conj(tf.linalg.det(u)))


def _before(s):
    return tf.math.cumprod(s, axis=-1, exclusive=True)


def _after(s):
    return tf.math.cumprod(s, axis=-1, exclusive=True, reverse=True)


def _hessian_product(x, g, s, u, v):
    """Return the determinant's second derivative in one direction, singular or not."""
    # Products of all singular values but two: those before the first, between, and after the second.
    follows = tf.range(tf.shape(s)[-1]) > tf.range(tf.shape(s)[-1])[:, tf.newaxis]
    spread = tf.where(follows, s[..., tf.newaxis, :], tf.ones_like(s)[..., tf.newaxis, :])
    half = _before(s)[..., :, tf.newaxis] * _before(spread) * _after(s)[..., tf.newaxis, :]
    half = tf.where(follows, half, tf.zeros_like(half))
    others = astype(half + tf.linalg.matrix_transpose(half), x.dtype)

    inner = tf.matmul(tf.matmul(v, tf.stop_gradient(g), adjoint_a=True, adjoint_b=True), u)
    from_diagonal = tf.linalg.matvec(others, tf.linalg.diag_part(inner))
    inner = tf.linalg.set_diag(-others * inner, from_diagonal)
    value = _phase(u, v) * tf.matmul(tf.matmul(u, inner), v, adjoint_b=True)
    noise = tf.cast(tf.shape(s)[-1], s.dtype) * finfo(s.dtype).eps * s[..., 0]
    regular = each(s[..., -1] > noise)

    def rule(_, inputs, cotangents):
        # From the third order on by the inverse: NaN, not noise, where there is none.
        by_x = _hessian_product_pulled(inputs, cotangents)
        # Along g it is linear, and symmetric: a tangent that comes by transposing needs no third order.
        by_g = _hessian_product(tf.stop_gradient(inputs[0]), cotangents[0], s, u, v)
        return [tf.where(regular, by_x, missing(by_x)), by_g]

    return with_rule((value,), (x, g), rule)[0]


def _hessian_product_pulled(inputs, cotangents):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        x, g = inputs
        b = inv(x)
        b_g = tf.matmul(b, g)
        product = each(tf.linalg.trace(b_g)) * b - tf.matmul(b_g, b)
        product = adjoint(each(det(x)) * product)
    return tape.gradient(product, inputs[0], cotangents[0])


def slogdet(x):
    sign, log = tf.linalg.slogdet(tf.stop_gradient(x))
    if x.dtype.is_complex:
        return with_rule((sign, tf.math.real(log)), (x,), _complex_slogdet_rule)
    return sign, with_rule((log,), (x,), _logarithm_rule)[0]  # a real sign is flat (rule 3)


def _complex_slogdet_rule(outputs, inputs, cotangents):
    (sign, log), (g_sign, g) = outputs, cotangents  # the sign turns where x changes
    return _logarithm_rule((log,), inputs, (tf.complex(g, -tf.math.imag(tf.math.conj(g_sign) * sign)),))


def _logarithm_rule(outputs, inputs, cotangents):
    (log,), (x,), (g,) = outputs, inputs, cotangents
    finite = tf.math.is_finite(log)
    if holds(finite):
        return each(g) * tf.linalg.inv(x, adjoint=True)
    regular = each(finite)
    inverse = inv(tf.where(regular, x, identity(x)))
    # Also along a tangent, which comes by transposing.
    return each(g) * (adjoint(inverse) + poison(regular, x) * wave(x))
