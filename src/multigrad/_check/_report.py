"""What `check_gradient` returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from multigrad._check._entry import VERDICTS, Entry
from multigrad._report import Sheet, plain

_SHOWN = 10
_MEANINGS = {
    "inconclusive": "inconclusive: the values do not determine the slope: noise, or a domain's edge.",
    "kink": "kink: the slopes on the two sides differ, and any gradient between them is a matter of convention "
    "(here their mean).",
    "left the computation": "left the computation: a value was taken out of it, so that its gradient is lost.",
}


@dataclasses.dataclass(frozen=True, repr=False)
class GradientCheck:
    """What `check_gradient` found.

    Attributes
    ----------
    backend
        Where the gradient was computed.
    dtype
        Dtype of the gradient, the least precise one if there are several.
    value
        f at the point, in float64.
    entries
        One `Entry` per derivative that was checked.
    remarks
        What was not checked, and why; causes of what was found.
    localization
        Where the computation goes wrong, if a derivative is wrong or not finite: ``.culprits``, the operations whose
        own derivative is off, each with its source line; or ``.reason``, why none was found. Else None.
    """

    backend: str
    dtype: str
    value: float
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...] = ()
    localization: Any = None

    @property
    def verdict(self) -> str:
        """The worst of the entries' verdicts."""
        return min((entry.verdict for entry in self.entries), key=VERDICTS.index, default="right")

    @property
    def ok(self) -> bool:
        """Whether every derivative was shown to be right."""
        return self.verdict == "right"

    def raise_if_failed(self) -> None:
        """Raise AssertionError with the text of the report unless every derivative was shown to be right."""
        if not self.ok:
            raise AssertionError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON; numbers that are not finite become strings."""
        return {
            "backend": self.backend,
            "dtype": self.dtype,
            "value": plain(self.value),
            "verdict": self.verdict,
            "ok": self.ok,
            "entries": [entry.to_dict() for entry in self.entries],
            "remarks": list(self.remarks),
            "localization": None if self.localization is None else self.localization.to_dict(),
        }

    def _sheet(self) -> Sheet:
        count, right = len(self.entries), sum(entry.ok for entry in self.entries)
        headline = f"gradient on {self.backend}, {self.dtype}: {self.verdict} ({right} of {count} checks are right)"
        shown = _in_order(sorted(self.entries, key=lambda entry: entry.badness)[:_SHOWN], self.entries)
        headings = ("derivative", "found", "expected", "error estimate", "tolerance", "checked", "verdict")
        rows, spare = [_cells(entry) for entry in shown], ("tolerance", "error estimate")
        return Sheet(headline, headings, rows, list(self._remarks(shown)), spare=spare)

    def _remarks(self, shown: Sequence[Entry]) -> Sequence[str]:
        remarks = (
            [] if len(shown) == len(self.entries) else [f"... and {len(self.entries) - len(shown)} more, none worse"]
        )
        found = {entry.verdict for entry in self.entries}
        remarks += [text for verdict, text in _MEANINGS.items() if verdict in found]
        remarks += _said_once(shown)
        remarks += self.remarks
        if self.localization is not None:
            remarks += str(self.localization).splitlines()
        return remarks

    def __str__(self) -> str:
        return self._sheet().text()

    __repr__ = __str__  # what an interactive session shows

    def _repr_html_(self) -> str:
        return self._sheet().html()


def _in_order(shown: Sequence[Entry], entries: Sequence[Entry]) -> list[Entry]:
    """Return entries with the worst first; right ones by element, random directions last, and by what was checked."""
    places = list(dict.fromkeys(entry.path for entry in entries))
    checks = list(dict.fromkeys(entry.check for entry in entries))

    def order(entry: Entry) -> tuple[bool, int, int]:
        return "direction" in entry.path, places.index(entry.path), checks.index(entry.check)

    right = sorted((entry for entry in shown if entry.ok), key=order)
    return [*(entry for entry in shown if not entry.ok), *right]


def _said_once(entries: Sequence[Entry]) -> list[str]:
    """Return the entries' remarks, each once, with the derivatives that it belongs to."""
    paths: dict[str, dict[str, None]] = {}
    for entry in entries:
        if entry.remark:
            paths.setdefault(entry.remark, {})[entry.path] = None
    return [f"{', '.join(names)}: {remark}" for remark, names in paths.items()]


def _cells(entry: Entry) -> tuple[str, ...]:
    numbers = (f"{entry.found:.10g}", f"{entry.expected:.10g}", f"{entry.error_estimate:.1e}", f"{entry.tolerance:.1e}")
    verdict = entry.verdict
    if entry.slopes is not None:
        verdict += " ({:.6g} on the left, {:.6g} on the right)".format(*entry.slopes)
    return (entry.path, *numbers, entry.check, verdict)
