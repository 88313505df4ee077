"""A graph as text: one line per value, in columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from multigrad._graph._values import short

if TYPE_CHECKING:
    from multigrad._graph._graph import Graph
    from multigrad._graph._recording import Node


def text(graph: Graph, limit: int) -> str:
    """Return the listing of a graph; of more than ``limit`` values the first and the last ones."""
    nodes = graph.nodes
    head = nodes if len(nodes) <= limit else nodes[: limit // 2]
    tail = [] if len(nodes) <= limit else nodes[len(nodes) - (limit - limit // 2) :]
    rows = columns([cells(graph, node) for node in [*head, *tail]])
    if tail:
        left_out = len(nodes) - len(head) - len(tail)
        rows.insert(len(head), f"... {left_out:,} more values ...")
    return "\n".join((graph.title, "", *rows, *([] if graph.note is None else ["", graph.note])))


def cells(graph: Graph, node: Node) -> tuple[str, str, str, str]:
    """Return a node's line in four parts: name and operation, value, derivative, source."""
    left = " = ".join(part for part in (node.name, node.expression) if part)
    derivative = "" if node.derivative is None else f"d/d{node.name} = {short(graph.to_numpy(node.derivative))}"
    return left, f"= {short(node.to_numpy())}", derivative, "" if node.source is None else str(node.source)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of texts as aligned lines."""
    widths = [max((width(cell) for cell in column), default=0) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (size - width(cell)) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def width(text: str) -> int:
    """Return the columns that a text takes in a monospaced font; East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def shortened(text: str, size: int) -> str:
    """Return a text of at most ``size`` columns, its end replaced by dots if it is longer."""
    if width(text) <= size:
        return text
    while width(text) > size - 3:
        text = text[:-1] if len(text) <= size else text[:size]
    return text + "..."
