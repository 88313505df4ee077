"""The documentation's page on speed and memory, from saved results: ``python -m benchmarks.page``.

What it shows lies in ``benchmarks/results/``: put there what `benchmarks`, `benchmarks.engine` and `benchmarks.leaks`
have saved, and run this.
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

from benchmarks import saved
from benchmarks.reasons import REASONS
from benchmarks.report import AGAIN, NATIVE, Row, contests, figure, verdict
from benchmarks.suites import SUITES

DOCS = Path(__file__).parents[1] / "docs"


def page(results: dict[str, Any], engine: dict[str, Any] | None = None, leaks: dict[str, Any] | None = None) -> str:
    """Return the page in Markdown."""
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
    lines += [*_reasons(results["rows"]), *_engine(engine), *_leaks(leaks)]
    return "\n".join(lines).rstrip() + "\n"


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


def _engine(engine: dict[str, Any] | None) -> list[str]:
    """Return the section on the NumPy engine."""
    if engine is None:
        return []
    lines = ["## The engine on NumPy", "", *_ENGINE]
    for problem, rows in itertools.groupby(engine["rows"], lambda row: row["problem"]):
        found = {row["contestant"]: row for row in rows}
        ours, again = found["multigrad"], found["multigrad again (A/A)"]
        hand = found.get("by hand")
        cells = [
            problem,
            figure(ours["seconds"], "s"),
            f"{again['seconds'] / ours['seconds']:.2f}",
            f"{ours['seconds'] / found['autograd']['seconds']:.2f}",
            f"{ours['seconds'] / hand['seconds']:.2f}" if hand else "",
            f"{ours['peak'] / hand['peak']:.2f}" if hand else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _leaks(leaks: dict[str, Any] | None) -> list[str]:
    """Return the section on memory over many compiled closures."""
    if leaks is None:
        return []
    lines = ["## Memory over many closures", "", *_LEAKS]
    for backend, contestants in leaks.items():
        for name, samples in contestants.items():
            count, _, growth = samples[-1]
            lines.append(f"| {backend} | {name} | {count} | {growth:.1f} MB | {growth / count * 1e3:.1f} KB |")
    return [*lines, ""]


_SHOWN = ("numpy", "torch", "jax", "tensorflow", "tensorflow-cpu")
_HEAD = (
    "| framework | workload | mode | native | A/A | native arrays | standard arrays | bound |",
    "|---|---|---|---|---|---|---|---|",
)
_INTRODUCTION = (
    "# Performance",
    "",
    "<!-- Made by python -m benchmarks.page; do not edit. -->",
    "",
    "What multigrad costs beside the framework's own fastest call for the same derivative. The figures are ratios of",
    "the smallest CPU times, contestants interleaved in one process in shuffled rounds; the column A/A is the native",
    "call against itself, so its distance from 1 is the noise of that line. A bound is missed, and its ratio bold,",
    "where the ratio is above the bound by more than that noise. `python -m benchmarks` measures everything anew. The",
    "machine did other work as well in these runs.",
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
_ENGINE = (
    "The derivatives of the embedded backend beside [HIPS autograd](https://github.com/HIPS/autograd) and beside",
    "gradients written by hand, in CPU time and in peak memory of a call (`python -m benchmarks.engine`). The bounds",
    "are 0.8 of autograd's time, 1.3 of the time by hand and 1.5 of its memory.",
    "",
    "| problem | multigrad | A/A | of autograd | of by hand | memory, of by hand |",
    "|---|---|---|---|---|---|",
)
_LEAKS = (
    "Eager gradients leave nothing behind: nine thousand fresh closures, each with data of its own, change the",
    "resident memory by less than 0.1 MB on every backend (`tests/test_leaks.py`). A compiler keeps something of each",
    "program for good, whoever calls it. The table shows the growth of the resident memory while ever new closures are",
    "compiled, called once and dropped (`python -m benchmarks.leaks`), natively and through multigrad; what the",
    "closures hold is freed. On PyTorch multigrad compiles closures that differ in their data alone once: what is left",
    "is the source that torch keeps of each traced graph, 2 KB. TensorFlow and XLA keep each program for good,",
    "natively; there, too, multigrad compiles such closures once.",
    "",
    "| framework | who | closures | growth | per closure |",
    "|---|---|---|---|---|",
)


def main() -> None:
    results, engine, leaks = (saved.load(saved.FOLDER, name) for name in ("results", "engine", "leaks"))
    (DOCS / "performance.md").write_text(page(results, engine, leaks), encoding="utf-8")
    shutil.copyfile(saved.FOLDER / "results.png", DOCS / "performance.png")


if __name__ == "__main__":
    main()
