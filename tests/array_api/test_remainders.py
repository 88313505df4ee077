"""Remainders and floored quotients are those of the exact quotient, in values and slopes: 1 // 0.1 is 9."""

import math
from fractions import Fraction

import numpy as np
import pytest

import multigrad
from multigrad import xp

# Quotients that are whole only when rounded, and others.
POINTS = [
    (1.0, 0.1),
    (-1.0, 0.1),
    (7.0, -0.7),
    (-7.0, -0.7),
    (6.0, 0.1),
    (0.3, 0.1),
    (1e17, 0.1),
    (1e-20, -0.1),
    (0.0, 3.0),
    (4.0, 2.0),
    (5.5, 2.0),
    (-5.5, 2.0),
]
X, Y = map(np.asarray, zip(*POINTS, strict=True))
FLOORS = [math.floor(Fraction(x) / Fraction(y)) for x, y in POINTS]


def arrays(call, *args):
    return [multigrad.to_numpy(found).tolist() for found in call(*args)]


eager_and_compiled = pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])


@eager_and_compiled
def test_values(backend, compiled):
    with multigrad.use_backend(backend):
        x, y = xp.asarray(X), xp.asarray(Y)
        both = lambda x, y: (xp.floor_divide(x, y), xp.remainder(x, y))  # noqa: E731
        floors, rests = arrays(multigrad.jit(both, backend=backend) if compiled else both, x, y)
    assert floors == [float(n) for n in FLOORS]
    exact = [Fraction(x) - n * Fraction(y) for (x, y), n in zip(POINTS, FLOORS, strict=True)]
    assert rests == pytest.approx(list(map(float, exact)), rel=1e-15, abs=0)


@eager_and_compiled
def test_slopes(backend, compiled):
    total = lambda x, y: xp.sum(x % y)  # noqa: E731
    in_x, in_y = arrays(multigrad.gradient(total, argnums=(0, 1), backend=backend, compile=compiled), X, Y)
    assert in_x == [1.0] * len(X)
    assert in_y == [-float(n) for n in FLOORS]


def test_a_number_over_the_divisor_in_both_modes(backend):
    f = lambda y: 1.0 % y  # noqa: E731
    assert multigrad.to_numpy(multigrad.gradient(f, backend=backend)(0.1)) == -9.0
    assert multigrad.to_numpy(multigrad.jvp(f, (0.1,), (1.0,), backend=backend)[1]) == -9.0
    (along,) = multigrad.hvp(f, (0.1,), (1.0,), backend=backend)
    assert multigrad.to_numpy(along) == 0.0


@pytest.mark.parametrize(("x", "y"), [(math.nan, 2.0), (math.inf, 2.0), (1.0, 0.0)])
def test_a_divisor_that_is_constant_adds_nothing(x, y, backend):
    with np.errstate(invalid="ignore"):  # NumPy, of the values
        assert multigrad.to_numpy(multigrad.jvp(lambda x: x % y, (x,), (1.0,), backend=backend)[1]) == 1.0
        assert multigrad.to_numpy(multigrad.gradient(lambda x: x % y, backend=backend)(x)) == 1.0
