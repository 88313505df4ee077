"""Values, shapes and dtypes of every function against NumPy's own standard namespace."""

import math

import hypothesis
import numpy as np
import pytest

from .cases import CASES, COMPLEX, INEXACT, INTEGERS
from .comparison import check_case
from .inputs import SHAPES, arguments, namespace

few = hypothesis.settings(max_examples=4, deadline=None)
DRAWN = [name for name, case in CASES.items() if case.family != "none"]


@pytest.mark.parametrize("name", DRAWN)
def test_functions_of_arrays(backend, name):
    case, ns = CASES[name], namespace(backend)
    shapes, dtypes = SHAPES[case.family], case.dtypes
    if backend == "jax":  # many values of one shape and dtype, which it compiles once; others for other functions
        shapes, dtypes = ([one[len(name) % len(one)]] for one in (shapes, dtypes))

    @few
    @hypothesis.given(arguments(case, shapes, dtypes))
    def check(drawn):
        check_case(ns, case, *drawn)

    check()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.family == "none"])
def test_creation(ns, name):
    check_case(ns, CASES[name], np.zeros(()), np.zeros(()))


@pytest.mark.parametrize("name", DRAWN)
def test_every_dtype(backend, name):
    """One small call for each dtype that the function takes, so that no kernel is missing."""
    case = CASES[name]
    ns = namespace(backend)
    shape = {"pair": (2,), "matrix": (2, 3), "square": (2, 2)}[case.family]
    # On JAX the last one alone: the drawn examples mostly have the first.
    for dtype in case.dtypes if backend != "jax" else case.dtypes[-1:]:
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
