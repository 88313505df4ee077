"""What `multigrad.Array` adds to one operation of the framework, eager and compiled, small and large.

Run ``python -m benchmarks.array_cost --backend torch``. The figure is the smallest CPU time of a call; the native
operation runs twice under two names, and the difference of the two is the noise of the measurement.
"""

import argparse

from benchmarks import threads  # isort: skip  # before a framework is imported

import numpy as np
from rich.console import Console
from rich.table import Table

import multigrad
from benchmarks.timing import measure

assert threads


def native_functions(backend):
    """Return the framework's own spelling of the operations, and its compiler."""
    if backend == "torch":
        import torch

        return torch, torch.compile
    if backend == "jax":
        import jax

        return jax.numpy, jax.jit
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.math, tf.function
    return np, None


# Name, the same expression on the framework's own arrays and on Array: (functions, x, y) → array.
OPERATIONS = {
    "x + y": lambda ns, x, y: x + y,
    "x * 2.0": lambda ns, x, y: x * 2.0,
    "sin(x)": lambda ns, x, y: ns.sin(x),
    "x[0]": lambda ns, x, y: x[0],
    "chain of 10": lambda ns, x, y: _chain(ns, x, y),
}


def _chain(ns, x, y):
    for _ in range(5):
        x = ns.sin(x) + y
    return x


def contestants(backend, operation, compiled):
    """Return the native call twice and the call on `Array`, as functions of two native arrays and two `Array`s."""
    own, compiler = native_functions(backend)
    standard = getattr(multigrad.array_api, backend)

    def native(x, y, wrapped_x, wrapped_y):
        return operation(own, x, y)

    def array(x, y, wrapped_x, wrapped_y):
        return operation(standard, wrapped_x, wrapped_y)

    if not compiled:
        return {"native": native, "native again (A/A)": lambda *args: native(*args), "Array": array}
    # Compiled code takes and gives native arrays; Array lives inside it.
    plain = compiler(lambda x, y: operation(own, x, y))
    again = compiler(lambda x, y: operation(own, x, y))
    inside = compiler(lambda x, y: operation(standard, standard.asarray(x), standard.asarray(y)).native)
    return {
        "native": lambda x, y, *_: plain(x, y),
        "native again (A/A)": lambda x, y, *_: again(x, y),
        "Array": lambda x, y, *_: inside(x, y),
    }


def finished(calls, backend):
    """Wait for results of frameworks that compute while Python goes on."""
    if backend != "jax":
        return calls

    def waiting(call):
        return lambda *args: getattr((out := call(*args)), "native", out).block_until_ready()

    return {name: waiting(call) for name, call in calls.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", action="append", choices=("numpy", "torch", "jax", "tensorflow"))
    parser.add_argument("--rounds", type=int, default=50)
    parsed = parser.parse_args()
    for backend in parsed.backend or ("numpy",):
        console, table = Console(), Table(title=f"Cost of Array on {backend}, float32, one thread")
        for heading in ("operation", "elements", "mode", "native µs", "A/A µs", "Array µs", "added µs", "ratio"):
            table.add_column(heading, justify="left" if heading in ("operation", "mode") else "right")
        namespace = getattr(multigrad.array_api, backend)
        for compiled in (False, True) if backend != "numpy" else (False,):
            for size, repeats in ((3, 200), (1_000_000, 2)):
                values = np.linspace(0.1, 1.0, size, dtype=np.float32)
                x, y = namespace.asarray(values), namespace.asarray(values[::-1].copy())
                for name, operation in OPERATIONS.items():
                    calls = finished(contestants(backend, operation, compiled), backend)
                    args = (x.native, y.native, x, y)
                    for call in calls.values():
                        call(*args)
                    best = measure(calls, args, parsed.rounds, repeats)
                    native, again, array = (best[key] * 1e6 for key in ("native", "native again (A/A)", "Array"))
                    table.add_row(
                        name,
                        f"{size:.0e}",
                        "compiled" if compiled else "eager",
                        *(f"{figure:.2f}" for figure in (native, again, array, array - native)),
                        f"{array / native:.3f}",
                    )
                table.add_section()
        console.print(table)


if __name__ == "__main__":
    main()
