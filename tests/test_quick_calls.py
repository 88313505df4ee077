"""Compiled calls that take nothing apart: the right program is found for whatever arguments come next."""

import gc

import numpy as np
import pytest

import multigrad
from multigrad import _compile, _program_store, xp

from .counted import Counted

pytestmark = pytest.mark.backends("torch", "jax", "tensorflow")


def natives(backend, *arrays):
    return [multigrad.asarray(array, backend=backend) for array in arrays]


def parts(x):
    """Return as many parts as x has elements: another structure for another shape."""
    return {"doubled": 2 * x, "count": x.shape[0]} if x.shape[0] == 2 else tuple(x[i] * i for i in range(x.shape[0]))


def test_signatures_in_any_order(backend):
    counted = Counted(parts)
    compiled = multigrad.jit(counted, backend=backend)
    two, three, four = natives(backend, np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0, 5.0]), np.arange(4.0))
    for runs in range(3):
        found = compiled(three)
        assert type(found) is tuple
        assert [float(part) for part in found] == [0.0, 4.0, 10.0]
        found = compiled(two)
        assert found["count"] == 2
        np.testing.assert_array_equal(multigrad.to_numpy(found["doubled"]), [2.0, 4.0])
        assert [float(part) for part in compiled(four)] == [0.0, 1.0, 4.0, 9.0]
        if not runs:
            once = counted.runs
    assert counted.runs == once


def test_two_signatures_both_go_the_quick_way(backend, monkeypatch):
    compiled = multigrad.gradient(lambda x: xp.sum(x**2), backend=backend, compile=True)
    arrays = natives(backend, np.asarray([1.0, 2.0]), np.asarray([3.0, 4.0, 5.0]))
    expected = [[2.0, 4.0], [6.0, 8.0, 10.0]]
    for x in (*arrays, *arrays):
        compiled(x)
    monkeypatch.delattr(_compile._Way, "go")
    for x, found in zip((*arrays, *arrays), expected * 2, strict=True):
        np.testing.assert_array_equal(multigrad.to_numpy(compiled(x)), found)


def test_dtypes_and_forms_in_any_order(backend):
    compiled = multigrad.gradient(lambda x: xp.sum(x**2), backend=backend, compile=True)
    values = np.asarray([1.0, 1.0 + 2.0**-40])
    for dtype in ("float32", "float64", "float32", "float64"):
        (native,) = natives(backend, values.astype(dtype))
        for x in (native, getattr(multigrad.array_api, backend).asarray(native), values.astype(dtype)):
            found = compiled(x)
            assert isinstance(found, multigrad.Array) == isinstance(x, multigrad.Array)
            found = multigrad.to_numpy(found)
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, 2 * values.astype(dtype))


def test_an_error_for_another_shape_is_f_s_own(backend):
    def picky(x):
        if x.shape[0] == 2:
            raise LookupError("two are too few")
        return xp.sum(x**3)

    compiled = multigrad.gradient(picky, backend=backend, compile=True)
    three, two = natives(backend, np.asarray([1.0, 2.0, 3.0]), np.asarray([1.0, 2.0]))
    for _ in range(3):
        np.testing.assert_array_equal(multigrad.to_numpy(compiled(three)), [3.0, 12.0, 27.0])
        with pytest.raises(LookupError, match="too few"):
            compiled(two)


def test_integers_that_came_as_an_array_of_the_framework_before(backend):
    # JAX narrows NumPy's integers on the way into a program, its own arrays it takes as they are.
    counts = np.asarray([1, 2, 3], dtype=np.int64)
    x, own = natives(backend, np.ones(3, dtype=np.float32), counts)
    compiled = multigrad.gradient(lambda x, n: xp.sum(x**2 * xp.astype(n, x.dtype)), backend=backend, compile=True)
    for n in (own, counts, own, counts):
        np.testing.assert_array_equal(multigrad.to_numpy(compiled(x, n)), [2.0, 4.0, 6.0])


def with_aux(x):
    return xp.sum(x**3), xp.sum(x)


def test_aux_or_none_on_one_function(backend):
    x, t = natives(backend, np.asarray([1.0, 2.0]), np.asarray([1.0, 0.5]))
    options = {"backend": backend, "compile": True}
    for _ in range(3):
        value, tangent = multigrad.jvp(with_aux, (x,), (t,), **options)
        assert [float(v) for v in (*value, *tangent)] == [9.0, 3.0, 9.0, 1.5]
        value, tangent, aux = multigrad.jvp(with_aux, (x,), (t,), has_aux=True, **options)
        assert [float(v) for v in (value, tangent, aux)] == [9.0, 9.0, 3.0]
        value, pullback, aux = multigrad.vjp(with_aux, x, has_aux=True, **options)
        assert [float(v) for v in (value, aux)] == [9.0, 3.0]
        np.testing.assert_array_equal(multigrad.to_numpy(pullback(1.0)[0]), [3.0, 12.0])
        value, pullback = multigrad.vjp(with_aux, x, **options)
        np.testing.assert_array_equal(multigrad.to_numpy(pullback((1.0, 2.0))[0]), [5.0, 14.0])


