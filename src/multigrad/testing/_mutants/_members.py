"""Planted bugs in complex numbers, and in the members beside the derivative."""

from __future__ import annotations

from typing import Any

from multigrad._dtypes import COMPLEX, dtype_name
from multigrad._protocol import (
    Backend,
    Natives,
    Pullback,
    SupportsRecording,
    SupportsStopGradient,
)
from multigrad.testing._mutants._mutant import cast, in_the_pullback, mutant


@mutant("complex_gradient_of_a_real_function", "complex_pairing", "complex_second_order")
@in_the_pullback
def conjugated(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    def conjugate(arrays: Natives) -> Natives:
        return tuple(right.xp.conj(x) if dtype_name(x.dtype) in COMPLEX else x for x in arrays)

    return conjugate(pullback(conjugate(cotangents)))


@mutant("real_inputs_have_real_gradients")
@in_the_pullback
def complex_gradient_of_a_real_input(
    right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives
) -> Natives:
    found = pullback(cotangents)
    return (
        found
        if dtype_name(cotangents[0].dtype) not in COMPLEX
        else tuple(cast(right, g, "float64", "complex128") for g in found)
    )


@mutant("values_survive_conversion")
def narrowed_on_the_way_in(right: Backend) -> dict[str, Any]:
    return {"asarray": lambda obj, /, **options: cast(right, right.asarray(obj, **options), "float64", "float32")}


@mutant("numbers_become_arrays")
def dtype_ignored(right: Backend) -> dict[str, Any]:
    return {"asarray": lambda obj, /, *, dtype=None, device=None: right.asarray(obj, device=device)}


@mutant("recording_is_told", capability=SupportsRecording)
def nothing_recorded(right: Backend) -> dict[str, Any]:
    return {"is_recorded": lambda x, /: False}


@mutant("arrays_are_recognized")
def lists_taken_for_arrays(right: Backend) -> dict[str, Any]:
    return {"is_array": lambda x, /: isinstance(x, list) or right.is_array(x)}


@mutant("devices_are_named")
def unknown_devices_accepted(right: Backend) -> dict[str, Any]:
    return {"to_device": lambda x, device, /: x}


@mutant("stopped_values_are_constants", capability=SupportsStopGradient)
def nothing_stopped(right: Backend) -> dict[str, Any]:
    return {"stop_gradient": lambda x, /: x}
