"""``multigrad check`` and ``multigrad compare``: a report as text or JSON, and its verdict as the exit status."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import multigrad
from multigrad.cli._functions import check_call, function
from multigrad.cli._literals import UsageError, arguments
from multigrad.cli._raised import RAISED
from multigrad.cli._terminal import Terminal


def check(parsed: argparse.Namespace) -> int:
    """Check one function's gradient; 0 if it is right, else 1."""
    f, args = function(parsed.function), arguments(parsed.arguments, parsed.seed)
    check_call(f, args, parsed.function)
    report = multigrad.check_gradient(
        f, *args, **_common(parsed), backend=parsed.backend, order=parsed.order, modes=parsed.modes
    )
    return _shown(report, parsed)


def compare(parsed: argparse.Namespace) -> int:
    """Compare backends, or ports; 0 if all agree and are right, 1 if not, 3 if there is no answer at all."""
    words = [parsed.function, *parsed.arguments]
    ports = dict(_named(word, "port") for word in _leading_ports(words))
    if not ports:
        _check_no_second_function(parsed)
        f, args = function(parsed.function), arguments(parsed.arguments, parsed.seed)
        check_call(f, args, parsed.function)
        if parsed.map:
            raise UsageError("Expected no --map for one function; ports are given as torch=MODULE:F jax=MODULE:G.")
        return _compared(multigrad.compare(f, *args, **_common(parsed), backends=_backends(parsed)), parsed)
    if parsed.backends or parsed.backend:
        raise UsageError("Expected no --backends with ports: each port is named by its own.")
    args = arguments(words[len(ports) :], parsed.seed)
    first = next(iter(ports.values()))
    check_call(function(first), args, first)
    functions = {name: function(spelled) for name, spelled in ports.items()}
    maps = {name: function(spelled) for name, spelled in (_named(word, "--map") for word in parsed.map)}
    return _compared(multigrad.compare(functions, *args, **_common(parsed), map=maps), parsed)


def _compared(report: multigrad.Comparison, parsed: argparse.Namespace) -> int:
    """Show a comparison and return its exit status: functions that raise everywhere have no gradient to compare."""
    status = _shown(report, parsed)
    return status if any(row.answered for row in report.rows) else RAISED


def _leading_ports(words: Sequence[str]) -> list[str]:
    """Return the first words that have the form BACKEND=MODULE:FUNCTION."""
    found: list[str] = []
    for word in words:
        name, equals, spelled = word.partition("=")
        if not (equals and ":" in spelled and name.replace(":", "").replace("_", "").isalnum()):
            break
        found.append(word)
    return found


def _check_no_second_function(parsed: argparse.Namespace) -> None:
    """Raise UsageError if two functions are given as if they were a function and its argument."""
    others = [word for word in parsed.arguments if re.fullmatch(r"[\w./\\-]*[A-Za-z_]\w*:[A-Za-z_][\w.]*", word)]
    others = [word for word in others if ".npz:" not in word]
    if others:
        ports = " ".join(f"BACKEND={word}" for word in (parsed.function, *others))
        raise UsageError(
            f"Expected arguments after {parsed.function!r}, got {others[0]!r}, which looks like a second function. "
            f"Ports are given with their backends: {ports}, such as torch={parsed.function}."
        )


def _named(word: str, what: str) -> tuple[str, str]:
    name, equals, spelled = word.partition("=")
    if not (name and equals and spelled):
        raise UsageError(f"Expected {what} to have the form BACKEND=MODULE:FUNCTION, got {word!r}.")
    return name, spelled


def _backends(parsed: argparse.Namespace) -> list[str] | None:
    named = [*(parsed.backend or ()), *(name for names in parsed.backends or () for name in names.split(","))]
    return [name.strip() for name in named if name.strip()] or None


def _common(parsed: argparse.Namespace) -> dict[str, Any]:
    """Return the options that both functions take."""
    found = {name: getattr(parsed, name) for name in ("argnums", "dtype", "arrays", "compiled", "seed")}
    return found if parsed.device is None else {**found, "device": parsed.device}


def positions(text: str) -> int | tuple[int, ...]:
    """Return argnums from a text such as ``0`` or ``0,2``."""
    numbers = tuple(int(part) for part in text.split(","))
    return numbers if len(numbers) > 1 or text.endswith(",") else numbers[0]


def modes(text: str) -> tuple[str, ...]:
    """Return the modes of differentiation from a text such as ``reverse,forward``."""
    found = tuple(part.strip() for part in text.split(","))
    if not set(found) <= {"reverse", "forward"}:
        raise argparse.ArgumentTypeError(f"expected reverse, forward, or reverse,forward, got {text!r}")
    return found


def _shown(report: Any, parsed: argparse.Namespace) -> int:
    if parsed.json:
        print(json.dumps(report.to_dict(), indent=2, allow_nan=False))
    elif sys.stdout.isatty() or os.environ.get("COLUMNS"):
        report._sheet().print(Terminal())
    else:  # a file or another program: lines of any length
        print(report)
    return 0 if report.ok else 1
