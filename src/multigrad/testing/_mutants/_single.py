"""Planted bugs in a single derivative: order, shape, dtype, zeros, reuse."""

from __future__ import annotations

import functools
from typing import Any

from multigrad._dtypes import INEXACT, dtype_name
from multigrad._protocol import (
    Backend,
    FlatFunction,
    Native,
    Natives,
    Pullback,
    SupportsGradient,
)
from multigrad.testing._mutants._mutant import all_zero, cast, in_the_pullback, mutant


@mutant("cotangents_in_order")
@in_the_pullback
def swapped_cotangents(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return pullback(cotangents[::-1])


@mutant("gradients_in_order")
@in_the_pullback
def swapped_gradients(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return pullback(cotangents)[::-1]


@mutant("outputs_in_order")
@in_the_pullback
def list_of_gradients(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Any:
    return list(pullback(cotangents))


@mutant("cotangents_in_order")
@in_the_pullback
def wrong_factor_in_the_second_output(
    right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives
) -> Natives:
    return pullback((*cotangents[:1], *(right.xp.multiply(ct, 1 + 1e-9) for ct in cotangents[1:])))


@mutant("dtypes_are_kept")
@in_the_pullback
def single_precision(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(cast(right, g, "float64", "float32") for g in pullback(cotangents))


@mutant("dtypes_are_kept", "unconnected_inputs_give_zeros")
@in_the_pullback
def promoted_to_double(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(cast(right, g, "float32", "float64") for g in pullback(cotangents))


@mutant("shapes_are_kept")
@in_the_pullback
def flattened(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(right.xp.reshape(g, (-1,)) for g in pullback(cotangents))


@mutant("shapes_are_kept")
@in_the_pullback
def transposed(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(right.xp.matrix_transpose(g) if len(g.shape) > 1 else g for g in pullback(cotangents))


@mutant("unconnected_inputs_give_zeros", "constant_functions_give_zeros", "second_order_of_linear_functions")
@in_the_pullback
def none_for_zeros(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(None if all_zero(right, g) else g for g in pullback(cotangents))


@mutant("integer_outputs_give_zeros")
def integer_outputs_refused(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        if any(dtype_name(output.dtype) not in INEXACT for output in outputs):
            raise TypeError("only floating outputs can be differentiated")
        return outputs, pullback, aux

    return {"vjp": vjp}


@mutant("same_array_twice_is_two_primals")
@in_the_pullback
def same_array_counted_once(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    found = pullback(cotangents)

    def total(primal: Native) -> Native:
        parts = [g for other, g in zip(primals, found, strict=True) if other is primal]
        return functools.reduce(right.xp.add, parts)

    return tuple(total(primal) for primal in primals)


@mutant("primals_may_be_outputs")
def repeated_output_counted_once(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        first: list[bool] = []

        def noted(*values: Native) -> tuple[Natives, Natives]:
            outputs, aux = f(*values)
            first[:] = [all(output is not other for other in outputs[:i]) for i, output in enumerate(outputs)]
            return outputs, aux

        outputs, pullback, aux = right.vjp(noted, primals, reusable=reusable)
        zeros = right.xp.zeros_like

        def deduplicated(cotangents: Natives) -> Natives:
            return pullback(tuple(ct if once else zeros(ct) for ct, once in zip(cotangents, first, strict=True)))

        return outputs, deduplicated, aux

    return {"vjp": vjp}


@mutant("reusable_pullback_repeats", "reused_pullback_can_be_differentiated")
def accumulating(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        held: Natives | None = None

        def accumulate(cotangents: Natives) -> Natives:
            nonlocal held
            found = pullback(cotangents)
            held = found if held is None else tuple(map(right.xp.add, held, found))
            return held

        return outputs, accumulate, aux

    return {"vjp": vjp}


@mutant("reusable_pullback_repeats")
def always_freed(right: Backend) -> dict[str, Any]:
    return {"vjp": lambda f, primals, /, *, reusable=True: right.vjp(f, primals, reusable=False)}


@mutant("single_use_pullback_raises")
def never_freed(right: Backend) -> dict[str, Any]:
    return {"vjp": lambda f, primals, /, *, reusable=True: right.vjp(f, primals, reusable=True)}


@mutant("direct_gradient_agrees", capability=SupportsGradient)
def direct_gradients_swapped(right: Backend) -> dict[str, Any]:
    def value_and_gradient(f: FlatFunction, primals: Natives, /, **options: Any) -> tuple[Native, Natives, Natives]:
        value, gradients, aux = right.value_and_gradient(f, primals, **options)  # type: ignore[attr-defined]
        return value, gradients[::-1], aux

    return {"value_and_gradient": value_and_gradient}
