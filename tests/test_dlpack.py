"""Arrays of one framework in another, by DLPack."""

import importlib

import numpy as np
import pytest

import multigrad


@pytest.mark.parametrize(
    "other", [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("torch", "jax", "tensorflow", "numpy")]
)
def test_each_framework_takes_the_arrays_of_the_others(backend, other):
    own, foreign = (importlib.import_module(f"multigrad.array_api.{name}") for name in (backend, other))
    given = np.asarray([[1.5, -2.0], [0.0, 3.0]], dtype="float32")
    array = own.asarray(given)
    for found in (foreign.from_dlpack(array), foreign.from_dlpack(array.native)):
        assert found.dtype == foreign.float32
        np.testing.assert_array_equal(multigrad.to_numpy(found), given)
