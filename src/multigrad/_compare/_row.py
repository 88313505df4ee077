"""One backend's answer, and what was found out about it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from multigrad import _leaves, _tree
from multigrad._blame import Localization
from multigrad._check import GradientCheck
from multigrad._compare._difference import NO_DIFFERENCE, Difference, Leaf
from multigrad._protocol import PrecisionSetting
from multigrad._report import plain

if TYPE_CHECKING:
    from multigrad._compare._divergence import Divergence

_LONGEST = 40


@dataclasses.dataclass(frozen=True)
class Row:
    """One backend's answer.

    Attributes
    ----------
    name
        The backend, or the port as it was named.
    backend
        Name of the backend.
    value, gradient
        NumPy arrays, the gradient with its structure, a port's in the first one's; None after an error.
    value_leaves, gradient_leaves
        Their arrays in a list, with paths and dtypes.
    value_difference, gradient_difference
        From the first backend whose gradient was shown to be right, or else the first that answered.
    reference
        The name of that one.
    seconds, seconds_again
        Time of the first call, with what is compiled and cached at first, and of the second.
    check
        What `check_gradient` found on this backend.
    error
        What was raised instead of an answer, or None.
    precision
        The framework's settings of the precision of float32 matrix products.
    localization
        Which operation is to blame, if the answer differs.
    rounding
        Whether no operation is off by more than its rounding errors, although the answer differs.
    divergence
        For a port: where it parts from the first one.
    notes
        What else is to be said.
    """

    name: str
    backend: str
    value: Any = None
    gradient: Any = None
    value_leaves: tuple[Leaf, ...] = ()
    gradient_leaves: tuple[Leaf, ...] = ()
    value_difference: Difference = NO_DIFFERENCE
    gradient_difference: Difference = NO_DIFFERENCE
    reference: str | None = None
    seconds: float = math.nan
    seconds_again: float = math.nan
    check: GradientCheck | None = None
    error: str | None = None
    precision: tuple[PrecisionSetting, ...] = ()
    localization: Localization | None = None
    rounding: bool = False
    divergence: Divergence | None = None
    notes: tuple[str, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether there are a value and a gradient."""
        return self.error is None

    @property
    def agrees(self) -> bool:
        """Whether value and gradient are those of the reference."""
        differences = (self.value_difference, self.gradient_difference)
        return all(difference.ok for difference in differences) or self.rounding

    @property
    def verdict(self) -> str:
        """The verdict of `check_gradient`, or ``"error"``."""
        return "error" if self.check is None else self.check.verdict

    @property
    def ok(self) -> bool:
        """Whether this backend agrees with the reference and its gradient was shown to be right."""
        return self.answered and self.check is not None and self.check.ok and self.agrees

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data for JSON."""
        return {
            "name": self.name,
            "backend": self.backend,
            "ok": self.ok,
            "verdict": self.verdict,
            "agrees": self.agrees,
            "reference": self.reference,
            "value": plain_tree(self.value),
            "gradient": plain_tree(self.gradient),
            "value_difference": self.value_difference.to_dict(),
            "gradient_difference": self.gradient_difference.to_dict(),
            "seconds": plain(self.seconds),
            "seconds_again": plain(self.seconds_again),
            "check": self.check.to_dict() if self.check is not None else None,
            "error": self.error,
            "precision": [setting._asdict() for setting in self.precision],
            "localization": self.localization.to_dict() if self.localization is not None else None,
            "rounding": self.rounding,
            "divergence": self.divergence.to_dict() if self.divergence is not None else None,
            "notes": list(self.notes),
        }

    def remarks(self) -> Iterator[str]:
        """Say in words what is wrong, and why."""
        if self.error is not None:
            yield f"{self.name}: {self.error}"
        for what, difference in (("value", self.value_difference), ("gradient", self.gradient_difference)):
            if not difference.ok:
                yield f"{self.name}: {_differs(what, difference, self.reference)}"
        if self.rounding:
            yield f"{self.name}: no operation differs from float64 by more than its rounding errors explain."
        if self.check is not None and not self.check.ok:
            yield f"{self.name}: {_not_right(self.check)}"
        if self.localization is not None:
            yield f"{self.name}: {self.localization}"
        if self.divergence is not None:
            yield f"{self.name}: {self.divergence}"
        yield from (f"{self.name}: {note}" for note in self.notes)
        if self.check is not None and self.check.dtype not in ("float64", "complex128"):
            for setting in self.precision:
                if setting.is_reduced:
                    yield f"{self.name}: float32 matrix products may lose digits: {setting.name} is {setting.value}."


def _differs(what: str, difference: Difference, reference: str | None) -> str:
    if difference.mismatches:
        return f"{'; '.join(difference.mismatches)}, as on {reference}"
    if difference.not_finite:
        return f"{what} differs from that on {reference} in {difference.not_finite} elements that are NaN or infinite"
    return (
        f"{what} differs from that on {reference} by {difference.ulps:.3g} ulps, {difference.relative:.1e} relative to "
        "the largest element"
    )


def _not_right(check: GradientCheck) -> str:
    if not check.entries:
        return f"gradient: {check.verdict}"
    worst = min(check.entries, key=lambda entry: entry.badness)
    text = f"gradient is {worst.verdict} at {worst.path} ({worst.check}): found {worst.found:.10g}"
    if worst.slopes is not None:
        left, right = worst.slopes
        return f"{text}, slopes {left:.10g} on the left and {right:.10g} on the right"
    text += f", expected {worst.expected:.10g} within {worst.error_estimate:.1e}"
    return "\n    ".join((text, *filter(None, (worst.remark, *check.remarks))))


def cells(row: Row) -> tuple[str, ...]:
    """Return a row of the report's table."""
    differs = "" if row.agrees or not row.answered else ", but differs" if row.verdict == "right" else ", differs"
    verdict = row.verdict + differs
    if not row.answered:
        return (row.name, *("-",) * 8, verdict)
    value, gradient = row.value_difference, row.gradient_difference
    dtypes = dict.fromkeys(leaf.dtype for leaf in row.gradient_leaves)
    return (
        row.name,
        ", ".join(dtypes),
        _short(row.value_leaves),
        _short(row.gradient_leaves),
        f"{value.absolute:.1e}",
        f"{gradient.absolute:.1e}",
        f"{max(value.relative, gradient.relative):.1e}",
        f"{max(value.ulps, gradient.ulps):.3g}",
        f"{row.seconds:.2g}, {row.seconds_again:.2g}",
        verdict,
    )


