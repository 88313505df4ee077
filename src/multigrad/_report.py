"""What the reports share: tables as text for terminals and as HTML for notebooks, and numbers fit for JSON."""

from __future__ import annotations

import html
import io
import math
import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

# By the first word of a verdict. The hues are halfway between black and white, so that they can be read on both, and
# the word says the same as the color.
_GOOD, _UNDECIDED, _BAD = ("green", "#2e8b57"), ("yellow", "#b8860b"), ("bold red", "#d9534f")
_STYLES = {"right": _GOOD, "agrees": _GOOD, "inconclusive": _UNDECIDED, "kink": _UNDECIDED, "precision": _UNDECIDED}


class Sheet:
    """A headline, a table of texts, and remarks below it.

    Parameters
    ----------
    headline, headings, rows, remarks
        Texts; the last column of each row is its verdict. A remark may have several lines.
    details
        Another sheet to show between the table and the remarks.
    spare
        Headings of columns that a narrow terminal can do without, the first one first.
    """

    def __init__(
        self,
        headline: str,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        remarks: Sequence[str],
        details: Sheet | None = None,
        *,
        spare: Sequence[str] = (),
    ) -> None:
        self.headline, self.headings, self.rows, self.remarks = headline, headings, rows, remarks
        self.details, self.spare = details, spare

    def text(self) -> str:
        """Return the sheet as plain text without colors, as wide as it needs to be."""
        stream = io.StringIO()
        console = Console(file=stream, width=1000, color_system=None, soft_wrap=True)
        for part in self._parts(None):
            console.print(part)
        return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())

    def print(self, console: Console) -> None:
        """Show the sheet in a terminal: with colors, and folded to its width."""
        for part in self._parts(console.width):
            console.print(part)

    def _parts(self, width: int | None) -> Iterator[RenderableType]:
        """Yield what is printed on lines of a width, or of any width."""
        yield Text(self.headline, "bold")
        yield ""
        shown = self._fitting(width)
        table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
        for i in shown:
            table.add_column(self.headings[i], no_wrap=width is None, overflow="fold")
        for row in self.rows:
            *cells, verdict = (row[i] for i in shown)
            table.add_row(*map(Text, cells), Text(verdict, _style(verdict)[0]))
        yield table
        if len(shown) < len(self.headings):
            left_out = ", ".join(heading for i, heading in enumerate(self.headings) if i not in shown)
            yield Text(f"not shown in this width: {left_out}", "dim")
        if self.details is not None:
            yield ""
            yield from self.details._parts(width)
        if self.remarks:
            yield ""
        yield from map(Text, self.remarks)

    def _fitting(self, width: int | None) -> list[int]:
        """Return the numbers of the columns that fit in a width, the spare ones left out as far as it takes."""
        widths = [max(map(len, column)) + 2 for column in zip(self.headings, *self.rows, strict=True)]
        shown = list(range(len(widths)))
        for heading in self.spare:
            if width is None or sum(widths[i] for i in shown) <= width:
                break
            shown.remove(list(self.headings).index(heading))
        return shown

    def html(self) -> str:
        """Return the sheet as HTML: the page's own font and colors, so that it suits light and dark notebooks."""
        head = "".join(f"<th>{html.escape(heading)}</th>" for heading in self.headings)
        body = "".join(f"<tr>{''.join(_html_cells(row))}</tr>" for row in self.rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        remarks = "".join(f'<p style="white-space: pre-wrap">{html.escape(remark)}</p>' for remark in self.remarks)
        details = "" if self.details is None else self.details.html()
        headline = f"<p><strong>{html.escape(self.headline)}</strong></p>"
        return f'<div style="overflow-x: auto">{headline}{table}{details}{remarks}</div>'


def _html_cells(row: Sequence[str]) -> Iterator[str]:
    *cells, verdict = row
    for cell in cells:
        yield f"<td>{html.escape(cell)}</td>"
    yield f'<td><strong style="color: {_style(verdict)[1]}">{html.escape(verdict)}</strong></td>'


def _style(verdict: str) -> tuple[str, str]:
    """Return a verdict's style in terminals and its color in HTML; one that differs is bad."""
    return _BAD if "differs" in verdict else _STYLES.get(verdict.partition(",")[0].partition(" ")[0], _BAD)


def plain(value: Any) -> Any:
    """Return a number that JSON can hold: one that is not finite becomes a string such as ``"nan"``."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, complex):
        return {"real": plain(value.real), "imag": plain(value.imag)}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def place(file: str, line: int) -> str:
    """Return how a line is called: by its file's name, or ``cell:2`` in a notebook, whose cells have no names."""
    folder, name = os.path.split(file)
    return f"{'cell' if os.path.basename(folder).startswith('ipykernel_') else name}:{line}"
