"""Values, shapes and dtypes of every function against NumPy's own standard namespace."""

import math

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from .cases import CASES, COMPLEX, INEXACT, INTEGERS
from .comparison import check_case
from .inputs import arguments, namespace

# Several calls in each case; JAX compiles each of them anew for every shape and dtype.
few = hypothesis.settings(max_examples=4, deadline=None)
DRAWN = [name for name, case in CASES.items() if case.family != "none"]


@pytest.mark.parametrize("name", DRAWN)
@few
@hypothesis.given(data=st.data())
def test_functions_of_arrays(backend, name, data):
    case = CASES[name]
    check_case(namespace(backend), case, *data.draw(arguments(case)))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.family == "none"])
def test_creation(ns, name):
    check_case(ns, CASES[name], np.zeros(()), np.zeros(()))


@pytest.mark.parametrize("name", DRAWN)
def test_every_dtype(backend, name):
    """One small call for each dtype that the function takes, so that no kernel is missing."""
    case = CASES[name]
    ns = namespace(backend)
    shape = {"pair": (2,), "matrix": (2, 3), "square": (2, 2)}[case.family]
    for dtype in case.dtypes if backend != "jax" else case.dtypes[:: max(1, len(case.dtypes) // 4)]:
        low, high = (max(1, math.ceil(case.intervals[0][0])), 2) if dtype not in INEXACT else case.intervals[0]
        x = np.linspace(low + 0.03 * (dtype in INEXACT), high, math.prod(shape)).astype(dtype).reshape(shape)
        y = np.ones(shape, dtype=dtype)
        if dtype in INTEGERS and case.intervals[0][1] < 1:
            x = np.zeros(shape, dtype=dtype)
        if case.family == "square":
            x, y = (one + np.diag(np.arange(3, 5)).astype(dtype) for one in (x, y))
        if dtype in COMPLEX:
            x, y = x + np.array(0.3j, dtype=dtype), y - np.array(0.2j, dtype=dtype)
        check_case(ns, case, x, y)
