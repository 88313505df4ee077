"""Special functions: values as SciPy's and mpmath's, first and second derivatives by formula, on every backend."""

import builtins

import array_api_strict
import mpmath
import numpy as np
import pytest
import scipy.special

import multigrad
from multigrad import _registry, special, xp
from multigrad._engine_backend import EngineBackend

INF, NAN = np.inf, np.nan
EPS = np.finfo(np.float64).eps

LINE = (-30.0, -5.5, -4.5, -0.2, 0.0, 1e-9, 0.7, 3.0, 26.0)
POSITIVE = (1e-5, 0.3, 1.0, 1.4616, 2.5, 8.0, 30.0, 1e3, 1e8)
BOTH_SIDES = (*POSITIVE, -20.7, -3.4, -0.5, -1e-3)
INSIDE = (1e-6, 0.1, 0.25, 0.4, 0.5, 0.75, 0.9, 1 - 2**-20)
WIDE = (-700.0, -40.0, -3.0, -1e-3, 0.0, 1e-9, 0.7, 5.0, 36.0, 700.0)
BESSEL = (-600.0, -30.0, -1e-3, 1e-8, 0.1, 1.9, 2.1, 7.9, 8.1, 100.0)


def log_ncdf(x):
    return mpmath.log(mpmath.ncdf(x)) if x < 3 else mpmath.log1p(-mpmath.ncdf(-x))


def entropy(x):
    return -x * mpmath.log(x)


def scaled(order):
    return lambda x: mpmath.besseli(order, x) * mpmath.exp(-abs(x))


def fixed(function, *before):
    """Return a function of its last argument."""
    return lambda x: function(*before, x)


# Name: function, the same in mpmath, points.
ELEMENTWISE = {
    "erf": (special.erf, mpmath.erf, LINE),
    "erfc": (special.erfc, mpmath.erfc, LINE),
    "erfinv": (special.erfinv, mpmath.erfinv, (-1 + 2**-20, -0.9, -0.3, 1e-9, 0.3, 0.9, 1 - 2**-20)),
    "ndtr": (special.ndtr, mpmath.ncdf, LINE),
    "log_ndtr": (special.log_ndtr, log_ncdf, (-1e3, -2.5, *LINE)),
    "ndtri": (special.ndtri, lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1), INSIDE),
    "gammaln": (special.gammaln, lambda x: mpmath.log(abs(mpmath.gamma(x))), BOTH_SIDES),
    "digamma": (special.digamma, mpmath.digamma, BOTH_SIDES),
    "polygamma-1": (fixed(special.polygamma, 1), fixed(mpmath.psi, 1), BOTH_SIDES),
    "polygamma-2": (fixed(special.polygamma, 2), fixed(mpmath.psi, 2), (0.3, 1.0, 8.0, 1e5, -0.4, -3.4)),
    "beta-right": (fixed(special.beta, 2.5), fixed(mpmath.beta, 2.5), (0.3, 1.0, 7.0, 12.0, 50.0, -0.4)),
    "betaln-right": (fixed(special.betaln, 2.5), lambda x: mpmath.log(mpmath.beta(2.5, x)), (0.3, 1.0, 12.0, 1e3)),
    "gammainc-right": (
        fixed(special.gammainc, 1.5),
        lambda x: mpmath.gammainc(1.5, 0, x, regularized=True),
        (1e-3, 0.5, 2.0, 9.0),
    ),
    "gammaincc-right": (
        fixed(special.gammaincc, 1.5),
        lambda x: mpmath.gammainc(1.5, x, regularized=True),
        (0.5, 2.0, 9.0),
    ),
    "expit": (special.expit, lambda x: 1 / (1 + mpmath.exp(-x)), WIDE),
    "log_expit": (special.log_expit, lambda x: -mpmath.log1p(mpmath.exp(-x)), WIDE),
    "logit": (special.logit, lambda p: mpmath.log(p / (1 - p)), INSIDE),
    "entr": (special.entr, entropy, (1e-9, 0.1, 0.5, 2.0, 1e5)),
    "xlogy-right": (fixed(special.xlogy, 2.5), lambda y: 2.5 * mpmath.log(y), (1e-9, 0.1, 1.0, 1e5)),
    "xlogy-both": (lambda x: special.xlogy(x, x), lambda x: -entropy(x), (1e-9, 0.1, 0.5, 2.0)),
    "xlog1py-both": (lambda x: special.xlog1py(x, x), lambda x: x * mpmath.log1p(x), (-0.9, -1e-9, 1e-9, 0.5, 2.0)),
    "rel_entr-left": (lambda x: special.rel_entr(x, 2.0), lambda x: x * mpmath.log(x / 2), (1e-9, 0.5, 2.0, 5.0)),
    "rel_entr-right": (fixed(special.rel_entr, 2.0), lambda y: 2 * mpmath.log(2 / y), (0.5, 2.0, 1e5)),
    "i0": (special.i0, fixed(mpmath.besseli, 0), BESSEL),
    "i1": (special.i1, fixed(mpmath.besseli, 1), BESSEL),
    "i0e": (special.i0e, scaled(0), BESSEL),
    "i1e": (special.i1e, scaled(1), BESSEL),
}


