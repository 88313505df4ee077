"""Libraries written against the array API standard take an `Array` of every backend: SciPy, array-api-extra.

Values are those that the library gives for NumPy's arrays, gradients are finite differences of these. A function whose
implementation leaves the namespace raises: it never gives a silent zero.
"""

import functools
import os
import subprocess
import sys

import array_api_compat
import array_api_extra as xpx
import numpy as np
import pytest

import multigrad
from multigrad import DetachedValueError, xp

from .scipy_functions import FLAT, LEAVING, LONG, REFUSING, SMOOTH, UNTESTED, X

EXTRA = {
    "extra.at": lambda x: xpx.at(x, 1).set(5.0, copy=True) * x,
    "extra.at-slice": lambda x: xpx.at(x)[1:].add(5.0, copy=True) * x,
    "extra.at-mask": lambda x: xpx.at(x, x > 0.6).multiply(3.0, copy=True) * x,
    "extra.cov": lambda x: xpx.cov(xp.stack([x, x**2])),
    "extra.pad": lambda x: xpx.pad(x, 2, constant_values=1.0),
    "extra.atleast_nd": lambda x: xpx.atleast_nd(x, ndim=3),
    "extra.create_diagonal": xpx.create_diagonal,
    "extra.kron": lambda x: xpx.kron(x, x),
    "extra.sinc": xpx.sinc,
    "extra.nan_to_num": xpx.nan_to_num,
    "extra.apply_where": lambda x: xpx.apply_where(x > 0.6, (x,), lambda t: t**2, lambda t: t**3),
    "extra.isclose": lambda x: xpx.isclose(x, x) * x,
    "extra.one_hot": lambda x: xpx.one_hot(xp.asarray([1, 0]), 12) @ x,
}
STAYING = SMOOTH | EXTRA | FLAT
DIRECTIONS = np.random.default_rng(0).standard_normal((2, X.size)) / np.sqrt(X.size)


def outputs(out):
    """Yield the floating and complex arrays and numbers in what a function returns."""
    if isinstance(out, tuple | list):
        for part in out:
            yield from outputs(part)
    elif isinstance(out, float | complex) or any(
        kind in str(getattr(out, "dtype", "")) for kind in ("float", "complex")
    ):
        yield xp.asarray(out)


def weighted(out):
    """Return a real number in which every element of the outputs has a weight of its own."""
    total = 0.0
    for position, array in enumerate(outputs(out)):
        shape = tuple(array.shape)
        weights = np.cos(np.arange(np.prod(shape, dtype=int)) + 1.0 + position).reshape(shape)
        if "complex" in str(array.dtype):
            total = total + xp.sum(xp.imag(array) * np.sin(9 * weights)) + xp.sum(xp.real(array) * weights)
        else:
            total = total + xp.sum(array * weights)
    return total


@functools.cache
def value_and_slopes(name):
    """Return the value on NumPy's own arrays, and slopes along DIRECTIONS by Richardson's extrapolation."""

    def value(x):
        return float(weighted(STAYING[name](x)))

    def slopes(h):
        return np.asarray([(value(X + h * d) - value(X - h * d)) / (2 * h) for d in DIRECTIONS])

    return value(X), (4 * slopes(5e-5) - slopes(1e-4)) / 3


# SciPy warns of small samples, deprecated names and the like.
quietly = pytest.mark.filterwarnings("ignore")


def short(table):
    return pytest.mark.parametrize("name", [name for name in table if name not in LONG])


def long(table):
    return pytest.mark.parametrize("name", [name for name in table if name in LONG])


def check(name, backend):
    """Compare value and gradient with NumPy's value and differences; return the gradient."""

    def f(x):
        return weighted(STAYING[name](x))

    value, gradient = multigrad.value_and_gradient(f, backend=backend)(X)
    expected, slopes = value_and_slopes(name)
    np.testing.assert_allclose(multigrad.to_numpy(value), expected, rtol=1e-10, atol=1e-12)
    gradient = multigrad.to_numpy(gradient)
    np.testing.assert_allclose(DIRECTIONS @ gradient, slopes, rtol=1e-6, atol=1e-8)
    return gradient


def check_that_it_raises(name, backend):
    with pytest.raises(DetachedValueError, match="out of the computation"):
        multigrad.gradient(lambda x: weighted(LEAVING[name](x)), backend=backend)(X)


@quietly
@short(SMOOTH | EXTRA)
def test_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check(name, backend))


@quietly
@pytest.mark.backends("numpy")
@long(SMOOTH)
def test_long_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check(name, backend))


@quietly
@short(FLAT)
def test_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check(name, backend))


@quietly
@pytest.mark.backends("numpy")
@long(FLAT)
def test_long_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check(name, backend))


@quietly
@short(LEAVING)
def test_functions_that_leave_raise(backend, name):
    check_that_it_raises(name, backend)


@quietly
@pytest.mark.backends("numpy")
@long(LEAVING)
def test_long_functions_that_leave_raise(backend, name):
    check_that_it_raises(name, backend)


@quietly
@pytest.mark.parametrize("name", REFUSING)
def test_functions_that_fail_on_an_array_raise(backend, name):
    with pytest.raises((AttributeError, IndexError, TypeError)):
        multigrad.gradient(lambda x: weighted(REFUSING[name](x)), backend=backend)(X)


def test_every_function_stands_in_one_table():
    """The tables are SciPy's list; how many of it are differentiated is counted by function."""
    tables = (SMOOTH, FLAT, LEAVING, REFUSING, UNTESTED)
    names = [name for table in tables for name in table]
    assert len(names) == len(set(names))
    assert len({name.partition("-")[0] for name in SMOOTH}) >= 40
    assert set(names) >= LONG


def test_array_api_compat_accepts_arrays(backend):
    seen = []

    def f(x):
        namespace = array_api_compat.array_namespace(x, xp.asarray(2.0))
        seen.append((namespace, array_api_compat.is_array_api_obj(x), array_api_compat.size(x)))
        assert array_api_compat.to_device(x, array_api_compat.device(x)).shape == x.shape
        return namespace.sum(x)

    multigrad.gradient(f, backend=backend)(X)
    assert seen == [(getattr(multigrad.array_api, backend), True, X.size)]


@pytest.mark.parametrize("name", ["nunique", "setdiff1d"])
def test_sets_of_array_api_extra(backend, name):
    namespace = getattr(multigrad.array_api, backend)
    x = namespace.asarray(np.asarray([1.0, 2.0, 2.0, 3.0]))
    if name == "nunique":
        assert int(xpx.nunique(x)) == 3
    else:
        assert multigrad.to_numpy(xpx.setdiff1d(x, x[:2])).tolist() == [3.0]


def test_scipy_without_its_flag_raises(backend):
    """Without SCIPY_ARRAY_API SciPy makes NumPy arrays of its arguments."""
    code = (
        "import scipy.special, numpy, multigrad\n"
        "try:\n"
        f"    multigrad.gradient(scipy.special.logsumexp, backend={backend!r})(numpy.ones(3))\n"
        "except multigrad.DetachedValueError:\n"
        "    print('raised')\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "SCIPY_ARRAY_API"}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert found.stdout.strip() == "raised"
