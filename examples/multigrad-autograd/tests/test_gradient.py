"""The backend as users meet it: by its name, found through the entry point."""

import re
from importlib.metadata import entry_points

import numpy as np
import pytest
from autograd.numpy.numpy_boxes import ArrayBox
from multigrad_autograd import LIMITS

import multigrad
from multigrad import xp
from multigrad.testing import check_backend


def f(x):
    return xp.sum(xp.sin(x**2 + 1))


def test_the_entry_point_gives_the_backend():
    (point,) = entry_points(group="multigrad.backends", name="autograd")
    assert point.dist.name == "multigrad-autograd"
    assert type(multigrad.get_backend("autograd")) is point.load()


def test_gradient_and_hessian_by_autograd():
    x = np.asarray([2.0, -0.5])
    seen = []

    def watched(x):
        seen.append(type(x.native))
        return f(x)

    found = multigrad.gradient(watched, backend="autograd")(x)
    np.testing.assert_allclose(found, 2 * x * np.cos(x**2 + 1), rtol=1e-14)
    assert seen == [ArrayBox]  # autograd's own tape, not another engine
    curvature = 2 * np.cos(x**2 + 1) - 4 * x**2 * np.sin(x**2 + 1)
    np.testing.assert_allclose(multigrad.hessian(f, backend="autograd")(x), np.diag(curvature), rtol=1e-13)


def test_a_value_does_not_leave_by_accident():
    with pytest.raises(multigrad.DetachedValueError):
        multigrad.gradient(lambda x: x * float(x), backend="autograd")(2.0)


@pytest.fixture(scope="module")
def failing():
    return {failure.clause.name for failure in check_backend("autograd").failures}


@pytest.mark.parametrize("key", LIMITS)
def test_every_limit_is_one(key, failing):
    """What is excluded really fails: a limit that autograd has outgrown must go."""
    pattern = re.compile(".*".join(map(re.escape, key.split("*"))))
    assert any(pattern.fullmatch(name) for name in failing)
