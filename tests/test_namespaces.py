"""The namespaces: values against NumPy's, gradients against finite differences, and the dispatching ``xp``."""

import importlib
import math

import array_api_compat.numpy as reference
import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import multigrad
from multigrad import Array, xp

POSITIVE, INSIDE, ABOVE, ALL = (0.125, 4.0), (-0.9375, 0.9375), (1.0625, 4.0), (-4.0, 4.0)
# Elementwise functions of one array: the interval of values.
UNARY = {
    **dict.fromkeys(("abs", "atan", "asinh", "ceil", "conj", "cos", "cosh", "exp", "expm1", "floor", "imag"), ALL),
    **dict.fromkeys(("isfinite", "isinf", "isnan", "negative", "positive", "real", "round", "sign"), ALL),
    **dict.fromkeys(("signbit", "sin", "sinh", "square", "tan", "tanh", "trunc"), ALL),
    **dict.fromkeys(("acos", "asin", "atanh"), INSIDE),
    **dict.fromkeys(("log", "log1p", "log2", "log10", "reciprocal", "sqrt"), POSITIVE),
    "acosh": ABOVE,
}
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
# Elementwise functions of two arrays: the interval of the first and of the second.
BINARY = {
    **dict.fromkeys(("add", "subtract", "multiply", "atan2", "maximum", "minimum"), (ALL, ALL)),
    **dict.fromkeys(("copysign", "hypot", "logaddexp"), (ALL, ALL)),
    **dict.fromkeys(COMPARISONS, (ALL, ALL)),
    **dict.fromkeys(("divide", "floor_divide", "remainder"), (ALL, POSITIVE)),
    "pow": (POSITIVE, POSITIVE),
}
BITS = ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift")
LOGICAL = ("logical_and", "logical_or", "logical_xor")
# Everything else, on a matrix x and a matrix y of the same shape: (namespace, x, y) → array or list of arrays.
OTHERS = {
    "all": lambda ns, x, y: ns.all(x > y, axis=0),
    "any": lambda ns, x, y: ns.any(x > y, axis=1, keepdims=True),
    "argmax": lambda ns, x, y: [ns.argmax(x), ns.argmax(x, axis=1), ns.argmax(x, axis=0, keepdims=True)],
    "argmin": lambda ns, x, y: [ns.argmin(x), ns.argmin(x, axis=-1)],
    "astype": lambda ns, x, y: [ns.astype(x, ns.float32), ns.astype(x, ns.int32), ns.astype(x, ns.bool)],
    "bitwise_invert": lambda ns, x, y: ns.bitwise_invert(x > y),
    "broadcast_arrays": lambda ns, x, y: ns.broadcast_arrays(x[:1, :], y[:, :1], x),
    "broadcast_to": lambda ns, x, y: ns.broadcast_to(x, (2, *x.shape)),
    "clip": lambda ns, x, y: [ns.clip(x, -1, 2), ns.clip(x, None, 1), ns.clip(x, y, None), ns.clip(x)],
    "concat": lambda ns, x, y: [ns.concat([x, y, x], axis=0), ns.concat((x, y), axis=-1), ns.concat([x, y], axis=None)],
    "cumulative_sum": lambda ns, x, y: [
        ns.cumulative_sum(x, axis=1),
        ns.cumulative_sum(x[0, :]),
        ns.cumulative_sum(x, axis=-2, include_initial=True),
    ],
    "expand_dims": lambda ns, x, y: [ns.expand_dims(x, axis=1), ns.expand_dims(x, axis=-1)],
    "empty_like": lambda ns, x, y: ns.zeros_like(ns.empty_like(x)),
    "flip": lambda ns, x, y: [ns.flip(x), ns.flip(x, axis=-1), ns.flip(x, axis=(0, 1))],
    "full_like": lambda ns, x, y: [ns.full_like(x, 3), ns.full_like(x, 2.5, dtype=ns.float32)],
    "logical_not": lambda ns, x, y: ns.logical_not(x > y),
    "matmul": lambda ns, x, y: [ns.matmul(x, ns.matrix_transpose(y)), ns.matmul(x, y[0, :]), ns.matmul(x[:, 0], y)],
    "matrix_transpose": lambda ns, x, y: [ns.matrix_transpose(x), ns.matrix_transpose(ns.stack([x, y]))],
    "max": lambda ns, x, y: [ns.max(x), ns.max(x, axis=0), ns.max(x, axis=(0, 1), keepdims=True)],
    "mean": lambda ns, x, y: [ns.mean(x), ns.mean(x, axis=-1, keepdims=True), ns.mean(x, axis=(0, 1))],
    "min": lambda ns, x, y: [ns.min(x), ns.min(x, axis=1), ns.min(x, axis=(0, 1))],
    "ones_like": lambda ns, x, y: [ns.ones_like(x), ns.ones_like(x, dtype=ns.bool)],
    "permute_dims": lambda ns, x, y: [ns.permute_dims(x, (1, 0)), ns.permute_dims(ns.stack([x, y]), (2, 0, 1))],
    "prod": lambda ns, x, y: [ns.prod(x), ns.prod(x, axis=0), ns.prod(x, axis=(0, 1), keepdims=True)],
    "reshape": lambda ns, x, y: [ns.reshape(x, (-1,)), ns.reshape(x, (1, *x.shape, 1))],
    "roll": lambda ns, x, y: [ns.roll(x, 2), ns.roll(x, -1, axis=1), ns.roll(x, (1, 2), axis=(0, 1))],
    "squeeze": lambda ns, x, y: [ns.squeeze(x[:, None, :], axis=1), ns.squeeze(x[None, ..., None], axis=(0, -1))],
    "stack": lambda ns, x, y: [ns.stack([x, y]), ns.stack((x, y, x), axis=-1)],
    "std": lambda ns, x, y: [ns.std(x), ns.std(x, axis=0, keepdims=True)],
    "sum": lambda ns, x, y: [ns.sum(x), ns.sum(x, axis=1), ns.sum(x, axis=()), ns.sum(x, axis=0, dtype=ns.float64)],
    "take": lambda ns, x, y: [ns.take(x, ns.asarray([0, -1, 0]), axis=0), ns.take(x[0, :], ns.asarray([0]))],
    "tensordot": lambda ns, x, y: [ns.tensordot(x, y), ns.tensordot(x, y, axes=([1], [1])), ns.tensordot(x, y, axes=0)],
    "var": lambda ns, x, y: [ns.var(x), ns.var(x, axis=(0, 1)), ns.var(ns.stack([x, y]), axis=0, correction=1)],
    "vecdot": lambda ns, x, y: [ns.vecdot(x, y), ns.vecdot(x, y, axis=0)],
    "where": lambda ns, x, y: [ns.where(x > y, x, y), ns.where(x > y, x, 1), ns.where(x > y, 0, y)],
    "zeros_like": lambda ns, x, y: [ns.zeros_like(x), ns.zeros_like(x, dtype=ns.int64)],
}
CREATION = {
    "arange": lambda ns, n: [ns.arange(n), ns.arange(1.0, n + 1), ns.arange(n, 0, -2), ns.arange(n, dtype=ns.float32)],
    "asarray": lambda ns, n: [ns.asarray([n, 1]), ns.asarray([[0.5], [n]]), ns.asarray(n > 2), ns.asarray(1j * n)],
    "empty": lambda ns, n: ns.zeros_like(ns.empty((n, 2))),
    "eye": lambda ns, n: [ns.eye(n), ns.eye(n, 3, k=1), ns.eye(3, n, k=-1, dtype=ns.int64)],
    "full": lambda ns, n: [ns.full((n,), 2.5), ns.full(n, 7), ns.full((), True), ns.full((2, n), 1j)],
    "linspace": lambda ns, n: [ns.linspace(0, n, 5), ns.linspace(1.0, -n, n, endpoint=False), ns.linspace(0, 1, 0)],
    "ones": lambda ns, n: [ns.ones(n), ns.ones((2, n), dtype=ns.float32)],
    "zeros": lambda ns, n: [ns.zeros((n, 1)), ns.zeros((), dtype=ns.bool)],
}
ABOUT_DTYPES = ("can_cast", "finfo", "iinfo", "isdtype", "result_type")
CONSTANTS = {"e": math.e, "inf": math.inf, "nan": math.nan, "newaxis": None, "pi": math.pi}

