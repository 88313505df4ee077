"""One function on several backends."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from multigrad import _blame, _dtypes
from multigrad._compare._answers import Choice, answer, chosen, compared
from multigrad._compare._comparison import Comparison
from multigrad._compare._convention import Explanation, explanations
from multigrad._compare._row import Row
from multigrad._graph import record
from multigrad._progress import Progress
from multigrad._protocol import Backend

_Function = Callable[..., Any]
_WIDE = ("float64", "complex128")


def on_backends(f: _Function, args: tuple[Any, ...], backends: Sequence[Backend], choice: Choice) -> Comparison:
    """Return the comparison of one function's answers on several backends."""
    keys = chosen(f, args, choice)  # what is wrong with the call is no backend's fault
    rows = []
    with Progress("comparing", total=len(backends) + 1) as progress:
        for backend in backends:
            rows.append(answer(backend.name, backend, f, args, choice))
            progress.advance()
        reference = _reference(rows)
        rows = [compared(row, reference) for row in rows]
        rows = [_blamed(row, reference, f, args, choice) for row in rows]
    if all(row.ok for row in rows):
        return Comparison(tuple(rows))
    numbers = tuple(key for key in keys if isinstance(key, int))
    return Comparison(tuple(rows), _explained(f, args, numbers, rows, choice))


def _reference(rows: Sequence[Row]) -> Row:
    """Return what the others are compared with: the first that is right, or else the first that answered."""
    right = [row for row in rows if row.answered and row.check is not None and row.check.ok]
    return next(iter((*right, *(row for row in rows if row.answered), *rows)))


def _blamed(row: Row, reference: Row, f: _Function, args: tuple[Any, ...], choice: Choice) -> Row:
    """Return a row that differs with the operation to blame."""
    if row.agrees or not row.answered or row.localization is not None or choice.arrays == "native":
        return row

    options = {name: getattr(choice, name) for name in ("argnums", "argnames", "device", "dtype", "seed")}
    try:
        found = _blame.localize_against(f, args, **options, backend=row.backend, reference_backend=reference.backend)
    except Exception as error:  # what cannot be followed is compared all the same
        found = _blame.Localization(reason=f"f cannot be followed ({type(error).__name__}: {error})")
    narrow = any(leaf.dtype in _dtypes.INEXACT and leaf.dtype not in _WIDE for leaf in row.gradient_leaves)
    followed = not found.found and found.reason is None
    if followed and narrow and row.check is not None and row.check.ok:
        return dataclasses.replace(row, rounding=True)
    return dataclasses.replace(row, localization=found)


def _explained(
    f: _Function, args: tuple[Any, ...], numbers: tuple[int, ...], rows: Sequence[Row], choice: Choice
) -> tuple[Explanation, ...]:
    """Return what the convention says about the operations of f, if f runs on the standard's arrays."""
    try:
        recording = record(f, args, argnums=numbers or None, backend="numpy", dtype=choice.dtype)
    except Exception:  # native code: nobody knows its operations
        return ()
    return explanations(recording, [row.backend for row in rows], choice.arrays)
