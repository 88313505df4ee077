"""JAX's overrides: a planted slope in every mode, and what only JAX's mechanism or compiler could spoil."""

import functools
import math

import numpy as np
import pytest

import multigrad
from multigrad import xp

pytestmark = pytest.mark.needs("jax")


def total(function):
    """Return the sum of a function's elements."""
    return lambda *args: xp.sum(function(*args))


def gradient(f, **options):
    return multigrad.gradient(f, backend="jax", **options)


@pytest.fixture
def planted():
    """Return sin with the derivative 7x: the native one, or none, is far from it in every mode."""
    import jax
    import jax.numpy as jnp

    from multigrad.array_api.jax._overrides import ruled

    return jax.jit(ruled(jnp.sin, (lambda _, out, x: 7 * x,)))


MODES = {
    "vjp": lambda jax, f, x: jax.vjp(f, x)[1](1.0)[0],
    "jvp": lambda jax, f, x: jax.jvp(f, (x,), (1.0,))[1],
    "linearize": lambda jax, f, x: jax.linearize(f, x)[1](1.0),
    "jit of vjp": lambda jax, f, x: jax.jit(jax.grad(f))(x),
    "vjp of jit": lambda jax, f, x: jax.grad(jax.jit(f))(x),
    "vmap of vjp": lambda jax, f, x: jax.vmap(jax.grad(f))(x[None])[0],
    "vjp of vmap": lambda jax, f, x: jax.grad(lambda y: jax.vmap(f)(y[None])[0])(x),
    "vjp of checkpoint": lambda jax, f, x: jax.grad(jax.checkpoint(f))(x),
    "vjp of scan": lambda jax, f, x: jax.grad(lambda y: jax.lax.scan(lambda c, _: (f(c), None), y, None, 1)[0])(x),
    "vjp in a closure": lambda jax, f, x: jax.grad(lambda y: jax.grad(lambda z: y * f(z))(x))(1.0),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_planted_slope_holds_in_every_mode(planted, mode, order):
    import jax

    with jax.enable_x64(True):
        f = planted
        for _ in range(order - 1):
            f = functools.partial(MODES[mode], jax, f)
        found = float(MODES[mode](jax, f, jax.numpy.asarray(2.0)))
    assert found == {1: 14.0, 2: 7.0, 3: 0.0}[order]


@pytest.mark.parametrize("outer", ["vjp", "jvp"])
@pytest.mark.parametrize("inner", ["vjp", "jvp"])
def test_a_planted_slope_holds_forward_and_reverse(planted, outer, inner):
    import jax

    with jax.enable_x64(True):
        found = MODES[outer](jax, lambda x: MODES[inner](jax, planted, x), jax.numpy.asarray(2.0))
    assert float(found) == 7.0


def test_constants_have_no_slope():
    # 2 to the power of n has a slope in the base, which a computation of the other must not see.
    found = gradient(lambda x: xp.pow(x, xp.asarray(2.0)))(-3.0)
    assert float(found) == -6.0
    assert float(gradient(lambda x: xp.maximum(x, 0.0))(0.0)) == 0.5


EXPONENTS = (0, 0.0, 1, 1.0, 2, 2.0, 3, 3.0, 5, 5.0)


def derivatives_of_powers(x):
    """Return the first three derivatives of each power."""
    found = []
    for exponent in EXPONENTS:
        f = functools.partial(pow, exp=exponent)
        for _ in range(3):
            f = gradient(f)
            found.append(f(x))
    return found


@pytest.mark.parametrize("transform", [lambda f: f, functools.partial(multigrad.jit, backend="jax")])
def test_a_whole_power_has_all_derivatives_at_zero(transform):
    found = [float(value) for value in transform(derivatives_of_powers)(0.0)]
    assert found == [math.factorial(order) if n == order else 0.0 for n in EXPONENTS for order in (1, 2, 3)]


def test_a_power_of_nothing_is_a_constant():
    assert float(gradient(lambda x: x**0.0)(math.nan)) == 0.0
    mixed = gradient(gradient(lambda x, n: xp.pow(x, n)), argnums=1)
    assert float(mixed(2.0, 0.0)) == 0.5


# XLA makes (a/b)/b of products of quotients, and 0 of a product of a mask and NaN.
@pytest.mark.parametrize("compiled", [False, True])
def test_the_compiler_keeps_what_is_protected(compiled):
    def slopes(f, *args):
        every = tuple(range(len(args)))
        return [float(g) for g in gradient(f, argnums=every, compile=compiled)(*args)]

    assert slopes(lambda x, y: x / y, 3e200, 2e200) == pytest.approx([5e-201, -7.5e-201], rel=1e-14, abs=0)
    assert slopes(xp.atan2, 3e-200, 4e-200) == pytest.approx([1.6e199, -1.2e199], rel=1e-14)
    assert slopes(xp.hypot, 3e-200, 4e-200) == pytest.approx([0.6, 0.8], rel=1e-14)
    found = gradient(xp.max, compile=compiled)(np.asarray([1.0, math.nan, 2.0]))
    assert np.isnan(found).all()


@pytest.mark.parametrize("value", [0.1, 3.0, 1e-200])
def test_the_deviation_of_equal_elements_has_no_slope(value):
    # The mean of three times 0.1 is not 0.1.
    x = np.full((3, 2), value)
    np.testing.assert_array_equal(gradient(xp.std)(x), np.zeros((3, 2)))
    rows = gradient(total(lambda x: xp.std(x, axis=1)))
    np.testing.assert_array_equal(rows(x), np.zeros((3, 2)))


@pytest.mark.parametrize("axis", [None, 0, (0, 2), -1])
@pytest.mark.parametrize("correction", [0, 1, 0.5])
def test_the_deviation_of_ordinary_elements(axis, correction):
    x, direction = np.random.default_rng(1).normal(size=(2, 3, 4, 2))
    weights = np.cos(np.arange(x.size)).reshape(x.shape)

    def weighed(root):
        # Once by the namespace's own rule, once as what it is.
        return lambda x: xp.sum(root(x, axis=axis, correction=correction, keepdims=True) * xp.asarray(weights))

    functions = [weighed(xp.std), weighed(lambda x, **options: xp.sqrt(xp.var(x, **options)))]
    first, other = (gradient(f)(x) for f in functions)
    np.testing.assert_allclose(first, other, rtol=1e-12, atol=1e-13)
    second, other = (multigrad.hvp(f, (x,), (direction,), backend="jax")[0] for f in functions)
    np.testing.assert_allclose(second, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3)])
