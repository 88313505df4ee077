"""Operators over all dtypes, indices, DLPack and the other attributes of `Array`, against NumPy.

`tests/test_array.py` has what is particular to `Array` (objects, copies, methods); here is the breadth.
"""

import operator

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import multigrad
from multigrad import Array, xp

from .cases import COMPLEX, FLOATS, INTEGERS, REAL
from .comparison import dtype_name, same
from .inputs import common, few, some
from .signatures import DTYPES

ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
BITS = ("and_", "or_", "xor", "lshift", "rshift")
ONLY_REAL = ("floordiv", "mod", "lt", "le", "gt", "ge")
LEFT, RIGHT = [3, 1, 2], [2, 3, 1]


def dtypes_of(name):
    if name in ("and_", "or_", "xor"):
        return (*INTEGERS, "bool")
    if name in ("lshift", "rshift"):
        return INTEGERS
    return REAL if name in ONLY_REAL else (*REAL, *COMPLEX) if name in ARITHMETIC else DTYPES


def expected_of(op, x, y):
    """NumPy's result after this package's promotion: integers divided become float64."""
    if op is operator.truediv:
        x, y = (a.astype("float64") if getattr(a, "dtype", np.dtype("f4")).kind in "iub" else a for a in (x, y))
    return op(x, y)


@pytest.mark.parametrize("name", [*ARITHMETIC, *COMPARISONS, *BITS])
def test_two_arrays_of_every_dtype(backend, ns, name):
    op = getattr(operator, name)
    for dtype in some(backend, dtypes_of(name)):
        x, y = np.array(LEFT, dtype=dtype), np.array(RIGHT, dtype=dtype)
        expected = expected_of(op, x, y)
        same(op(ns.asarray(x), ns.asarray(y)), expected)
        same(op(ns.asarray(x), y), expected)
        same(op(x, ns.asarray(y)), expected)  # NumPy's array on the left


@pytest.mark.parametrize("name", [*ARITHMETIC, "eq", "lt", "and_", "lshift"])
def test_arrays_of_two_dtypes(backend, ns, name):
    op = getattr(operator, name)
    allowed = [
        dtype for dtype in dtypes_of(name) if dtype in ("int8", "uint8", "int64", "float32", "float64", "complex64")
    ]
    for first in some(backend, allowed, 2):
        for second in some(backend, allowed):
            x, y = np.array(LEFT, dtype=first), np.array(RIGHT, dtype=second)
            target = common(first, second)
            same(op(ns.asarray(x), ns.asarray(y)), expected_of(op, x.astype(target), y.astype(target)))


@pytest.mark.parametrize("name", [*ARITHMETIC, *COMPARISONS, *BITS])
@pytest.mark.parametrize("number", [True, 2, 1.5, 0.5 + 1j], ids=str)
def test_python_numbers_on_either_side(backend, ns, name, number):
    op = getattr(operator, name)
    kind = type(number)
    for dtype in some(backend, dtypes_of(name)):
        numbers = {bool: ("bool",), int: (*INTEGERS, *FLOATS, *COMPLEX), float: (*FLOATS, *COMPLEX), complex: COMPLEX}[
            kind
        ]
        if dtype not in numbers or (name in BITS and kind not in (int, bool)):
            continue
        x = np.array(LEFT, dtype=dtype)
        scalar = np.array(number, dtype=dtype)
        same(op(ns.asarray(x), number), expected_of(op, x, scalar))
        if name in COMPARISONS:
            same(op(number, ns.asarray(x)), op(scalar, x))
        else:
            same(op(number, ns.asarray(x)), expected_of(op, scalar, x))


@pytest.mark.parametrize("name", [*ARITHMETIC, *(f"{bits}".rstrip("_") for bits in BITS)])
def test_in_place(backend, ns, name):
    plain = getattr(operator, {"and": "and_", "or": "or_"}.get(name, name))
    in_place = getattr(operator, "i" + name.rstrip("_")) if name != "and" else operator.iand
    for dtype in some(backend, dtypes_of(plain.__name__), 2):
        if plain is operator.truediv and dtype in INTEGERS:
            continue
        x, y = np.array(LEFT, dtype=dtype), np.array(RIGHT, dtype=dtype)
        for other in (ns.asarray(y), y) if dtype == "bool" else (ns.asarray(y), y, 2):
            array = ns.asarray(x)
            alias = array
            array = in_place(array, other)
            assert array is alias
            same(alias, plain(x, np.array(2, dtype=dtype) if other is not y and not isinstance(other, Array) else y))


