"""The standard's extension ``linalg``."""

import math
from collections import namedtuple

import tensorflow as tf

from multigrad._errors import DtypeError
from multigrad.array_api import _checks
from multigrad.array_api.tensorflow import _decompositions, _determinants, _inverses
from multigrad.array_api.tensorflow._creation import asarray
from multigrad.array_api.tensorflow._dtypes import HALF, astype, finfo, floating, promotion
from multigrad.array_api.tensorflow._elementwise import abs as magnitude
from multigrad.array_api.tensorflow._linear_algebra import matmul, matrix_transpose, tensordot, vecdot
from multigrad.array_api.tensorflow._object import is_native, tensor
from multigrad.array_api.tensorflow._overrides import root_of_squares
from multigrad.array_api.tensorflow._statistical import extreme
from multigrad.array_api.tensorflow._statistical import sum as _sum

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]

EighResult = namedtuple("EighResult", ("eigenvalues", "eigenvectors"))
QRResult = namedtuple("QRResult", ("Q", "R"))
SlogdetResult = namedtuple("SlogdetResult", ("sign", "logabsdet"))
SVDResult = namedtuple("SVDResult", ("U", "S", "Vh"))


def _matrix(x, name):
    x = floating(tensor(x))
    _checks.at_least(x.shape.rank, 2, f"linalg.{name}")
    if x.dtype in HALF:
        raise DtypeError(f"TensorFlow has no kernel of xp.linalg.{name} for {x.dtype.name}. Cast it to float32 first.")
    return x


def _square(x, name):
    x = _matrix(x, name)
    _checks.square(tuple(x.shape), f"linalg.{name}")
    return x


def cholesky(x, /, *, upper=False):
    factor = _decompositions.cholesky(_square(x, "cholesky"))
    return tf.linalg.adjoint(factor) if upper else factor


def cross(x1, x2, /, *, axis=-1):
    x1, x2 = promotion.common([tensor(x1), tensor(x2)])
    axis = _checks.axis_of_triples(tuple(x1.shape), tuple(x2.shape), axis)
    (a0, a1, a2), (b0, b1, b2) = (tf.unstack(x, num=3, axis=axis) for x in (x1, x2))
    return tf.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=axis)


def det(x, /):
    return _determinants.det(_square(x, "det"))


def diagonal(x, /, *, offset=0):
    x = tensor(x)
    _checks.at_least(x.shape.rank, 2, "linalg.diagonal")
    # The part that has it as its main diagonal. Beyond the matrix nothing is left, which the kernel refuses.
    x = x[..., max(-offset, 0) :, max(offset, 0) :]
    if 0 in x.shape[-2:]:
        return tf.reshape(x, tf.concat([tf.shape(x)[:-2], [0]], 0))
    return tf.linalg.diag_part(x)


def eigh(x, /):
    return EighResult(*_decompositions.eigh(_square(x, "eigh")))


def eigvalsh(x, /):
    return _decompositions.eigvalsh(_square(x, "eigvalsh"))


def inv(x, /):
    return _inverses.inv(_square(x, "inv"))


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    x = _matrix(x, "matrix_norm")
    if ord == "fro":
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in (1, -1, math.inf, -math.inf):
        along, across = (-2, -1) if abs(ord) == 1 else (-1, -2)
        values, axis = tf.reduce_sum(magnitude(x), axis=along, keepdims=True), across
    elif ord in (2, -2, "nuc"):
        values, axis = _decompositions.svdvals(x)[..., tf.newaxis], -2
    else:
        raise ValueError(f"Expected 'fro', 'nuc', 1, -1, 2, -2, inf or -inf for ord=, got {ord!r}.")
    if ord == "nuc":
        result = tf.reduce_sum(values, axis=axis, keepdims=True)
    else:
        result = _extreme(values, ord, axis=[axis % x.shape.rank], keepdims=True)
    return result if keepdims else tf.squeeze(result, axis=(-2, -1))


def matrix_power(x, n, /):
    x = _square(x, "matrix_power")
    n = _checks.integer(n, "the power n")
    if n < 0:
        x, n = _inverses.inv(x), -n
    if n == 0:
        return tf.broadcast_to(tf.eye(tf.shape(x)[-1], dtype=x.dtype), tf.shape(x))
    result = None
    while True:
        if n % 2:
            result = x if result is None else tf.matmul(result, x)
        n //= 2
        if not n:
            return result
        x = tf.matmul(x, x)


def matrix_rank(x, /, *, rtol=None):
    x = _matrix(x, "matrix_rank")
    values = tf.stop_gradient(_decompositions.svdvals(x))
    cutoff = _relative(rtol, x)[..., tf.newaxis] * tf.reduce_max(values, axis=-1, keepdims=True)
    return tf.math.count_nonzero(values > cutoff, axis=-1, dtype=tf.int64)


