"""A function recorded as it is asked for, and in float64 at the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad._blame._localization import Interval
from multigrad._graph import Recording, Source, record
from multigrad._graph._source import file_of

_NARROW = frozenset(("float16", "bfloat16", "float32", "complex64"))


def recordings(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None, options: dict[str, Any]
) -> tuple[Recording, Recording]:
    """Return f recorded with these options, and in float64 at the same, rounded, arguments; often the same."""
    narrow = record(f, args, kwargs, **options)
    if not any(node.dtype in _NARROW for node in narrow.nodes):
        return narrow, narrow
    rounded, named = narrow.call.arguments(narrow.call.primals)
    options = {**options, "backend": narrow.backend, "dtype": "float64"}
    return narrow, record(f, rounded, named, **options)


def body(f: Callable[..., Any]) -> Interval | None:
    """Return the first and the last line of a function."""
    code, file = getattr(f, "__code__", None), file_of(f)
    if code is None or file is None:
        return None
    lines = [line for _, _, line in code.co_lines() if line]
    return Source(file, min(lines), code.co_name), Source(file, max(lines), code.co_name)