def test_a_function_in_the_place_of_another(backend):
    """Programs of operators that evaluate at once are found by the function's identity, which Python gives anew."""
    (x,) = natives(backend, np.asarray([1.0, 2.0]))

    def times(k):
        return lambda x: k * xp.sum(x**2)

    def product(f):
        return multigrad.to_numpy(multigrad.hvp(f, (x,), (x,), backend=backend, compile=True)[0])

    first = times(1.0)
    place = id(first)
    for _ in range(3):
        np.testing.assert_array_equal(product(first), [2.0, 4.0])
    assert any(key[0] == place for key in _program_store._known)
    del first
    gc.collect()
    assert not any(key[0] == place for key in _program_store._known)
    made = []
    while not made or id(made[-1]) != place:
        assert len(made) < 100_000
        made.append(times(3.0))
    np.testing.assert_array_equal(product(made[-1]), [6.0, 12.0])


def test_more_options_than_are_kept(backend, monkeypatch):
    monkeypatch.setattr(_program_store, "_LIMIT", 2)
    (x,) = natives(backend, np.asarray([1.0, 2.0]))
    f = lambda x: xp.sum(x**2)  # noqa: E731
    operators = (multigrad.hvp, lambda *args, **options: multigrad.jvp(*args, **options)[1:])
    for _ in range(2):
        for operator, expected in zip(operators, ([2.0, 4.0], 10.0), strict=True):
            for given in (backend, None):
                (found,) = operator(f, (x,), (x,), backend=given, compile=True)
                np.testing.assert_array_equal(multigrad.to_numpy(found), expected)
        assert sum(key[0] == id(f) for key in _program_store._known) <= 2


@pytest.mark.parametrize("operator", [multigrad.hvp, multigrad.jvp], ids=["hvp", "jvp"])
def test_pairs_are_checked_before_every_call(backend, operator):
    x, v = natives(backend, np.asarray([1.0, 2.0]), np.asarray([1.0, 0.5]))
    f = lambda *xs: xp.sum(xs[0] ** 3)  # noqa: E731
    product = lambda *pair: multigrad.to_numpy(operator(f, *pair, backend=backend, compile=True)[-1])  # noqa: E731
    expected = product((x,), (v,))
    np.testing.assert_array_equal(expected, [6.0, 6.0] if operator is multigrad.hvp else 9.0)
    for _ in range(2):
        for pair in (((x,), (v,)), ([x], [v]), ((x,), [v])):
            np.testing.assert_array_equal(product(*pair), expected)
        for primals, tangents in (((x, v), ()), ((), (x, v)), ([x, v], [])):
            with pytest.raises(multigrad.StructureError, match="one tangent per primal"):
                product(primals, tangents)
        for primals, tangents, word in ((x, (v,), "primals"), ((x,), v, "tangents"), (None, (v,), "primals")):
            with pytest.raises(multigrad.StructureError, match=f"Expected a tuple for {word}"):
                product(primals, tangents)


def test_types_and_numbers_of_arguments_in_any_order(backend):
    counted = Counted(lambda *xs: sum(xp.sum(x**2) for x in xs))
    compiled = multigrad.gradient(counted, backend=backend, compile=True)
    values = np.float64([1.0, 1.0 + 2.0**-40])
    narrow, wide = natives(backend, np.float32([3.0, 4.0]), values)
    array = getattr(multigrad.array_api, backend).asarray(wide)
    for runs in range(3):
        for args in (
            (wide,),
            (narrow, narrow),
            (wide, wide),
            (array, wide),
            (values, values),
            (narrow, wide),
            (array,),
        ):
            found = compiled(*args)
            expected = multigrad.to_numpy(args[0])
            assert isinstance(found, multigrad.Array) == isinstance(args[0], multigrad.Array)
            assert multigrad.to_numpy(found).dtype == expected.dtype
            np.testing.assert_array_equal(multigrad.to_numpy(found), 2 * expected)
        if not runs:
            once = counted.runs
    assert counted.runs == once


@pytest.mark.parametrize("wrong", [3, None, "f"])
def test_what_is_no_function(backend, wrong):
    for _ in range(2):
        with pytest.raises(TypeError, match="Expected a function"):
            multigrad.hvp(wrong, (1.0,), (1.0,), backend=backend, compile=True)


@pytest.mark.backends("jax")
def test_the_x64_flag_between_two_calls(backend):
    import jax

    compiled = multigrad.gradient(lambda x: xp.sum(x**3), backend=backend, compile=True)
    for values in (np.float32([1.0, 2.0]), np.asarray([1.0, 1.0 + 2.0**-40])):
        (x,) = natives(backend, values)
        for flag in (False, True, False):
            with jax.enable_x64(flag):
                found = compiled(x)
            assert found.dtype == values.dtype
            np.testing.assert_array_equal(np.asarray(found), 3 * values**2)
