"""Which operations of a computation sit at a point that the derivative convention decides, and what it says there.

The rows of `multigrad.convention` hold one point each. An operation is at such a point if its inputs have the same
pattern (signs, zeros, NaN, order) and its derivative the same kinds of numbers.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from multigrad import convention
from multigrad._computation import opened
from multigrad._graph import Node, Recording
from multigrad._report import plain
from multigrad.convention import Row

# What decides at these is only which of the arguments is larger.
_BY_ORDER = frozenset(("maximum", "minimum", "clip", "logaddexp"))
_HUGE = 1e100
# Answers without a number: this package makes them the right one also in the native form.
_NO_NUMBER = ("None", "missing")
_MOST_ELEMENTS = 10_000


@dataclasses.dataclass(frozen=True)
class Explanation:
    """An operation at a point that the convention decides.

    Attributes
    ----------
    operation, expression
        Its name, and how it is written.
    source
        File, line, and the text of the line.
    point
        The inputs of the row.
    derivative
        What the convention says.
    rule, rule_name, reason
        The rule from which it follows, and how.
    native
        By framework: what its own function gives, if that is something else.
    form
        Which arrays f saw: ``"standard"`` or ``"native"``.
    """

    operation: str
    expression: str
    source: str
    point: str
    derivative: str
    rule: int
    rule_name: str
    reason: str
    native: dict[str, str]
    form: str

    def __str__(self) -> str:
        rule = f"rule {self.rule} of the convention ({self.rule_name}: {self.reason})"
        text = f"{self.expression}, {self.source}: like {self.operation} at {self.point}, where {rule} gives "
        text += self.derivative
        if not self.native:
            return f"{text}, on every backend."
        given = ", ".join(f"{name} {value}" for name, value in self.native.items())
        if self.form == "native":
            return f'{text}; arrays="native" keeps the framework\'s own: {given}.'
        return f"{text}; the frameworks' own functions: {given}."

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain data for JSON."""
        return {name: plain(value) for name, value in dataclasses.asdict(self).items()}


def explanations(recording: Recording, backends: Sequence[str], form: str) -> tuple[Explanation, ...]:
    """Return what the convention says about the operations of a computation, at the rows that are no smooth points.

    Parameters
    ----------
    recording
        Of f on the NumPy engine.
    backends
        Whose own answers are of interest.
    form
        ``"standard"`` or ``"native"``: which arrays f saw where it was compared.
    """
    found: dict[tuple[Any, ...], Explanation] = {}
    names = {rule.number: rule.name for rule in convention.RULES}
    rows = [row for row in convention.ROWS if _is_decided(row, form)]
    for node in recording.nodes:
        # A namespace's functions keep to the convention also on native arrays.
        decided = form == "standard" or node.kind in ("operator", "method")
        row = _row_of(recording, node, rows) if decided and node.can_replay and node.inputs else None
        if row is None:
            continue
        native = {
            name: row.native[name]
            for name in backends
            if row.native.get(name, "right") != "right" and not row.native[name].startswith(_NO_NUMBER)
        }
        if form == "native" and not native:
            continue
        source = f"{node.source}: {node.source.text}" if node.source is not None else "unknown line"
        point, derivative = (", ".join(map(_text, values)) for values in (row.point, row.derivative))
        one = Explanation(
            node.operation,
            node.expression,
            source,
            point,
            derivative,
            row.rule,
            names[row.rule],
            row.reason,
            native,
            form,
        )
        found.setdefault((node.operation, source, row.name), one)
    return tuple(found.values())


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _row_of(recording: Recording, node: Node, rows: Sequence[Row]) -> Row | None:
    candidates = [row for row in rows if _names(row, node)]
    if not candidates:
        return None
    try:
        arguments, slopes = _local(recording, node)
    except Exception:  # an explanation is an extra: without it the report is still right
        return None
    return next((row for row in candidates if _fits(row, node.operation, arguments, slopes)), None)


def _is_decided(row: Row, form: str) -> bool:
    """Tell whether a row is no smooth point, or, with native arrays, one where a framework has another formula."""
    finite = all(np.isfinite(np.asarray(value)).all() for value in row.derivative)
    wrong = form == "native" and any(value != "right" for value in row.native.values())
    return row.rule in (2, 6, 7) or not finite or wrong


def _names(row: Row, node: Node) -> bool:
    """Tell whether a row is about a node's operation, with the options that the row's label has."""
    name, _, option = row.function.rpartition(".")[2].partition(", ")
    keywords = _call(node, ())[1]
    if option:
        return name == node.operation and option == f"ord {keywords.get('ord', 2)}"
    if row.function == "weighted descending sort":
        return node.operation == "sort" and bool(keywords.get("descending"))
    return row.expression is None and name == node.operation


