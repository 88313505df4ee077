"""vjp: structures of value and cotangent, pullbacks called again, what a cotangent may be and what it may not."""

import dataclasses
import re
from collections import namedtuple

import numpy as np
import pytest

import multigrad
from multigrad import xp

Pair = namedtuple("Pair", "first second")


@dataclasses.dataclass
class State:
    position: object
    label: object = None


def plain(tree):
    return multigrad.to_numpy(tree)


def test_value_and_one_entry_per_primal(backend, arrays, dtype, rtol):
    x, y = np.asarray([1.0, 2.0], dtype), np.asarray([3.0, 5.0], dtype)
    value, pullback = multigrad.vjp(lambda x, y: x * y**2, x, y, backend=backend, arrays=arrays)
    in_x, in_y = plain(pullback(np.asarray([1.0, 10.0], dtype)))
    np.testing.assert_allclose(plain(value), [9.0, 50.0], rtol=rtol)
    np.testing.assert_allclose(in_x, [9.0, 250.0], rtol=rtol)
    np.testing.assert_allclose(in_y, [6.0, 200.0], rtol=rtol)
    assert {plain(value).dtype, in_x.dtype, in_y.dtype} == {np.dtype(dtype)}


def test_one_primal_gives_a_tuple_of_one(backend):
    _, pullback = multigrad.vjp(lambda x: x**3, 2.0, backend=backend)
    found = pullback(1.0)
    assert isinstance(found, tuple)
    assert [float(x) for x in plain(found)] == [12.0]


@pytest.mark.parametrize(
    ("build", "cotangent", "expected"),
    [
        (lambda x: (x, 2 * x), (1.0, 10.0), 21.0),
        (lambda x: [x, [2 * x]], [1.0, [10.0]], 21.0),
        (lambda x: {"b": x, "a": 2 * x}, {"a": 10.0, "b": 1.0}, 21.0),
        (lambda x: Pair(x, 2 * x), Pair(1.0, 10.0), 21.0),
        (lambda x: State(x, {"k": 2 * x}), State(1.0, {"k": 10.0}), 21.0),
        (lambda x: (x, 3.0), (1.0, 10.0), 1.0),
        (lambda x: (), (), 0.0),
    ],
    ids=["tuple", "list", "dict", "namedtuple", "dataclass", "with-a-number", "empty"],
)
def test_outputs_of_any_structure(build, cotangent, expected, backend, arrays):
    value, pullback = multigrad.vjp(build, 5.0, backend=backend, arrays=arrays)
    assert type(value) is type(cotangent)
    (found,) = plain(pullback(cotangent))
    assert found.tolist() == expected
    assert found.dtype == np.float64


def test_primals_of_any_structure(backend):
    parameters = {"w": np.asarray([[1.0, 2.0], [3.0, 4.0]]), "b": (5.0, 6)}

    def f(p, x):
        return p["w"] @ x + p["b"][0] * p["b"][1]

    _, pullback = multigrad.vjp(f, parameters, np.asarray([1.0, -1.0]), backend=backend)
    in_p, in_x = plain(pullback(np.asarray([1.0, 2.0])))
    assert in_p["w"].tolist() == [[1.0, -1.0], [2.0, -2.0]]
    assert [x.tolist() for x in in_p["b"]] == [18.0, 15.0]
    assert in_x.tolist() == [7.0, 10.0]


def test_pullback_may_be_called_again(backend, arrays):
    _, pullback = multigrad.vjp(xp.sin, np.asarray([0.5, 1.0]), backend=backend, arrays=arrays)
    first = plain(pullback(np.ones(2)))[0]
    np.testing.assert_allclose(first, np.cos([0.5, 1.0]), rtol=1e-15)
    np.testing.assert_allclose(plain(pullback(np.asarray([0.0, 3.0])))[0], [0.0, 3 * np.cos(1.0)], rtol=1e-15)
    np.testing.assert_array_equal(plain(pullback(np.ones(2)))[0], first)


