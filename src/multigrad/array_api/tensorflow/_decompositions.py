"""Determinants, inverses and decompositions, with the derivatives that TensorFlow lacks or has wrong.

TensorFlow's own rules add a small number to differences of eigenvalues and singular values (a silent 0 where they
tie), refuse full matrices, forget the sign of a complex determinant, and read one triangle of a symmetric matrix. Each
function takes one floating tensor with at least two axes; the last two are the matrix.
"""

import math

import tensorflow as tf

from multigrad.array_api.tensorflow import _graph_linalg
from multigrad.array_api.tensorflow._dtypes import astype, finfo

__all__ = ["cholesky", "det", "eigh", "eigvalsh", "inv", "pinv", "qr", "slogdet", "solve", "svd", "svdvals"]


def _with_rule(values, inputs, rule):
    """Return tensors that are known already as functions of others.

    Parameters
    ----------
    values
        Tuple of the results.
    inputs
        Tuple of the tensors that they depend on.
    rule
        ``rule(results, inputs, cotangents)`` gives the inputs' cotangents. The results that it gets have this same
        rule, so that the derivative can be differentiated again without computing a decomposition twice.
    """

    @tf.custom_gradient
    def attached(*inputs):
        def pull(*cotangents):
            return rule(_with_rule(values, inputs, rule), inputs, cotangents)

        return values, pull

    return tuple(attached(*inputs))


def _adjoint(x):
    return tf.linalg.adjoint(x)


def _hermitian(x):
    """Return the symmetric part: its derivative is the symmetrized one, whichever triangle a kernel reads."""
    return 0.5 * x + 0.5 * _adjoint(x)


def _each(condition):
    """Return a truth value for each matrix so that it broadcasts over the entries."""
    return condition[..., tf.newaxis, tf.newaxis]


def _identity(x):
    return tf.eye(tf.shape(x)[-1], dtype=x.dtype)


def _missing(x):
    return tf.constant(math.nan, x.dtype)


def _is_finite(x):
    """Tell for each matrix whether all of its entries are finite."""
    # Also for complex numbers: of the parts, abs would overflow.
    parts = (tf.math.real(x), tf.math.imag(x)) if x.dtype.is_complex else (x,)
    finite = [tf.reduce_all(tf.math.is_finite(part), axis=(-2, -1)) for part in parts]
    return finite[0] if len(finite) == 1 else finite[0] & finite[1]


def _scaled(x, factors):
    """Return x with its columns multiplied by real factors."""
    return x * astype(factors, x.dtype)[..., tf.newaxis, :]


def _triangular_solve(a, b, *, lower, adjoint=False):
    """Solve, with NaN where the kernel would refuse a matrix with a zero on the diagonal."""
    regular = _each(tf.reduce_all(tf.abs(tf.linalg.diag_part(a)) > 0, axis=-1))
    safe = tf.where(regular, a, _identity(a))
    return tf.linalg.triangular_solve(safe, tf.where(regular, b, _missing(b)), lower=lower, adjoint=adjoint)


# --- Inverses


def inv(x):
    if not tf.executing_eagerly():
        eye = tf.broadcast_to(_identity(x), tf.shape(x))
        value = tf.ensure_shape(_graph_linalg.solve(tf.stop_gradient(x), eye), x.shape)
        return _with_rule((value,), (x,), _inv_rule)[0]
    try:
        return tf.linalg.inv(x)
    except tf.errors.InvalidArgumentError:
        regular = _is_regular(x)
        return tf.linalg.inv(tf.where(regular, x, _identity(x))) + _poison(regular, x) * _wave(x)


def _inv_rule(outputs, _, cotangents):
    (p,), (g,) = outputs, cotangents
    return -tf.matmul(tf.matmul(p, g, adjoint_a=True), p, adjoint_b=True)


