"""Special functions: values as SciPy's and mpmath's, first and second derivatives by formula, on every backend."""

import warnings

import mpmath
import numpy as np
import pytest
import scipy.special

import multigrad
from multigrad import special, xp

INF, NAN = np.inf, np.nan
EPS = np.finfo(np.float64).eps

WIDE = np.array([-700.0, -40.0, -3.0, -1e-3, -0.0, 0.0, 1e-9, 0.7, 5.0, 36.0, 700.0])
PROBABILITIES = np.array([1e-300, 1e-9, 0.1, 0.25, 0.4999999, 0.5, 0.50000001, 0.75, 0.9, 1 - 1e-9])


def logistic(x):
    return 1 / (1 + mpmath.exp(-x))


# Function, points, value, derivative and second derivative by formula, in mpmath numbers.
SMOOTH = {
    "expit": (
        special.expit,
        WIDE,
        logistic,
        lambda x: logistic(x) * logistic(-x),
        lambda x: logistic(x) * logistic(-x) * (logistic(-x) - logistic(x)),
    ),
    "log_expit": (
        special.log_expit,
        WIDE,
        lambda x: mpmath.log(logistic(x)),
        lambda x: logistic(-x),
        lambda x: -logistic(x) * logistic(-x),
    ),
    "logit": (
        special.logit,
        PROBABILITIES,
        lambda p: mpmath.log(p / (1 - p)),
        lambda p: 1 / (p * (1 - p)),
        lambda p: (2 * p - 1) / (p * (1 - p)) ** 2,
    ),
}


def exact(function, points):
    with mpmath.workprec(3000):  # exp(-700) beside 1 needs a thousand bits
        return np.array([float(function(mpmath.mpf(float(x)))) for x in points])


def native(values, backend, dtype=None):
    return multigrad.asarray(np.array(values, dtype=dtype or np.float64), backend=backend)


def derivative(f):
    """Return the elementwise derivative of an elementwise function."""
    return multigrad.gradient(lambda *args: xp.sum(f(*args)))


def numpy_of(array):
    return np.asarray(multigrad.to_numpy(array))


@pytest.mark.parametrize("name", SMOOTH)
def test_values_are_exact_to_a_few_eps(name, backend):
    function, points, value, _, _ = SMOOTH[name]
    found = numpy_of(function(native(points, backend)))
    np.testing.assert_allclose(found, exact(value, points), rtol=6 * EPS, atol=0)
    np.testing.assert_allclose(found, getattr(scipy.special, name)(points), rtol=8 * EPS, atol=0)


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_are_right_in_first_and_second_order(name, backend):
    function, points, _, first, second = SMOOTH[name]
    points = points[np.abs(points) > 1e-100] if name == "logit" else points  # 1/x² overflows below
    x = native(points, backend)
    np.testing.assert_allclose(numpy_of(derivative(function)(x)), exact(first, points), rtol=1e-13, atol=4 * EPS)
    found = numpy_of(derivative(derivative(function))(x))
    np.testing.assert_allclose(found, exact(second, points), rtol=1e-7, atol=8 * EPS)


@pytest.mark.parametrize("name", SMOOTH)
def test_form_and_dtype_follow_the_argument(name, backend, dtype):
    function, x = SMOOTH[name][0], native([0.25, 0.5], backend, dtype)
    wrapped = multigrad.array_namespace(x).asarray(x)
    assert type(function(x)) is type(x)
    assert type(function(wrapped)) is type(wrapped)
    assert numpy_of(function(x)).dtype == dtype
    seen = []

    def f(x):
        y = function(x)
        seen.append(type(y) is type(xp.exp(x)))
        return xp.sum(y)

    for arrays in ("standard", "native"):
        assert numpy_of(multigrad.gradient(f, arrays=arrays)(x)).dtype == dtype
    assert seen == [True, True]


@pytest.mark.parametrize("name", SMOOTH)
def test_numbers_and_integers_are_floating(name, backend):
    function, with_scipy = SMOOTH[name][0], getattr(scipy.special, name)
    with multigrad.use_backend(backend):
        assert float(function(0.25)) == pytest.approx(with_scipy(0.25), rel=8 * EPS)
    found = numpy_of(function(native([1], backend, "int64")) if name != "logit" else function(native([0.5], backend)))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, with_scipy([0.5] if name == "logit" else [1]), rtol=8 * EPS, atol=EPS)


def test_logistic_functions_at_the_ends(backend):
    x = native([-INF, INF, NAN], backend)
    np.testing.assert_array_equal(numpy_of(special.expit(x)), [0, 1, NAN])
    np.testing.assert_array_equal(numpy_of(special.log_expit(x)), [-INF, 0, NAN])


