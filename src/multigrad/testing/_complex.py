"""Clauses on complex numbers: the pairing Re⟨ct, J t⟩ = Re⟨pullback(ct), t⟩ with ⟨a, b⟩ = Σ conj(a)·b."""

from __future__ import annotations

import numpy as np

from multigrad._protocol import Native, Natives
from multigrad.testing._case import Case
from multigrad.testing._clause import clause

_Z, _W = np.array([1.0 + 2.0j, -0.5 + 1.0j]), np.array([2.0 - 1.0j, 0.25 + 3.0j])
_CT, _DT = np.array([1.0 - 3.0j, 2.0 + 0.5j]), np.array([-1.0 + 1.0j, 0.5 - 2.0j])


@clause(8, "The gradient of a real function is dL/dRe + i·dL/dIm: 2z for Σ|z|², and conj(w) for Re Σ w·z.")
def complex_gradient_of_a_real_function(case: Case) -> None:
    xp = case.xp
    z, w = case.array(_Z, "complex128"), case.array(_W, "complex128")
    found = case.gradient(lambda z: xp.sum(xp.real(xp.multiply(z, xp.conj(z)))), z)
    case.like(found, z, "the gradient of Σ|z|²")
    case.close(found, 2 * _Z, "the gradient of Σ|z|²")
    found = case.gradient(lambda z: xp.sum(xp.real(xp.multiply(w, z))), z)
    case.close(found, np.conj(_W), "the gradient of Re Σ w·z")


@clause(8, "The pullback of complex outputs satisfies the pairing for every tangent.")
def complex_pairing(case: Case) -> None:
    xp = case.xp
    z, w, turn = (case.array(values, "complex128") for values in (_Z, _W, [3.0j, 3.0j]))

    def f(z: Native, w: Native) -> Natives:
        return xp.multiply(xp.multiply(z, z), xp.conj(w)), xp.multiply(turn, w)

    _, pullback = case.vjp(f, z, w)
    found = pullback((case.array(_CT, "complex128"), case.array(_DT, "complex128")))
    # Re⟨ct, 2z conj(w) t⟩ and Re⟨ct, z² conj(t)⟩ + Re⟨dt, 3i t⟩, solved for what pairs with t
    for gradient, primal, expected in zip(
        found, (z, w), (np.conj(2 * _Z * np.conj(_W)) * _CT, np.conj(_CT) * _Z**2 - 3j * _DT), strict=True
    ):
        case.like(gradient, primal, "the gradient")
        case.close(gradient, expected, "the gradient that satisfies the pairing")


@clause(8, "The gradient of a real primal is real where f computes in complex numbers.")
def real_inputs_have_real_gradients(case: Case) -> None:
    xp = case.xp
    x, w = case.array([1.5, -2.0]), case.array(_W, "complex128")
    _, pullback = case.vjp(lambda x: xp.multiply(w, xp.astype(x, xp.complex128)), x)
    (found,) = pullback((case.array(_CT, "complex128"),))
    case.like(found, x, "the gradient of a real primal")
    case.close(found, np.real(np.conj(_W) * _CT), "the gradient of a real primal")


@clause(8, "Complex gradients can be differentiated again.")
def complex_second_order(case: Case) -> None:
    xp = case.xp
    z = case.array(_Z, "complex128")

    def slope(z: Native) -> Native:
        # The gradient of Re Σ z³ is 3·conj(z)²; Re Σ of that has the gradient 6·conj(z).
        found = case.gradient(lambda z: xp.sum(xp.real(xp.multiply(z, xp.multiply(z, z)))), z)
        return xp.sum(xp.real(found))

    case.close(case.gradient(slope, z), 6 * np.conj(_Z), "the second derivative of Re Σ z³")
