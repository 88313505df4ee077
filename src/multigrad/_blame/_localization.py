"""What was found: the operations to blame, or why none can be named."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from multigrad._graph import Node, Source
from multigrad._report import plain

Interval = tuple[Source, Source]


@dataclasses.dataclass(frozen=True)
class Culprit:
    """An operation whose own value or derivative is off.

    Attributes
    ----------
    name, operation, kind, expression, source
        Of the node, as `multigrad.graph` lists it.
    what
        ``"derivative"``; ``"value"`` (against another backend); ``"not finite"``; ``"detached"`` if the value depends
        on the input and no derivative is recorded.
    wrt
        The input, as code with the index of the element.
    of
        The value, as code with the index of the element; both are without an index where a direction was checked.
    found, expected
        The local derivative (units of the value per unit of the input), or the value, and what it should be.
    error_estimate
        How far the truth may be from ``expected``.
    tolerance
        Largest difference that rounding and the error estimate explain.
    kink
        Whether the slopes on the two sides differ and the derivative lies between them: no bug.
    slopes
        The slopes on the left and on the right, if they differ.
    rule
        Where the function's own derivative is defined, for a custom rule.
    masked_by
        For a derivative that is not finite: the later ``where`` or product with a zero that hides the value.
    """

    name: str
    operation: str
    kind: str
    expression: str
    source: Source | None
    what: str
    wrt: str
    of: str
    found: float
    expected: float
    error_estimate: float
    tolerance: float
    kink: bool = False
    slopes: tuple[float, float] | None = None
    rule: Source | None = None
    masked_by: str | None = None

    @classmethod
    def of_node(
        cls, node: Node, what: str, names: tuple[str, str], numbers: tuple[float, float, float, float], **more: Any
    ) -> Culprit:
        """Return a culprit with its names (wrt, of) and numbers (found, expected, error estimate, tolerance)."""
        text = node.name, node.operation, node.kind, node.expression, node.source
        found, expected, error, tolerance = map(float, numbers)
        return cls(*text, what, *names, found, expected, error, tolerance, rule=rule_source(node), **more)

    def __str__(self) -> str:
        where = "" if self.source is None else f", {self.source}"
        line = "" if self.source is None or not self.source.text else f": {self.source.text}"
        text = f"{self.operation} ({self.kind}){where}{line}\n    {self.name} = {self.expression}: {self._numbers()}"
        if self.slopes is not None:
            word = "a kink, no bug" if self.kink else "a kink, and the derivative lies outside"
            text += f"\n    the slope is {self.slopes[0]:.7g} on the left and {self.slopes[1]:.7g} on the right: {word}"
        if self.masked_by is not None:
            text += f"\n    masked by {self.masked_by}, where 0 * inf = NaN; the remedy is multigrad.apply_where"
        if self.rule is not None:
            text += f"\n    its rule is defined at {self.rule}"
        return text

    def _numbers(self) -> str:
        numbers = f"{_number(self.found)}, expected {_number(self.expected)} (tolerance {self.tolerance:.1e})"
        if self.what == "value":
            return f"{self.of} = {numbers}"
        if self.what == "not finite":
            return f"d {self.of} / d {self.wrt} = {_number(self.found)} at a finite input"
        extra = "; the value depends on it, and nothing records that" if self.what == "detached" else ""
        return f"d {self.of} / d {self.wrt} = {numbers}{extra}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; numbers that are not finite become strings."""
        data = {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}
        data["slopes"] = None if self.slopes is None else [plain(slope) for slope in self.slopes]
        return {**data, "source": as_dict(self.source), "rule": as_dict(self.rule)}


@dataclasses.dataclass(frozen=True)
class Localization:
    """Where a wrong derivative, or a difference between backends, comes from.

    Attributes
    ----------
    culprits
        The operations to blame, in the order of computation.
    reason
        Why none, or not all, could be named; None if the computation was followed throughout.
    interval
        The lines between which the rest must be, if it was not localized.
    kinks
        Operations at a kink whose derivative is the mean of both slopes: right, and worth knowing.
    """

    culprits: tuple[Culprit, ...] = ()
    reason: str | None = None
    interval: Interval | None = None
    kinks: tuple[Culprit, ...] = ()

    @property
    def found(self) -> bool:
        """Whether an operation can be blamed."""
        return bool(self.culprits)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "found": self.found,
            "culprits": [culprit.to_dict() for culprit in self.culprits],
            "reason": self.reason,
            "interval": None if self.interval is None else [as_dict(source) for source in self.interval],
            "kinks": [kink.to_dict() for kink in self.kinks],
        }

    def __str__(self) -> str:
        lines = [str(culprit) for culprit in self.culprits]
        if not self.culprits:
            lines.append("no operation is off by itself" if self.reason is None else f"not localized: {self.reason}")
            lines += [str(kink) for kink in self.kinks]
        if self.interval is not None:
            first, last = self.interval
            between = f"in {first}" if first == last else f"between {first} and {last}"
            lines.append(f"{between}: {first.text}" if first == last else between)
        return "\n".join(lines)


def rule_source(node: Node) -> Source | None:
    """Return where the rule of a function with its own derivative is defined, or None."""
    rule = getattr(node.function, "_rule", None)
    code = getattr(rule[-1] if isinstance(rule, tuple) else rule, "__code__", None)
    return None if code is None else Source(code.co_filename, code.co_firstlineno, code.co_name)


def as_dict(source: Source | None) -> dict[str, Any] | None:
    """Return a line of code as plain data."""
    return None if source is None else {**source._asdict(), "text": source.text}


def _number(value: float) -> str:
    return f"{value:.10g}" if math.isfinite(value) else str(value)
