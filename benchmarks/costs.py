"""What the convention's derivatives cost beside the framework's own: ``python -m benchmarks.costs``.

Each function that this package overrides runs beside the framework's own on native arrays, forward alone and forward
plus backward, eager and compiled, on a million elements and on three. A compiled gradient, of which nobody asks the
value, leaves the forward pass out as far as it is not needed: both are measured. ``--page docs/costs.md`` writes the
page.
"""

import argparse
import functools
import json
import os
import subprocess
import sys
import types
from pathlib import Path

from benchmarks import threads  # isort: skip  # before a framework is imported

from rich.console import Console

import multigrad
from benchmarks import cost_page, functions, machine
from benchmarks.timing import measure_for

assert threads
FRAMEWORKS = ("torch", "jax", "tensorflow")
MODES, SIZES, KINDS = ("eager", "compiled"), (3, 1_000_000), ("forward", "both", "gradient", "odd")
_SECONDS = 0.6
# Large arrays would measure how the system hands out pages; JAX's own functions compute in float64 with its flag only.
_ENVIRONMENT = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
    "JAX_ENABLE_X64": "1",
}


def _torch_calls(f):
    import torch

    def both(*xs):
        xs = [x.detach().requires_grad_() for x in xs]
        out = torch.sum(f(*xs))
        return out, torch.autograd.grad(out, xs, allow_unused=True)

    def differentiated(*xs):
        # Inside the program: outside it, autograd would keep what another program reads.
        return torch.func.grad_and_value(lambda *xs: torch.sum(f(*xs)), tuple(range(len(xs))))(*xs)

    def compiler(call):
        # With a code object of its own: torch keeps few programs for each.
        call = types.FunctionType(call.__code__.replace(), globals(), closure=call.__closure__)
        return torch.compile(call, fullgraph=True)

    return f, both, differentiated, lambda *xs: differentiated(*xs)[0], compiler, lambda result: result


def _jax_calls(f):
    import jax

    def both(*xs):
        return jax.value_and_grad(lambda *xs: jax.numpy.sum(f(*xs)), tuple(range(len(xs))))(*xs)

    return f, both, both, lambda *xs: both(*xs)[1], jax.jit, jax.block_until_ready


def _tensorflow_calls(f):
    import tensorflow as tf

    def both(*xs):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(xs)
            out = tf.reduce_sum(f(*xs))
        return out, tape.gradient(out, xs)

    compiler = functools.partial(tf.function, jit_compile=True, autograph=False)
    return f, both, both, lambda *xs: both(*xs)[1], compiler, lambda result: result


_CALLS = {"torch": _torch_calls, "jax": _jax_calls, "tensorflow": _tensorflow_calls}


def _calls(backend, function, namespace, kind, compiled):
    forward, both, inside, gradient, compiler, finished = _CALLS[backend](lambda *xs: function.call(namespace, *xs))
    if not compiled:
        call = forward if kind == "forward" else both
    else:
        call = compiler({"forward": forward, "gradient": gradient}.get(kind, inside))
    return lambda *xs: finished(call(*xs))


def _arrays(backend, values):
    namespace = getattr(multigrad.array_api, backend)
    return [namespace.asarray(value).native for value in values]


def measured(backend, chosen, modes, sizes, kinds, seconds):
    """Yield one row for each function, mode, size and kind of call: seconds of the native call, again, and ours."""
    own, ours = functions.own(backend), getattr(multigrad.array_api, backend)._native
    for function in functions.FUNCTIONS:
        if chosen and function.label not in chosen:
            continue
        for mode in modes:
            for size in sizes:
                for kind in kinds:
                    if kind == "odd" and function.label not in functions.ODD:
                        continue
                    if kind == "gradient" and mode == "eager":  # which has the value anyway
                        continue
                    arrays = _arrays(backend, function.data(size, kind == "odd"))
                    calls = {
                        name: _calls(backend, function, namespace, kind, mode == "compiled")
                        for name, namespace in (("native", own), ("again", own), ("here", ours))
                    }
                    row = {"backend": backend, "function": function.label, "mode": mode, "size": size, "kind": kind}
                    try:
                        yield row | measure_for(seconds, calls, arrays)
                    except Exception as error:  # a framework may be unable to compile or to differentiate its own
                        yield row | {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", action="append", choices=FRAMEWORKS)
    parser.add_argument("--function", action="append", help="a label of benchmarks.functions; default: all")
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--size", action="append", type=int)
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="for each contest")
    parser.add_argument("--output", type=Path, default=Path("costs.json"), help="what it holds already is kept")
    parser.add_argument("--page", type=Path, help="write the documentation's page")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    return parser.parse_args()


def _stay_on_one_core():
    """Keep to one core: a thread that still runs on another is not in the process's time yet (Linux)."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main():
    parsed = _arguments()
    if parsed.here:
        _stay_on_one_core()
        what = parsed.mode or MODES, parsed.size or SIZES, parsed.kind or KINDS
        for row in measured(parsed.here, parsed.function, *what, parsed.seconds):
            print(json.dumps(row), flush=True)
        return
    rows = {}
    if parsed.output.exists():
        rows = {cost_page.key(row): row for row in json.loads(parsed.output.read_text(encoding="utf-8"))["rows"]}
    console = Console()
    for backend in parsed.backend or FRAMEWORKS:
        for row in _in_fresh_process(backend):
            rows[cost_page.key(row)] = row
            console.print(cost_page.line(row), highlight=False)
    results = {"machine": machine.describe(), "rows": list(rows.values())}
    parsed.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if parsed.page:
        parsed.page.write_text(cost_page.page(results), encoding="utf-8")


def _in_fresh_process(backend):
    command = [sys.executable, "-m", "benchmarks.costs", *sys.argv[1:], "--here", backend]
    environment = {**os.environ, **_ENVIRONMENT}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout:
            if line.startswith("{"):  # frameworks print, too
                yield json.loads(line)
    if process.returncode:
        raise RuntimeError(f"measuring {backend} ended with status {process.returncode}; its error is above.")


if __name__ == "__main__":
    main()
