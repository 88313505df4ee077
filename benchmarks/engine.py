"""The NumPy engine against HIPS autograd and against gradients written by hand.

Run ``python -m benchmarks.engine``; it needs ``pip install autograd``, which is a contestant and nothing else. Times
are the smallest CPU time of a call, as a ratio to the rival's. The engine runs twice under two names: the ratio of the
two is the noise of the measurement. Peak memory is what ``tracemalloc`` sees of NumPy's allocations in one call.
"""

import argparse
import itertools
import tracemalloc
from pathlib import Path

import autograd
import autograd.numpy as anp
import numpy as np
from rich.console import Console
from rich.table import Table

import multigrad
from benchmarks import machine
from benchmarks.saved import save
from benchmarks.timing import measure
from multigrad import exercises, xp

HARDEST = 1_000_000
SIZES = (784, 256, 256, 10)
BATCH = 128


def rosenbrock(x):
    return xp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_of_autograd(x):
    return anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def mean_squared_error_of_autograd(w, b, x, y):
    return anp.mean((w * x + b - y) ** 2)


def network(of):
    """Return the mean cross entropy of a perceptron with tanh units, in the words of one namespace."""

    def loss(w1, b1, w2, b2, w3, b3, x, labels):
        hidden = of.tanh(x @ w1 + b1)
        hidden = of.tanh(hidden @ w2 + b2)
        logits = hidden @ w3 + b3
        logits = logits - of.max(logits, axis=1, keepdims=True)
        log_sums = of.log(of.sum(of.exp(logits), axis=1))
        return of.mean(log_sums - of.sum(logits * labels, axis=1))

    return loss


def network_by_hand(w1, b1, w2, b2, w3, b3, x, labels):
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    logits = h2 @ w3 + b3
    odds = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    g = (odds / np.sum(odds, axis=1, keepdims=True) - labels) / np.float32(len(x))
    gw3, gb3 = h2.T @ g, np.sum(g, axis=0)
    g = (g @ w3.T) * (1 - h2 * h2)
    gw2, gb2 = h1.T @ g, np.sum(g, axis=0)
    g = (g @ w2.T) * (1 - h1 * h1)
    return x.T @ g, np.sum(g, axis=0), gw2, gb2, gw3, gb3


def mean_squared_error_by_hand(w, b, x, y):
    g = (w * x + b - y) * np.float32(2 / x.size)
    return np.sum(g * x), np.sum(g)


def floats(*values, dtype=np.float64):
    return tuple(np.asarray(value, dtype=dtype) for value in values)


def large_vectors():
    generator = np.random.default_rng(0)
    return floats(0.5, 0.1, *generator.normal(size=(2, HARDEST)), dtype=np.float32)


def network_arguments():
    generator = np.random.default_rng(0)
    parameters = []
    for inputs, outputs in itertools.pairwise(SIZES):
        parameters += [generator.normal(size=(inputs, outputs)) / inputs**0.5, np.zeros(outputs)]
    labels = np.eye(SIZES[-1])[generator.integers(0, SIZES[-1], BATCH)]
    return floats(*parameters, generator.normal(size=(BATCH, SIZES[0])), labels, dtype=np.float32)


def gradients(f, rival, by_hand=None, count=1):
    """Return the contestants for a gradient with respect to the first arguments."""
    argnums = tuple(range(count))
    ours = multigrad.gradient(f, argnums, backend="numpy")
    found = {
        "multigrad": ours,
        "multigrad again (A/A)": multigrad.gradient(f, argnums, backend="numpy"),
        "multigrad, arrays='native'": multigrad.gradient(f, argnums, backend="numpy", arrays="native"),
        "autograd": autograd.grad(rival, argnums),
    }
    return found if by_hand is None else {**found, "by hand": by_hand}


def products():
    """Return the contestants for the product of a Hessian with a vector."""

    def ours(x, v, **options):
        return multigrad.hvp(rosenbrock, (x,), (v,), backend="numpy", **options)

    return {
        "multigrad": ours,
        "multigrad again (A/A)": lambda x, v: ours(x, v),
        "multigrad, arrays='native'": lambda x, v: ours(x, v, arrays="native"),
        "autograd": autograd.hessian_vector_product(rosenbrock_of_autograd),
    }


def problems():
    """Return the contestants, the arguments and the calls per round of each problem."""
    partials = exercises.partials  # of operators only: the same function for both
    points = np.random.default_rng(0).normal(size=(2, 1000))
    return {
        "W1 partials": (gradients(partials, partials, count=3), floats(1.0, 2.0, 3.0), 100),
        "W2 linear MSE, n=3": (
            gradients(exercises.linear_mse, mean_squared_error_of_autograd, count=2),
            floats(0.5, 0.1, [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]),
            100,
        ),
        "W3 chain rule": (gradients(exercises.chain_rule, lambda x: anp.sin(x**2 + 1)), floats(2.0), 100),
        "W4 linear MSE, n=1e6, float32": (
            gradients(exercises.linear_mse, mean_squared_error_of_autograd, mean_squared_error_by_hand, 2),
            large_vectors(),
            1,
        ),
        "W5 perceptron, float32": (gradients(network(xp), network(anp), network_by_hand, 6), network_arguments(), 2),
        "W6 Rosenbrock, n=1000": (gradients(rosenbrock, rosenbrock_of_autograd), tuple(points[:1]), 50),
        "Rosenbrock HVP, n=1000": (products(), tuple(points), 20),
    }


def check_agreement(calls, args):
    """Raise if the contestants do not compute the same."""
    results = [call(*args) for call in calls.values()]
    for result in results[1:]:
        for found, expected in zip(_flat(result), _flat(results[0]), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def _flat(result):
    return result if isinstance(result, tuple) else (result,)


def peak(call, args):
    """Return the bytes that a call allocates beyond what was there before it."""
    call(*args)
    tracemalloc.start()
    try:
        call(*args)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def rows(rounds, only=""):
    """Yield the seconds and peak bytes of each contestant of each problem."""
    for problem, (calls, args, repeats) in problems().items():
        if only not in problem:
            continue
        check_agreement(calls, args)
        best = measure(calls, args, rounds, repeats)
        for name, seconds in best.items():
            yield {"problem": problem, "contestant": name, "seconds": seconds, "peak": peak(calls[name], args)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--only", default="", help="part of a problem's name")
    parser.add_argument("--output", type=Path, default=Path("benchmark-results"), help="folder for engine.json")
    parsed = parser.parse_args()
    table = Table(title=f"Gradients on NumPy {np.__version__}")
    for heading in ("problem", "contestant", "µs per call", "of autograd", "of by hand", "peak, KB", "peak of by hand"):
        table.add_column(heading, justify="left" if heading in ("problem", "contestant") else "right")
    found = list(rows(parsed.rounds, parsed.only))
    for problem, group in itertools.groupby(found, lambda row: row["problem"]):
        contestants = {row["contestant"]: row for row in group}
        for name, row in contestants.items():
            by_hand = contestants.get("by hand")
            table.add_row(
                problem,
                name,
                f"{row['seconds'] * 1e6:.1f}",
                f"{row['seconds'] / contestants['autograd']['seconds']:.2f}",
                f"{row['seconds'] / by_hand['seconds']:.2f}" if by_hand else "",
                f"{row['peak'] / 1024:.0f}",
                f"{row['peak'] / by_hand['peak']:.2f}" if by_hand else "",
            )
        table.add_section()
    Console(width=140).print(table)
    save(parsed.output, "engine", {"machine": machine.describe(), "rows": found})


if __name__ == "__main__":
    main()
