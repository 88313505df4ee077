"""``multigrad exercises``: the exercises, solved on every backend, as a table."""

from __future__ import annotations

import argparse
import json

from rich.box import SIMPLE_HEAD
from rich.table import Table

from multigrad import exercises
from multigrad.cli._terminal import Terminal
from multigrad.exercises import Result


def run(parsed: argparse.Namespace) -> int:
    """Solve the exercises and print the results; 0 if all agree, else 1."""
    messages = Terminal(stderr=True)
    with messages.status("Loading frameworks") as status:
        results = exercises.run(
            parsed.backend,
            dtype=parsed.dtype,
            device=parsed.device,
            report=lambda name: status.update(f"Solving on {name}"),
        )
    if parsed.json:
        print(json.dumps([result.to_dict() for result in results], indent=2))
    else:
        _print_results(Terminal(), results)
    return 0 if all(result.ok for result in results) else 1


def _print_results(console: Terminal, results: list[Result]) -> None:
    formulas = {exercise.name: exercise.formula for exercise in exercises.EXERCISES}
    for name, formula in formulas.items():
        rows = [result for result in results if result.exercise == name]
        for inputs in list({str(result.inputs): result.inputs for result in rows}.values()):
            console.print(_table(name, formula, [result for result in rows if result.inputs == inputs]), "")
    backends = list(dict.fromkeys(result.backend for result in results))
    disagreeing = [result for result in results if not result.ok]
    count = (
        f"{len(results)} results on {len(backends)} backend{'' if len(backends) == 1 else 's'} ({', '.join(backends)})"
    )
    if disagreeing:
        console.print(f"{count}: {len(disagreeing)} DISAGREE.", style="bold red")
    else:
        # NumPy has no derivatives of its own to compare with.
        has_native = any(result.native is not None and result.backend != "numpy" for result in results)
        truths = "the formula, with finite differences and with the framework's native call"
        truths = truths if has_native else "the formula and with finite differences"
        console.print(f"{count}: all agree with {truths}.", style="green")


def _table(name: str, formula: str, rows: list[Result]) -> Table:
    first = rows[0]
    point = ", ".join(f"{key} = {_text(value)}" for key, value in first.inputs.items())
    title = f"{name}: {formula}\nat {point}"
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, padding=0)
    for heading in ("backend", "device", "dtype", "value"):
        table.add_column(heading, justify="right" if heading == "value" else "left", no_wrap=True)
    for variable in first.gradient:
        table.add_column(f"d/d{variable}", justify="right", no_wrap=True)
    table.add_column("max diff", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for result in rows:
        failed = ", ".join(check for check, passed in result.checks.items() if not passed)
        table.add_row(
            f"{result.backend} {result.version.partition('+')[0]}",  # without the build's name
            result.device,
            result.dtype,
            _text(result.value),
            *(_text(slope) for slope in result.gradient.values()),
            f"{result.max_abs_error:.1e}",
            "[green]agrees" if result.ok else f"[bold red]DISAGREES with {failed}",
        )
    value, derivatives = first.expected
    table.add_section()
    table.add_row("by formula", "", "", _text(value), *(_text(slope) for slope in derivatives.values()), "", "")
    return table


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(_text(part) for part in value) + ")"
    return f"{value:.8g}" if isinstance(value, float) else str(value)