@pytest.mark.parametrize("name", ["neg", "pos", "abs", "invert"])
def test_unary(ns, name):
    op = getattr(operator, name)
    for dtype in (*INTEGERS, "bool") if name == "invert" else (*INTEGERS, *FLOATS, *COMPLEX):
        x = np.array([0, 1, 2] if dtype in ("bool",) or dtype[0] == "u" else [-1, 0, 2], dtype=dtype)
        same(op(ns.asarray(x)), op(x))


def test_matmul(ns):
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    for dtype in ("float32", "complex128", "int32"):
        x, y = a.astype(dtype), b.astype(dtype)
        same(ns.asarray(x) @ ns.asarray(y), x @ y)
        same(x @ ns.asarray(y), x @ y)
        same(ns.asarray(x) @ y, x @ y)
    square = ns.asarray(np.eye(2) * 2)
    alias = square
    square @= ns.asarray([[1.0, 2.0], [3.0, 4.0]])
    assert square is alias
    same(square, 2 * np.array([[1.0, 2.0], [3.0, 4.0]]))


# Indexing

SHAPE = (3, 2, 4)
_ENDS = st.none() | st.integers(-4, 4)
_PARTS = st.one_of(
    st.integers(-2, 1),
    st.builds(slice, _ENDS, _ENDS, st.sampled_from([None, 1, 2, -1, -2])),
    st.just(slice(None)),
)


@st.composite
def keys(draw):
    """Draw a basic index of an array of SHAPE, or one with an integer array or a mask."""
    parts = draw(st.lists(_PARTS, max_size=3))
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), ...)
    for _ in range(draw(st.integers(0, 2))):
        parts.insert(draw(st.integers(0, len(parts))), None)
    kind = draw(st.sampled_from(["basic", "basic", "integers", "mask"]))
    if kind == "integers":
        array = np.array(draw(st.lists(st.integers(-2, 1), min_size=1, max_size=3)))
        places = [i for i, part in enumerate(parts) if isinstance(part, slice | int)]
        if places:
            parts[draw(st.sampled_from(places))] = array
        else:
            parts = [array]
    elif kind == "mask":
        parts = [np.array(draw(st.lists(st.booleans(), min_size=3, max_size=3))), *parts[1:2]]
        parts = [part for part in parts if part is not ... and part is not None]
    return tuple(parts) if len(parts) != 1 or draw(st.booleans()) else parts[0]


def as_arrays(ns, key):
    if isinstance(key, tuple):
        return tuple(as_arrays(ns, part) for part in key)
    return ns.asarray(key) if isinstance(key, np.ndarray) else key


@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_reading_and_assigning_by_index(backend, ns, dtype):
    @few(backend, 20)
    @hypothesis.given(keys())
    def check(key):
        x = np.arange(24).reshape(SHAPE).astype(dtype)
        array = ns.asarray(x)
        same(array[as_arrays(ns, key)], x[key])
        changed = x.copy()
        changed[key] = 77
        array[as_arrays(ns, key)] = 77
        same(array, changed)

    check()


