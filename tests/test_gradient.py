"""gradient and value_and_gradient: which arguments, which structure, and that calls are independent."""

import functools
import inspect

import numpy as np
import pytest

import multigrad
from multigrad import xp


def close(found, expected, rtol=1e-12):
    """Assert that two trees of tuples, dicts and arrays have the same structure and numbers."""
    if isinstance(expected, tuple | dict):
        assert type(found) is type(expected)
    if isinstance(expected, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            close(one, other, rtol)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            close(found[key], expected[key], rtol)
    else:
        found = multigrad.to_numpy(found)
        assert isinstance(found, np.ndarray)
        assert found.shape == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-14)


def cubic(x, y, z=2.0):
    """Compute x·y²·z³."""
    return x * y**2 * z**3


# At (2, 3, 5): value 2250; derivatives 1125, 1500, 1350.
D = (1125.0, 1500.0, 1350.0)


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (None, D[0]),
        (0, D[0]),
        (2, D[2]),
        (-1, D[2]),
        (-3, D[0]),
        ((1,), (D[1],)),
        ((0, 2), (D[0], D[2])),
        ((2, 0), (D[2], D[0])),
        ((-1, 1), (D[2], D[1])),
        ([0, 1], (D[0], D[1])),
    ],
    ids=str,
)
def test_argnums(argnums, expected, backend):
    close(multigrad.gradient(cubic, argnums, backend=backend)(2.0, 3.0, 5.0), expected)


@pytest.mark.parametrize(
    ("argnames", "expected"),
    [
        ("x", D[0]),
        ("z", D[2]),
        (("y",), {"y": D[1]}),
        (("z", "x"), {"z": D[2], "x": D[0]}),
        (["x", "y"], {"x": D[0], "y": D[1]}),
    ],
    ids=str,
)
@pytest.mark.parametrize("by_keyword", [False, True], ids=["positional", "keyword"])
def test_argnames(argnames, expected, by_keyword, backend):
    slope = multigrad.gradient(cubic, argnames=argnames, backend=backend)
    close(slope(z=5.0, x=2.0, y=3.0) if by_keyword else slope(2.0, 3.0, 5.0), expected)


@pytest.mark.parametrize(
    ("argnums", "argnames", "expected"),
    [
        (0, "z", (D[0], D[2])),
        (0, ("y", "z"), (D[0], {"y": D[1], "z": D[2]})),
        ((0, 1), "z", ((D[0], D[1]), D[2])),
        ((1,), ("x",), ((D[1],), {"x": D[0]})),
    ],
    ids=str,
)
def test_argnums_and_argnames_give_a_pair(argnums, argnames, expected, backend):
    close(multigrad.gradient(cubic, argnums, argnames=argnames, backend=backend)(2.0, 3.0, z=5.0), expected)


def test_argnums_find_arguments_given_by_keyword(backend):
    slope = functools.partial(multigrad.gradient, cubic, backend=backend)
    close(slope()(x=2.0, y=3.0, z=5.0), D[0])
    close(slope((0, 1))(2.0, z=5.0, y=3.0), (D[0], D[1]))
    close(slope(-1)(2.0, y=3.0, z=5.0), D[2])


def test_defaults_can_be_differentiated(backend):
    # At (2, 3) with z = 2: value 144, dz = 3·2·9·4 = 216.
    close(multigrad.gradient(cubic, argnums=2, backend=backend)(2.0, 3.0), 216.0)
    close(multigrad.gradient(cubic, argnames=("z", "x"), backend=backend)(2.0, 3.0), {"z": 216.0, "x": 72.0})


def test_keyword_only_and_variadic_parameters(backend):
    def f(x, /, *rest, scale=3.0, **options):
        return x * rest[0] * rest[-1] * scale * options.get("k", 1.0)

    slope = functools.partial(multigrad.gradient, f, backend=backend)
    close(slope(argnums=(0, 2))(2.0, 3.0, 5.0), (45.0, 18.0))
    close(slope(argnums=-1)(2.0, 3.0, 5.0), 18.0)
    close(slope(argnames="scale")(2.0, 3.0, 5.0), 30.0)
    close(slope(argnames=("k", "scale"))(2.0, 3.0, 5.0, k=7.0), {"k": 90.0, "scale": 210.0})


def test_has_aux(backend):
    def f(x):
        y = x**2
        return y * x, {"square": y, "name": "cubed", "steps": 3}

    gradient, aux = multigrad.gradient(f, has_aux=True, backend=backend)(2.0)
    close(gradient, 12.0)
    close(aux.pop("square"), 4.0)
    assert aux == {"name": "cubed", "steps": 3}
    (value, aux), gradient = multigrad.value_and_gradient(f, has_aux=True, backend=backend)(2.0)
    close((value, aux["square"], gradient), (8.0, 4.0, 12.0))


def test_aux_without_dependence_on_x(backend):
    gradient, aux = multigrad.gradient(lambda x: (x**2, None), has_aux=True, backend=backend)(3.0)
    close(gradient, 6.0)
    assert aux is None
    _, aux = multigrad.gradient(lambda x: (x**2, np.arange(3)), has_aux=True, backend=backend)(3.0)
    assert multigrad.to_numpy(aux).tolist() == [0, 1, 2]
    assert multigrad.get_backend(backend).is_array(aux)


def test_value_and_gradient(backend):
    close(multigrad.value_and_gradient(cubic, (0, 1, 2), backend=backend)(2.0, 3.0, 5.0), (2250.0, D))


