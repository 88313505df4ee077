"""Elementwise functions against mpmath, first and second derivative, and their operands' shapes and dtypes."""

import math

import array_api_strict
import hypothesis
import mpmath
import numpy as np
import pytest
from hypothesis import strategies as st

from multigrad.engine import rules, vjp

from .checks import NUMPY, STRICT, check, check_along, gradient, value_and_pullback

pytestmark = pytest.mark.needs("numpy")  # the engine runs on NumPy alone: once

# Name: the function of mpmath, and an interval inside the domain, away from the border.
FUNCTIONS = {
    "reciprocal": (lambda x: 1 / x, (0.2, 4.0)),
    "square": (lambda x: x * x, (-3.0, 3.0)),
    "sqrt": (mpmath.sqrt, (0.1, 9.0)),
    "exp": (mpmath.exp, (-3.0, 3.0)),
    "expm1": (mpmath.expm1, (-3.0, 3.0)),
    "log": (mpmath.log, (0.1, 9.0)),
    "log2": (lambda x: mpmath.log(x, 2), (0.1, 9.0)),
    "log10": (mpmath.log10, (0.1, 9.0)),
    "log1p": (mpmath.log1p, (-0.8, 5.0)),
    "sin": (mpmath.sin, (-4.0, 4.0)),
    "cos": (mpmath.cos, (-4.0, 4.0)),
    "tan": (mpmath.tan, (-1.4, 1.4)),
    "asin": (mpmath.asin, (-0.95, 0.95)),
    "acos": (mpmath.acos, (-0.95, 0.95)),
    "atan": (mpmath.atan, (-4.0, 4.0)),
    "sinh": (mpmath.sinh, (-3.0, 3.0)),
    "cosh": (mpmath.cosh, (-3.0, 3.0)),
    "tanh": (mpmath.tanh, (-3.0, 3.0)),
    "asinh": (mpmath.asinh, (-4.0, 4.0)),
    "acosh": (mpmath.acosh, (1.1, 6.0)),
    "atanh": (mpmath.atanh, (-0.95, 0.95)),
    "negative": (lambda x: -x, (-3.0, 3.0)),
    "positive": (lambda x: x, (-3.0, 3.0)),
    "log_slope": (lambda x: 1 / x, (0.1, 9.0)),
    "log1p_slope": (lambda x: 1 / (1 + x), (-0.8, 5.0)),
    "asin_slope": (lambda x: (1 - x * x) ** -0.5, (-0.95, 0.95)),
    "asinh_slope": (lambda x: 1 / mpmath.sqrt(1 + x * x), (-4.0, 4.0)),
    "acosh_slope": (lambda x: 1 / (mpmath.sqrt(x - 1) * mpmath.sqrt(x + 1)), (1.1, 6.0)),
    "atan_slope": (lambda x: 1 / (1 + x * x), (-4, 4)),
    "atanh_slope": (lambda x: 1 / (1 - x * x), (-0.95, 0.95)),
}
PAIRS = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "hypot": mpmath.hypot,
    "atan2": mpmath.atan2,
    "logaddexp": lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
    "maximum": lambda x, y: max(x, y),
    "minimum": lambda x, y: min(x, y),
    "copysign": lambda x, y: abs(x),  # of positive operands
    "remainder": lambda x, y: x - y * mpmath.floor(x / y),
}


def test_every_slope_is_compared():
    assert set(rules.SLOPES) | {"copysign", "divide"} == set(FUNCTIONS) | set(PAIRS)


