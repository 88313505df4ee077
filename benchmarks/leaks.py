"""Resident memory while ever new closures are differentiated by compiled gradients, each called once and dropped.

Run ``python -m benchmarks.leaks --backend jax``; ten thousand compilations take minutes to an hour, which ``--seconds``
limits. multigrad and the framework's own call run in processes of their own, the framework's first: what a compiler
keeps of each program for good is the framework's. On torch and TensorFlow multigrad compiles closures that differ in
their data alone once.
"""

import argparse
import gc
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.fresh_process import answer
from benchmarks.saved import load, save

_CONTESTANTS = ("native", "multigrad")
_SAMPLES = 10
_WARM_UP = 10  # compilations before the first sample
_NUMBERS = 100  # that each closure holds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", required=True, choices=("torch", "jax", "tensorflow"))
    parser.add_argument("--count", type=int, default=10_000, help="closures")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="at most, for each contestant")
    parser.add_argument("--output", type=Path, default=Path("benchmark-results"), help="folder for leaks.json")
    parsed = parser.parse_args()
    table = Table(title=f"Compiled gradients of new closures on {parsed.backend}: resident memory beyond the first")
    for heading in ("contestant", "closures", "seconds", "MB", "KB per closure"):
        table.add_column(heading, justify="left" if heading == "contestant" else "right")
    saved = load(parsed.output, "leaks") or {}
    saved[parsed.backend] = {}
    for contestant in _CONTESTANTS:
        request = json.dumps([parsed.backend, contestant, parsed.count, min(parsed.seconds, 1e9)])
        with Console(stderr=True).status(f"compiling with {contestant}"):
            samples = answer(["-m", "benchmarks.leaks", request])
        for count, seconds, growth in samples:
            each = growth / count * 1e3
            table.add_row(contestant, f"{count}", f"{seconds:.0f}", f"{growth:.2f}", f"{each:.1f}")
        table.add_section()
        saved[parsed.backend][contestant] = samples
    Console().print(table)
    save(parsed.output, "leaks", saved)


def _growth(backend, contestant, count, limit):
    """Return samples of how many closures were compiled, in how many seconds, and by how many MB the process grew."""
    compiled, args = _compiler(backend, contestant)
    for k in range(_WARM_UP):
        compiled(k)(*args)
    before, start, samples = _resident(), time.perf_counter(), []
    for k in range(1, count + 1):
        compiled(_WARM_UP + k)(*args)
        seconds = time.perf_counter() - start
        due = max(k / count, seconds / limit) * _SAMPLES
        if due >= len(samples) + 1 or k == count:
            samples.append((k, seconds, _resident() - before))
        if seconds > limit:
            break
    return samples


def _compiler(backend, contestant):
    """Return a function that gives the compiled gradient of the k-th closure, and the gradient's arguments."""
    import multigrad
    from benchmarks import native
    from multigrad.exercises import linear_mse

    framework = native.of(backend)
    w, b = framework.arrays((np.asarray(0.5, np.float32), np.asarray(0.1, np.float32)))
    route = framework.ROUTES["gradient", "compiled"]
    warnings.simplefilter("ignore", multigrad.RecompileWarning)

    def compiled(k):
        (data,) = framework.arrays((np.full(_NUMBERS, k, dtype=np.float32),))
        if contestant == "native":
            return framework.finished(route(lambda w, b: framework.linear_mse(w, b, data, data), 0))
        return multigrad.gradient(lambda w, b: linear_mse(w, b, data, data), backend=backend, compile=True)

    return compiled, (w, b)


def _resident():
    """Return the resident memory in MB, as Linux counts it."""
    gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("/proc/self/status has no VmRSS.")


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("["):  # a process that `main` has started
        print(json.dumps(_growth(*json.loads(sys.argv[1]))))
    else:
        main()
