"""Time of a gradient against the size of the data, and against the number of operations.

Run ``python -m benchmarks.growth --backend torch``. All contestants run in one process, in shuffled rounds, and the
smallest CPU time counts. The data is that of a mean squared error; the operations are small ones in a row, on three
numbers. Compiled programs grow in the data only: compilers need minutes for a thousand operations.

Arrays of several megabytes are fresh memory at each call, and filling its pages takes as long as the arithmetic. To see
the arithmetic alone, start with ``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000`` in the environment.
"""

from benchmarks import threads  # isort: skip  # before a framework is imported

import time

import numpy as np

from benchmarks.contestants import gradient, native_arrays
from benchmarks.rows import CONTESTANTS, MODES, program, rows
from benchmarks.timing import measure as measure_calls
from multigrad.exercises import linear_mse

assert threads
_SUITE = "growth"
_SIZES = (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
_QUICK_SIZES = (100, 10_000, 1_000_000)
_COUNTS = {"eager": (10, 100, 1_000, 10_000), "compiled": (10, 100)}
_QUICK_COUNTS = {"eager": (10, 100), "compiled": ()}
_SECONDS, _QUICK_SECONDS = 5.0, 0.2  # per point
_BATCH_SECONDS = 2e-3


def measure(backend, quick):
    """Yield the rows of one backend."""
    for mode in MODES[:1] if backend == "numpy" else MODES:
        for n in _QUICK_SIZES if quick else _SIZES:
            yield from _point(backend, mode, f"{n:.0e} numbers", linear_mse, (0, 1), _line(n), None, quick)
        for count in (_QUICK_COUNTS if quick else _COUNTS)[mode]:
            start = np.asarray([0.1, 0.2, 0.3], dtype=np.float32)
            f, formula = many_operations(count), many_derivatives(count)
            yield from _point(backend, mode, f"{count:.0e} operations", f, 0, (start,), formula, quick)


def _line(n):
    x = np.linspace(-1.0, 1.0, n, dtype=np.float32)
    return np.asarray(0.5, np.float32), np.asarray(0.1, np.float32), x, np.float32(2.0) * x


def many_operations(count):
    """Return a function of so many small operations; operators alone, which every framework spells the same."""

    def many_operations(x):
        for _ in range(count // 2):
            x = x * 0.999 + 0.001
        return x[0] + x[1] + x[2]

    return many_operations


def many_derivatives(count):
    """Return the gradient by formula, which visits each operation twice as well."""

    def many_derivatives(x):
        found = np.ones_like(x)
        for _ in range(count // 2):
            x = x * 0.999 + 0.001
        for _ in range(count // 2):
            found = found * 0.999
        return found

    return many_derivatives


def _point(backend, mode, name, f, argnums, values, formula, quick):
    """Measure all contestants on one problem."""
    args = native_arrays(backend, values)
    calls = {contestant: gradient(backend, contestant, mode, f, argnums, formula) for contestant in CONTESTANTS}
    slowest = max(_once(call, args) for call in calls.values())
    repeats = max(1, int(_BATCH_SECONDS / slowest))
    rounds = int((_QUICK_SECONDS if quick else _SECONDS) / (slowest * repeats * len(calls)))
    best = measure_calls(calls, args, max(3, min(rounds, 300)), repeats)
    return rows(_SUITE, backend, name, mode, best, "s")


def _once(call, args):
    """Return the seconds of a second call: the first compiles, and loads what is loaded lazily."""
    call(*args)
    start = time.perf_counter()
    call(*args)
    return time.perf_counter() - start


if __name__ == "__main__":
    program(measure, __doc__)
