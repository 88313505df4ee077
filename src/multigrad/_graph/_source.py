"""The line of the user's code that an operation comes from."""

from __future__ import annotations

import inspect
import linecache
import os
import pathlib
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple

from multigrad._report import place

_PACKAGE = str(pathlib.Path(__file__).parents[1]) + os.sep


class Source(NamedTuple):
    """A line of code.

    Attributes
    ----------
    file
        Path of the file, or the name that an interactive session gave to its input.
    line
        Line number, from 1.
    function
        Name of the function around it.
    """

    file: str
    line: int
    function: str

    @property
    def text(self) -> str:
        """The line itself without indentation; empty if its file cannot be read."""
        return linecache.getline(self.file, self.line).strip()

    def __str__(self) -> str:
        return place(self.file, self.line)


def file_of(f: Callable[..., Any]) -> str | None:
    """Return the file in which a function is defined, or None."""
    code = getattr(inspect.unwrap(f), "__code__", None)
    return getattr(code, "co_filename", None)


def boundary(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark the function that calls the user's: what is around it is no line of the computation."""
    _boundaries.add(function.__code__)
    return function


_boundaries: set[CodeType] = set()


def caller(also: str | None = None) -> tuple[Source | None, str]:
    """Return the innermost line outside this package, and the qualified name of what it called in the package.

    Parameters
    ----------
    also
        A file that counts as outside: the exercises are part of the package, and users' code all the same.

    Returns
    -------
    tuple
        The source is None for what comes up after the user's function has returned.
    """
    frame, entered = sys._getframe(1), ""
    while frame is not None:
        code = frame.f_code
        if code in _boundaries:
            break
        if code.co_filename == also or not code.co_filename.startswith(_PACKAGE):
            return Source(code.co_filename, frame.f_lineno, code.co_name), entered
        entered = code.co_qualname
        frame = frame.f_back  # type: ignore[assignment]
    return None, entered
