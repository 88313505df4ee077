"""torch: functions that trace to the same graph share its compiled code, and only those."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

from .compilations import compilations_of, gradient_of_new

pytestmark = pytest.mark.needs("torch")
X = np.asarray([0.5, -1.5, 2.0])


@pytest.fixture
def compilations(monkeypatch):
    return compilations_of("torch", monkeypatch)


def differentiated(f, x=X):
    return gradient_of_new(f, x, "torch")


@pytest.mark.parametrize(("one", "other"), [(0.0, -0.0), (2, 2.0), (2.0, 2 + 0j), (True, 1), (1.0, float("nan"))])
def test_numbers_that_are_equal_are_told_apart(one, other):
    from multigrad.adapters.torch._code import _comparable

    assert _comparable((one,), {}) == _comparable((one,), {})
    assert _comparable((one,), {}) != _comparable((other,), {})


@pytest.mark.parametrize(
    "other",
    [X[:2], X.astype(np.float32), np.stack([X, X], axis=1)[:, 0]],
    ids=["shape", "dtype", "strides"],
)
def test_layouts_have_code_of_their_own(compilations, other):
    for x in (X, other):
        np.testing.assert_allclose(differentiated(lambda x: xp.sum(xp.sin(x)), x), np.cos(x), rtol=1e-6)
    assert len(compilations) == 2


def test_the_layout_of_what_is_closed_over_counts(compilations):
    for shape in ((3,), (1, 3), (3, 1), (1,)):
        data = multigrad.asarray(np.full(shape, 2.0), backend="torch")
        times = 3 if shape == (3, 1) else 1
        np.testing.assert_allclose(differentiated(lambda x, data=data: xp.sum(x * data)), np.full(3, 2.0 * times))
    assert len(compilations) == 4
