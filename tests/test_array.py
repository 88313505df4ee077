"""`multigrad.Array`: the same operators, promotion, indexing, assignment and methods on every backend."""

import copy
import importlib
import operator
import weakref

import numpy as np
import pytest

import multigrad
from multigrad import Array, xp


@pytest.fixture
def ns(backend):
    """Return the standard's namespace over `Array`."""
    return importlib.import_module(f"multigrad.array_api.{backend}")


@pytest.fixture
def matrix(ns):
    return ns.reshape(ns.arange(12, dtype=ns.float64), (3, 4))


def numpy_matrix():
    return np.arange(12.0).reshape(3, 4)


def dtype_name(x):
    return str(x.dtype).replace("<dtype: '", "").replace("'>", "").replace("torch.", "")


def check(x, expected):
    """Compare an Array with a NumPy array: values, shape and dtype."""
    assert isinstance(x, Array)
    assert x.shape == np.shape(expected)
    assert dtype_name(x) == np.asarray(expected).dtype.name
    np.testing.assert_array_equal(multigrad.to_numpy(x), expected)


FLOATING = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
INTEGER = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]
LEFT, RIGHT = np.array([1.0, 2.0, 3.0]), np.array([4.0, 2.0, 0.5])


@pytest.mark.parametrize("op", FLOATING + COMPARISONS, ids=lambda op: op.__name__)
class TestOperators:
    def test_two_arrays(self, ns, op):
        check(op(ns.asarray(LEFT), ns.asarray(RIGHT)), op(LEFT, RIGHT))

    def test_numpy_on_the_right(self, ns, op):
        check(op(ns.asarray(LEFT), RIGHT), op(LEFT, RIGHT))

    def test_numpy_on_the_left(self, ns, op):
        check(op(LEFT, ns.asarray(RIGHT)), op(LEFT, RIGHT))

    def test_native_on_the_right(self, ns, op):
        check(op(ns.asarray(LEFT), ns.asarray(RIGHT).native), op(LEFT, RIGHT))

    @pytest.mark.parametrize("number", [3, 2.0, True])
    def test_python_number_on_either_side(self, ns, op, number):
        check(op(ns.asarray(RIGHT), number), op(RIGHT, number))
        check(op(number, ns.asarray(RIGHT)), op(number, RIGHT))

    def test_numpy_scalar_on_either_side(self, ns, op):
        check(op(ns.asarray(RIGHT), np.float64(2.0)), op(RIGHT, 2.0))
        check(op(np.float64(2.0), ns.asarray(RIGHT)), op(2.0, RIGHT))


@pytest.mark.parametrize("op", INTEGER, ids=lambda op: op.__name__)
def test_integer_operators(ns, op):
    a, b = np.array([6, 5, 12]), np.array([3, 1, 2])
    check(op(ns.asarray(a), ns.asarray(b)), op(a, b))
    check(op(ns.asarray(a), 2), op(a, 2))
    check(op(2, ns.asarray(b)), op(2, b))
    check(op(a, ns.asarray(b)), op(a, b))


def test_boolean_operators(ns):
    a, b = np.array([True, True, False]), np.array([True, False, False])
    check(ns.asarray(a) & ns.asarray(b), a & b)
    check(ns.asarray(a) | False, a)
    check(True ^ ns.asarray(b), ~b)
    check(~ns.asarray(a), ~a)


def test_matmul_on_either_side(ns, matrix):
    m = numpy_matrix()
    check(matrix @ ns.asarray(m.T), m @ m.T)
    check(matrix @ m.T, m @ m.T)
    check(m.T @ matrix, m.T @ m)
    check(matrix @ ns.ones(4), m @ np.ones(4))


@pytest.mark.parametrize("op", [operator.neg, operator.pos, operator.abs], ids=lambda op: op.__name__)
def test_unary_operators(ns, op):
    check(op(ns.asarray(LEFT)), op(LEFT))


