"""TensorFlow's overrides choose by the values, eager ones at once and others inside the graph: it must not show.

An array of regular points takes a shorter way than one with an odd point in it. The expected derivatives come from
their definitions, whatever the way.
"""

import itertools

import numpy as np
import pytest

import multigrad
from multigrad import xp

pytestmark = pytest.mark.needs("tensorflow")

MODES = ("eager", "graph", "xla")
REGULAR, ZERO, ZEROS = [2.0, -3.0, 0.5, 4.0], [2.0, 0.0, 0.5, 4.0], [0.0, -3.0, 0.0, 4.0]
WEIGHTS, DIRECTION = np.array([1.0, -2.0, 3.0, 0.5]), np.array([0.3, 1.0, -0.7, 2.0])


@pytest.fixture
def tf():
    import tensorflow as tf

    return tf


@pytest.fixture
def namespace():
    return multigrad.get_backend("tensorflow").xp


def in_mode(f, mode):
    import tensorflow as tf

    return f if mode == "eager" else tf.function(f, jit_compile=mode == "xla", autograph=False)


def first(x):
    """Return the gradient of sum(WEIGHTS * cumulative_prod(x)): sums of the products of the other factors."""
    n = len(x)
    return np.array([sum(WEIGHTS[k] * np.prod(np.delete(x[: k + 1], i)) for k in range(i, n)) for i in range(n)])


def second(x):
    """Return its Hessian times DIRECTION."""
    hessian = np.zeros((len(x), len(x)))
    for i, j in itertools.permutations(range(len(x)), 2):
        hessian[i, j] = sum(WEIGHTS[k] * np.prod(np.delete(x[: k + 1], [i, j])) for k in range(max(i, j), len(x)))
    return hessian @ DIRECTION


def rows(values, count):
    return np.tile(np.array(values), (count, 1))


