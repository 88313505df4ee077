"""Signed zeros, infinities and NaN, against NumPy, which has the values that the standard lists."""

import math

import array_api_compat.numpy as reference
import numpy as np
import pytest

import multigrad

from .cases import ELEMENTWISE, FLOATS
from .comparison import same

TINY, HUGE = 2.0**-1000, 2.0**1000
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, -2.5, 3.0, TINY, HUGE]
ONE_ARRAY = [
    name for name, case in ELEMENTWISE.items() if not case.promotes and name not in ("nextafter", "pow", "clip")
]
TWO_ARRAYS = [name for name, case in ELEMENTWISE.items() if case.promotes] + ["nextafter", "pow"]


def special(dtype):
    if dtype == "float32":
        return np.array([value for value in SPECIAL if value not in (TINY, HUGE)], dtype=dtype)
    return np.array(SPECIAL)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [name for name in ONE_ARRAY if "float64" in ELEMENTWISE[name].dtypes])
def test_special_values_of_one_array(ns, name, dtype):
    x = special(dtype)
    with np.errstate(all="ignore"):
        same_with_zeros(getattr(ns, name)(ns.asarray(x)), getattr(reference, name)(x))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [name for name in TWO_ARRAYS if "float64" in ELEMENTWISE[name].dtypes])
def test_special_values_of_two_arrays(ns, name, dtype):
    x = special(dtype)
    x, y = (part.ravel() for part in np.meshgrid(x, x))
    with np.errstate(all="ignore"):
        found, expected = getattr(ns, name)(ns.asarray(x), ns.asarray(y)), getattr(reference, name)(x, y)
    if name in ("floor_divide", "remainder"):
        # The standard leaves infinities and zeros to the implementation; where the quotient overflows torch's
        # vectorized kernels have NaN (2.13).
        with np.errstate(all="ignore"):
            open_ = np.isinf(x) | (y == 0) | np.isinf(x / y)
        open_ |= np.isinf(y)
        found, expected = found[ns.asarray(~open_)], expected[~open_]
    # Of two zeros maximum and minimum may give either.
    same_with_zeros(found, expected, signs=name not in ("maximum", "minimum"))


def same_with_zeros(found, expected, signs=True):
    """Compare special values: the same NaN, infinities and signs of zeros, other values to a few roundings."""
    values = multigrad.to_numpy(found)
    assert values.dtype == expected.dtype
    np.testing.assert_allclose(values, expected, rtol=4e-6 if expected.dtype == np.float32 else 1e-12, atol=0)
    if signs and expected.dtype.kind == "f":
        zeros = expected == 0
        np.testing.assert_array_equal(np.signbit(values[zeros]), np.signbit(expected[zeros]))


# Components; the values at complex infinities are compared where NumPy follows C99 as the standard does.
COMPLEX_SPECIAL = np.array([complex(a, b) for a in (0.0, -0.0, 1.0, -2.0) for b in (0.0, -0.0, 1.0, -2.0)])
COMPLEX_POLES = {"log": 0, "log2": 0, "log10": 0, "reciprocal": 0}


@pytest.mark.parametrize(
    "name", [name for name in ONE_ARRAY if "complex128" in ELEMENTWISE[name].dtypes and name not in ("sign", "round")]
)
def test_signed_zeros_of_complex_arrays(ns, name):
    """The sides of branch cuts are told apart by the sign of zero."""
    x = COMPLEX_SPECIAL[COMPLEX_SPECIAL != 0] if name in COMPLEX_POLES else COMPLEX_SPECIAL
    if name == "log1p":
        x = x[x != -1]
    with np.errstate(all="ignore"):
        same(getattr(ns, name)(ns.asarray(x)), getattr(reference, name)(x))


REDUCTIONS = ("sum", "prod", "mean", "max", "min", "std", "var", "all", "any", "argmax", "argmin", "count_nonzero")


@pytest.mark.parametrize("name", [*REDUCTIONS, "cumulative_sum", "cumulative_prod", "linalg.vector_norm"])
def test_special_values_of_reductions(ns, name):
    rows = np.array([[1.0, math.nan, 2.0], [math.inf, -math.inf, 1.0], [-0.0, 0.0, -0.0], [math.inf, 1.0, 2.0]])

    def call(ns, x):
        owner, _, function = name.rpartition(".")
        return getattr(getattr(ns, owner) if owner else ns, function)(x, axis=1)

    with np.errstate(all="ignore"):
        same(call(ns, ns.asarray(rows)), call(reference, rows))


def test_nan_among_sorted_and_unique_values(ns):
    x = np.array([3.0, math.nan, -0.0, 1.0, 0.0, math.nan, 1.0])
    same(ns.sort(ns.asarray(x)), np.sort(x))
    same(ns.argsort(ns.asarray(x)), np.argsort(x, stable=True))
    # Every NaN is a value of its own; the zeros are one.
    values, indices, inverse, counts = (multigrad.to_numpy(part) for part in ns.unique_all(ns.asarray(x)))
    assert sorted(map(str, values)) in (["-0.0", "1.0", "3.0", "nan", "nan"], ["0.0", "1.0", "3.0", "nan", "nan"])
    np.testing.assert_array_equal(x[indices], values)
    np.testing.assert_array_equal(values[inverse], x)
    assert sorted(counts) == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize(("shape", "correction"), [((2,), 2), ((2,), 3.5), ((), 1)])
def test_no_variance_without_degrees_of_freedom(ns, name, shape, correction):
    def spread(x):
        return getattr(ns, name)(x, correction=correction)

    x = ns.reshape(ns.asarray([1.0, 4.0])[: math.prod(shape)], shape)
    for found in (spread(x), multigrad.jit(spread)(x)):
        assert found.shape == ()
        assert math.isnan(multigrad.to_numpy(found))
