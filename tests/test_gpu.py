"""Gradients on a GPU: results stay beside their arguments. Collected only where a framework under test sees one."""

import numpy as np
import pytest

import multigrad
from multigrad import exercises, xp

pytestmark = pytest.mark.gpu


def _device(backend, array):
    return multigrad.get_backend(backend).device(array)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_the_device_option_moves_the_computation(backend, arrays):
    f = {"standard": lambda x: xp.sum(x * x), "native": lambda x: (x * x)[0] + (x * x)[1]}[arrays]
    result = multigrad.gradient(f, backend=backend, device="gpu", arrays=arrays)(np.asarray([1.0, 2.0]))
    assert _device(backend, result) == "gpu:0"
    np.testing.assert_allclose(multigrad.to_numpy(result), [2.0, 4.0], rtol=1e-12)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_results_stay_beside_their_arguments(backend):
    x = multigrad.asarray([1.0, 2.0], backend=backend, device="gpu")
    value, pullback = multigrad.vjp(lambda x: x * xp.arange(2) + xp.ones(2), x)
    (result,) = pullback(np.asarray([3.0, 4.0]))
    assert _device(backend, value) == _device(backend, result) == "gpu:0"
    np.testing.assert_allclose(multigrad.to_numpy(result), [0.0, 4.0], rtol=1e-12)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_the_cpu_can_be_asked_for(backend):
    result = multigrad.gradient(lambda x: x**2, backend=backend, device="cpu")(3.0)
    assert _device(backend, result) == "cpu"


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_the_exercises_agree(backend, dtype):
    assert all(result.ok for result in exercises.run([backend], dtype=dtype, device="gpu"))