SHAPES = st.sampled_from([(), (1,), (3,), (2, 3), (0,), (2, 0), (2, 1, 2)])
MATRICES = st.sampled_from([(1, 1), (2, 3), (3, 2)])
PAIRS = st.sampled_from([((3,), (3,)), ((), (2,)), ((2, 1), (3,)), ((2, 3), (1, 3)), ((0, 1), (2,)), ((), ())])
DTYPES = st.sampled_from(["float32", "float64", "int64"])
# JAX compiles each shape and dtype anew: few examples, but every function on every backend.
few = hypothesis.settings(max_examples=5, deadline=None)


def values(shape, dtype, interval=ALL):
    low, high = interval
    if dtype == "int64":
        return hnp.arrays(dtype, shape, elements=st.integers(math.ceil(low), math.floor(high)))
    width = int(dtype[-2:])
    # No subnormal numbers: XLA and TensorFlow flush them.
    return hnp.arrays(dtype, shape, elements=st.floats(low, high, width=width, allow_subnormal=False))


@pytest.fixture
def adapter(backend):
    return multigrad.get_backend(backend)


def compare(adapter, found, expected):
    """Compare a native array, or a list of them, with NumPy's: shape, dtype and value."""
    if isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            compare(adapter, one, other)
    else:
        assert adapter.is_array(found)
        assert not isinstance(found, Array)
        found, expected = adapter.to_numpy(found), np.asarray(expected)
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        rtol = 4e-6 if expected.dtype in (np.float32, np.complex64) else 2e-13
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol)


