"""SciPy's solvers with compiled derivatives: the same results, and f is traced once, however often SciPy asks."""

import numpy as np
import pytest
import scipy.optimize

import multigrad
from multigrad import optimize, xp

from .counted import Counted

START = np.array([1.3, 0.7, 0.8, 1.9])


def rosenbrock(x):
    return xp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def valley(p, scale, power):
    return scale * (p["y"] - p["x"][0] ** power) ** 2 + xp.sum((p["x"] - xp.asarray([1.0, 2.0])) ** 2)


def decay(p, t, y):
    return {"fit": p["size"] * xp.exp(-p["rate"] * t) - y, "prior": 0.1 * (p["rate"] - 0.5)}


TIMES, MEASURED = np.arange(5.0), np.array([2.0, 1.1, 0.45, 0.27, 0.1])


@pytest.mark.parametrize("method", ["L-BFGS-B", "trust-ncg", "trust-exact", "Nelder-Mead"])
def test_minimum_is_the_same(method, backend):
    start = {"x": np.array([0.3, 1.5]), "y": 0.2}  # a vector and a number
    found, plain = (
        optimize.minimize(valley, start, (3.0, 2), backend=backend, method=method, tol=1e-9, compile=way)
        for way in (True, False)
    )
    assert found.success
    np.testing.assert_allclose(found.x_vector, [1, 2, 1], atol=1e-4)
    np.testing.assert_allclose(found.x_vector, plain.x_vector, atol=1e-7)
    assert abs(found.nfev - plain.nfev) <= 2  # roundings


def test_values_and_derivatives_are_the_closed_forms(backend):
    functions = optimize.scipy_functions(rosenbrock, START, backend=backend, compile=True)
    direction = np.array([1.0, -2.0, 0.5, 3.0])
    for point in (START, START[::-1] + 0.25):
        assert functions.fun(point) == pytest.approx(scipy.optimize.rosen(point), rel=1e-12)
        np.testing.assert_allclose(functions.jac(point), scipy.optimize.rosen_der(point), rtol=1e-12)
        np.testing.assert_allclose(functions.hess(point), scipy.optimize.rosen_hess(point), rtol=1e-12)
        product = scipy.optimize.rosen_hess_prod(point, direction)
        np.testing.assert_allclose(functions.hessp(point, direction), product, rtol=1e-12)


def test_residuals_and_their_jacobian_are_the_same(backend):
    found, plain = (
        optimize.least_squares(
            decay, {"size": 1.0, "rate": 1.0}, (TIMES, MEASURED), backend=backend, xtol=1e-12, compile=way
        )
        for way in (True, False)
    )
    assert found.success
    np.testing.assert_allclose(found.x_vector, plain.x_vector, rtol=1e-9)
    np.testing.assert_allclose(found.fun, plain.fun, atol=1e-9)
    np.testing.assert_allclose(found.jac, plain.jac, atol=1e-9)


def test_root_is_the_closed_form(backend):
    def f(p):
        return p["x"] + p["y"] - 3.0, p["x"] * p["y"] - 2.0

    found = optimize.root(f, {"x": 0.5, "y": 3.0}, backend=backend, compile=True)
    np.testing.assert_allclose(found.x_vector, [1, 2], rtol=1e-9)


def test_smaller_dtype_is_kept(backend):
    seen = []

    def f(x):
        seen.append(x.dtype == xp.float32)
        return xp.sum((x - 2.0) ** 2)

    start = np.zeros(2, dtype="float32")
    found = optimize.minimize(f, start, backend=backend, method="trust-ncg", compile=True)
    np.testing.assert_allclose(found.x, [2, 2], atol=1e-4)
    assert found.x.dtype == np.float64
    assert seen
    assert all(seen)


@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize(("method", "kinds"), [("L-BFGS-B", 1), ("trust-ncg", 2), ("Nelder-Mead", 1)])
def test_f_is_traced_once_for_each_kind(method, kinds, backend):
    f = Counted(rosenbrock)
    found = optimize.minimize(f, START, backend=backend, method=method, compile=True)
    assert found.nfev > 20
    assert f.runs == kinds
    # Another search with the same function traces nothing.
    optimize.minimize(f, START[::-1], backend=backend, method=method, compile=True)
    assert f.runs == kinds


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_systems_are_traced_as_often_for_one_step_as_for_many(backend):
    calls = []
    for steps in (1, 50):
        f = Counted(decay)
        start = {"size": 1.0, "rate": 9.0}
        found = optimize.least_squares(
            f, start, (TIMES, MEASURED), backend=backend, compile=True, max_nfev=steps, xtol=1e-12
        )
        calls.append(f.runs)
    assert found.nfev > 4
    assert calls[0] == calls[1]


def test_branching_on_a_value_is_refused_where_it_is_compiled(backend):
    def kinked(x):
        return x if x > 0 else -x

    assert optimize.scipy_functions(kinked, -3.0, backend=backend).jac(np.array([-3.0])) == [-1.0]
    compiled = optimize.scipy_functions(kinked, -3.0, backend=backend, compile=True)
    if isinstance(multigrad.get_backend(backend), multigrad.extend.SupportsCompile):
        with pytest.raises(multigrad.DetachedValueError):
            compiled.jac(np.array([-3.0]))
    else:
        assert compiled.jac(np.array([-3.0])) == [-1.0]
