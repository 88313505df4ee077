"""Large eager arrays with a few odd elements are taken apart: no derivative may show it."""

import math

import pytest

pytestmark = [
    pytest.mark.needs("torch"),
    # Raised by torch's forward mode in torch 2.13 itself.
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]

NAN, INF = math.nan, math.inf
SIZE = 40
# A name, what comes after the arrays, an interval for each array, and points where torch's own function is not right.
CASES = [
    ("log1p", (), ((0.1, 2.0),), [(-2.0,), (NAN,)]),
    ("atanh", (), ((-0.9, 0.9),), [(2.0,), (NAN,)]),
    ("acosh", (), ((1.1, 2.0),), [(1.0 + 1e-8,), (1e200,), (0.5,), (NAN,)]),
    ("asinh", (), ((-2.0, 2.0),), [(1e200,), (-1e300,), (NAN,)]),
    ("hypot", (), ((-1.0, 1.0), (-1.0, 1.0)), [(0.0, 0.0), (3e-200, 4e-200), (NAN, 1.0)]),
    ("atan2", (), ((-1.0, 1.0), (-1.0, 1.0)), [(0.0, 0.0), (-0.0, -0.0), (3e-100, 4e-100), (1.0, NAN)]),
    ("logaddexp", (), ((-1.0, 1.0), (-1.0, 1.0)), [(1000.0, 0.0), (-INF, 1.0), (1.0, NAN)]),
    ("pow", (), ((0.1, 2.0), (-1.0, 1.0)), [(0.0, 0.0), (0.0, 2.0), (NAN, 0.0), (2.0, 0.0)]),
]


@pytest.fixture
def small_pieces(monkeypatch):
    from multigrad.array_api.torch import _pieces

    monkeypatch.setattr(_pieces, "_BLOCK", 8)
    monkeypatch.setattr(_pieces, "_LEAST", 2)


def mixed(intervals, odd, places, shape=(SIZE,)):
    """Return arrays of regular numbers with points at some places."""
    import torch

    generator = torch.Generator().manual_seed(0)
    arrays = []
    for k, (low, high) in enumerate(intervals):
        x = low + (high - low) * torch.rand(SIZE, dtype=torch.float64, generator=generator)
        for place, point in zip(places, odd, strict=False):
            x[place] = point[k]
        arrays.append(x.reshape(shape))
    return arrays


def derivatives(f, arrays):
    """Return the value, the derivatives forwards, the gradient, its derivatives forwards and backwards."""
    import torch
    from torch.autograd import forward_ad

    arrays = [x.clone().requires_grad_() for x in arrays]

    out = f(*arrays)
    weights = torch.cos(torch.arange(out.numel(), dtype=out.dtype)).view(out.shape)
    first = torch.autograd.grad(torch.sum(torch.sin(out) * weights), arrays, create_graph=True)
    second = torch.autograd.grad(sum(torch.sum(x * weights) for x in first), arrays)
    with forward_ad.dual_level():
        duals = [forward_ad.make_dual(x, weights) for x in arrays]
        out_there = f(*duals)
        along = forward_ad.unpack_dual(out_there).tangent
        there = torch.autograd.grad(torch.sum(torch.sin(out_there) * weights), duals, create_graph=True)
        mixed = [forward_ad.unpack_dual(x).tangent for x in there]
    mixed = [torch.zeros_like(out) if x is None else x for x in mixed]
    return [x.detach() for x in (out, *first, *second, along, *mixed)]


def case_id(case):
    return f"{case[0]}{case[1]}-{len(case[2])}"


@pytest.mark.parametrize("places", [(0,), (17, 18, 3, 30), (39, 5)], ids=["first", "apart", "last"])
@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_pieces_do_not_show(case, places, small_pieces, monkeypatch):
    import torch

    from multigrad.array_api.torch import _native, _pieces

    name, rest, intervals, odd = case
    f = lambda *xs: getattr(_native, name)(*xs, *rest)  # noqa: E731
    arrays = mixed(intervals, odd, places, (8, 5))
    in_pieces = derivatives(f, arrays)
    monkeypatch.setattr(_pieces, "_BLOCK", SIZE)
    for one, other in zip(in_pieces, derivatives(f, arrays), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-14, equal_nan=True)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_masks_are_for_the_odd_pieces_alone(case, small_pieces, monkeypatch):
    from multigrad.array_api.torch import _native, _pieces

    name, rest, intervals, odd = case
    seen = []
    ranges = _pieces.odd_ranges
    monkeypatch.setattr(_pieces, "odd_ranges", lambda *args: seen.append(ranges(*args)) or seen[-1])
    for places, expected in (((21,), [[(20, 22)]]), ((), []), (range(0, SIZE, 8), [[]])):
        arrays = [x.requires_grad_() for x in mixed(intervals, odd[:1] * 5, places)]
        seen.clear()
        getattr(_native, name)(*arrays, *rest)
        assert seen == expected


def test_arrays_that_cannot_be_taken_apart_keep_their_derivatives(small_pieces):
    import torch

    from multigrad.array_api.torch import _native

    x, y = (x.reshape(8, 5).mT for x in mixed(((-1.0, 1.0), (-1.0, 1.0)), [(0.0, 0.0)], (0,)))
    for one, other in ((x, y), (x, y[:1]), (x[:, :1], y), (x.contiguous(), y.contiguous())):
        leaves = [one.clone().requires_grad_(), other.clone().requires_grad_()]
        out = _native.hypot(*leaves)
        found = torch.autograd.grad(torch.sum(out), leaves)
        safe = torch.where(out == 0, 1.0, out.detach())
        for slope, leaf in zip(found, leaves, strict=True):
            torch.testing.assert_close(slope, (leaf.detach() / safe).sum_to_size(leaf.shape), rtol=1e-14, atol=0)
