"""Functions that trace to the same graph share its compiled code, and only those; by framework in test_*_code.py."""

import gc
import logging
import weakref

import numpy as np
import pytest

import multigrad
from multigrad import xp

from .compilations import compilations_of, gradient_of_new

pytestmark = pytest.mark.backends("torch", "tensorflow")
X = np.asarray([0.5, -1.5, 2.0])


@pytest.fixture
def compilations(backend, monkeypatch):
    return compilations_of(backend, monkeypatch)


def test_new_closures_on_other_data_share_their_code(compilations, backend):
    def closure(data):
        return lambda x: xp.sum(x**2 * data)

    for k in range(5):
        data = np.asarray([1.0, 2.0, 3.0]) + k
        found = gradient_of_new(closure(multigrad.asarray(data, backend=backend)), X, backend)
        np.testing.assert_allclose(found, 2 * X * data)
    assert len(compilations) == 1


def test_a_number_is_part_of_the_code(compilations, backend):
    for k in (1, 2, 1.0, 0.5):
        found = gradient_of_new(lambda x, k=k: xp.sum(x * x) * k, X, backend)
        np.testing.assert_allclose(found, 2 * X * k)
    assert len(compilations) > 2


def test_signs_of_zero_are_told_apart(backend):
    with np.errstate(divide="ignore"):
        found = [gradient_of_new(lambda x, zero=zero: xp.sum(x / zero), X, backend) for zero in (0.0, -0.0)]
    assert found[0].tolist() == [np.inf] * 3
    assert found[1].tolist() == [-np.inf] * 3


def test_data_is_not_kept_by_the_code(compilations, monkeypatch, backend):
    # pytest keeps every record that a compiler logs, and what it refers to.
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    data = multigrad.asarray(np.full(1000, 2.0), backend=backend)
    kept = weakref.ref(data)
    gradient_of_new(lambda x, data=data: xp.sum(x) * xp.sum(data), X, backend)
    assert len(compilations) == 1
    compilations.clear()
    del data
    gc.collect()
    assert kept() is None
