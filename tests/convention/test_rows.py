"""Every row of the convention, on every backend; the data themselves; and the page that is made from them."""

import cmath
import functools
import math
import operator
from pathlib import Path

import mpmath
import numpy as np
import pytest

import multigrad
from multigrad import convention
from multigrad.array_api import numpy as on_numpy

from .case import OPERATORS, agree, array, directions
from .census import CASES

PAGE = Path(__file__).parents[2] / "docs" / "convention.md"
EPS = np.finfo(np.float64).eps
NAME = operator.attrgetter("name")


# The functions with 0-d arguments once more, in another arithmetic.
TRUTH = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "remainder": lambda x, y: x - y * mpmath.floor(x / y),
    "negative": lambda x: -x,
    "positive": lambda x: x,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "abs": abs,
    "log2": lambda x: mpmath.log(x, 2),
    "atan2": mpmath.atan2,
    "logaddexp": lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
    "copysign": lambda x, y: abs(x) * mpmath.sign(y),
    "maximum": max,
    "minimum": min,
    "clip": lambda x, low, high: min(max(x, low), high),
    **{name: getattr(mpmath, name) for name in ("sqrt", "exp", "expm1", "log", "log10", "log1p", "hypot")},
    **{name: getattr(mpmath, name) for name in ("sin", "cos", "tan", "asin", "acos", "atan")},
    **{name: getattr(mpmath, name) for name in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh")},
}


def gradients(row, f, backend):
    """Return the gradient of f in every argument of a row, as NumPy arrays."""
    every = tuple(range(len(row.point)))
    return multigrad.to_numpy(multigrad.gradient(f, argnums=every, backend=backend)(*map(array, row.point)))


def disagreements(row, found):
    """Return one sentence per argument in which a gradient is not the row's."""
    sentences = []
    for i, (got, value, derivative) in enumerate(zip(found, row.point, row.derivative, strict=True)):
        expected = np.asarray(derivative, dtype=array(value).dtype)
        if got.dtype != expected.dtype or got.shape != expected.shape or not np.all(agree(got, expected, 16 * EPS)):
            sentences.append(f"argument {i}: expected {expected!r} by rule {row.rule}, got {got!r}")
    return sentences


@pytest.mark.parametrize("row", convention.ROWS, ids=NAME)
def test_every_backend_gives_the_derivative(row, backend):
    found = gradients(row, lambda *args: row.evaluate(multigrad.xp, *args), backend)
    assert disagreements(row, found) == []


# Rule 5's 0 · inf arises in reverse mode alone: forwards the masked branch's tangent is not used.
FORWARDS = [row for row in convention.ROWS if row.rule != 5 and row.point != ([],)]


@pytest.mark.parametrize("row", FORWARDS, ids=NAME)
def test_forwards_every_backend_gives_the_same(row, backend):
    point = [*map(array, row.point)]
    for i, derivative in enumerate(row.derivative):

        def along(x, i=i):
            others = map(multigrad.xp.asarray, point)
            return row.evaluate(multigrad.xp, *(x if j == i else other for j, other in enumerate(others)))

        for tangent in directions(point[i]):
            expected = np.sum(np.real(np.conj(np.asarray(derivative)) * tangent))
            found = multigrad.to_numpy(multigrad.jvp(along, (point[i],), (tangent,), backend=backend)[1])
            assert agree(found, expected, 32 * tangent.size * EPS), (i, tangent, float(found), float(expected))


@pytest.mark.parametrize("row", [row for row in convention.ROWS if row.function in OPERATORS], ids=NAME)
def test_the_operator_gives_the_same(row, backend):
    apply = OPERATORS[row.function]
    found = gradients(row, lambda *args: multigrad.xp.sum(apply(*args)), backend)
    assert disagreements(row, found) == []


# Where XLA makes a square root of a power of one half, if the program around it lets it: see convention.LIMITS.
ROOTS = {"tensorflow": {"x**0.5 at -inf", "x**1.5 at -inf"}}


# torch's compiler takes minutes for so large a program: the census has programs of one function.
@pytest.mark.backends("numpy", "jax", "tensorflow")
def test_one_program_gives_every_derivative(backend):
    def program(points):
        return [
            multigrad.gradient(functools.partial(row.evaluate, multigrad.xp), argnums=tuple(range(len(point))))(*point)
            for row, point in zip(convention.ROWS, points, strict=True)
        ]

    points = [[array(value) for value in row.point] for row in convention.ROWS]
    results = multigrad.to_numpy(multigrad.jit(program, backend=backend)(points))
    wrong = {
        row.name: sentences
        for row, found in zip(convention.ROWS, results, strict=True)
        if (sentences := disagreements(row, found)) and row.name not in ROOTS.get(backend, ())
    }
    assert wrong == {}


