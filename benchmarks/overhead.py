"""What the front-end adds to a native eager torch gradient of a scalar function.

Run ``python -m benchmarks.overhead``. The figure is the smallest CPU time of a call, as a ratio to the native call. The
native call runs twice under two names: the ratio of the two is the noise of the measurement.
"""

import argparse

import torch
from rich.console import Console
from rich.table import Table

import multigrad
from benchmarks.timing import measure
from multigrad import exercises


def native_gradient(f, count):
    """Return the fastest eager gradient that torch offers: detached leaves and ``torch.autograd.grad``."""

    def call(*args):
        leaves = [x.detach().requires_grad_() for x in args[:count]]
        return torch.autograd.grad(f(*leaves, *args[count:]), leaves)

    return call


def tensors(*values):
    return tuple(torch.tensor(value, dtype=torch.float64) for value in values)


# Each in torch's own words and against xp: the same operations.
PROBLEMS = {
    "W1 partials": (
        lambda x, y, z: x**2 + y**2 + z**2 + 2 * x * y * z,
        exercises.partials,
        3,
        tensors(1.0, 2.0, 3.0),
    ),
    "W2 linear MSE, n=3": (
        lambda w, b, x, y: torch.mean((w * x + b - y) ** 2),
        exercises.linear_mse,
        2,
        tensors(0.5, 0.1, [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]),
    ),
    "W3 chain rule": (lambda x: torch.sin(x**2 + 1), exercises.chain_rule, 1, tensors(2.0)),
}


def with_closure(f):
    """Return f as a function whose code does not tell what it reads, like one that holds a model."""
    return lambda *args: f(*args)


def contestants(native, standard, count):
    options = {"argnums": tuple(range(count)), "backend": "torch"}
    return {
        "native": native_gradient(native, count),
        "native again (A/A)": native_gradient(native, count),
        "arrays='native'": multigrad.gradient(native, arrays="native", **options),
        "arrays='standard'": multigrad.gradient(standard, **options),
        "native, closure": multigrad.gradient(with_closure(native), arrays="native", **options),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=100, help="calls per round")
    parsed = parser.parse_args()
    torch.set_num_threads(1)
    table = Table(title=f"Eager gradient on torch {torch.__version__}, one thread, float64")
    for heading in ("problem", "contestant", "µs per call", "ratio to native"):
        table.add_column(heading, justify="right" if heading[0] in "µr" else "left")
    for problem, (native, standard, count, args) in PROBLEMS.items():
        best = measure(contestants(native, standard, count), args, parsed.rounds, parsed.repeats)
        for name, seconds in best.items():
            table.add_row(problem, name, f"{seconds * 1e6:.1f}", f"{seconds / best['native']:.3f}")
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    main()