@pytest.mark.parametrize("make", [np.asarray, np.float32, float, int], ids=["numpy", "numpy-scalar", "float", "int"])
def test_cotangents_of_other_forms(make, backend, arrays):
    x = np.asarray(3.0, "float32")
    _, pullback = multigrad.vjp(lambda x: x**2, x, backend=backend, arrays=arrays)
    cotangent = make(2.0) if make is not np.asarray else np.asarray(2.0, "float32")
    (found,) = plain(pullback(cotangent))
    assert (found.tolist(), found.dtype.name) == (12.0, "float32")


def test_cotangents_as_array_and_as_the_backends_own(backend):
    native = multigrad.asarray([1.0, 2.0], backend=backend)
    array = multigrad.array_namespace(native).asarray([1.0, 2.0])
    _, pullback = multigrad.vjp(lambda x: x**2, np.asarray([3.0, 4.0]), backend=backend)
    assert plain(pullback(native))[0].tolist() == [6.0, 16.0]
    assert plain(pullback(array))[0].tolist() == [6.0, 16.0]


def test_complex_pairing(backend):
    # d⟨c, z²⟩ = Re(conj(c)·2z·dz), so the pullback of c is c·conj(2z).
    z, c = 3.0 + 4.0j, 2.0 - 1.0j
    value, pullback = multigrad.vjp(lambda z: z**2, z, backend=backend)
    np.testing.assert_allclose(plain(value), z**2, rtol=1e-15)
    np.testing.assert_allclose(plain(pullback(c))[0], c * np.conj(2 * z), rtol=1e-15)
    np.testing.assert_allclose(plain(pullback(1))[0], np.conj(2 * z), rtol=1e-15)


@pytest.mark.parametrize("cotangent", [0, 7, 1.5, np.float64(2.0), np.int32(3), np.asarray(4)], ids=repr)
def test_cotangents_of_integer_outputs_are_ignored(cotangent, backend, arrays):
    def f(x):
        return x**2, xp.astype(xp.sum(x), xp.int64), x > 1.5

    value, pullback = multigrad.vjp(f, np.asarray([1.0, 2.0]), backend=backend, arrays=arrays)
    assert [part.tolist() for part in plain(value)] == [[1.0, 4.0], 3, [False, True]]
    (found,) = plain(pullback((np.ones(2), cotangent, np.ones(2, bool))))
    assert found.tolist() == [2.0, 4.0]


def test_integers_in_between_pass_no_gradient(backend, arrays):
    def f(x):
        return x * xp.astype(xp.astype(x, xp.int64), xp.float64) * xp.astype(x > 0, xp.float64)

    _, pullback = multigrad.vjp(f, 3.7, backend=backend, arrays=arrays)
    assert plain(pullback(1.0))[0].tolist() == 3.0


def test_has_aux(backend, arrays):
    def f(x):
        return {"y": x**2}, {"mean": xp.mean(x), "text": "seen", "count": 2, "none": None}

    value, pullback, aux = multigrad.vjp(f, np.asarray([1.0, 3.0]), has_aux=True, backend=backend, arrays=arrays)
    assert plain(value)["y"].tolist() == [1.0, 9.0]
    assert plain(aux)["mean"].tolist() == 2.0
    assert (aux["text"], aux["count"], aux["none"]) == ("seen", 2, None)
    assert plain(pullback({"y": np.asarray([1.0, 10.0])}))[0].tolist() == [2.0, 60.0]


def test_constant_outputs_and_unused_primals_have_zeros(backend, arrays):
    value, pullback = multigrad.vjp(lambda x, y: 2.0, np.ones(3), 1.0, backend=backend, arrays=arrays)
    assert plain(value).tolist() == 2.0
    assert [x.tolist() for x in plain(pullback(5.0))] == [[0.0, 0.0, 0.0], 0.0]


def test_the_same_object_twice_has_two_partials(backend, arrays):
    x = multigrad.asarray(3.0, backend=backend)
    _, pullback = multigrad.vjp(lambda a, b: a**2 * b, x, x, arrays=arrays)
    assert [g.tolist() for g in plain(pullback(1.0))] == [18.0, 9.0]


