"""Peak memory of one gradient, each in a fresh process. Linux only.

Run ``python -m benchmarks.peak_memory --backend torch``. A process warms up on a tiny problem, so that imports and
libraries are in place, makes the data, resets the kernel's high-water mark of its resident memory, and calls. The
call's memory is the mark over the resident memory just before; the process's is the mark itself. The first call
of a compiled gradient, which compiles it, stands on its own.
"""

import gc
import itertools
import json
import re
import sys
from pathlib import Path

import numpy as np

from benchmarks.fresh_process import answers
from benchmarks.rows import CONTESTANTS, MODES, program, rows

_SUITE = "peak_memory"
# With the default, arrays of some hundred kilobytes come from a heap with holes, and what is freed stays resident.
_ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536"}
# The kernel counts some tens of pages per core late: what is smaller than this, in MB, counts as this.
_LEAST = 1.0
_QUICK_CONTESTANTS = ("native", "multigrad, standard arrays")


def measure(backend, quick):
    """Yield the rows of one backend."""
    contestants = _QUICK_CONTESTANTS if quick else tuple(CONTESTANTS)
    for workload in ("W4",) if quick else ("W4", "W5"):
        for mode in MODES[:1] if quick or backend == "numpy" else MODES:
            commands = [
                ["-m", "benchmarks.peak_memory", json.dumps([backend, workload, mode, contestant, quick])]
                for contestant in contestants
            ]
            found = answers(commands, at_once=2 if quick else 1, environment=_ENVIRONMENT)
            for what in found[0]:
                values = {name: answer[what] for name, answer in zip(contestants, found, strict=True)}
                yield from rows(_SUITE, backend, f"{workload}, {what}", mode, values, "MB")


def line(n):
    x = np.linspace(-1.0, 1.0, n, dtype=np.float32)
    return np.float32(0.5), np.float32(0.1), x, 2.0 * x


def perceptron(sizes, batch):
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        weights = np.cos(np.arange(inputs * outputs)).reshape(inputs, outputs) / np.sqrt(inputs)
        layers += [weights, np.zeros(outputs)]
    images = np.sin(np.arange(batch * sizes[0])).reshape(batch, sizes[0])
    return (*layers, images, np.eye(sizes[-1])[np.arange(batch) % sizes[-1]])


def _problems():
    """Return by name the function, argnums, and its arguments: all, a hundredth for the quick run, and tiny ones."""
    from benchmarks.workloads import mlp
    from multigrad.exercises import linear_mse

    return {
        "W4": (linear_mse, (0, 1), lambda: line(10_000_000), lambda: line(100_000), lambda: line(8)),
        "W5": (
            mlp,
            tuple(range(6)),
            lambda: perceptron((784, 256, 256, 10), 128),
            lambda: perceptron((78, 25, 25, 10), 12),
            lambda: perceptron((8, 8, 8, 4), 4),
        ),
    }


def _peaks(backend, workload, mode, contestant, quick):
    """Return the memory in MB that a call takes, that the first one took, and that the process then has."""
    from benchmarks.contestants import gradient, native_arrays, ready

    standard, argnums, full, reduced, tiny = _problems()[workload]

    def arrays(make):
        found = native_arrays(backend, tuple(np.asarray(value, dtype=np.float32) for value in make()))
        return ready(backend, found)

    gradient(backend, contestant, mode, standard, argnums)(*arrays(tiny))
    # Made anew, since torch's compiler takes a second shape of one function for a symbolic one.
    call = gradient(backend, contestant, mode, standard, argnums)
    args = arrays(reduced if quick else full)
    first, process_first = _peak(call, args)
    again, process_again = _peak(call, args)
    if mode == "compiled":
        return {"first call": first, "call": again, "process": max(process_first, process_again)}
    # TensorFlow serves a second call from what it keeps of the first.
    return {"call": max(first, again), "process": max(process_first, process_again)}


def _peak(call, args):
    """Return the peak memory during a call beyond what was there before, and all of it."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the high-water mark is now what is resident
    before = _status("VmRSS")
    call(*args)
    peak = _status("VmHWM")
    return max(peak - before, _LEAST), peak


def _status(field):
    (kilobytes,) = re.findall(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(kilobytes) * 1024 / 1e6


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("["):  # a process that `measure` has started
        print(json.dumps(_peaks(*json.loads(sys.argv[1]))))
    else:
        program(measure, __doc__)
