"""A graph as a picture: SVG by graphviz where that is installed, else by the built-in layout; and as DOT."""

from __future__ import annotations

import html
import itertools
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from multigrad._graph._layout import Point, layout
from multigrad._graph._text import cells, shortened, width

if TYPE_CHECKING:
    from multigrad._graph._graph import Graph
    from multigrad._graph._recording import Node

# Boxes have a background and a text color of their own, and lines a mean gray, to be read on white and on black.
_FILL = {
    "argument": "#d6e8fa",
    "constant": "#e8e8e8",
    "custom rule": "#fbe3c5",
    "transformation": "#fbe3c5",
    "opaque native call": "#f6d0d0",
}
_FILL_OF_THE_REST = "#f7f7f2"
_FILL_OF_OUTPUTS = "#d5f0d5"
_INK, _FAINT, _LINE = "#1a1a1a", "#5a5a5a", "#808080"
# The widest of the usual monospaced fonts takes 0.61 of its size for a character.
_FONT, _SIZE, _CHARACTER, _ROW = "monospace", 12, 7.5, 16.0
_PADDING = 8.0
# Characters in a line of a box.
_COLUMNS = 44
# graphviz takes minutes for graphs of thousands of nodes.
_LARGEST_FOR_GRAPHVIZ = 400
_SECONDS = 20


def svg(graph: Graph) -> str:
    """Return the graph as SVG."""
    found = _by_graphviz(graph) if len(graph.nodes) <= _LARGEST_FOR_GRAPHVIZ else None
    return built_in(graph) if found is None else found


def _by_graphviz(graph: Graph) -> str | None:
    """Return what graphviz makes of the graph, or None if it is not there or fails."""
    program = shutil.which("dot")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-Tsvg"], input=dot(graph), capture_output=True, encoding="utf-8", timeout=_SECONDS, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    start = done.stdout.find("<svg")  # notebooks want the element without the declarations before it
    return done.stdout[start:] if start >= 0 else None


def _rows(graph: Graph, node: Node) -> list[str]:
    return [shortened(_printable(cell), _COLUMNS) for cell in cells(graph, node) if cell]


def _printable(text: str) -> str:
    """Return a text without the control characters that XML forbids."""
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", text)


def _fill(node: Node, outputs: frozenset[Node]) -> str:
    return _FILL_OF_OUTPUTS if node in outputs else _FILL.get(node.kind, _FILL_OF_THE_REST)


def built_in(graph: Graph) -> str:
    """Return the graph as SVG by the built-in layout."""
    rows = [_rows(graph, node) for node in graph.nodes]
    sizes = [(max(map(width, lines)) * _CHARACTER + 2 * _PADDING, len(lines) * _ROW + _PADDING) for lines in rows]
    edges = graph.edges
    drawing = layout(sizes, edges)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawing.width:.0f}" height="{drawing.height:.0f}" '
        f'viewBox="0 0 {drawing.width:.1f} {drawing.height:.1f}" font-family="{_FONT}" font-size="{_SIZE}">',
        f"<title>{html.escape(_printable(graph.title))}</title>",
        *(f'<path d="{_curve(points)}" fill="none" stroke="{_LINE}"/>{_arrow(points[-1])}' for points in drawing.lines),
    ]
    outputs = frozenset(graph.outputs)
    for node, lines, corner, size in zip(graph.nodes, rows, drawing.boxes, sizes, strict=True):
        box = _box(lines, corner, size, _fill(node, outputs))
        parts.append(f"<g><title>{html.escape(_tip(node))}</title>{box}</g>")
    return "\n".join((*parts, "</svg>"))


def _box(lines: list[str], corner: Point, size: Point, fill: str) -> str:
    (x, y), (w, h) = corner, size
    texts = "".join(
        f'<text x="{x + _PADDING:.1f}" y="{y + _ROW * (i + 1) - 1:.1f}" fill="{_FAINT if i else _INK}" '
        f'xml:space="preserve">{html.escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    box = f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="4" fill="{fill}" stroke="{_LINE}"/>'
    return box + texts


def _tip(node: Node) -> str:
    """Return what a notebook shows beside the mouse: the line of code."""
    line = f"\n{node.source.file}:{node.source.line}\n{node.source.text}" if node.source is not None else ""
    return "\n".join(_printable(part) for part in f"{node.kind}, {node.dtype}{line}".splitlines())


def _curve(points: list[Point]) -> str:
    """Return a path that leaves and reaches each layer straight down."""
    texts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for i, ((x0, y0), (x1, y1)) in enumerate(itertools.pairwise(points)):
        middle = (y0 + y1) / 2
        straight = i % 2 == 1  # across a layer
        texts.append(f"V{y1:.1f}" if straight else f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}")
    return "".join(texts)


def _arrow(tip: Point) -> str:
    x, y = tip
    return f'<path d="M{x - 3.5:.1f} {y - 7:.1f}L{x:.1f} {y:.1f}L{x + 3.5:.1f} {y - 7:.1f}Z" fill="{_LINE}"/>'


def dot(graph: Graph) -> str:
    """Return the graph in graphviz's language."""
    lines = [
        f"digraph {_quoted(graph.title)} {{",
        f'  bgcolor="transparent"; node [shape=box, style="rounded,filled", fontname={_FONT}, fontsize={_SIZE}, '
        f'fontcolor="{_INK}", color="{_LINE}"]; edge [color="{_LINE}"];',
    ]
    outputs = frozenset(graph.outputs)
    for node in graph.nodes:
        label = "".join(_escaped(row) + r"\l" for row in _rows(graph, node))
        fill, tip = _fill(node, outputs), _quoted(_tip(node))
        lines.append(f'  n{node.id} [label="{label}", fillcolor="{fill}", tooltip={tip}];')
    lines += [f"  n{above} -> n{below};" for above, below in graph.edges]
    return "\n".join((*lines, "}", ""))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", r"\n")


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
