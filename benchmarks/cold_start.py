"""CPU seconds of the import and of the first gradient, each in a fresh process.

Run ``python -m benchmarks.cold_start --backend torch``. Imports count from an imported NumPy on. A first gradient
counts from imported packages and arrays at hand to its result: multigrad's adapter, tracing, and compilers with their
child processes are in it; caches of compiled programs on disk are empty. The smallest of several processes each.
"""

import json
import resource
import sys
import time

from benchmarks.fresh_process import answers
from benchmarks.rows import CONTESTANTS, MODES, program, rows

_SUITE = "cold_start"
_WORKLOADS = ("W3", "W5")
_QUICK_CONTESTANTS = ("native", "multigrad, standard arrays")


def measure(backend, quick):
    """Yield the rows of one backend."""
    yield from _imports(backend, quick)
    if quick:
        yield from _first_gradients(backend, "W3", "eager", _QUICK_CONTESTANTS, rounds=1, at_once=2)
        return
    for workload in _WORKLOADS:
        for mode in MODES[:1] if backend == "numpy" else MODES:
            yield from _first_gradients(backend, workload, mode, CONTESTANTS, rounds=2, at_once=1)


def _imports(backend, quick):
    """Yield the import of the framework, and twice that of multigrad: the second shows the noise."""
    names = {"native": backend, "multigrad": "multigrad", "multigrad again (A/A)": "multigrad"}
    repeats, slow_repeats = (2, 1) if quick else (10, 3)
    answers([_import("multigrad")])  # Python's own cache is written, the disk's is warm
    best = dict.fromkeys(names, float("inf"))
    for i in range(repeats):
        chosen = [name for name in names if i < slow_repeats or name != "native"]
        found = answers([_import(names[name]) for name in chosen], at_once=2 if quick else 1)
        for name, seconds in zip(chosen, found, strict=True):
            best[name] = min(best[name], seconds)
    yield from rows(_SUITE, backend, "import", None, best, "s")


def _import(name):
    """Return a command that tells what an import costs where NumPy is imported already; NumPy's own, from nothing."""
    before = "time" if name == "numpy" else "time, numpy"
    return ["-c", f"import {before}; start = time.process_time(); import {name}; print(time.process_time() - start)"]


def _first_gradients(backend, workload, mode, contestants, *, rounds, at_once):
    """Yield the first gradients of contestants, interleaved."""
    commands = [
        ["-m", "benchmarks.cold_start", json.dumps([backend, workload, mode, contestant])] for contestant in contestants
    ]
    found = [answers(commands, at_once=at_once) for _ in range(rounds)]
    best = {contestant: min(seconds) for contestant, *seconds in zip(contestants, *found, strict=True)}
    yield from rows(_SUITE, backend, f"{workload}, first gradient", mode, best, "s")


def _first_gradient(backend, name, mode, contestant):
    """Return the CPU seconds from arrays to a gradient."""
    from benchmarks.contestants import gradient, native_arrays
    from benchmarks.workloads import WORKLOADS

    (workload,) = [workload for workload in WORKLOADS if workload.name == name]
    args = native_arrays(backend, workload.data())
    start = _cpu_seconds()
    gradient(backend, contestant, mode, workload.standard, workload.argnums)(*args)
    return _cpu_seconds() - start


def _cpu_seconds():
    """Return what this process and its children that have ended took."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("["):  # a process that `measure` has started
        print(json.dumps(_first_gradient(*json.loads(sys.argv[1]))))
    else:
        program(measure, __doc__)
