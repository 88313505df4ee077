"""torch's overrides in the forms that a compiler gets, to second order, and what eager arrays of zeros get."""

import math

import mpmath
import pytest

pytestmark = [
    pytest.mark.needs("torch"),
    # Raised by torch.func.jvp in torch 2.13 itself.
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]

NAN, INF = math.nan, math.inf
NEAR_ONE = [1.0 + 2.0**-k for k in (50, 33, 27, 24, 20, 10, 2)]


def function(name):
    from multigrad.array_api.torch import _native

    return getattr(_native, name)


def tensors(points):
    import torch

    return [torch.tensor(x, dtype=torch.float64) for x in zip(*points, strict=True)]


def compiled(f, arrays):
    """Return what f gives in a program of the operations that a tracer took down."""
    from torch.fx.experimental.proxy_tensor import make_fx

    return [x.detach().tolist() for x in make_fx(f)(*arrays)(*arrays)]


def gradient(f, order=1):
    """Return the function that gives the first or all second derivatives of an elementwise function."""
    import torch

    def call(*xs):
        every = range(len(xs))
        first = lambda i: lambda *xs: torch.func.grad(lambda *ys: torch.sum(f(*ys)), i)(*xs)  # noqa: E731
        if order == 1:
            return [first(i)(*xs) for i in every]
        return [torch.func.grad(lambda *ys, i=i: torch.sum(first(i)(*ys)), j)(*xs) for i in every for j in every]

    return call


def forwards(f):
    """Return the function that gives the derivatives of an elementwise function in each argument alone."""
    import torch

    def call(*xs):
        along = lambda i: lambda x: f(*xs[:i], x, *xs[i + 1 :])  # noqa: E731
        return [torch.func.jvp(along(i), (x,), (torch.ones_like(x),))[1] for i, x in enumerate(xs)]

    return call


def test_acosh_near_one():
    f, points = function("acosh"), tensors([(x,) for x in NEAR_ONE])
    with mpmath.workdps(50):
        distances = [mpmath.mpf(x) ** 2 - 1 for x in NEAR_ONE]
        slopes = [float(t**-0.5) for t in distances]
        curvatures = [float(-x * t**-1.5) for x, t in zip(NEAR_ONE, distances, strict=True)]
    assert compiled(gradient(f), points) == [pytest.approx(slopes, rel=2e-15)]
    assert compiled(gradient(f, 2), points) == [pytest.approx(curvatures, rel=4e-15)]
    assert compiled(forwards(f), points) == [pytest.approx(slopes, rel=2e-15)]


def test_acosh_at_the_borders():
    f, points = function("acosh"), tensors([(x,) for x in (1.0, 0.5, -1.0, -2.0, -1e200, 1e200, 1.7e308, INF, NAN)])
    slopes = [INF, NAN, NAN, NAN, NAN, 1e-200, 1 / 1.7e308, 0.0, NAN]
    assert compiled(gradient(f), points) == [pytest.approx(slopes, rel=1e-14, abs=0, nan_ok=True)]
    values = [0.0, NAN, NAN, NAN, NAN, math.acosh(1e200), math.log(3.4) + 308 * math.log(10), INF, NAN]
    assert compiled(lambda x: [f(x)], points) == [pytest.approx(values, rel=1e-15, nan_ok=True)]


# A pair, and the derivatives in its two numbers.
POWERS = [
    ((2.0, 0.0), (0.0, math.log(2))),
    ((0.0, 0.0), (0.0, 0.0)),
    ((0.0, 1.0), (1.0, 0.0)),
    ((0.0, -1.0), (-INF, -INF)),
    ((-2.0, 0.0), (0.0, NAN)),
    ((NAN, 0.0), (0.0, NAN)),
    ((INF, 0.0), (0.0, INF)),
    ((NAN, 2.0), (NAN, NAN)),
    ((2.0, NAN), (NAN, NAN)),
    ((1.5, -0.5), (-0.5 * 1.5**-1.5, 1.5**-0.5 * math.log(1.5))),
]
SUMS = [
    ((0.0, 800.0), (0.0, 1.0)),
    ((1e308, -1e308), (1.0, 0.0)),
    ((1.7e308, 1.7e308), (0.5, 0.5)),
    ((INF, 1.0), (1.0, 0.0)),
    ((-INF, -INF), (0.5, 0.5)),
    ((NAN, INF), (NAN, NAN)),
    ((0.0, math.log(3)), (0.25, 0.75)),
]