def test_logit_at_the_ends(backend):
    with warnings.catch_warnings():  # NumPy warns of log(0), as of np.log(0) itself
        warnings.simplefilter("ignore", RuntimeWarning)
        x = native([0.0, 1.0, -0.5, 1.5, NAN], backend)
        np.testing.assert_array_equal(numpy_of(special.logit(x)), [-INF, INF, NAN, NAN, NAN])
        np.testing.assert_array_equal(numpy_of(derivative(special.logit)(x))[:2], [INF, INF])


ROWS = np.array([[0.0, -40.0, -1.0], [700.0, 699.0, -700.0], [-700.0, -700.0, -701.0], [3.0, -INF, 2.0]])


def exact_logsumexp(row):
    with mpmath.workprec(3000):
        return float(mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(x)) for x in row)))


def test_logsumexp_is_exact(backend):
    found = numpy_of(special.logsumexp(native(ROWS, backend), axis=1))
    np.testing.assert_allclose(found, [exact_logsumexp(row) for row in ROWS], rtol=4 * EPS)
    np.testing.assert_allclose(found, scipy.special.logsumexp(ROWS, axis=1), rtol=4 * EPS)
    # The small term is not lost beside the large one.
    small = numpy_of(special.logsumexp(native([0.0, -40.0], backend)))
    np.testing.assert_allclose(small, np.exp(-40.0), rtol=4 * EPS)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_reduces_as_scipy(axis, keepdims, backend):
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    found = numpy_of(special.logsumexp(native(x, backend), axis=axis, keepdims=keepdims))
    expected = scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=8 * EPS)


def test_logsumexp_of_infinities(backend):
    x = native([[-INF, -INF], [-INF, 1.0], [INF, 1.0], [INF, -INF], [NAN, 1.0]], backend)
    np.testing.assert_array_equal(numpy_of(special.logsumexp(x, axis=1)), [-INF, 1, INF, INF, NAN])
    slopes = numpy_of(derivative(lambda x: special.logsumexp(x, axis=1))(x[:2]))
    np.testing.assert_array_equal(slopes, [[0, 0], [0, 1]])


def test_softmax_rows_sum_to_one(backend):
    x = native(ROWS, backend)
    found = numpy_of(special.softmax(x))
    np.testing.assert_allclose(found, scipy.special.softmax(ROWS, axis=-1), rtol=4 * EPS)
    np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=4 * EPS)
    np.testing.assert_allclose(numpy_of(special.softmax(x, axis=None)).sum(), 1, rtol=4 * EPS)


def test_log_softmax_is_x_minus_logsumexp(backend):
    found = numpy_of(special.log_softmax(native(ROWS, backend)))
    np.testing.assert_allclose(found, scipy.special.log_softmax(ROWS, axis=-1), rtol=4 * EPS, atol=4 * EPS)
    with mpmath.workprec(3000):
        total = mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(x)) for x in ROWS[0]))
        expected = [float(mpmath.mpf(x) - total) for x in ROWS[0]]
    np.testing.assert_allclose(found[0], expected, rtol=4 * EPS)


def test_reductions_have_the_derivatives_of_their_formulas(backend):
    rows = np.array([[0.3, -1.2, 2.0], [1.0, 1.0, 1.0], [700.0, 699.0, -700.0], [1.0, -INF, 1.0]])
    weights = np.array([[0.5, -1.0, 2.0]])
    x, w = native(rows, backend), native(weights, backend)
    s = scipy.special.softmax(rows, axis=1)
    mean = (s * weights).sum(axis=1, keepdims=True)
    total = weights.sum()

    np.testing.assert_allclose(numpy_of(derivative(lambda x: special.logsumexp(x, axis=1))(x)), s, atol=4 * EPS)
    in_softmax = numpy_of(derivative(lambda x, w: special.softmax(x) * w)(x, w))
    np.testing.assert_allclose(in_softmax, s * (weights - mean), atol=8 * EPS)
    # Second order: the gradient of w·softmax, itself a gradient.
    first = multigrad.gradient(lambda x: xp.sum(special.logsumexp(x, axis=1)))
    twice = multigrad.gradient(lambda x, w: xp.sum(first(x) * w))
    np.testing.assert_allclose(numpy_of(twice(x, w)), s * (weights - mean), atol=8 * EPS)
    finite, w_finite = native(rows[:3], backend), native(weights, backend)
    in_log_softmax = numpy_of(derivative(lambda x, w: special.log_softmax(x) * w)(finite, w_finite))
    np.testing.assert_allclose(in_log_softmax, weights - s[:3] * total, atol=16 * EPS)
