"""Products along axes, polynomials to the second derivative also where factors are zero.

The values are TensorFlow's. Its derivatives divide by the factors (``cumprod``) or are wrong in second order at zeros
(``reduce_prod``). Here each factor's slope is the product of the others, found by division only where no product is
zero, infinite or NaN: eager arrays are looked at, a graph decides when it runs.
"""

import tensorflow as tf

from multigrad.array_api.tensorflow._derivatives import derived
from multigrad.array_api.tensorflow._dtypes import finfo
from multigrad.array_api.tensorflow._regular import is_between
from multigrad.array_api.tensorflow._shapes import ndim, product, sizes, vector


def cumulative(x, axis):
    """Return the cumulative product along an axis."""
    return _cumulative(x, axis) if _is_differentiable(x) else tf.math.cumprod(x, axis)


def _cumulative(x, axis, *, exclusive=False, reverse=False):
    def forward(x):
        return tf.math.cumprod(x, axis, exclusive=exclusive, reverse=reverse)

    def pull(cotangent, out, x):
        x, out = tf.math.conj(x), tf.math.conj(out)

        def exact():
            # y_k holds x_i for all k >= i (k > i if exclusive): the factors before i once, then the products of those
            # after i up to each k, weighted by its cotangent, by Horner's rule from the end.
            before = _before(x, axis, reverse)
            return before * _horner(x, cotangent, axis, exclusive=exclusive, reverse=not reverse)

        def divided(out, x):
            return tf.cumsum(cotangent * out, axis, exclusive=exclusive, reverse=not reverse) / x

        every = tf.stop_gradient(out * x if exclusive else out)  # has all factors
        regular = _has_sizes(every, 0.5) & _has_sizes(tf.stop_gradient(x), 0.25)
        if isinstance(regular, bool):
            return [divided(out, x) if regular else exact()]
        # Outside the branch, so that XLA makes one loop of it and what stands around it; not by a zero there, whose
        # infinite slope would come through.
        quotient = divided(*(tf.where(regular, values, tf.ones((), x.dtype)) for values in (out, x)))
        return [tf.cond(regular, lambda: quotient, exact)]

    return derived(forward, pull, keeps_result=True)(x)


def _has_sizes(x, power):
    """Tell whether sizes lie so far from the limits of the dtype that a product of 1/power of them does not reach them.

    Products may be divided by a factor, and in second order by another one, where the former have it by 1/2 and the
    factors by 1/4.
    """
    info = finfo(x.dtype)
    return is_between(tf.abs(x), info.smallest_normal**power, info.max**power)


def _before(x, axis, reverse):
    """Return the product of all elements before each one."""
    if tf.executing_eagerly():
        return _cumulative(x, axis, exclusive=True, reverse=reverse)
    # Not by a function with a rule: a forward accumulator would follow the rules of branches into their branches,
    # without an end.
    moved = _mover(x, axis, reverse)
    one = tf.ones((), x.dtype)
    return _doubled(sizes(x)[axis], lambda width, before: [before * moved(before, width, one)], [moved(x, 1, one)])[0]


def _horner(x, cotangent, axis, *, exclusive, reverse):
    """Return s with s_i = c_i + x_{i+1} s_{i+1}, where i + 1 is the neighbor in the direction of ``reverse``.

    Exclusive: s_i = c_{i+1} + x_{i+1} s_{i+1}.
    """
    moved = _mover(x, axis, reverse)
    zero, one = tf.zeros((), x.dtype), tf.ones((), x.dtype)

    def step(width, sums, factors):
        return [sums + factors * moved(sums, width, zero), factors * moved(factors, width, one)]

    start = [moved(cotangent, 1, zero) if exclusive else cotangent, moved(x, 1, one)]
    return _doubled(sizes(x)[axis], step, start)[0]


def _mover(x, axis, reverse):
    """Return a function that moves values by some places along an axis, to the front if ``reverse``, and fills up."""
    length = sizes(x)[axis]
    place = tf.reshape(tf.range(length), [-1 if i == axis else 1 for i in range(ndim(x))])
    place = length - 1 - place if reverse else place

    def moved(values, width, fill):
        return tf.where(place >= width, tf.roll(values, -width if reverse else width, axis), fill)

    return moved


def _doubled(length, step, values):
    """Repeat a step with widths 1, 2, 4, ... below a length, which a graph may know only when it runs.

    Each step is made of sums and products, which TensorFlow differentiates to any order.
    """
    width = 1
    if isinstance(length, int):
        while width < length:
            values = step(width, *values)
            width *= 2
        return values
    shapes = [tf.TensorShape([]), *(value.shape for value in values)]
    body = lambda width, *values: [width * 2, *step(width, *values)]  # noqa: E731
    return tf.while_loop(lambda width, *_: width < length, body, [width, *values], shapes)[1:]


def reduced(x, axes, keepdims):
    """Return the product along axes."""
    options = {"axis": axes[0] if len(axes) == 1 else list(axes), "keepdims": keepdims}
    if not _is_differentiable(x) or not axes:
        return tf.reduce_prod(x, **options)

    def forward(x):
        return tf.reduce_prod(x, **options)

    def pull(cotangent, _, x):
        inside = [1 if axis in axes else size for axis, size in enumerate(sizes(x))]
        return [tf.reshape(cotangent, vector(inside)) * _others(tf.math.conj(x), axes)]

    return derived(forward, pull)(x)


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
