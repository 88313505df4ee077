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


def test_a_value_is_computed_in_the_loop_of_its_gradients():
    from torch._inductor.utils import run_and_get_code

    x, y = np.linspace(0.1, 2.0, 1024), np.linspace(1.0, 3.0, 1024)
    call = multigrad.value_and_gradient(lambda x, y: xp.sum(xp.sin(x) * y), (0, 1), backend="torch", compile=True)
    (value, gradients), (code,) = run_and_get_code(call, x, y)
    np.testing.assert_allclose(value, np.sum(np.sin(x) * y), rtol=1e-12)
    np.testing.assert_allclose(gradients, (np.cos(x) * y, np.sin(x)), rtol=1e-12)
    assert code.count("for(int64_t") == 1


def test_results_of_any_sizes_keep_their_order():
    def results(x):
        total = xp.sum(x)
        return total, xp.sin(x), x, total, x[:, None] * x, xp.sin(x)

    x = multigrad.asarray(X, backend="torch")
    found = [multigrad.to_numpy(result) for result in multigrad.jit(results)(x)]
    for result, expected in zip(found, [1.0, np.sin(X), X, 1.0, np.outer(X, X), np.sin(X)], strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-12)
        assert result.shape == np.shape(expected)
