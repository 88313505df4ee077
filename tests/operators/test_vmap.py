"""vmap: axes in and out, trees, keyword arguments, numbers shared by all calls, and axes that do not exist."""

import re

import numpy as np
import pytest

import multigrad
from multigrad import gradient, vmap, xp

from .trees import assert_tree

X = np.asarray([0.7, -1.2, 2.0])
ROWS = np.asarray([[0.3, -0.8, 1.1], [1.7, 0.4, -0.6]])
CUBE = np.arange(24.0).reshape(2, 3, 4)


def scaled(x):
    return 2.0 * x


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_in_axis(axis, backend, arrays):
    found = vmap(lambda x: x[0] + xp.sum(x), axis, backend=backend, arrays=arrays)(CUBE)
    moved = np.moveaxis(CUBE, axis, 0)
    assert_tree(found, np.stack([x[0] + x.sum() for x in moved]), 1e-13)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_out_axis(axis, backend, arrays):
    found = vmap(scaled, 0, axis, backend=backend, arrays=arrays)(CUBE)
    assert_tree(found, np.moveaxis(2 * CUBE, 0, axis), 1e-13)


@pytest.mark.parametrize(
    ("in_axes", "args", "expected"),
    [
        ((None, 0), (X, ROWS), ROWS @ X),
        ((0, None), (ROWS, X), ROWS @ X),
        ((1, 0), (ROWS.T, ROWS), (ROWS * ROWS).sum(axis=1)),
        ([0, -1], (ROWS, ROWS.T), (ROWS * ROWS).sum(axis=1)),
        (0, (ROWS, ROWS), (ROWS * ROWS).sum(axis=1)),
        ((0, None), (ROWS, 2.0), 2 * ROWS.sum(axis=1)),
    ],
    ids=["second", "first", "two-axes", "list", "all", "number"],
)
def test_axes_of_several_arguments(in_axes, args, expected, backend, arrays):
    found = vmap(lambda a, b: xp.sum(a * b), in_axes, backend=backend, arrays=arrays)(*args)
    assert_tree(found, expected, 1e-13)


def test_axes_of_trees(backend, arrays):
    def f(p, x):
        return {"y": [p["w"] * x[0], p["b"]], "sum": xp.sum(p["w"]) + x[0]}

    axes = ({"w": 1, "b": None}, 0)
    found = vmap(f, axes, {"y": [1, 0], "sum": 0}, backend=backend, arrays=arrays)({"w": ROWS.T, "b": 3.0}, (X[:2],))
    expected = {"y": [(ROWS * X[:2, None]).T, np.full(2, 3.0)], "sum": ROWS.sum(axis=1) + X[:2]}
    assert_tree(found, expected, 1e-13)


def test_a_prefix_serves_the_whole_tree(backend):
    found = vmap(lambda p, q: p["a"][0] * p["b"] * q, (1, 0), backend=backend)({"a": (ROWS.T,), "b": ROWS.T}, X[:2])
    assert_tree(found, ROWS**2 * X[:2, None], 1e-13)


def test_keyword_arguments_are_mapped_over_their_first_axis(backend, arrays):
    found = vmap(lambda x, *, w: x * w, 1, backend=backend, arrays=arrays)(ROWS, w=X)
    assert_tree(found, ROWS.T * X[:, None], 1e-13)


def test_what_is_no_array_reaches_every_call(backend, arrays):
    def f(x, n, label):
        assert (type(n), label) == (int, "text")
        return x**n

    found = vmap(f, (0, None, 0), backend=backend, arrays=arrays)(ROWS, 2, "text")
    assert_tree(found, ROWS**2, 1e-13)


def test_constant_results_and_integers(backend, arrays):
    def f(x, n):
        return x, 2.5, xp.ones(2, dtype=xp.float64), n + 1, xp.sum(x) > 0

    found = vmap(f, backend=backend, arrays=arrays)(ROWS, np.asarray([1, 2]))
    assert_tree(found, (ROWS, np.full(2, 2.5), np.ones((2, 2)), np.asarray([2, 3]), np.asarray([True, True])), 0.0)


def test_assignment_inside(backend):
    def f(x):
        y = xp.zeros_like(x)
        y[0] = x[1] ** 2
        y[1:] = x[:2]
        return y

    expected = np.stack([ROWS[:, 1] ** 2, ROWS[:, 0], ROWS[:, 1]], axis=1)
    assert_tree(vmap(f, backend=backend)(ROWS), expected, 1e-13)


def test_one_slice(backend, arrays):
    assert_tree(vmap(scaled, backend=backend, arrays=arrays)(ROWS[:1]), 2 * ROWS[:1], 0.0)


def test_results_have_the_form_of_the_arguments(backend):
    assert isinstance(vmap(scaled, backend=backend)(ROWS), type(multigrad.asarray(ROWS, backend=backend)))
    given = multigrad.array_namespace(multigrad.asarray(ROWS, backend=backend)).asarray(ROWS)
    assert isinstance(vmap(scaled, backend=backend)(given), multigrad.Array)
    seen = []
    vmap(lambda x: (seen.append(type(x)), x)[1], backend=backend)(ROWS)
    assert issubclass(seen[0], multigrad.Array)


