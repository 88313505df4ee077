"""Forms: `Array` for who gave an `Array`, the framework's own array for everybody else; mixing them inside f."""

import numpy as np
import pytest

import multigrad
from multigrad import Array, xp


def own(backend, values, dtype=None):
    """Return the framework's own array."""
    return multigrad.asarray(values, backend=backend, dtype=dtype)


def wrapped(backend, values):
    """Return an `Array`."""
    return multigrad.array_namespace(own(backend, values)).asarray(own(backend, values))


def is_own(x, backend):
    kind = {"numpy": "ndarray", "torch": "Tensor", "jax": "ArrayImpl", "tensorflow": "EagerTensor"}[backend]
    return type(x).__name__ == kind and not isinstance(x, Array)


def is_array(x, backend):
    return isinstance(x, Array) and x.backend == backend and is_own(x.native, backend)


def numbers(x):
    return multigrad.to_numpy(x).tolist()


@pytest.mark.parametrize("given", [2.0, 2, np.float64(2.0), np.asarray(2.0), [2.0]], ids=repr)
def test_numbers_and_numpy_arrays_give_the_frameworks_own(given, backend, arrays):
    def f(x):
        return (x[0] if isinstance(x, list) else x) ** 2

    value, slope = multigrad.value_and_gradient(f, backend=backend, arrays=arrays)(given)
    slope = slope[0] if isinstance(given, list) else slope
    assert is_own(value, backend)
    assert is_own(slope, backend)
    assert (tuple(value.shape), tuple(slope.shape)) == ((), ())
    assert (numbers(value), numbers(slope)) == (4.0, 4.0)


def test_own_arrays_give_own_arrays_without_saying_the_backend(backend, arrays):
    value, slope = multigrad.value_and_gradient(lambda x: xp.sum(x**2), arrays=arrays)(own(backend, [1.0, 2.0]))
    assert is_own(value, backend)
    assert is_own(slope, backend)
    assert numbers(slope) == [2.0, 4.0]


def test_arrays_give_arrays(backend, arrays):
    value, slope = multigrad.value_and_gradient(lambda x: xp.sum(x**2), arrays=arrays)(wrapped(backend, [1.0, 2.0]))
    assert is_array(value, backend)
    assert is_array(slope, backend)
    assert numbers(slope) == [2.0, 4.0]


def test_each_result_has_the_form_of_its_argument(backend):
    given = {"a": wrapped(backend, 2.0), "b": own(backend, 3.0), "c": 4.0}
    found = multigrad.gradient(lambda p: p["a"] * p["b"] * p["c"])(given)
    assert is_array(found["a"], backend)
    assert is_own(found["b"], backend)
    assert is_own(found["c"], backend)
    assert [numbers(x) for x in found.values()] == [12.0, 8.0, 6.0]


def test_vjp_follows_its_primals(backend):
    value, pullback = multigrad.vjp(lambda x, y: x * y, wrapped(backend, 2.0), own(backend, 3.0))
    in_x, in_y = pullback(1.0)
    assert is_array(value, backend)
    assert is_array(in_x, backend)
    assert is_own(in_y, backend)


def test_f_sees_arrays(backend):
    seen = []

    def f(x, y, n):
        seen.extend([x, y["y"], n])
        return xp.sum(x * y["y"])

    multigrad.gradient(f, backend=backend)(np.ones(2), {"y": own(backend, [1.0, 2.0])}, np.arange(2))
    assert [(isinstance(x, Array), x.backend) for x in seen] == [(True, backend)] * 3


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_native_mode_shows_the_frameworks_own(backend):
    seen = []

    def f(x, y):
        seen.extend([x, y])
        z = xp.sum(xp.asarray(x) * y + xp.ones(2))
        seen.append(z)
        return z

    multigrad.gradient(f, backend=backend, arrays="native")(np.ones(2), np.ones(2))
    assert not any(isinstance(x, Array) for x in seen)
    assert all(multigrad.get_backend(backend).is_array(x) for x in seen)


def test_results_inside_f_are_arrays(backend):
    def f(x):
        value, slope = multigrad.value_and_gradient(lambda y: y**2)(3.0)
        other, pullback = multigrad.vjp(lambda y: y**2, np.asarray(3.0))
        made = multigrad.asarray([1.0]), xp.zeros(1), xp.asarray(np.ones(1))
        assert all(isinstance(y, Array) and y.backend == backend for y in (value, slope, other, *pullback(1.0), *made))
        return x * slope

    assert numbers(multigrad.gradient(f, backend=backend)(2.0)) == 6.0


def test_results_inside_f_in_native_mode_are_own(backend):
    def f(x):
        made = multigrad.asarray([1.0]), xp.zeros(1), multigrad.gradient(lambda y: y**2)(3.0)
        assert all(is_own(y, backend) for y in made)
        return x * made[-1]

    assert numbers(multigrad.gradient(f, backend=backend, arrays="native")(2.0)) == 6.0


def test_creation_at_top_level_is_own_and_array_api_gives_arrays(backend):
    with multigrad.use_backend(backend):
        assert is_own(xp.zeros(2), backend)
        assert is_own(multigrad.asarray([1.0]), backend)
    assert is_array(getattr(multigrad.array_api, backend).zeros(2), backend)


def test_namespace_functions_keep_the_form(backend):
    x, y = own(backend, [1.0, 4.0]), wrapped(backend, [1.0, 4.0])
    assert is_own(xp.sqrt(x), backend)
    assert is_array(xp.sqrt(y), backend)
    assert is_array(xp.add(x, y), backend)
    assert is_array(xp.add(y, x), backend)
    assert is_array(xp.stack([x, y]), backend)


