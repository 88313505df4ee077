"""Calls are independent: threads do not mix, nothing global changes, exceptions leave no state, arguments stay."""

import importlib
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import multigrad
from multigrad import xp
from multigrad._computation import current


def state(backend):
    """Return every global setting of a framework, and of NumPy, that a careless package would change."""
    found = {"errstate": np.geterr(), "computation": current(), "filters": list(warnings.filters)}
    if backend == "torch":
        import torch

        found |= {
            "dtype": torch.get_default_dtype(),
            "grad": torch.is_grad_enabled(),
            "inference": torch.is_inference_mode_enabled(),
            "device": str(torch.get_default_device()),
            "deterministic": torch.are_deterministic_algorithms_enabled(),
            "threads": torch.get_num_threads(),
            "functorch": torch._C._functorch.peek_interpreter_stack(),
        }
    elif backend == "jax":
        import jax

        names = ("jax_enable_x64", "jax_default_device", "jax_numpy_dtype_promotion", "jax_default_matmul_precision")
        found |= {name: getattr(jax.config, name) for name in names}
        found["new arrays"] = str(jax.numpy.asarray(1.0).dtype)
    elif backend == "tensorflow":
        import tensorflow as tf

        found |= {
            "eager": tf.executing_eagerly(),
            "functions": tf.config.functions_run_eagerly(),
            "floatx": tf.keras.backend.floatx(),
            "placement": tf.config.get_soft_device_placement(),
            "numpy behaviour": hasattr(tf.Tensor, "reshape"),
            "sum": str((tf.constant(1) + 1).dtype),
        }
    return found


def exercise(backend):
    """Run what touches most of the package."""
    data = np.array([1.0, 2.0, 3.0])

    def f(x):
        return xp.sum(xp.log(xp.abs(x) - 1.0) * multigrad.gradient(lambda y: xp.sum(y**3))(x))

    multigrad.value_and_gradient(f, backend=backend)(data)
    multigrad.gradient(f, backend=backend, dtype="float32", device="cpu")(data)
    multigrad.vjp(lambda x: {"a": x * 2, "b": xp.argmax(x)}, data, backend=backend)[1]({"a": np.ones(3), "b": 0})
    with multigrad.use_backend(backend, dtype="float64"):
        multigrad.gradient(lambda x: x * xp.asarray(2.5))(1.0)
    multigrad.to_numpy(multigrad.asarray([1.0], backend=backend))


def test_global_state_is_untouched(backend):
    before = state(backend)
    exercise(backend)
    assert state(backend) == before


def test_global_state_that_the_user_chose_is_untouched_and_ignored(backend):
    with np.errstate(all="raise"):
        before = state(backend)
        result = multigrad.gradient(lambda x: xp.sum(x / 0.0 * 0.0) + xp.sum(x), backend=backend)(np.ones(2))
        assert state(backend) == before
    assert np.all(np.isnan(multigrad.to_numpy(result)))


class CustomError(Exception):
    pass


@pytest.mark.parametrize("where", ["f", "nested", "pullback", "use_backend"])
def test_an_exception_passes_through_and_leaves_no_state(backend, where):
    error = CustomError("mine")

    def fail(x):
        raise error

    def run():
        if where == "f":
            multigrad.gradient(fail, backend=backend)(1.0)
        elif where == "nested":
            multigrad.gradient(lambda x: x * multigrad.gradient(fail)(x), backend=backend, dtype="float32")(1.0)
        elif where == "pullback":
            _, pullback = multigrad.vjp(lambda x: x * x, 1.0, backend=backend)
            pullback({"wrong": 1.0})
        else:
            with multigrad.use_backend(backend, dtype="float64"):
                multigrad.gradient(fail)(1.0)

    before = state(backend)
    with pytest.raises(multigrad.StructureError if where == "pullback" else CustomError) as caught:
        run()
    assert where == "pullback" or caught.value is error
    assert state(backend) == before
    assert float(multigrad.gradient(lambda x: x**3, backend=backend)(2.0)) == 12.0


def test_nothing_accumulates(backend):
    gradient = multigrad.gradient(lambda x: xp.sum(x**3), backend=backend)
    x = multigrad.asarray([1.0, 2.0], backend=backend)
    for _ in range(4):
        np.testing.assert_array_equal(multigrad.to_numpy(gradient(x)), [3.0, 12.0])