@pytest.mark.parametrize("name", ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"])
@pytest.mark.parametrize("other", [2.0, 3, RIGHT], ids=["float", "int", "numpy"])
def test_in_place_operators_keep_the_object(ns, name, other):
    x, expected = ns.asarray(RIGHT), RIGHT.copy()
    alias = x
    result = getattr(operator, name)(x, other)
    assert result is alias
    check(alias, getattr(operator, name)(expected, other))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("int64", "float32", "float32"),
        ("int32", "float64", "float64"),
        ("int64", "int32", "int64"),
        ("uint8", "int8", "int16"),
        ("bool", "float32", "float32"),
        ("bool", "int32", "int32"),
        ("float32", "float64", "float64"),
        ("float16", "float32", "float32"),
        ("float64", "complex64", "complex128"),
        ("float32", "complex64", "complex64"),
        ("int64", "complex64", "complex64"),
    ],
)
def test_promotion_of_two_arrays(ns, first, second, expected):
    a, b = ns.ones(2, dtype=first), ns.ones(2, dtype=second)
    for result in (a + b, b + a, ns.multiply(a, b), ns.where(ns.asarray([True, False]), a, b), ns.concat([a, b])):
        assert result.dtype == getattr(ns, expected)
    assert ns.result_type(a, b) == getattr(ns, expected)


@pytest.mark.parametrize(
    ("dtype", "number", "expected"),
    [
        ("float32", 2.5, "float32"),
        ("float32", 2, "float32"),
        ("float32", True, "float32"),
        ("float16", 2.5, "float16"),
        ("int32", 2, "int32"),
        ("uint8", 2, "uint8"),
        ("int32", True, "int32"),
        ("int32", 2.5, "float64"),
        ("bool", 2, "int64"),
        ("bool", 2.5, "float64"),
        ("float32", 1j, "complex64"),
        ("float64", 1j, "complex128"),
        ("int64", 1j, "complex128"),
        ("complex64", 2.5, "complex64"),
    ],
)
def test_promotion_with_a_python_number(ns, dtype, number, expected):
    x = ns.ones(2, dtype=dtype)
    for result in (x + number, number + x, ns.add(x, number), ns.add(number, x)):
        assert result.dtype == getattr(ns, expected)
        np.testing.assert_array_equal(multigrad.to_numpy(result), 1 + number)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_python_float_meets_integers_in_the_default_dtype_of_the_computation(backend, dtype):
    seen = []

    def f(x):
        whole = xp.asarray([1, 2])
        seen.extend(part.dtype == getattr(xp, dtype) for part in (whole + 0.5, whole / 2, xp.sin(whole), 0.5 * whole))
        return x * 1.0

    multigrad.gradient(f, backend=backend, dtype=dtype)(1.0)
    assert seen == [True] * 4


def test_true_division_of_integers_is_floating(ns):
    check(ns.asarray([1, 3]) / ns.asarray([2, 2]), np.array([0.5, 1.5]))
    check(1 / ns.asarray([2, 4]), np.array([0.5, 0.25]))


def test_unknown_operands_are_left_to_python(ns):
    with pytest.raises(TypeError, match="unsupported operand"):
        ns.ones(2) + "text"
    with pytest.raises(TypeError, match="not supported"):
        ns.ones(2) < object()  # noqa: B015
    assert (ns.ones(2) == "text") is False


def test_attributes_of_the_standard(ns, matrix):
    assert matrix.shape == (3, 4)
    assert type(matrix.shape) is tuple
    assert (matrix.ndim, matrix.size) == (2, 12)
    assert matrix.dtype == ns.float64
    assert matrix.device == "cpu"
    check(matrix.T, numpy_matrix().T)
    check(ns.reshape(matrix, (1, 3, 4)).mT, numpy_matrix().T[None])
    assert (ns.asarray(1.0).shape, ns.asarray(1.0).ndim, ns.asarray(1.0).size) == ((), 0, 1)
    assert ns.zeros((2, 0)).size == 0
    check(matrix.to_device("cpu"), numpy_matrix())
    assert matrix.__array_namespace__() is ns
    z = ns.asarray([1 + 2j])
    check(z.real, np.array([1.0]))
    check(z.imag, np.array([2.0]))


