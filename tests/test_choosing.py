"""Which backend a call runs on: options, arrays, the computation around, `use_backend`, ``MULTIGRAD_BACKEND``."""

import threading

import numpy as np
import pytest

import multigrad
from multigrad import xp

FRAMEWORKS = ("torch", "jax", "tensorflow")


@pytest.fixture(autouse=True)
def no_environment_variable(monkeypatch):
    monkeypatch.delenv("MULTIGRAD_BACKEND", raising=False)


def square(x):
    return x**2


def kind(array):
    return "numpy" if isinstance(array, np.ndarray) else multigrad.infer_backend(array).name


def dtype(array):
    return str(multigrad.to_numpy(array).dtype)


def in_new_thread(function):
    """Return what a function returns in a thread of its own."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    (result,) = results
    return result


# The environment variable


def test_environment_variable_chooses(backend, monkeypatch):
    assert kind(multigrad.gradient(square)(3.0)) == "numpy"
    monkeypatch.setenv("MULTIGRAD_BACKEND", backend)
    assert kind(multigrad.gradient(square)(3.0)) == backend
    assert kind(multigrad.gradient(lambda x: (x * x).sum())(np.ones(2))) == backend
    assert kind(multigrad.asarray(3.0)) == backend
    assert kind(xp.zeros(2)) == backend
    assert kind(multigrad.gradient(square, backend="numpy")(3.0)) == "numpy"
    with multigrad.use_backend("numpy"):
        assert kind(multigrad.gradient(square)(3.0)) == "numpy"


# NumPy's arrays decide nothing.
@pytest.mark.backends(*FRAMEWORKS)
def test_environment_variable_yields_to_the_arrays(backend, monkeypatch):
    x = multigrad.asarray(3.0, backend=backend)
    monkeypatch.setenv("MULTIGRAD_BACKEND", "numpy")
    assert kind(multigrad.gradient(square)(x)) == backend


def test_wrong_or_empty_environment_variable(backend, monkeypatch):
    monkeypatch.setenv("MULTIGRAD_BACKEND", "unknown")
    with pytest.raises(multigrad.UnknownBackendError, match="'unknown'"):
        multigrad.gradient(square)(3.0)
    assert kind(multigrad.gradient(square, backend=backend)(3.0)) == backend
    monkeypatch.setenv("MULTIGRAD_BACKEND", "")
    assert kind(multigrad.gradient(square)(3.0)) == "numpy"


# use_backend


def test_use_backend_chooses_and_restores(backend):
    with multigrad.use_backend(backend):
        for array in (
            multigrad.gradient(square)(3.0),
            multigrad.gradient(lambda x: (x * x).sum())(np.ones(2)),
            multigrad.vjp(square, 3.0)[0],
            multigrad.asarray([1.0, 2.0]),
            xp.ones(2),
        ):
            assert kind(array) == backend
        assert multigrad.infer_backend(1.0).name == backend
        assert xp.float64 == multigrad.get_backend(backend).xp.float64
    assert kind(multigrad.gradient(square)(3.0)) == "numpy"
    assert multigrad.infer_backend(1.0).name == "numpy"


def test_explicit_options_win_over_use_backend(backend):
    with multigrad.use_backend("numpy", dtype="float32"):
        found = multigrad.gradient(square, backend=backend, dtype="float64")(3.0)
        assert (kind(found), dtype(found)) == (backend, "float64")
        assert kind(multigrad.asarray(3.0, backend=backend)) == backend
    with multigrad.use_backend(backend):
        assert kind(multigrad.gradient(square, backend="numpy")(3.0)) == "numpy"


@pytest.mark.backends(*FRAMEWORKS)
def test_framework_of_the_arrays_wins_over_use_backend(backend):
    x = multigrad.asarray(3.0, backend=backend)
    with multigrad.use_backend("numpy"):
        assert kind(multigrad.gradient(square)(x)) == backend
        assert multigrad.infer_backend(x).name == backend


def test_use_backend_casts_to_its_dtype(backend):
    double = multigrad.asarray(3.0, backend=backend, dtype="float64")
    with multigrad.use_backend(backend, dtype="float32"):
        for x in (3.0, np.float64(3.0), double):
            value, gradient = multigrad.value_and_gradient(square)(x)
            assert (dtype(value), dtype(gradient)) == ("float32", "float32")
            assert float(multigrad.to_numpy(gradient)) == 6.0
        assert dtype(xp.ones(2)) == "float32"
        assert dtype(multigrad.asarray(1.5)) == "float32"
    with multigrad.use_backend(backend, dtype=np.float64):
        assert dtype(multigrad.gradient(square)(np.float32(3.0))) == "float64"
    assert dtype(multigrad.gradient(square, backend=backend)(3.0)) == "float64"


def test_use_backend_nests(backend):
    with multigrad.use_backend("numpy", dtype="float32"):
        with multigrad.use_backend(backend):
            inner = multigrad.gradient(square)(3.0)
            assert (kind(inner), dtype(inner)) == (backend, "float64")
        outer = multigrad.gradient(square)(3.0)
        assert (kind(outer), dtype(outer)) == ("numpy", "float32")


def test_one_use_backend_object_can_be_entered_again(backend):
    block = multigrad.use_backend(backend)
    for _ in range(2):
        with block, block:
            assert multigrad.infer_backend().name == backend
        assert multigrad.infer_backend().name == "numpy"


def test_exception_restores_the_backend_before(backend):
    class UserError(Exception):
        pass

    with pytest.raises(UserError), multigrad.use_backend(backend, dtype="float64"):
        raise UserError
    assert multigrad.infer_backend().name == "numpy"

    def fail(x):
        raise UserError

    with multigrad.use_backend(backend):
        with pytest.raises(UserError):
            multigrad.gradient(fail, backend="numpy")(1.0)
        assert kind(multigrad.gradient(square)(3.0)) == backend


def test_new_thread_starts_without_use_backend(backend):
    def work():
        before = multigrad.infer_backend().name
        with multigrad.use_backend(backend):
            return before, multigrad.infer_backend().name

    with multigrad.use_backend(backend, dtype="float32"):
        assert in_new_thread(lambda: multigrad.infer_backend().name) == "numpy"
        assert in_new_thread(lambda: dtype(multigrad.gradient(square, backend=backend)(3.0))) == "float64"
        assert in_new_thread(work) == ("numpy", backend)
        assert multigrad.infer_backend().name == backend


def test_use_backend_takes_a_device(backend):
    with multigrad.use_backend(backend, device="cpu"):
        found = multigrad.gradient(square)(3.0)
        assert multigrad.get_backend(backend).device(found) == "cpu"
    with pytest.raises(multigrad.DeviceError, match="abacus:7"), multigrad.use_backend(backend, device="abacus:7"):
        multigrad.gradient(square)(3.0)
    assert multigrad.infer_backend().name == "numpy"


@pytest.mark.parametrize("wrong", ["int64", "complex128", "bool"])
def test_use_backend_refuses_a_dtype_that_is_not_real_floating(backend, wrong):
    with pytest.raises(multigrad.DtypeError, match=f"Expected a real floating dtype .* got '{wrong}'"):
        multigrad.use_backend(backend, dtype=wrong)


@pytest.mark.backends("jax")
def test_use_backend_keeps_the_users_own_loop_in_float64(backend):
    import jax

    flag = jax.config.jax_enable_x64
    with multigrad.use_backend(backend, dtype="float64"):
        x = multigrad.asarray(3.0)
        for _ in range(3):
            x = x - 0.1 * multigrad.gradient(square)(x)
        assert x.dtype == "float64"
        np.testing.assert_allclose(x, 3.0 * 0.8**3, rtol=1e-15)
    assert jax.config.jax_enable_x64 == flag


# infer_backend


def test_infer_backend_looks_into_trees(backend):
    x = multigrad.asarray([1.0, 2.0], backend=backend)
    array = multigrad.array_namespace(x).asarray([1.0, 2.0])
    for trees in ((x,), (array,), (1.0, {"w": [x, "text", None]}), (np.ones(2), (3, x)), ({"a": array}, x)):
        assert multigrad.infer_backend(*trees).name == backend
    assert multigrad.infer_backend(x) is multigrad.get_backend(backend)


def test_infer_backend_without_a_framework_gives_the_default(backend):
    for trees in ((), (1.0,), (np.ones(2), np.float32(1)), ([], {}, None, "text")):
        assert multigrad.infer_backend(*trees).name == "numpy"
        with multigrad.use_backend(backend):
            assert multigrad.infer_backend(*trees).name == backend


def test_infer_backend_inside_f_gives_the_running_one(backend):
    seen = []

    def f(x):
        seen.extend((multigrad.infer_backend().name, multigrad.infer_backend(x, np.ones(2)).name))
        seen.append(kind(multigrad.gradient(square)(2.0)))
        return x * multigrad.gradient(square)(np.asarray(2.0))

    found = multigrad.gradient(f, backend=backend)(3.0)
    assert seen == [backend, backend, backend]
    assert float(multigrad.to_numpy(found)) == 4.0
    assert multigrad.infer_backend().name == "numpy"


@pytest.mark.needs("torch", "jax")
def test_arrays_of_two_frameworks_raise():
    import jax.numpy as jnp
    import torch

    mixed = {"a": torch.ones(2), "b": jnp.ones(2)}
    for door in (
        lambda: multigrad.infer_backend(mixed),
        lambda: multigrad.infer_backend(mixed["a"], [mixed["b"]]),
        lambda: multigrad.gradient(lambda tree: (tree["a"] * tree["b"]).sum())(mixed),
        lambda: multigrad.array_namespace(mixed["a"], mixed["b"]),
    ):
        with pytest.raises(multigrad.MixedBackendError, match=r"of one framework, got those of torch and jax\. Choose"):
            door()
    assert kind(multigrad.gradient(lambda tree: (tree["a"] * tree["b"]).sum(), backend="jax")(mixed)["a"]) == "jax"
