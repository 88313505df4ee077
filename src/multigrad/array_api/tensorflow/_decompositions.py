"""Decompositions, with the derivatives that TensorFlow lacks or has wrong.

TensorFlow's own rules add a small number to differences of eigenvalues and singular values (a silent 0 where they
tie), refuse full matrices, and read one triangle of a symmetric matrix. Each function takes one floating tensor with at
least two axes; the last two are the matrix.
"""

import math

import numpy as np
import tensorflow as tf

from multigrad.array_api.tensorflow import _graph_linalg
from multigrad.array_api.tensorflow._dtypes import astype, finfo
from multigrad.array_api.tensorflow._matrices import (
    adjoint,
    as_column,
    as_row,
    each,
    hermitian,
    identity,
    is_finite,
    missing,
    scaled,
    triangular_solve,
    with_rule,
)
from multigrad.array_api.tensorflow._regular import holds, values
from multigrad.array_api.tensorflow._slicing import sliced


def cholesky(x):
    """Return the lower factor."""
    factor = tf.linalg.cholesky(hermitian(tf.stop_gradient(x)))
    positive = tf.math.real(tf.linalg.diag_part(factor)) > 0
    if not holds(positive):
        # Of a matrix that is not positive definite some kernels leave what they had computed by then.
        definite = each(tf.reduce_all(positive, axis=-1))
        factor = tf.where(definite, tf.linalg.band_part(factor, -1, 0), missing(x))
    # Of x, not of its symmetric part: the cotangent is symmetric already.
    return with_rule((factor,), (x,), _cholesky_rule)[0]


def _cholesky_rule(outputs, _, cotangents):
    (factor,), (g,) = outputs, cotangents
    inner = tf.linalg.band_part(tf.matmul(factor, g, adjoint_a=True), -1, 0)
    inner = tf.linalg.set_diag(inner, 0.5 * tf.linalg.diag_part(inner))
    if tf.executing_eagerly():
        inner = tf.linalg.triangular_solve(factor, inner, lower=True, adjoint=True)
        return hermitian(tf.linalg.triangular_solve(factor, adjoint(inner), lower=True, adjoint=True))
    # XLA solves in four times the time of a product.
    inverse = tf.linalg.triangular_solve(factor, tf.broadcast_to(identity(factor), tf.shape(factor)), lower=True)
    return hermitian(tf.matmul(inverse, tf.matmul(inner, inverse), adjoint_a=True))


def qr(x, full):
    """Return Q and R."""
    rows, columns = x.shape[-2:]
    if rows is None or columns is None:
        return with_rule(_plain_qr(x, full), (x,), _qr_refusal)
    q, r = _plain_qr(x, full)
    if rows < columns:
        q, first = with_rule((q, r[..., :rows]), (x[..., :rows],), _qr_rule)
        return q, tf.concat([first, tf.matmul(q, x[..., rows:], adjoint_a=True)], -1)
    rest, below = q[..., columns:], r[..., columns:, :]
    q, r = with_rule((q[..., :columns], r[..., :columns, :]), (x,), _qr_rule)
    if full and rows > columns:
        return _completed(q, rest), tf.concat([r, tf.zeros_like(below)], -2)
    return q, r


def _plain_qr(x, full):
    """Return Q and R without a derivative.

    The kernels make the identity of Q, or NaN, where the squares of a column are not representable: such columns are
    scaled by powers of 2.
    """
    x = tf.stop_gradient(x)
    if tf.executing_eagerly() and "CPU" in x.device:
        q, r = tf.linalg.qr(x, full_matrices=full)
        sizes, far = np.abs(np.diagonal(values(r), axis1=-2, axis2=-1)), _far(r)
        if ((sizes > 1 / far) & (sizes < far)).all():
            return q, r
    size = tf.maximum(tf.abs(tf.math.real(x)), tf.abs(tf.math.imag(x))) if x.dtype.is_complex else tf.abs(x)
    scale = astype(_scale(tf.reduce_max(size, axis=-2, keepdims=True)), x.dtype)
    q, r = tf.linalg.qr(x * scale, full_matrices=full)
    return q, r / scale


def _scale(x):
    """Return the power of 2 that brings the squares of numbers into the range of the dtype, 1 where they are in it."""
    size, far = tf.abs(x), _far(x)
    one, factor = tf.ones_like(size), far**1.5
    return tf.where(size > far, one / factor, tf.where((size < 1 / far) & (size > 0), one * factor, one))