def solve(a, b):
    """Solve for matrices b; their batches broadcast."""
    if a.shape[:-2] != b.shape[:-2] or not a.shape.is_fully_defined() or not b.shape.is_fully_defined():
        batch = tf.broadcast_dynamic_shape(tf.shape(a)[:-2], tf.shape(b)[:-2])
        a = tf.broadcast_to(a, tf.concat([batch, tf.shape(a)[-2:]], 0))
        b = tf.broadcast_to(b, tf.concat([batch, tf.shape(b)[-2:]], 0))
    if not tf.executing_eagerly():
        value = tf.ensure_shape(_graph_linalg.solve(tf.stop_gradient(a), tf.stop_gradient(b)), b.shape)
        return _with_rule((value,), (a, b), _solve_rule)[0]
    try:
        return tf.linalg.solve(a, b)
    except tf.errors.InvalidArgumentError:
        regular = _is_regular(a)
        found = tf.linalg.solve(tf.where(regular, a, _identity(a)), b)
        return found + _poison(regular, a) * (tf.reduce_sum(_wave(a), axis=-1, keepdims=True) + _wave(b))


def _solve_rule(outputs, inputs, cotangents):
    (found,), (a, _), (g,) = outputs, inputs, cotangents
    in_b = solve(_adjoint(a), g)
    return [-tf.matmul(in_b, found, adjoint_b=True), in_b]


def _is_regular(x):
    return _each(tf.math.is_finite(tf.math.real(tf.linalg.slogdet(tf.stop_gradient(x))[1])))


def _wave(x):
    """Return bounded numbers of which no derivative is constant, so that a NaN stays one in every order."""
    return tf.cast(tf.sin(tf.math.real(x)), x.dtype)


def _poison(regular, x):
    """Return a factor whose product is NaN, and has the derivative NaN, for the matrices that are not regular."""
    return tf.where(regular, tf.zeros((), x.dtype), _missing(x))


def pinv(x, rtol):
    s, u, v = _plain_svd(x, full=False)
    cutoff = rtol[..., tf.newaxis] * tf.reduce_max(s, axis=-1, keepdims=True)
    used = s > cutoff
    reciprocals = tf.where(used, 1 / tf.where(used, s, tf.ones_like(s)), tf.zeros_like(s))
    value = tf.matmul(_scaled(v, reciprocals), u, adjoint_b=True)
    return _with_rule((value,), (x,), _pinv_rule)[0]


def _pinv_rule(outputs, inputs, cotangents):
    # The rank is constant in a neighborhood; no difference of singular values is in it.
    (p,), (a,), (g,) = outputs, inputs, cotangents
    from_p = tf.matmul(tf.matmul(p, g, adjoint_a=True), p, adjoint_b=True)
    g_p = tf.matmul(tf.matmul(g, p, adjoint_a=True), p, adjoint_b=True)
    p_g = tf.matmul(tf.matmul(p, p, adjoint_a=True), g, adjoint_b=True)
    outside_range = g_p - tf.matmul(a, tf.matmul(p, g_p))
    outside_rows = p_g - tf.matmul(tf.matmul(p_g, p), a)
    return outside_range + outside_rows - from_p


# --- Determinants


def det(x):
    size = x.shape[-1]
    if size is not None and size <= 3:
        return _small_det(x, size)
    return _with_rule((tf.linalg.det(tf.stop_gradient(x)),), (x,), _det_rule)[0]


def _small_det(x, size):
    """Return the polynomial itself, whose derivatives are exact in every order and known to every compiler."""
    if size < 2:
        return tf.reduce_prod(tf.linalg.diag_part(x), axis=-1)
    if size == 2:
        return x[..., 0, 0] * x[..., 1, 1] - x[..., 0, 1] * x[..., 1, 0]
    a, b, c = tf.unstack(x, axis=-2)
    b1, b2, c1, c2 = (tf.roll(row, shift, -1) for row in (b, c) for shift in (-1, -2))
    return tf.reduce_sum(a * (b1 * c2 - b2 * c1), axis=-1)


def _det_rule(_, inputs, cotangents):
    (x,), (g,) = inputs, cotangents
    return _each(g) * _adjugate(x)


def _adjugate(x):
    """Return the adjoint of the adjugate matrix, which is the gradient of the determinant, singular or not."""
    value = _adjugate_by_inverse(x) if tf.executing_eagerly() else None
    if value is None:
        s, u, v = _plain_svd(x, full=False)
        value = _phase(u, v) * tf.matmul(_scaled(u, _before(s) * _after(s)), v, adjoint_b=True)

    def rule(_, inputs, cotangents):
        return _hessian_product(inputs[0], cotangents[0], *_plain_svd(inputs[0], full=False))

    return _with_rule((value,), (x,), rule)[0]


