"""Products along axes, polynomials to the second derivative also where factors are zero.

The values are TensorFlow's. Its derivatives divide by the factors (``cumprod``) or are wrong in second order at zeros
(``reduce_prod``), so both get derivatives without a division: each factor's slope is the product of the others.
"""

import tensorflow as tf

from multigrad.array_api.tensorflow._shapes import ndim, product, sizes, vector


def cumulative(x, axis):
    """Return the cumulative product along an axis."""
    return _cumulative(x, axis) if _is_differentiable(x) else tf.math.cumprod(x, axis)


def _cumulative(x, axis, *, exclusive=False, reverse=False):
    options = {"axis": axis, "exclusive": exclusive, "reverse": reverse}

    @tf.custom_gradient
    def call(x):
        def slope(cotangent):
            # y_k holds x_i for all k >= i (k > i if exclusive): the factors before i once, then the products of those
            # after i up to each k, weighted by its cotangent, by Horner's rule from the end.
            factors = tf.math.conj(x)
            others = _cumulative(factors, axis, exclusive=True, reverse=reverse)
            return others * _horner(factors, cotangent, axis, exclusive=exclusive, reverse=not reverse)

        return tf.math.cumprod(tf.stop_gradient(x), **options), slope

    return call(x)


def _horner(x, cotangent, axis, *, exclusive, reverse):
    """Return s with s_i = c_i + x_{i+1} s_{i+1}, where i + 1 is the neighbor in the direction of ``reverse``.

    In log2(n) steps of doubling width, each of them sums and products that TensorFlow differentiates to any order.
    Exclusive: s_i = c_{i+1} + x_{i+1} s_{i+1}.
    """
    length = sizes(x)[axis]
    place = tf.reshape(tf.range(length), [-1 if i == axis else 1 for i in range(ndim(x))])
    place = length - 1 - place if reverse else place
    sign = -1 if reverse else 1

    def moved(values, width, fill):
        # The values width places nearer to the start of the recursion.
        return tf.where(place >= width, tf.roll(values, sign * width, axis), fill)

    zero, one = tf.zeros((), x.dtype), tf.ones((), x.dtype)
    sums = moved(cotangent, 1, zero) if exclusive else cotangent
    factors = moved(x, 1, one)

    if isinstance(length, int):
        width = 1
        while width < length:
            sums = sums + factors * moved(sums, width, zero)
            factors = factors * moved(factors, width, one)
            width *= 2
        return sums

    def step(width, sums, factors):
        return width * 2, sums + factors * moved(sums, width, zero), factors * moved(factors, width, one)

    shapes = [tf.TensorShape([]), sums.shape, factors.shape]
    _, sums, _ = tf.while_loop(lambda width, *_: width < length, step, [1, sums, factors], shapes)
    return sums


def reduced(x, axes, keepdims):
    """Return the product along axes."""
    options = {"axis": axes[0] if len(axes) == 1 else list(axes), "keepdims": keepdims}
    if not _is_differentiable(x) or not axes:
        return tf.reduce_prod(x, **options)

    @tf.custom_gradient
    def call(x):
        def slope(cotangent):
            lengths = sizes(x)
            inside = [1 if axis in axes else size for axis, size in enumerate(lengths)]
            return tf.reshape(cotangent, vector(inside)) * _others(tf.math.conj(x), axes)

        return tf.reduce_prod(tf.stop_gradient(x), **options), slope

    return call(x)


def _others(x, axes):
    """Return for each element the product of the others along axes."""
    kept = [axis for axis in range(ndim(x)) if axis not in axes]
    order = [*kept, *axes]
    lengths = sizes(x)
    last = tf.transpose(x, order)
    flat = tf.reshape(last, vector([*(lengths[axis] for axis in kept), product(lengths[axis] for axis in axes)]))
    before = _cumulative(flat, len(kept), exclusive=True)
    after = _cumulative(flat, len(kept), exclusive=True, reverse=True)
    back = sorted(range(len(order)), key=order.__getitem__)
    return tf.transpose(tf.reshape(before * after, tf.shape(last)), back)


def _is_differentiable(x):
    return x.dtype.is_floating or x.dtype.is_complex
