"""What the vectors that complete a basis do, and singular values and norms at zeros, against closed forms.

The projector on the complement of a matrix's columns is that of a full basis beyond the thin one: 1 - A (Aᴴ A)⁻¹ Aᴴ.
"""

import numpy as np
import pytest

import multigrad
from multigrad import xp

_GENERATOR = np.random.default_rng(5)
_TALL = _GENERATOR.normal(size=(4, 2))
_COMPLEX = _GENERATOR.normal(size=(3, 2)) + 1j * _GENERATOR.normal(size=(3, 2))
_STACK = _GENERATOR.normal(size=(2, 3, 2))


def _adjoint(x):
    return xp.conj(xp.matrix_transpose(x))


def _of_qr(x):
    q = xp.linalg.qr(x, mode="complete").Q[..., :, x.shape[-1] :]
    return q @ _adjoint(q)


def _of_tall_svd(x):
    u = xp.linalg.svd(x).U[..., :, x.shape[-1] :]
    return u @ _adjoint(u)


def _of_wide_svd(x):
    vh = xp.linalg.svd(_adjoint(x)).Vh[..., x.shape[-1] :, :]
    return _adjoint(vh) @ vh


PROJECTORS = {"qr": _of_qr, "tall svd": _of_tall_svd, "wide svd": _of_wide_svd}


def _derivatives(x, weights, direction):
    """Return the gradient of Re ⟨weights, P⟩ of the projector P, and its derivative in a direction, by the formula."""
    adjoint = np.conj(np.swapaxes(x, -1, -2))
    both = np.conj(np.swapaxes(direction, -1, -2))
    gram = np.linalg.inv(adjoint @ x)
    gram_change = -gram @ (both @ x + adjoint @ direction) @ gram
    beyond = np.eye(x.shape[-2]) - x @ gram @ adjoint
    beyond_change = -(direction @ gram @ adjoint + x @ gram_change @ adjoint + x @ gram @ both)
    even = weights + np.conj(np.swapaxes(weights, -1, -2))
    gradient = -beyond @ even @ x @ gram
    change = -(beyond_change @ even @ x @ gram + beyond @ even @ (direction @ gram + x @ gram_change))
    return gradient, change


@pytest.mark.parametrize("matrix", [_TALL, _COMPLEX, _STACK], ids=["real", "complex", "stack"])
@pytest.mark.parametrize("name", PROJECTORS)
def test_the_complement_of_a_basis_turns_with_it(backend, name, matrix):
    generator = np.random.default_rng(6)
    rows = matrix.shape[-2]
    weights = generator.normal(size=(*matrix.shape[:-1], rows))
    direction = generator.normal(size=matrix.shape).astype(matrix.dtype)

    def f(x):
        return xp.sum(xp.real(PROJECTORS[name](x)) * xp.asarray(weights))

    gradient, change = _derivatives(matrix, weights, direction)
    found = multigrad.gradient(f, backend=backend)
    np.testing.assert_allclose(multigrad.to_numpy(found(matrix)), gradient, atol=1e-10)
    slope = multigrad.jvp(f, (matrix,), (direction,), backend=backend)[1]
    np.testing.assert_allclose(multigrad.to_numpy(slope), np.sum(np.real(np.conj(gradient) * direction)), atol=1e-10)
    turned = multigrad.jvp(found, (matrix,), (direction,), backend=backend)[1]
    np.testing.assert_allclose(multigrad.to_numpy(turned), change, atol=1e-9)