def _adjugate_by_inverse(x):
    """Return the same by the inverse; None where a matrix is so ill-conditioned that its inverse has few digits."""
    x = tf.stop_gradient(x)
    try:
        inverse = tf.linalg.inv(x)
    except tf.errors.InvalidArgumentError:
        return None
    sizes = [tf.reduce_max(tf.abs(matrix), axis=(-2, -1)) for matrix in (x, inverse)]
    condition = tf.reduce_max(tf.math.multiply(*sizes))
    if not condition < finfo(x.dtype).eps ** -0.5:  # NaN neither
        return None
    return _each(tf.math.conj(tf.linalg.det(x))) * _adjoint(inverse)


def _phase(u, v):
    return _each(tf.linalg.det(v) * tf.math.conj(tf.linalg.det(u)))


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
    regular = _each(s[..., -1] > noise)

    def rule(_, inputs, cotangents):
        # From the third order on by the inverse: NaN, not noise, where there is none.
        found = _hessian_product_pulled(inputs, cotangents)
        return [tf.where(regular, one, _missing(one)) for one in found]

    return _with_rule((value,), (x, g), rule)[0]


def _hessian_product_pulled(inputs, cotangents):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        x, g = inputs
        b = inv(x)
        b_g = tf.matmul(b, g)
        product = _each(tf.linalg.trace(b_g)) * b - tf.matmul(b_g, b)
        product = _adjoint(_each(det(x)) * product)
    return tape.gradient(product, inputs, cotangents)


def slogdet(x):
    sign, log = tf.linalg.slogdet(tf.stop_gradient(x))
    return _with_rule((sign, tf.math.real(log)), (x,), _slogdet_rule)


def _slogdet_rule(outputs, inputs, cotangents):
    (sign, log), (x,), (g_sign, g) = outputs, inputs, cotangents
    if x.dtype.is_complex:  # the sign turns where x changes; that of a real matrix is constant
        g = tf.complex(g, -tf.math.imag(tf.math.conj(g_sign) * sign))
    regular = _each(tf.math.is_finite(log))
    inverse = inv(tf.where(regular, x, _identity(x)))
    # Also along a tangent, which comes by transposing.
    return _each(g) * (_adjoint(inverse) + _poison(regular, x) * _wave(x))


# --- Decompositions


def cholesky(x):
    """Return the lower factor."""
    x = _hermitian(x)
    factor = tf.linalg.cholesky(tf.stop_gradient(x))
    # Of a matrix that is not positive definite some kernels leave what they had computed by then.
    definite = _each(tf.reduce_all(tf.math.real(tf.linalg.diag_part(factor)) > 0, axis=-1))
    factor = tf.where(definite, tf.linalg.band_part(factor, -1, 0), _missing(x))
    return _with_rule((factor,), (x,), _cholesky_rule)[0]


def _cholesky_rule(outputs, _, cotangents):
    (factor,), (g,) = outputs, cotangents
    inner = tf.linalg.band_part(tf.matmul(factor, g, adjoint_a=True), -1, 0)
    inner = tf.linalg.set_diag(inner, 0.5 * tf.linalg.diag_part(inner))
    inner = _triangular_solve(factor, inner, lower=True, adjoint=True)
    return _hermitian(_triangular_solve(factor, _adjoint(inner), lower=True, adjoint=True))


def qr(x, full):
    """Return Q and R."""
    rows, columns = x.shape[-2:]
    if rows is None or columns is None:
        return _with_rule(tf.linalg.qr(tf.stop_gradient(x), full_matrices=full), (x,), _qr_refusal)
    q, r = tf.linalg.qr(tf.stop_gradient(x), full_matrices=full)
    if rows < columns:
        q, first = _with_rule((q, r[..., :rows]), (x[..., :rows],), _qr_rule)
        return q, tf.concat([first, tf.matmul(q, x[..., rows:], adjoint_a=True)], -1)
    rest, below = q[..., columns:], r[..., columns:, :]
    q, r = _with_rule((q[..., :columns], r[..., :columns, :]), (x,), _qr_rule)
    if full and rows > columns:
        return _completed(q, rest), tf.concat([r, tf.zeros_like(below)], -2)
    return q, r


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
    inner = tf.linalg.set_diag(inner + _adjoint(inner), diagonal)
    return _adjoint(_triangular_solve(r, _adjoint(g_q + tf.matmul(q, inner)), lower=False))


