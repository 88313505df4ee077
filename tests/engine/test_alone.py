"""`multigrad.engine` on its own, over array-api-strict: nothing of the standard is missing, and it nests."""

import doctest
import subprocess
import sys

import array_api_strict
import numpy as np
import pytest

import multigrad.engine
from multigrad.engine import jvp, vjp

from .checks import STRICT

pytestmark = pytest.mark.needs("numpy")  # the engine runs on NumPy alone: once


def strict_gradient(f, x):
    _, pull, _ = vjp(STRICT, lambda x: ((f(x),), ()), (x,))
    return pull((array_api_strict.asarray(1.0),))[0]


def test_the_example_of_its_documentation_runs():
    assert doctest.testmod(multigrad.engine) == (0, 10)


def test_it_needs_no_backend():
    """Its modules import nothing of the package but itself, and the table of slopes, which imports nothing."""
    code = (
        "import sys, types\n"
        "import importlib.util as u\n"
        "spec = u.find_spec('multigrad')\n"
        "package = types.ModuleType('multigrad'); package.__path__ = list(spec.submodule_search_locations)\n"
        "sys.modules['multigrad'] = package\n"
        "import multigrad.engine\n"
        "print(sorted({name.split('.')[1] for name in sys.modules if name.startswith('multigrad.')}))\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['_slope_table', 'engine']"


def test_derivatives_nest_to_third_order():
    def f(x):
        return x**3 * x[()] if x.ndim else x**3 * x

    x = array_api_strict.asarray(2.0)
    third = strict_gradient(lambda x: strict_gradient(lambda x: strict_gradient(f, x), x), x)
    assert float(third) == pytest.approx(24 * 2.0, rel=1e-14)


def test_inner_derivatives_may_close_over_outer_values():
    x = array_api_strict.asarray(3.0)
    found = strict_gradient(lambda x: x * strict_gradient(lambda y: STRICT.sin(y) * x, x), x)
    assert float(found) == pytest.approx(2 * 3.0 * np.cos(3.0) - 9.0 * np.sin(3.0), rel=1e-14)


def test_forward_over_reverse_and_reverse_over_forward():
    def f(x):
        return STRICT.sum(STRICT.exp(x) * x)

    x, v = array_api_strict.asarray([0.5, -1.0]), array_api_strict.asarray([1.0, 2.0])
    _, (over_reverse,), _ = jvp(STRICT, lambda x: ((strict_gradient(f, x),), ()), (x,), (v,))
    over_forward = strict_gradient(lambda x: jvp(STRICT, lambda x: ((f(x),), ()), (x,), (v,))[1][0], x)
    expected = np.exp([0.5, -1.0]) * np.asarray([2.5, 1.0]) * np.asarray([1.0, 2.0])
    np.testing.assert_allclose(np.asarray(over_reverse), expected, rtol=1e-14)
    np.testing.assert_allclose(np.asarray(over_forward), expected, rtol=1e-14)


def test_outputs_of_integers_and_what_is_not_differentiated():
    x = array_api_strict.asarray([2.0, 1.0])
    outputs, tangents, aux = jvp(STRICT, lambda x: ((x * x, STRICT.argsort(x)), (x + 1,)), (x,), (x,))
    assert [np.asarray(t).tolist() for t in tangents] == [[8.0, 2.0], [0, 0]]
    assert [t.dtype for t in tangents] == [out.dtype for out in outputs]
    assert np.asarray(aux[0]).tolist() == [3.0, 2.0]


def test_a_pullback_made_for_one_call_raises_the_second_time():
    x = array_api_strict.asarray(2.0)
    _, pull, _ = vjp(STRICT, lambda x: ((x * x,), ()), (x,), reusable=False)
    assert float(pull((x,))[0]) == 8.0
    with pytest.raises(RuntimeError, match="called already"):
        pull((x,))