def test_arguments_are_not_changed(backend):
    ns = importlib.import_module(f"multigrad.array_api.{backend}")
    tree = {"numpy": np.array([1.0, 2.0]), "native": ns.asarray([1.0, 2.0]).native, "array": ns.asarray([1.0, 2.0])}
    held = dict(tree), tree["array"].native

    def f(tree):
        for name in list(tree):
            tree[name] *= 2.0
            tree[name][0] = 5.0
        tree["new"] = 1.0
        return xp.sum(tree["numpy"] + tree["native"] * tree["array"])

    result = multigrad.gradient(f, backend=backend)(tree)
    assert list(result) == ["numpy", "native", "array"]
    assert list(tree) == ["numpy", "native", "array"]
    assert all(tree[name] is held[0][name] for name in tree)
    assert tree["array"].native is held[1]
    for value in tree.values():
        np.testing.assert_array_equal(multigrad.to_numpy(value), [1.0, 2.0])
    # d/dn of 2n = 2 and d/dv of 2v·2a = 4a, each 0 where 5 was written.
    np.testing.assert_array_equal(multigrad.to_numpy(result["numpy"]), [0.0, 2.0])
    np.testing.assert_array_equal(multigrad.to_numpy(result["native"]), [0.0, 8.0])


def test_results_do_not_share_memory_with_arguments(backend):
    data = np.array([1.0, 2.0])
    value, pullback = multigrad.vjp(lambda x: x, data, backend=backend)
    (gradient,) = pullback(data)
    data[:] = 7.0
    np.testing.assert_array_equal(multigrad.to_numpy(value), [1.0, 2.0])
    np.testing.assert_array_equal(multigrad.to_numpy(gradient), [1.0, 2.0])
    np.testing.assert_array_equal(multigrad.to_numpy(pullback(np.ones(2))[0]), [1.0, 1.0])


@pytest.mark.needs("numpy")
@pytest.mark.parametrize("f", [lambda x, y: xp.sum((x + y) ** 2), lambda x, y: xp.sum(x.T + y[::-1].T), xp.vecdot])
def test_gradients_that_are_equal_do_not_share_memory(f):
    x, y = np.ones((2, 2)), np.ones((2, 2))
    first, second = multigrad.gradient(lambda *a: xp.sum(f(*a)), argnums=(0, 1), backend="numpy")(x, y)
    expected = second.copy()
    first *= 2.0  # NumPy's users write in place
    np.testing.assert_array_equal(second, expected)
    np.testing.assert_array_equal(x, np.ones((2, 2)))
    np.testing.assert_array_equal(y, np.ones((2, 2)))


def test_threads_do_not_mix(backend):
    barrier = threading.Barrier(8)

    def work(n):
        barrier.wait(timeout=60)
        scale = float(n)
        found = []
        for _ in range(10):
            inner = lambda x: xp.sum(scale * x**2)  # noqa: E731
            outer = lambda x, inner=inner: xp.sum(multigrad.gradient(inner)(x) * x)  # noqa: E731
            dtype = "float32" if n % 2 else "float64"
            value, result = multigrad.value_and_gradient(outer, backend=backend, dtype=dtype)(np.array([1.0, n]))
            found.append((multigrad.to_numpy(value), multigrad.to_numpy(result), multigrad.to_numpy(result).dtype.name))
        return found

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    for n, found in enumerate(results):
        for value, result, dtype in found:
            # 2n Σ x² with gradient 4n x, all integers: exact in either dtype.
            assert value == 2 * n * (1 + n * n)
            np.testing.assert_array_equal(result, [4 * n, 4 * n * n])
            assert dtype == ("float32" if n % 2 else "float64")


def test_pullbacks_may_be_called_in_other_threads(backend):
    _, pullback = multigrad.vjp(lambda x: xp.sin(x) ** 2, np.array([0.3, 0.7]), backend=backend)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: multigrad.to_numpy(pullback(np.full(2, float(n)))[0]), range(8)))
    for n, result in enumerate(results):
        np.testing.assert_allclose(result, n * np.sin(2 * np.array([0.3, 0.7])), rtol=1e-14)


def test_a_new_thread_starts_without_use_backend(backend):
    seen = []
    with multigrad.use_backend(backend, dtype="float32"):
        thread = threading.Thread(target=lambda: seen.append(current()))
        thread.start()
        thread.join()
        assert current().backend.name == backend
    assert seen == [None]
    assert current() is None
