"""The results for people: tables in a terminal, and the documentation's page.

``python -m benchmarks.report results.json`` prints the page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.rows import CONTESTANTS
from benchmarks.suites import SUITES
from benchmarks.targets import Target, target

FRAMEWORKS = ("torch", "jax", "tensorflow")
NATIVE, AGAIN = tuple(CONTESTANTS)[:2]
Row = dict[str, Any]


def contests(rows: list[Row]) -> Iterator[tuple[tuple[str, ...], dict[str, Row]]]:
    """Yield the rows that belong together, by contestant, under (suite, backend, workload, mode)."""
    found: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row["suite"], row["backend"], row["workload"], row["mode"]), {})[row["contestant"]] = row
    yield from found.items()


def spread(contestants: dict[str, Row]) -> float:
    """Return the relative spread of the native call against itself."""
    again = contestants.get(AGAIN)
    return 0.0 if again is None or again["ratio"] is None else abs(again["ratio"] - 1.0)


def verdict(row: Row, contestants: dict[str, Row]) -> tuple[Target, bool] | None:
    """Return a row's target and whether it is met; None where there is none."""
    bound = target(row)
    native = contestants.get(NATIVE)
    if bound is None or native is None:
        return None
    return bound, bound.is_met(row["value"], native["value"], spread(contestants))


def figure(value: float, unit: str) -> str:
    """Return a value with three digits, in a unit that people read."""
    if unit != "s":
        return f"{value:.3g} {unit}"
    for size, name in ((1.0, "s"), (1e-3, "ms")):
        if value >= size:
            return f"{value / size:.3g} {name}"
    return f"{value * 1e6:.3g} µs"


def tables(results: dict[str, Any]) -> Iterator[Table]:
    """Yield one table per suite and framework."""
    groups: dict[tuple[str, str], list[tuple[tuple[str, ...], dict[str, Row]]]] = {}
    for key, contestants in contests(results["rows"]):
        groups.setdefault(key[:2], []).append((key, contestants))
    for (suite, backend), found in groups.items():
        table = Table(title=f"{SUITES[suite].title}: {backend}")
        for heading in ("workload", "mode", "contestant", "value", "ratio", "target"):
            table.add_column(heading, justify="right" if heading in ("value", "ratio") else "left")
        for (_, _, workload, mode), contestants in found:
            for row in contestants.values():
                ratio = "" if row["ratio"] is None else f"{row['ratio']:.3f}"
                table.add_row(
                    workload,
                    mode or "",
                    row["contestant"],
                    figure(row["value"], row["unit"]),
                    ratio,
                    _judged(row, contestants),
                )
            table.add_section()
        yield table


def _judged(row: Row, contestants: dict[str, Row]) -> str:
    judged = verdict(row, contestants)
    if judged is None:
        return ""
    bound, met = judged
    return f"{bound}, met" if met else f"{bound}, MISSED"


def page(results: dict[str, Any]) -> str:
    """Return the documentation's page in Markdown."""
    machine = results["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items() if name in _SHOWN)
    lines = [
        *_INTRODUCTION,
        f"Measured on {machine['processor']}, {machine['cores']} cores (one thread used), {machine['system']}, Python "
        f"{machine['python']}, {packages}.",
        "",
        "![Ratios to the native calls](performance.png)",
        "",
    ]
    groups: dict[str, list[tuple[tuple[str, ...], dict[str, Row]]]] = {}
    for key, contestants in contests(results["rows"]):
        groups.setdefault(key[0], []).append((key, contestants))
    for suite, found in groups.items():
        title = SUITES[suite].title
        lines += [f"## {title[0].upper()}{title[1:]}", "", *_TEXTS.get(suite, ()), *_HEAD]
        lines += [_line(key, contestants) for key, contestants in found]
        lines.append("")
    return "\n".join([*lines, *_reasons(results["rows"])])


def _line(key: tuple[str, ...], contestants: dict[str, Row]) -> str:
    _, backend, workload, mode = key
    native = contestants.get(NATIVE)
    cells = [backend, workload, mode or "", figure(native["value"], native["unit"]) if native else ""]
    again = contestants.get(AGAIN)
    cells.append(f"{again['ratio']:.2f}" if again and again["ratio"] is not None else "")
    ours = {row["arrays"]: row for row in contestants.values() if row["arrays"]}
    cells += [_ratio(ours.get(arrays), contestants) for arrays in ("native", "standard")]
    bounds = {str(found[0]) for row in ours.values() if (found := verdict(row, contestants))}
    cells.append(" / ".join(sorted(bounds)))
    return "| " + " | ".join(cells) + " |"


def _ratio(row: Row | None, contestants: dict[str, Row]) -> str:
    if row is None:
        return ""
    judged = verdict(row, contestants)
    text = f"{row['ratio']:.2f}"
    return text if judged is None or judged[1] else f"**{text}**"


def _reasons(rows: list[Row]) -> list[str]:
    """Return why the bounds that are missed are missed, one line each."""
    missed = {
        key[1:]: None
        for key, contestants in contests(rows)
        for row in contestants.values()
        if (judged := verdict(row, contestants)) and not judged[1]
    }
    found = dict.fromkeys(reason for reason, covers in REASONS if any(covers(*key) for key in missed))
    unexplained = [
        f"- {' '.join(filter(None, key))}: no reason is known; measured once, on a machine that others used as well."
        for key in missed
        if not any(covers(*key) for _, covers in REASONS)
    ]
    return ["## Bounds that are missed", "", *(f"- {reason}" for reason in found), *unexplained, ""]


_SHOWN = ("numpy", "torch", "jax", "tensorflow", "tensorflow-cpu")
_HEAD = (
    "| framework | workload | mode | native | A/A | native arrays | standard arrays | bound |",
    "|---|---|---|---|---|---|---|---|",
)
_INTRODUCTION = (
    "# Performance",
    "",
    "<!-- Made by python -m benchmarks.report; do not edit. -->",
    "",
    "What multigrad costs beside the framework's own fastest call for the same derivative. The figures are ratios of",
    "the smallest CPU times, contestants interleaved in one process in shuffled rounds; the column A/A is the native",
    "call against itself, so its distance from 1 is the noise of that line. A bound is missed, and its ratio bold,",
    "where the ratio is above the bound by more than that noise. `python -m benchmarks` measures everything anew.",
    "",
)
_TEXTS = {
    "workloads": (
        "W1 is x² + y² + z² + 2xyz with three partial derivatives, W2 a linear model's MSE with n = 3, W3 sin(x² + 1),",
        "W4 the MSE with n = 10⁶, W5 an MLP 784-256-256-10 with a batch of 128, W6 Rosenbrock's function with",
        "n = 1000; HVP and Hessian are Rosenbrock's with n = 1000 and n = 100. All in float32.",
        "",
    ),
    "programs": (
        "Programs of [GradBench](https://github.com/gradbench/gradbench) in float64, written once in array-API code,",
        "beside code that is idiomatic in the framework.",
        "",
    ),
    "cold_start": (
        "CPU seconds: an import beyond an imported NumPy, and the first gradient of a process. In the lines of",
        "imports the native column is the framework's own import.",
        "",
    ),
    "peak_memory": (
        "Resident memory that one gradient takes, in a process of its own; W4 with n = 10⁷. The first call of a",
        "compiled gradient compiles it.",
        "",
    ),
    "growth": ("The MSE over n, and a chain of small operations.", ""),
}
# Why a bound is missed, and for which (framework, workload, mode).
REASONS: tuple[tuple[str, Callable[..., bool]], ...] = ()


def main() -> None:
    print(page(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
