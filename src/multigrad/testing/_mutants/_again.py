"""Planted bugs in derivatives of derivatives, and in what is carried along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad._protocol import (
    Backend,
    FlatFunction,
    Native,
    Natives,
    Pullback,
    SupportsGradient,
    SupportsStopGradient,
)
from multigrad.testing._mutants._mutant import in_the_pullback, mutant, stopped


@mutant(
    "second_order",
    "third_order",
    "mixed_second_order",
    "pullback_can_be_differentiated_in_the_cotangent",
    "closed_over_values_can_be_differentiated",
    "nested_levels_stay_apart",
    capability=SupportsStopGradient,
)
@in_the_pullback
def detached_pullback(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return stopped(right, pullback(cotangents))


@mutant("pullback_can_be_differentiated_in_the_cotangent", capability=SupportsStopGradient)
@in_the_pullback
def detached_cotangents(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return pullback(stopped(right, cotangents))


@mutant("second_order", capability=SupportsStopGradient)
def detached_when_used_once(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        return outputs, pullback if reusable else lambda cotangents: stopped(right, pullback(cotangents)), aux

    return {"vjp": vjp}


@mutant("second_order", "closed_over_values_can_be_differentiated", capability=SupportsGradient)
def direct_gradient_detached(right: Backend) -> dict[str, Any]:
    def value_and_gradient(f: FlatFunction, primals: Natives, /, **options: Any) -> tuple[Native, Natives, Natives]:
        value, gradients, aux = right.value_and_gradient(f, primals, **options)  # type: ignore[attr-defined]
        return value, stopped(right, gradients), aux

    return {"value_and_gradient": value_and_gradient}


@mutant("outputs_can_be_differentiated", "closed_over_values_can_be_differentiated", capability=SupportsStopGradient)
def detached_outputs(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        return stopped(right, outputs), pullback, aux

    return {"vjp": vjp}


@mutant("aux_can_be_differentiated", capability=SupportsStopGradient)
def detached_aux(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        return outputs, pullback, stopped(right, aux)

    return {"vjp": vjp}


def _aux_as_outputs(right: Backend, cotangent: str) -> Callable[..., Any]:
    """Return a vjp that differentiates aux as well, with a cotangent that it makes up."""

    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        count = 0

        def together(*values: Native) -> tuple[Natives, Natives]:
            nonlocal count
            outputs, aux = f(*values)
            count = len(outputs)
            return (*outputs, *aux), ()

        values, pullback, _ = right.vjp(together, primals, reusable=reusable)
        made_up = tuple(getattr(right.xp, cotangent)(x) for x in values[count:])
        return values[:count], lambda cotangents: pullback((*cotangents, *made_up)), values[count:]

    return vjp


@mutant("aux_is_not_differentiated")
def aux_added_to_the_outputs(right: Backend) -> dict[str, Any]:
    return {"vjp": _aux_as_outputs(right, "ones_like")}


@mutant("aux_is_not_differentiated")
def aux_with_zero_cotangents(right: Backend) -> dict[str, Any]:
    return {"vjp": _aux_as_outputs(right, "zeros_like")}