def _relative(rtol, x):
    """Return the cutoff relative to the largest singular value."""
    dtype = x.dtype.real_dtype
    if rtol is None:
        size = tf.reduce_max(tf.shape(x)[-2:])
        return tf.cast(size, dtype) * finfo(dtype).eps
    return astype(rtol, dtype) if is_native(rtol) else asarray(rtol, dtype=dtype)


def outer(x1, x2, /):
    x1, x2 = promotion.common([tensor(x1), tensor(x2)])
    for x in (x1, x2):
        if x.shape.rank != 1:
            raise ValueError(f"xp.linalg.outer takes vectors, got shape {tuple(x.shape)}.")
    return x1[:, tf.newaxis] * x2


def pinv(x, /, *, rtol=None):
    x = _matrix(x, "pinv")
    return _inverses.pinv(x, _relative(rtol, x))


def qr(x, /, *, mode="reduced"):
    if mode not in ("reduced", "complete"):
        raise ValueError(f"Expected 'reduced' or 'complete' for mode=, got {mode!r}.")
    return QRResult(*_decompositions.qr(_matrix(x, "qr"), full=mode == "complete"))


def slogdet(x, /):
    return SlogdetResult(*_determinants.slogdet(_square(x, "slogdet")))


def solve(x1, x2, /):
    x1, x2 = map(floating, promotion.common([tensor(x1), tensor(x2)]))
    first, second = tuple(x1.shape), tuple(x2.shape)
    _checks.square(first, "linalg.solve")
    _checks.at_least(len(second), 1, "linalg.solve")
    vector = len(second) == 1
    rows = second[-1 if vector else -2]
    if first[-1] != rows and None not in (first[-1], rows):
        raise ValueError(f"xp.linalg.solve needs as many equations as right-hand sides, got {first} and {second}.")
    if vector:
        return tf.squeeze(_inverses.solve(x1, x2[:, tf.newaxis]), axis=-1)
    _checks.broadcast(first[:-2], second[:-2])
    return _inverses.solve(x1, x2)


def svd(x, /, *, full_matrices=True):
    u, s, v = _decompositions.svd(_matrix(x, "svd"), full=full_matrices)
    return SVDResult(u, s, tf.linalg.adjoint(v))


def svdvals(x, /):
    return _decompositions.svdvals(_matrix(x, "svdvals"))


def trace(x, /, *, offset=0, dtype=None):
    _checks.at_least(x.shape.rank, 2, "linalg.trace")
    return _sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    x = floating(tensor(x))
    axis = list(_checks.axes(axis, x.shape.rank))
    if not isinstance(ord, int | float):
        raise TypeError(f"Expected a number for ord=, got {ord!r}.")
    if ord == 0:
        nonzero = tf.cast(tf.not_equal(x, tf.zeros_like(x)), x.dtype.real_dtype)
        return tf.reduce_sum(nonzero, axis=axis, keepdims=keepdims)
    if ord == 2:
        squares = tf.math.real(x * tf.math.conj(x)) if x.dtype.is_complex else tf.square(x)
        return root_of_squares(tf.reduce_sum(squares, axis=axis, keepdims=keepdims))
    size = magnitude(x)
    if ord in (math.inf, -math.inf):
        return _extreme(size, ord, axis, keepdims)
    if ord == 1:
        return tf.reduce_sum(size, axis=axis, keepdims=keepdims)
    # An element that is 0 is a symmetric kink: its derivative is 0 in every order.
    zero = tf.equal(size, tf.zeros_like(size))
    terms = tf.pow(tf.where(zero, tf.ones_like(size), size), tf.constant(ord, size.dtype))
    terms = tf.where(zero, tf.constant(math.inf if ord < 0 else 0.0, size.dtype), terms)
    powers = tf.reduce_sum(terms, axis=axis, keepdims=keepdims)
    power = tf.constant(1 / ord, powers.dtype)
    return tf.pow(powers, power) if ord < 0 else _root(powers, power)


def _extreme(sizes, ord, axis, keepdims):
    """Return the largest (0 of none) or, for a negative order, the smallest of some sizes."""
    if ord > 0:
        largest = extreme(tf.reduce_max, sizes, axis=axis, keepdims=keepdims)
        zero = tf.zeros_like(largest)
        return tf.where(largest < zero, zero, largest)  # -inf, of no elements
    if 0 in [sizes.shape[one] for one in axis]:
        raise ValueError(f"The norm of order {ord} needs at least one element along each axis, got none.")
    return extreme(tf.reduce_min, sizes, axis=axis, keepdims=keepdims)


def _root(total, power):
    """Take a root of a sum of powers, at 0 with the derivative 0 in every order: a symmetric kink."""
    zero = tf.equal(total, tf.zeros_like(total))
    return tf.where(zero, tf.zeros_like(total), tf.pow(tf.where(zero, tf.ones_like(total), total), power))