# Few enough for NumPy to look at, and so many that TensorFlow does.
@pytest.mark.parametrize("count", [1, 3000])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("values", [REGULAR, ZERO, ZEROS], ids=["regular", "zero", "zeros"])
def test_running_products_are_polynomials(tf, namespace, values, mode, count):
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(WEIGHTS * namespace.cumulative_prod(x, axis=-1))
        return tape.gradient(total, x)

    def derivatives(x, direction):
        with tf.GradientTape() as tape:
            tape.watch(x)
            slope = gradient(x)
        with tf.autodiff.ForwardAccumulator(x, direction) as forward:
            again = gradient(x)
        return slope, tape.gradient(slope, x, direction), forward.jvp(again)

    found = in_mode(derivatives, mode)(tf.constant(rows(values, count)), tf.constant(rows(DIRECTION, count)))
    expected = first(np.array(values)), second(np.array(values)), second(np.array(values))
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_allclose(got.numpy(), rows(want, count), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("count", [1, 3000])
@pytest.mark.parametrize("mode", MODES)
def test_one_odd_row_changes_no_other(tf, namespace, mode, count):
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(WEIGHTS * namespace.cumulative_prod(x, axis=-1))
        return tape.gradient(total, x)

    values = rows(REGULAR, count + 2)
    values[0], values[1] = ZERO, [1.0, np.nan, 2.0, 3.0]
    found = in_mode(gradient, mode)(tf.constant(values)).numpy()
    np.testing.assert_allclose(found[0], first(np.array(ZERO)), rtol=1e-14)
    # The NaN is missing from its own slope only.
    np.testing.assert_allclose(found[1], [np.nan, -2.0 + 3 * 2 + 0.5 * 6, np.nan, np.nan], rtol=1e-14)
    np.testing.assert_allclose(found[2:], rows(first(np.array(REGULAR)), count), rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
# The first product underflows, those of two factors do not; the second one does beside its weight.
@pytest.mark.parametrize(("values", "weight"), [([1e-200, 1e-160, 1e30], 1.0), ([1e-150, 1e-140, 1e-10], 1e-20)])
def test_products_that_leave_the_range_are_not_divided(tf, namespace, values, weight, mode):
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = weight * namespace.cumulative_prod(x)[-1]
        return tape.gradient(total, x)

    x, y, z = values
    found = in_mode(gradient, mode)(tf.constant(values, tf.float64)).numpy()
    np.testing.assert_allclose(found[:2], [weight * y * z, weight * x * z], rtol=1e-14)


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("values", [REGULAR, ZERO, ZEROS], ids=["regular", "zero", "zeros"])
def test_mapped_derivatives_of_running_products(values, compile):
    options = {"backend": "tensorflow", "compile": compile}

    def total(x):
        return xp.sum(xp.asarray(WEIGHTS) * xp.cumulative_prod(x))

    hessian = multigrad.to_numpy(multigrad.hessian(total, **options)(np.array(values)))
    np.testing.assert_allclose(hessian @ DIRECTION, second(np.array(values)), rtol=1e-13, atol=1e-13)
    jacobian = multigrad.to_numpy(multigrad.jacobian(xp.cumulative_prod, **options)(np.array(values)))
    np.testing.assert_allclose(WEIGHTS @ jacobian, first(np.array(values)), rtol=1e-13)
    mapped = multigrad.vmap(multigrad.gradient(total, backend="tensorflow"), **options)(np.array([REGULAR, values]))
    np.testing.assert_allclose(mapped, [first(np.array(REGULAR)), first(np.array(values))], rtol=1e-13)


@pytest.mark.parametrize("mode", MODES)
def test_the_sign_is_copied_by_its_bit(tf, namespace, mode):
    sizes, signs = [-2.0, -0.0, 0.0, 3.0, np.inf, np.nan], [-1.0, -0.0, 0.0, 2.0, np.nan, -np.nan]
    x, y = np.array(list(itertools.product(sizes, signs))).T

    def derivatives(x, y):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch((x, y))
                copied = namespace.copysign(x, y)
            slopes = inner.gradient(copied, (x, y), unconnected_gradients="zero")
        return copied, *slopes, outer.gradient(slopes[0], x, unconnected_gradients="zero")

    for dtype in (tf.float64, tf.float32, tf.float16, tf.bfloat16):
        found = in_mode(derivatives, mode)(tf.constant(x, dtype), tf.constant(y, dtype))
        copied, in_x, in_y, twice = (tf.cast(part, tf.float64).numpy() for part in found)
        np.testing.assert_array_equal(copied, np.copysign(x, y))
        np.testing.assert_array_equal(np.signbit(copied), np.signbit(y))
        np.testing.assert_array_equal(in_x, np.sign(x) * np.copysign(1, y))
        assert not np.any(in_y)
        assert not np.any(twice)


def shares(x, low, high):
    """Return the derivatives of clip by the pieces that are active."""
    if np.isnan([x, low, high]).any():
        return [np.nan] * 3
    if low == high == x:
        return [0.0, 0.5, 0.5]
    inner = max(x, low)
    of_inner = 1.0 if inner < high else 0.5 if inner == high else 0.0
    of_x = 1.0 if x > low else 0.5 if x == low else 0.0
    return [of_inner * of_x, of_inner * (1 - of_x), 1 - of_inner]


@pytest.mark.parametrize("mode", MODES)
def test_a_clip_between_arrays_shares_at_its_bounds(tf, namespace, mode):
    points = np.array(list(itertools.product([-1.0, 0.0, 1.0, np.nan], repeat=3)))

    def derivatives(*arrays):
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            clipped = namespace.clip(*arrays)
        return clipped, *tape.gradient(clipped, arrays)

    found = in_mode(derivatives, mode)(*(tf.constant(column) for column in points.T))
    np.testing.assert_array_equal(found[0].numpy(), np.minimum(np.maximum(points[:, 0], points[:, 1]), points[:, 2]))
    np.testing.assert_array_equal(np.transpose(found[1:]), [shares(*point) for point in points])


def test_a_clip_sums_over_what_was_broadcast(tf, namespace):
    x, low, high = tf.constant([[0.5], [2.5]]), tf.constant([0.0, 1.0, 3.0]), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch((x, low, high))
        clipped = namespace.clip(x, low, high)
    assert clipped.numpy().tolist() == [[0.5, 1.0, 2.0], [2.0, 2.0, 2.0]]
    found = tape.gradient(clipped, (x, low, high))
    assert [part.numpy().tolist() for part in found] == [[[1.0], [0.0]], [0.0, 1.0, 0.0], 4.0]


@pytest.mark.parametrize("name", ["cholesky", "det", "slogdet"])
def test_one_odd_matrix_changes_no_other(tf, namespace, name):
    function = getattr(namespace.linalg, name)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            result = function(x)
            total = tf.reduce_sum(result[1] if name == "slogdet" else result)
        return tape.gradient(total, x).numpy()

    base = np.random.default_rng(3).normal(size=(5, 4, 4))
    regular = base @ np.swapaxes(base, -1, -2) + np.eye(4)
    odd = np.ones((1, 4, 4)) if name != "cholesky" else -np.eye(4)[None]
    alone, together = gradient(tf.constant(regular)), gradient(tf.constant(np.concatenate([regular, odd])))
    np.testing.assert_allclose(together[:5], alone, rtol=1e-12, atol=1e-14)
    expected = np.zeros((4, 4)) if name == "det" else np.full((4, 4), np.nan)
    np.testing.assert_allclose(together[5], expected, rtol=0, atol=1e-12)
