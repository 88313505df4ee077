"""The report of `compare`."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.console import Console

from multigrad._compare._convention import Explanation
from multigrad._compare._row import HEADINGS, SPARE, Row, cells
from multigrad._report import Sheet

_SHOWN = 10


@dataclasses.dataclass(frozen=True, repr=False)
class Comparison:
    """What `compare` found.

    Attributes
    ----------
    rows
        One `Row` per backend or port, in the order asked for.
    explanations
        Operations that sit at a point which the derivative convention decides, if something differs.
    """

    rows: tuple[Row, ...]
    explanations: tuple[Explanation, ...] = ()

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
        rows, explanations = ([part.to_dict() for part in parts] for parts in (self.rows, self.explanations))
        return {"ok": self.ok, "rows": rows, "explanations": explanations}

    def print(self, console: Console) -> None:
        """Show the report in a terminal, with colors."""
        self._sheet().print(console)

    def _sheet(self) -> Sheet:
        count = len(self.rows)
        what = "backend" if all(row.name == row.backend for row in self.rows) else "port"
        backends = f"{count} {what}{'' if count == 1 else 's'}"
        headline = f"{backends}: {self._summary()}"
        remarks = [sentence for row in self.rows for sentence in row.remarks()]
        remarks += [str(explanation) for explanation in self.explanations]
        rows = [cells(row) for row in self.rows]
        return Sheet(headline, HEADINGS, rows, remarks, self._differences(), spare=SPARE)

    def _summary(self) -> str:
        names = ", ".join(row.name for row in self.rows if not row.ok)
        verdicts = {row.verdict for row in self.rows}
        if self.ok:
            return "all agree, every gradient is right"
        if all(row.agrees and row.answered for row in self.rows) and len(verdicts) == 1:
            return f"all agree, but the gradient is not shown to be right: {verdicts.pop()}"
        return f"not ok on {names}"

    def _differences(self) -> Sheet | None:
        """Return the leaves that differ, or None."""
        different = [
            (row, leaf)
            for row in self.rows
            if not row.agrees
            for leaf in (*row.value_difference.leaves, *row.gradient_difference.leaves)
        ]
        worst = sorted((pair for pair in different if not pair[1].ok), key=lambda pair: -pair[1].relative)
        if not worst:
            return None
        lines = [
            (
                row.name,
                leaf.place,
                f"{leaf.found:.10g}",
                f"{leaf.expected:.10g}",
                f"{leaf.relative:.1e}",
                f"{leaf.ulps:.3g}",
                "; ".join(leaf.mismatches) or "differs",
            )
            for row, leaf in worst[:_SHOWN]
        ]
        headline = f"{len(worst)} of {len(different)} leaves differ"
        remarks = [f"... and {len(worst) - _SHOWN} more, none worse"] if len(worst) > _SHOWN else []
        headings = ("backend", "where most", "found", "reference", "relative", "ulps", "verdict")
        return Sheet(headline, headings, lines, remarks, spare=("ulps",))

    def __str__(self) -> str:
        return self._sheet().text()

    __repr__ = __str__  # what an interactive session shows

    def _repr_html_(self) -> str:
        return self._sheet().html()
