"""The documentation's page of what the convention's derivatives cost, from the rows of `benchmarks.costs`."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
BOUND = 1.3
LARGE = 1_000_000
_COLUMNS = (
    ("both", "eager", LARGE),
    ("odd", "eager", LARGE),
    ("forward", "eager", LARGE),
    ("both", "compiled", LARGE),
    ("gradient", "compiled", LARGE),
    ("both", "eager", 3),
)


def key(row: Row) -> tuple[Any, ...]:
    """Return what a row measures."""
    return row["backend"], row["function"], row["mode"], row["size"], row["kind"]


def ratio(row: Row) -> float:
    """Return the time here over the framework's own."""
    return float(row["here"] / min(row["native"], row["again"]))


def noise(row: Row) -> float:
    """Return the relative distance of the framework's own function from itself."""
    return float(max(row["native"], row["again"]) / min(row["native"], row["again"]) - 1)


def line(row: Row) -> str:
    """Return a row for the terminal."""
    head = f"{row['backend']:<10} {row['function']:<24} {row['mode']:<8} {row['size']:>8} {row['kind']:<8}"
    if "error" in row:
        return f"{head} {row['error']}"
    return f"{head} {row['native'] * 1e6:10.1f} µs  {ratio(row):6.2f}  ±{noise(row):.2f}"


def page(results: dict[str, Any]) -> str:
    """Return the page in Markdown."""
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items() if name in _SHOWN)
    lines = [
        *_INTRODUCTION,
        f"Measured on {machine['processor']}, {machine['cores']} cores (one thread used), {machine['system']}, Python "
        f"{machine['python']}, {versions}. The figures are of several runs; the machine did other work as well.",
        "",
    ]
    rows = {key(row): row for row in results["rows"]}
    for backend in dict.fromkeys(row["backend"] for row in results["rows"]):
        lines += [f"## {backend}", "", *_HEAD]
        lines += [_line(backend, name, rows) for name in _functions(results["rows"], backend)]
        lines.append("")
    return "\n".join([*lines, *_REASONS, *_table_of_reasons(rows), *_COMPILED])


def _table_of_reasons(rows: dict[tuple[Any, ...], Row]) -> list[str]:
    found = [(rows.get((backend, name, "compiled", LARGE, kind)), why) for backend, name, kind, why in _WRONG]
    return [
        f"| `{row['function']}` | {row['backend']}, {_CALLED[row['kind']]} | {_cell(row, LARGE)} | {why} |"
        for row, why in found
        if row is not None
    ]


def _functions(rows: list[Row], backend: str) -> dict[str, None]:
    return dict.fromkeys(row["function"] for row in rows if row["backend"] == backend)


def _line(backend: str, name: str, rows: dict[tuple[Any, ...], Row]) -> str:
    cells = [_cell(rows.get((backend, name, mode, size, kind)), size) for kind, mode, size in _COLUMNS]
    return f"| `{name}` | " + " | ".join(cells) + " |"


def _cell(row: Row | None, size: int) -> str:
    if row is None:
        return ""
    if "error" in row:
        return "–"
    text = f"{ratio(row):.2f}" + (f" ±{noise(row):.2f}" if noise(row) >= _NOISY else "")
    missed = size == LARGE and row["kind"] != "forward" and ratio(row) > BOUND + noise(row)
    return f"**{text}**" if missed else text


