"""Every case of the census: the gradient, the derivative along a tangent, operators and methods, single precision."""

import numpy as np
import pytest

import multigrad

from .case import OPERATORS, agree, array, disagreements, named
from .census import CASES, along, directional, gradients, tangents

METHODS = ("sum", "mean", "prod", "max", "min", "std", "var")
DIRECT = [case for case in CASES if case.call is None]
POINTS = [case for case in CASES if case.elementwise]
ARRAYS = [case for case in CASES if not case.elementwise]
# Without jit, JAX compiles every operation on every shape anew, a second per case: it runs them compiled, else in full.
EAGER = ("numpy", "torch", "tensorflow")
# Rule 5's 0 · inf arises in reverse mode alone: forwards the masked branch's tangent is not used.
MASKED = 5
EPS = np.finfo(np.float64).eps


def each(cases):
    """Run a test once per case."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@each(POINTS)
def test_the_gradient(case, backend):
    assert disagreements(case, gradients(case, backend)) == []


@pytest.mark.backends(*EAGER)
@each(ARRAYS)
def test_the_gradient_of_arrays(case, backend):
    assert disagreements(case, gradients(case, backend)) == []


@pytest.mark.full
@pytest.mark.backends("jax")
@each(ARRAYS)
def test_the_gradient_of_arrays_without_a_compiler(case, backend):
    assert disagreements(case, gradients(case, backend)) == []


@each([case for case in POINTS if case.order == 1 and case.rule != MASKED])
def test_the_derivative_along_a_tangent(case, backend):
    check_tangents(case, backend)


@pytest.mark.backends(*EAGER)
@each([case for case in ARRAYS if case.order == 1 and array(case.point[0]).size])
def test_the_derivative_along_a_tangent_of_arrays(case, backend):
    check_tangents(case, backend)


@pytest.mark.full
@pytest.mark.backends("jax")
@each([case for case in ARRAYS if case.order == 1 and array(case.point[0]).size])
def test_the_derivative_along_a_tangent_of_arrays_without_a_compiler(case, backend):
    check_tangents(case, backend)


def check_tangents(case, backend):
    for i, derivative in enumerate(case.expected):
        if derivative is not None:
            for tangent in tangents(case, i):
                found, expected = directional(case, i, tangent, backend), along(case, i, tangent)
                # Of several elements the roundings of the largest add up.
                largest = np.max(np.abs(derivative), initial=1.0, where=np.isfinite(derivative))
                right = agree(
                    np.asarray(found) / largest, np.asarray(expected) / largest, tangent.size * case.eps * EPS
                )
                assert right, (i, tangent, found, expected)


@each([case for case in DIRECT if case.function in OPERATORS])
def test_the_operator_gives_the_same(case, backend):
    assert disagreements(case, gradients(case, backend, value=OPERATORS[case.function])) == []


# The methods are NumPy's: they call the correction ddof.
@each([case for case in DIRECT if case.function in METHODS and "correction" not in case.options])
def test_the_method_gives_the_same(case, backend):
    found = gradients(case, backend, value=lambda x: getattr(x, case.function)(**case.options))
    assert disagreements(case, found) == []


@each([case for case in POINTS if case.edge and case.has_single])
def test_the_gradient_in_single_precision(case, backend):
    assert disagreements(case, gradients(case, backend, single=True), single=True) == []


@pytest.mark.backends(*EAGER)
@each([case for case in ARRAYS if case.edge and case.has_single])
def test_the_gradient_of_arrays_in_single_precision(case, backend):
    assert disagreements(case, gradients(case, backend, single=True), single=True) == []


# Rule 9: the derivative in an integer does not exist.


@pytest.mark.parametrize("function", ["abs", "exp", "sign", "sum", "max", "prod", "sort", "square", "linalg.det"])
def test_integer_arrays_raise(function, backend):
    f = lambda x: multigrad.xp.sum(named(multigrad.xp, function)(x))  # noqa: E731
    with pytest.raises(multigrad.InputError, match="int64"):
        multigrad.gradient(f, backend=backend)(np.asarray([[1, 2], [3, 5]]))
