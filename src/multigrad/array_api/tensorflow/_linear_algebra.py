"""Linear algebra functions of the main namespace."""

import tensorflow as tf

from multigrad.array_api import _checks
from multigrad.array_api.tensorflow._dtypes import promotion
from multigrad.array_api.tensorflow._object import tensor

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]

_NO_KERNEL = frozenset((tf.bool, tf.int8, tf.int16, tf.uint8, tf.uint16, tf.uint32, tf.uint64))


def _in_int64(function):
    """Give integers without a kernel the wider type; the last bits of sums and products are the same."""

    def call(x1, x2, **options):
        if x1.dtype in _NO_KERNEL:
            return tf.cast(function(tf.cast(x1, tf.int64), tf.cast(x2, tf.int64), **options), x1.dtype)
        return function(x1, x2, **options)

    return call


@_in_int64
def _matmul(x1, x2):
    first, second = tuple(x1.shape), tuple(x2.shape)
    if not first or not second:
        raise ValueError(f"xp.matmul takes arrays with at least 1 axis, got shapes {first} and {second}.")
    _same_length(first[-1], second[-2:][0], "matmul", first, second)
    if len(first) == len(second) == 1:
        return tf.tensordot(x1, x2, axes=1)
    if len(second) == 1:
        return tf.linalg.matvec(x1, x2)
    if len(first) == 1:
        return tf.squeeze(tf.matmul(x1[tf.newaxis, :], x2), axis=-2)
    _checks.broadcast(first[:-2], second[:-2])
    return tf.matmul(x1, x2)


_promoted_matmul = promotion.binary(_matmul, numbers=False)


def matmul(x1, x2, /):
    return _promoted_matmul(x1, x2)


def matrix_transpose(x, /):
    _checks.at_least(x.shape.rank, 2, "matrix_transpose")
    return tf.linalg.matrix_transpose(x)


def tensordot(x1, x2, /, *, axes=2):
    x1, x2 = promotion.common([tensor(x1), tensor(x2)])
    first, second = tuple(x1.shape), tuple(x2.shape)
    if isinstance(axes, int):
        if not 0 <= axes <= min(len(first), len(second)):
            raise ValueError(f"xp.tensordot cannot sum over {axes} axes of arrays of shapes {first} and {second}.")
        axes = (range(len(first) - axes, len(first)), range(axes))
    pairs = [_checks.axes(tuple(some), len(shape)) for some, shape in zip(axes, (first, second), strict=True)]
    if len(pairs[0]) != len(pairs[1]):
        raise ValueError(f"xp.tensordot takes as many axes of the first array as of the second, got {axes}.")
    for one, other in zip(*pairs, strict=True):
        _same_length(first[one], second[other], "tensordot", first, second)
    return _in_int64(tf.tensordot)(x1, x2, axes=[list(some) for some in pairs])


def vecdot(x1, x2, /, *, axis=-1):
    x1, x2 = promotion.common([tensor(x1), tensor(x2)])
    first, second = tuple(x1.shape), tuple(x2.shape)
    # The axis counts from the end in both, since their shapes broadcast.
    ndim = min(len(first), len(second))
    if not -ndim <= axis < 0:
        axis = _checks.axis(axis, ndim) - ndim
    _same_length(first[axis], second[axis], "vecdot", first, second)
    _checks.broadcast(first, second)
    if x1.dtype.is_complex:
        x1 = tf.math.conj(x1)
    return tf.reduce_sum(x1 * x2, axis=axis)


def _same_length(one, other, name, first, second):
    if one != other and None not in (one, other):
        raise ValueError(f"xp.{name} sums over axes of one length, got {one} and {other} in {first} and {second}.")
