"""`apply_where`: one of two branches by a condition, and no NaN from the one that is not chosen."""

import dataclasses
import functools

import array_api_extra as xpx
import numpy as np
import pytest

import multigrad
from multigrad import apply_where, xp

X = np.asarray([4.0, 0.0, -1.0, 2.0])
C = np.asarray([1.0, 0.0, -2.0, 3.0])
POSITIVE = X > 0
# Reciprocals where x is positive, zero elsewhere; likewise of c.
PER_X = np.asarray([0.25, 0.0, 0.0, 0.5])
PER_C = np.asarray([1.0, 0.0, 0.0, 1 / 3])
LOGS = np.log(4.0) + np.log(2.0)

M = np.asarray([[1.0, 5.0, 2.0], [3.0, 0.5, 9.0]])
# The first element above its column's entry is below another's.
ROW = np.asarray([2.0, 1.0, 6.0])
COLUMN = np.asarray([[4.0], [2.0]])


def per(x):
    """Return reciprocals of positive elements, zero elsewhere."""
    return np.where(x > 0, 1 / np.where(x > 0, x, 1.0), 0.0)


@dataclasses.dataclass
class Scale:
    by: object

    def log(self, t):
        return xp.log(t * self.by)


GLOBAL = np.asarray([1.0, 0.0, -2.0, 3.0])


def log_of_product(t, c):
    return xp.log(t * c)


def by_default_value(x, c):
    def branch(t, factor=c):
        return xp.log(t * factor)

    return apply_where(x > 0, x, branch, fill_value=0.0)


def by_container(x, c):
    weights = {"c": [c]}
    return apply_where(x > 0, x, lambda t: xp.log(t * weights["c"][0]), fill_value=0.0)


def by_inner_function(x, c):
    def product(t):
        return t * c

    return apply_where(x > 0, x, lambda t: xp.log(product(t)), fill_value=0.0)