OPERATIONS = {
    "add": (lambda a, b: a + b, 1.0, 1.0),
    "subtract": (lambda a, b: a - b, 1.0, -1.0),
    "multiply": (lambda a, b: a * b, 7.0, 7.0),
    "divide": (lambda a, b: a / b, 1 / 7, -7.0 / 4),
    "power": (lambda a, b: a**b, 7 * 2.0**6, 49 * np.log(7.0)),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("other", ["own", "array", "numpy", "numpy-scalar", "numpy-array", "number"])
def test_mixing_with_other_forms(operation, other, backend):
    apply, on_left, on_right = OPERATIONS[operation]
    value = {
        "own": lambda: own(backend, 7.0),
        "array": lambda: wrapped(backend, 7.0),
        "numpy": lambda: np.asarray(7.0),
        "numpy-scalar": lambda: np.float64(7.0),
        "numpy-array": lambda: wrapped("numpy", 7.0),
        "number": lambda: 7.0,
    }[other]()
    left = multigrad.gradient(lambda x: apply(x, value), backend=backend)(2.0)
    right = multigrad.gradient(lambda x: apply(value, x), backend=backend)(2.0)
    np.testing.assert_allclose([numbers(left), numbers(right)], [on_left, on_right], rtol=1e-14)


@pytest.mark.parametrize("kind", ["numpy", "numpy-scalar", "number", "array"])
def test_the_result_of_mixing_is_an_array(kind, backend):
    value = {
        "numpy": np.ones(2),
        "numpy-scalar": np.float64(1.0),
        "number": 1,
        "array": wrapped("numpy", [1.0, 1.0]),
    }[kind]

    def f(x):
        results = [x + value, value + x, value * x, x < value, value < x]
        if kind in ("numpy", "array"):
            results += [x @ value, value @ x]
        assert all(isinstance(result, Array) and result.backend == backend for result in results)
        return xp.sum(x)

    multigrad.gradient(f, backend=backend)(np.ones(2))


def test_f_may_return_either_form(backend):
    x = np.ones(2)
    assert numbers(multigrad.gradient(lambda x: xp.sum(x).native, backend=backend)(x)) == [1.0, 1.0]
    value, pullback = multigrad.vjp(lambda x: (x * 2, (x * 3).native), x, backend=backend)
    assert [is_own(part, backend) for part in value] == [True, True]
    assert numbers(pullback((np.ones(2), np.ones(2)))[0]) == [5.0, 5.0]


@pytest.mark.backends("torch")
def test_raw_tensors_on_the_left_give_arrays(backend):
    raw = own(backend, [1.0, 2.0])

    def f(x):
        assert isinstance(raw * x, Array)
        return xp.sum(raw * x)

    assert numbers(multigrad.gradient(f)(own(backend, 3.0))) == 3.0


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_numpy_arrays_are_moved_to_the_arrays_framework(backend):
    found = multigrad.gradient(lambda x, y: xp.sum(x * y), (0, 1))(np.ones(2), own(backend, [1.0, 2.0]))
    assert [is_own(g, backend) for g in found] == [True, True]
    assert [numbers(g) for g in found] == [[1.0, 2.0], [1.0, 1.0]]


def test_an_array_of_numpy_is_moved_to_the_backend(backend):
    found = multigrad.gradient(lambda x: xp.sum(x**2), backend=backend)(wrapped("numpy", [1.0, 2.0]))
    assert is_array(found, backend)
    assert numbers(found) == [2.0, 4.0]


def test_integer_arrays_are_data(backend, arrays):
    def f(x, index):
        return xp.sum(xp.take(x, index) ** 2)

    found = multigrad.gradient(f, backend=backend, arrays=arrays)(np.asarray([1.0, 2.0, 3.0]), np.asarray([0, 2, 2]))
    assert numbers(found) == [2.0, 0.0, 12.0]
    with pytest.raises(multigrad.InputError, match="got index of dtype int64"):
        multigrad.gradient(f, 1, backend=backend, arrays=arrays)(np.ones(3), np.asarray([0]))


def test_dtype_and_device_options(backend, arrays):
    slope = multigrad.gradient(lambda x: xp.sum(x**2), backend=backend, dtype="float32", device="cpu", arrays=arrays)
    found = slope(np.asarray([1.0, 2.0]))
    assert is_own(found, backend)
    assert (multigrad.to_numpy(found).dtype.name, numbers(found)) == ("float32", [2.0, 4.0])
    assert multigrad.get_backend(backend).device(found) == "cpu"


def test_use_backend_chooses_backend_and_dtype(backend):
    slope = multigrad.gradient(lambda x: xp.sum(x**2))
    with multigrad.use_backend(backend, dtype="float32"):
        found = [slope(3.0), slope(np.ones(2)), slope(own(backend, [1.0], "float64"))]
        found += [xp.ones(1), multigrad.asarray([1.0])]
        wide = multigrad.gradient(lambda x: xp.sum(x**2), dtype="float64")(3.0)
    assert all(is_own(x, backend) for x in (*found, wide))
    assert [multigrad.to_numpy(x).dtype.name for x in found] == ["float32"] * 5
    assert multigrad.to_numpy(wide).dtype.name == "float64"
    assert multigrad.infer_backend(1.0).name == "numpy"


def test_the_frameworks_own_arrays_win_over_use_backend(backend):
    with multigrad.use_backend("numpy"):
        assert is_own(multigrad.gradient(xp.sum)(own(backend, [1.0])), backend)


def test_an_explicit_backend_wins_over_use_backend(backend):
    with multigrad.use_backend("numpy"):
        assert is_own(multigrad.gradient(lambda x: x**2, backend=backend)(2.0), backend)
    with multigrad.use_backend(backend):
        assert is_own(multigrad.gradient(lambda x: x**2, backend="numpy")(2.0), "numpy")
