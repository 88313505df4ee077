"""Python numbers: strong arrays where they are differentiated, themselves everywhere else."""

import enum
import math

import numpy as np
import pytest

import multigrad
from multigrad import xp


def name_of(x):
    return multigrad.to_numpy(x).dtype.name


class Order(enum.IntEnum):
    CUBIC = 3


@pytest.mark.parametrize(
    "given", [3, 2.5, True, 1j, "text", None, b"bytes", Order.CUBIC, range(3), slice(1, 2), ..., int, len], ids=repr
)
def test_other_arguments_reach_f_untouched(given, backend, arrays):
    seen = []

    def f(x, option, *, keyword):
        seen.append((option, keyword))
        return x

    multigrad.gradient(f, backend=backend, arrays=arrays)(1.0, given, keyword={"k": [given]})
    ((option, keyword),) = seen
    assert option is given
    assert type(keyword["k"][0]) is type(given)
    assert keyword["k"][0] is given


@pytest.mark.parametrize("value", [0.1, 10**20, -7])
def test_numbers_reach_f_with_full_precision(value, backend):
    seen = []
    multigrad.gradient(lambda x, n: (seen.append(n), x)[1], backend=backend, dtype="float32")(1.0, value)
    assert seen == [value]
    assert type(seen[0]) is type(value)


def test_an_axis(backend, arrays):
    def f(x, axis):
        return xp.sum(xp.sum(x, axis=axis) ** 2)

    x = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    slope = multigrad.gradient(f, backend=backend, arrays=arrays)
    assert multigrad.to_numpy(slope(x, 0)).tolist() == [[8.0, 12.0], [8.0, 12.0]]
    assert multigrad.to_numpy(slope(x, axis=-1)).tolist() == [[6.0, 6.0], [14.0, 14.0]]


@pytest.mark.parametrize(("n", "expected"), [(3, 12.0), (2.0, 4.0), (0, 0.0), (-1, -0.25), (Order.CUBIC, 12.0)])
def test_an_exponent(n, expected, backend):
    found = multigrad.gradient(lambda x, n: x**n, backend=backend)(2.0, n)
    np.testing.assert_allclose(multigrad.to_numpy(found), expected, rtol=1e-14)


def test_a_count_a_flag_and_a_mode(backend, arrays):
    def f(x, steps, square, mode):
        for _ in range(steps):
            x = x * x if square else x + x
        return {"plus": x, "minus": -x}[mode]

    slope = multigrad.gradient(f, backend=backend, arrays=arrays)
    assert float(multigrad.to_numpy(slope(2.0, 2, True, "plus"))) == 32.0
    assert float(multigrad.to_numpy(slope(2.0, 3, False, mode="minus"))) == -8.0


def test_subclasses_of_int_are_operands(backend):
    def f(x):
        return x**Order.CUBIC + Order.CUBIC * x - Order.CUBIC / x + xp.pow(x, Order.CUBIC)

    found = multigrad.gradient(f, backend=backend)(2.0)
    np.testing.assert_allclose(multigrad.to_numpy(found), 12 + 3 + 3 / 4 + 12, rtol=1e-14)


@pytest.mark.parametrize("number", [3, 3.0, np.float64(3.0), Order.CUBIC], ids=repr)
def test_differentiated_numbers_become_strong_arrays(number, backend, arrays):
    seen = []

    def f(x):
        seen.append((x.shape, name_of(multigrad.stop_gradient(x))))
        # A weakly typed number would take the other's float32.
        return xp.sum(xp.multiply(x / 2, xp.asarray(np.ones(2, "float32"))))

    found = multigrad.gradient(f, backend=backend, arrays=arrays)(number)
    assert seen == [((), "float64")]
    assert (name_of(found), multigrad.to_numpy(found).tolist()) == ("float64", 1.0)


@pytest.mark.parametrize("compile", [False, True])
def test_numbers_are_divided_without_overflow(compile, backend):
    def f(x):
        return 0 / x[0] + 1e-200 / x[1] + -2e200 / x[2] + math.inf / x[3] + 1 / x[4]

    x = np.asarray([1e-160, 1e-160, 1e160, 1e300, 1e-100])
    expected = [0.0, -1e120, 2e-120, -math.inf, -1e200]
    slope = multigrad.gradient(f, backend=backend, compile=compile)(x)
    np.testing.assert_allclose(multigrad.to_numpy(slope), expected, rtol=1e-14)


