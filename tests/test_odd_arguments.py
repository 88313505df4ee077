"""Arguments at the edge of the standard: one answer or one refusal on every backend, and no gradient is lost."""

import functools

import mpmath
import numpy as np
import pytest

import multigrad
from multigrad import xp
from multigrad.array_api import _ranges


def _integral(upper):
    t = xp.linspace(0.0, upper, 101)
    return xp.sum((t[1:] - t[:-1]) * (t[1:] ** 2 + t[:-1] ** 2)) / 2


def test_linspace_between_differentiated_ends(backend):
    # The trapezoidal rule for t² from 0 to b is b³ (1/3 + h²/6) with h = 1/100.
    factor = 1 / 3 + 1e-4 / 6
    assert float(multigrad.gradient(_integral, backend=backend)(2.0)) == pytest.approx(3 * factor * 4, rel=1e-12)
    assert float(multigrad.hessian(_integral, backend=backend)(2.0)) == pytest.approx(6 * factor * 2, rel=1e-12)
    value, tangent = multigrad.jvp(_integral, (2.0,), (1.0,), backend=backend)
    assert float(value) == pytest.approx(8 * factor, rel=1e-12)
    assert float(tangent) == pytest.approx(12 * factor, rel=1e-12)


def test_linspace_keeps_its_options(backend):
    def f(start):
        points = xp.linspace(start, 3, 4, dtype=xp.float32, endpoint=False)
        assert points.dtype == xp.float32
        return xp.sum(points * xp.asarray([1.0, 2.0, 3.0, 4.0], dtype=xp.float32))

    # Weights 1 - i/4: 1·1 + 2·3/4 + 3·1/2 + 4·1/4.
    assert float(multigrad.gradient(f, backend=backend)(2.0)) == 5.0


def test_arange_with_a_differentiated_step_start_or_stop(backend):
    # 0, s, 2s below 7 for s = 3; n and n + 1 below n + 1.5; 0, 1, 2, 3 below 3.5, whatever it is exactly.
    gradient = multigrad.gradient
    assert float(gradient(lambda s: xp.sum(xp.arange(0.0, 7.0, s)), backend=backend)(3.0)) == 3.0
    assert float(gradient(lambda n: xp.sum(xp.arange(n, n + 1.5)), backend=backend)(3.0)) == 2.0
    assert float(gradient(lambda n: xp.sum(xp.arange(n)) + n, backend=backend)(3.5)) == 1.0
    assert float(gradient(lambda s: xp.sum(xp.arange(5.0, 0.0, s)), backend=backend)(-2.0)) == 3.0
    with pytest.raises(ValueError, match="finite number of elements"):
        gradient(lambda s: xp.sum(xp.arange(0.0, float("inf"), s)), backend=backend)(1.0)
    with pytest.raises(ValueError, match="step other than 0"):
        gradient(lambda s: xp.sum(xp.arange(0.0, 1.0, s)), backend=backend)(0.0)


def test_a_range_without_its_ends_says_so(backend):
    for f in (lambda x: xp.arange(), lambda x: xp.linspace(x), lambda x: xp.linspace(0.0, x)):
        with pytest.raises(TypeError, match=r"arange|linspace"):
            multigrad.gradient(f, backend=backend)(2.0)


@pytest.mark.parametrize("bound", [-3.0, 0.0, 0.5, 1.0, 1.5, 2.0, 6.9, 7.0, 7.1, 1000.0])
def test_the_number_of_elements_is_the_ceiling(bound):
    assert _ranges._ceiling(bound) == max(int(np.ceil(bound)), 0)


@pytest.mark.parametrize(
    "f",
    [
        lambda n: xp.sum(xp.ones(n)) * n,
        lambda n: xp.sum(xp.zeros((n, 2)) + n),
        lambda n: xp.sum(xp.full(n, 1.0)) * n,
        lambda n: xp.sum(xp.eye(n) * n),
        lambda n: xp.sum(xp.roll(xp.ones(4) * n, n)),
        lambda n: xp.sum(xp.repeat(xp.ones(4) * n, n)),
        lambda n: xp.sum(xp.ones(4) * n, axis=n),
        lambda n: xp.sum(xp.linspace(0.0, 1.0, n)) * n,
        lambda n: xp.sum(xp.linspace(0.0, n, n)),
        lambda n: xp.std(xp.ones(4) * n, correction=n / 3),
    ],
)
def test_a_differentiated_value_is_no_size_and_no_axis(backend, f):
    with pytest.raises(multigrad.DetachedValueError, match="being differentiated"):
        multigrad.gradient(f, backend=backend)(2.0)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ([0, 0, 1], [[0.0, 4.0], [4.0, 6.0]]),
        ([True, False], [[0.0, 2.0], [0.0, 0.0]]),
        (([0, 1], [1, 0]), [[0.0, 2.0], [4.0, 0.0]]),
        (range(2), [[0.0, 2.0], [4.0, 6.0]]),
        ([], [[0.0, 0.0], [0.0, 0.0]]),
    ],
)
def test_lists_as_an_index(backend, key, expected):
    found = multigrad.gradient(lambda w: xp.sum(w[key] ** 2), backend=backend)(np.arange(4.0).reshape(2, 2))
    assert multigrad.to_numpy(found).tolist() == expected