def derivatives(xp, f, *point):
    """Return the gradient of f at a point, and the gradient of its first entry."""
    arrays = [xp.asarray(x) for x in point]
    return [float(g) for g in gradient(xp, f, *arrays)], [
        float(g) for g in gradient(xp, lambda *p: gradient(xp, f, *p)[0], *arrays)
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
@hypothesis.settings(derandomize=True, max_examples=8, deadline=None)
@hypothesis.given(st.floats(0.0, 1.0))
def test_functions_of_one_array(name, part):
    exact, (low, high) = FUNCTIONS[name]
    x = low + part * (high - low)
    (first,), (second,) = derivatives(NUMPY, getattr(NUMPY, name), x)
    with mpmath.workdps(40):
        wanted = [float(mpmath.diff(exact, mpmath.mpf(x), order)) for order in (1, 2)]
    np.testing.assert_allclose([first, second], wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", PAIRS)
@hypothesis.settings(derandomize=True, max_examples=6, deadline=None)
@hypothesis.given(st.floats(0.3, 3.0), st.floats(0.3, 3.0))
def test_functions_of_two_arrays(name, x, y):
    hypothesis.assume(min(abs(x - y), abs(x / y - round(x / y))) > 1e-3)  # a kink, and a jump of remainder
    exact = PAIRS[name]
    for xp in (NUMPY, STRICT):
        first, second = derivatives(xp, getattr(xp, name), x, y)
        with mpmath.workdps(40):
            wanted = [float(mpmath.diff(exact, (mpmath.mpf(x), mpmath.mpf(y)), n)) for n in ((1, 0), (0, 1))]
            mixed = [float(mpmath.diff(exact, (mpmath.mpf(x), mpmath.mpf(y)), n)) for n in ((2, 0), (1, 1))]
        np.testing.assert_allclose(first, wanted, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(second, mixed, rtol=1e-10, atol=1e-12)


HOLOMORPHIC = sorted(set(FUNCTIONS) - {"reciprocal"})


@pytest.mark.parametrize("name", HOLOMORPHIC)
@hypothesis.settings(derandomize=True, max_examples=5, deadline=None)
@hypothesis.given(st.floats(0.2, 2.0), st.floats(0.1, 0.9))  # away from the cuts
def test_holomorphic_functions(name, real, imag):
    """Of the real part of a holomorphic f the gradient is the conjugate of f′, of that one's real part conj(f″)."""
    z, exact, function = complex(real, imag), FUNCTIONS[name][0], getattr(NUMPY, name)
    found = NUMPY.asarray(z)
    for order in (1, 2):
        with mpmath.workdps(40):
            expected = complex(mpmath.conj(mpmath.diff(exact, mpmath.mpc(z), order)))
        found = _nested(function, order)(NUMPY.asarray(z))
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def _nested(f, order):
    """Return the gradient of the real part, so many times."""
    for _ in range(order):
        f = _gradient_of_real_part(f)
    return f


def _gradient_of_real_part(f):
    def of(z):
        _, pull, _ = vjp(NUMPY, lambda z: ((NUMPY.real(f(z)),), ()), (z,))
        return pull((np.asarray(1.0),))[0]

    return of


@pytest.mark.parametrize("name", ["exp", "sin", "cos", "sinh", "cosh", "tanh", "atan", "sqrt", "log", "square"])
def test_complex_step(name):
    """Im f(x + ih) / h is the derivative without a difference, and hence without cancellation."""
    x = np.linspace(0.3, 2.0, 5)
    function = getattr(NUMPY, name)
    expected = np.imag(function(x + 1e-30j)) / 1e-30
    found = gradient(NUMPY, lambda x: NUMPY.divide(function(x), NUMPY.asarray(1.0 + 0.1 * np.arange(5))), x)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


BINARY = sorted(PAIRS)
BROADCAST = [((3, 1), (4,)), ((), (3,)), ((2, 3), (1, 3)), ((), ()), ((2, 1, 2), (3, 1))]


@pytest.mark.parametrize("shapes", BROADCAST, ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_broadcast_operands_get_summed_cotangents(name, shapes):
    generator = np.random.default_rng(7)
    primals = [generator.uniform(0.5, 2.0, shape) for shape in shapes]
    check(NUMPY, lambda xp, x, y: getattr(xp, name)(x, y), primals)
    check_along(STRICT, lambda x, y: getattr(STRICT, name)(x, y), primals)


@pytest.mark.parametrize("shapes", [((20_000,), ()), ((), (20_000,)), ((3, 7000), (7000,)), ((1,), (9000, 1))], ids=str)
def test_large_operands_that_were_broadcast(shapes):
    """Sums of products of many elements take a way of their own."""
    generator = np.random.default_rng(7)
    x, y = (generator.normal(size=shape) for shape in shapes)
    (grad_x, grad_y), (_, pull) = (
        gradient(NUMPY, lambda x, y: NUMPY.sum((x * y - y) ** 2), x, y),
        value_and_pullback(NUMPY, lambda x, y: NUMPY.sum(x * y), x, y),
    )
    slope = np.broadcast_to(2 * (x * y - y), np.broadcast_shapes(*shapes))
    for found, expected, like in ((grad_x, slope * y, x), (grad_y, slope * (x - 1), y)):
        wide = np.broadcast_to(expected, np.broadcast_shapes(*shapes))
        axes = tuple(i for i in range(wide.ndim) if i < wide.ndim - like.ndim)
        summed = wide.sum(axis=axes)
        stretched = tuple(i for i, n in enumerate(like.shape) if n == 1 and summed.shape[i] != 1)
        np.testing.assert_allclose(found, summed.sum(axis=stretched, keepdims=True).reshape(like.shape), rtol=1e-10)
    for found, other, like in zip(pull(np.asarray(2.0)), (y, x), (x, y), strict=True):
        wide = np.broadcast_to(2.0 * other, np.broadcast_shapes(*shapes))
        assert found.shape == like.shape
        np.testing.assert_allclose(found.sum(), wide.sum(), rtol=1e-9)


def test_sums_of_many_single_precision_products_are_accurate():
    x = np.random.default_rng(0).normal(size=1_000_003).astype(np.float32)
    (found,) = gradient(NUMPY, lambda w: NUMPY.sum(NUMPY.multiply(x, w) ** 2), np.float32(0.5))
    assert found.dtype == np.float32
    assert float(found) == pytest.approx(float(np.sum(x.astype(np.float64) ** 2)), rel=3e-7)


@pytest.mark.parametrize("name", [*BINARY, "sin", "abs", "sqrt"])
def test_empty_arrays_have_empty_gradients(name):
    count = 2 if name in BINARY else 1
    for xp, namespace in ((NUMPY, np), (STRICT, array_api_strict)):
        primals = [namespace.ones((0, 3)), namespace.ones(3)][:count]
        grads = gradient(xp, getattr(xp, name), *primals)
        assert [g.shape for g in grads] == [p.shape for p in primals]
        assert all(math.prod(g.shape) == 0 or np.all(np.asarray(g) == 0.0) for g in grads)