def exact(function, points, order=0):
    """Return a derivative in mpmath numbers."""
    with mpmath.workdps(100):
        points = [mpmath.mpf(float(x)) for x in points]
        if order == 0:
            return np.array([float(function(x)) for x in points])
        return np.array([float(mpmath.diff(function, x, order, h=mpmath.mpf("1e-30"))) for x in points])


def native(values, backend, dtype=None):
    return multigrad.asarray(np.array(values, dtype=dtype or np.float64), backend=backend)


def derivative(f):
    """Return the elementwise derivative of an elementwise function."""
    return multigrad.gradient(lambda *args: xp.sum(f(*args)))


def numpy_of(array):
    return np.asarray(multigrad.to_numpy(array))


def largest_error(found, expected, dtype):
    """Return the largest error in roundings of the dtype: absolute below 1, else relative; infinities must agree."""
    within = np.abs(expected) < np.finfo(dtype).max
    np.testing.assert_array_equal(np.isfinite(found), within)
    error = np.abs(found - expected)[within] / np.maximum(np.abs(expected[within]), 1)
    return np.max(error) / np.finfo(dtype).eps


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_value_and_derivatives_are_those_of_mpmath(name, dtype, backend):
    function, reference, points = ELEMENTWISE[name]
    points = np.array(points, dtype=dtype)
    x = native(points, backend, dtype)
    f = function
    for order, roundings in ((0, 32), (1, 32), (2, 300)):
        found = numpy_of(f(x))
        assert found.dtype == dtype
        assert largest_error(found, exact(reference, points, order), dtype) < roundings, order
        f = derivative(f)


@pytest.mark.parametrize("name", ["erf", "log_ndtr", "gammaln", "expit", "xlogy-both"])
def test_form_follows_the_argument(name, backend, dtype):
    function, x = ELEMENTWISE[name][0], native([0.25, 0.5], backend, dtype)
    wrapped = multigrad.array_namespace(x).asarray(x)
    assert type(function(x)) is type(x)
    assert type(function(wrapped)) is type(wrapped)
    seen = []

    def f(x):
        y = function(x)
        seen.append(type(y) is type(xp.exp(x)))
        return xp.sum(y)

    for arrays in ("standard", "native"):
        assert numpy_of(multigrad.gradient(f, arrays=arrays)(x)).dtype == dtype
    assert seen == [True, True]


def test_numbers_and_integers_are_floating(backend):
    with multigrad.use_backend(backend):
        assert float(special.erf(0.25)) == pytest.approx(scipy.special.erf(0.25), rel=8 * EPS)
    found = numpy_of(special.gammaln(native([1, 4], backend, "int64")))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.log([1, 6]), atol=8 * EPS)
    single = native([1.0, 2.0], backend, "float32")
    assert numpy_of(special.xlogy(2, single)).dtype == np.float32
    assert numpy_of(special.betaln(native([1.0], backend), single)).dtype == np.float64