# Name: f, which is summed; its arguments; the gradient with respect to each.
GRADIENTS = {
    "infinite slope": (lambda x: apply_where(x > 0, x, xp.sqrt, fill_value=0.0), (X,), (np.sqrt(PER_X) / 2,)),
    "infinite slope chosen": (
        lambda x: apply_where(x >= 0, x, xp.sqrt, fill_value=0.0),
        (np.asarray([0.0, 4.0, -1.0]),),
        (np.asarray([np.inf, 0.25, 0.0]),),
    ),
    "two branches": (
        lambda x: apply_where(x > 0, x, xp.log, lambda t: xp.sqrt(-t + 0.25)),
        (X,),
        (np.asarray([0.25, -1.0, -0.5 / np.sqrt(1.25), 0.5]),),
    ),
    "fill value": (
        lambda x, fill: apply_where(x > 0, x, xp.log, fill_value=fill),
        (X, C),
        (PER_X, np.asarray([0.0, 1.0, 1.0, 0.0])),
    ),
    "several arguments": (
        lambda x, c: apply_where(x > 0, (x, c), log_of_product, fill_value=0.0),
        (X, C),
        (PER_X, PER_C),
    ),
    "broadcast arguments": (
        lambda x, row, column: apply_where(
            x > row, (x, row, column), lambda t, r, c: c * xp.log(t - r), fill_value=0.0
        ),
        (M, ROW, COLUMN),
        (per(M - ROW) * COLUMN, -np.sum(per(M - ROW) * COLUMN, axis=0), np.log([[4.0], [3.0]])),
    ),
    "scalar read": (
        lambda x, c: apply_where(x > c, x, lambda t: xp.log(t - c), fill_value=0.0),
        (X, 1.5),
        (per(X - 1.5), -2.4),
    ),
    "scalar read, nothing chosen": (
        lambda x, c: apply_where(x > c, x, lambda t: xp.log(t - c), fill_value=0.0),
        (X, 100.0),
        (np.zeros(4), 0.0),
    ),
    "scalar read by both": (
        lambda x, c: apply_where(x > c, x, lambda t: xp.log(t - c), lambda t: xp.sqrt(c - t)),
        (X, 1.5),
        (
            np.asarray([0.4, -0.5 / np.sqrt(1.5), -0.5 / np.sqrt(2.5), 2.0]),
            -2.4 + 0.5 / np.sqrt(1.5) + 0.5 / np.sqrt(2.5),
        ),
    ),
    "read": (
        lambda x, c: apply_where(x > 0, x, lambda t: xp.log(t * c), fill_value=0.0),
        (X, C),
        (PER_X, PER_C),
    ),
    "read twice": (
        lambda x, c, a: apply_where(x > 0, x, lambda t: a * t * xp.log(c), fill_value=0.0),
        (X, C, 2.0),
        (np.asarray([0.0, 0.0, 0.0, 2 * np.log(3.0)]), 2 * X * PER_C, 2 * np.log(3.0)),
    ),
    "argument read": (
        lambda x: apply_where(x > 0, x, lambda t: t * xp.log(x), fill_value=0.0),
        (X,),
        (np.asarray([np.log(4.0) + 1, 0.0, 0.0, np.log(2.0) + 1]),),
    ),
    "read in a container": (by_container, (X, C), (PER_X, PER_C)),
    "read as default value": (by_default_value, (X, C), (PER_X, PER_C)),
    "read by an inner function": (by_inner_function, (X, C), (PER_X, PER_C)),
    "read by a partial": (
        lambda x, c: apply_where(x > 0, x, functools.partial(log_of_product, c=c), fill_value=0.0),
        (X, C),
        (PER_X, PER_C),
    ),
    "read by a method": (
        lambda x, c: apply_where(x > 0, x, Scale(c).log, fill_value=0.0),
        (X, C),
        (PER_X, PER_C),
    ),
    "constant read as a global": (
        lambda x, a: apply_where(x > 0, x, lambda t: xp.log(t * xp.asarray(GLOBAL) * a), fill_value=0.0),
        (X, 2.0),
        (PER_X, 1.0),
    ),
    "row read": (
        lambda x, row: apply_where(x > row, x, lambda t: xp.log(t - row), lambda t: t),
        (M, ROW),
        (np.where(M > ROW, per(M - ROW), 1.0), -np.sum(per(M - ROW), axis=0)),
    ),
    "row and scalar read, a column not chosen": (
        lambda x, row, a: apply_where(x > row, x, lambda t: xp.log(a * (t - row)), fill_value=0.0),
        (M, np.asarray([10.0, 1.0, 6.0]), 2.0),
        (per(M - np.asarray([10.0, 1.0, 6.0])), np.asarray([0.0, -1 / 4, -1 / 3]), 1.0),
    ),
    "column read": (
        lambda x, column: apply_where(x > column, x, lambda t: xp.log(t - column), fill_value=0.0),
        (M, COLUMN),
        (per(M - COLUMN), -np.sum(per(M - COLUMN), axis=1, keepdims=True)),
    ),
    "row with an entry that nothing uses": (
        lambda x, row: apply_where((x > 2.5) & (x < 8), x, lambda t: xp.log(t * row), fill_value=0.0),
        (M, np.asarray([1.0, 2.0, 0.0])),
        (np.where((M > 2.5) & (M < 8), 1 / M, 0.0), np.asarray([1.0, 0.5, 0.0])),
    ),
    "sum read": (
        # All equal: that a sum changes with the elements not chosen must not depend on their values.
        lambda x, c: apply_where(x > 0, x, lambda t: xp.log(t) * xp.sum(c), fill_value=0.0),
        (X, np.ones(4)),
        (4 * PER_X, np.full(4, LOGS)),
    ),
    "sum and elements read": (
        lambda x, c, w: apply_where(x > 0, x, lambda t: xp.log(t * c) * xp.sum(w), fill_value=0.0),
        (X, C, np.ones(4)),
        (4 * PER_X, 4 * PER_C, np.full(4, LOGS + np.log(3.0))),
    ),
    "matrix read": (
        lambda x, w: apply_where(x > 0, x, lambda t: t * xp.sum(w, axis=1)[0], fill_value=0.0),
        (X, np.ones((4, 4))),
        (np.where(POSITIVE, 4.0, 0.0), 6.0 * np.eye(4)[:, :1] * np.ones(4)),
    ),
}


