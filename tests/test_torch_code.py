"""torch: functions that trace to the same graph share its compiled code, and only those."""

import gc
import logging
import warnings
import weakref

import numpy as np
import pytest

import multigrad
from multigrad import RecompileWarning, xp
from multigrad._recent import Recent

pytestmark = pytest.mark.needs("torch")
X = np.asarray([0.5, -1.5, 2.0])


@pytest.fixture
def compilations(monkeypatch):
    """Count what inductor compiles from here on."""
    import torch._inductor

    from multigrad.adapters.torch import _code

    monkeypatch.setattr(_code, "_CODES", Recent(256))
    native, seen = torch._inductor.compile, []

    def counted(graph, inputs):
        seen.append(graph)
        return native(graph, inputs)

    monkeypatch.setattr(torch._inductor, "compile", counted)
    return seen


def differentiated(f, x=X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecompileWarning)
        return multigrad.to_numpy(multigrad.gradient(f, backend="torch", compile=True)(x))


def test_new_closures_on_other_data_share_their_code(compilations):
    def closure(data):
        return lambda x: xp.sum(x**2 * data)

    for k in range(5):
        data = multigrad.asarray(np.asarray([1.0, 2.0, 3.0]) + k, backend="torch")
        np.testing.assert_allclose(differentiated(closure(data)), 2 * X * (np.asarray([1.0, 2.0, 3.0]) + k))
    assert len(compilations) == 1


def test_a_number_is_part_of_the_code(compilations):
    for k in (1, 2, 1.0, 0.5):
        np.testing.assert_allclose(differentiated(lambda x, k=k: xp.sum(x * x) * k), 2 * X * k)
    assert len(compilations) > 2


@pytest.mark.parametrize(("one", "other"), [(0.0, -0.0), (2, 2.0), (2.0, 2 + 0j), (True, 1), (1.0, float("nan"))])
def test_numbers_that_are_equal_are_told_apart(one, other):
    from multigrad.adapters.torch._code import _comparable

    assert _comparable((one,), {}) == _comparable((one,), {})
    assert _comparable((one,), {}) != _comparable((other,), {})


def test_signs_of_zero_are_told_apart():
    with np.errstate(divide="ignore"):
        found = [differentiated(lambda x, zero=zero: xp.sum(x / zero)) for zero in (0.0, -0.0)]
    assert found[0].tolist() == [np.inf] * 3
    assert found[1].tolist() == [-np.inf] * 3


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


def test_data_is_not_kept_by_the_code(compilations, monkeypatch):
    # pytest keeps every record that a compiler logs, and what it refers to.
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    data = multigrad.asarray(np.full(1000, 2.0), backend="torch")
    kept = weakref.ref(data)
    differentiated(lambda x, data=data: xp.sum(x) * xp.sum(data))
    assert len(compilations) == 1
    compilations.clear()
    del data
    gc.collect()
    assert kept() is None