def test_transposing_other_than_matrices_names_the_way(ns):
    with pytest.raises(ValueError, match="permute_dims"):
        ns.ones(3).T  # noqa: B018


METHODS = {
    "sum": lambda x: x.sum(),
    "sum-axis": lambda x: x.sum(axis=0),
    "sum-negative-axis": lambda x: x.sum(-1, keepdims=True),
    "mean": lambda x: x.mean(axis=1),
    "prod": lambda x: x.prod(axis=0),
    "max": lambda x: x.max(axis=1, keepdims=True),
    "min": lambda x: x.min(),
    "var": lambda x: x.var(),
    "var-ddof": lambda x: x.var(axis=1, ddof=1),
    "std": lambda x: x.std(axis=0),
    "any": lambda x: (x > 5).any(axis=0),
    "all": lambda x: (x > 5).all(),
    "argmax": lambda x: x.argmax(axis=1),
    "argmin": lambda x: x.argmin(),
    "reshape-tuple": lambda x: x.reshape((4, 3)),
    "reshape-integers": lambda x: x.reshape(2, -1),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x[:1, None].squeeze(),
    "squeeze-axis": lambda x: x[:, None].squeeze(axis=1),
    "transpose": lambda x: x.transpose(),
    "transpose-axes": lambda x: x[None].transpose(2, 0, 1),
    "clip": lambda x: x.clip(2.0, 5.0),
    "round": lambda x: (x / 2).round(),
    "dot": lambda x: x.dot(x.T),
    "conj": lambda x: x.conj(),
    "astype": lambda x: x.astype("float32"),
    "astype-int": lambda x: x.astype("int64"),
    "copy": lambda x: x.copy(),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_methods_are_numpys(matrix, method):
    check(method(matrix), np.asarray(method(numpy_matrix())))


def test_astype_takes_any_frameworks_dtype(ns, matrix):
    assert matrix.astype(ns.float32).dtype == ns.float32
    assert matrix.astype(np.float32).dtype == ns.float32
    assert matrix.astype(np.dtype("int32")).dtype == ns.int32


def test_length_and_iteration_go_over_the_first_axis(matrix):
    assert len(matrix) == 3
    rows = list(matrix)
    assert len(rows) == 3
    for row, expected in zip(rows, numpy_matrix(), strict=True):
        check(row, expected)
    a, _, c = matrix
    check(a + c, numpy_matrix()[0] + numpy_matrix()[2])


def test_arrays_without_axes_have_no_length(ns):
    with pytest.raises(TypeError, match="len"):
        len(ns.asarray(1.0))
    with pytest.raises(TypeError):
        list(ns.asarray(1.0))


def test_numbers_leave_an_array_that_nobody_differentiates(ns):
    x = ns.asarray([2.5])
    assert (float(x), int(x), complex(x), x.item(), x.tolist(), bool(x)) == (2.5, 2, 2.5 + 0j, 2.5, [2.5], True)
    assert operator.index(ns.asarray(3)) == 3
    assert [10, 20, 30][ns.asarray(1)] == 20
    np.testing.assert_array_equal(np.asarray(x), [2.5])
    with pytest.raises(TypeError):
        operator.index(ns.asarray(3.0))
    with pytest.raises(TypeError, match="one element"):
        float(ns.ones(2))


def test_a_format_is_for_display(ns, backend):
    assert f"{ns.asarray(1.23456):.2f}" == "1.23"
    assert f"{ns.asarray([1.0])}" == repr(ns.asarray([1.0]))
    shown = []
    multigrad.gradient(lambda x: shown.append(f"{x:.1f}") or x * x, backend=backend)(3.0)
    assert shown == ["3.0"]
    with pytest.raises(TypeError, match="Expected one element"):
        format(ns.asarray([1.0, 2.0]), ".2f")


def test_repr_shows_values_dtype_and_backend(ns, backend):
    assert repr(ns.asarray([1.0, 2.5])) == f"Array([1. , 2.5], dtype=float64, backend={backend!r})"
    shown = []
    multigrad.gradient(lambda x: shown.append(repr(x)) or x * x, backend=backend)(3.0)
    assert shown == [f"Array(3., dtype=float64, backend={backend!r})"] or "3." in shown[0]


def test_arrays_are_not_hashable(ns):
    with pytest.raises(TypeError, match="unhashable"):
        hash(ns.ones(2))


def test_array_itself_is_not_made_by_hand():
    with pytest.raises(TypeError, match="asarray"):
        Array(np.ones(2))


@pytest.mark.parametrize(
    ("backend_name", "attribute", "advice"),
    [
        pytest.param("torch", "clone", "copy=True", marks=pytest.mark.needs("torch")),
        pytest.param("torch", "detach", "stop_gradient", marks=pytest.mark.needs("torch")),
        pytest.param("torch", "requires_grad", 'arrays="native"', marks=pytest.mark.needs("torch")),
        pytest.param("jax", "at", "x[i] = v", marks=pytest.mark.needs("jax")),
        pytest.param("tensorflow", "numpy", "to_numpy", marks=pytest.mark.needs("tensorflow")),
        pytest.param("numpy", "strides", 'arrays="native"', marks=pytest.mark.needs("numpy")),
    ],
)
def test_what_only_the_framework_has_names_the_standard_way(backend_name, attribute, advice):
    ns = importlib.import_module(f"multigrad.array_api.{backend_name}")
    with pytest.raises(AttributeError) as caught:
        getattr(ns.ones(2), attribute)
    assert advice in str(caught.value)
    assert 'arrays="native"' in str(caught.value)
    assert backend_name in str(caught.value)


def test_an_unknown_attribute_is_an_ordinary_attribute_error(ns):
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        ns.ones(2).nonsense  # noqa: B018
    assert not hasattr(ns.ones(2), "__cuda_array_interface__")


def test_arrays_can_be_weakly_referenced_and_copied(ns):
    x = ns.asarray([1.0, 2.0])
    assert weakref.ref(x)() is x
    for duplicate in (copy.copy(x), copy.deepcopy(x)):
        duplicate[0] = 9.0
        check(duplicate, np.array([9.0, 2.0]))
    check(x, np.array([1.0, 2.0]))


KEYS = {
    "first": 0,
    "last": -1,
    "two-integers": (1, -2),
    "numpy-integer": np.int64(1),
    "slice": slice(1, 3),
    "slice-beyond-the-end": slice(1, 10),
    "empty-slice": slice(2, 1),
    "column": (slice(None), 1),
    "step": (slice(None, None, 2), slice(1, None, 2)),
    "reversed": slice(None, None, -1),
    "reversed-from-to": (slice(2, 0, -1), slice(None, None, -2)),
    "integer-and-reversed": (1, slice(None, None, -1)),
    "ellipsis": ...,
    "ellipsis-and-last": (..., -1),
    "ellipsis-and-reversed": (..., slice(None, None, -1)),
    "newaxis": None,
    "newaxis-within": (slice(None), None, slice(1, 3)),
    "newaxis-and-reversed": (None, slice(None, None, -1), 0),
    "integer-ellipsis-newaxis": (0, ..., None),
    "integer-array": np.array([2, 0, 2]),
    "negative-integer-array": np.array([-1, 0]),
    "integer-matrix": np.array([[0, 1], [2, 0]]),
    "columns": (slice(None), np.array([3, 0])),
    "pairs": (np.array([0, 2, 0]), np.array([1, 3, 1])),
    "outer": (np.array([[0], [2]]), np.array([1, 3])),
    "integer-and-array": (1, np.array([0, 0, 3])),
    "row-mask": np.array([True, False, True]),
    "mask": np.arange(12).reshape(3, 4) % 3 == 0,
    "empty-mask": np.zeros((3, 4), dtype=bool),
    "column-mask": (slice(None), np.array([True, False, False, True])),
}
keys = pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)