@pytest.mark.parametrize("kind", ["real", "complex"])
def test_the_full_singular_value_decomposition(shape, kind):
    rng = np.random.default_rng(5)
    x, direction = (rng.normal(size=shape) + (1j * rng.normal(size=shape) if kind == "complex" else 0) for _ in "ab")

    def f(x):
        # Projectors: free of signs, phases and of the choice of the vectors beyond the rank.
        u, s, vh = xp.linalg.svd(x)
        k = s.shape[0]
        parts = [u[:, :1] @ xp.conj(u[:, :1]).mT, xp.conj(vh[:1, :]).mT @ vh[:1, :]]
        parts += [u[:, k:] @ xp.conj(u[:, k:]).mT, xp.conj(vh[k:, :]).mT @ vh[k:, :]]
        weigh = lambda p: xp.sum(xp.real(p) * xp.asarray(np.cos(np.arange(p.size).reshape(p.shape))))  # noqa: E731
        return sum(map(weigh, parts), xp.sum(s * s * s))

    along = lambda h: float(multigrad.vjp(f, x + h * direction, backend="jax")[0])  # noqa: E731
    h = 1e-4
    expected = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
    assert float(multigrad.jvp(f, (x,), (direction,), backend="jax")[1]) == pytest.approx(expected, rel=1e-8)
    found = np.sum(np.real(np.conj(gradient(f)(x)) * direction))
    assert found == pytest.approx(expected, rel=1e-8)


def test_only_the_singular_system_is_nan():
    a = np.asarray([[[1.0, 0.0], [0.0, 0.0]], [[2.0, 0.0], [0.0, 4.0]]])
    found = gradient(lambda a: xp.sum(xp.linalg.solve(a, xp.asarray([[[1.0], [0.0]], [[2.0], [4.0]]]))))(a)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], [[-0.5, -0.5], [-0.25, -0.25]])
    # A NaN on the right does not make a matrix singular.
    found = gradient(lambda b: xp.sum(xp.linalg.solve(xp.asarray(a[1]), b)))(np.asarray([math.nan, 1.0]))
    np.testing.assert_array_equal(found, [0.5, 0.25])


LARGE = {"float32": 1e30, "float64": 1e250}


@pytest.mark.parametrize("dtype", LARGE)
@pytest.mark.parametrize("name", ["asinh", "acosh"])
def test_slopes_whose_square_overflows(name, dtype):
    x = np.asarray([2.0, 1e3, LARGE[dtype]], dtype)
    exact = x.astype(np.longdouble)
    root = 1 / np.sqrt(exact**2 + 1) if name == "asinh" else 1 / np.sqrt((exact - 1) * (exact + 1))
    eps = np.finfo(dtype).eps
    for compiled in (False, True):
        found = gradient(total(getattr(xp, name)), compile=compiled)(x)
        np.testing.assert_allclose(np.asarray(found, np.longdouble), root, rtol=8 * float(eps))


@pytest.mark.parametrize("size", [1e-200, 1e-130, 1.0, 1e130, 1e200])
def test_the_slopes_of_atan2_have_the_right_slopes(size):
    y, x = 3.0, 4.0
    slopes = [[-2 * x * y, y * y - x * x], [y * y - x * x, 2 * x * y]]  # of x / r² and -y / r², times r⁴
    for i, row in enumerate(slopes):
        first = gradient(xp.atan2, argnums=i)
        assert float(first(y * size, x * size)) == pytest.approx([x, -y][i] / 25 / size, rel=1e-14, abs=0)
        found = [float(value) for value in gradient(first, argnums=(0, 1))(y * size, x * size)]
        with np.errstate(over="ignore", under="ignore"):
            expected = np.asarray(row) / 625 / np.float64(size) / np.float64(size)
        np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_the_slope_of_atan2_at_infinity():
    slope = gradient(xp.atan2, argnums=1)
    assert float(slope(1.0, math.inf)) == 0.0
    assert float(gradient(slope)(1.0, math.inf)) == 0.0


def test_the_quotient_has_second_derivatives_where_the_square_overflows():
    in_divisor = gradient(gradient(lambda y, x: x / y))
    assert float(in_divisor(1e200, 1e300)) == pytest.approx(2e-300, rel=1e-14, abs=0)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_determinant_of_a_matrix_with_nan_has_the_derivative_nan(compiled):
    x = np.stack([np.eye(4), np.eye(4)])
    x[1, 0, 0] = math.nan
    found = gradient(total(xp.linalg.det), compile=compiled)(x)
    np.testing.assert_allclose(found[0], np.eye(4))
    assert np.isnan(found[1]).all()
    assert np.isnan(multigrad.jvp(xp.linalg.det, (x,), (np.ones_like(x),), backend="jax")[1][1])