# The data


def on_scalars(row):
    return row.expression is None and not any(isinstance(value, list) for value in row.point)


SMOOTH = [row for row in convention.ROWS if row.rule == 1]


@pytest.mark.parametrize("row", [row for row in SMOOTH if on_scalars(row)], ids=NAME)
def test_smooth_derivatives_are_those_of_mpmath(row):
    f, count = TRUTH[row.function], len(row.point)
    with mpmath.workdps(450):  # points as large as 1e200 are moved by less than 1
        true = [float(mpmath.diff(f, row.point, tuple(int(i == j) for j in range(count)))) for i in range(count)]
    assert row.derivative == pytest.approx(true, rel=4 * EPS, abs=1e-300)


@pytest.mark.parametrize("row", [row for row in SMOOTH if not on_scalars(row)], ids=NAME)
def test_smooth_derivatives_of_arrays_are_those_of_differences(row):
    point = [np.asarray(value, dtype=np.float64) for value in row.point]
    step = 1e-5
    for i, derivative in enumerate(row.derivative):
        for index in np.ndindex(point[i].shape):
            values = []
            for sign in (1, -1):
                moved = [x.copy() for x in point]
                moved[i][index] += sign * step
                values.append(float(row.evaluate(on_numpy, *map(on_numpy.asarray, moved))))
            slope = (values[0] - values[1]) / (2 * step)
            assert slope == pytest.approx(np.asarray(derivative)[index], rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("row", convention.ROWS, ids=NAME)
def test_a_row_is_well_formed(row):
    assert row.rule in {rule.number for rule in convention.RULES}
    assert row.reason
    assert set(row.native) <= set(convention.MEASURED)
    shapes = [np.shape(value) for value in row.point]
    assert shapes == [np.shape(derivative) for derivative in row.derivative]


def test_the_rules_are_numbered_from_1_to_10():
    assert [rule.number for rule in convention.RULES] == list(range(1, 11))


def test_no_row_stands_twice():
    names = [row.name for row in convention.ROWS]
    assert len(set(names)) == len(names)


# The checker


def planted(value):
    """Return a wrong derivative near a right one."""
    if isinstance(value, list):
        return [planted(part) for part in value]
    if cmath.isnan(value):
        return 0.0
    return -value if cmath.isinf(value) else value + 1e-9 * max(1.0, abs(value))


@pytest.mark.parametrize("row", [row for row in convention.ROWS if row.derivative != ([],)], ids=NAME)
def test_a_planted_wrong_derivative_is_caught(row):
    right = [np.asarray(derivative) for derivative in row.derivative]
    for i in range(len(right)):
        wrong = [*row.derivative]
        wrong[i] = planted(wrong[i])
        sentences = disagreements(row._replace(derivative=tuple(wrong)), right)
        assert [sentence.partition(":")[0] for sentence in sentences] == [f"argument {i}"]
    assert disagreements(row, right) == []


@pytest.mark.parametrize(
    "found",
    [np.float32(math.inf), np.asarray([math.inf]), np.asarray(-math.inf), np.asarray(math.nan), np.asarray(1e308)],
    ids=["dtype", "shape", "sign", "nan", "finite"],
)
def test_another_gradient_is_caught(found):
    row = convention.Row("sqrt", (0.0,), (math.inf,), 4, "one-sided limit")
    assert len(disagreements(row, [np.asarray(found)])) == 1


# The page


def test_the_page_is_generated_from_the_data():
    assert PAGE.read_text(encoding="utf-8") == convention.markdown(), "run python -m multigrad.convention"


def test_the_page_says_how_many_cases_the_census_has():
    assert f" {len(CASES)} cases of a census" in convention.markdown().replace("\n", " ")


def test_the_page_has_every_rule_row_and_limit():
    lines = convention.markdown().splitlines()
    assert all(any(line.startswith(f"- **{limit.where}**") for line in lines) for limit in convention.LIMITS)
    table = [line for line in lines if line.startswith("| `")]
    assert len(table) == len(convention.ROWS)
    assert all(line.count(" | ") == 7 for line in table)
    assert all(any(line.startswith(f"{rule.number}. **{rule.name}.**") for line in lines) for rule in convention.RULES)