def test_two_arguments_broadcast_in_value_and_derivative(backend):
    a, b = np.array([[0.5], [3.0]]), np.array([1.0, 2.0, 20.0])
    found = numpy_of(special.betaln(native(a, backend), native(b, backend)))
    np.testing.assert_allclose(found, scipy.special.betaln(a, b), rtol=16 * EPS)
    slopes = multigrad.gradient(lambda a, b: xp.sum(special.betaln(a, b)), argnums=(0, 1))
    in_a, in_b = map(numpy_of, slopes(native(a, backend), native(b, backend)))
    psi = scipy.special.digamma
    np.testing.assert_allclose(in_a, np.sum(psi(a) - psi(a + b), axis=1, keepdims=True), rtol=1e-13)
    np.testing.assert_allclose(in_b, np.sum(psi(b) - psi(a + b), axis=0), rtol=1e-13)


@pytest.mark.parametrize(
    ("a", "b"), [(1e3, 1e-3), (1e10, 2.0), (30.0, 40.0), (5e5, 1e-8), (-0.5, 3.2), (9.9, 1e5), (1e15, 1e15), (10, 10)]
)
def test_betaln_takes_no_large_numbers_from_each_other(a, b, backend):
    with mpmath.workdps(50):
        a_exact, b_exact = mpmath.mpf(a), mpmath.mpf(b)
        parts = [mpmath.re(mpmath.loggamma(x)) for x in (a_exact, b_exact, a_exact + b_exact)]
        expected = float(parts[0] + parts[1] - parts[2])
    assert float(numpy_of(special.betaln(native(a, backend), b))) == pytest.approx(expected, rel=1e-14, abs=1e-14)


