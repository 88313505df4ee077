"""Values and slopes where a matrix has no inverse, and norms of negative orders beside an element of 0."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

# The zero column makes the factors of every kernel exactly singular.
SINGULAR = np.asarray([[0.0, 1.0], [0.0, 2.0]])
REGULAR = np.asarray([[2.0, 1.0], [0.5, 3.0]])
WEIGHTS = np.asarray([[0.7, -1.3], [0.4, 0.9]])


def weighted_inverse(x):
    return xp.sum(xp.linalg.inv(x) * xp.asarray(WEIGHTS), axis=(-2, -1))


def weighted_power(x):
    return xp.sum(xp.linalg.matrix_power(x, -1) * xp.asarray(WEIGHTS), axis=(-2, -1))


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("f", [weighted_inverse, weighted_power])
def test_the_gradient_of_a_singular_matrix_is_nan_beside_a_regular_one(f, backend, compiled):
    gradient = multigrad.gradient(lambda x: xp.sum(f(x)), backend=backend, compile=compiled)
    singular, regular = multigrad.to_numpy(gradient(np.stack([SINGULAR, REGULAR])))
    assert np.isnan(singular).all()
    inverse = np.linalg.inv(REGULAR)
    np.testing.assert_allclose(regular, -(inverse @ WEIGHTS.T @ inverse).T, rtol=1e-12, atol=1e-14)


def test_a_negative_power_of_a_singular_matrix_does_not_raise(backend):
    with multigrad.use_backend(backend, dtype="float64"):
        power = xp.linalg.matrix_power(xp.asarray(SINGULAR), -2)
    assert not np.isfinite(multigrad.to_numpy(power)).all()


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("order", [-1, -2, -2.5])
def test_norms_of_negative_orders_beside_a_zero(order, backend, compiled):
    def norms(x):
        return xp.sum(xp.linalg.vector_norm(x, axis=-1, ord=order))

    def curvature(x):
        return xp.sum(multigrad.gradient(norms)(x) * xp.asarray([0.3, -1.1, 2.0]))

    x = np.asarray([[1.0, 0.0, -2.0], [1.0, 3.0, -2.0], [0.0, np.nan, 1.0]])
    slopes = multigrad.to_numpy(multigrad.gradient(norms, backend=backend, compile=compiled)(x))
    curved = multigrad.to_numpy(multigrad.gradient(curvature, backend=backend, compile=compiled)(x))
    assert slopes[0].tolist() == curved[0].tolist() == [0.0] * 3  # the norm is 0, a symmetric kink
    size = np.abs(x[1])
    norm = np.sum(size**order) ** (1 / order)
    slope = np.sign(x[1]) * (size / norm) ** (order - 1)
    np.testing.assert_allclose(slopes[1], slope, rtol=1e-13)
    along = np.asarray([0.3, -1.1, 2.0])
    expected = (order - 1) / norm * ((size / norm) ** (order - 2) * along - slope * np.sum(slope * along))
    np.testing.assert_allclose(curved[1], expected, rtol=1e-12)
    assert np.isnan(slopes[2][1:]).all()
    assert np.isnan(curved[2][1:]).all()
