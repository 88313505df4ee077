"""What the reports share: one table as text for terminals and as HTML for notebooks, and numbers fit for JSON."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


class Sheet:
    """A headline, a table of texts, and remarks below it.

    Parameters
    ----------
    headline, headings, rows, remarks
        Texts; the last column of each row is its verdict.
    """

    def __init__(
        self, headline: str, headings: Sequence[str], rows: Sequence[Sequence[str]], remarks: Sequence[str]
    ) -> None:
        self.headline, self.headings, self.rows, self.remarks = headline, headings, rows, remarks

    def text(self) -> str:
        """Return the sheet as plain text without colours, as wide as it needs to be."""
        table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
        for heading in self.headings:
            table.add_column(heading, no_wrap=True)
        for row in self.rows:
            # Paths have brackets, which rich would take for markup.
            table.add_row(*(cell.replace("[", r"\[") for cell in row))
        stream = io.StringIO()
        Console(file=stream, width=1000, color_system=None).print(table)
        lines = (line.rstrip() for line in stream.getvalue().splitlines())
        return "\n".join((self.headline, "", *lines, *self.remarks))

    def html(self) -> str:
        """Return the sheet as HTML."""
        head = "".join(f"<th>{html.escape(heading)}</th>" for heading in self.headings)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self.remarks)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<div><p><strong>{html.escape(self.headline)}</strong></p>{table}{remarks}</div>"


def plain(value: Any) -> Any:
    """Return a number that JSON can hold: one that is not finite becomes a string such as ``"nan"``."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
