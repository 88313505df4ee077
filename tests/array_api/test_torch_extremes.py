"""Minima and maxima of large eager arrays in torch: by one place where there is one, and nothing else shows it.

The derivatives expected are the convention's, computed with NumPy: equal shares among ties, and NaN for all elements of
a row with NaN.
"""

import math

import numpy as np
import pytest

pytestmark = [
    pytest.mark.needs("torch"),
    # Raised by torch's forward mode in torch 2.13 itself.
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]

# A shape and the axis: short ones, whose elements are compared; long ones, of whole blocks and with a last short one.
FORMS = [
    ((1000, 70), 1),
    ((70, 1000), -2),
    ((13, 70, 70), 1),
    ((70, 1024), -1),
    ((1013, 70), 0),
    ((7, 1013, 11), 1),
    ((70001,), 0),
    ((300, 301), None),
]
CASES = ["regular", "tie", "tie in the last block", "tie of all", "NaN", "NaN and tie", "zeros", "infinite"]


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """Let the arrays of these tests be large ones."""
    from multigrad.array_api.torch import _extremes

    monkeypatch.setattr(_extremes, "LARGE", 60_000)


def rows_of(shape, axis, case, sign):
    """Return rows of which one or two are of the case, with their smallest element at ``sign = 1``."""
    length = math.prod(shape) if axis is None else shape[axis]
    rows = np.random.default_rng(0).uniform(1.0, 2.0, (math.prod(shape) // length, length))
    first, last = rows[0], rows[-1]
    if case in {"tie", "NaN and tie"}:
        last[[1, length // 2]] = 0.5
    if case == "tie in the last block":
        last[[-2, -1]] = 0.5
    if case == "tie of all":
        last[:] = 0.5
    if case.startswith("NaN"):
        first[3] = math.nan  # of one row alone, where there is no other, the tie does not matter
    if case == "zeros":
        last[[2, -2]] = 0.0, -0.0
    if case == "infinite":
        first[5], last[-1] = math.inf, -math.inf
    return sign * rows


def shaped(rows, shape, axis):
    """Return the array that has these rows along an axis."""
    if axis is None:
        return rows.reshape(shape)
    axis %= len(shape)
    return np.moveaxis(rows.reshape(*shape[:axis], *shape[axis + 1 :], shape[axis]), -1, axis)


def shares_of(rows, sign):
    """Return the derivative of each row's extreme element in the row's elements."""
    extreme = (sign * rows).min(1, keepdims=True)
    equal = (sign * rows == extreme) / np.maximum((sign * rows == extreme).sum(1, keepdims=True), 1)
    return np.where(np.isnan(extreme), math.nan, equal)


def reduction(sign):
    from multigrad.array_api.torch import _native

    return _native.min if sign == 1 else _native.max


@pytest.mark.parametrize("sign", [1, -1], ids=["min", "max"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("shape", "axis"), FORMS, ids=str)
def test_derivatives(shape, axis, case, sign):
    import torch

    rows = rows_of(shape, axis, case, sign)
    shares = shares_of(rows, sign)
    generator = np.random.default_rng(1)
    weights, direction = generator.uniform(0.5, 1.5, len(rows)), generator.uniform(-1.0, 1.0, rows.shape)
    extremes = sign * (sign * rows).min(1)
    along = (shares * direction).sum(1)

    x = torch.tensor(shaped(rows, shape, axis)).requires_grad_()
    w, v = torch.tensor(weights), torch.tensor(shaped(direction, shape, axis))
    out = reduction(sign)(x, axis=axis)
    (first,) = torch.autograd.grad(torch.sum(torch.sin(out).reshape(-1) * w), x, create_graph=True)
    (second,) = torch.autograd.grad(first, x, v)

    same(out, extremes, out.shape)
    with np.errstate(invalid="ignore"):
        slope, curvature = np.cos(extremes) * weights, -np.sin(extremes) * weights * along
        same(first, shaped(shares * slope[:, None], shape, axis))
        same(second, shaped(shares * curvature[:, None], shape, axis))


@pytest.mark.parametrize("slope", [math.inf, math.nan])
def test_zero_times_an_infinite_slope_is_nan(slope):
    import torch

    rows = rows_of((70, 1013), 1, "regular", 1)
    shares = shares_of(rows, 1)
    x = torch.tensor(rows).requires_grad_()
    cotangent = torch.ones(70, dtype=torch.float64).index_fill(0, torch.tensor([4]), slope).requires_grad_()
    (first,) = torch.autograd.grad(reduction(1)(x, axis=1), x, cotangent, create_graph=True)
    expected = shares.copy()
    expected[4] = np.where(shares[4] == 1.0, slope, math.nan)
    same(first, expected)

    finite = torch.ones(70, dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(reduction(1)(x, axis=1), x, finite, create_graph=True)
    direction = torch.ones(70, 1013, dtype=torch.float64)
    direction[4, np.argmax(rows[4])] = slope
    (second,) = torch.autograd.grad(first, finite, direction, create_graph=True)
    expected = np.ones(70)
    expected[4] = math.nan
    same(second, expected)


def test_one_graph_takes_many_cotangents():
    import torch

    rows = rows_of((70, 1013), 1, "regular", 1)
    x = torch.tensor(rows).requires_grad_()
    out = reduction(1)(x, axis=1)
    cotangents = torch.eye(70, dtype=torch.float64)[:3]
    (found,) = torch.autograd.grad(out, x, cotangents, is_grads_batched=True, retain_graph=True)
    expected = shares_of(rows, 1) * cotangents.numpy()[:, :, None]
    same(found, expected)
    pull = torch.func.vmap(lambda ct: torch.autograd.grad(out, x, ct, retain_graph=True)[0])
    same(pull(cotangents), expected)


def test_a_function_that_is_transformed_reads_it():
    import torch

    rows = rows_of((70, 1013), 1, "regular", 1)
    x = torch.tensor(rows).requires_grad_()
    f = lambda y: torch.sum(reduction(1)(x, axis=1)) * y**3  # noqa: E731
    slopes = torch.func.vmap(torch.func.grad(f))(torch.tensor([1.0, 2.0], dtype=torch.float64))
    same(slopes, rows.min(1).sum() * np.asarray([3.0, 12.0]))
    same(torch.autograd.grad(torch.sum(slopes), x)[0], 15 * shares_of(rows, 1))


def test_third_order():
    import torch

    rows = rows_of((70, 1013), 1, "regular", 1)
    x = torch.tensor(rows).requires_grad_()
    found = torch.sum(torch.sin(reduction(1)(x, axis=1)))
    for _ in range(3):
        (found,) = torch.autograd.grad(torch.sum(found), x, create_graph=True)
    same(found, shares_of(rows, 1) * -np.cos(rows.min(1))[:, None])


@pytest.mark.parametrize("case", ["regular", "tie", "NaN"])
@pytest.mark.parametrize(("shape", "axis"), [((1000, 70), 1), ((70, 1013), -1)], ids=str)
def test_forward_mode(shape, axis, case):
    import torch
    from torch.autograd import forward_ad

    rows = rows_of(shape, axis, case, 1)
    shares, extremes = shares_of(rows, 1), rows.min(1)
    direction = np.random.default_rng(1).uniform(-1.0, 1.0, rows.shape)
    along = (shares * direction).sum(1)
    with forward_ad.dual_level():
        x = torch.tensor(rows).requires_grad_()
        out = reduction(1)(forward_ad.make_dual(x, torch.tensor(direction)), axis=axis)
        same(forward_ad.unpack_dual(out).tangent, along)
        (gradient,) = torch.autograd.grad(torch.sum(out * out), x, create_graph=True)
        same(gradient, shares * (2 * extremes)[:, None])
        same(forward_ad.unpack_dual(gradient).tangent, shares * (2 * along)[:, None])


@pytest.mark.parametrize(("shape", "axis"), FORMS, ids=str)
def test_one_place_is_taken_where_there_is_one(shape, axis):
    import torch

    for case, is_one in (("regular", True), ("infinite", True), ("tie", False), ("zeros", False), ("NaN", False)):
        x = torch.tensor(shaped(rows_of(shape, axis, case, 1), shape, axis)).requires_grad_()
        assert ("AminBackward0" not in names_of_graph(reduction(1)(x, axis=axis))) == is_one


def test_dimensions_stay():
    import torch

    x = torch.tensor(rows_of((70, 1013), 1, "regular", 1)).requires_grad_()
    found = reduction(1)(x, axis=1, keepdims=True)
    assert found.shape == (70, 1)
    (gradient,) = torch.autograd.grad(torch.sum(found), x)
    same(gradient, shares_of(x.detach().numpy(), 1))


def test_other_calls_are_torchs():
    import torch

    rows = rows_of((70, 1013), 1, "regular", 1)
    x = torch.tensor(rows).requires_grad_()
    small, short = x[:8, :100], x.reshape(-1, 10)
    several = x.reshape(7, 10, 1013)
    calls = ((small, 1), (short, 1), (several, (0, 2)), (x.T, None))
    for found in (reduction(1)(array, axis=axis) for array, axis in calls):
        assert "AminBackward0" in names_of_graph(found)
    assert reduction(1)(torch.tensor(rows), axis=1).grad_fn is None
    integers = torch.arange(70000).to(torch.uint16)
    assert reduction(-1)(integers).item() == 65535
    mapped = torch.func.vmap(lambda x: torch.func.grad(lambda x: reduction(1)(x, axis=0))(x))(torch.tensor(rows))
    same(mapped, shares_of(rows, 1))


def names_of_graph(x):
    """Return the names of the operations that a result was recorded with."""
    found, todo = set(), [x.grad_fn]
    while todo:
        node = todo.pop()
        if node is not None:
            found.add(type(node).__name__)
            todo += [one for one, _ in node.next_functions]
    return found


def same(found, expected, shape=None):
    expected = np.reshape(expected, expected.shape if shape is None else shape)
    assert tuple(found.shape) == expected.shape
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-13, atol=1e-14)
