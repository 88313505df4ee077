"""asinh and acosh where x has no square, or its inverse no cube: their derivatives are 1/x and -1/x² there."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

LARGE = {"float32": [1e4, 1e13, 1e16, 1e18], "float64": [1e10, 1e110, 1e130, 1e150]}
INVERSES = {"asinh": np.arcsinh, "acosh": np.arccosh}


@pytest.fixture(params=["eager", "compiled", "mapped"])
def run(request, backend):
    """Return the function that applies another one to an array on the backend, in one of three ways."""
    wrap = {"eager": lambda f: f, "compiled": multigrad.jit, "mapped": multigrad.vmap}[request.param]

    def call(f, x):
        return [multigrad.to_numpy(part).astype(np.float64) for part in wrap(f)(multigrad.asarray(x, backend=backend))]

    return call


@pytest.mark.parametrize("dtype", LARGE)
@pytest.mark.parametrize("name", INVERSES)
def test_first_and_second_derivatives(name, dtype, run):
    def f(x):
        return xp.sum(getattr(xp, name)(x))

    def both(x):
        first = multigrad.gradient(f)
        return f(x), first(x), multigrad.gradient(lambda x: xp.sum(first(x)))(x)

    x = np.asarray(LARGE[dtype], dtype=dtype)
    value, slope, curvature = run(both, x)
    # TensorFlow takes 1 / cosh(asinh(x)), with the rounding of a value of some 350.
    rtol, exact = 128 * np.finfo(dtype).eps, x.astype(np.float64)
    np.testing.assert_allclose(np.sum(value), np.sum(INVERSES[name](exact)), rtol=rtol)
    np.testing.assert_allclose(slope, 1 / exact, rtol=rtol)
    np.testing.assert_allclose(curvature * exact**2, [-1.0] * 4, rtol=rtol)


@pytest.mark.parametrize("name", INVERSES)
def test_half_precision(name, run):
    x = np.asarray([1.5, 10.0, 65.0, 100.0, 5000.0, 60000.0], dtype=np.float16)

    def both(x):
        return getattr(xp, name)(x), multigrad.gradient(lambda x: xp.sum(getattr(xp, name)(x)))(x)

    value, slope = run(both, x)
    exact, sign = x.astype(np.float64), 1 if name == "asinh" else -1
    np.testing.assert_allclose(value, INVERSES[name](exact), rtol=2e-3)
    np.testing.assert_allclose(slope, 1 / np.sqrt(exact**2 + sign), rtol=5e-3)  # 60000: subnormal