@pytest.mark.parametrize("derivative", [gradient, forwards], ids=["reverse", "forward"])
@pytest.mark.parametrize(("name", "rows"), [("pow", POWERS), ("logaddexp", SUMS)])
def test_first_derivatives_of_two_numbers(name, rows, derivative):
    found = compiled(derivative(function(name)), tensors([point for point, _ in rows]))
    for slopes, expected in zip(found, zip(*(slopes for _, slopes in rows), strict=True), strict=True):
        assert slopes == pytest.approx(list(expected), rel=1e-15, abs=1e-16, nan_ok=True)


# A pair, and the four second derivatives.
POWERS_TWICE = [
    ((2.0, 0.0), (0.0, 0.5, 0.5, math.log(2) ** 2)),
    ((0.0, 0.0), (0.0, 0.0, 0.0, 0.0)),
    ((0.0, 1.0), (0.0, 1.0, 1.0, 0.0)),
    ((2.0, 3.0), (12.0, 4 + 12 * math.log(2), 4 + 12 * math.log(2), 8 * math.log(2) ** 2)),
]
SUMS_TWICE = [
    ((0.0, 800.0), (0.0, 0.0, 0.0, 0.0)),
    ((-1000.0, -1000.0), (0.25, -0.25, -0.25, 0.25)),
    ((1e308, -1e308), (0.0, 0.0, 0.0, 0.0)),
    ((INF, 1.0), (0.0, 0.0, 0.0, 0.0)),
]


@pytest.mark.parametrize(("name", "rows"), [("pow", POWERS_TWICE), ("logaddexp", SUMS_TWICE)])
def test_second_derivatives_of_two_numbers(name, rows):
    found = compiled(gradient(function(name), 2), tensors([point for point, _ in rows]))
    for slopes, expected in zip(found, zip(*(slopes for _, slopes in rows), strict=True), strict=True):
        assert slopes == pytest.approx(list(expected), rel=4e-15, abs=1e-16)


def test_infinities_are_the_same_without_a_compiler():
    import torch

    arrays = [x.requires_grad_() for x in tensors([point for point, _ in SUMS])]
    found = torch.autograd.grad(torch.sum(function("logaddexp")(*arrays)), arrays)
    for slopes, expected in zip(found, zip(*(slopes for _, slopes in SUMS), strict=True), strict=True):
        assert slopes.tolist() == pytest.approx(list(expected), rel=1e-15, abs=1e-16, nan_ok=True)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_products_up_to_each_element_leave_a_zero_and_nan_out(size):
    import torch

    cumulative = function("cumulative_prod")
    x = torch.tensor([2.0, 0.0, 4.0, 5.0, NAN, 3.0, 0.5, 7.0][:size], dtype=torch.float64)
    expected = []
    for i in range(size):  # the products of all others, from the i-th element on
        others = torch.where(torch.arange(size) == i, 1.0, x)
        expected.append(float(torch.sum(torch.cumprod(others, 0)[i:])))
    slopes = compiled(gradient(lambda x: cumulative(x, axis=0)), [x])
    assert slopes == [pytest.approx(expected, rel=1e-15, nan_ok=True)]
    value = compiled(lambda x: [cumulative(x, axis=0)], [x])
    assert value == [pytest.approx(torch.cumprod(x, 0).tolist(), rel=1e-15, nan_ok=True)]


