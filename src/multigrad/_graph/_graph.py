"""The computation behind a value, to be looked at: `Graph`."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy as np

from multigrad._graph import _picture
from multigrad._graph._recorder import AnotherPathError
from multigrad._graph._recording import Node, Recording
from multigrad._graph._text import text
from multigrad._graph._values import listed
from multigrad._protocol import Native

# Boxes in a notebook; a browser is slow with many more, and nobody reads them.
_LARGEST_PICTURE = 1000


class Graph:
    """The computation of one call of a function: its values, and the derivative of the output in each.

    Made by `multigrad.graph`. ``print`` gives a listing, a notebook shows a picture.

    Attributes
    ----------
    nodes
        All values, each after those that it was computed from. A node has ``id``, ``name``, ``operation``, ``kind``,
        ``expression``, ``inputs`` (nodes), ``value``, ``shape``, ``dtype``, ``source`` (with ``file``, ``line``,
        ``function``, ``text``) and ``derivative``.
    output
        What the function returned, with a node in place of each array.
    note
        Why there are no derivatives, or None.
    title
        The function's name and the backend.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.nodes: list[Node] = recording.nodes
        self.outputs: list[Node] = recording.outputs
        self.output: Any = recording.output
        self.title = f"{getattr(recording.f, '__name__', type(recording.f).__name__)} on {recording.backend.name}"
        self.note = recording.without_derivatives()
        if self.note is None:
            try:
                found = recording.derivatives()
            except AnotherPathError:
                self.note = (
                    "no derivatives: f took another path when it was evaluated a second time (random numbers, a state?)"
                )
            else:
                for node, derivative in zip(self.nodes, found, strict=True):
                    node.derivative = derivative

    @property
    def edges(self) -> list[tuple[int, int]]:
        """Pairs of ids (input, node), each once."""
        return [(i, node.id) for node in self.nodes for i in dict.fromkeys(source.id for source in node.inputs)]

    def to_numpy(self, native: Native) -> np.ndarray:
        """Return a node's value or derivative as a NumPy array."""
        return self._recording.to_numpy(native)

    def text(self, limit: int = 60) -> str:
        """Return the listing: one line per value.

        Parameters
        ----------
        limit
            How many values to list; of more, the first and the last ones are, and the rest is counted.
        """
        return text(self, max(limit, 2))

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def __len__(self) -> int:
        return len(self.nodes)

    def to_dict(self) -> dict[str, Any]:
        """Return the graph as lists, numbers and strings, fit for JSON; arrays of more than 1000 elements as None."""
        return {
            "function": self.title.partition(" on ")[0],
            "backend": self._recording.backend.name,
            "nodes": [self._as_dict(node) for node in self.nodes],
            "outputs": [node.id for node in self.outputs],
            "note": self.note,
        }

    def _as_dict(self, node: Node) -> dict[str, Any]:
        derivative, source = node.derivative, node.source
        return {
            "id": node.id,
            "name": node.name,
            "operation": node.operation,
            "kind": node.kind,
            "expression": node.expression,
            "inputs": [source.id for source in node.inputs],
            "shape": list(node.shape),
            "dtype": node.dtype,
            "value": listed(node.to_numpy()),
            "derivative": listed(None if derivative is None else self.to_numpy(derivative)),
            "source": None if source is None else {**source._asdict(), "text": source.text},
        }

    def to_dot(self) -> str:
        """Return the graph in graphviz's language."""
        return _picture.dot(self)

    def to_svg(self) -> str:
        """Return the graph as a picture: by graphviz's ``dot`` if it is on the path, else by a built-in layout."""
        return _picture.svg(self)

    def _repr_svg_(self) -> str | None:
        # Where there is no picture, a notebook shows the text.
        return self.to_svg() if len(self.nodes) <= _LARGEST_PICTURE else None

    def _full_text(self) -> str:
        return self.text(len(self.nodes)) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to a file.

        Parameters
        ----------
        path
            Its ending says what is written: ``.svg`` a picture, ``.dot`` or ``.gv`` graphviz's language, ``.txt`` the
            listing of all values.

        Raises
        ------
        ValueError
            If the ending is another one.
        """
        path = pathlib.Path(path)
        writers = {
            ".svg": self.to_svg,
            ".dot": self.to_dot,
            ".gv": self.to_dot,
            ".txt": self._full_text,
        }
        if path.suffix not in writers:
            raise ValueError(f"Expected a file name that ends in {', '.join(writers)}, got {path.name!r}.")
        path.write_text(writers[path.suffix](), encoding="utf-8")