def test_aliases():
    assert multigrad.grad is multigrad.gradient
    assert multigrad.value_and_grad is multigrad.value_and_gradient


@pytest.mark.parametrize("operator", [multigrad.gradient, multigrad.value_and_gradient])
def test_name_docstring_and_signature_are_kept(operator):
    slope = operator(cubic)
    assert (slope.__name__, slope.__doc__, slope.__module__) == ("cubic", cubic.__doc__, cubic.__module__)
    assert inspect.signature(slope) == inspect.signature(cubic)
    assert inspect.signature(operator(slope)) == inspect.signature(cubic)


class Line:
    """A callable object with a method."""

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, x, y=1.0):
        return self.slope * x**2 * y

    def cube(self, x):
        return self.slope * x**3

    @staticmethod
    def square(x):
        return x**2

    @classmethod
    def double(cls, x):
        return 2 * x


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (Line(3.0), 12.0),
        (Line(3.0).cube, 36.0),
        (Line.square, 4.0),
        (Line.double, 2.0),
        (functools.partial(cubic, y=3.0, z=5.0), D[0]),
        (functools.partial(lambda y, x: x**3 * y, 5.0), 60.0),
    ],
    ids=["object", "method", "staticmethod", "classmethod", "partial-keyword", "partial-positional"],
)
def test_callables_that_are_no_plain_functions(f, expected, backend):
    close(multigrad.gradient(f, backend=backend)(2.0), expected)


def test_partials_and_objects_bind_their_arguments(backend):
    close(multigrad.gradient(Line(3.0), argnames="y", backend=backend)(2.0), 12.0)
    close(multigrad.gradient(functools.partial(cubic, 2.0), (0, 1), backend=backend)(3.0, 5.0), (D[1], D[2]))
    close(multigrad.gradient(functools.partial(cubic, y=3.0), argnames="y", backend=backend)(2.0), 96.0)


def test_calls_are_independent(backend, arrays):
    slope = multigrad.gradient(lambda x: xp.sum(x**2), backend=backend, arrays=arrays)
    x = np.asarray([1.0, 2.0, 3.0])
    for _ in range(4):
        close(slope(x), [2.0, 4.0, 6.0])
    close(slope(-x), [-2.0, -4.0, -6.0])
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_unused_arguments_have_zeros(backend, arrays):
    f = multigrad.gradient(lambda x, y: x**2, (0, 1), backend=backend, arrays=arrays)
    close(f(3.0, np.ones((2, 3))), (6.0, np.zeros((2, 3))))


@pytest.mark.parametrize("constant", [2.0, 1, True, np.float64(2.0), np.asarray(2)], ids=repr)
def test_constant_functions_have_zeros(constant, backend, arrays):
    found = multigrad.value_and_gradient(lambda x: constant, backend=backend, arrays=arrays)(np.ones(3))
    close(found, (float(constant), np.zeros(3)))


def test_the_same_object_twice_has_two_partials(backend, arrays):
    x = multigrad.asarray(3.0, backend=backend)
    slope = multigrad.gradient(lambda x, y: x**2 * y, (0, 1), arrays=arrays)
    close(slope(x, x), (18.0, 9.0))
    close(multigrad.gradient(lambda p: p["a"] * p["b"] ** 2, arrays=arrays)({"a": x, "b": x}), {"a": 9.0, "b": 18.0})


def test_arguments_that_are_not_chosen_are_constants(backend):
    x = multigrad.asarray([1.0, 2.0], backend=backend)
    close(multigrad.gradient(lambda x, y: xp.sum(x * y**2), 1)(x, x), [2.0, 8.0])


def test_three_variables_in_a_lambda(backend, arrays):
    f = lambda x, y, z: x**2 + y**2 + z**2 + 2 * x * y * z  # noqa: E731 - as people type it
    slope = multigrad.value_and_gradient(f, argnums=(0, 1, 2), backend=backend, arrays=arrays)
    close(slope(1.0, 2.0, 3.0), (26.0, (14.0, 10.0, 10.0)))
    close(slope(2, 3, 4), (77.0, (28.0, 22.0, 20.0)))


def test_mean_squared_error_with_methods(backend):
    f = lambda w, b, x, y: ((w * x + b - y) ** 2).mean()  # noqa: E731
    x, y = np.asarray([1.0, 2.0, 3.0]), np.asarray([2.0, 4.0, 6.0])
    found = multigrad.value_and_gradient(f, (0, 1), backend=backend)(0.5, 0.1, x, y)
    close(found, (9.91, (-13.6, -5.8)))


def test_numpy_integers_select_arguments(backend):
    result = multigrad.gradient(lambda x, y: x * y, argnums=np.int64(1), backend=backend)(2.0, 3.0)
    assert float(multigrad.to_numpy(result)) == 2.0


@pytest.mark.parametrize("given", ["numbers", "arrays"])
def test_a_numpy_integer_chooses_one_argument(backend, given):
    x = 3.0 if given == "numbers" else multigrad.asarray(3.0, backend=backend)
    found = multigrad.gradient(lambda x, y: x * y**2, argnums=np.int64(1), backend=backend)(x, x)
    close(found, np.asarray(18.0))
    value, found = multigrad.value_and_gradient(lambda x, y: x * y**2, argnums=np.int64(0), backend=backend)(x, x)
    close((value, found), (np.asarray(27.0), np.asarray(9.0)))