def test_every_name_is_tested(adapter):
    dtypes = [name for name in adapter.xp.__all__ if name == "bool" or name.rstrip("0123456789") in ("bfloat", "float")]
    dtypes += [name for name in adapter.xp.__all__ if name.rstrip("0123456789") in ("int", "uint", "complex")]
    tested = {*UNARY, *BINARY, *BITS, *LOGICAL, *OTHERS, *CREATION, *ABOUT_DTYPES, *CONSTANTS, *dtypes}
    tested.add("__array_namespace_info__")
    assert tested == set(adapter.xp.__all__)
    assert len(adapter.xp.__all__) == len(tested)


@pytest.mark.parametrize("name", UNARY)
@few
@hypothesis.given(data=st.data())
def test_elementwise_functions_of_one_array(backend, name, data):
    adapter = multigrad.get_backend(backend)
    dtype = data.draw(st.sampled_from(["float32", "float64"]) if name == "signbit" else DTYPES)
    interval = (0, 0) if dtype == "int64" and UNARY[name] == INSIDE else UNARY[name]
    x = data.draw(values(data.draw(SHAPES), dtype, interval))
    expected = getattr(reference, name)(x.astype("float64") if name == "reciprocal" and dtype == "int64" else x)
    compare(adapter, getattr(adapter.xp, name)(adapter.asarray(x)), expected)


@pytest.mark.parametrize("name", BINARY)
@few
@hypothesis.given(data=st.data())
def test_elementwise_functions_of_two_arrays(backend, name, data):
    adapter = multigrad.get_backend(backend)
    dtype, shapes = data.draw(DTYPES), data.draw(PAIRS)
    x, y = (data.draw(values(shape, dtype, interval)) for shape, interval in zip(shapes, BINARY[name], strict=True))
    compare(adapter, getattr(adapter.xp, name)(adapter.asarray(x), adapter.asarray(y)), getattr(reference, name)(x, y))


@pytest.mark.parametrize("name", [*BITS, *LOGICAL])
@few
@hypothesis.given(data=st.data())
def test_functions_of_integers_and_bools(backend, name, data):
    adapter = multigrad.get_backend(backend)
    dtypes = ["bool"] if name in LOGICAL else ["int64", "uint8"] if "shift" in name else ["int64", "uint8", "bool"]
    dtype, shapes = data.draw(st.sampled_from(dtypes)), data.draw(PAIRS)
    elements = st.booleans() if dtype == "bool" else st.integers(0, 6)
    x, y = (data.draw(hnp.arrays(dtype, shape, elements=elements)) for shape in shapes)
    compare(adapter, getattr(adapter.xp, name)(adapter.asarray(x), adapter.asarray(y)), getattr(reference, name)(x, y))


@pytest.mark.parametrize("name", OTHERS)
@few
@hypothesis.given(data=st.data())
def test_functions_of_matrices(backend, name, data):
    adapter = multigrad.get_backend(backend)
    dtype, shape = data.draw(DTYPES), data.draw(MATRICES)
    x, y = data.draw(values(shape, dtype)), data.draw(values(shape, dtype))
    expected = OTHERS[name](reference, x, y)
    compare(adapter, OTHERS[name](adapter.xp, adapter.asarray(x), adapter.asarray(y)), expected)


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("name", CREATION)
def test_creation_functions(adapter, name, n):
    compare(adapter, CREATION[name](adapter.xp, n), CREATION[name](reference, n))


