"""The command ``multigrad``."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import os
import pkgutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import multigrad
from multigrad import exercises
from multigrad._protocol import BackendInfo
from multigrad.exercises import Result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0 if all is well, 1 if something disagrees, 2 for bad usage."""
    # TensorFlow's C++ start-up log would drown the tables; a user's own setting stays.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parsed = _parser().parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
    except multigrad.MultigradError as error:
        print(f"multigrad: {error}", file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="multigrad", description="The same gradient on every framework.")
    parser.add_argument("--version", action="version", version=f"multigrad {multigrad.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    solve = commands.add_parser("exercises", help="solve the three exercises and verify every gradient")
    solve.add_argument(
        "--backend", action="append", metavar="NAME", help="a backend; may be repeated (default: every installed one)"
    )
    solve.add_argument("--dtype", default="float64", help="floating dtype to compute in (default: float64)")
    solve.add_argument("--device", help="where to compute: cpu, gpu, cuda:1 (default: the framework's own)")
    solve.add_argument("--json", action="store_true", help="print the results as JSON")
    solve.set_defaults(run=_exercises)

    listing = commands.add_parser("backends", help="list the backends, and why one is missing")
    listing.add_argument("--json", action="store_true", help="print the list as JSON")
    listing.set_defaults(run=_backends)

    checking = commands.add_parser("check", help="check a function's gradient against differences of its own values")
    checking.add_argument("--backend", metavar="NAME", help="the backend (default: numpy)")
    checking.set_defaults(run=_check)
    comparing = commands.add_parser("compare", help="compare a function's gradient on several backends")
    comparing.add_argument(
        "--backend", action="append", metavar="NAME", help="a backend; may be repeated (default: every installed one)"
    )
    comparing.set_defaults(run=_compare)
    for command in (checking, comparing):
        command.add_argument("function", metavar="MODULE:FUNCTION", help="the current directory is importable")
        command.add_argument("arguments", metavar="ARG", nargs="*", help="a Python literal; a list becomes an array")
        command.add_argument("--dtype", help="floating dtype to compute in (default: that of the arguments)")
        command.add_argument("--json", action="store_true", help="print the report as JSON")
        command.set_defaults(usage=command.error)
    return parser


def _exercises(parsed: argparse.Namespace) -> int:
    messages = Console(stderr=True)
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
        _print_results(Console(), results)
    return 0 if all(result.ok for result in results) else 1


def _print_results(console: Console, results: list[Result]) -> None:
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
        console.print(
            f"{count}: all agree with the formula, with finite differences and with the framework's native call.",
            style="green",
        )


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


def _backends(parsed: argparse.Namespace) -> int:
    found = multigrad.backends()
    if parsed.json:
        print(json.dumps([{**info._asdict(), "missing": dict(info.missing)} for info in found], indent=2))
    else:
        console = Console()
        console.print(_backends_table(found))
        for info in found:
            if info.reason is not None:
                console.print(f"{info.name}: {info.reason}", markup=False)
    return 0


def _backends_table(found: Sequence[BackendInfo]) -> Table:
    table = Table(
        title="Backends", title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, padding=0
    )
    for heading in ("name", "version", "installed", "devices", "capabilities"):
        table.add_column(heading, overflow="fold")
    for info in found:
        table.add_row(
            info.name,
            info.version or "-",
            "[green]yes" if info.installed else "[red]no",
            ", ".join(info.devices) or "-",
            ", ".join(info.capabilities) or "-",
        )
    return table


def _check(parsed: argparse.Namespace) -> int:
    f, arguments = _function(parsed), _arguments(parsed)
    _check_call(f, arguments, parsed)
    return _print_report(multigrad.check_gradient(f, *arguments, backend=parsed.backend, dtype=parsed.dtype), parsed)


def _compare(parsed: argparse.Namespace) -> int:
    f, arguments = _function(parsed), _arguments(parsed)
    _check_call(f, arguments, parsed)
    return _print_report(multigrad.compare(f, *arguments, backends=parsed.backend, dtype=parsed.dtype), parsed)


def _print_report(report: Any, parsed: argparse.Namespace) -> int:
    print(json.dumps(report.to_dict(), indent=2, allow_nan=False) if parsed.json else report)
    return 0 if report.ok else 1


def _function(parsed: argparse.Namespace) -> Callable[..., Any]:
    module, colon, name = parsed.function.partition(":")
    if not (module and colon and name):
        parsed.usage(f"expected MODULE:FUNCTION, got {parsed.function!r}")
    # A console script starts with its own folder on the path, not the user's.
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        f = pkgutil.resolve_name(parsed.function)
    except (ImportError, AttributeError, ValueError) as error:
        parsed.usage(f"cannot find {parsed.function!r}: {error}")
    if not callable(f):
        parsed.usage(f"expected a function, got {parsed.function!r}, which is of type {type(f).__name__}")
    found: Callable[..., Any] = f
    return found


def _arguments(parsed: argparse.Namespace) -> list[Any]:
    try:
        return [_with_arrays(ast.literal_eval(text)) for text in parsed.arguments]
    except (ValueError, SyntaxError) as error:
        parsed.usage(
            f"expected every ARG to be a Python literal such as 2.0 or [1, 2], got {parsed.arguments}: {error}"
        )
        raise


def _with_arrays(value: Any) -> Any:
    """Return a literal with every list as a float64 array."""
    if isinstance(value, dict):
        return {key: _with_arrays(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_with_arrays(part) for part in value)
    return np.asarray(value, dtype=np.float64) if isinstance(value, list) else value


def _check_call(f: Callable[..., Any], arguments: list[Any], parsed: argparse.Namespace) -> None:
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # some built-in functions have none
        return
    try:
        signature.bind(*arguments)
    except TypeError as error:
        parsed.usage(f"{parsed.function} cannot be called with these arguments: {error}")