def test_shapes_axes_and_numbers_as_people_write_them(backend):
    ones = np.ones((2, 3))

    def f(w):
        total = xp.sum(w, axis=[0, 1]) + xp.sum(xp.reshape(w, -1)) + xp.sum(xp.reshape(w, (xp.asarray(6),)))
        stacked = xp.sum(xp.stack([w[0, 0], 1.0]) * xp.stack([2, w[0, 0]]))  # 2 w + w
        return total + stacked + xp.where(True, w[0, 0], 0.0) + xp.sum(xp.concat([w[0], xp.asarray([1.0])]))

    found = multigrad.to_numpy(multigrad.gradient(f, backend=backend)(ones))
    np.testing.assert_array_equal(found, [[8.0, 4.0, 4.0], [3.0, 3.0, 3.0]])


def test_numpy_arrays_of_other_memory_layouts_and_kinds(backend):
    backwards = np.arange(3.0)[::-1]
    matrix = np.ones((1, 3)).view(np.matrix)
    for x in (backwards, backwards.astype(">f8"), matrix, backwards[None].T):
        plain = np.ascontiguousarray(np.asarray(x, dtype=float))
        given = multigrad.gradient(lambda x: xp.sum(x**2), backend=backend)(x)
        np.testing.assert_array_equal(multigrad.to_numpy(given), 2 * plain)
        closed_over = multigrad.gradient(lambda w, x=x: xp.sum(w * x), backend=backend)(np.ones(plain.shape))
        np.testing.assert_array_equal(multigrad.to_numpy(closed_over), plain)


def test_compiled_calls_take_other_memory_layouts(backend):
    f = multigrad.gradient(lambda x: xp.sum(x**3), backend=backend, compile=True)
    for x in (
        np.arange(3.0),
        np.arange(3.0),
        np.arange(3.0)[::-1],
        np.arange(3.0)[::-1],
        *[np.arange(3, dtype=">f8")] * 2,
    ):
        np.testing.assert_allclose(multigrad.to_numpy(f(x)), 3 * np.asarray(x, dtype=float) ** 2)


def test_a_masked_array_is_refused(backend):
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
    with pytest.raises(TypeError, match=r"x\.filled"):
        multigrad.gradient(lambda x: xp.sum(x), backend=backend)(masked)
    for f in (lambda w: xp.sum(w * masked), lambda w: xp.sum(xp.multiply(w, masked))):
        with pytest.raises(TypeError, match=r"x\.filled"):
            multigrad.gradient(f, backend=backend)(1.0)


def test_a_dtype_that_the_standard_lacks_is_named(backend):
    with pytest.raises(multigrad.DtypeError, match=r"float128|longdouble"):
        multigrad.gradient(lambda x: xp.sum(x), backend=backend)(np.ones(2, dtype=np.longdouble))
    with pytest.raises(multigrad.DtypeError, match="U1"):
        multigrad.gradient(lambda x: xp.sum(x), backend=backend)(np.array(["a"]))


def test_an_extreme_of_no_axes_is_nan_at_nan(backend):
    for extreme in (xp.max, xp.min):
        found = multigrad.gradient(lambda x, extreme=extreme: xp.sum(extreme(x, axis=())), backend=backend)(
            np.asarray([1.0, np.nan])
        )
        np.testing.assert_array_equal(multigrad.to_numpy(found), [1, np.nan])


def test_the_tangent_of_an_empty_mean_is_nan(backend):
    for options in ({}, {"axis": 0}, {"keepdims": True}):
        mean = functools.partial(xp.mean, **options)
        value, tangent = multigrad.jvp(mean, (np.zeros(0),), (np.zeros(0),), backend=backend)
        assert np.isnan(multigrad.to_numpy(value)).all()
        assert np.isnan(multigrad.to_numpy(tangent)).all()


@pytest.mark.parametrize("name", ["inv", "eigvalsh", "cholesky", "solve", "svd", "qr", "pinv"])
def test_linear_algebra_of_half_precision_names_the_dtype(backend, name):
    x = multigrad.asarray(np.eye(2), backend=backend, dtype="float16")
    with pytest.raises(multigrad.DtypeError, match=rf"{name} for float16. Cast it to float32 first."):
        getattr(xp.linalg, name)(*(x, x)[: 2 if name == "solve" else 1])


@pytest.mark.filterwarnings("ignore::multigrad.RecompileWarning")
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("z", [3e-200 - 4e-200j, 3e200 - 4e200j, 4e-308 + 3e-308j])
def test_complex_logarithms_of_extreme_numbers(backend, z, compiled):
    found = multigrad.gradient(lambda z: xp.real(xp.log(z)), backend=backend, compile=compiled)(np.asarray(z))
    exact = complex(1 / mpmath.conj(mpmath.mpc(z)))
    np.testing.assert_allclose(multigrad.to_numpy(found), exact, rtol=1e-13)
    value = multigrad.jit(xp.reciprocal, backend=backend)(np.asarray(z)) if compiled else xp.reciprocal(np.asarray(z))
    np.testing.assert_allclose(multigrad.to_numpy(value), np.conj(exact), rtol=1e-13)


@pytest.mark.parametrize("size", [2.0, 1e100, 1e200, 1e300])
def test_both_sides_of_the_cuts_of_atanh_and_atan(backend, size):
    zero = np.asarray([0.0, -0.0])
    for sign in (1, -1):
        z = multigrad.asarray(np.asarray([complex(sign * size, one) for one in zero]), backend=backend)
        w = multigrad.asarray(np.asarray([complex(one, sign * size) for one in zero]), backend=backend)
        expected = np.asarray([np.pi / 2, -np.pi / 2])
        np.testing.assert_allclose(np.imag(multigrad.to_numpy(xp.atanh(z))), expected)
        np.testing.assert_allclose(np.real(multigrad.to_numpy(xp.atan(w))), expected)
