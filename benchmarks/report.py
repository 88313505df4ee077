"""What the results say: contests, their noise, whether bounds are met, and tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
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