@pytest.mark.parametrize("name", [name for name in UNARY if name not in ("real", "imag", "conj")])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_special_values(adapter, name, dtype):
    x = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0], dtype=dtype)
    with np.errstate(all="ignore"):
        expected = getattr(reference, name)(x)
        found = adapter.to_numpy(getattr(adapter.xp, name)(adapter.asarray(x)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_constants(adapter):
    for name, value in CONSTANTS.items():
        assert getattr(adapter.xp, name) is value or getattr(adapter.xp, name) == value or name == "nan"
    assert math.isnan(adapter.xp.nan)


KINDS = ["bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric"]
NAMES = ["bool", "int8", "int32", "int64", "uint8", "uint64", "float32", "float64", "complex64", "complex128"]


def test_functions_about_dtypes(adapter):
    ns = adapter.xp
    for name in NAMES:
        dtype, numpy_dtype = getattr(ns, name), np.dtype(name)
        for kind in KINDS:
            assert ns.isdtype(dtype, kind) is reference.isdtype(numpy_dtype, kind)
        assert ns.isdtype(dtype, ("bool", ns.float32)) is (name in ("bool", "float32"))
        assert ns.result_type(dtype, dtype) == dtype
    for name in ("float32", "float64", "complex64"):
        found, expected = ns.finfo(getattr(ns, name)), np.finfo(name)
        for field in ("bits", "eps", "max", "min", "smallest_normal"):
            assert getattr(found, field) == float(getattr(expected, field))
        assert found.dtype == getattr(ns, expected.dtype.name)
    for name in ("int8", "int64", "uint64"):
        found, expected = ns.iinfo(getattr(ns, name)), np.iinfo(name)
        assert (found.bits, found.max, found.min) == (expected.bits, expected.max, expected.min)
    assert ns.can_cast(ns.float32, ns.float64)
    assert not ns.can_cast(ns.float64, ns.float32)
    assert not ns.can_cast(ns.float32, ns.int64)


# Gradients


def differences(f, primals):
    """Return the gradients of a scalar function of NumPy arrays by central differences, extrapolated twice."""
    grads = [np.zeros(np.shape(p)) for p in primals]
    for i, grad in enumerate(grads):
        for at in np.ndindex(grad.shape):

            def moved(shift, i=i, at=at):
                arrays = [np.array(p, dtype=np.float64) for p in primals]
                arrays[i][at] += shift
                return float(f(*arrays))

            d = [(moved(h) - moved(-h)) / (2 * h) for h in (4e-3, 2e-3, 1e-3)]
            d = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
            grad[at] = (16 * d[1] - d[0]) / 15
    return grads


def weighted(ns, out):
    """Sum one array, or a list of them, with weights that differ from element to element."""
    total = 0.0
    for part in out if isinstance(out, list | tuple) else [out]:
        weights = 1.0 + 0.1 * np.arange(math.prod(part.shape)).reshape(part.shape)
        total = total + ns.sum(part * ns.asarray(weights))
    return total


V, P = np.array([0.3, -0.7, 1.4]), np.array([0.4, 0.9, 1.7])
M = np.array([[0.5, -1.2, 2.0], [1.1, 0.7, -0.3]])
W = np.array([[0.2, 1.3, -0.9], [-0.8, 0.6, 1.5]])
POINTS = {POSITIVE: P, INSIDE: V / 2, ABOVE: 1 + P, ALL: V}
SMOOTH = {
    **{name: (lambda ns, x, n=name: getattr(ns, n)(x), (POINTS[interval],)) for name, interval in UNARY.items()},
    **{
        name: (lambda ns, x, y, n=name: getattr(ns, n)(x, y), (POINTS[first], np.roll(POINTS[second], 1)))
        for name, (first, second) in BINARY.items()
        if name not in COMPARISONS
    },
    **{
        name: (OTHERS[name], (M, W))
        for name in OTHERS
        if name not in ("all", "any", "argmax", "argmin", "bitwise_invert", "logical_not", "empty_like", "astype")
    },
    "pow": (lambda ns, x, n: [ns.pow(x, n), ns.pow(x, 3), ns.pow(x, -0.5), ns.pow(2.0, n)], (P, V)),
    "astype": (lambda ns, x: ns.real(ns.astype(x, ns.complex128) ** 2), (V,)),
    "clip": (lambda ns, x, y: [ns.clip(x, -1.0, 1.5), ns.clip(x, y, None), ns.clip(x, None, y)], (M, W)),
    "full_like": (lambda ns, x, y: ns.full_like(x, 2.0) * y, (M, W)),
    "matmul-batched": (lambda ns, x, y: ns.matmul(ns.stack([x, y]), ns.matrix_transpose(x)), (M, W)),
    "number-on-the-left": (lambda ns, x: [2.0 - x, 1 / x, 2.0**x, 3 * x, 1.5 + x], (P,)),
}


@pytest.mark.parametrize(("f", "points"), SMOOTH.values(), ids=SMOOTH)
def test_gradients_at_smooth_points(backend, f, points):
    argnums = tuple(range(len(points)))
    found = multigrad.gradient(lambda *x: weighted(xp, f(xp, *x)), argnums, backend=backend)(*points)
    expected = differences(lambda *x: weighted(reference, f(reference, *x)), points)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(multigrad.to_numpy(one), other, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("name", ["sin", "tanh", "log1p", "asinh", "atan2", "hypot", "logaddexp", "pow", "divide"])
def test_gradients_keep_single_precision(backend, name):
    f, points = SMOOTH[name]
    argnums = tuple(range(len(points)))
    gradient = multigrad.gradient(lambda *x: xp.sum(xp.stack(as_list(f(xp, *x)))), argnums, backend=backend)
    single, double = (gradient(*(p.astype(dtype) for p in points)) for dtype in ("float32", "float64"))
    for one, other in zip(single, double, strict=True):
        assert multigrad.to_numpy(one).dtype == np.float32
        assert multigrad.to_numpy(other).dtype == np.float64
        np.testing.assert_allclose(multigrad.to_numpy(one), multigrad.to_numpy(other), rtol=2e-6)


def as_list(out):
    return out if isinstance(out, list) else [out]


SECOND = ["sin", "exp", "log", "sqrt", "tanh", "asin", "acosh", "multiply", "divide", "pow", "hypot", "atan2"]
SECOND += ["logaddexp", "matmul", "tensordot", "vecdot", "prod", "std", "var", "mean", "cumulative_sum", "where"]
SECOND += ["stack", "take", "max"]


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives_at_smooth_points(backend, name):
    f, points = SMOOTH[name]
    argnums = tuple(range(len(points)))

    def along(*x):
        """Sum the gradient against fixed directions: a function of the same arguments."""
        parts = multigrad.gradient(lambda *y: weighted(xp, f(xp, *y)) ** 2, argnums)(*x)
        return sum(xp.sum(part * np.cos(1.0 + np.arange(part.size)).reshape(part.shape)) for part in parts)

    found = multigrad.gradient(along, argnums, backend=backend)(*points)
    # First derivatives are checked above; they are differenced on NumPy, where calls cost least.
    with multigrad.use_backend("numpy"):
        expected = differences(along, points)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(multigrad.to_numpy(one), other, rtol=1e-7, atol=1e-7)


# The dispatching namespace


@pytest.fixture
def ns(backend):
    return importlib.import_module(f"multigrad.array_api.{backend}")


def test_forms_of_results(backend, ns, adapter):
    array, native = ns.ones(2), adapter.asarray(np.ones(2))
    assert isinstance(xp.sin(array), Array)
    assert adapter.is_array(xp.sin(native))
    assert not isinstance(xp.sin(native), Array)
    assert isinstance(xp.add(native, array), Array)
    assert isinstance(xp.add(array, np.ones(2)), Array)
    assert isinstance(xp.concat([native, array]), Array)
    assert isinstance(ns.zeros(2), Array)


@pytest.mark.parametrize("name", CREATION)
def test_form_of_what_is_created(backend, adapter, name):
    forms = []

    def f(x):
        created = CREATION[name](xp, 3)
        forms.append([isinstance(one, Array) for one in (created if isinstance(created, list) else [created])])
        return x * 1.0

    multigrad.gradient(f, backend=backend)(1.0)
    assert all(forms[0])
    with multigrad.use_backend(backend):
        created = CREATION[name](xp, 3)
    for one in created if isinstance(created, list) else [created]:
        assert adapter.is_array(one)
        assert not isinstance(one, Array)


def test_what_is_created_under_native_arrays_is_native(backend, adapter):
    seen = []
    multigrad.gradient(lambda x: seen.append(xp.ones(2)) or x * 1.0, backend=backend, arrays="native")(1.0)
    assert adapter.is_array(seen[0])
    assert not isinstance(seen[0], Array)


def test_dtypes_and_constants_are_the_running_backends(backend, ns):
    seen = []
    multigrad.gradient(lambda x: seen.append((xp.float32, xp.int64, xp.pi)) or x * 1.0, backend=backend)(1.0)
    assert seen == [(ns.float32, ns.int64, math.pi)]
    with multigrad.use_backend(backend):
        assert xp.float64 == ns.float64


def test_python_numbers_alone_become_arrays(backend, ns):
    with multigrad.use_backend(backend):
        assert xp.sqrt(2.0).dtype == ns.float64
        assert float(xp.sqrt(2.0)) == pytest.approx(math.sqrt(2.0), rel=1e-15)
        assert float(xp.maximum(1.0, 2.0)) == 2.0
        assert float(xp.pow(2, 3)) == 8


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_default_dtype_is_the_computations(backend, ns, dtype):
    seen = {}

    def f(x):
        seen.update(
            zeros=xp.zeros(2),
            ones=xp.ones(2),
            eye=xp.eye(2),
            linspace=xp.linspace(0, 1, 3),
            full=xp.full((2,), 1.5),
            arange=xp.arange(0.0, 3.0),
            asarray=xp.asarray([0.5, 1]),
            sqrt=xp.sqrt(2.0),
        )
        integers = (xp.arange(3), xp.full((2,), 1), xp.asarray([1, 2]))
        assert [one.dtype for one in integers] == [xp.int64] * 3
        assert xp.asarray(1j).dtype == (xp.complex64 if dtype == "float32" else xp.complex128)
        assert xp.asarray(np.ones(2)).dtype == xp.float64  # arrays keep theirs
        return xp.sum(x)

    multigrad.gradient(f, backend=backend)(np.ones(2, dtype=dtype))
    assert {name: one.dtype for name, one in seen.items()} == dict.fromkeys(seen, getattr(ns, dtype))


def test_a_numpy_array_inside_f_goes_to_the_running_backend(backend):
    data = np.array([1.0, 2.0])
    names = []

    def f(x):
        wrapped = xp.asarray(data)
        names.extend([wrapped.backend, xp.add(data, x).backend, (x * data).backend, xp.multiply(data, x).backend])
        return xp.sum(x * wrapped + xp.multiply(data, x) + data * x)

    result = multigrad.gradient(f, backend=backend)(np.ones(2))
    assert names == [backend] * 4
    np.testing.assert_array_equal(multigrad.to_numpy(result), 3 * data)


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(AttributeError, match=r"Did you mean xp\.arange"):
        xp.arrange  # noqa: B018
    with pytest.raises(AttributeError, match=r"'flibbertigibbet'"):
        xp.flibbertigibbet  # noqa: B018
    assert {"sin", "zeros", "float64"} <= set(dir(xp))
    assert "sin" in xp.sin.__doc__


def test_array_namespace(backend, ns, adapter):
    native = adapter.asarray(np.ones(2))
    assert multigrad.array_namespace(ns.ones(2)) is ns
    assert multigrad.array_namespace(native, np.ones(2), 1.0) is ns
    with multigrad.use_backend(backend):
        assert multigrad.array_namespace(1.0) is ns
    assert ns.ones(2).__array_namespace__(api_version="2024.12") is ns
    with pytest.raises(ValueError, match=r"2024\.12"):
        ns.ones(2).__array_namespace__(api_version="1999.12")


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_arrays_of_two_frameworks_do_not_mix(backend, ns, adapter):
    other = multigrad.get_backend("numpy").array_type
    differentiated = []
    foreign = ns.ones(1)
    for call in (lambda x: xp.add(foreign, x), lambda x: foreign + x, lambda x: multigrad.array_namespace(foreign, x)):
        f = lambda x, call=call: differentiated.append(type(x)) or call(x)  # noqa: E731
        with pytest.raises(multigrad.MixedBackendError, match=backend):
            multigrad.gradient(f, backend="numpy")(np.ones(1))
    assert differentiated == [other] * 3
