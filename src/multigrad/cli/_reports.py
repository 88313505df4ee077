"""``multigrad check`` and ``multigrad compare``: a report as text or JSON, and its verdict as the exit status."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

import multigrad
from multigrad.cli._functions import check_call, function
from multigrad.cli._literals import UsageError, arguments


def check(parsed: argparse.Namespace) -> int:
    """Check one function's gradient; 0 if it is right, else 1."""
    f, args = function(parsed.function), arguments(parsed.arguments, parsed.seed)
    check_call(f, args, parsed.function)
    report = multigrad.check_gradient(
        f, *args, **_common(parsed), backend=parsed.backend, order=parsed.order, modes=parsed.modes
    )
    return _shown(report, parsed)


def compare(parsed: argparse.Namespace) -> int:
    """Compare backends, or ports; 0 if all agree and are right, else 1."""
    words = [parsed.function, *parsed.arguments]
    ports = dict(_named(word, "port") for word in _leading_ports(words))
    if not ports:
        f, args = function(parsed.function), arguments(parsed.arguments, parsed.seed)
        check_call(f, args, parsed.function)
        if parsed.map:
            raise UsageError("Expected no --map for one function; ports are given as torch=MODULE:F jax=MODULE:G.")
        return _shown(multigrad.compare(f, *args, **_common(parsed), backends=_backends(parsed)), parsed)
    if parsed.backends or parsed.backend:
        raise UsageError("Expected no --backends with ports: each port is named by its own.")
    args = arguments(words[len(ports) :], parsed.seed)
    first = next(iter(ports.values()))
    check_call(function(first), args, first)
    functions = {name: function(spelled) for name, spelled in ports.items()}
    maps = {name: function(spelled) for name, spelled in (_named(word, "--map") for word in parsed.map)}
    return _shown(multigrad.compare(functions, *args, **_common(parsed), map=maps), parsed)


def _leading_ports(words: Sequence[str]) -> list[str]:
    """Return the first words that have the form BACKEND=MODULE:FUNCTION."""
    found: list[str] = []
    for word in words:
        name, equals, spelled = word.partition("=")
        if not (equals and ":" in spelled and name.replace(":", "").replace("_", "").isalnum()):
            break
        found.append(word)
    return found


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
    elif sys.stdout.isatty():
        report._sheet().print(Console())
    else:
        print(report)
    return 0 if report.ok else 1
