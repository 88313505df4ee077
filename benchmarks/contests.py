"""One workload on one framework: the native call, the native call again, and multigrad, in one process.

The native call runs under two names; the ratio of the two is the noise of the measurement. Before anything is timed,
the results are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import threads  # isort: skip  # before a framework is imported

import numpy as np

import multigrad
from benchmarks import native
from benchmarks.programs import PROGRAMS
from benchmarks.rows import CONTESTANTS, MODES, rows
from benchmarks.timing import measure_for
from benchmarks.workloads import WORKLOADS

assert threads
Row = dict[str, Any]
Function = Callable[..., Any]

# What the quick run does: it only shows that everything works.
_QUICK_WORKLOADS = ("W1", "W4", "HVP")
_QUICK_PROGRAMS = ("lse", "kmeans")
_SECONDS, _QUICK_SECONDS = 4.0, 0.2
_PRECISION = {"float32": 2e-3, "float64": 1e-8}


def workloads(backend: str, quick: bool) -> Iterator[Row]:
    """Measure W1 to W6, the Hessian-vector product and the Hessian, in float32."""
    framework = native.of(backend)
    for workload in WORKLOADS:
        if quick and workload.name not in _QUICK_WORKLOADS:
            continue
        functions = {"native": getattr(framework, workload.standard.__name__), "standard": workload.standard}
        data = workload.data()
        for mode in MODES:
            yield from rows(
                "workloads",
                backend,
                workload.name,
                mode,
                _contest(backend, workload, mode, functions, data, quick),
                "s",
            )


def programs(backend: str, quick: bool) -> Iterator[Row]:
    """Measure six programs of GradBench, in float64."""
    for name, program in PROGRAMS.items():
        if quick and name not in _QUICK_PROGRAMS:
            continue
        functions = {"native": program.native[backend], "standard": program.standard}
        data = program.data(program.sizes["quick" if quick else "full"])
        for mode in MODES:
            yield from rows(
                "programs", backend, name, mode, _contest(backend, program, mode, functions, data, quick), "s"
            )


def _contest(
    backend: str, task: Any, mode: str, functions: dict[str, Function], data: tuple[np.ndarray, ...], quick: bool
) -> dict[str, float]:
    """Return the seconds of each contestant for a workload or program, whose function ``functions`` spells twice."""
    framework = native.of(backend)
    args = framework.arrays(data)
    plain = framework.ROUTES[task.operator, mode](functions["native"], task.argnums)
    calls: dict[str, Function] = {}
    for name, arrays in CONTESTANTS.items():
        call = plain if arrays is None else None
        if arrays is not None:
            options = {"backend": backend, "arrays": arrays, "compile": mode == "compiled"}
            call = _OPERATORS[task.operator](functions[arrays], task.argnums, **options)
        calls[name] = framework.finished(call)
    _compare(calls, args, f"{task.name} on {backend}, {mode}")
    return measure_for(_QUICK_SECONDS if quick else _SECONDS, calls, args)


def _hvp(f: Function, argnums: Any, *, backend: str, arrays: str, compile: bool) -> Function:
    # Keywords, as people write them: to unpack a dict costs 0.3 µs a call.
    return lambda x, vector: multigrad.hvp(f, (x,), (vector,), backend=backend, arrays=arrays, compile=compile)


def _gradient_and_hvp(f: Function, argnums: Any, *, compile: bool, **options: Any) -> Function:
    """Return gradient and product of the Hessian with ones, in the first argument."""

    def both(x: Any, *others: Any) -> Any:
        found, pullback = multigrad.vjp(multigrad.gradient(lambda x: f(x, *others), **options), x, **options)
        return found, pullback(multigrad.xp.ones_like(x))[0]

    return multigrad.jit(both, **options) if compile else both


_OPERATORS = {
    "gradient": multigrad.gradient,
    "hvp": _hvp,
    "hessian": multigrad.hessian,
    "gradient_and_hvp": _gradient_and_hvp,
}


def _compare(calls: dict[str, Function], args: tuple[Any, ...], where: str) -> None:
    """Raise where a contestant computes something else."""
    expected = _flat(calls["native"](*args))
    tolerance = _PRECISION[expected.dtype.name] * (np.max(np.abs(expected)) or 1.0)  # a program of GradBench gives 0
    for name, call in calls.items():
        found = _flat(call(*args))
        if found.shape != expected.shape or found.dtype != expected.dtype:
            raise AssertionError(
                f"{where}: {name} gives {found.dtype}{found.shape}, not {expected.dtype}{expected.shape}."
            )
        difference = np.max(np.abs(found - expected))
        if not difference <= tolerance:
            raise AssertionError(f"{where}: {name} differs from the native result by {difference:.1e}.")


def _flat(result: Any) -> np.ndarray:
    """Return all numbers of a result, in order: what tuple stands around a single array does not matter."""
    if isinstance(result, tuple | list):
        return np.concatenate([_flat(part) for part in result])
    return np.asarray(multigrad.to_numpy(result)).reshape(-1)