def test_gradients_of_reading_and_assigning(backend):
    @few(backend, 8)
    @hypothesis.given(keys())
    def check(key):
        x = np.arange(24.0).reshape(SHAPE)
        picked = x[key]
        weights, kept, counts = np.cos(x), np.ones(SHAPE), np.zeros(SHAPE)
        kept[key] = 0.0
        outer = np.sin(1.0 + np.arange(picked.size)).reshape(picked.shape)
        np.add.at(counts, key, outer)

        def f(x, value):
            y = x * 1.0
            y[key] = value
            return xp.sum(y * weights) + xp.sum(x[key] * outer)

        in_x, in_value = multigrad.gradient(f, (0, 1), backend=backend)(x, 3.0)
        np.testing.assert_allclose(multigrad.to_numpy(in_x), kept * weights + counts, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(float(in_value), np.sum((1 - kept) * weights), rtol=1e-12, atol=1e-12)

    check()


@pytest.mark.parametrize("dtype", DTYPES)
def test_indexing_of_every_dtype(backend, ns, dtype):
    x = np.array([[1, 0, 1], [0, 1, 1]], dtype=dtype)
    array = ns.asarray(x)
    forms = ((0,), (..., slice(None, None, -1)), (np.array([1, 0]),), (x.astype(bool),), (np.array([True, False]),))
    for key in some(backend, (*forms, (None, 0, 1)), 2):
        same(array[as_arrays(ns, key)], x[key])
        changed, expected = ns.asarray(x), x.copy()
        changed[as_arrays(ns, key)] = ns.asarray(np.array(1, dtype=dtype))
        expected[key] = 1
        same(changed, expected)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint8", "uint64", "int64"])
def test_integer_arrays_of_every_dtype_index(ns, dtype):
    x = np.arange(5.0)
    same(ns.asarray(x)[ns.asarray(np.array([3, 0], dtype=dtype))], x[[3, 0]])


def test_arrays_without_axes_and_empty_arrays(ns):
    same(ns.asarray(2.0)[()], np.array(2.0))
    same(ns.asarray(2.0)[...], np.array(2.0))
    same(ns.asarray(2.0)[None], np.array([2.0]))
    same(ns.asarray(2.0)[ns.asarray(True)], np.array([2.0]))
    same(ns.zeros((0, 3))[:, 1], np.zeros(0))
    same(ns.ones(3)[ns.zeros(0, dtype=ns.int64)], np.zeros(0))
    x = ns.asarray(2.0)
    x[()] = 5.0
    same(x, np.array(5.0))
    x = ns.ones(3)
    x[ns.zeros(3, dtype=ns.bool)] = ns.zeros(0)
    same(x, np.ones(3))


# DLPack, devices, attributes


@pytest.mark.parametrize("dtype", [*REAL, *COMPLEX, "bool"])
def test_dlpack_to_numpy_and_back(ns, dtype):
    x = np.array([[1, 0], [1, 1]], dtype=dtype)
    array = ns.asarray(x)
    out = np.from_dlpack(array)
    assert out.dtype == x.dtype
    np.testing.assert_array_equal(out, x)
    same(ns.from_dlpack(x), x)
    same(ns.from_dlpack(array), x)
    same(ns.from_dlpack(array.native), x)
    assert array.__dlpack_device__()[0] == 1  # kDLCPU


def test_dlpack_copies(ns):
    x = np.array([1.0, 2.0])
    copied = ns.from_dlpack(x, copy=True)
    x[0] = 9.0
    same(copied, np.array([1.0, 2.0]))
    same(ns.from_dlpack(ns.ones(2), device="cpu"), np.ones(2))


def test_to_device(ns):
    x = ns.asarray([1.0, 2.0])
    device = ns.__array_namespace_info__().default_device()
    assert x.device == device
    same(x.to_device(device), np.array([1.0, 2.0]))
    assert ns.zeros(2, device=x.device).device == x.device
    assert ns.zeros_like(x, device=x.device).device == x.device


def test_array_namespace(ns):
    x = ns.ones(2)
    for version in (None, "2024.12", "2023.12", "2022.12"):
        assert x.__array_namespace__(api_version=version) is ns


@pytest.mark.parametrize("dtype", DTYPES)
def test_repr_names_values_dtype_and_backend(ns, backend, dtype):
    text = repr(ns.ones(2, dtype=getattr(ns, dtype)))
    assert text.startswith("Array([")
    assert f"dtype={dtype}, backend={backend!r})" in text


@pytest.mark.parametrize("dtype", DTYPES)
def test_attributes(ns, dtype):
    x = ns.ones((2, 3), dtype=getattr(ns, dtype))
    assert (x.shape, x.ndim, x.size, type(x.shape)) == ((2, 3), 2, 6, tuple)
    assert dtype_name(x) == dtype
    assert x.dtype == getattr(ns, dtype)
    same(x.T, np.ones((3, 2), dtype=dtype))
    same(x.mT, np.ones((3, 2), dtype=dtype))


def test_python_numbers_out(ns):
    assert (float(ns.asarray(2.5)), int(ns.asarray(3)), complex(ns.asarray(1j))) == (2.5, 3, 1j)
    assert bool(ns.asarray(True)) is True
    assert operator.index(ns.asarray(3, dtype=ns.uint8)) == 3
    for value in (ns.asarray(1j), ns.asarray(1 + 0j)):
        with pytest.raises(TypeError):
            float(value)
