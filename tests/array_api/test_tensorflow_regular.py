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


MANY = 20_000  # so many that the values are looked at


# A function, its slope, and odd points: the element, its cotangent, what becomes of it.
ONE_ARGUMENT = {
    "sqrt": (
        lambda ns, x: ns.sqrt(x),
        lambda x: 0.5 / np.sqrt(x),
        [(0.0, 2.0, np.inf), (-0.0, 2.0, np.inf), (0.0, 0.0, np.nan), (-1.0, 2.0, np.nan), (np.nan, 0.0, np.nan)],
    ),
    "reciprocal": (
        lambda ns, x: ns.reciprocal(x),
        lambda x: -1 / x**2,
        [(0.0, 2.0, -np.inf), (-0.0, -2.0, np.inf), (0.0, 0.0, np.nan), (np.inf, 2.0, 0.0)],
    ),
    "maximum": (
        lambda ns, x: ns.maximum(x, 1.0),
        lambda x: 1.0 * (x > 1),
        [(1.0, 3.0, 1.5), (np.nan, 3.0, np.nan), (0.5, np.inf, np.nan), (np.inf, 3.0, 3.0), (-np.inf, 3.0, 0.0)],
    ),
    "minimum": (
        lambda ns, x: ns.minimum(x, 1.0),
        lambda x: 1.0 * (x < 1),
        [(1.0, 3.0, 1.5), (np.nan, 3.0, np.nan), (1.5, np.inf, np.nan), (np.inf, 3.0, 0.0), (-np.inf, 3.0, 3.0)],
    ),
}
ODD_POINTS = [(name, point) for name, (_, _, points) in ONE_ARGUMENT.items() for point in points]


@pytest.mark.parametrize("odd", [1, MANY // 2], ids=["one", "half"])
@pytest.mark.parametrize(("name", "point"), ODD_POINTS)
def test_odd_elements_have_their_slopes_and_change_no_other(tf, namespace, name, point, odd):
    generator = np.random.default_rng(4)
    x, cotangent = generator.uniform(0.5, 2.0, MANY), generator.normal(size=MANY)
    function, slope, _ = ONE_ARGUMENT[name]
    expected = cotangent * slope(x)
    x[:odd], cotangent[:odd], expected[:odd] = point
    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        result = function(namespace, tensor)
    np.testing.assert_allclose(tape.gradient(result, tensor, tf.constant(cotangent)).numpy(), expected, rtol=1e-14)


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_a_choice_beside_a_number_that_is_not_finite(tf, namespace, number, dtype):
    x = tf.cast(tf.constant(np.linspace(-1.0, 1.0, MANY)), dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = namespace.maximum(x, number)
    found = tape.gradient(result, x)
    assert found.dtype == x.dtype
    slope = {np.inf: 0.0, -np.inf: 1.0}.get(number, np.nan)
    np.testing.assert_array_equal(tf.cast(found, tf.float64).numpy(), np.full(MANY, slope))


# The origin, and a point whose squares underflow.
@pytest.mark.parametrize(
    ("name", "point", "value", "slopes"),
    [
        ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0)),
        ("hypot", (3e-200, 4e-200), 5e-200, (0.6, 0.8)),
        ("hypot", (3e200, 4e200), 5e200, (0.6, 0.8)),
        ("atan2", (0.0, 0.0), 0.0, (0.0, 0.0)),
        ("atan2", (3e-160, 4e-160), np.arctan2(3, 4), (0.16e160, -0.12e160)),
    ],
)
def test_odd_pairs_have_their_slopes_and_change_no_other(tf, namespace, name, point, value, slopes):
    arrays = np.random.default_rng(5).uniform(0.5, 2.0, (2, MANY))
    first, second = arrays
    squares = first**2 + second**2
    if name == "hypot":
        values, expected = np.hypot(*arrays), arrays / np.sqrt(squares)
    else:
        values, expected = np.arctan2(*arrays), np.stack([second, -first]) / squares
    arrays[:, 0], values[0], expected[:, 0] = point, value, slopes
    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = getattr(namespace, name)(*tensors)
    np.testing.assert_allclose(result.numpy(), values, rtol=1e-14)
    np.testing.assert_allclose(tape.gradient(result, tensors), expected, rtol=1e-14)


AXES = [(None, False), (0, False), (-1, True), ((0, 2), False), ((), True)]


def kept(values, axis, shape):
    """Return the results of a reduction so that they broadcast over its argument."""
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis % len(shape),)
    return np.reshape(values, [1 if i in axes else size for i, size in enumerate(shape)])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("axis", "keepdims"), AXES)
