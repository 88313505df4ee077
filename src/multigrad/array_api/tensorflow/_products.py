"""Products along axes, polynomials to the second derivative also where factors are zero.

The values are TensorFlow's. Its derivatives divide by the factors (``cumprod``) or are wrong in second order at zeros
(``reduce_prod``). Here each factor's slope is the product of the others. It is found by division where no product of
factors other than zeros leaves the range of the dtype, which the values decide: eager arrays are looked at, a graph
decides when it runs.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from multigrad.array_api.tensorflow._derivatives import derived, pulled
from multigrad.array_api.tensorflow._dtypes import finfo
from multigrad.array_api.tensorflow._regular import is_between, is_readable, values
from multigrad.array_api.tensorflow._shapes import ndim, product, sizes, vector


def cumulative(x, axis):
    """Return the cumulative product along an axis."""
    return _cumulative(x, axis) if _is_differentiable(x) else tf.math.cumprod(x, axis)


def _cumulative(x, axis, *, exclusive=False, reverse=False):
    def forward(x):
        return tf.math.cumprod(x, axis, exclusive=exclusive, reverse=reverse)

    def pull(cotangent, out, x):
        return [_Slopes(axis, exclusive, reverse).of(cotangent, tf.math.conj(out), tf.math.conj(x))]

    return derived(forward, pull, keeps_result=True)(x)


class _Slopes(NamedTuple):
    """The ways to the factors' cotangents."""

    axis: int
    exclusive: bool
    reverse: bool

    def of(self, cotangent, out, x):
        regular = self._has_regular_products(out, x)

        def forward(cotangent, out, x):
            if regular is True:
                return self._divided(cotangent, out, x)
            # Outside the branch, so that XLA makes one loop of it and what stands around it.
            sums = self._sums(cotangent, out)
            quotients = sums / x
            odd = lambda: self._of_odd(sums, quotients, cotangent, out, x)  # noqa: E731
            return odd() if regular is False else tf.cond(regular, lambda: quotients, odd)

        def pull(cotangents, _, *inputs):
            # In second order a factor divides twice. By the polynomial itself elsewhere: the values above are flat in
            # a second zero, whose slope depends on the first.
            again = regular & _has_sizes(inputs[2], 0.25)
            divided = lambda: pulled(self._divided, inputs, cotangents)  # noqa: E731
            exact = lambda: self._exact_pull(cotangents, *inputs)  # noqa: E731
            return (divided if again else exact)() if isinstance(again, bool) else tf.cond(again, divided, exact)

        return derived(forward, pull)(cotangent, out, x)

    def _has_regular_products(self, out, x):
        return _has_sizes(out * x if self.exclusive else out, 0.5)  # the products of all factors so far

    def _sums(self, cotangent, out):
        return tf.cumsum(cotangent * out, self.axis, exclusive=self.exclusive, reverse=not self.reverse)

    def _divided(self, cotangent, out, x):
        return self._sums(cotangent, out) / x

    def _exact(self, cotangent, x):
        # y_k holds x_i for all k >= i (k > i if exclusive): the factors before i once, then the products of those
        # after i up to each k, weighted by its cotangent, by Horner's rule from the end.
        before = _before(x, self.axis, self.reverse)
        return before * _horner(x, cotangent, self.axis, exclusive=self.exclusive, reverse=not self.reverse)

    def _exact_pull(self, cotangents, cotangent, out, x):
        in_cotangent, in_x = pulled(self._exact, [cotangent, x], cotangents)
        return [in_cotangent, tf.zeros_like(out), in_x]

    def _of_odd(self, sums, quotients, cotangent, out, x):
        """Return the values where some factors are zeros, or products leave the range."""
        few = self._odd_rows(out, x)
        if few is not None:
            rows = [tf.reshape(z, [-1, z.shape[-1]]) for z in (sums, quotients, cotangent, out, x)]
            found = self._replace(axis=1)._of_odd(*(tf.gather(z, few) for z in rows))
            return tf.reshape(tf.tensor_scatter_nd_update(rows[1], few[:, np.newaxis], found), x.shape)
        zero = tf.equal(x, tf.zeros((), x.dtype))
        others = tf.where(zero, tf.ones((), x.dtype), x)
        products = tf.math.cumprod(others, self.axis, exclusive=self.exclusive, reverse=self.reverse)
        regular = self._has_regular_products(products, others)
        beside_zeros = lambda: self._beside_zeros(sums / others, cotangent, products, zero)  # noqa: E731
        exact = lambda: self._exact(cotangent, x)  # noqa: E731
        if isinstance(regular, bool):
            return beside_zeros() if regular else exact()
        return tf.cond(regular, beside_zeros, exact)

    def _odd_rows(self, out, x):
        """Return where the last axis, if it is this one, has an irregular product, or None if that is in many rows."""
        if x.shape.rank == 1 or self.axis != x.shape.rank - 1 or not is_readable(x):
            return None
        found = np.abs(values(out * x if self.exclusive else out))
        low, high = _limits(x, 0.5)
        odd = np.flatnonzero(~((found.min(-1) > low) & (found.max(-1) < high)))
        return odd if 4 * odd.size * x.shape[-1] < found.size else None

    def _beside_zeros(self, quotients, cotangent, products, zero):
        """Return the values from the products of the factors other than zeros.

        The quotients are those before the first zero, whose products are all that are not zero.
        """
        along = {"axis": self.axis, "keepdims": True}
        length, place = _places(products, self.axis, self.reverse)
        last = place - int(self.exclusive)  # of the factors of each product
        first = tf.reduce_min(tf.where(zero, place, length), **along)
        second = tf.reduce_min(tf.where(zero & (place > first), place, length), **along)
        # Without the first zero as a factor, those up to the second one are not zero either.
        none = tf.zeros((), products.dtype)
        terms = cotangent * tf.where(last < second, products, none)
        at_first = tf.reduce_sum(tf.where(last < first, none, terms), **along)
        return tf.where(place == first, at_first, quotients)


def _limits(x, power):
    info = finfo(x.dtype)
    return info.smallest_normal**power, info.max**power


def _has_sizes(x, power):
    """Tell whether sizes lie so far from the limits of the dtype that a product of 1/power of them does not reach them.

    Products may be divided by a factor, and in second order by it twice, where the former have it by 1/2 and the
    factors by 1/4.
    """
    return is_between(tf.abs(tf.stop_gradient(x)), *_limits(x, power))


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


def _places(x, axis, reverse):
    """Return the length of an axis, and the places along it, from the end if ``reverse``."""
    length = sizes(x)[axis]
    place = tf.reshape(tf.range(length), [-1 if i == axis else 1 for i in range(ndim(x))])
    return length, length - 1 - place if reverse else place


def _mover(x, axis, reverse):
    """Return a function that moves values by some places along an axis, to the front if ``reverse``, and fills up."""
    _, place = _places(x, axis, reverse)

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
