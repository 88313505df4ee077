"""Values as short texts and as plain numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from multigrad._report import plain

# An array of up to this many elements is shown whole; a larger one as its shape and a summary.
_SHOWN = 6
# A larger array is no longer part of `Graph.to_dict`, which is meant for JSON.
_LISTED = 1000


def short(array: np.ndarray) -> str:
    """Return a value in a few characters: a number, a small array, or the range of a large one."""
    if array.shape == ():
        return _number(array[()])
    if array.size <= _SHOWN:
        with np.printoptions(precision=5, suppress=False):
            return " ".join(np.array2string(array, separator=", ", max_line_width=10_000).split())
    if array.dtype.kind == "b":
        return f"shape {array.shape}, {np.count_nonzero(array)} true"
    of = "sizes " if array.dtype.kind == "c" else ""
    sizes = np.abs(array) if of else array
    return f"shape {array.shape}, {of}{_number(np.min(sizes))} to {_number(np.max(sizes))}"


def _number(value: Any) -> str:
    if isinstance(value, np.floating | np.complexfloating):
        text = f"{value:.7g}"
        return text if any(mark in text for mark in ".en") else f"{text}.0"
    return str(value)


def listed(array: np.ndarray | None) -> Any:
    """Return an array as nested lists for JSON, complex numbers as pairs; None for a large one or none."""
    if array is None or array.size > _LISTED:
        return None
    if array.dtype.kind == "c":
        array = np.stack((array.real, array.imag), axis=-1)
    return _plain(array.tolist())


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, list) else plain(value)