class Total:
    """The sum of what a function returns."""

    def __init__(self, f):
        self.f = f

    def __call__(self, *args):
        return xp.sum(self.f(*args))


def check_gradient(name, **options):
    f, args, expected = GRADIENTS[name]
    found = multigrad.gradient(Total(f), tuple(range(len(args))), **options)(*args)
    for array, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(multigrad.to_numpy(array), right, rtol=1e-12)


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(backend, arrays, name):
    check_gradient(name, backend=backend, arrays=arrays)


# Compiling takes seconds; these have every kind of replacement.
@pytest.mark.parametrize(
    "name", ["two branches", "read", "row read", "sum and elements read", "scalar read, nothing chosen"]
)
def test_compiled_gradient(backend, name):
    check_gradient(name, backend=backend, compile=True)


def squared_log(x, c):
    """Return a function with curvature in both arguments, and mixed; c is read, and zero where it is not chosen."""
    return xp.sum(apply_where(x > 0, x, lambda t: xp.log(t * c) ** 2, lambda t: t**3))


def derivatives_of_squared_log():
    chosen, logs = POSITIVE, np.log(np.where(POSITIVE, X * C, 1.0))
    first = 2 * logs * PER_X + np.where(chosen, 0.0, 3 * X**2), 2 * logs * PER_C
    curvature = 2 * (1 - logs) * PER_X**2 + np.where(chosen, 0.0, 6 * X)
    return first, (np.diag(curvature), np.diag(2 * PER_X * PER_C), np.diag(2 * (1 - logs) * PER_C**2))


