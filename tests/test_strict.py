"""array-api-strict: the engine's rules keep to the standard, and functions that do not raise."""

import array_api_strict as strict
import numpy as np
import pytest

import multigrad
from multigrad import xp
from multigrad.testing import check_backend

pytestmark = pytest.mark.needs("numpy")  # once: the other environments have nothing to add


def test_its_arrays_choose_it():
    x = np.asarray([1.0, 2.0])
    found = multigrad.gradient(lambda x: xp.sum(x**3 * xp.sin(x)))(strict.asarray(x))
    assert type(found) is type(strict.asarray(0.0))
    np.testing.assert_allclose(np.asarray(found), 3 * x**2 * np.sin(x) + x**3 * np.cos(x), rtol=1e-14)


def test_it_passes_the_conformance_kit():
    report = check_backend("array_api_strict")
    assert report.ok, str(report)
    assert len(report.passed) > 100


def test_what_the_standard_leaves_open_raises():
    with pytest.raises(TypeError, match="multiply"):
        multigrad.gradient(lambda x: xp.sum(x * xp.arange(2)))(strict.asarray([1.0, 2.0]))


def test_it_is_no_part_of_what_is_compared():
    assert "array_api_strict" not in [info.name for info in multigrad.backends()]
