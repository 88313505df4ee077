"""SciPy's array-API functions take an `Array` of every backend and stay differentiable.

Values are those that SciPy gives for NumPy's arrays, gradients are finite differences of these. A function whose
implementation leaves the namespace raises: it never gives a silent zero.
"""

import os
import subprocess
import sys

import array_api_compat
import array_api_extra as xpx
import numpy as np
import pytest

import multigrad
from multigrad import xp

from .library_gradients import X, check_gradient, check_that_it_leaves, check_that_it_refuses, functions
from .scipy_functions import FLAT, LEAVING, LONG, REFUSING, SMOOTH, UNTESTED

# SciPy warns of small samples, deprecated names and the like.
quietly = pytest.mark.filterwarnings("ignore")


def short(table):
    return pytest.mark.parametrize("name", [name for name in table if name not in LONG])


def long(table):
    return pytest.mark.parametrize("name", [name for name in table if name in LONG])


@quietly
@short(SMOOTH)
def test_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check_gradient(SMOOTH[name], backend))


@quietly
@pytest.mark.backends("numpy", "torch", "tensorflow")
@long(SMOOTH)
def test_long_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check_gradient(SMOOTH[name], backend))


@quietly
@short(FLAT)
def test_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check_gradient(FLAT[name], backend))


@quietly
@pytest.mark.backends("numpy", "torch", "tensorflow")
@long(FLAT)
def test_long_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check_gradient(FLAT[name], backend))


@quietly
@short(LEAVING)
def test_functions_that_leave_raise(backend, name):
    check_that_it_leaves(LEAVING[name], backend)


@quietly
@pytest.mark.backends("numpy", "torch", "tensorflow")
@long(LEAVING)
def test_long_functions_that_leave_raise(backend, name):
    check_that_it_leaves(LEAVING[name], backend)


@quietly
@pytest.mark.parametrize("name", REFUSING)
def test_functions_that_fail_on_an_array_raise(backend, name):
    check_that_it_refuses(REFUSING[name], backend)


def test_every_function_stands_in_one_table():
    """The tables are SciPy's list; how many of it are differentiated is counted by function."""
    tables = (SMOOTH, FLAT, LEAVING, REFUSING, UNTESTED)
    names = [name for table in tables for name in table]
    assert len(names) == len(set(names))
    assert len(functions(set(SMOOTH) - LONG)) >= 40  # on all backends
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