def test_second_order(backend, arrays):
    _, (xx, xc, cc) = derivatives_of_squared_log()
    options = {"backend": backend, "arrays": arrays}
    rows = multigrad.hessian(squared_log, (0, 1), **options)(X, C)
    for found, right in zip((rows[0][0], rows[0][1], rows[1][0], rows[1][1]), (xx, xc, xc, cc), strict=True):
        np.testing.assert_allclose(multigrad.to_numpy(found), right, rtol=1e-12, atol=1e-14)
    v, w = np.asarray([1.0, 2.0, 3.0, 4.0]), np.asarray([-1.0, 0.5, 2.0, 1.0])
    product = multigrad.hvp(squared_log, (X, C), (v, w), **options)
    for found, right in zip(product, (xx @ v + xc @ w, xc @ v + cc @ w), strict=True):
        np.testing.assert_allclose(multigrad.to_numpy(found), right, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("compile", [False, True], ids=["eager", "compiled"])
def test_gradient_of_gradient(backend, compile):
    _, (xx, xc, _) = derivatives_of_squared_log()

    def total(x, c):
        return xp.sum(multigrad.gradient(squared_log)(x, c))

    found = multigrad.gradient(total, (0, 1), backend=backend, compile=compile)(X, C)
    for array, right in zip(found, (xx @ np.ones(4), xc @ np.ones(4)), strict=True):
        np.testing.assert_allclose(multigrad.to_numpy(array), right, rtol=1e-12, atol=1e-14)


def test_jvp(backend, arrays):
    (by_x, by_c), _ = derivatives_of_squared_log()
    v, w = np.asarray([1.0, 2.0, 3.0, 4.0]), np.asarray([-1.0, 0.5, 2.0, 1.0])
    _, tangent = multigrad.jvp(squared_log, (X, C), (v, w), backend=backend, arrays=arrays)
    np.testing.assert_allclose(multigrad.to_numpy(tangent), by_x @ v + by_c @ w, rtol=1e-12)


BATCH = np.stack([X, -X, -np.abs(X)])  # in the last, nothing is chosen
FACTORS = np.stack([C, np.asarray([0.0, 1.0, 2.0, 0.0]), C])
BATCH_PER_X = np.where(BATCH > 0, 1 / np.where(BATCH > 0, BATCH, 1.0), 0.0)
BATCH_PER_C = np.asarray([PER_C, [0.0, 0.0, 0.5, 0.0], np.zeros(4)])


def log_where_positive(x, c):
    return apply_where(x > 0, x, lambda t: xp.log(t * c), fill_value=0.0)


def test_vmap(backend):
    x, c = (multigrad.asarray(array, backend=backend) for array in (BATCH, FACTORS))
    found = multigrad.vmap(log_where_positive)(x, c)
    product = BATCH * FACTORS
    right = np.where(BATCH > 0, np.log(np.where(BATCH > 0, product, 1.0)), 0.0)
    np.testing.assert_allclose(multigrad.to_numpy(found), right, rtol=1e-12)


def test_gradient_of_vmap_and_vmap_of_gradient(backend, arrays):
    def total(x, c):
        return xp.sum(multigrad.vmap(log_where_positive)(x, c))

    outer = multigrad.gradient(total, (0, 1), backend=backend, arrays=arrays)(BATCH, FACTORS)
    one = multigrad.gradient(lambda x, c: xp.sum(log_where_positive(x, c)), (0, 1), arrays=arrays)
    inner = multigrad.vmap(one)(*(multigrad.asarray(array, backend=backend) for array in (BATCH, FACTORS)))
    for found in (outer, inner):
        np.testing.assert_allclose(multigrad.to_numpy(found[0]), BATCH_PER_X, rtol=1e-12)
        np.testing.assert_allclose(multigrad.to_numpy(found[1]), BATCH_PER_C, rtol=1e-12)


def namespaces(backend):
    """Return the conversion to an `Array` and the one to a native array."""
    return getattr(multigrad.array_api, backend).asarray, functools.partial(multigrad.asarray, backend=backend)


INTEGERS = np.asarray([3, -2, 0], dtype=np.int64)
SINGLE = np.asarray([3.0, -2.0, 0.5], dtype=np.float32)
FLAGS = np.asarray([True, False, True])
VALUES = {
    "function": ((X > 0, X, np.exp, lambda t: t - 1.0), {}),
    "number": ((X > 0, (X,), np.exp), {"fill_value": -1.0}),
    "array": ((X > 0, (X,), np.exp), {"fill_value": C}),
    "broadcast condition": ((COLUMN > 3, (M, ROW), lambda t, r: t * r), {"fill_value": 0.5}),
    "broadcast fill value": ((ROW > 1, ROW, lambda t: t + 1.0), {"fill_value": COLUMN}),
    "number among arguments": ((X > 0, (X, 3.0), lambda t, n: t * n), {"fill_value": 0.0}),
    "0-d": ((np.asarray(True), np.asarray(2.0), lambda t: t + 1.0), {"fill_value": 0.0}),
    "0-d, not chosen": ((np.asarray(False), np.asarray(2.0), lambda t: t + 1.0), {"fill_value": 0.0}),
    "empty": ((np.zeros((0, 3)) > 0, np.zeros((0, 3)), lambda t: t + 1.0, lambda t: t), {}),
    "integers": ((INTEGERS > 0, INTEGERS, lambda t: t + 1), {"fill_value": 7}),
    "integers and floating fill value": ((INTEGERS > 0, INTEGERS, lambda t: t + 1), {"fill_value": 0.5}),
    "single and integer fill value": ((SINGLE > 0, SINGLE, lambda t: t * 2), {"fill_value": 7}),
    "single and double": ((SINGLE > 0, SINGLE, lambda t: t * 2), {"fill_value": X[:3]}),
    "bool": ((FLAGS, FLAGS, lambda t: ~t), {"fill_value": True}),
    "complex": ((X > 0, X + 1j, lambda t: t * 2j), {"fill_value": 0.0}),
    "no element": ((X > 100, X, lambda t: t + 1.0, lambda t: -t), {}),
}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("form", [0, 1], ids=["Array", "native"])
def test_values_and_dtypes(backend, form, name):
    (condition, args, f1, *f2), options = VALUES[name]
    arguments = args if isinstance(args, tuple) else (args,)
    arrays = tuple(np.asarray(x) for x in arguments)
    other = f2[0](*arrays) if f2 else options["fill_value"]
    expected = np.where(condition, f1(*arrays), other)
    if np.exp is f1:
        f1 = xp.exp
    convert = namespaces(backend)[form]

    def converted(x):
        return convert(x) if isinstance(x, np.ndarray) else x

    with multigrad.use_backend(backend, dtype="float64"):
        given = tuple(map(converted, args)) if isinstance(args, tuple) else converted(args)
        options = {key: converted(value) for key, value in options.items()}
        found = apply_where(converted(condition), given, f1, *f2, **options)
        assert isinstance(found, multigrad.Array) is (form == 0)
        found = multigrad.to_numpy(found)
    assert (found.shape, str(found.dtype)) == (expected.shape, str(expected.dtype))
    np.testing.assert_allclose(found, expected, rtol=1e-12 if found.dtype.itemsize > 4 else 1e-6)


def test_plain_numpy_arrays_as_in_array_api_extra():
    found = apply_where(X > 0, (X, C), lambda t, c: t * c, lambda t, c: t - c)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, xpx.apply_where(X > 0, (X, C), lambda t, c: t * c, lambda t, c: t - c))