_SHOWN = ("numpy", "torch", "jax", "tensorflow", "tensorflow-cpu")
_NOISY = 0.05
_HEAD = (
    "| function | forward + backward | the same, one odd element | forward | compiled | gradient alone, compiled "
    "| 3 elements |",
    "|---|---|---|---|---|---|---|",
)
_INTRODUCTION = (
    "# Costs of the convention",
    "",
    "<!-- Made by python -m benchmarks.costs --page docs/costs.md; do not edit. -->",
    "",
    "What the convention's derivatives cost on native arrays beside the framework's own function: ratios of the",
    "smallest CPU times, contestants interleaved in one process in shuffled rounds, on a million elements but for the",
    "last column, in float64; but for the column named forward, forward plus backward. ± is the distance of the",
    "framework's own function from itself, where it is 5% or more. A figure is bold where it is above 1.3 by more than",
    "that noise; a dash stands where one of the two cannot be compiled or differentiated, and an empty cell was not",
    "measured.",
    "",
    "The values are regular: no zeros, ties or NaN where those decide. On torch and TensorFlow some functions look at",
    "the values of eager arrays on the CPU, and take the framework's own derivative when all are regular. A single odd",
    "element (`ODD`, `benchmarks/functions.py`) may make them take the masks for the whole array, or on torch for the",
    "piece of a large array that holds it: the second column says what that costs. Compiled code cannot look: it has",
    "the masks, as mapped code has. acosh on torch counts from 1.1 on as regular, where the values of its row begin.",
    "",
    "Compiled, a gradient of which nobody asks the value is a program without the forward pass, as far as the backward",
    "pass does not need it: the column gradient alone. The column compiled has the value as well. There inductor goes",
    "by the order of the results: gradients before the value, as `torch.func.grad_and_value` gives them, are one loop",
    "with it, the value before them is a loop of its own, and both take up to 1.5 times as long. Measured are the",
    "gradients first; `multigrad.value_and_gradient(f, compile=True)` makes one loop whatever the order.",
    "",
    "Compiled figures have more noise than two runs of one program show. XLA made the same program of TensorFlow's",
    "reciprocal and of ours, but for the names of its operations; these changed the order of its loops, and the ratio",
    "was 1.25. Inductor's loop for acosh took 1.10 or 1.30 by the order of two products. A figure below 1.1 is not",
    "to be told from 1.",
    "",
)
_REASONS = (
    "## What costs more, and why",
    "",
    "- cumulative_prod on TensorFlow, compiled: its own derivative divides by the factors and is wrong where one is",
    "  zero. Here a pass over the products tells whether there is one, also inside a compiled program, and the slopes",
    "  beside zeros come from the products of the other factors: 2.3 times the native time. Eager, only the rows with",
    "  a zero are taken apart, if these are few; if they are many, 1.9 times. Where products of the other factors",
    "  leave the dtype's range, sums and products over log2(n) distances take 4.4 times the native time eager, and 11",
    "  compiled.",
    "- det and slogdet on TensorFlow have no compiled figure: XLA has no kernel of TensorFlow's own functions.",
    "- maximum, minimum and clip on torch make their slopes of differences, in fewer passes than torch's own masks,",
    "  and look at no values; in small arrays each of some six operations costs its call.",
    "- clip between arrays on TensorFlow: slopes are factors of the cotangent, where TensorFlow's own are masks.",
    "- torch with an odd element: eagerly each mask is a pass over the arrays, a third of the time of a root or a",
    "  logarithm, and hypot has ten. Up to four pieces of a large array have them, torch's own function the rest.",
    "  Looking for the pieces is a pass, putting the results together another, and one for each array backwards.",
    "- Linear algebra on torch, compiled: det, slogdet and solve take one LU decomposition for all orders, where torch",
    "  takes one for each, and for det singular vectors wherever the derivative is part of the program; by a backward",
    "  pass outside it, det, slogdet and solve take 1.1, 1.0 and 1.0 times torch's time.",
    "- cumulative_prod on torch has no compiled figure: torch's own derivative is traced factor by factor, with ten",
    "  operations for each, and takes minutes to compile for a thousand. Here there are log2(n) products.",
    "- Linear algebra on TensorFlow, compiled: XLA's eigh and svd stop at a residual of 1e-6. Here products of",
    "  matrices restore the other digits; without them eigh and eigvalsh take 1.00 of the native time, svdvals 1.03.",
    "  XLA's solve multiplies by the inverse, which leaves a residual of 1e-7 at a condition number of 1e10; here the",
    "  triangular factor's inverse leaves 1e-14, for two products of matrices more: 1.06 without. XLA's inv, solve and",
    "  cholesky give noise where there is no inverse, solution or factor; here the factors are looked at, and the",
    "  result is NaN there, which is what inv and cholesky cost.",
    "- Linear algebra of small matrices on TensorFlow: its own functions are one operation of some 12 µs; finite",
    "  entries, regular matrices and the symmetric part are operations of the same 12 µs each.",
    "- Small arrays: each operation more costs its call, whatever it computes.",
    "",
    "Where the framework's own derivative takes less because it is wrong somewhere:",
    "",
    "| function | where | costs | the framework's own |",
    "|---|---|---|---|",
)
_CALLED = {"both": "compiled", "gradient": "gradient alone"}
# What the framework's own gives where the convention takes more operations: framework, function, kind, the fault.
_WRONG = (
    (
        "jax",
        "asinh",
        "gradient",
        "0 at 1e20 in float32: the square overflows. The quotient there, 1 / x, is the time: 1.00 with a constant in "
        "its place. With the value it is nothing",
    ),
    (
        "jax",
        "acosh",
        "gradient",
        "0 at 1e20 in float32, and 0.577 at -2, outside the domain: the quotient 1 / x, and an absolute value (1.05)",
    ),
    ("torch", "asinh", "both", "0 at 1e20 in float32: the square overflows"),
    (
        "torch",
        "acosh",
        "both",
        "0 at 1e20 in float32, 0.577 at -2, and off by 2.5e-9 at 1 + 1e-8",
    ),
    *(
        ("torch", name, "both", "-inf at -0, and a number outside the domain: a factor, 1 or NaN, of value and slope")
        for name in ("log", "log2", "log10")
    ),
    ("torch", "log1p", "both", "a number outside the domain: the factor"),
    (
        "torch",
        "atan2",
        "both",
        "forwards NaN at the origin (0.16), and infinite in second order near it, at 1e-10 in float32 (0.09)",
    ),
    (
        "torch",
        "x ** y",
        "both",
        "NaN in second order at (0, 0) and (0, 2): the masks are kept in memory across the calls of the power, 0.03 to "
        "0.04 each for what is linear, for NaN, and for the mixed derivative",
    ),
    ("torch", "sort", "both", "the standard's sort is stable, which torch's is if asked to: that is the time"),
    (
        "torch",
        "eigvalsh",
        "both",
        "another cotangent for each of equal eigenvalues, whose order is arbitrary: they share it, by a product with "
        "the matrix of who equals whom; svdvals likewise",
    ),
    ("tensorflow", "solve", "both", "a residual of 1e-7 at a condition number of 1e10, noise where it is singular"),
    ("tensorflow", "eigh", "both", "vectors to 1e-6"),
    ("tensorflow", "cumulative_prod", "both", "NaN or 0 beside a zero: a pass over the products looks for one"),
)
_COMPILED = (
    "",
    "A compiler fuses value and derivative into one loop over the elements, where masks and factors cost little; a",
    "root, a quotient or a logarithm more is what takes time. On torch a call of a logarithm or the like waits for",
    "what its argument is made of: there the masks are factors of the result, which overlap with the call.",
    "",
)
