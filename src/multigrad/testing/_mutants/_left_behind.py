"""Planted bugs in what calls leave behind, and in what threads share."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from multigrad._errors import DetachedValueError
from multigrad._protocol import (
    Backend,
    FlatFunction,
    Native,
    Natives,
    Pullback,
)
from multigrad.testing._mutants._mutant import in_the_pullback, mutant, scaled


@mutant("results_leave_the_computation")
def recorded_for_ever(right: Backend) -> dict[str, Any]:
    def to_numpy(x: Native) -> np.ndarray:
        raise DetachedValueError(f"{x} is still being differentiated")

    return {"to_numpy": to_numpy}


@mutant("exceptions_pass_through")
def other_exception(right: Backend) -> dict[str, Any]:
    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        try:
            return right.vjp(f, primals, reusable=reusable)
        except Exception as error:
            raise ValueError("differentiation failed") from error

    return {"vjp": vjp}


@mutant("exceptions_leave_no_state")
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
        return outputs, lambda cotangents: scaled(right, pullback(cotangents), 1.0 + left_over), aux

    return {"vjp": vjp}


@mutant("calls_are_independent")
def last_pullback_for_all(right: Backend) -> dict[str, Any]:
    last: Pullback | None = None

    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        nonlocal last
        outputs, last, aux = right.vjp(f, primals, reusable=reusable)
        return outputs, lambda cotangents: last(cotangents), aux

    return {"vjp": vjp}


@mutant("arguments_are_unchanged")
@in_the_pullback
def cotangents_overwritten(right: Backend, pullback: Pullback, primals: Natives, cotangents: Natives) -> Natives:
    found = pullback(cotangents)
    for cotangent in cotangents:
        cotangent[...] = 0.0  # a framework with immutable arrays refuses, and the clause fails with that
    return found


@mutant("threads_do_not_mix")
def state_shared_by_threads(right: Backend) -> dict[str, Any]:
    current: Natives = ()

    def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        nonlocal current
        current = primals
        outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
        # Whoever came in last; all threads are inside f before one leaves it.
        factor = 1.0 if current is primals else 0.0
        return outputs, lambda cotangents: scaled(right, pullback(cotangents), factor), aux

    return {"vjp": vjp}


@mutant("pullbacks_work_in_other_threads")
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