def test_complex_slices(backend, arrays):
    z = ROWS + 1j * ROWS[::-1]
    found = vmap(multigrad.gradient(lambda w: xp.sum(xp.real(w) ** 2 + 3 * xp.imag(w) ** 2)), backend=backend)(z)
    assert_tree(found, 2 * z.real + 6j * z.imag, 1e-13)
    assert_tree(vmap(lambda w: w * w, backend=backend, arrays=arrays)(z), z * z, 1e-13)


@pytest.mark.parametrize(
    ("in_axes", "args", "error", "message"),
    [
        (3, (X,), ValueError, "an array with an axis 3 to map over for x, got shape (3,). Pass in_axes=None"),
        (-2, (X,), ValueError, "an array with an axis -2 to map over for x, got shape (3,)."),
        (0, (2.0,), ValueError, "an array with an axis 0 to map over for x, got a Python number. Pass in_axes=None"),
        (0, (np.asarray(2.0),), ValueError, "an axis 0 to map over for x, got shape ()."),
        (0, ({"a": X, "b": 2.0},), ValueError, "to map over for x['b'], got a Python number."),
        (None, (X,), ValueError, "Expected at least one array to map over, got none with in_axes=None."),
        ((0, 0), (X,), ValueError, "one entry per positional argument (1), got (0, 0)."),
        ((), (X,), ValueError, "one entry per positional argument (1), got ()."),
        (({"a": 0},), ({"a": X, "b": X},), ValueError, "a prefix of the tree {'a': *, 'b': *} in in_axes="),
        ("x", (X,), TypeError, "Expected an integer, None or a tuple for in_axes=, got 'x'."),
        (True, (X,), TypeError, "Expected an integer, None or a tuple for in_axes=, got True."),
        ((1.0,), (X,), TypeError, "Expected integers and None in in_axes=, got 1.0."),
        (0, (X, np.ones(2)), ValueError, "Expected one size along all mapped axes, got 3, 2."),
    ],
    ids=[
        "too-high", "too-low", "number", "0-d", "number-in-a-tree", "nothing", "too-many", "none-given", "not-a-prefix",
        "string", "bool", "float", "sizes",
    ],
)  # fmt: skip
def test_axes_that_do_not_fit(in_axes, args, error, message, backend):
    with pytest.raises(error, match=re.escape(message)):
        vmap(lambda x, *others: x, in_axes, backend=backend)(*args)


def test_a_keyword_argument_without_the_axis(backend):
    message = (
        "an array with an axis 0 to map over for t, got a Python number. Pass by position, with None in in_axes, what"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        vmap(lambda x, t: x * t, backend=backend)(X, t=2.0)
    with pytest.raises(ValueError, match=re.escape("for t, got a Python number. Pass in_axes=None for what all calls")):
        vmap(lambda x, t, s: x * t * s, backend=backend)(X, 2.0, s=X)


@pytest.mark.parametrize(
    ("out_axes", "error", "message"),
    [
        (3, ValueError, "Expected an axis of output[0] in out_axes=, got 3; with the mapped axis it has 2 axes."),
        (
            (0, -2),
            ValueError,
            "an axis of output[1] in out_axes=, got -2; with the mapped axis it has 1 axes.",
        ),
        ((0, 0, 0), ValueError, "a prefix of the tree (*, *) in out_axes=, got (0, 0, 0)."),
        (None, TypeError, "Expected an integer, or a tree of integers, for out_axes=, got None."),
        ((0, True), TypeError, "Expected an integer, or a tree of integers, for out_axes="),
    ],
    ids=["too-high", "too-low", "not-a-prefix", "none", "bool"],
)
def test_axes_of_results_that_do_not_fit(out_axes, error, message, backend):
    with pytest.raises(error, match=re.escape(message)):
        vmap(lambda x: (x, xp.sum(x)), 0, out_axes, backend=backend)(ROWS)


@pytest.mark.backends("torch", "jax")
def test_no_slices(backend):
    found = vmap(lambda x: 2 * x, backend=backend)(np.zeros((0, 3)))
    assert_tree(found, np.zeros((0, 3)), 0.0)


# torch's values in a map look like values; the other backends run slice by slice.
@pytest.mark.backends("torch", "jax")
@pytest.mark.parametrize(
    "leave",
    [
        float,
        np.asarray,
        multigrad.to_numpy,
        lambda y: y.item(),
        lambda y: float(multigrad.stop_gradient(y)),
    ],
    ids=["float", "asarray", "to_numpy", "item", "detached"],
)
def test_a_slice_has_no_value(leave, backend):
    for mapped in (
        vmap(lambda x: x * leave(x), backend=backend),
        vmap(gradient(lambda x: x * leave(x)), backend=backend),
        gradient(lambda r: xp.sum(vmap(lambda x: x * leave(x))(r)), backend=backend),
    ):
        with pytest.raises(multigrad.DetachedValueError, match=r"compiled or mapped .* without compile=True and vmap"):
            mapped(X)