HEADINGS = (
    "backend",
    "dtype",
    "value",
    "gradient",
    "value diff",
    "gradient diff",
    "relative",
    "ulps",
    "seconds: first call, second",
    "verdict",
)
# What a narrow terminal can do without: ``relative`` tells as much, and the JSON has all.
SPARE = ("seconds: first call, second", "value diff", "gradient diff", "dtype", "ulps")


def _short(leaves: tuple[Leaf, ...]) -> str:
    """Return the numbers in at most 40 characters."""
    texts = (" ".join(np.array2string(leaf.array, precision=8, threshold=4, edgeitems=1).split()) for leaf in leaves)
    text = ", ".join(texts)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def plain_tree(tree: Any) -> Any:
    """Return a tree of arrays as nested lists by path, complex numbers as (real, imaginary)."""
    leaves, structure = _tree.flatten(tree, _leaves.expander(None))
    pairs = zip(structure.paths(""), leaves, strict=True)
    plains = {path: _plain_array(x) for path, x in pairs if isinstance(x, np.ndarray)}
    return plains.get("") if list(plains) == [""] else plains or None


def _plain_array(x: np.ndarray) -> Any:
    if x.dtype.kind == "c":
        return {"real": _plain_array(x.real), "imag": _plain_array(x.imag)}
    return [_plain_array(part) for part in x] if x.ndim else plain(float(x))