# Function, points, value, slope, curvature: the convention's rules 1 (limits), 2 and 4.
ENDS = {
    "erf": ([-INF, 0, INF, NAN], [-1, 0, 1, NAN], [0, 2 / np.sqrt(np.pi), 0, NAN], [0, 0, 0, NAN]),
    "erfc": ([-INF, INF, NAN], [2, 0, NAN], [0, 0, NAN], [0, 0, NAN]),
    "erfinv": ([-1, 1, 1.5, NAN], [-INF, INF, NAN, NAN], [INF, INF, NAN, NAN], [-INF, INF, NAN, NAN]),
    "ndtr": ([-INF, INF, NAN], [0, 1, NAN], [0, 0, NAN], [0, 0, NAN]),
    "log_ndtr": ([-INF, INF, NAN], [-INF, 0, NAN], [INF, 0, NAN], [-1, 0, NAN]),
    "ndtri": ([0, 1, -0.5, NAN], [-INF, INF, NAN, NAN], [INF, INF, NAN, NAN], [-INF, INF, NAN, NAN]),
    "gammaln": ([-INF, -2, -0.0, 0, INF, NAN], [INF] * 5 + [NAN], [NAN, NAN, INF, -INF, INF, NAN], None),
    "digamma": ([-2, -0.0, 0, INF, NAN], [NAN, INF, -INF, INF, NAN], [INF, INF, INF, 0, NAN], None),
    "expit": ([-INF, -1e3, 1e3, INF, NAN], [0, 0, 1, 1, NAN], [0, 0, 0, 0, NAN], [0, 0, 0, 0, NAN]),
    "log_expit": ([-INF, -1e3, 1e3, INF, NAN], [-INF, -1e3, 0, 0, NAN], [1, 1, 0, 0, NAN], [0, 0, 0, 0, NAN]),
    "logit": ([0, 1, -0.5, 1.5, NAN], [-INF, INF, NAN, NAN, NAN], [INF, INF, NAN, NAN, NAN], None),
    "entr": ([-1, 0, INF, NAN], [-INF, 0, -INF, NAN], [NAN, INF, -INF, NAN], [NAN, -INF, 0, NAN]),
    "i0": ([-INF, 0, INF, NAN], [INF, 1, INF, NAN], [-INF, 0, INF, NAN], [INF, 0.5, INF, NAN]),
    "i1": ([-INF, 0, INF, NAN], [-INF, 0, INF, NAN], [INF, 0.5, INF, NAN], None),
    "i0e": ([-INF, 0, INF, NAN], [0, 1, 0, NAN], [0, 0, 0, NAN], None),  # a symmetric kink at 0
    "i1e": ([-INF, 0, INF, NAN], [0, 0, 0, NAN], [0, 0.5, 0, NAN], None),
}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # NumPy, of the standard's log(0) and the like
def test_values_and_derivatives_at_the_ends(name, backend):
    points, *expected = ENDS[name]
    f = getattr(special, name)
    x = native(points, backend)
    for order, values in enumerate(expected):
        if values is not None:
            np.testing.assert_allclose(numpy_of(f(x)), values, rtol=4 * EPS, atol=1e-300, err_msg=f"order {order}")
        f = derivative(f)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("expit", (-700.0, -40.0, -3.0)),
        ("log_expit", (36.0, 600.0)),
        ("logit", (1e-300, 1e-9, 0.4999999, 0.50000001)),
        ("erfc", (5.0, 20.0)),
        ("erf", (1e-300, 1e-9)),
        ("erfinv", (1e-300, 1e-9)),
        ("i1", (1e-300, 1e-9)),
    ],
)
def test_small_values_keep_their_relative_accuracy(name, points, backend):
    function, reference, _ = ELEMENTWISE[name]
    with mpmath.workdps(400):
        expected = [float(reference(mpmath.mpf(x))) for x in points]
    np.testing.assert_allclose(numpy_of(function(native(points, backend))), expected, rtol=16 * EPS, atol=0)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erfinv_next_to_its_ends(dtype, compiled, backend):
    one = np.ones((), dtype)
    inside, outside = np.nextafter(one, 0 * one), np.nextafter(one, 2 * one)
    with mpmath.workdps(50):
        value = mpmath.erfinv(mpmath.mpf(float(inside)))
        expected = [float(value), float(mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(value**2))]
    x = np.asarray([inside, -inside, outside, -outside])
    functions = (special.erfinv, derivative(special.erfinv))
    if compiled:
        functions = map(multigrad.jit, functions)
    found = [numpy_of(f(native(x, backend))) for f in functions]
    rtol = 100 * np.finfo(dtype).eps
    np.testing.assert_allclose(found[0], [expected[0], -expected[0], NAN, NAN], rtol=rtol)
    np.testing.assert_allclose(found[1], [expected[1], expected[1], NAN, NAN], rtol=rtol)


def test_extreme_arguments_neither_overflow_nor_vanish(backend):
    assert float(numpy_of(special.erfc(native(26.0, backend)))) == pytest.approx(5.6631924088561431e-296, rel=1e-13)
    assert float(numpy_of(special.ndtr(native(-30.0, backend)))) == pytest.approx(4.9067139275148e-198, rel=1e-12)
    assert float(numpy_of(special.i0(native(712.0, backend)))) == pytest.approx(
        float(mpmath.besseli(0, 712)), rel=1e-12
    )


X = [0.0, 0.0, 0.0, 1.0, 2.0, NAN, 0.0]
Y = [0.0, 3.0, -1.0, 0.0, -1.0, 1.0, NAN]


