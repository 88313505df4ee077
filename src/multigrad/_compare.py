"""`compare`: the value and the gradient of one function on every backend, side by side."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multigrad import _arguments, _convert, _leaves, _registry, _tree
from multigrad._check import GradientCheck, check_gradient
from multigrad._report import Sheet, plain
from multigrad._transform import value_and_gradient

# Ulps of the largest element by which two right answers may differ: roundings in another order.
_ULPS = 256


@dataclasses.dataclass(frozen=True)
class Difference:
    """How far one tree of arrays is from another.

    Attributes
    ----------
    absolute
        Largest absolute difference of two finite elements, in their units.
    relative
        The same relative to the largest element.
    ulps
        The same in ulps of the dtype at the largest element.
    not_finite
        Number of elements of which one is NaN or infinite and the other is not the same.
    mismatches
        One sentence per difference of structure, shape or dtype.
    """

    absolute: float = 0.0
    relative: float = 0.0
    ulps: float = 0.0
    not_finite: int = 0
    mismatches: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the trees agree to a few hundred ulps of the largest element."""
        return self.ulps <= _ULPS and not self.not_finite and not self.mismatches


@dataclasses.dataclass(frozen=True)
class Row:
    """One backend's answer.

    Attributes
    ----------
    backend
        Its name.
    value, gradient
        NumPy arrays, the gradient with its structure; None after an error.
    value_difference, gradient_difference
        From the first backend that answered.
    seconds
        Time of one call, the first of this function: compilation and caches included.
    check
        What `check_gradient` found on this backend.
    error
        What was raised instead of an answer, or None.
    """

    backend: str
    value: Any = None
    gradient: Any = None
    value_difference: Difference = Difference()
    gradient_difference: Difference = Difference()
    seconds: float = math.nan
    check: GradientCheck | None = None
    error: str | None = None

    @property
    def verdict(self) -> str:
        """The verdict of `check_gradient`, or ``"error"``."""
        return "error" if self.check is None else self.check.verdict

    @property
    def ok(self) -> bool:
        """Whether this backend agrees with the first one and its gradient was shown to be right."""
        differences = (self.value_difference, self.gradient_difference)
        return self.check is not None and self.check.ok and all(difference.ok for difference in differences)

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data for JSON."""
        both = (("value_difference", self.value_difference), ("gradient_difference", self.gradient_difference))
        return {
            "backend": self.backend,
            "ok": self.ok,
            "verdict": self.verdict,
            "value": _plain_tree(self.value),
            "gradient": _plain_tree(self.gradient),
            **{name: {k: plain(v) for k, v in dataclasses.asdict(difference).items()} for name, difference in both},
            "seconds": plain(self.seconds),
            "check": self.check.to_dict() if self.check is not None else None,
            "error": self.error,
        }


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Attributes
    ----------
    rows
        One `Row` per backend, in the order asked for.
    """

    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        """Whether all backends agree and every gradient was shown to be right."""
        return all(row.ok for row in self.rows)

    def raise_if_failed(self) -> None:
        """Raise AssertionError with the text of the report unless `ok`."""
        if not self.ok:
            raise AssertionError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON."""
        return {"ok": self.ok, "rows": [row.to_dict() for row in self.rows]}

    def _sheet(self) -> Sheet:
        count, names = len(self.rows), ", ".join(row.backend for row in self.rows if not row.ok)
        backends = f"{count} backend{'' if count == 1 else 's'}"
        headline = f"{backends}: not ok on {names}" if names else f"{backends}: all agree, every gradient is right"
        headings = (
            "backend",
            "dtype",
            "value",
            "gradient",
            "value diff",
            "gradient diff",
            "ulps",
            "seconds",
            "verdict",
        )
        remarks = [sentence for row in self.rows for sentence in _remarks(row)]
        return Sheet(headline, headings, [_cells(row) for row in self.rows], remarks)

    def __str__(self) -> str:
        return self._sheet().text()

    def _repr_html_(self) -> str:
        return self._sheet().html()


def compare(
    f: Callable[..., Any],
    *args: Any,
    backends: Sequence[str] | None = None,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    dtype: Any = None,
    device: Any = "cpu",
    arrays: str = "standard",
) -> Comparison:
    """Evaluate f and its gradient on several backends, and tell which of them is right.

    Parameters
    ----------
    f
        As for `gradient`: returns a real scalar, units [f].
    *args
        The point: f's arguments. Arrays are moved to each backend.
    backends
        Names; None takes every installed one.
    argnums, argnames, dtype, arrays
        As for `gradient`.
    device
        Where every backend computes.

    Returns
    -------
    Comparison
        With ``.ok``, ``.rows``, ``.to_dict()``, ``.raise_if_failed()``; a table in terminals and notebooks. A backend
        that raises has a row with its error.

    Raises
    ------
    UnknownBackendError, BackendNotInstalledError, BackendBrokenError
        If a backend that was asked for cannot be used.

    Notes
    -----
    Differences are those from the first backend that answers; backends agree when they are within 256 ulps of the
    largest element. Agreement is no proof: each gradient is also checked on its own by `check_gradient`.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> report = multigrad.compare(lambda x: xp.sin(x**2 + 1), 2.0, backends=["numpy"])
    >>> report.ok, report.rows[0].verdict
    (True, 'right')
    """
    _arguments.options(None, device, dtype, arrays)  # what is wrong with the call is no backend's fault
    names = [name for name in _registry.known_names() if _registry.backend_info(name).installed]
    names = names if backends is None else [_registry.get_backend(name).name for name in backends]
    selection = {"argnums": argnums, "argnames": argnames}
    options = {"dtype": dtype, "device": device, "arrays": arrays}
    rows: list[Row] = []
    for name in names:
        reference = next((row for row in rows if row.error is None), None)
        rows.append(_row(f, args, reference, {**selection, **options, "backend": name}))
    return Comparison(tuple(rows))


def _row(f: Callable[..., Any], args: tuple[Any, ...], reference: Row | None, options: dict[str, Any]) -> Row:
    backend = options["backend"]
    try:
        start = time.perf_counter()
        value, gradient = _convert.to_numpy(value_and_gradient(f, **options)(*args))
        seconds = time.perf_counter() - start
        check = check_gradient(f, *args, **options)
    except Exception as error:  # one backend's failure is a finding, whatever it is
        return Row(backend, error=f"{type(error).__name__}: {error}")
    if reference is None:
        return Row(backend, value, gradient, seconds=seconds, check=check)
    differences = (_difference(value, reference.value, "value"), _difference(gradient, reference.gradient, "gradient"))
    return Row(backend, value, gradient, *differences, seconds, check)


def _difference(tree: Any, reference: Any, name: str) -> Difference:
    """Compare two trees of NumPy arrays."""
    found, structure = _flatten(tree)
    expected, wanted = _flatten(reference)
    if len(found) != len(expected):
        return Difference(mismatches=(f"{name} has the structure {structure} instead of {wanted}",))
    mismatches = []
    absolute, largest, not_finite, roundoff = 0.0, 0.0, 0, 0.0
    for path, x, y in zip(structure.paths(name), found, expected, strict=True):
        if not isinstance(x, np.ndarray) or not isinstance(y, np.ndarray):
            continue
        if x.shape != y.shape:
            mismatches.append(f"{path} has shape {x.shape} instead of {y.shape}")
            continue
        if x.dtype != y.dtype:
            mismatches.append(f"{path} has dtype {x.dtype.name} instead of {y.dtype.name}")
        finite = np.isfinite(x) & np.isfinite(y)
        not_finite += int(np.sum(~finite & ~((x == y) | (np.isnan(x) & np.isnan(y)))))
        wide = np.result_type(x, y, np.float64)
        a, b = x[finite].astype(wide), y[finite].astype(wide)
        absolute = max(absolute, float(np.max(np.abs(a - b), initial=0.0)))
        largest = max(largest, float(np.max(np.abs(a), initial=0.0)), float(np.max(np.abs(b), initial=0.0)))
        roundoff = max(roundoff, *(float(np.finfo(part.dtype).eps) for part in (x, y) if part.dtype.kind in "fc"), 0.0)
    relative = absolute / largest if largest else 0.0
    return Difference(absolute, relative, relative / roundoff if roundoff else 0.0, not_finite, tuple(mismatches))


def _flatten(tree: Any) -> tuple[list[Any], _tree.Structure]:
    return _tree.flatten(tree, _leaves.expander(None))


def _remarks(row: Row) -> list[str]:
    """Say in words what is wrong on one backend."""
    if row.error is not None or row.check is None:
        return [f"{row.backend}: {row.error}"]
    found: list[str] = []
    for name, difference in (("value", row.value_difference), ("gradient", row.gradient_difference)):
        if difference.ulps > _ULPS:
            found.append(f"{name} differs from the first backend by {difference.ulps:.3g} ulps")
        if difference.not_finite:
            found.append(f"{name} differs in {difference.not_finite} elements that are NaN or infinite")
        found += difference.mismatches
    if not row.check.ok:
        worst = min(row.check.entries, key=lambda entry: entry.badness)
        found.append(
            f"gradient is {worst.verdict} at {worst.path}: found {worst.found:.10g}, expected {worst.expected:.10g} "
            f"within {worst.error_estimate:.1e}"
        )
    return [f"{row.backend}: {sentence}" for sentence in found]


def _cells(row: Row) -> tuple[str, ...]:
    if row.check is None:
        return (row.backend, *("-",) * 7, row.verdict)
    value, gradient = row.value_difference, row.gradient_difference
    return (
        row.backend,
        row.check.dtype,
        _short(row.value),
        _short(row.gradient),
        f"{value.absolute:.1e}",
        f"{gradient.absolute:.1e}",
        f"{max(value.ulps, gradient.ulps):.3g}",
        f"{row.seconds:.2g}",
        row.verdict if row.ok or not row.check.ok else f"{row.verdict}, but differs",
    )


def _short(tree: Any) -> str:
    """Return a tree's numbers in at most 40 characters."""
    leaves = [leaf for leaf in _flatten(tree)[0] if isinstance(leaf, np.ndarray)]
    text = ", ".join(" ".join(np.array2string(x, precision=8, threshold=4, edgeitems=1).split()) for x in leaves)
    return text if len(text) <= 40 else text[:37] + "..."


def _plain_tree(tree: Any) -> Any:
    """Return a tree of arrays as nested lists by path, complex numbers as (real, imaginary)."""
    leaves, structure = _flatten(tree)
    paths = structure.paths("")
    plains = {path: _plain_array(x) for path, x in zip(paths, leaves, strict=True) if isinstance(x, np.ndarray)}
    return plains.get("") if list(plains) == [""] else plains or None


def _plain_array(x: np.ndarray) -> Any:
    if x.dtype.kind == "c":
        return {"real": _plain_array(x.real), "imag": _plain_array(x.imag)}
    return [_plain_array(part) for part in x] if x.ndim else plain(float(x))
