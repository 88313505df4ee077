"""Planted bugs: right backends made wrong in one way each, to prove that the clauses catch them.

A mutant changes what the protocol's members return and knows nothing of the framework, so the same bugs can be planted
in any backend.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from multigrad._dtypes import COMPLEX, INEXACT, dtype_name
from multigrad._errors import DetachedValueError
from multigrad._protocol import (
    Backend,
    FlatFunction,
    Native,
    Natives,
    Pullback,
    SupportsGradient,
    SupportsRecording,
    SupportsStopGradient,
)

_Vjp = Callable[..., tuple[Natives, Pullback, Natives]]


class Mutant(NamedTuple):
    """A way to be wrong.

    Attributes
    ----------
    name
        Short name.
    clauses
        Names of the clauses that must catch it, each on its own.
    plant
        Maps a right backend to its mutated members, by name.
    capability
        Protocol that the right backend must satisfy for the bug to be planted, or None.
    """

    name: str
    clauses: tuple[str, ...]
    plant: Callable[[Backend], dict[str, Any]]
    capability: type | None

    def of(self, backend: Backend) -> Backend:
        """Return the backend with the bug."""
        return _Mutated(backend, self.plant(backend))  # type: ignore[return-value]


class _Mutated:
    """A backend's members, some of them replaced."""

    name: str
    xp: Any

    def __init__(self, right: Backend, members: dict[str, Any]) -> None:
        # Members of its own, not __getattr__: isinstance on a protocol looks without calling that.
        for name in dir(right):
            if not name.startswith("_"):
                setattr(self, name, members.get(name, getattr(right, name)))


_found: list[Mutant] = []


def _mutant(
    *clauses: str, capability: type | None = None
) -> Callable[[Callable[[Backend], dict[str, Any]]], Callable[[Backend], dict[str, Any]]]:
    def add(plant: Callable[[Backend], dict[str, Any]]) -> Callable[[Backend], dict[str, Any]]:
        _found.append(Mutant(plant.__name__.strip("_"), clauses, plant, capability))
        return plant

    return add


def _in_the_pullback(
    change: Callable[[Backend, Pullback, Natives, Natives], Natives],
) -> Callable[[Backend], dict[str, Any]]:
    """Plant a bug that only concerns what the pullback makes of the cotangents."""

    @functools.wraps(change)
    def plant(right: Backend) -> dict[str, Any]:
        def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
            outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
            return outputs, lambda cotangents: change(right, pullback, primals, cotangents), aux

        return {"vjp": vjp}

    return plant


# Order, shape, dtype and zeros


