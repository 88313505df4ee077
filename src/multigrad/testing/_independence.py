"""Clauses on what calls leave behind: no graph, no state, nothing changed, nothing shared between threads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from multigrad._computation import use_backend
from multigrad._protocol import Native, SupportsRecording
from multigrad.testing._case import Case
from multigrad.testing._clause import clause

_X, _T = np.array([0.5, -1.25, 2.0]), np.array([1.0, -3.0, 0.25])
_THREADS = 4
_PATIENCE = 60.0  # seconds until a thread that never comes counts as a failure


class _UserError(Exception):
    """What a user's function raises."""


@clause(5, "Results of an outermost call can be read as NumPy arrays: they carry no graph.")
def results_leave_the_computation(case: Case) -> None:
    xp = case.xp
    outputs, pullback, aux = case.backend.vjp(
        lambda x: ((xp.multiply(x, x), x, xp.asarray(2.0)), (xp.sin(x), x)), (case.array(_X),)
    )
    gradients = pullback((case.array(_T), case.array(_T), xp.ones_like(outputs[2])))
    for name, arrays in {"output": outputs, "aux": aux, "gradient": gradients}.items():
        for array in arrays:
            case.values(array, f"each {name}")
            recorded = isinstance(case.backend, SupportsRecording) and case.backend.is_recorded(array)
            case.require(not recorded, f"each {name} of an outermost call to carry no graph")


@clause(7, "An exception in f reaches the caller as the same object.")
def exceptions_pass_through(case: Case) -> None:
    raised = _UserError("from f")

    def fail(x: Native) -> Native:
        raise raised

    for f in (fail, lambda x: case.gradient(fail, x)):
        try:
            case.gradient(f, case.array(1.0))
        except _UserError as error:
            case.require(error is raised, "the very exception that f raised")
        else:
            case.fail("Expected the exception that f raised, got a result.")


@clause(7, "After an exception in f, in an inner f, and after a pullback was dropped, the next calls are right.")
def exceptions_leave_no_state(case: Case) -> None:
    xp = case.xp
    x = case.array(_X)

    def square(x: Native) -> Native:
        return xp.sum(xp.multiply(x, x))

    def fail(x: Native) -> Native:
        raise _UserError(square(x))

    def slope(x: Native) -> Native:
        return xp.sum(case.gradient(square, x))

    for broken in (fail, lambda x: case.gradient(fail, x), lambda x: fail(case.gradient(square, x))):
        with contextlib.suppress(_UserError):
            case.gradient(broken, x)
        case.vjp(square, x)
        case.close(case.gradient(square, x), 2 * _X, "the gradient after an exception")


@clause(7, "Pullbacks keep to their own calls in any order, and repeated calls on one array give the same.")
def calls_are_independent(case: Case) -> None:
    xp = case.xp
    x = case.array(_X)
    _, first = case.vjp(lambda x: xp.multiply(x, x), x)
    _, second = case.vjp(xp.sin, x)
    ct = case.array(_T)
    for pullback, slope in ((first, 2 * _X), (second, np.cos(_X)), (first, 2 * _X)):
        case.close(pullback((ct,))[0], slope * _T, "the gradient of each pullback")
    for _ in range(3):
        case.close(case.gradient(lambda x: xp.sum(xp.multiply(x, x)), x), 2 * _X, "the gradient of each repetition")


@clause(7, "Neither primals nor cotangents nor results are changed by a call.")
def arguments_are_unchanged(case: Case) -> None:
    xp = case.xp
    primals, cotangent = (case.array(_X), case.array(_X)), case.array(_T)
    outputs, pullback = case.vjp(lambda a, b: (xp.multiply(a, b), a), *primals)
    kept = pullback((cotangent, cotangent))
    pullback((case.array([1.0, 1.0, 1.0]), case.array([1.0, 1.0, 1.0])))
    for array in (*primals, outputs[1]):
        case.same(array, _X, "a primal after the calls")
    case.same(cotangent, _T, "the cotangent after the calls")
    case.close(kept[0], _T * _X + _T, "the first gradient after a second call")


@clause(7, "Threads that are inside f at the same time get the right results.")
def threads_do_not_mix(case: Case) -> None:
    xp = case.xp

    def work(number: int, meet: Callable[[], None]) -> None:
        met = False

        def f(x: Native) -> Native:
            nonlocal met
            if not met:  # finite differences evaluate f more than once
                met = True
                meet()
            return xp.sum(xp.multiply(xp.multiply(x, x), float(number)))

        found = case.gradient(f, case.array(_X))
        case.close(found, 2 * number * _X, f"the gradient in thread {number}")

    _at_once(case, work)


@clause(7, "A pullback can be called in other threads than the one that made it, several at once.")
def pullbacks_work_in_other_threads(case: Case) -> None:
    xp = case.xp
    _, pullback = case.vjp(lambda x: xp.multiply(x, x), case.array(_X))

    def work(number: int, meet: Callable[[], None]) -> None:
        cotangent = case.array(number * _T)
        meet()
        case.close(pullback((cotangent,))[0], 2 * _X * number * _T, f"the gradient in thread {number}")

    _at_once(case, work)


def _at_once(case: Case, work: Callable[[int, Callable[[], None]], None]) -> None:
    """Run ``work(number, meet)`` in several threads, which wait for each other where they call ``meet``."""
    meeting = threading.Barrier(_THREADS)

    def meet() -> None:
        meeting.wait(_PATIENCE)

    def run(number: int) -> None:
        try:
            # A new thread starts without the context of its parent.
            with use_backend(case.backend, dtype="float64"):
                work(number, meet)
        except BaseException:
            meeting.abort()  # the others need not wait
            raise

    with ThreadPoolExecutor(_THREADS) as pool:
        errors = [done.exception() for done in [pool.submit(run, number) for number in range(1, _THREADS + 1)]]
    # That a thread was left waiting is a consequence; its cause is the other error.
    found = [error for error in errors if error is not None]
    if found:
        raise min(found, key=lambda error: isinstance(error, threading.BrokenBarrierError))