def _completed(basis, rest):
    """Append the further vectors of an orthonormal basis, which turn no more than the first ones make them."""

    def rule(outputs, inputs, cotangents):
        (rest,), (basis,), (g,) = outputs, inputs, cotangents
        return -tf.matmul(rest, tf.matmul(g, basis, adjoint_a=True))

    return tf.concat([basis, *_with_rule((rest,), (basis,), rule)], -1)


def _rounding(values, size):
    """Return how far rounding may move the eigenvalues or singular values of a matrix of some size."""
    largest = tf.reduce_max(tf.abs(tf.stop_gradient(values)), axis=-1, keepdims=True)
    return largest * (tf.cast(size, values.dtype) * finfo(values.dtype).eps)


def _tied(values):
    """Tell which pairs of eigenvalues or singular values are equal but for rounding."""
    values = tf.stop_gradient(values)
    distances = tf.abs(values[..., tf.newaxis, :] - values[..., :, tf.newaxis])
    return distances <= _rounding(values, tf.shape(values)[-1])[..., tf.newaxis]


def _shared(g, values):
    """Return the cotangents of eigenvalues or singular values; equal ones share theirs equally (rule 7)."""
    groups = tf.cast(_tied(values), g.dtype)
    return tf.linalg.matvec(groups / tf.reduce_sum(groups, axis=-1, keepdims=True), g)


def _reciprocal_differences(x):
    """Return 1 / (x[j] - x[i]) for all pairs, 0 on the diagonal; NaN where two tie, whose vectors are free (rule 7)."""
    differences = x[..., tf.newaxis, :] - x[..., :, tf.newaxis]
    differences = tf.where(_tied(x), _missing(x), differences)
    return 1 / tf.linalg.set_diag(differences, tf.fill(tf.shape(x), tf.constant(math.inf, x.dtype)))


def eigvalsh(x):
    if not tf.executing_eagerly():
        return eigh(x)[0]  # the values get their digits by the vectors
    x = _hermitian(x)
    finite = _is_finite(x)
    values = tf.linalg.eigvalsh(tf.stop_gradient(tf.where(_each(finite), x, tf.zeros_like(x))))
    values = tf.where(finite[..., tf.newaxis], tf.math.real(values), _missing(tf.math.real(values)))

    def rule(_, inputs, cotangents):
        return _eigenvalues_pulled(eigh(inputs[0])[1], values, cotangents[0])

    return _with_rule((values,), (x,), rule)[0]


def eigh(x):
    """Return the eigenvalues and the eigenvectors."""
    x = _hermitian(x)
    finite = _each(_is_finite(x))
    safe = tf.stop_gradient(tf.where(finite, x, tf.zeros_like(x)))
    values, vectors = tf.linalg.eigh(safe)
    if not tf.executing_eagerly():
        values, vectors = _graph_linalg.eigh(safe, vectors)
    vectors = tf.where(finite, vectors, _missing(vectors))
    values = tf.math.real(values)
    values = tf.where(finite[..., 0], values, _missing(values))

    # Apart from each other: at a tie the values have a derivative and the vectors have none.
    def values_of(x):
        return _with_rule((values,), (x,), values_rule)[0]

    def vectors_of(x):
        return _with_rule((vectors,), (x,), vectors_rule)[0]

    def values_rule(_, inputs, cotangents):
        return _eigenvalues_pulled(vectors_of(inputs[0]), values, cotangents[0])

    def vectors_rule(outputs, inputs, cotangents):
        (v,), (x,), (g,) = outputs, inputs, cotangents
        inner = tf.matmul(v, g, adjoint_a=True) * astype(_reciprocal_differences(values_of(x)), v.dtype)
        return _hermitian(tf.matmul(tf.matmul(v, inner), v, adjoint_b=True))

    return values_of(x), vectors_of(x)