@pytest.mark.parametrize("number", [0, 2, -3])
@pytest.mark.parametrize("name", ["add", "atan2", "copysign", "divide", "hypot", "logaddexp", "maximum", "remainder"])
def test_an_integer_is_an_operand_like_a_float(name, number, backend):
    function, x = getattr(xp, name), np.asarray([0.5, 2.5])

    def slopes(number):
        return [
            multigrad.to_numpy(multigrad.gradient(f, backend=backend)(x))
            for f in (lambda x: xp.sum(function(x, number)), lambda x: xp.sum(function(number, x)))
        ]

    with np.errstate(all="ignore"):  # NumPy, of a remainder by 0
        np.testing.assert_array_equal(slopes(number), slopes(float(number)))


def test_an_integer_divides_like_a_float(backend):
    value, slope = multigrad.value_and_gradient(lambda x: 1 / x, backend=backend)(4)
    assert (float(multigrad.to_numpy(value)), float(multigrad.to_numpy(slope))) == (0.25, -0.0625)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((), "float64"),
        ((2.0, 3), "float64"),
        ((np.ones(2, "float32"),), "float32"),
        ((np.ones(2, "float32"), 1.0), "float32"),
        ((np.ones(2, "float16"), np.ones(2, "float32")), "float32"),
        ((np.ones(2, "float32"), np.ones(2, "float64")), "float64"),
        ((np.float32(1),), "float32"),
        ((np.arange(2),), "float64"),
        ((np.arange(2), {"deep": [np.ones(1, "float32")]}), "float32"),
        ((np.ones(2, "complex64"),), "float32"),
        ((np.ones(2, "complex128"),), "float64"),
    ],
    ids=["none", "numbers", "f32", "f32-number", "f16-f32", "f32-f64", "scalar", "int", "int-f32", "c64", "c128"],
)
def test_the_widest_floating_dtype_of_the_arrays(others, expected, backend, arrays):
    found = multigrad.gradient(lambda x, *others: x, backend=backend, arrays=arrays)(2.0, *others)
    assert name_of(found) == expected


def test_complex_numbers_take_that_precision(backend):
    slope = multigrad.gradient(lambda z, *others: xp.real(z) ** 2 + 3 * xp.imag(z), backend=backend)
    for others, expected in ((), "complex128"), ((np.ones(1, "float32"),), "complex64"):
        found = slope(2 + 1j, *others)
        assert (name_of(found), complex(multigrad.to_numpy(found))) == (expected, 4 + 3j)


def test_real_numbers_beside_complex_ones_stay_real(backend):
    found = multigrad.gradient(lambda x, z: xp.real(x * z), (0, 1), backend=backend)(2.0, 3 + 4j)
    assert [name_of(g) for g in found] == ["float64", "complex128"]
    assert [complex(multigrad.to_numpy(g)) for g in found] == [3.0, 2.0]


C = 1.5 - 0.5j
# A function of complex numbers and a Python complex, and its first and second derivative.
COMPLEX_OPERANDS = {
    "z * c": (lambda z: z * C, lambda z: C + 0 * z, lambda z: 0 * z),
    "c * z": (lambda z: C * z, lambda z: C + 0 * z, lambda z: 0 * z),
    "z / c": (lambda z: z / C, lambda z: 1 / C + 0 * z, lambda z: 0 * z),
    "c / z": (lambda z: C / z, lambda z: -C / z**2, lambda z: 2 * C / z**3),
    "z ** c": (lambda z: z**C, lambda z: C * z ** (C - 1), lambda z: C * (C - 1) * z ** (C - 2)),
    "c ** z": (lambda z: C**z, lambda z: C**z * np.log(C), lambda z: C**z * np.log(C) ** 2),
    "c - z": (lambda z: C - z, lambda z: 0 * z - 1, lambda z: 0 * z),
}
REDUCED = {
    "sum": (lambda out: xp.sum(out), np.ones((2, 2))),
    "mean": (lambda out: xp.mean(out), np.full((2, 2), 0.25)),
    "sum over an axis": (lambda out: xp.sum(out, axis=0)[0], np.asarray([[1.0, 0.0], [1.0, 0.0]])),
}


