"""SciPy's Rosenbrock function, written in array-API code, against the derivatives that SciPy states for it."""

import numpy as np
import pytest
from scipy import optimize

import multigrad
from multigrad import xp

POINTS = {
    "minimum": np.ones(3),
    "start": np.asarray([1.3, 0.7, 0.8]),
    "far": np.asarray([-2.0, 1.5, 0.0]),
}
TANGENT = np.asarray([0.3, -1.0, 2.0])


def rosenbrock(x):
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.fixture(params=POINTS.values(), ids=POINTS)
def point(request):
    return request.param


def close(found, expected):
    np.testing.assert_allclose(multigrad.to_numpy(found), expected, rtol=1e-13, atol=1e-10)


def test_value_and_gradient(point, backend, arrays):
    value, gradient = multigrad.value_and_gradient(rosenbrock, backend=backend, arrays=arrays)(point)
    close(value, optimize.rosen(point))
    close(gradient, optimize.rosen_der(point))


def test_hessian(point, backend, arrays):
    close(multigrad.hessian(rosenbrock, backend=backend, arrays=arrays)(point), optimize.rosen_hess(point))
    gradient = multigrad.gradient(rosenbrock, arrays=arrays)
    for mode in ("forward", "reverse"):
        found = multigrad.jacobian(gradient, mode=mode, backend=backend, arrays=arrays)(point)
        close(found, optimize.rosen_hess(point))


def test_products(point, backend, arrays):
    options = {"backend": backend, "arrays": arrays}
    expected = optimize.rosen_hess_prod(point, TANGENT)
    close(multigrad.hvp(rosenbrock, (point,), (TANGENT,), **options)[0], expected)
    close(multigrad.jvp(multigrad.gradient(rosenbrock), (point,), (TANGENT,), **options)[1], expected)
    close(multigrad.laplacian(rosenbrock, **options)(point), np.trace(optimize.rosen_hess(point)))


def test_many_points_at_once(backend):
    points = np.stack(list(POINTS.values()))
    close(
        multigrad.vmap(multigrad.hessian(rosenbrock), backend=backend)(points),
        np.stack([optimize.rosen_hess(point) for point in points]),
    )