@pytest.mark.parametrize("name", ["sqrt", "log", "log2", "log10"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_only_minus_zero_and_what_is_below_need_more_than_torch(name, dtype):
    import torch

    f = function(name)
    zeros = torch.tensor([0.0, 4.0], dtype=getattr(torch, dtype), requires_grad=True)
    assert type(f(zeros).grad_fn) is type(getattr(torch, name)(zeros).grad_fn)
    (slopes,) = torch.autograd.grad(torch.sum(f(zeros)), zeros)
    assert slopes[0].item() == INF
    mixed = torch.tensor([-0.0, 4.0, -1.0], dtype=getattr(torch, dtype), requires_grad=True)
    (mixed_slopes,) = torch.autograd.grad(torch.sum(f(mixed)), mixed)
    assert mixed_slopes[0].item() == INF
    assert mixed_slopes[1].item() == slopes[1].item()
    assert math.isnan(mixed_slopes[2].item())


def test_the_sign_of_a_negated_view_is_read():
    import torch

    z = torch.tensor([1 + 4j, 1 - 4j], requires_grad=True)
    part = torch.imag(torch.conj(z))
    assert part.is_neg()  # a view of other bits than its values have
    (slopes,) = torch.autograd.grad(torch.nansum(function("sqrt")(part)), z)
    assert slopes[1].item() == pytest.approx(-0.25j)
    assert math.isnan(slopes[0].imag.item())


@pytest.mark.parametrize("bounds", [(0.5, 1.5), (-1.5, -0.5), (-1.5, 1.5)], ids=["positive", "negative", "mixed"])
def test_products_of_any_sign_have_the_slopes_of_the_others(bounds):
    import torch

    low, high = bounds
    x = torch.tensor([[low, high, low, 1.25 * high]], dtype=torch.float64, requires_grad=True)
    out = function("prod")(x, axis=-1)
    assert type(out.grad_fn) is type(torch.prod(x, -1).grad_fn)  # all are alike in size
    (slopes,) = torch.autograd.grad(torch.sum(out), x)
    expected = math.prod(x.detach().flatten().tolist()) / x.detach()
    torch.testing.assert_close(slopes, expected, rtol=1e-15, atol=0)


# Of small sizes h: the second derivatives are numbers over h² of numbers over h.
@pytest.mark.parametrize("name", ["atan2", "hypot"])
@pytest.mark.parametrize("size", [1e-60, 2.0**-256, 1e-100, 1e-150])
def test_second_derivatives_of_small_pairs(name, size):
    f, points = function(name), tensors([(3 * size, 4 * size), (0.0, 0.0)])
    if name == "atan2":
        expected = [-24 / 625, -7 / 625, -7 / 625, 24 / 625]
        expected = [x / size / size for x in expected]
    else:
        expected = [x / 125 / size for x in (16, -12, -12, 9)]
    found = compiled(gradient(f, 2), points)
    assert [x[0] for x in found] == pytest.approx(expected, rel=1e-13)
    assert [x[1] for x in found] == [0.0] * 4


def test_angles_of_any_size():
    points = [(y, x) for y in (0.0, -0.0, 3e-310, 1e-200, 1.0) for x in (0.0, -0.0, 3e-310, 1e-200, -1.0, 1e300)]
    found = compiled(lambda *xs: [function("atan2")(*xs)], tensors(points))[0]
    assert found == pytest.approx([math.atan2(y, x) for y, x in points], rel=1e-15, abs=0)
    assert [math.copysign(1, x) for x in found] == [math.copysign(1, math.atan2(y, x)) for y, x in points]
    slopes = compiled(gradient(function("atan2")), tensors([(0.0, -0.0), (1e-300, 1e-300), (1e-200, 0.0)]))
    assert slopes == [pytest.approx([0.0, 5e299, 0.0]), pytest.approx([0.0, -5e299, -1e200])]


def test_lengths_of_any_size():
    rows = [(3 * 10.0**k, 4 * 10.0**k) for k in (-300, -200, -100, 0, 100, 200, 300)]
    f, points = function("hypot"), tensors([*rows, (-INF, NAN), (NAN, INF), (1.0, NAN), (-INF, 1.0)])
    found = compiled(lambda *xs: [f(*xs)], points)[0]
    assert found == pytest.approx([math.hypot(*row) for row in rows] + [INF, INF, NAN, INF], rel=1e-15, nan_ok=True)
    first = compiled(gradient(f), tensors(rows))
    assert [x for slopes in first for x in slopes] == pytest.approx([0.6] * 7 + [0.8] * 7, rel=1e-15)
    second = compiled(gradient(f, 2), tensors(rows))
    for slopes, number in zip(second, (16, -12, -12, 9), strict=True):
        assert slopes == pytest.approx([number / 25 / math.hypot(*row) for row in rows], rel=1e-14)
