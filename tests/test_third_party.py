"""array-api-extra, scikit-learn and einops take an `Array` of every backend and stay differentiable.

Values are those that the library gives for NumPy's arrays, gradients are finite differences of these. What leaves the
namespace raises: it never gives a silent zero.
"""

import array_api_extra as xpx
import numpy as np
import pytest
import sklearn
from sklearn import mixture, preprocessing
from sklearn.metrics import pairwise

import multigrad
from multigrad import DetachedValueError, xp

from .library_gradients import X, check_gradient, check_that_it_leaves, check_that_it_refuses, matrix, rows
from .third_party_functions import FLAT, LEAVING, REFUSING, SMOOTH


@pytest.fixture(autouse=True)
def _dispatch():
    with sklearn.config_context(array_api_dispatch=True):
        yield


# scikit-learn warns of small samples and constant features.
quietly = pytest.mark.filterwarnings("ignore")


@quietly
@pytest.mark.parametrize("name", SMOOTH)
def test_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check_gradient(SMOOTH[name], backend))


@quietly
@pytest.mark.parametrize("name", FLAT)
def test_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check_gradient(FLAT[name], backend))


@quietly
@pytest.mark.parametrize("name", LEAVING)
def test_functions_that_leave_raise(backend, name):
    check_that_it_leaves(LEAVING[name], backend)


@quietly
@pytest.mark.parametrize("name", REFUSING)
def test_functions_that_ask_for_more_than_the_standard_raise(backend, name):
    check_that_it_refuses(REFUSING[name], backend)