@pytest.mark.parametrize("reduced", REDUCED.values(), ids=REDUCED)
@pytest.mark.parametrize("operation", COMPLEX_OPERANDS.values(), ids=COMPLEX_OPERANDS)
def test_complex_numbers_as_operands_of_what_is_reduced(operation, reduced, backend):
    (f, first, second), (total, weights) = operation, reduced
    z, t = np.asarray([[1.3 + 0.4j, 0.7 - 1.1j], [0.9 + 2j, 1.6 - 0.3j]]), np.asarray([[1, 2j], [-1j, 0.5 + 1j]])

    def loss(z):
        return xp.real(total(f(z)))

    def close(found, expected):
        np.testing.assert_allclose(multigrad.to_numpy(found), expected, rtol=1e-12, atol=1e-14)

    close(multigrad.gradient(loss, backend=backend)(z), np.conj(weights * first(z)))
    (pulled,) = multigrad.vjp(loss, z, backend=backend)[1](2.0)
    close(pulled, 2 * np.conj(weights * first(z)))
    close(multigrad.jvp(loss, (z,), (t,), backend=backend)[1], np.sum(weights * first(z) * t).real)
    close(multigrad.hvp(loss, (z,), (t,), backend=backend)[0], np.conj(weights * second(z) * t))


def test_the_dtype_option_wins(backend, dtype):
    def f(x, y, z, n):
        return xp.real(xp.sum(x * y * z)) * n[0]

    given = (2.0, np.ones(2, "float64"), np.ones(2, "complex64"), np.arange(1, 3))
    found = multigrad.gradient(f, (0, 1, 2), backend=backend, dtype=dtype)(*given)
    wide = {"float32": "complex64", "float64": "complex128"}[dtype]
    assert [name_of(g) for g in found] == [dtype, dtype, wide]


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("float32")], ids=["string", "type", "dtype"])
def test_the_dtype_option_takes_any_spelling(dtype, backend):
    assert name_of(multigrad.gradient(lambda x: x**2, backend=backend, dtype=dtype)(2.0)) == "float32"


def test_another_frameworks_dtype(backend):
    own = multigrad.asarray(1.0, backend=backend, dtype="float32").dtype
    assert name_of(multigrad.gradient(lambda x: x**2, backend="numpy", dtype=own)(2.0)) == "float32"


def test_nested_operators_inherit_the_dtype(backend, arrays):
    def f(x):
        inner = multigrad.gradient(lambda y: y**2, arrays=arrays)(3.0)
        assert name_of(inner) == "float32"
        return x * inner

    found = multigrad.gradient(f, backend=backend, arrays=arrays)(np.float32(1.0))
    assert (name_of(found), float(multigrad.to_numpy(found))) == ("float32", 6.0)


def test_a_nested_operator_on_other_dtypes_sets_its_own(backend):
    seen = []

    def inner(y):
        seen.append(name_of(xp.zeros(1)))
        return y**2

    def f(x):
        multigrad.gradient(inner)(np.float64(2.0))
        seen.append(name_of(xp.zeros(1)))
        return x

    multigrad.gradient(f, backend=backend)(np.float32(1.0))
    assert seen == ["float64", "float32"]


def test_defaults_of_creation_functions_inside_f(backend, dtype):
    def f(x):
        made = [xp.zeros(2), xp.ones(2), xp.empty(2), xp.eye(2), xp.linspace(0, 1, 3), xp.full(2, 1.5), xp.arange(2.0)]
        made += [xp.asarray(1.5), xp.asarray([1.0, 2.0])]
        counted = [xp.full(2, 1), xp.arange(3), xp.asarray([1, 2])]
        kept = [xp.asarray(np.ones(1, "float16")), xp.asarray([1j])]
        return made, counted, kept

    made, counted, kept = multigrad.vjp(f, np.asarray(1.0, dtype), backend=backend)[0]
    assert {name_of(x) for x in made} == {dtype}
    assert {name_of(x) for x in counted} == {"int64"}
    assert [name_of(x) for x in kept] == ["float16", {"float32": "complex64", "float64": "complex128"}[dtype]]


def test_a_number_returned_by_f_is_a_constant_of_the_running_dtype(backend, dtype):
    value, slope = multigrad.value_and_gradient(lambda x: 3, backend=backend)(np.asarray(1.0, dtype))
    assert (name_of(value), name_of(slope)) == (dtype, dtype)
    assert (float(multigrad.to_numpy(value)), float(multigrad.to_numpy(slope))) == (3.0, 0.0)


def test_float64_by_default_at_top_level(backend):
    with multigrad.use_backend(backend):
        assert name_of(xp.zeros(1)) == "float64"
        assert name_of(multigrad.asarray([1.0])) == "float64"
        assert name_of(multigrad.asarray([1])) == "int64"
