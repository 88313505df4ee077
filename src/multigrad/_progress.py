"""Progress of long work: a bar for who is watching, after a second; nothing otherwise.

It goes to the standard error of an interactive terminal, or into a notebook, and disappears when the work is done or
interrupted. Logs, pipes and short work see nothing of it.
"""

from __future__ import annotations

import contextvars
import importlib.util
import time
from types import TracebackType
from typing import Any, Self

# Shorter work needs no bar.
_PATIENCE = 1.0
# Work inside other work that is being watched shows no bar of its own.
_watched: contextvars.ContextVar[bool] = contextvars.ContextVar("multigrad_progress", default=False)


class Progress:
    """A context in which work is done in steps.

    Parameters
    ----------
    description
        What is being done.
    total
        Number of steps; None if nobody knows.

    Examples
    --------
    >>> with Progress("adding", total=3) as progress:
    ...     for number in range(3):
    ...         progress.advance()
    """

    def __init__(self, description: str, total: int | None = None) -> None:
        self._description, self._total, self._done = description, total, 0
        self._bar: Any = None
        self._task: Any = None
        self._token: contextvars.Token[bool] | None = None

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        if not _watched.get():
            self._token = _watched.set(True)
        return self

    def advance(self, description: str | None = None) -> None:
        """Count one step, and say what comes next if that is given."""
        self._done += 1
        self._description = description or self._description
        if self._token is None:
            return
        if self._bar is None:
            if time.monotonic() - self._start >= _PATIENCE:
                self._show()
        else:
            self._bar.update(self._task, completed=self._done, description=self._description)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.stop()
        if self._token is not None:
            _watched.reset(self._token)
            self._token = None

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        if console.is_jupyter:
            watched = importlib.util.find_spec("ipywidgets") is not None  # without it rich can only warn
        else:
            # Colours may be forced upon a log, which is no terminal for that.
            watched = console.is_terminal and console.file.isatty()
        if not watched:
            self._start = float("inf")  # never asked again
            return
        self._bar = Bar(console=console, transient=True)
        self._task = self._bar.add_task(self._description, total=self._total, completed=self._done)
        self._bar.start()
