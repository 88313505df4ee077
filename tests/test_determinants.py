"""The determinant of singular matrices: first and second derivatives against minors, which need no inverse."""

import itertools

import numpy as np
import pytest

import multigrad
from multigrad import xp

_GENERATOR = np.random.default_rng(0)
_REGULAR = _GENERATOR.normal(size=(4, 4))
_DIRECTION = _GENERATOR.normal(size=(5, 5))


def _with_rows(rows):
    """Return the regular matrix with some rows made copies of others."""
    found = _REGULAR.copy()
    for row, other in rows.items():
        found[row] = found[other]
    return found


_LARGER = _GENERATOR.normal(size=(5, 5))
_LARGER[4] = _LARGER[1] + _LARGER[2]

MATRICES = {
    "regular": _REGULAR,
    "identity": np.eye(4),
    "equal rows": _with_rows({3: 0}),
    "rank 2": _with_rows({3: 0, 2: 1}),
    "rank 1": np.outer(_REGULAR[0], _REGULAR[1]),
    "zero": np.zeros((4, 4)),
    "sum of rows": _LARGER,
    # The pivot that vanishes is not the last.
    "zero column": _REGULAR * np.array([1.0, 0.0, 1.0, 1.0]),
    "equal columns": _with_rows({1: 0}).T,
    "diagonal": np.diag([0.0, 1.0, 2.0, 3.0, 4.0]),
    "complex zero column": _REGULAR * np.array([1 + 1j, 0, 1j, 0.5]),
    "complex": _with_rows({3: 0}) * np.array([1 + 1j, 2 - 1j, 1j, 0.5]),
}


def _minor(matrix, rows, columns):
    rest = np.delete(np.delete(matrix, rows, 0), columns, 1)
    return np.linalg.det(rest) if rest.size else 1.0


def _cofactors(matrix):
    size = len(matrix)
    return np.array([[(-1) ** (i + j) * _minor(matrix, [i], [j]) for j in range(size)] for i in range(size)])


def _curvature(matrix, direction):
    """Return the derivative of the cofactors in a direction."""
    size = len(matrix)
    found = np.zeros_like(matrix)
    for i, j, k, m in itertools.product(range(size), repeat=4):
        if i != k and j != m:
            sign = (-1) ** (i + j + k + m) * (1 if (i < k) == (j < m) else -1)
            found[i, j] += sign * _minor(matrix, [i, k], [j, m]) * direction[k, m]
    return found


@pytest.mark.parametrize("name", MATRICES)
def test_first_and_second_derivatives(backend, name):
    matrix = MATRICES[name]
    direction = _DIRECTION[: len(matrix), : len(matrix)].astype(matrix.dtype)

    def f(x):
        return xp.real(xp.linalg.det(x)) if np.iscomplexobj(matrix) else xp.linalg.det(x)

    # The gradient of the real part is the conjugate of the derivative.
    first, second = np.conj(_cofactors(matrix)), np.conj(_curvature(matrix, direction))

    def close(found, expected):
        np.testing.assert_allclose(multigrad.to_numpy(found), expected, rtol=1e-9, atol=1e-12)

    close(multigrad.gradient(f, backend=backend)(matrix), first)
    close(multigrad.hvp(f, (matrix,), (direction,), backend=backend)[0], second)

    def along(x):
        return xp.real(xp.sum(xp.conj(xp.asarray(direction)) * multigrad.gradient(f)(x)))

    close(multigrad.gradient(along, backend=backend)(matrix), second)
    close(multigrad.jvp(multigrad.gradient(f), (matrix,), (direction,), backend=backend)[1], second)


def test_forward_over_forward(backend):
    matrix, direction = MATRICES["equal rows"], _DIRECTION[:4, :4]
    found = multigrad.jvp(
        lambda x: multigrad.jvp(xp.linalg.det, (x,), (direction,))[1], (matrix,), (direction,), backend=backend
    )[1]
    assert float(found) == pytest.approx(np.sum(_curvature(matrix, direction) * direction), rel=1e-9)


def test_third_derivative_of_a_regular_matrix(backend):
    # Along a line the determinant of the identity plus t times a matrix is its characteristic polynomial.
    direction = _DIRECTION[:4, :4]
    traces = [np.trace(np.linalg.matrix_power(direction, power)) for power in (1, 2, 3)]
    cubic = (traces[0] ** 3 - 3 * traces[0] * traces[1] + 2 * traces[2]) / 6

    def line(t):
        return xp.linalg.det(xp.eye(4) + t * xp.asarray(direction))

    third = multigrad.gradient(multigrad.gradient(multigrad.gradient(line)), backend=backend)(0.0)
    assert float(third) == pytest.approx(6 * cubic, rel=1e-9)


@pytest.mark.parametrize("matrix", [np.ones((2, 2)), np.ones((4, 4)), np.diag([2.0, -1.0, 3.0])], ids=str)
def test_the_sign_of_a_real_determinant_is_flat(backend, matrix):
    """Rule 3, at singular matrices too, where the logarithm beside it has no derivative."""
    slope = multigrad.gradient(lambda x: xp.sum(xp.linalg.slogdet(x)[0]), backend=backend)(matrix)
    np.testing.assert_array_equal(multigrad.to_numpy(slope), np.zeros(matrix.shape))
