"""What was not chosen, of an infinite cotangent: 0 times infinity is NaN, on every backend alike (rule 5)."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

X, Y = np.asarray([-1.0, 0.0, 2.0, 0.5]), np.asarray([0.0, 0.0, 0.0, 1.0])
LOW, HIGH = np.full(4, -0.5), np.full(4, 1.0)
# The function, its arrays, and its slopes in each.
CASES = {
    "maximum": (lambda x, y: xp.maximum(x, y), (X, Y), ([0, 0.5, 1, 0], [1, 0.5, 0, 1])),
    "minimum": (lambda x, y: xp.minimum(x, y), (X, Y), ([1, 0.5, 0, 1], [0, 0.5, 1, 0])),
    "maximum with 0": (lambda x: xp.maximum(x, 0.0), (X,), ([0, 0.5, 1, 1],)),
    "minimum with 0.25": (lambda x: xp.minimum(0.25, x), (X,), ([1, 1, 0, 0],)),
    "clip between numbers": (lambda x: xp.clip(x, 0.0, 0.75), (X,), ([0, 0.5, 0, 1],)),
    "clip above": (lambda x: xp.clip(x, 0.25), (X,), ([0, 0, 1, 1],)),
    "clip below": (lambda x: xp.clip(x, max=0.25), (X,), ([1, 1, 0, 0],)),
    "clip between equal numbers": (lambda x: xp.clip(x, 0.5, 0.5), (X,), ([0, 0, 0, 0],)),
    "clip between arrays": (
        lambda x, low, high: xp.clip(x, low, high),
        (X, LOW, HIGH),
        ([0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0]),
    ),
    "abs": (lambda x: xp.abs(x), (X,), ([-1, 0, 1, 1],)),
}


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("cotangent", [np.inf, -np.inf, 2.0])
@pytest.mark.parametrize("case", CASES)
def test_slopes_are_factors(backend, case, cotangent, compiled):
    f, arrays, slopes = CASES[case]
    _, pullback = multigrad.vjp(f, *arrays, backend=backend, compile=compiled)
    with np.errstate(invalid="ignore"):
        expected = [cotangent * np.asarray(slope, dtype=float) for slope in slopes]
    found = pullback(np.full(X.shape, cotangent))
    for one, slope in zip(found, expected, strict=True):
        np.testing.assert_array_equal(multigrad.to_numpy(one), slope)


def test_a_root_of_what_is_cut_off_at_zero(backend):
    found = multigrad.gradient(lambda x: xp.sum(xp.sqrt(xp.maximum(x, 0.0))), backend=backend)(X)
    np.testing.assert_array_equal(multigrad.to_numpy(found)[:2], [np.nan, np.inf])
    safe = lambda x: xp.sum(multigrad.apply_where(x > 0, x, xp.sqrt, lambda x: 0.0 * x))  # noqa: E731
    found = multigrad.gradient(safe, backend=backend)(X)
    np.testing.assert_allclose(
        multigrad.to_numpy(found), [0.0, 0.0, 0.5 / np.sqrt(2.0), 0.5 / np.sqrt(0.5)], rtol=1e-15
    )


# A value is torch's own, whatever the slope is made of: signs of zeros, infinities, what overflows in a difference.
VALUES = ([-0.0, 5.0], [5.0, -0.0], [-0.0, -5.0], [np.inf, 1.0], [-np.inf, -1.0], [np.inf, np.inf], [1e308, -1e308])


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_values_are_exact_where_a_gradient_is_taken(backend, name):
    x, y = (np.asarray(column) for column in zip(*VALUES, strict=True))
    value, pullback = multigrad.vjp(lambda x, y: getattr(xp, name)(x, y), x, y, backend=backend)
    found = multigrad.to_numpy(value)
    expected = getattr(np, name)(x, y)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))
    slopes = [multigrad.to_numpy(slope) for slope in pullback(np.ones(len(VALUES)))]
    larger = (x > y) if name == "maximum" else (x < y)
    for slope, chosen in zip(slopes, (larger, ~larger), strict=True):
        np.testing.assert_array_equal(slope[[0, 1, 2, 6]], chosen[[0, 1, 2, 6]].astype(float))
