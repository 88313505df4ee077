"""array-api-extra, scikit-learn and einops take an `Array` of every backend and stay differentiable.

Values are those that the library gives for NumPy's arrays, gradients are finite differences of these. What leaves the
namespace raises: it never gives a silent zero.
"""

import array_api_extra as xpx
import numpy as np
import pytest
import sklearn
from scipy import signal
from sklearn import preprocessing
from sklearn.metrics import pairwise

import multigrad
from multigrad import DetachedValueError, xp

from .libraries_page import BLOCK, PAGE, blocks, page
from .library_gradients import (
    X,
    check_gradient,
    check_that_it_leaves,
    check_that_it_refuses,
    functions,
    matrix,
    named,
    rows,
    without_jax,
)
from .third_party_functions import (
    EINOPS_SMOOTH,
    EXTRA_SMOOTH,
    FLAT,
    LEAVING,
    LONG,
    REFUSING,
    SKLEARN_SMOOTH,
    SMOOTH,
    mixed,
)


@pytest.fixture(autouse=True)
def _dispatch():
    with sklearn.config_context(array_api_dispatch=True):
        yield


# scikit-learn warns of small samples and constant features.
quietly = pytest.mark.filterwarnings("ignore")


@quietly
@named(SMOOTH, without=LONG)
def test_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check_gradient(SMOOTH[name], backend))


@quietly
@without_jax
@named(SMOOTH, among=LONG)
def test_long_functions_that_stay_are_differentiated(backend, name):
    assert np.any(check_gradient(SMOOTH[name], backend))


@quietly
@named(FLAT, without=LONG)
def test_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check_gradient(FLAT[name], backend))


@quietly
@without_jax
@named(FLAT, among=LONG)
def test_long_functions_without_slope_have_gradient_zero(backend, name):
    assert not np.any(check_gradient(FLAT[name], backend))


@quietly
@named(LEAVING, without=LONG)
def test_functions_that_leave_raise(backend, name):
    check_that_it_leaves(LEAVING[name], backend)


@quietly
@without_jax
@named(LEAVING, among=LONG)
def test_long_functions_that_leave_raise(backend, name):
    check_that_it_leaves(LEAVING[name], backend)


@quietly
@named(REFUSING)
def test_functions_that_ask_for_more_than_there_is_raise(backend, name):
    check_that_it_refuses(REFUSING[name], backend)


def test_functions_without_dispatch_raise(backend):
    with sklearn.config_context(array_api_dispatch=False), pytest.raises(DetachedValueError, match=r"np\.asarray"):
        multigrad.gradient(lambda x: xp.sum(pairwise.rbf_kernel(rows(x))), backend=backend)(X)


@quietly
@without_jax
def test_a_masked_branch_of_standard_scaler_gives_nan(backend):
    """docs/libraries.md says so; were it to become right, it belongs into the table."""
    scaled = multigrad.gradient(
        lambda x: preprocessing.StandardScaler().fit_transform(matrix(x))[0, 0], backend=backend
    )
    assert np.isnan(multigrad.to_numpy(scaled(X))).any()


# docs/libraries.md says so: the standard promises no views, and a framework without them has none.
@quietly
def test_what_scipy_writes_through_a_view_is_left_out(backend):
    found = multigrad.value_and_gradient(
        lambda x: xp.sum((signal.oaconvolve(x, x[:3]) - signal.fftconvolve(x, x[:3])) ** 2), backend=backend
    )(X)
    assert not np.isclose(multigrad.to_numpy(found[0]), 0.0)


@quietly
@without_jax
def test_what_scikit_learn_writes_through_a_view_is_left_out(backend):
    gradients = [
        multigrad.gradient(lambda x, r=r: xp.sum(mixed(x, reg_covar=r)), backend=backend)(X) for r in (0.0, 0.5)
    ]
    np.testing.assert_allclose(*map(multigrad.to_numpy, gradients), rtol=1e-12)


def test_sets_of_array_api_extra(backend):
    namespace = getattr(multigrad.array_api, backend)
    x = namespace.asarray(np.asarray([1.0, 2.0, 2.0, 3.0]))
    assert int(xpx.nunique(x)) == 3
    assert multigrad.to_numpy(xpx.setdiff1d(x, x[:2])).tolist() == [3.0]


def test_there_are_as_many_as_the_documentation_says():
    assert set(SMOOTH | FLAT | LEAVING) >= LONG
    assert len(functions(EXTRA_SMOOTH)) >= 10
    assert len([name for name in functions(SKLEARN_SMOOTH) if name.startswith("metrics.")]) >= 5
    assert functions(EINOPS_SMOOTH) == [
        f"einops.array_api.{name}" for name in ("pack", "rearrange", "reduce", "repeat", "unpack")
    ]


def test_the_page_lists_what_is_tested():
    """Made by ``python -m tests.libraries_page``."""
    text = PAGE.read_text(encoding="utf-8")
    assert [found[2] for found in BLOCK.finditer(text)] == list(blocks())
    assert page(text) == text
