"""Clauses on the derivative convention: every row at its point, as it is and, where there is a compiler, compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multigrad._convert import to_numpy
from multigrad._jit import jit
from multigrad._protocol import Backend, SupportsCompile
from multigrad._transform import gradient
from multigrad.array_api._dispatch import xp
from multigrad.convention import ROWS, Row
from multigrad.testing._clause import Clause

# A derivative is a handful of roundings away from its formula.
_RTOL = 16 * float(np.finfo(np.float64).eps)


def convention_clauses() -> list[Clause]:
    """Return one clause per row, and one per rule for programs, whose compilers take seconds for each."""
    rules = dict.fromkeys(row.rule for row in ROWS)
    programs = [_compiled([row for row in ROWS if row.rule == rule], rule) for rule in sorted(rules)]
    return [*(_row(row) for row in ROWS), *programs]


def _row(row: Row) -> Clause:
    def check(backend: Backend, rtol: float | None) -> None:
        # The points are kinks and borders: a framework may compute with NumPy, which warns there.
        with np.errstate(all="ignore"):
            found = to_numpy(gradient(_evaluated(row), _every(row), backend=backend)(*_point(row)))
        _agree(row, found, rtol)

    requirement = f"The derivative of `{row.name}` follows rule {row.rule}: {row.reason}."
    return Clause(f"convention: {row.name}", 0, requirement, check, None, "convention")


def _compiled(rows: Sequence[Row], rule: int) -> Clause:
    def check(backend: Backend, rtol: float | None) -> None:
        with np.errstate(all="ignore"):
            wrong = list(_disagreements(rows, backend, rtol))
        if wrong:
            raise AssertionError("\n    ".join(wrong))

    requirement = f"All {len(rows)} derivatives by rule {rule} are the same in a compiled program."
    return Clause(f"compiled convention: rule {rule}", 6, requirement, check, SupportsCompile, "convention")


def _disagreements(rows: Sequence[Row], backend: Backend, rtol: float | None) -> list[str]:
    """Return one sentence per row that a program gets wrong; a program that fails is halved, to name the rows."""

    def program(points: list[Any]) -> list[Any]:
        return [gradient(_evaluated(row), _every(row))(*point) for row, point in zip(rows, points, strict=True)]

    try:
        results = to_numpy(jit(program, backend=backend)([list(_point(row)) for row in rows]))
    except Exception as error:  # a compiler may raise anything; it is reported
        if len(rows) == 1:
            return [f"{rows[0].name}: {type(error).__name__}: {error}"]
        half = len(rows) // 2
        return [*_disagreements(rows[:half], backend, rtol), *_disagreements(rows[half:], backend, rtol)]
    sentences = []
    for row, found in zip(rows, results, strict=True):
        try:
            _agree(row, found, rtol)
        except AssertionError as error:
            sentences.append(f"{row.name}: {error}")
    return sentences


def _evaluated(row: Row) -> Callable[..., Any]:
    return lambda *arguments: row.evaluate(xp, *arguments)


def _every(row: Row) -> tuple[int, ...]:
    return tuple(range(len(row.point)))


def _point(row: Row) -> tuple[np.ndarray, ...]:
    return tuple(_array(value) for value in row.point)


def _array(value: Any) -> np.ndarray:
    """Return an argument of a point as an array of double precision."""
    array = np.asarray(value)
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _agree(row: Row, found: Sequence[np.ndarray], rtol: float | None) -> None:
    """State that the gradients are the row's in shape, dtype and value; NaN meets NaN, and infinity the same one."""
    for i, (got, value, derivative) in enumerate(zip(found, _point(row), row.derivative, strict=True)):
        expected = np.asarray(derivative, dtype=value.dtype)
        if got.dtype != expected.dtype or got.shape != expected.shape:
            raise AssertionError(
                f"Expected {expected.dtype} of shape {expected.shape} for argument {i}, got {got.dtype} of {got.shape}."
            )
        if not np.all(_close(got, expected, max(_RTOL, rtol or 0.0))):
            raise AssertionError(f"Expected {expected.tolist()} for argument {i}, got {got.tolist()}.")


def _close(got: np.ndarray, expected: np.ndarray, rtol: float) -> Any:
    if expected.dtype.kind == "c":
        parts = _close(got.real, expected.real, rtol) & _close(got.imag, expected.imag, rtol)
        return parts | (np.isnan(got) & np.isnan(expected))
    size = np.max(np.abs(expected), initial=1.0, where=np.isfinite(expected))
    with np.errstate(invalid="ignore"):
        near = np.isfinite(got) & (np.abs(got - expected) <= rtol * size)
    return near | (got == expected) | (np.isnan(got) & np.isnan(expected))
