"""torch's overrides choose by the values of eager arrays: the choice must not show in any derivative.

An array of regular points takes torch's own function. With one more element, a point where that breaks the convention,
it takes the override; the derivatives at the regular points are the same.
"""

import math

import pytest

pytestmark = [
    pytest.mark.needs("torch"),
    # Raised by torch's forward mode in torch 2.13 itself.
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]

NAN = math.nan
_TWO = ([0.5, -1.5, 2.0], [1.0, 0.7, -0.3])
# A name, what comes after the arrays, regular points, and one where torch's own function is not right.
CASES = [
    ("abs", (), ([-2.0, 0.0, 3.0],), (NAN,)),
    ("sqrt", (), ([0.3, 1.0, 4.0],), (-0.0,)),
    ("log", (), ([0.3, 1.0, 4.0],), (-0.0,)),
    ("log2", (), ([0.3, 1.0, 4.0],), (-1.0,)),
    ("log10", (), ([0.3, 1.0, 4.0],), (-1.0,)),
    ("log1p", (), ([-0.3, 1.0, 4.0],), (-2.0,)),
    ("atanh", (), ([-0.3, 0.0, 0.9],), (2.0,)),
    ("acosh", (), ([1.1, 1.5, 1e3],), (1e200,)),
    ("asinh", (), ([-3.0, 0.2, 1e3],), (1e200,)),
    ("maximum", (), _TWO, (NAN, 1.0)),
    ("minimum", (), _TWO, (NAN, 1.0)),
    ("hypot", (), _TWO, (0.0, 0.0)),
    ("atan2", (), _TWO, (0.0, 0.0)),
    ("logaddexp", (), _TWO, (1000.0, 0.0)),
    ("pow", (), ([0.5, 1.5, 2.0], [1.0, 0.7, -0.3]), (0.0, 0.0)),
    ("maximum", (0.25,), ([-2.0, 0.0, 3.0],), (0.25,)),
    ("minimum", (0.25,), ([-2.0, 0.0, 3.0],), (0.25,)),
    ("clip", (-1.0, 1.0), ([-2.0, 0.0, 3.0],), (1.0,)),
    ("clip", (), ([-2.0, 0.0, 3.0], [-1.0, -1.0, -0.5], [1.0, 2.0, 2.5]), (0.0, 0.0, 0.0)),
    ("prod", (), ([[0.5, -1.5, 2.0]],), (0.0,)),
    ("cumulative_prod", (), ([[0.5, -1.5, 2.0]],), (0.0,)),
    ("linalg.vector_norm", (), ([[0.5, -1.5, 2.0]],), (0.0,)),
]
AXIS = {"axis": -1}
OPTIONS = {"prod": AXIS, "cumulative_prod": AXIS, "linalg.vector_norm": AXIS}


def function(name):
    from multigrad.array_api.torch import _native

    found = _native
    for part in name.split("."):
        found = getattr(found, part)
    return found


def with_another(x, y):
    """Return an array with one more element, or one more row of equal elements."""
    import torch

    return torch.cat([x, torch.full_like(x[:1], y)])


def derivatives(f, arrays, count):
    """Return the value, the gradient and a Hessian-vector product, of the first elements or rows."""
    import torch

    arrays = [x.clone().requires_grad_() for x in arrays]
    out = f(*arrays)[:count]
    first = torch.autograd.grad(torch.sum(out * out), arrays, create_graph=True)  # of squares: none is constant
    second = torch.autograd.grad(sum(torch.sum(torch.sin(x[:count])) for x in first), arrays)
    return [x.detach()[:count] for x in (out, *first, *second)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}{case[1]}-{len(case[2])}")
def test_the_choice_does_not_show(case):
    import torch

    name, rest, points, odd = case
    f = lambda *xs: function(name)(*xs, *rest, **OPTIONS.get(name, {}))  # noqa: E731
    regular = [torch.tensor(x, dtype=torch.float64) for x in points]
    mixed = [with_another(x, y) for x, y in zip(regular, odd, strict=True)]
    count = len(regular[0])
    for one, other in zip(derivatives(f, regular, count), derivatives(f, mixed, count), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}{case[1]}-{len(case[2])}")
def test_one_odd_element_is_enough_for_the_override(case):
    import torch

    name, rest, points, odd = case
    f = lambda *xs: torch.sum(function(name)(*xs, *rest, **OPTIONS.get(name, {})))  # noqa: E731
    mixed = [with_another(torch.tensor(x, dtype=torch.float64), y) for x, y in zip(points, odd, strict=True)]
    every = tuple(range(len(mixed)))
    expected = torch.func.grad(f, argnums=every)(*mixed)  # where nothing can be read
    leaves = [x.clone().requires_grad_() for x in mixed]
    for one, other in zip(torch.autograd.grad(f(*leaves), leaves), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-14, equal_nan=True)


@pytest.mark.parametrize("name", ["det", "slogdet", "solve"])
def test_the_choice_does_not_show_in_linear_algebra(name):
    import torch

    regular = torch.tensor([[[4.0, 1.0, 0.5, 2.0], [1.0, 3.0, 0.2, 0.1], [0.3, 0.7, 2.0, 1.0], [0.0, 1.0, 1.0, 5.0]]])
    regular = regular.to(torch.float64) / 4
    mixed = with_another(regular, 1.0)  # all ones: singular

    def f(x):
        found = function(f"linalg.{name}")(*((x, torch.ones(4, 2, dtype=x.dtype)) if name == "solve" else (x,)))
        return found[1] if name == "slogdet" else found

    for one, other in zip(derivatives(f, [regular], 1), derivatives(f, [mixed], 1), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["sqrt", "abs", "log"])
def test_nothing_is_read_that_has_no_values(name):
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    f = function(name)
    x = torch.tensor([0.5, 2.0], dtype=torch.float64)
    mapped = torch.func.vmap(lambda x: f(x))(x)
    torch.testing.assert_close(mapped, getattr(torch, name)(x))
    # What torch.autograd.grad does with is_grads_batched, where a pullback written in Python calls the function.
    level = torch._C._vmapmode_increment_nesting()
    try:
        batched = torch._remove_batch_dim(f(torch._add_batch_dim(x, 0, level)), level, 2, 0)
    finally:
        torch._C._vmapmode_decrement_nesting()
    torch.testing.assert_close(batched, getattr(torch, name)(x))
    assert f(torch.empty(3, device="meta", requires_grad=True)).shape == (3,)
    with FakeTensorMode():
        assert f(torch.empty(3, requires_grad=True)).shape == (3,)


def test_dual_numbers_are_recorded():
    import torch
    from torch.autograd import forward_ad

    x, one = torch.tensor(0.0, dtype=torch.float64), torch.ones((), dtype=torch.float64)
    with forward_ad.dual_level():
        at_minus_zero = forward_ad.unpack_dual(function("sqrt")(forward_ad.make_dual(-x, one))).tangent
        at_nan = forward_ad.unpack_dual(function("abs")(forward_ad.make_dual(x + NAN, one))).tangent
    assert float(at_minus_zero) == math.inf
    assert math.isnan(at_nan)
