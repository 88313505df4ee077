"""TensorFlow's overrides: a planted derivative comes back in every mode, and compiled values are as good as eager ones.

What the derivatives are is the census's matter (``tests/convention``).
"""

import numpy as np
import pytest

import multigrad
from multigrad import xp

pytestmark = pytest.mark.needs("tensorflow")

POINT = 3.0
MODES = ("eager", "graph", "xla")


@pytest.fixture
def planted():
    """Return functions whose derivatives are not those of their value, x + 1, with their first and second ones."""
    import tensorflow as tf

    from multigrad.array_api.tensorflow._derivatives import derived

    def value(x):
        return x + 1

    return {
        "input": (derived(value, lambda g, _, x: [g * 7 * x]), 7 * POINT, 7.0),
        # Of the result's square, whose own derivative is the planted one again.
        "result": (
            derived(value, lambda g, out, x: [g * tf.square(out)], keeps_result=True),
            (POINT + 1) ** 2,
            2 * (POINT + 1) ** 3,
        ),
    }


def in_mode(f, mode):
    import tensorflow as tf

    return f if mode == "eager" else tf.function(f, jit_compile=mode == "xla", autograph=False)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["input", "result"])
def test_a_planted_derivative_comes_back_on_tapes(planted, kind, mode):
    import tensorflow as tf

    f, first, second = planted[kind]

    def derivatives(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = f(x)
            slope = inner.gradient(y, x)
        return y, slope, outer.gradient(slope, x)

    found = in_mode(derivatives, mode)(tf.constant(POINT, tf.float64))
    assert [float(x) for x in found] == [POINT + 1, first, second]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["input", "result"])
def test_a_planted_derivative_comes_back_forwards(planted, kind, mode):
    import tensorflow as tf

    f, first, second = planted[kind]

    def derivatives(x, t):
        with tf.autodiff.ForwardAccumulator(x, t) as forward:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = f(x)
            slope = tape.gradient(y, x)
        return forward.jvp(y), forward.jvp(slope)

    found = in_mode(derivatives, mode)(tf.constant(POINT, tf.float64), tf.constant(1.0, tf.float64))
    assert [float(x) for x in found] == [first, second]


@pytest.mark.parametrize("kind", ["input", "result"])
def test_a_planted_derivative_comes_back_outside_a_traced_function(planted, kind):
    import tensorflow as tf

    f, first, _ = planted[kind]
    x = tf.constant(POINT, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.function(f, autograph=False)(x)
    assert float(tape.gradient(y, x)) == first


@pytest.mark.parametrize("kind", ["input", "result"])
def test_a_planted_derivative_comes_back_mapped(planted, kind):
    import tensorflow as tf

    f, first, _ = planted[kind]

    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    assert tf.vectorized_map(slope, tf.constant([POINT, POINT], tf.float64)).numpy().tolist() == [first, first]


@pytest.mark.parametrize("compile", [False, True])
@pytest.mark.parametrize("kind", ["input", "result"])
def test_a_planted_derivative_comes_back_through_the_operators(planted, kind, compile):
    f, first, second = planted[kind]
    options = {"backend": "tensorflow", "arrays": "native", "compile": compile}
    assert float(multigrad.gradient(f, **options)(POINT)) == first
    assert float(multigrad.jvp(f, (POINT,), (1.0,), **options)[1]) == first
    assert float(multigrad.hvp(f, (POINT,), (1.0,), **options)[0]) == second
    assert float(multigrad.gradient(multigrad.gradient(f, **options), **options)(POINT)) == second


def test_an_unwatched_exponent_has_no_slope_and_a_watched_one_has():
    import tensorflow as tf

    x, n = tf.constant(2.0, tf.float64), tf.constant(3.0, tf.float64)
    power = multigrad.get_backend("tensorflow").xp.pow
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = power(x, n)
    assert float(tape.gradient(y, x)) == 12.0
    with tf.autodiff.ForwardAccumulator(n, tf.ones_like(n)) as forward:
        y = power(x, n)
    assert float(forward.jvp(y)) == pytest.approx(8 * np.log(2), rel=1e-15)


@pytest.mark.parametrize("mode", MODES)
def test_a_nan_comes_through_a_choice(mode):
    import tensorflow as tf

    namespace = multigrad.get_backend("tensorflow").xp
    x, y = tf.constant([np.nan, 0.5, 1.0], tf.float64), tf.constant([0.5, np.nan, 2.0], tf.float64)
    found = in_mode(lambda x, y: (namespace.maximum(x, y), namespace.minimum(x, y), namespace.max(x)), mode)(x, y)
    expected = ([np.nan, np.nan, 2.0], [np.nan, np.nan, 1.0], np.nan)
    for got, want in zip(found, expected, strict=True):
        np.testing.assert_array_equal(got.numpy(), want)


def symmetric(size, ties):
    """Return a matrix with some of its eigenvalues equal."""
    q = np.linalg.qr(np.random.default_rng(size).normal(size=(size, size)))[0]
    values = np.where(np.arange(size) < ties, 1.0, np.arange(size))
    return q @ np.diag(values) @ q.T


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("size", "ties"), [(3, 0), (12, 0), (12, 6), (1, 1)])
def test_eigenvalues_and_vectors_have_all_their_digits(mode, size, ties):
    import tensorflow as tf

    eigh = multigrad.get_backend("tensorflow").xp.linalg.eigh
    a = symmetric(size, ties)
    values, vectors = (x.numpy() for x in in_mode(lambda a: tuple(eigh(a)), mode)(tf.constant(a)))
    np.testing.assert_allclose(values, np.linalg.eigvalsh(a), rtol=0, atol=1e-13)
    np.testing.assert_allclose(a @ vectors, vectors * values, rtol=0, atol=1e-13)
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(size), rtol=0, atol=1e-13)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(4, 4), (6, 4), (4, 6)])
@pytest.mark.parametrize("full", [False, True])
def test_singular_values_and_vectors_have_all_their_digits(mode, shape, full):
    import tensorflow as tf

    svd = multigrad.get_backend("tensorflow").xp.linalg.svd
    a = np.random.default_rng(2).normal(size=shape)
    u, s, vh = (x.numpy() for x in in_mode(lambda a: tuple(svd(a, full_matrices=full)), mode)(tf.constant(a)))
    np.testing.assert_allclose(s, np.linalg.svd(a)[1], rtol=0, atol=1e-13)
    np.testing.assert_allclose(u[:, :4] * s @ vh[:4], a, rtol=0, atol=1e-13)
    for basis in (u, vh.T):
        np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), rtol=0, atol=1e-13)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("function", ["inv", "solve"])
