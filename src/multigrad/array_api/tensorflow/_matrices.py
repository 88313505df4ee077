"""Small operations on matrices that the rules of inverses, determinants and decompositions share."""

import math

import tensorflow as tf

from multigrad.array_api.tensorflow._derivatives import recorded
from multigrad.array_api.tensorflow._dtypes import astype
from multigrad.array_api.tensorflow._slicing import sliced


def with_rule(values, inputs, rule):
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

    def pull(inputs, cotangents):
        return rule(with_rule(values, inputs, rule), inputs, cotangents)

    if tf.executing_eagerly():
        return recorded(values, inputs, pull)

    @tf.custom_gradient
    def attached(*inputs):
        return values, lambda *cotangents: pull(inputs, cotangents)

    return tuple(attached(*inputs))


def adjoint(x):
    return tf.linalg.adjoint(x)


def hermitian(x):
    """Return the symmetric part: its derivative is the symmetrized one, whichever triangle a kernel reads."""
    half = 0.5 * x
    return half + adjoint(half)


def each(condition):
    """Return a truth value for each matrix so that it broadcasts over the entries."""
    return sliced(condition, (Ellipsis, None, None))


def identity(x):
    return tf.eye(tf.shape(x)[-1], dtype=x.dtype)


def missing(x):
    return tf.constant(math.nan, x.dtype)


def is_finite(x):
    """Tell for each matrix whether all of its entries are finite."""
    # Also for complex numbers: of the parts, abs would overflow.
    parts = (tf.math.real(x), tf.math.imag(x)) if x.dtype.is_complex else (x,)
    finite = [tf.reduce_all(tf.math.is_finite(part), axis=(-2, -1)) for part in parts]
    return finite[0] if len(finite) == 1 else finite[0] & finite[1]


def scaled(x, factors):
    """Return x with its columns multiplied by real factors."""
    return x * as_row(astype(factors, x.dtype))


def as_row(x):
    """Return vectors as matrices of one row."""
    return sliced(x, (Ellipsis, None, slice(None)))


def as_column(x):
    """Return vectors as matrices of one column."""
    return sliced(x, (Ellipsis, None))


def triangular_solve(a, b, *, lower, adjoint=False):
    """Solve, with NaN where the kernel would refuse a matrix with a zero on the diagonal."""
    regular = each(tf.reduce_all(tf.abs(tf.linalg.diag_part(a)) > 0, axis=-1))
    safe = tf.where(regular, a, identity(a))
    return tf.linalg.triangular_solve(safe, tf.where(regular, b, missing(b)), lower=lower, adjoint=adjoint)