def _eigenvalues_pulled(vectors, values, g):
    return tf.matmul(_scaled(vectors, _shared(g, values)), vectors, adjoint_b=True)


def _plain_svd(x, full):
    """Return S, U and V without a derivative; NaN also where the kernel for complex numbers makes zeros of it."""
    finite = _each(_is_finite(x))
    s, u, v = tf.linalg.svd(tf.stop_gradient(x), full_matrices=full)
    if not tf.executing_eagerly():
        s, u, v = _graph_linalg.svd(tf.stop_gradient(x), u, v, tf.shape(s)[-1])
    return tf.where(finite[..., 0], s, _missing(s)), tf.where(finite, u, _missing(u)), tf.where(finite, v, _missing(v))


def svdvals(x):
    if not tf.executing_eagerly():
        return svd(x, full=False)[1]
    values = tf.linalg.svd(tf.stop_gradient(x), compute_uv=False)
    values = tf.where(_is_finite(x)[..., tf.newaxis], values, _missing(values))

    def rule(_, inputs, cotangents):
        u, _, v = svd(inputs[0], full=False)
        return _singular_values_pulled(u, v, values, cotangents[0])

    return _with_rule((values,), (x,), rule)[0]


def svd(x, full):
    """Return U, S and V."""
    values, u_all, v_all = _plain_svd(x, full)
    count = min(x.shape[-2:]) if None not in x.shape[-2:] else tf.shape(values)[-1]
    first = (u_all[..., :count], v_all[..., :count])

    # Apart from each other: at a tie the values have a derivative and the vectors have none.
    def values_of(x):
        return _with_rule((values,), (x,), values_rule)[0]

    def vectors_of(x):
        return _with_rule(first, (x,), vectors_rule)

    def values_rule(_, inputs, cotangents):
        return _singular_values_pulled(*vectors_of(inputs[0]), values, cotangents[0])

    def vectors_rule(outputs, inputs, cotangents):
        return _singular_vectors_pulled(*outputs, values_of(inputs[0]), *cotangents)

    u, v = vectors_of(x)
    if full and _may_leave(u):
        u = _completed(u, u_all[..., count:])
    if full and _may_leave(v):
        v = _completed(v, v_all[..., count:])
    return u, values_of(x), v


def _singular_values_pulled(u, v, values, g):
    # Slope 0 at a zero singular value (rule 7).
    zero = values <= _rounding(values, tf.maximum(tf.shape(u)[-2], tf.shape(v)[-2]))
    g = tf.where(zero, tf.zeros_like(g), _shared(g, values))
    return tf.matmul(_scaled(u, g), v, adjoint_b=True)


def _singular_vectors_pulled(u, v, s, g_u, g_v):
    # Exact where two values differ by little: the difference first, the sum after it.
    reciprocals = _reciprocal_differences(s) / (s[..., tf.newaxis, :] + s[..., :, tf.newaxis])
    reciprocals = astype(tf.linalg.set_diag(reciprocals, tf.zeros_like(s)), u.dtype)
    u_g, v_g = tf.matmul(u, g_u, adjoint_a=True), tf.matmul(v, g_v, adjoint_a=True)
    weights = astype(s, u.dtype)
    inner = reciprocals * (u_g - _adjoint(u_g)) * weights[..., tf.newaxis, :]
    inner += weights[..., :, tf.newaxis] * reciprocals * (v_g - _adjoint(v_g))
    if u.dtype.is_complex:  # a common phase of two vectors is free, their phase against each other is not
        turn = tf.math.imag(tf.linalg.diag_part(u_g)) / s
        inner += tf.linalg.diag(tf.complex(tf.zeros_like(turn), turn))
    result = tf.matmul(tf.matmul(u, inner), v, adjoint_b=True)
    # Vectors also turn out of the space that they span, unless it is the whole space.
    if _may_leave(u):
        outside = _scaled(g_u - tf.matmul(u, u_g), 1 / s)
        result += tf.matmul(outside, v, adjoint_b=True)
    if _may_leave(v):
        outside = _scaled(g_v - tf.matmul(v, v_g), 1 / s)
        result += tf.matmul(u, outside, adjoint_b=True)
    return result


def _may_leave(vectors):
    dimension, count = vectors.shape[-2:]
    return dimension is None or dimension != count