@pytest.mark.parametrize(
    ("name", "value", "in_x", "in_y"),
    [
        (
            "xlogy",
            [0, 0, 0, -INF, NAN, NAN, NAN],
            [-INF, np.log(3), NAN, -INF, NAN, 0, NAN],
            [0, 0, 0, INF, NAN, NAN, NAN],
        ),
        (
            "xlog1py",
            [0, 0, 0, 0, -INF, NAN, NAN],
            [0, np.log(4), -INF, 0, -INF, np.log(2), NAN],
            [0, 0, 0, 1, INF, NAN, NAN],
        ),
        (
            "rel_entr",
            [0, 0, INF, INF, INF, NAN, NAN],
            [NAN, -INF, NAN, INF, NAN, NAN, NAN],
            [0, 0, 0, -INF, NAN, NAN, NAN],
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
def test_products_with_logarithms_where_a_factor_is_zero(name, value, in_x, in_y, backend):
    function = getattr(special, name)
    x, y = native(X, backend), native(Y, backend)
    np.testing.assert_allclose(numpy_of(function(x, y)), value)
    np.testing.assert_allclose(numpy_of(function(x, y)), getattr(scipy.special, name)(X, Y))
    slopes = multigrad.gradient(lambda x, y: xp.sum(function(x, y)), argnums=(0, 1))(x, y)
    np.testing.assert_allclose(numpy_of(slopes[0]), in_x)
    np.testing.assert_allclose(numpy_of(slopes[1]), in_y)


def test_slope_of_a_constant_is_not_computed(backend):
    # log(0) is the slope in x, which nobody asked for.
    cross_entropy = multigrad.gradient(lambda q, p: -xp.sum(special.xlogy(p, q)))
    found = cross_entropy(native([0.0, 0.25], backend), native([0.0, 1.0], backend))
    np.testing.assert_array_equal(numpy_of(found), [0, -4])


def everything(x):
    """Return a sum of functions of every kind, for 0 < x < 1."""
    y = special.erf(x) + special.log_ndtr(-8 * x) + special.betaln(x, x + 12) + special.erfinv(x) * special.i1(x)
    return y + special.xlogy(x, x) + special.gammainc(1.5, x) + special.gammaln(-x) + special.i0e(x)


def test_all_modes_agree(backend):
    points = np.array([0.2, 0.6])
    x, direction = native(points, backend), native([1.0, -0.5], backend)
    slope = numpy_of(derivative(everything)(x))
    # Central differences.
    h = 1e-5
    with multigrad.use_backend(backend, dtype="float64"):  # JAX's own sums are float32 outside
        nearby = [numpy_of(everything(native(points + side * h, backend))) for side in (1, -1)]
    np.testing.assert_allclose(slope, (nearby[0] - nearby[1]) / (2 * h), rtol=1e-7)
    curvature = numpy_of(derivative(derivative(everything))(x))
    nearby = [numpy_of(derivative(everything)(native(points + side * h, backend))) for side in (1, -1)]
    np.testing.assert_allclose(curvature, (nearby[0] - nearby[1]) / (2 * h), rtol=1e-6)

    pushed = numpy_of(multigrad.jvp(everything, (x,), (direction,))[1])
    np.testing.assert_allclose(pushed, slope * [1, -0.5], rtol=1e-13)
    np.testing.assert_allclose(numpy_of(multigrad.vmap(multigrad.gradient(everything))(x)), slope, rtol=1e-13)
    for mode in ("forward", "reverse"):
        found = numpy_of(multigrad.jacobian(everything, mode=mode)(x))
        np.testing.assert_allclose(found, np.diag(slope), rtol=1e-13, atol=0)
    f = lambda x: xp.sum(everything(x))  # noqa: E731
    np.testing.assert_allclose(numpy_of(multigrad.hessian(f)(x)), np.diag(curvature), rtol=1e-12, atol=0)
    found = numpy_of(multigrad.hvp(f, (x,), (direction,))[0])
    np.testing.assert_allclose(found, curvature * [1, -0.5], rtol=1e-12)


def test_compiled_is_the_same(backend):
    x, direction = native([0.2, 0.6], backend), native([1.0, -0.5], backend)

    def f(x):
        return xp.sum(special.erf(x) * special.xlogy(x, x) + special.gammainc(1.5, x) + special.ndtri(x))

    value, slope = multigrad.value_and_gradient(f, compile=True)(x)
    expected, expected_slope = multigrad.value_and_gradient(f)(x)
    np.testing.assert_allclose(numpy_of(value), numpy_of(expected), rtol=1e-13)
    np.testing.assert_allclose(numpy_of(slope), numpy_of(expected_slope), rtol=1e-12)
    found = numpy_of(multigrad.hvp(f, (x,), (direction,), compile=True)[0])
    np.testing.assert_allclose(found, numpy_of(multigrad.hvp(f, (x,), (direction,))[0]), rtol=1e-11)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
def test_incomplete_gamma_has_no_derivative_in_a(name, backend):
    with pytest.raises(NotImplementedError, match="derivative in x here, none in a"):
        multigrad.gradient(lambda a: getattr(special, name)(a, 1.0), backend=backend)(1.5)
    with pytest.raises(NotImplementedError, match="derivative in x here, none in a"):
        multigrad.gradient(lambda a: getattr(special, name)(a * 2, 1.0), backend=backend, compile=True)(1.5)


@pytest.mark.parametrize("n", [-1, 1.0, True, None])
def test_polygamma_refuses_an_order(n):
    with pytest.raises(ValueError, match="order n of at least 0 as a Python int"):
        special.polygamma(n, 1.0)


def test_complex_arrays_are_refused(backend):
    with pytest.raises(TypeError, match=r"special.erf takes real arrays, got one of dtype complex128"):
        special.erf(native([1j], backend, "complex128"))


def ufunc(name):
    """Return SciPy's ufunc; with SCIPY_ARRAY_API=1, as in these tests, some are behind a wrapper."""
    found = getattr(scipy.special, name)
    return getattr(found, "__wrapped__", found)


def test_scipys_ufuncs_go_to_the_same_rules(backend):
    def f(x):
        return ufunc("erf")(x) * ufunc("psi")(x) + ufunc("xlogy")(2.0, x) + ufunc("expit")(x)

    sp, x = scipy.special, 1.5
    first = 2 / np.sqrt(np.pi) * np.exp(-(x**2)) * sp.psi(x) + sp.erf(x) * sp.polygamma(1, x) + 2 / x
    first += sp.expit(x) * sp.expit(-x)
    assert float(multigrad.gradient(f, backend=backend)(x)) == pytest.approx(first, rel=1e-13)


def test_another_ufunc_of_scipys_would_leave_the_computation(backend):
    with pytest.raises(multigrad.DetachedValueError, match="j0"):
        multigrad.gradient(ufunc("j0"), backend=backend)(1.0)


def test_missing_scipy_says_how_to_install_it(monkeypatch):
    from multigrad.array_api.numpy import _special

    real_import = builtins.__import__

    def without_scipy(name, *args, **kwargs):
        if name.partition(".")[0] == "scipy":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real_import(name, *args, **kwargs)

    _special._scipy_special.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without_scipy)
    with pytest.raises(ImportError, match=r"pip install multigrad-xp\[scipy\]"):
        special.erf(np.ones(2))
    np.testing.assert_allclose(special.xlogy(np.ones(2), np.e), 1)  # needs none


@pytest.fixture
def bare(monkeypatch):
    """A backend that brings no special functions."""
    monkeypatch.setattr(_registry, "_loaded", dict(_registry._loaded))
    monkeypatch.setattr(_registry, "_factories", dict(_registry._factories))
    array_class = type(array_api_strict.asarray(0.0))
    multigrad.register_backend("bare", lambda: EngineBackend("bare", array_api_strict, array_class))
    return multigrad.get_backend("bare")


@pytest.mark.parametrize("name", ["expit", "logit", "entr", "polygamma-1", "xlogy-both", "xlog1py-both"])
def test_backend_without_kernels_gets_formulas_with_the_same_slopes(name, bare):
    function = ELEMENTWISE[name][0]
    points = np.array([0.25, 0.5])
    second = multigrad.gradient(lambda x: xp.sum(multigrad.gradient(lambda x: xp.sum(function(x)))(x)), backend=bare)
    expected = derivative(derivative(function))(points)
    np.testing.assert_allclose(np.asarray(second(array_api_strict.asarray(points))), expected, rtol=1e-12)


def test_backend_without_kernels_raises_where_there_is_no_formula(bare):
    with multigrad.use_backend(bare), pytest.raises(NotImplementedError, match=r"no kernel for multigrad.special.erf,"):
        special.erf(0.5)


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
