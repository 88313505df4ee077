"""The dispatching ``xp``, and which namespace answers; the namespaces themselves are tested in ``array_api/``."""

import importlib
import math

import numpy as np
import pytest

import multigrad
from multigrad import Array, xp

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


@pytest.fixture
def adapter(backend):
    return multigrad.get_backend(backend)


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