def as_arrays(ns, key):
    """Return an index with an Array in place of every NumPy array."""
    if isinstance(key, tuple):
        return tuple(as_arrays(ns, part) for part in key)
    return ns.asarray(key) if isinstance(key, np.ndarray) else key


@keys
def test_reading_by_index_is_numpys(ns, matrix, key):
    expected = numpy_matrix()[key]
    check(matrix[key], expected)
    check(matrix[as_arrays(ns, key)], expected)


@keys
def test_gradient_of_reading_by_index(backend, key):
    weights = np.arange(1.0, np.size(numpy_matrix()[key]) + 1).reshape(np.shape(numpy_matrix()[key]))
    expected = np.zeros((3, 4))
    np.add.at(expected, key, weights)
    result = multigrad.gradient(lambda x: xp.sum(x[key] * weights), backend=backend)(numpy_matrix())
    np.testing.assert_array_equal(multigrad.to_numpy(result), expected)


@keys
def test_assigning_a_number_by_index(ns, matrix, key):
    expected = numpy_matrix()
    expected[key] = -1.5
    other = matrix.copy()
    matrix[key] = -1.5
    other[as_arrays(ns, key)] = -1.5
    check(matrix, expected)
    check(other, expected)


@keys
def test_assigning_an_array_by_index_and_its_gradients(backend, ns, matrix, key):
    shape = np.shape(numpy_matrix()[key])
    # One value for all places: which of several values for the same place wins is left open by NumPy.
    values = np.full(shape, 7.0)
    expected = numpy_matrix()
    expected[key] = values
    matrix[key] = ns.asarray(values)
    check(matrix, expected)

    weights = np.arange(1.0, 13.0).reshape(3, 4)

    def f(x, scale):
        y = x * 1.0
        y[key] = scale * xp.asarray(values)
        return xp.sum(y * weights)

    in_x, in_scale = multigrad.gradient(f, argnums=(0, 1), backend=backend)(numpy_matrix(), 2.0)
    kept = np.ones((3, 4))
    kept[key] = 0.0
    np.testing.assert_array_equal(multigrad.to_numpy(in_x), weights * kept)
    np.testing.assert_allclose(multigrad.to_numpy(in_scale), 7.0 * np.sum(weights * (1 - kept)), rtol=1e-14)


