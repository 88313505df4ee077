"""Clauses on a single derivative: order, shapes, zeros, reuse, and aux."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from multigrad._protocol import Native, Natives, SupportsGradient
from multigrad.testing._case import Case
from multigrad.testing._clause import clause

_A, _B, _C = np.array([1.0, -2.0]), np.array([0.5, 3.0]), np.array([-1.5, 2.5])
_SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (3,), (2, 3), (2, 1, 2), (0,), (2, 0))


@clause(1, "Outputs and aux are flat tuples in the order in which f returns them.")
def outputs_in_order(case: Case) -> None:
    xp = case.xp

    def f(a, b):  # type: ignore[no-untyped-def]
        return (xp.multiply(a, b), xp.add(a, b), a), (xp.subtract(a, b), b)

    outputs, pullback, aux = case.backend.vjp(f, (case.array(_A), case.array(_B)))
    gradients = pullback(tuple(xp.ones_like(output) for output in outputs))
    case.tuples(outputs, aux, gradients)
    for found, expected in zip((*outputs, *aux), (_A * _B, _A + _B, _A, _A - _B, _B), strict=True):
        case.close(found, expected, "each output and aux in its place")


@clause(1, "The pullback takes one cotangent per output, in the outputs' order.")
def cotangents_in_order(case: Case) -> None:
    xp = case.xp
    outputs, pullback = case.vjp(lambda x: (xp.multiply(x, 2.0), xp.multiply(x, x)), case.array(_A))
    case.close(outputs[1], _A * _A, "the second output")
    (found,) = pullback((case.array(_B), case.array(_C)))
    case.close(found, 2 * _B + 2 * _A * _C, "the gradient")


@clause(1, "The pullback returns one array per primal, in the primals' order.")
def gradients_in_order(case: Case) -> None:
    xp = case.xp
    primals = map(case.array, (_A, _B, _C))
    _, pullback = case.vjp(lambda a, b, c: xp.multiply(a, xp.multiply(b, xp.multiply(c, c))), *primals)
    expected = (_B * _C**2, _A * _C**2, 2 * _A * _B * _C)
    for found, values in zip(pullback((case.array([1.0, 1.0]),)), expected, strict=True):
        case.close(found, values, "each gradient in its place")


@clause(1, "Gradients have the primals' shapes, broadcast and empty ones as well.")
def shapes_are_kept(case: Case) -> None:
    xp = case.xp
    for shape in _SHAPES:
        x = case.array(np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape))
        found = case.gradient(lambda x: xp.sum(xp.multiply(x, x)), x)
        case.like(found, x, "the gradient")
        case.close(found, 2 * np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape), "the gradient")
    row, column, number = case.array([[1.0, 2.0, 3.0]]), case.array([[4.0], [5.0]]), case.array(6.0)
    _, pullback = case.vjp(lambda *p: xp.multiply(p[0], xp.multiply(p[1], p[2])), row, column, number)
    found = pullback((case.array(np.ones((2, 3))),))
    for array, primal, expected in zip(
        found, (row, column, number), ([[54.0] * 3], [[36.0], [36.0]], 54.0), strict=True
    ):
        case.like(array, primal, "the gradient of a broadcast primal")
        case.close(array, expected, "the gradient of a broadcast primal")


@clause(1, "Gradients have the primals' dtypes, also where f changes them on the way.")
def dtypes_are_kept(case: Case) -> None:
    xp = case.xp
    single, double = case.array(_A, "float32"), case.array(_B)
    case.like(case.gradient(lambda x: xp.sum(xp.multiply(x, x)), single), single, "the gradient in float32")
    case.like(case.gradient(lambda x: xp.sum(xp.multiply(x, x)), double), double, "the gradient in float64")

    def mixed(x: Native, y: Native) -> Native:
        return xp.multiply(xp.astype(x, xp.float64), y)

    (output,), pullback = case.vjp(mixed, single, double)
    case.like(output, double, "the output")
    for found, primal, expected in zip(pullback((case.array(_C),)), (single, double), (_B * _C, _A * _C), strict=True):
        case.like(found, primal, "the gradient of mixed dtypes")
        case.close(found, expected, "the gradient of mixed dtypes")


@clause(1, "Outputs and gradients are where the primals are, on every device.")
def devices_are_kept(case: Case) -> None:
    xp = case.xp
    for device in case.backend.devices():
        x, ct = (case.backend.to_device(case.array(values, "float32"), device) for values in (_A, _B))
        (output,), pullback = case.vjp(lambda x: xp.multiply(x, x), x)
        (found,) = pullback((ct,))
        case.like(output, x, "the output")
        case.like(found, x, "the gradient")
        case.close(found, 2 * _A * _B, f"the gradient on {device}")


@clause(2, "A primal that f does not use has zeros of its shape and dtype.")
def unconnected_inputs_give_zeros(case: Case) -> None:
    xp = case.xp
    x, unused = case.array(_A), case.array([[1.0], [2.0]], "float32")
    _, pullback = case.vjp(lambda x, unused: xp.multiply(x, x), x, unused)
    gradient, zeros = pullback((case.array(_B),))
    case.close(gradient, 2 * _A * _B, "the gradient of the used primal")
    case.like(zeros, unused, "the gradient of the unused primal")
    case.close(zeros, [[0.0], [0.0]], "the gradient of the unused primal")


@clause(2, "A function that does not depend on its primals has zeros; beside other outputs as well.")
def constant_functions_give_zeros(case: Case) -> None:
    xp = case.xp
    x, constant = case.array(_A), case.array([7.0, 8.0])
    (output,), pullback = case.vjp(lambda x: constant, x)
    case.close(output, [7.0, 8.0], "the constant")
    (found,) = pullback((case.array(_B),))
    case.like(found, x, "the gradient of a constant")
    case.close(found, [0.0, 0.0], "the gradient of a constant")
    _, pullback = case.vjp(lambda x: (constant, xp.multiply(x, 3.0)), x)
    case.close(pullback((case.array(_C), case.array(_B)))[0], 3 * _B, "the gradient beside a constant")


@clause(2, "Integer and bool outputs contribute zeros, whatever their cotangents.")
def integer_outputs_give_zeros(case: Case) -> None:
    xp = case.xp

    def f(x: Native) -> Natives:
        return xp.astype(x, xp.int64), xp.multiply(x, x), xp.greater(x, 0.0)

    x = case.array(_A)
    outputs, pullback = case.vjp(f, x)
    case.same(outputs[0], np.array([1, -2]), "the integer output")
    case.same(outputs[2], np.array([True, False]), "the bool output")
    flags = case.array([True, True], "bool")
    case.close(pullback((case.array([5, 5], "int64"), case.array(_B), flags))[0], 2 * _A * _B, "the gradient")
    _, pullback = case.vjp(lambda x: f(x)[0], x)
    (found,) = pullback((case.array([5, 5], "int64"),))
    case.like(found, x, "the gradient of an integer output alone")
    case.close(found, [0.0, 0.0], "the gradient of an integer output alone")


@clause(2, "One array given as two primals has two partial derivatives.")
def same_array_twice_is_two_primals(case: Case) -> None:
    xp = case.xp
    x = case.array(_A)
    _, pullback = case.vjp(lambda a, b: xp.multiply(a, xp.multiply(b, b)), x, x)
    found = pullback((case.array([1.0, 1.0]),))
    case.close(found[0], _A**2, "the first partial derivative")
    case.close(found[1], 2 * _A**2, "the second partial derivative")


@clause(2, "A primal returned as it is, and an output returned twice, count once for each place.")
def primals_may_be_outputs(case: Case) -> None:
    xp = case.xp

    def f(x: Native) -> Natives:
        y = xp.multiply(x, 3.0)
        return x, y, y

    (found,) = case.vjp(f, case.array(_A))[1](tuple(map(case.array, (_A, _B, _C))))
    case.close(found, _A + 3 * _B + 3 * _C, "the gradient")


@clause(3, "With reusable=True the pullback may be called again; nothing accumulates.")
def reusable_pullback_repeats(case: Case) -> None:
    xp = case.xp
    _, pullback = case.vjp(lambda x: xp.multiply(x, xp.multiply(x, x)), case.array(_A), reusable=True)
    for cotangent in (_B, _C, _B):
        case.close(pullback((case.array(cotangent),))[0], 3 * _A**2 * cotangent, "the gradient of each call")


@clause(3, "With reusable=False the first call is right and the second raises RuntimeError.")
def single_use_pullback_raises(case: Case) -> None:
    xp = case.xp
    for f, expected in ((lambda x: xp.multiply(x, x), 2 * _A * _B), (lambda x: case.array(_C), 0 * _A)):
        _, pullback = case.vjp(f, case.array(_A), reusable=False)
        case.close(pullback((case.array(_B),))[0], expected, "the gradient")
        _must_be_spent(case, pullback)


def _must_be_spent(case: Case, pullback: Any) -> None:
    try:
        pullback((case.array(_B),))
    except RuntimeError:
        return
    case.fail("Expected RuntimeError from the second call of a single-use pullback, got a result.")


@clause(4, "Aux passes through with any dtype, contributes nothing, and its NaN derivative does not show.")
def aux_is_not_differentiated(case: Case) -> None:
    xp = case.xp

    def f(x):  # type: ignore[no-untyped-def]
        return (xp.multiply(x, x),), (xp.multiply(x, 5.0), xp.astype(x, xp.int64), xp.multiply(x, math.nan))

    x = case.array([0.0, 4.0])
    _, pullback, aux = case.backend.vjp(f, (x,))
    case.close(aux[0], [0.0, 20.0], "aux")
    case.same(aux[1], np.array([0, 4]), "integer aux")
    case.close(pullback((case.array([1.0, 1.0]),))[0], [0.0, 8.0], "the gradient beside aux")


@clause(3, "`value_and_gradient` gives the value, all gradients and aux, without a graph.", SupportsGradient)
def direct_gradient_agrees(case: Case) -> None:
    xp = case.xp
    evaluate = case.backend.value_and_gradient  # type: ignore[attr-defined]

    def f(a, b, unused):  # type: ignore[no-untyped-def]
        return (xp.sum(xp.multiply(a, xp.multiply(b, b))),), (xp.add(a, b), xp.astype(a, xp.int64), a)

    unused = case.array([[1.0], [2.0]], "float32")
    value, gradients, aux = evaluate(f, (case.array(_A), case.array(_B), unused), closed=True)
    case.tuples(gradients, aux)
    case.close(value, np.sum(_A * _B**2), "the value")
    for found, expected in zip(gradients, (_B**2, 2 * _A * _B, [[0.0], [0.0]]), strict=True):
        case.close(found, expected, "each gradient in its place")
    case.like(gradients[2], unused, "the gradient of the unused primal")
    case.close(aux[0], _A + _B, "aux")
    case.same(aux[1], np.array([1, -2]), "integer aux")
    case.close(aux[2], _A, "a primal in aux")
    constant = case.array(7.0)
    for function, expected, slope in ((lambda x: ((constant,), ()), 7.0, 0.0), (lambda x: ((x,), (x,)), 3.0, 1.0)):
        value, (found,), _ = evaluate(function, (case.array(3.0),))
        case.close(value, expected, "the value")
        case.close(found, slope, "the gradient")
    case.close(constant, 7.0, "what f closes over")
