"""The measurements by name, each a function ``(backend, quick)`` that yields rows."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple


class Suite(NamedTuple):
    """One kind of measurement.

    Attributes
    ----------
    module, function
        Where it is.
    title
        What it measures.
    environment
        Variables that its process is started with.
    """

    module: str
    function: str
    title: str
    environment: tuple[tuple[str, str], ...] = ()


SUITES = {
    "workloads": Suite("benchmarks.contests", "workloads", "gradients, Hessian-vector product and Hessian"),
    # People who compute in float64 with JAX set its flag for the whole process; so does the native contestant.
    "programs": Suite("benchmarks.contests", "programs", "six programs of GradBench", (("JAX_ENABLE_X64", "1"),)),
    "cold_start": Suite("benchmarks.cold_start", "measure", "import and first gradient"),
    "peak_memory": Suite("benchmarks.peak_memory", "measure", "peak memory"),
    # Arrays of ten million elements would measure how the system hands out pages.
    "growth": Suite(
        "benchmarks.growth",
        "measure",
        "time against size and number of operations",
        (("MALLOC_MMAP_MAX_", "0"), ("MALLOC_TRIM_THRESHOLD_", "4000000000")),
    ),
}


def run(name: str, backend: str, quick: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows of a suite on one framework, measured in a process of its own."""
    suite = SUITES[name]
    command = [sys.executable, "-m", "benchmarks.suites", name, backend, *(["--quick"] if quick else [])]
    environment = {**os.environ, **dict(suite.environment)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith("{"):  # frameworks print, too
                    yield json.loads(line)
        except BaseException:  # interrupted: nobody waits for the rest
            process.kill()
            raise
    if process.returncode:
        raise RuntimeError(f"{name} on {backend} ended with status {process.returncode}; its error is above.")


def main() -> None:
    name, backend, *quick = sys.argv[1:]
    suite = SUITES[name]
    for row in getattr(importlib.import_module(suite.module), suite.function)(backend, bool(quick)):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
