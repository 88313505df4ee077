"""Clauses on derivatives of derivatives: outputs, aux and pullback are functions like any other."""

from __future__ import annotations

import numpy as np

from multigrad._protocol import Native
from multigrad.testing._case import Case
from multigrad.testing._clause import clause

_X, _T = np.array([0.5, -1.25, 2.0]), np.array([1.0, -3.0, 0.25])


@clause(4, "A gradient can be differentiated in the primals, from a reusable and from a single-use pullback.")
def second_order(case: Case) -> None:
    xp = case.xp

    def cube(x: Native) -> Native:
        return xp.sum(xp.multiply(x, xp.multiply(x, x)))

    for reusable in (True, False):

        def slope(x: Native, reusable: bool = reusable) -> Native:
            return xp.sum(case.gradient(cube, x, reusable=reusable))

        case.close(case.gradient(slope, case.array(_X)), 6 * _X, f"the second derivative (reusable={reusable})")


@clause(4, "The second derivative of a linear function, and of one that is constant, is zeros.")
def second_order_of_linear_functions(case: Case) -> None:
    xp = case.xp
    x = case.array(_X)
    linear = case.gradient(lambda x: xp.sum(case.gradient(lambda x: xp.sum(xp.multiply(x, 3.0)), x)), x)
    case.close(linear, [0.0, 0.0, 0.0], "the second derivative of 3·x")
    constant = case.gradient(lambda x: xp.sum(case.gradient(lambda x: case.array(1.0), x)), x)
    case.close(constant, [0.0, 0.0, 0.0], "the second derivative of a constant")


@clause(4, "Derivatives nest to any order.")
def third_order(case: Case) -> None:
    xp = case.xp

    def once(x: Native) -> Native:
        return case.gradient(xp.sin, x)

    def twice(x: Native) -> Native:
        return case.gradient(once, x)

    case.close(case.gradient(twice, case.array(0.75)), -np.cos(0.75), "the third derivative of sin")


@clause(4, "Second derivatives across two primals are right.")
def mixed_second_order(case: Case) -> None:
    xp = case.xp

    def slope_in_a(b: Native, a: Native) -> Native:
        # a² · b³, differentiated in a: 2 a b³
        return xp.sum(case.gradient(lambda a: xp.sum(xp.multiply(xp.multiply(a, a), xp.pow(b, 3.0))), a))

    found = case.gradient(slope_in_a, case.array(_T), case.array(_X))
    case.close(found, 6 * _X * _T**2, "the mixed derivative of a²·b³")


@clause(4, "The outputs of a vjp inside a function are differentiated like f itself.")
def outputs_can_be_differentiated(case: Case) -> None:
    xp = case.xp

    def value(x: Native) -> Native:
        outputs, _ = case.vjp(lambda x: xp.sum(xp.multiply(x, x)), x)
        return outputs[0]

    case.close(case.gradient(value, case.array(_X)), 2 * _X, "the gradient of an inner value")


@clause(4, "The aux of a vjp inside a function is differentiated by the outer derivative.")
def aux_can_be_differentiated(case: Case) -> None:
    xp = case.xp

    def aux_of_inner(x: Native) -> Native:
        _, _, aux = case.backend.vjp(lambda x: ((xp.multiply(x, x),), (xp.sum(xp.multiply(x, 4.0)),)), (x,))
        return aux[0]

    case.close(case.gradient(aux_of_inner, case.array(_X)), [4.0, 4.0, 4.0], "the gradient of an inner aux")


@clause(4, "The pullback, made outside or inside, is a differentiable function of the cotangent.")
def pullback_can_be_differentiated_in_the_cotangent(case: Case) -> None:
    xp = case.xp
    x = case.array(_X)
    _, made_outside = case.vjp(xp.sin, x)
    (found,) = case.vjp(lambda ct: made_outside((ct,)), case.array(_T))[1]((case.array([1.0, 2.0, 3.0]),))
    case.close(found, np.cos(_X) * [1.0, 2.0, 3.0], "the pullback's own pullback")

    def squares(ct: Native) -> Native:
        (gradient,) = case.vjp(xp.sin, x)[1]((ct,))
        return xp.sum(xp.multiply(gradient, gradient))

    found = case.gradient(squares, case.array(_T))
    case.close(found, 2 * np.cos(_X) ** 2 * _T, "the gradient of |pullback(ct)|² in ct")


@clause(4, "Values and gradients of an inner function depend on what it closes over.")
def closed_over_values_can_be_differentiated(case: Case) -> None:
    xp = case.xp
    x = case.array(_X)

    def gradient_at_x(a: Native) -> Native:
        # The inner primal is a constant of the outer function: d/dx Σ a·x² = 2·a·x
        return xp.sum(case.gradient(lambda x: xp.sum(xp.multiply(a, xp.multiply(x, x))), x))

    def value_at_x(a: Native) -> Native:
        return case.vjp(lambda x: xp.sum(xp.multiply(a, xp.multiply(x, x))), x)[0][0]

    def gradient_in_both(a: Native) -> Native:
        _, pullback = case.vjp(lambda a, x: xp.sum(xp.multiply(a, xp.multiply(x, x))), a, x)
        in_a, in_x = pullback((case.array(1.0),))
        return xp.add(in_a, xp.sum(in_x))  # Σ x² + 2·a·Σ x

    found = case.gradient(gradient_in_both, case.array(3.0))
    case.close(found, 2 * np.sum(_X), "the derivative of an inner gradient in a variable and a constant")
    case.close(case.gradient(gradient_at_x, case.array(3.0)), 2 * np.sum(_X), "the derivative of an inner gradient")
    case.close(case.gradient(value_at_x, case.array(3.0)), np.sum(_X**2), "the derivative of an inner value")


@clause(4, "An inner derivative does not see the outer variable as its own.")
def nested_levels_stay_apart(case: Case) -> None:
    xp = case.xp
    x = case.array(3.0)

    def confused(x: Native) -> Native:
        return xp.multiply(x, case.gradient(lambda y: xp.add(x, y), xp.asarray(case.array(1.0))))

    case.close(case.gradient(confused, x), 1.0, "the derivative of x · d/dy (x + y)")

    def own(x: Native) -> Native:
        return xp.multiply(x, case.gradient(lambda y: xp.multiply(x, xp.multiply(y, y)), x))

    case.close(case.gradient(own, x), 6 * 3.0**2, "the derivative of x · d/dy (x·y²) at y = x")


@clause(4, "Several calls of one pullback inside a function are all differentiated.")
def reused_pullback_can_be_differentiated(case: Case) -> None:
    xp = case.xp

    def twice(x: Native) -> Native:
        _, pullback = case.vjp(lambda x: xp.multiply(x, xp.multiply(x, x)), x, reusable=True)
        first, second = pullback((xp.ones_like(x),)), pullback((x,))
        return xp.sum(xp.add(first[0], second[0]))  # 3x² + 3x³

    case.close(case.gradient(twice, case.array(_X)), 6 * _X + 9 * _X**2, "the derivative of two calls")