@_mutant("cotangents_in_order")
@_in_the_pullback
def swapped_cotangents(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return pullback(cotangents[::-1])


@_mutant("gradients_in_order")
@_in_the_pullback
def swapped_gradients(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return pullback(cotangents)[::-1]


@_mutant("outputs_in_order")
@_in_the_pullback
def list_of_gradients(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Any:
    return list(pullback(cotangents))


@_mutant("cotangents_in_order")
@_in_the_pullback
def wrong_factor_in_the_second_output(
    right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives
) -> Natives:
    return pullback((*cotangents[:1], *(right.xp.multiply(ct, 1 + 1e-9) for ct in cotangents[1:])))


@_mutant("dtypes_are_kept")
@_in_the_pullback
def single_precision(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(_cast(right, g, "float64", "float32") for g in pullback(cotangents))


@_mutant("dtypes_are_kept", "unconnected_inputs_give_zeros")
@_in_the_pullback
def promoted_to_double(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(_cast(right, g, "float32", "float64") for g in pullback(cotangents))


@_mutant("shapes_are_kept")
@_in_the_pullback
def flattened(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(right.xp.reshape(g, (-1,)) for g in pullback(cotangents))


@_mutant("shapes_are_kept")
@_in_the_pullback
def transposed(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(right.xp.matrix_transpose(g) if len(g.shape) > 1 else g for g in pullback(cotangents))


@_mutant("unconnected_inputs_give_zeros", "constant_functions_give_zeros", "second_order_of_linear_functions")
@_in_the_pullback
def none_for_zeros(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return tuple(None if _all_zero(right, g) else g for g in pullback(cotangents))


@_mutant("integer_outputs_give_zeros")
def integer_outputs_refused(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        if any(dtype_name(output.dtype) not in INEXACT for output in outputs):
            raise TypeError("only floating outputs can be differentiated")
        return outputs, pullback, aux

    return {"vjp": vjp}


@_mutant("same_array_twice_is_two_primals")
@_in_the_pullback
def same_array_counted_once(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    found = pullback(cotangents)

    def total(primal: Native) -> Native:
        parts = [g for other, g in zip(primals, found, strict=True) if other is primal]
        return functools.reduce(right.xp.add, parts)

    return tuple(total(primal) for primal in primals)


@_mutant("primals_may_be_outputs")
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


# Reuse


@_mutant("reusable_pullback_repeats", "reused_pullback_can_be_differentiated")
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


@_mutant("reusable_pullback_repeats")
def always_freed(right: Backend) -> dict[str, Any]:
    return {"vjp": lambda f, primals, /, *, reusable=True: right.vjp(f, primals, reusable=False)}


@_mutant("single_use_pullback_raises")
def never_freed(right: Backend) -> dict[str, Any]:
    return {"vjp": lambda f, primals, /, *, reusable=True: right.vjp(f, primals, reusable=True)}


@_mutant("direct_gradient_agrees", capability=SupportsGradient)
def direct_gradients_swapped(right: Backend) -> dict[str, Any]:
    def value_and_gradient(f: FlatFunction, primals: Natives, /, **options: Any) -> tuple[Native, Natives, Natives]:
        value, gradients, aux = right.value_and_gradient(f, primals, **options)  # type: ignore[attr-defined]
        return value, gradients[::-1], aux

    return {"value_and_gradient": value_and_gradient}


# Differentiating again


def _stopped(right: Backend, arrays: Natives) -> Natives:
    return tuple(right.stop_gradient(x) for x in arrays)  # type: ignore[attr-defined]


@_mutant(
    "second_order",
    "third_order",
    "mixed_second_order",
    "pullback_can_be_differentiated_in_the_cotangent",
    "closed_over_values_can_be_differentiated",
    "nested_levels_stay_apart",
    capability=SupportsStopGradient,
)
@_in_the_pullback
def detached_pullback(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return _stopped(right, pullback(cotangents))


@_mutant("pullback_can_be_differentiated_in_the_cotangent", capability=SupportsStopGradient)
@_in_the_pullback
def detached_cotangents(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    return pullback(_stopped(right, cotangents))


@_mutant("second_order", capability=SupportsStopGradient)
def detached_when_used_once(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        return outputs, pullback if reusable else lambda cotangents: _stopped(right, pullback(cotangents)), aux

    return {"vjp": vjp}


@_mutant("second_order", "closed_over_values_can_be_differentiated", capability=SupportsGradient)
def direct_gradient_detached(right: Backend) -> dict[str, Any]:
    def value_and_gradient(f: FlatFunction, primals: Natives, /, **options: Any) -> tuple[Native, Natives, Natives]:
        value, gradients, aux = right.value_and_gradient(f, primals, **options)  # type: ignore[attr-defined]
        return value, _stopped(right, gradients), aux

    return {"value_and_gradient": value_and_gradient}


@_mutant("outputs_can_be_differentiated", "closed_over_values_can_be_differentiated", capability=SupportsStopGradient)
def detached_outputs(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        return _stopped(right, outputs), pullback, aux

    return {"vjp": vjp}


@_mutant("aux_can_be_differentiated", capability=SupportsStopGradient)
def detached_aux(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        return outputs, pullback, _stopped(right, aux)

    return {"vjp": vjp}


def _aux_as_outputs(right: Backend, cotangent: str) -> _Vjp:
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


@_mutant("aux_is_not_differentiated")
def aux_added_to_the_outputs(right: Backend) -> dict[str, Any]:
    return {"vjp": _aux_as_outputs(right, "ones_like")}


@_mutant("aux_is_not_differentiated")
def aux_with_zero_cotangents(right: Backend) -> dict[str, Any]:
    return {"vjp": _aux_as_outputs(right, "zeros_like")}


# What is left behind


@_mutant("results_leave_the_computation")
def recorded_for_ever(right: Backend) -> dict[str, Any]:
    def to_numpy(x: Native) -> np.ndarray:
        raise DetachedValueError(f"{x} is still being differentiated")

    return {"to_numpy": to_numpy}


@_mutant("exceptions_pass_through")
def other_exception(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        try:
            return right.vjp(f, primals, reusable=reusable)
        except Exception as error:
            raise ValueError("differentiation failed") from error

    return {"vjp": vjp}


@_mutant("exceptions_leave_no_state")
def left_over_after_an_exception(right: Backend) -> dict[str, Any]:
    depth = 0
    tape: list[Natives] = []

    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        nonlocal depth
        left_over = len(tape) - depth
        tape.append(primals)
        depth += 1
        try:
            outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        finally:
            depth -= 1
        tape.pop()  # not reached after an exception
        return outputs, lambda cotangents: _scaled(right, pullback(cotangents), 1.0 + left_over), aux

    return {"vjp": vjp}


@_mutant("calls_are_independent")
def last_pullback_for_all(right: Backend) -> dict[str, Any]:
    last: Pullback | None = None

    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        nonlocal last
        outputs, last, aux = right.vjp(f, primals, reusable=reusable)
        return outputs, lambda cotangents: last(cotangents), aux

    return {"vjp": vjp}


@_mutant("arguments_are_unchanged")
@_in_the_pullback
def cotangents_overwritten(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    found = pullback(cotangents)
    for cotangent in cotangents:
        cotangent[...] = 0.0  # a framework with immutable arrays refuses, and the clause fails with that
    return found


@_mutant("threads_do_not_mix")
def state_shared_by_threads(right: Backend) -> dict[str, Any]:
    current: Natives = ()

    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        nonlocal current
        current = primals
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        # Whoever came in last; all threads are inside f before one leaves it.
        factor = 1.0 if current is primals else 0.0
        return outputs, lambda cotangents: _scaled(right, pullback(cotangents), factor), aux

    return {"vjp": vjp}


@_mutant("pullbacks_work_in_other_threads")
def bound_to_its_thread(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        home = threading.get_ident()

        def at_home(cotangents: Natives) -> Natives:
            if threading.get_ident() != home:
                raise RuntimeError("this pullback belongs to another thread")
            return pullback(cotangents)

        return outputs, at_home, aux

    return {"vjp": vjp}


# Complex numbers


@_mutant("complex_gradient_of_a_real_function", "complex_pairing", "complex_second_order")
@_in_the_pullback
def conjugated(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    def conjugate(arrays: Natives) -> Natives:
        return tuple(right.xp.conj(x) if dtype_name(x.dtype) in COMPLEX else x for x in arrays)

    return conjugate(pullback(conjugate(cotangents)))


@_mutant("real_inputs_have_real_gradients")
@_in_the_pullback
def complex_gradient_of_a_real_input(
    right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives
) -> Natives:
    found = pullback(cotangents)
    return (
        found
        if dtype_name(cotangents[0].dtype) not in COMPLEX
        else tuple(_cast(right, g, "float64", "complex128") for g in found)
    )


# Arrays and devices


@_mutant("values_survive_conversion")
def narrowed_on_the_way_in(right: Backend) -> dict[str, Any]:
    return {"asarray": lambda obj, /, **options: _cast(right, right.asarray(obj, **options), "float64", "float32")}


@_mutant("numbers_become_arrays")
def dtype_ignored(right: Backend) -> dict[str, Any]:
    return {"asarray": lambda obj, /, *, dtype=None, device=None: right.asarray(obj, device=device)}


@_mutant("recording_is_told", capability=SupportsRecording)
def nothing_recorded(right: Backend) -> dict[str, Any]:
    return {"is_recorded": lambda x, /: False}


@_mutant("arrays_are_recognized")
def lists_taken_for_arrays(right: Backend) -> dict[str, Any]:
    return {"is_array": lambda x, /: isinstance(x, list) or right.is_array(x)}


@_mutant("devices_are_named")
def unknown_devices_accepted(right: Backend) -> dict[str, Any]:
    return {"to_device": lambda x, device, /: x}


@_mutant("stopped_values_are_constants", capability=SupportsStopGradient)
def nothing_stopped(right: Backend) -> dict[str, Any]:
    return {"stop_gradient": lambda x, /: x}


def _cast(right: Backend, x: Native, source: str, target: str) -> Native:
    return right.xp.astype(x, getattr(right.xp, target)) if dtype_name(x.dtype) == source else x


def _scaled(right: Backend, arrays: Natives, factor: float) -> Natives:
    return arrays if factor == 1.0 else tuple(right.xp.multiply(x, factor) for x in arrays)


def _all_zero(right: Backend, x: Native) -> bool:
    try:
        return not np.any(right.to_numpy(x))
    except DetachedValueError:  # inside another derivative
        return False


MUTANTS = tuple(_found)