def _far(x):
    """Return a number whose square is still far from the limits of the dtype, a power of 2."""
    return 2.0 ** (3 * (math.frexp(finfo(x.dtype).max)[1] // 8))


def _qr_refusal(_, inputs, __):
    raise ValueError(
        f"The derivative of xp.linalg.qr needs matrices of a known size, got shape {tuple(inputs[0].shape)}. Set it "
        "with tf.ensure_shape or in the input_signature of the tf.function."
    )


def _qr_rule(outputs, _, cotangents):
    (q, r), (g_q, g_r) = outputs, cotangents
    inner = tf.matmul(g_r, r, adjoint_b=True) - tf.matmul(q, g_q, adjoint_a=True)
    inner = tf.linalg.band_part(inner, 0, -1)
    diagonal = astype(tf.math.real(tf.linalg.diag_part(inner)), inner.dtype)
    inner = tf.linalg.set_diag(inner + adjoint(inner), diagonal)
    return adjoint(triangular_solve(r, adjoint(g_q + tf.matmul(q, inner)), lower=False))


def _completed(basis, rest):
    """Append the further vectors of an orthonormal basis, which turn no more than the first ones make them."""

    def rule(outputs, inputs, cotangents):
        (rest,), (basis,), (g,) = outputs, inputs, cotangents
        return -tf.matmul(rest, tf.matmul(g, basis, adjoint_a=True))

    return tf.concat([basis, *with_rule((rest,), (basis,), rule)], -1)


def _rounding(values, size):
    """Return how far rounding may move the eigenvalues or singular values of a matrix of some size."""
    largest = tf.reduce_max(tf.abs(tf.stop_gradient(values)), axis=-1, keepdims=True)
    return largest * (tf.cast(size, values.dtype) * finfo(values.dtype).eps)


def _tied(values):
    """Tell which pairs of eigenvalues or singular values are equal but for rounding."""
    values = tf.stop_gradient(values)
    distances = tf.abs(as_row(values) - as_column(values))
    return distances <= as_column(_rounding(values, tf.shape(values)[-1]))


def _shared(g, values):
    """Return the cotangents of eigenvalues or singular values; equal ones share theirs equally (rule 7)."""
    groups = tf.cast(_tied(values), g.dtype)
    return tf.linalg.matvec(groups / tf.reduce_sum(groups, axis=-1, keepdims=True), g)


def _reciprocal_differences(x):
    """Return 1 / (x[j] - x[i]) for all pairs, 0 on the diagonal; NaN where two tie, whose vectors are free (rule 7)."""
    differences = as_row(x) - as_column(x)
    differences = tf.where(_tied(x), missing(x), differences)
    return 1 / tf.linalg.set_diag(differences, tf.fill(tf.shape(x), tf.constant(math.inf, x.dtype)))


def _where_finite(finite, x):
    """Return x with zeros, of which a kernel makes something, in place of matrices that are not finite."""
    return x if holds(finite) else tf.where(finite, x, tf.zeros_like(x))


def _of_finite(finite, result):
    """Return what a kernel made of finite matrices, NaN for the others."""
    return result if holds(finite) else tf.where(finite, result, missing(result))


def eigvalsh(x):
    if not tf.executing_eagerly():
        return eigh(x)[0]  # the values get their digits by the vectors
    x = hermitian(x)
    finite = is_finite(x)
    values = tf.math.real(tf.linalg.eigvalsh(tf.stop_gradient(_where_finite(each(finite), x))))
    values = _of_finite(as_column(finite), values)

    def rule(_, inputs, cotangents):
        return _eigenvalues_pulled(eigh(inputs[0])[1], values, cotangents[0])

    return with_rule((values,), (x,), rule)[0]


def eigh(x):
    """Return the eigenvalues and the eigenvectors."""
    x = hermitian(x)
    finite = each(is_finite(x))
    safe = tf.stop_gradient(_where_finite(finite, x))
    values, vectors = tf.linalg.eigh(safe)
    if not tf.executing_eagerly():
        values, vectors = _graph_linalg.eigh(safe, vectors)
    vectors = _of_finite(finite, vectors)
    values = _of_finite(sliced(finite, (Ellipsis, 0)), tf.math.real(values))

    # Apart from each other: at a tie the values have a derivative and the vectors have none.
    def values_of(x):
        return with_rule((values,), (x,), values_rule)[0]

    def vectors_of(x):
        return with_rule((vectors,), (x,), vectors_rule)[0]

    def values_rule(_, inputs, cotangents):
        return _eigenvalues_pulled(vectors_of(inputs[0]), values, cotangents[0])

    def vectors_rule(outputs, inputs, cotangents):
        (v,), (x,), (g,) = outputs, inputs, cotangents
        inner = tf.matmul(v, g, adjoint_a=True) * astype(_reciprocal_differences(values_of(x)), v.dtype)
        return hermitian(tf.matmul(tf.matmul(v, inner), v, adjoint_b=True))

    return values_of(x), vectors_of(x)


def _eigenvalues_pulled(vectors, values, g):
    return tf.matmul(scaled(vectors, _shared(g, values)), vectors, adjoint_b=True)


def plain_svd(x, full):
    """Return S, U and V without a derivative; NaN also where the kernel for complex numbers makes zeros of it."""
    finite = each(is_finite(x))
    s, u, v = tf.linalg.svd(tf.stop_gradient(x), full_matrices=full)
    if not tf.executing_eagerly():
        s, u, v = _graph_linalg.svd(tf.stop_gradient(x), u, v, tf.shape(s)[-1])
    return _of_finite(sliced(finite, (Ellipsis, 0)), s), _of_finite(finite, u), _of_finite(finite, v)


def svdvals(x):
    if not tf.executing_eagerly():
        return svd(x, full=False)[1]
    values = tf.linalg.svd(tf.stop_gradient(x), compute_uv=False)
    values = _of_finite(as_column(is_finite(x)), values)

    def rule(_, inputs, cotangents):
        u, _, v = svd(inputs[0], full=False)
        return _singular_values_pulled(u, v, values, cotangents[0])

    return with_rule((values,), (x,), rule)[0]


def svd(x, full):
    """Return U, S and V."""
    values, u_all, v_all = plain_svd(x, full)
    count = min(x.shape[-2:]) if None not in x.shape[-2:] else tf.shape(values)[-1]
    first = (u_all[..., :count], v_all[..., :count])

    # Apart from each other: at a tie the values have a derivative and the vectors have none.
    def values_of(x):
        return with_rule((values,), (x,), values_rule)[0]

    def vectors_of(x):
        return with_rule(first, (x,), vectors_rule)

    def values_rule(_, inputs, cotangents):
        return _singular_values_pulled(*vectors_of(inputs[0]), values, cotangents[0])

    def vectors_rule(outputs, inputs, cotangents):
        return _singular_vectors_pulled(*outputs, values_of(inputs[0]), *cotangents)

    u, v = vectors_of(x)
    if full and _graph_linalg.may_leave(u):
        u = _completed(u, u_all[..., count:])
    if full and _graph_linalg.may_leave(v):
        v = _completed(v, v_all[..., count:])
    return u, values_of(x), v


def _singular_values_pulled(u, v, values, g):
    # Slope 0 at a zero singular value (rule 7).
    zero = values <= _rounding(values, tf.maximum(tf.shape(u)[-2], tf.shape(v)[-2]))
    g = tf.where(zero, tf.zeros_like(g), _shared(g, values))
    return tf.matmul(scaled(u, g), v, adjoint_b=True)


def _singular_vectors_pulled(u, v, s, g_u, g_v):
    # Exact where two values differ by little: the difference first, the sum after it.
    reciprocals = _reciprocal_differences(s) / (as_row(s) + as_column(s))
    reciprocals = astype(tf.linalg.set_diag(reciprocals, tf.zeros_like(s)), u.dtype)
    u_g, v_g = tf.matmul(u, g_u, adjoint_a=True), tf.matmul(v, g_v, adjoint_a=True)
    weights = astype(s, u.dtype)
    inner = reciprocals * (u_g - adjoint(u_g)) * as_row(weights)
    inner += as_column(weights) * reciprocals * (v_g - adjoint(v_g))
    if u.dtype.is_complex:  # a common phase of two vectors is free, their phase against each other is not
        turn = tf.math.imag(tf.linalg.diag_part(u_g)) / tf.where(s == 0, tf.ones_like(s), s)  # a 0 takes no part
        inner += tf.linalg.diag(tf.complex(tf.zeros_like(turn), turn))
    result = tf.matmul(tf.matmul(u, inner), v, adjoint_b=True)
    # Vectors also turn out of the space that they span, unless it is the whole space.
    if _graph_linalg.may_leave(u):
        outside = scaled(g_u - tf.matmul(u, u_g), 1 / s)
        result += tf.matmul(outside, v, adjoint_b=True)
    if _graph_linalg.may_leave(v):
        outside = scaled(g_v - tf.matmul(v, v_g), 1 / s)
        result += tf.matmul(u, outside, adjoint_b=True)
    return result
