"""A number beside an array is one of the array's dtype: 0.1 ties with the float16 and the float32 nearest to it."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

# What is done to an array of the dtype's 0.1, and the slope (rule 2).
CASES = {
    "clip above": (lambda x: xp.sum(xp.clip(x, 0.1, 1.0)), 0.5),
    "clip below": (lambda x: xp.sum(xp.clip(x, -1.0, 0.1)), 0.5),
    "clip above alone": (lambda x: xp.sum(xp.clip(x, 0.1)), 0.5),
    "clip below alone": (lambda x: xp.sum(xp.clip(x, max=0.1)), 0.5),
    "clip between equal numbers": (lambda x: xp.sum(xp.clip(x, 0.1, 0.1)), 0.0),
    "clip between numbers that become equal": (lambda x: xp.sum(xp.clip(x, 0.1, 0.1 + 1e-10)), 0.0),
    "maximum": (lambda x: xp.sum(xp.maximum(x, 0.1)), 0.5),
    "minimum": (lambda x: xp.sum(xp.minimum(0.1, x)), 0.5),
}


def check(case, backend, dtype, compiled):
    f, slope = CASES[case]
    found = multigrad.gradient(f, backend=backend, dtype=dtype, compile=compiled)(np.full(3, 0.1))
    with multigrad.use_backend(backend):
        found = multigrad.array_namespace(found).astype(found, xp.float64)
    assert multigrad.to_numpy(found).tolist() == [slope] * 3


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_a_number_ties_with_what_an_array_holds_of_it(case, dtype, backend, compiled):
    check(case, backend, dtype, compiled)


@pytest.mark.backends("torch", "jax", "tensorflow")
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("case", CASES)
def test_a_number_ties_with_the_bfloat16_of_it(case, backend, compiled):
    check(case, backend, "bfloat16", compiled)


def test_bounds_that_meet_at_infinity_keep_the_value(backend):
    for number in (np.inf, -np.inf):
        between_arrays = multigrad.value_and_gradient(xp.clip, argnums=(0, 1, 2), backend=backend)
        between_numbers = multigrad.value_and_gradient(lambda x, n=number: xp.clip(x, n, n), backend=backend)
        for value, _ in (between_arrays(number, number, number), between_numbers(number)):
            assert multigrad.to_numpy(value) == number


def beyond(x, number):
    """Weigh choices by powers of 2; the slope of each is 1, but for the third, which chooses the number."""
    chosen = [xp.clip(x, -number, number), xp.clip(x, max=number), xp.minimum(-number, x)]
    chosen += [xp.maximum(x, -number), xp.where(x > 0, x, number)]
    return sum(2.0**k * xp.where(xp.isfinite(y), y, 0.0) for k, y in enumerate(chosen))


def in_float16(x):
    return beyond(x, 1e6)


def in_float32(x):
    return beyond(x, 1e300)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize(("dtype", "f"), [("float16", in_float16), ("float32", in_float32)])
def test_a_number_beyond_the_dtype_is_infinite(dtype, f, backend, compiled):
    with np.errstate(over="ignore", invalid="ignore"):
        found = multigrad.to_numpy(multigrad.gradient(f, backend=backend, dtype=dtype, compile=compiled)(0.5))
    assert found == 1 + 2 + 8 + 16


def powers_beyond(x):
    """Weigh the powers of 0.5, 1 and 2 with infinite exponents: 0, 1 and infinity, or the other way."""
    bases = x * xp.asarray([0.5, 1.0, 2.0], dtype=x.dtype)
    return xp.stack([bases**1e6, bases**-1e6, xp.pow(bases, 10**6)])


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_an_exponent_beyond_float16_is_infinite(backend, compiled):
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        value, slopes = multigrad.value_and_jacobian(powers_beyond, backend=backend, dtype="float16", compile=compiled)(
            1.0
        )
    powers, poles = [0.0, 1.0, np.inf], [np.inf, 1.0, 0.0]
    assert multigrad.to_numpy(value).tolist() == [powers, poles, powers]
    slopes = multigrad.to_numpy(slopes)  # n·xⁿ⁻¹: NaN where an infinity is multiplied with 0 (rule 1)
    np.testing.assert_array_equal(slopes[0], [np.nan, np.inf, np.inf])
    np.testing.assert_array_equal(slopes[1], [-np.inf, -np.inf, np.nan])


@pytest.mark.parametrize(("dtype", "number"), [("float16", 1e6), ("float32", -1e300), ("complex64", 1e300 - 1e300j)])
def test_an_array_filled_with_a_number_beyond_its_dtype_is_infinite(dtype, number, backend):
    with np.errstate(over="ignore"), multigrad.use_backend(backend):
        dtype = getattr(xp, dtype) if dtype != "float16" else multigrad.asarray(0.0, dtype=dtype).dtype
        expected = np.sign(np.real(number)) * np.inf
        for full in (xp.full((2,), number, dtype=dtype), xp.full_like(xp.zeros(2, dtype=dtype), number)):
            assert np.real(multigrad.to_numpy(full)).tolist() == [expected] * 2


def test_a_constant_between_numbers_beyond_its_dtype(backend):
    with np.errstate(over="ignore"), multigrad.use_backend(backend):
        assert float(xp.clip(xp.asarray(0.5, dtype=xp.float32), -1e300, 1e300)) == 0.5


def of_minus_zero(x):
    clipped = [xp.clip(x, -1.0), xp.clip(x, max=1.0), xp.clip(x, -1.0, 1.0)]
    return xp.stack([xp.minimum(x, 1.0), xp.maximum(x, -1.0), *clipped])


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_minus_zero_keeps_its_sign_beside_numbers(backend, compiled):
    value, slopes = multigrad.value_and_jacobian(of_minus_zero, backend=backend, compile=compiled)(-0.0)
    assert np.signbit(multigrad.to_numpy(value)).all()
    assert multigrad.to_numpy(slopes).tolist() == [1.0] * 5
