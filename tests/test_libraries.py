"""SciPy's array-API functions take an `Array` of every backend and stay differentiable.

Values are those that SciPy gives for NumPy's arrays, gradients are finite differences of these. A function whose
implementation leaves the namespace raises: it never gives a silent zero.
"""

import os
import subprocess
import sys

import array_api_compat
import numpy as np
import pytest

import multigrad
from multigrad import xp

from .library_gradients import (
    X,
    check_gradient,
    check_that_it_leaves,
    check_that_it_refuses,
    functions,
    named,
    without_jax,
)
from .scipy_functions import FLAT, LEAVING, LONG, REFUSING, SMOOTH, UNTESTED

# SciPy warns of small samples, deprecated names and the like.
quietly = pytest.mark.filterwarnings("ignore")


@quietly
@named(SMOOTH, without=LONG)
def test_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check_gradient(SMOOTH[name], backend))


@quietly
@without_jax
@named(SMOOTH, among=LONG)
def test_long_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check_gradient(SMOOTH[name], backend))


@quietly
@named(FLAT, without=LONG)
def test_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check_gradient(FLAT[name], backend))


@quietly
@without_jax
@named(FLAT, among=LONG)
def test_long_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check_gradient(FLAT[name], backend))


@quietly
@named(LEAVING, without=LONG)
def test_functions_that_leave_raise(backend, name):
    check_that_it_leaves(LEAVING[name], backend)


@quietly
@without_jax
@named(LEAVING, among=LONG)
def test_long_functions_that_leave_raise(backend, name):
    check_that_it_leaves(LEAVING[name], backend)


@quietly
@named(REFUSING)
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