def _call(node: Node, inputs: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments and keywords of a node's operation, with these in the places of its inputs."""
    invocation = node._entry.invocation
    if invocation is None:
        return (), {}
    return invocation.fill(inputs) if inputs else (invocation.args, invocation.kwargs)


def _local(recording: Recording, node: Node) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the operation's positional arguments, and its derivative in each of its inputs."""
    backend = recording.backend
    with opened(recording.call.computation):
        natives = tuple(one.value for one in node.inputs)
        outputs, pullback, _ = backend.vjp(lambda *xs: ((node.replay(*xs),), ()), natives, reusable=False)
        slopes = pullback((backend.xp.ones_like(outputs[0]),))
    values, _ = _call(node, [node_input.to_numpy() for node_input in node.inputs])
    arguments = [np.asarray(value) for value in values if isinstance(value, int | float | complex | np.ndarray)]
    return arguments, [np.asarray(slope) for slope in slopes]


def _fits(row: Row, operation: str, arguments: list[np.ndarray], slopes: list[np.ndarray]) -> bool:
    if len(arguments) < len(row.point):
        return False
    arguments = arguments[: len(row.point)]
    points = [np.asarray(value) for value in row.point]
    wanted = [np.asarray(value) for value in row.derivative]
    if all(point.ndim == 0 for point in points):
        pattern = _pattern(operation, points)
        kinds = _kinds(wanted)[: len(slopes)]
        return any(
            _pattern(operation, element) == pattern and _kinds(found) == kinds
            for element, found in _elements(arguments, slopes)
        )
    features = _features(operation, points)
    if not features and "nan" not in _kinds(wanted):
        return False  # nothing is special about the point
    return features <= _features(operation, arguments) and _kinds(wanted)[: len(slopes)] == _kinds(slopes)


def _elements(
    arguments: list[np.ndarray], slopes: list[np.ndarray]
) -> Iterator[tuple[list[np.ndarray], list[np.ndarray]]]:
    count = len(arguments)
    shape = np.broadcast_shapes(*(x.shape for x in arguments))
    if math.prod(shape) > _MOST_ELEMENTS or any(s.size and s.shape not in ((), shape) for s in slopes):
        return
    spread = [np.broadcast_to(x, shape).ravel() for x in (*arguments, *slopes)]
    for values in zip(*spread, strict=True):
        yield [np.asarray(x) for x in values[:count]], [np.asarray(x) for x in values[count:]]


def _pattern(operation: str, values: Sequence[np.ndarray]) -> tuple[Any, ...]:
    """Return what of scalars decides which piece of a function is active."""
    order = tuple(
        None if np.isnan(a) or np.isnan(b) or np.iscomplexobj([a, b]) else int(np.sign(a - b))
        for i, a in enumerate(values)
        for b in values[:i]
    )
    return order, tuple(_is_nan(x) if operation in _BY_ORDER else _kind(x) for x in values)


def _is_nan(value: np.ndarray) -> bool:
    return bool(np.isnan(value))


def _kind(value: np.ndarray) -> str:
    if np.isnan(value):
        return "nan"
    if np.iscomplexobj(value):
        return "complex"
    sign = "-" if value < 0 else "+"
    size = "infinite" if np.isinf(value) else "zero" if value == 0 else "huge" if abs(float(value)) > _HUGE else ""
    return size if size == "zero" else sign + size


def _kinds(slopes: Sequence[np.ndarray]) -> list[str]:
    """Return the kinds of numbers in derivatives, without regard to their size."""
    return [
        "nan" if np.isnan(s).any() else "infinite" if np.isinf(s).any() else "zero" if not s.any() else "number"
        for s in slopes
    ]


def _features(operation: str, values: Sequence[np.ndarray]) -> set[str]:
    """Return what of arrays decides which piece of a function is active."""
    x = values[0]
    tests: dict[str, Callable[[], Any]] = {
        "nan": lambda: np.isnan(x).any(),
        "zero": lambda: operation.endswith("prod") and (x == 0).any(),
        "all zero": lambda: operation == "vector_norm" and not x.any(),
        "all equal": lambda: operation == "std" and (x == x.flat[0]).all(),
        "tie": lambda: operation == "sort" and np.unique(x).size < x.size,
        "largest": lambda: operation == "max" and np.sum(x == np.max(x)) > 1,
        "smallest": lambda: operation == "min" and np.sum(x == np.min(x)) > 1,
        "singular": lambda: x.ndim > 1 and np.isfinite(x).all() and (np.linalg.matrix_rank(x) < x.shape[-1]).any(),
    }
    return {name for name, test in tests.items() if x.size and test()}