def test_branches_meet_only_points_that_they_are_chosen_for(backend):
    of_first, of_second = [], []

    def first(t, c):
        of_first.append((t, c))
        return t

    def second(t, c):
        of_second.append((t, c))
        return c

    with multigrad.use_backend(backend, dtype="float64"):
        x, c = (multigrad.asarray(array) for array in (X, C))
        apply_where(x > 0, (x, c), first, second)
    points = set(zip(X.tolist(), C.tolist(), strict=True))
    for met, chosen in ((of_first, lambda t: t > 0), (of_second, lambda t: t <= 0)):
        assert len(met) == 1
        pairs = zip(*(multigrad.to_numpy(array).tolist() for array in met[0]), strict=True)
        assert set(pairs) == {(t, c) for t, c in points if chosen(t)}


def test_a_branch_that_refuses_nan_is_not_taken_apart(backend):
    def f(x, c):
        def branch(t):
            if bool(xp.any(xp.isnan(multigrad.stop_gradient(c)))):
                raise ValueError("NaN")
            return t * xp.max(c)

        return xp.sum(apply_where(x > 0, x, branch, fill_value=0.0))

    gradient = multigrad.gradient(f, (0, 1), backend=backend)(X, C)
    np.testing.assert_allclose(multigrad.to_numpy(gradient[0]), np.where(POSITIVE, 3.0, 0.0))
    np.testing.assert_allclose(multigrad.to_numpy(gradient[1]), [0.0, 0.0, 0.0, 6.0])


def test_functions_that_it_takes_apart_stay_as_they_are():
    counts = []

    def branch(t, scale=C):
        counts.append(1)
        return xp.log(t * scale)

    cell = branch.__closure__[0]
    apply_where(X > 0, X, branch, fill_value=0.0)
    assert branch.__defaults__[0] is C
    assert branch.__closure__[0] is cell
    assert cell.cell_contents is counts
    assert len(counts) == 3
    np.testing.assert_array_equal(C, [1.0, 0.0, -2.0, 3.0])


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        ((X > 0, X, np.exp), {}, "exactly one of f2 and fill_value, got neither"),
        ((X > 0, X, np.exp, np.exp), {"fill_value": 1.0}, "exactly one of f2 and fill_value, got both"),
        ((X, X, np.exp), {"fill_value": 1.0}, "condition of dtype bool, got float64"),
        ((X > 0, X, X), {"fill_value": 1.0}, "f1 to be a function, got ndarray"),
        ((X > 0, X, np.exp, 1.0), {}, "f2 to be a function, got float"),
    ],
)
def test_errors(args, options, message):
    with pytest.raises(TypeError, match=message):
        apply_where(*args, **options)