@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_share_and_a_nan_spoils_its_own_reduction_only(tf, namespace, name, axis, keepdims, mode):
    x = np.random.default_rng(6).integers(-2, 3, (4, 3, 5)).astype(np.float64)
    x[1, 2, 3] = np.nan
    reduction = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    weights = np.random.default_rng(7).normal(size=reduction.shape)

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            result = getattr(namespace, name)(x, axis=axis, keepdims=keepdims)
        return result, tape.gradient(result, x, tf.constant(weights))

    value, found = in_mode(gradient, mode)(tf.constant(x))
    np.testing.assert_array_equal(value.numpy(), reduction)
    chosen = x == kept(reduction, axis, x.shape)
    share = kept(weights / np.sum(chosen, axis=axis, keepdims=keepdims, dtype=np.float64).clip(1), axis, x.shape)
    expected = np.where(np.isnan(kept(reduction, axis, x.shape)), np.nan, chosen * share)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("axis", "keepdims"), AXES)
@pytest.mark.parametrize("correction", [0.0, 1.0, 0.5])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_the_variance_has_its_first_and_second_derivative(tf, namespace, dtype, correction, axis, keepdims, mode):
    generator = np.random.default_rng(8)
    x, direction = (generator.normal(size=(2, 4, 3, 5)) @ np.eye(5)).astype(dtype)
    if dtype == "complex128":
        x, direction = x + 1j * generator.normal(size=x.shape), direction * (1 + 2j)
    count = 1 if axis == () else x.size // np.var(x, axis=axis).size
    weights = generator.normal(size=np.var(x, axis=axis, keepdims=keepdims).shape)

    def derivatives(x, direction):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                result = namespace.var(x, axis=axis, correction=correction, keepdims=keepdims)
            slope = inner.gradient(result, x, tf.constant(weights))
        return result, slope, outer.gradient(slope, x, direction)

    found = in_mode(derivatives, mode)(tf.constant(x), tf.constant(direction))
    with np.errstate(all="ignore"):
        factor = kept(weights, axis, x.shape) * 2 / max(count - correction, 0.0) if count > correction else np.nan
        away, along = (z - np.mean(z, axis=axis, keepdims=True) for z in (x, direction))
        value = np.sum(abs(away) ** 2, axis=axis, keepdims=keepdims) / np.float64(max(count - correction, 0.0))
    np.testing.assert_allclose(found[0].numpy(), value, rtol=1e-13)
    np.testing.assert_allclose(found[1].numpy(), factor * away, rtol=1e-13, atol=1e-14)
    along = factor * direction - np.mean(factor * direction, axis=axis, keepdims=True)
    np.testing.assert_allclose(found[2].numpy(), along, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 0.0), (-np.inf, 1.0), (np.nan, 1.0), (0.0, np.nan)])
def test_a_clip_between_numbers_shares_at_its_bounds(tf, namespace, low, high, mode):
    x = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, np.nan])

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            clipped = namespace.clip(x, low, high)
        return clipped, tape.gradient(clipped, x)

    value, found = in_mode(gradient, mode)(tf.constant(x))
    np.testing.assert_array_equal(value.numpy(), np.clip(x, low, high))
    np.testing.assert_array_equal(found.numpy(), [shares(number, low, high)[0] for number in x])


@pytest.mark.parametrize("mode", MODES)
def test_the_curvature_of_a_quotient_neither_overflows_nor_loses_digits(tf, namespace, mode):
    def curvature(x, y):
        with tf.GradientTape() as outer:
            outer.watch(y)
            with tf.GradientTape() as inner:
                inner.watch(y)
                quotient = namespace.divide(x, y)
            slope = inner.gradient(quotient, y)
        return outer.gradient(slope, y)

    x, y = [0.0, 1e-200, 1e200, np.inf], [1e-160, 1e-160, 1e160, -1e160]
    found = in_mode(curvature, mode)(tf.constant(x, tf.float64), tf.constant(y, tf.float64))
    np.testing.assert_allclose(found.numpy(), [0.0, 2e280, 2e-280, -np.inf], rtol=1e-14, atol=0)