@pytest.mark.parametrize("key", [3, -4, (0, 4), (slice(None), -5), np.int64(3), (0, 0, 0)], ids=str)
def test_an_index_out_of_range_is_an_index_error(matrix, key):
    with pytest.raises(IndexError):
        matrix[key]
    with pytest.raises(IndexError):
        matrix[key] = 0.0


def test_assigned_values_broadcast(ns, matrix):
    expected = numpy_matrix()
    expected[:, 1:3] = np.array([10.0, 20.0])
    matrix[:, 1:3] = ns.asarray([10.0, 20.0])
    check(matrix, expected)
    with pytest.raises(Exception, match=r"."):  # each framework words it in its own way
        matrix[0] = ns.ones(3)
    check(matrix, expected)


@pytest.mark.parametrize(
    ("dtype", "value", "stored"),
    [
        ("float32", np.float64(0.5), 0.5),
        ("float32", 3, 3.0),
        ("int64", 2.7, 2),
        ("int32", np.int64(4), 4),
        ("bool", 1, True),
        ("complex64", 2.0, 2 + 0j),
    ],
)
def test_assignment_keeps_the_dtype(ns, dtype, value, stored):
    x = ns.zeros(2, dtype=dtype)
    x[1] = value
    check(x, np.array([0, stored], dtype=dtype))


def test_in_place_operators_keep_dtype_and_shape(ns):
    x = ns.ones(2, dtype=ns.float32)
    x += ns.asarray([0.5, 1.5])
    check(x, np.array([1.5, 2.5], dtype=np.float32))
    n = ns.asarray([3, 5])
    n /= 2
    check(n, np.array([1, 2]))
    with pytest.raises(ValueError, match="in-place"):
        x += ns.ones((3, 2))
    check(x, np.array([1.5, 2.5], dtype=np.float32))