def test_only_singular_matrices_of_a_stack_have_no_inverse(mode, function):
    import tensorflow as tf

    linalg = multigrad.get_backend("tensorflow").xp.linalg
    singular, scaled = np.array([[1.0, 2.0], [2.0, 4.0]]), np.array([[2.0, 0.0], [0.0, 1e-20]])
    regular = np.array([[1.0, 2.0], [3.0, 4.0]])
    a = np.stack([singular, scaled, regular])
    b = np.broadcast_to(np.eye(2), a.shape)
    found = in_mode(linalg.inv if function == "inv" else lambda a: linalg.solve(a, b), mode)(tf.constant(a)).numpy()
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1:], np.linalg.inv(a[1:]), rtol=1e-14, atol=1e-15)


def of_condition(condition, size=6):
    """Return a matrix with singular values from 1 down to the inverse of the condition number."""
    first, last = (np.linalg.qr(np.random.default_rng(k).normal(size=(size, size)))[0] for k in (0, 1))
    return first @ np.diag(np.logspace(0, -np.log10(condition), size)) @ last


@pytest.mark.parametrize("mode", MODES)
def test_an_ill_conditioned_solution_leaves_no_residual(mode):
    # The product with the inverse, XLA's own solution, leaves one of 1e-7.
    import tensorflow as tf

    solve = multigrad.get_backend("tensorflow").xp.linalg.solve
    a, x = of_condition(1e10), np.random.default_rng(2).normal(size=(6, 2))

    def solved(a, b):
        with tf.GradientTape() as tape:
            tape.watch(b)
            found = solve(a, b)
        return found, tape.gradient(found, b)

    found, slope = (y.numpy() for y in in_mode(solved, mode)(tf.constant(a), tf.constant(a @ x)))
    np.testing.assert_allclose(a @ found, a @ x, rtol=0, atol=1e-13)
    np.testing.assert_allclose(a.T @ slope, np.ones((6, 2)), rtol=0, atol=1e-14 * np.abs(slope).max())


@pytest.mark.parametrize("mode", MODES)
def test_rows_and_columns_of_any_size_are_no_reason_to_be_singular(mode):
    import tensorflow as tf

    linalg = multigrad.get_backend("tensorflow").xp.linalg
    rows, columns = np.array([1e-90, 1.0, 1e90])[:, None], np.array([1e60, 1e-120, 1.0])
    inner = np.array([[2.0, 1.0, -1.0], [1.0, 3.0, 1.0], [-1.0, 1.0, 4.0]])
    found = in_mode(linalg.inv, mode)(tf.constant(rows * inner * columns)).numpy()
    np.testing.assert_allclose(found * columns[:, None] * rows.T, np.linalg.inv(inner), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-8, 1e-10])
def test_vectors_of_near_values_are_orthonormal(mode, gap):
    import tensorflow as tf

    linalg = multigrad.get_backend("tensorflow").xp.linalg
    values = np.array([1.0, 1.0 + gap, 1.0 - 1.7 * gap, 2.0, 3.0, 4.0, 5.0, 6.0])
    stack = np.random.default_rng(4).normal(size=(20, 8, 8))
    q = np.linalg.qr(stack)[0]
    a = q * values @ q.mT
    _, vectors = in_mode(lambda a: tuple(linalg.eigh(a)), mode)(tf.constant(a))
    products = vectors.numpy().mT @ vectors.numpy()
    np.testing.assert_allclose(products, np.broadcast_to(np.eye(8), a.shape), rtol=0, atol=1e-11)


@pytest.mark.parametrize("compile", [False, True])
def test_the_inverse_has_its_first_and_second_derivative(compile):
    a = np.array([[1.0, 2.0], [3.0, 5.0]])
    t = np.array([[0.5, -1.0], [2.0, 1.5]])
    inverse = np.linalg.inv(a)
    along = -inverse @ t @ inverse

    def total(a):
        return xp.sum(xp.linalg.inv(a))

    found = multigrad.hvp(total, (a,), (t,), backend="tensorflow", compile=compile)[0]
    ones = np.ones((2, 2))
    expected = -along.T @ ones @ inverse.T - inverse.T @ ones @ along.T
    np.testing.assert_allclose(multigrad.to_numpy(found), expected, rtol=1e-12)
