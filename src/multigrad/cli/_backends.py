"""``multigrad backends``: what is installed, as a table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

import multigrad
from multigrad._protocol import BackendInfo
from multigrad.cli._terminal import Terminal


def run(parsed: argparse.Namespace) -> int:
    """Print what is known about the backends."""
    found = multigrad.backends()
    if parsed.json:
        print(json.dumps([{**info._asdict(), "missing": dict(info.missing)} for info in found], indent=2))
    else:
        console = Terminal()
        console.print(_table(found))
        for info in found:
            if info.reason is not None:
                console.print(f"{info.name}: {info.reason}", markup=False)
    return 0


def _table(found: Sequence[BackendInfo]) -> Table:
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