# By torch's own inductor (2.13).
@pytest.mark.filterwarnings("ignore:.torch._prims_common.check. is deprecated:FutureWarning")
@pytest.mark.parametrize("name", ["qr", "wide svd"])
def test_the_complement_turns_in_a_compiled_function_and_under_vmap(backend, name):
    weights = _GENERATOR.normal(size=(3, 3))

    def f(x):
        return xp.sum(PROJECTORS[name](x) * xp.asarray(weights))

    gradient, _ = _derivatives(_STACK, weights, _STACK)
    compiled = multigrad.gradient(f, backend=backend, compile=True)(_STACK[0])
    np.testing.assert_allclose(multigrad.to_numpy(compiled), gradient[0], atol=1e-10)
    mapped = multigrad.vmap(multigrad.gradient(f), backend=backend)(_STACK)
    np.testing.assert_allclose(multigrad.to_numpy(mapped), gradient, atol=1e-10)


@pytest.mark.parametrize("order", [0.5, 1.5, 2.5])
def test_a_norm_of_a_fractional_order_has_no_curvature_in_an_element_of_0(backend, order):
    x, direction = np.array([0.0, -2.0, 3.0]), np.array([1.0, 0.5, 0.25])

    def f(x):
        return xp.linalg.vector_norm(x, ord=order)

    a, s = np.abs(x[1:]), np.sign(x[1:])
    norm = np.sum(a**order) ** (1 / order)
    slope = s * a ** (order - 1) * norm ** (1 - order)
    hessian = (order - 1) * (np.diag(a ** (order - 2) * norm ** (1 - order)) - np.outer(slope, slope) / norm)
    np.testing.assert_allclose(multigrad.to_numpy(multigrad.gradient(f, backend=backend)(x)), [0, *slope], rtol=1e-12)
    found = multigrad.to_numpy(multigrad.hvp(f, (x,), (direction,), backend=backend)[0])
    np.testing.assert_allclose(found, [0, *(hessian @ direction[1:])], rtol=1e-12, atol=1e-15)
    nothing = multigrad.hvp(f, (np.zeros(3),), (direction,), backend=backend)[0]
    np.testing.assert_array_equal(multigrad.to_numpy(nothing), 0)


def test_a_single_singular_value_of_0_has_a_second_derivative(backend):
    # The nuclear norm of diag(2, 1, 0): the gradient u₁v₁ᵀ + u₂v₂ᵀ turns by (k - kᵀ) / (s + s') between the first two,
    # and by k / s towards the third.
    direction = np.arange(1.0, 10.0).reshape(3, 3)
    expected = [[0, (2 - 4) / 3, 3 / 2], [(4 - 2) / 3, 0, 6], [7 / 2, 8, 0]]

    def f(x):
        return xp.linalg.matrix_norm(x, ord="nuc")

    found = multigrad.hvp(f, (np.diag([2.0, 1.0, 0.0]),), (direction,), backend=backend)[0]
    np.testing.assert_allclose(multigrad.to_numpy(found), expected, atol=1e-12)
    found = multigrad.hvp(f, (np.zeros((1, 1)),), (np.ones((1, 1)),), backend=backend)[0]
    np.testing.assert_array_equal(multigrad.to_numpy(found), 0)


@pytest.mark.backends("numpy", "jax", "tensorflow")  # torch: a limit of docs/convention.md
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_a_single_singular_value_of_0_of_a_complex_matrix(backend, compiled):
    # As above with (k - kᴴ), and the vectors' common phases turn against each other by the imaginary diagonal.
    direction = _GENERATOR.normal(size=(3, 3)) + 1j * _GENERATOR.normal(size=(3, 3))
    turn = (direction - direction.conj().T)[:2, :2] / [[4, 3], [3, 2]]
    expected = np.block([[turn, direction[:2, 2:] / [[2], [1]]], [direction[2:, :2] / [2, 1], np.zeros((1, 1))]])
    matrix = np.diag([2.0, 1.0, 0.0]).astype(np.complex128)
    f = lambda x: xp.linalg.matrix_norm(x, ord="nuc")  # noqa: E731
    (found,) = multigrad.hvp(f, (matrix,), (direction,), backend=backend, compile=compiled)
    np.testing.assert_allclose(multigrad.to_numpy(found), expected, atol=1e-12)