def two(x):
    return {"y": [x, x[0]]}


@pytest.mark.parametrize(
    ("cotangent", "message"),
    [
        ((1.0, 1.0), "with the structure of the value, {'y': [*, *]}, got (*, *)."),
        ({"z": [np.ones(2), 1.0]}, "{'y': [*, *]}, got {'z': [*, *]}."),
        (np.ones(2), "{'y': [*, *]}, got *."),
        ({"y": (np.ones(2), 1.0)}, "got {'y': (*, *)}."),
        ({"y": [np.ones(3), 1.0]}, "cotangent['y'][0] to have the value's shape (2,), got shape (3,)."),
        ({"y": [1.0, 1.0]}, "cotangent['y'][0] to have the value's shape (2,), got shape ()."),
        ({"y": [np.ones(2), np.float32(1)]}, "cotangent['y'][1] to have the value's dtype float64, got dtype float32."),
        ({"y": [np.ones(2, int), 1.0]}, "cotangent['y'][0] to have the value's dtype float64, got dtype int64."),
        ({"y": [np.ones(2), 1j]}, "cotangent['y'][1] to have the value's dtype float64, got a complex number."),
        ({"y": [np.ones(2), None]}, "an array or a number for cotangent['y'][1], got NoneType."),
        ({"y": [np.ones(2), "one"]}, "an array or a number for cotangent['y'][1], got str."),
    ],
    ids=["tuple", "key", "leaf", "kind", "shape", "scalar", "precision", "integer", "complex", "none", "string"],
)
def test_cotangents_that_do_not_fit(cotangent, message, backend):
    _, pullback = multigrad.vjp(two, np.ones(2), backend=backend)
    with pytest.raises(multigrad.StructureError, match=re.escape(message)):
        pullback(cotangent)
    (found,) = plain(pullback({"y": [np.ones(2), 1.0]}))
    assert found.tolist() == [2.0, 1.0]


def test_a_cotangent_of_the_wrong_shape_or_dtype_says_what_to_do(backend):
    _, pullback = multigrad.vjp(xp.sin, np.ones(2), backend=backend)
    with pytest.raises(multigrad.StructureError, match=r"Convert it with xp\.asarray or xp\.reshape"):
        pullback(1.0)


def test_structures_of_dataclasses_are_shown_by_their_fields(backend):
    _, pullback = multigrad.vjp(lambda x: State(x, {"k": x}), 1.0, backend=backend)
    message = "State(position=*, label={'k': *}), got State(position=*, label=*)."
    with pytest.raises(multigrad.StructureError, match=re.escape(message)):
        pullback(State(1.0, 1.0))


class Strict:
    """Takes numbers and arrays only."""

    def __init__(self, x):
        if not isinstance(x, float) and not hasattr(x, "dtype"):
            raise TypeError(f"not a number: {x}")
        self.x = x


multigrad.register_pytree(Strict, lambda s: ((s.x,), None), lambda _, xs: Strict(*xs))


def test_structures_that_cannot_be_shown_are_named(backend):
    _, pullback = multigrad.vjp(Strict, 1.0, backend=backend)
    with pytest.raises(multigrad.StructureError, match=r"the structure of the value, .*Strict.*, got \*\."):
        pullback(1.0)
    assert plain(pullback(Strict(3.0)))[0].tolist() == 3.0


def test_outputs_that_are_no_arrays(backend):
    message = "arrays and numbers, got an object of type str at output['b'][0]. Leave it out, or return it as aux"
    with pytest.raises(multigrad.OutputError, match=re.escape(message)):
        multigrad.vjp(lambda x: {"a": x, "b": ["text"]}, 1.0, backend=backend)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_a_cotangent_that_another_framework_differentiates_is_refused(backend):
    def f(x):
        return multigrad.vjp(lambda y: 2 * y, 1.0, backend=backend)[1](x)[0]

    with pytest.raises(multigrad.DetachedValueError, match="outside any numpy graph"):
        multigrad.gradient(f, backend="numpy")(3.0)
