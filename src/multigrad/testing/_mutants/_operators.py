"""Planted bugs in the routes of the operators: capabilities that a backend may offer, each wrong in one way.

A capability that the right backend lacks is made of what it has, so that every bug can be planted in any backend.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad import _derive
from multigrad._protocol import (
    Backend,
    FlatFunction,
    Natives,
    Pullback,
    SupportsCheckpoint,
    SupportsCompile,
    SupportsPullbackRule,
    SupportsStopGradient,
)
from multigrad.testing._mutants._mutant import Plant, mutant, scaled, stopped

_Rule = Callable[[Natives, Natives], Natives]


def _conjugated(right: Backend, arrays: Natives) -> Natives:
    return tuple(right.xp.conj(x) for x in arrays)


def _first_alone(right: Backend, arrays: Natives) -> Natives:
    return (*arrays[:1], *(right.xp.zeros_like(x) for x in arrays[1:]))


# Forward mode


def _of_tangents(change: Callable[[Backend, Natives], Natives], *, after: bool = False) -> Plant:
    """Plant a bug in the tangents that go in, or in those that come out."""

    def plant(right: Backend) -> dict[str, Any]:
        def jvp(f: FlatFunction, primals: Natives, tangents: Natives, /) -> tuple[Natives, Natives, Natives]:
            outputs, found, aux = _derive.jvp(right, f, primals, tangents if after else change(right, tangents))
            return outputs, change(right, found) if after else found, aux

        return {"jvp": jvp}

    return plant


def _named(name: str, plant: Plant) -> Plant:
    plant.__name__ = name
    return plant


tangents_conjugated = mutant("jvp: holomorphic", "jacobian forward: complex to real vector")(
    _named("tangents_conjugated", _of_tangents(_conjugated))
)
tangents_of_outputs_reversed = mutant("jvp: dict of results", "jacobian forward: dict of results")(
    _named("tangents_of_outputs_reversed", _of_tangents(lambda right, found: found[::-1], after=True))
)
first_tangent_for_all = mutant("jvp: several arguments", "jacobian forward: dict of arguments")(
    _named("first_tangent_for_all", _of_tangents(_first_alone))
)
tangents_detached = mutant("laplacian: vector to vector", capability=SupportsStopGradient)(
    _named("tangents_detached", _of_tangents(stopped, after=True))
)


@mutant("hvp: several arguments", "hessian: dict of arguments")
def hessian_of_the_first_argument_alone(right: Backend) -> dict[str, Any]:
    def gradient_pullback(f: FlatFunction, primals: Natives, /, **options: Any) -> Pullback:
        pullback = _derive.gradient_pullback(right, f, primals, **options)
        return lambda tangents: pullback(_first_alone(right, tangents))

    return {"gradient_pullback": gradient_pullback}


# Slices


def _of_slices(change: Callable[[Backend, Natives], Natives]) -> Plant:
    def plant(right: Backend) -> dict[str, Any]:
        def vmap(f: Callable[..., Natives], arrays: Natives, /) -> Natives:
            return change(right, _derive.vmap(right, f, arrays))

        return {"vmap": vmap}

    return plant


slices_reversed = mutant("jacobian forward: vector to vector", "custom_vjp: mapped gradient")(
    _named("slices_reversed", _of_slices(lambda b, found: tuple(b.xp.flip(x, axis=0) for x in found)))
)
slices_stacked_last = mutant("vmap: vector to vector", "jacobian forward: matrix to matrix")(
    _named("slices_stacked_last", _of_slices(lambda b, found: tuple(b.xp.moveaxis(x, 0, -1) for x in found)))
)
first_slice_for_all = mutant("jacobian forward: linear", "custom_vjp: mapped gradient")(
    _named(
        "first_slice_for_all",
        _of_slices(lambda b, found: tuple(b.xp.broadcast_to(x[:1, ...], x.shape) for x in found)),
    )
)
slices_detached = mutant("custom_vjp: gradient of mapped", capability=SupportsStopGradient)(
    _named("slices_detached", _of_slices(stopped))
)


# Derivatives by hand


def _of_rules(change: Callable[[Backend, _Rule, Natives, Natives], Natives]) -> Plant:
    """Plant a bug in what becomes of a pullback that was written by hand."""

    def plant(right: Backend) -> dict[str, Any]:
        def with_pullback(outputs: Natives, inputs: Natives, residuals: Natives, pullback: _Rule, /) -> Natives:
            rule = lambda kept, cotangents: change(right, pullback, kept, cotangents)  # noqa: E731
            return right.with_pullback(outputs, inputs, residuals, rule)  # type: ignore[attr-defined]

        return {"with_pullback": with_pullback}

    return plant


rule_doubled = mutant("custom_vjp: gradient", "custom_vjp: third order", capability=SupportsPullbackRule)(
    _named("rule_doubled", _of_rules(lambda right, pull, kept, cts: scaled(right, pull(kept, cts), 2.0)))
)
cotangents_of_a_rule_conjugated = mutant("custom_vjp: vjp of complex", capability=SupportsPullbackRule)(
    _named(
        "cotangents_of_a_rule_conjugated",
        _of_rules(lambda right, pull, kept, cts: pull(kept, _conjugated(right, cts))),
    )
)
cotangents_of_a_rule_swapped = mutant("custom_vjp: jacobian of trees", capability=SupportsPullbackRule)(
    _named("cotangents_of_a_rule_swapped", _of_rules(lambda right, pull, kept, cts: pull(kept, cts[::-1])))
)
residuals_detached = mutant("custom_vjp: hessian", "custom_vjp: third order", capability=SupportsPullbackRule)(
    _named("residuals_detached", _of_rules(lambda right, pull, kept, cts: pull(stopped(right, kept), cts)))
)


@mutant("custom_jvp: gradient", "custom_jvp: jvp", "custom_jvp: hessian")
def tangent_rule_ignored(right: Backend) -> dict[str, Any]:
    return {"with_jvp": lambda f, rule, inputs, /: f(*inputs)}


# Recomputation and programs


@mutant("checkpoint reverse: vector to vector", "checkpoint hessian: vector to scalar", capability=SupportsStopGradient)
def checkpoint_detached(right: Backend) -> dict[str, Any]:
    def checkpoint(f: Callable[..., Natives], inputs: Natives, /) -> Natives:
        outputs = right.checkpoint(f, inputs) if isinstance(right, SupportsCheckpoint) else f(*inputs)
        return stopped(right, outputs)

    return {"checkpoint": checkpoint}


@mutant("jit: scalar to vector", capability=SupportsCompile)
def program_of_its_first_call(right: Backend) -> dict[str, Any]:
    def compiled(f: Callable[..., Natives], arrays: Natives, /) -> Callable[..., Natives]:
        program = right.compile(f, arrays)  # type: ignore[attr-defined]
        first: list[Natives] = []

        def run(*values: Any) -> Natives:
            if not first:
                first.append(program(*values))
            return first[0]

        return run

    return {"compile": compiled}
