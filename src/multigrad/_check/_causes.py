"""Why a gradient is not there or not right: the line where a value left the computation."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable
from typing import Any

from multigrad._arguments import Options
from multigrad._array import Array
from multigrad._check import _derivatives
from multigrad._errors import DetachedValueError
from multigrad._graph._source import Source, file_of
from multigrad._selection import Key

_PACKAGE = str(pathlib.Path(__file__).parents[1]) + os.sep

# How frameworks word that a value cannot leave what they differentiate.
_EXITS = ("Tracer", "traced array", "requires grad")
# What only frameworks' own arrays have, and what gives a value without its gradient.
_NATIVE_EXITS = ("data", "detach", "detach_", "numpy")


def detached(error: BaseException) -> BaseException | None:
    """Return the error of a value that left the computation, if that is what an exception says, or its cause."""
    for one in (error, error.__cause__):
        if isinstance(one, DetachedValueError):
            return one
        if isinstance(one, TypeError | RuntimeError) and any(word in str(one) for word in _EXITS):
            return one
    return None


def line_of(error: BaseException, f: Callable[..., Any]) -> Source | None:
    """Return the innermost line of the user's code that an exception came through."""
    found, traceback, own = None, error.__traceback__, file_of(f)
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_filename == own or not code.co_filename.startswith(_PACKAGE):
            found = Source(code.co_filename, traceback.tb_lineno, code.co_name)
        traceback = traceback.tb_next
    return found


def told(error: BaseException, source: Source | None) -> str:
    """Return one line about a value that left the computation."""
    where = "" if source is None else f" at {source} in {source.function}"
    line = "" if source is None or not source.text else f": {source.text}"
    return f"a value left the computation{where}{line} ({str(error).splitlines()[0].partition('. ')[0]})"


def native_exit(
    f: Callable[..., Any], keys: tuple[Key, ...], options: Options, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str | None:
    """Return one line about where f on native arrays loses a gradient, or None if that is not found.

    Native arrays leave silently; standard ones raise there.
    """
    try:
        _derivatives.reverse(f, keys, options._replace(form="standard"), args, kwargs)
    except DetachedValueError as error:
        return told(error, line_of(error, f))
    except AttributeError as error:
        if isinstance(error.obj, Array) and error.name in _NATIVE_EXITS:
            return told(error, line_of(error, f))
    except Exception:  # f needs native arrays for other reasons
        return None
    return None
