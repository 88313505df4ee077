"""Linear algebra functions of the main namespace."""

import tensorflow as tf

from multigrad.array_api.tensorflow._dtypes import astype, promotion

__all__ = ["matmul", "tensordot", "vecdot"]

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
    ranks = x1.shape.rank, x2.shape.rank
    if 0 in ranks:
        raise ValueError(f"Expected arrays of at least 1 axis for matmul, got {ranks[0]} and {ranks[1]}.")
    if ranks == (1, 1):
        return tf.tensordot(x1, x2, axes=1)
    if ranks[1] == 1:
        return tf.linalg.matvec(x1, x2)
    if ranks[0] == 1:
        return tf.squeeze(tf.matmul(x1[tf.newaxis, :], x2), axis=-2)
    return tf.matmul(x1, x2)


_promoted_matmul = promotion.binary(_matmul, numbers=False)


def matmul(x1, x2, /):
    return _promoted_matmul(x1, x2)


def tensordot(x1, x2, /, *, axes=2):
    x1, x2 = promotion.common([x1, x2])
    if not isinstance(axes, int):
        axes = [[one % x.shape.rank for one in some] for some, x in zip(axes, (x1, x2), strict=True)]
    return _in_int64(tf.tensordot)(x1, x2, axes=axes)


def vecdot(x1, x2, /, *, axis=-1):
    x1, x2 = promotion.common([x1, x2])
    if x1.shape[axis] != x2.shape[axis]:
        raise ValueError(f"Expected vectors of one length, got {x1.shape[axis]} and {x2.shape[axis]}.")
    if x1.dtype.is_complex:
        x1 = tf.math.conj(x1)
    return astype(tf.reduce_sum(x1 * x2, axis=axis), x1.dtype)
