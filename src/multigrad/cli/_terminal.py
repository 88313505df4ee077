"""Where tables are printed."""

from __future__ import annotations

from rich.console import Console


class Terminal(Console):
    """A console that leaves a closed pipe to `main`, which alone decides on the exit status."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