def test_assignment_is_seen_by_other_names_only(ns):
    given = np.array([1.0, 2.0, 3.0])
    x = ns.asarray(given)
    alias, view, transposed, duplicate, native = x, x[:2], ns.reshape(x, (3, 1)).T, x.copy(), x.native
    x[0] = 9.0
    x *= 2.0
    check(alias, np.array([18.0, 4.0, 6.0]))
    assert alias is x
    check(view, given[:2])
    check(transposed, given[None])
    check(duplicate, given)
    np.testing.assert_array_equal(multigrad.to_numpy(native), [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(given, [1.0, 2.0, 3.0])
    view[1] = -1.0
    check(alias, np.array([18.0, 4.0, 6.0]))


def test_assignment_to_an_argument_does_not_reach_the_caller(backend, ns):
    given = ns.asarray([1.0, 2.0])
    native = given.native
    numpy_array = np.array([1.0, 2.0])

    def f(x, data):
        x += 1.0
        x[0] = 2.0 * x[0]
        data[0] = 100.0
        return xp.sum(x * x) + 0.0 * data[0]

    gradient = multigrad.gradient(f)
    for argument in (given, native):
        for _ in range(2):  # every call gets fresh Arrays
            np.testing.assert_array_equal(multigrad.to_numpy(gradient(argument, argument)), [16.0, 6.0])
    check(given, numpy_array)
    assert given.native is native
    result = multigrad.gradient(f, backend=backend)(numpy_array, numpy_array)
    np.testing.assert_array_equal(multigrad.to_numpy(result), [16.0, 6.0])
    np.testing.assert_array_equal(numpy_array, [1.0, 2.0])


def test_gradient_of_an_array_built_by_assignment(backend):
    def f(x):
        out = xp.zeros(4)
        total = 0.0
        for i in range(3):
            out[i] = x[i] ** 2
            total = total + out[i]  # read before the next assignment
            out[i + 1] += out[i]
        return xp.sum(out) + total

    # With s_i = x_i², each out[i] ends as s_i and out[3] as s_2: f = 2 (s_0 + s_1 + s_2) + s_2.
    result = multigrad.gradient(f, backend=backend)(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(multigrad.to_numpy(result), [4.0, 8.0, 18.0])


def test_of_several_values_for_one_place_the_last_counts(backend, ns):
    x = ns.zeros(3)
    x[ns.asarray([0, 2, 0])] = ns.asarray([1.0, 2.0, 3.0])
    check(x, np.array([3.0, 0.0, 2.0]))

    def f(values):
        out = xp.zeros(3)
        out[xp.asarray([0, 2, 0])] = values
        return xp.sum(out**2)

    for function, expected in (
        (f, [0.0, 4.0, 6.0]),
        (lambda v: xp.sum(multigrad.gradient(f)(v) ** 2), [0.0, 16.0, 24.0]),
    ):
        result = multigrad.gradient(function, backend=backend)(np.array([1.0, 2.0, 3.0]))
        np.testing.assert_array_equal(multigrad.to_numpy(result), expected)


def test_gradient_through_masked_update(backend):
    def f(x):
        y = x * x
        y[x > 2.0] *= 10.0
        return xp.sum(y)

    result = multigrad.gradient(f, backend=backend)(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(multigrad.to_numpy(result), [2.0, 4.0, 60.0])
    curvature = multigrad.gradient(lambda x: xp.sum(multigrad.gradient(f)(x) ** 2), backend=backend)
    # Σ (2 c x)² with c = 1, 1, 10: derivative 8 c² x.
    np.testing.assert_array_equal(multigrad.to_numpy(curvature(np.array([1.0, 2.0, 3.0]))), [8.0, 16.0, 2400.0])


def test_values_used_before_an_assignment_keep_their_derivative(backend):
    def f(x):
        square = x * x
        x[0] = 5.0
        return xp.sum(square) + xp.sum(x)

    result = multigrad.gradient(f, backend=backend)(np.array([3.0, 4.0]))
    np.testing.assert_array_equal(multigrad.to_numpy(result), [6.0, 9.0])
