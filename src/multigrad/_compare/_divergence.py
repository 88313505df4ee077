"""Where two computations of one function part.

Each value of the one is looked for among those of the other, up to transposition and reshaping: as many elements, and
the same ones when they are sorted. What the ports compute in another order or form has no counterpart, which is no
harm as long as what is made of it has one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from multigrad import _dtypes
from multigrad._compare._steps import Step, Steps, sorted_elements

# Relative to the largest element: rounding errors grow in a chain of operations.
_TOLERANCE = {"float64": 1e-11, "float32": 5e-5, "float16": 0.05, "bfloat16": 0.2}


@dataclasses.dataclass(frozen=True)
class Divergence:
    """Where a port parts from the first one.

    Attributes
    ----------
    what
        ``"value"``: the operation's value has no counterpart, those of its inputs have. ``"derivative"``: all values
        have, but not the derivative of the output with respect to the operation's inputs. ``"unused"``: an argument on
        which nothing depends. None if it could not be found.
    step
        The operation of the port.
    counterpart
        What the first port does at the same place of the computation, or None.
    hints
        What else is known: an input that would have to be transposed, arguments that are not used.
    reason
        Why nothing was found.
    end
        The last operation that may be to blame, where the port needs several for one of the first port's; None where
        ``step`` is the only one.
    """

    what: str | None = None
    step: Step | None = None
    counterpart: Step | None = None
    hints: tuple[str, ...] = ()
    reason: str | None = None
    end: Step | None = None

    def __str__(self) -> str:
        if self.step is None:
            lines = [f"not localized: {self.reason}"]
        elif self.what == "unused":
            lines = [f"the argument {self.step.name} is not used"]
        else:
            lines = [f"the first operation whose {self.what} has no counterpart: {self.step}"]
        if self.end is not None:
            lines.append(f"    the error is somewhere from there to {self.end}")
        if self.counterpart is not None:
            lines.append(f"    in the first port: {self.counterpart}")
        return "\n".join((*lines, *(f"    {hint}" for hint in self.hints)))

    def to_dict(self) -> dict[str, Any]:
        """Return the divergence as plain data for JSON."""
        steps = {"step": self.step, "end": self.end, "counterpart": self.counterpart}
        both = {"what": self.what, **{name: None if one is None else one.to_dict() for name, one in steps.items()}}
        return {**both, "hints": list(self.hints), "reason": self.reason}


def divergence(first: Steps, port: Steps) -> Divergence:
    """Return the first operation of a port that has no counterpart in the first one."""
    ours, theirs = _Values(port), _Values(first)
    parted = ours.first_parted(theirs)
    unused = _unused(port)
    if parted is not None:
        counterpart = theirs.first_parted(ours)
        hints = [*_hints(parted, theirs), *(f"the argument {step.name} is not used" for step in unused)]
        if counterpart is None:  # the port does something in addition
            hints += _last_agreement(parted, ours, theirs)
        return Divergence("value", parted, counterpart, tuple(hints), end=_end(parted, counterpart, ours, theirs))
    if len(unused) > len(_unused(first)):
        return Divergence("unused", unused[0])
    return _derivative_divergence(ours, theirs)


def _derivative_divergence(ours: _Values, theirs: _Values) -> Divergence:
    if isinstance(ours.whole.slopes, str) or isinstance(theirs.whole.slopes, str):
        reason = next(one.whole.slopes for one in (ours, theirs) if isinstance(one.whole.slopes, str))
        return Divergence(reason=f"all values agree, and there are {reason.removeprefix('no derivatives: ')}")
    found, expected = ours.whole.slopes(), theirs.whole.slopes()

    def agrees(step: Step) -> bool:
        slope = found[step.number]
        partners = [expected[other.number] for other in theirs.counterparts(step)]
        known = [partner for partner in partners if partner is not None]
        return slope is None or not known or any(_same(slope, partner, _tolerance(step)) for partner in known)

    wrong = [step for step in ours.steps if not agrees(step)]
    if not wrong:
        return Divergence(reason="all values and derivatives that can be told apart have a counterpart")
    last = wrong[-1]  # backward, it is the first
    consumers = ours.whole.consumers(last)
    if not consumers:
        return Divergence("derivative", last)
    # One of several may be to blame: a rule written by hand rather than a known operation.
    blamed = next((step for step in consumers if step.kind in ("custom rule", "opaque native call")), consumers[0])
    hint = f"the derivative of the output with respect to its input {last.name} is another one"
    return Divergence("derivative", blamed, next(theirs.counterparts(blamed), None), (hint,))


class _Values:
    """The floating-point values of a computation, to be looked for."""

    def __init__(self, whole: Steps) -> None:
        self.whole = whole
        self.steps = [step for step in whole.steps if step.values is not None]
        self._by_size: dict[int, list[Step]] = {}
        for step in self.steps:
            self._by_size.setdefault(_size(step), []).append(step)

    def counterparts(self, step: Step) -> Iterator[Step]:
        """Yield the steps of this computation that have the values of one of another."""
        for candidate in self._by_size.get(_size(step), []):
            if _same(candidate.values, step.values, max(_tolerance(step), _tolerance(candidate))):
                yield candidate

    def first_parted(self, other: _Values) -> Step | None:
        """Return the first step without a counterpart of which nothing is made that has one, or None."""
        consumers: dict[int, list[int]] = {step.number: [] for step in self.whole.steps}
        for step in self.whole.steps:
            for before in step.inputs:
                consumers[before].append(step.number)
        harmless: dict[int, bool] = {}
        for step in reversed(self.whole.steps):
            matched = step.values is not None and next(other.counterparts(step), None) is not None
            after = all(harmless[i] for i in consumers[step.number])
            harmless[step.number] = matched or (step.number not in self.whole.outputs and after)
        parted = [step for step in self.steps if not harmless[step.number]]
        # An argument or constant in another form is no operation, unless it has the form of one of the other's.
        named = (step for step in parted if step.inputs or other.has_alike(step))
        return next(named, parted[0] if parted else None)

    def has_alike(self, step: Step) -> bool:
        """Tell whether this computation has an argument, or constant, of the same size as one of another."""
        return any(candidate.kind == step.kind for candidate in self._by_size.get(_size(step), []))


def _size(step: Step) -> int:
    return 0 if step.values is None else step.values.size


def _tolerance(step: Step) -> float:
    return _TOLERANCE[_dtypes.precision(step.dtype)]


def _same(x: np.ndarray | None, y: np.ndarray | None, tolerance: float) -> bool:
    if x is None or y is None or x.shape != y.shape:
        return False
    finite = np.isfinite(x) & np.isfinite(y)
    if not np.array_equal(x[~finite], y[~finite], equal_nan=True):
        return False
    size = np.max(np.abs(np.concatenate((x[finite], y[finite]))), initial=0.0)
    return bool(np.all(np.abs(x[finite] - y[finite]) <= tolerance * size))


def _hints(step: Step, theirs: _Values) -> Iterator[str]:
    """Yield the inputs that, transposed, would give a value that the first port has."""
    node = step.node
    if node is None or not node.can_replay:
        return
    recording = node._recording
    for position, given in enumerate(node.inputs):
        if len(given.shape) < 2 or given.shape[-1] != given.shape[-2]:
            continue  # the shapes would have told
        natives = [one.value for one in node.inputs]
        natives[position] = recording.backend.xp.matrix_transpose(natives[position])
        values = sorted_elements(recording.to_numpy(node.replay(*natives)))
        if any(_same(values, other.values, _tolerance(step)) for other in theirs.steps):
            yield f"with {given.name} transposed it would be the same: see how {given.name} is laid out"


def _last_agreement(parted: Step, ours: _Values, theirs: _Values) -> Iterator[str]:
    """Yield what the inputs of a step are in the first port."""
    for number in parted.inputs:
        given = ours.whole.steps[number]
        found = next(theirs.counterparts(given), None) if given.values is not None else None
        if found is not None:
            yield f"its input {given.name} in the first port: {found}"


def _end(parted: Step, counterpart: Step | None, ours: _Values, theirs: _Values) -> Step | None:
    """Return the last operation of the port that belongs to one operation of the first port, if it is on another line.

    A layer norm is one operation here and ten there, of which the first already has a value that the other port never
    shows. They end where the port takes the operand that the first port takes next: the following layer's weights.
    """
    if counterpart is None or not parted.source:
        return None
    next_names = [
        {step.operation for step in values.whole.consumers(one)}
        for values, one in ((ours, parted), (theirs, counterpart))
    ]
    if next_names[0] == next_names[1] and _size(parted) == _size(counterpart):
        return None  # one operation stands for the other
    anchors = _next_operands(counterpart, theirs)
    made = {parted.number}
    end = parted
    for step in ours.whole.steps[parted.number + 1 :]:
        if not made & set(step.inputs):
            continue
        others = (ours.whole.steps[number] for number in step.inputs if number not in made)
        if any(_same(other.values, anchor.values, _tolerance(anchor)) for other in others for anchor in anchors):
            break
        made.add(step.number)
        if not _same(step.values, end.values, _tolerance(step)):  # else it is the same, in another shape
            end = step
    return end if end.source and end.source != parted.source else None


def _next_operands(step: Step, values: _Values) -> list[Step]:
    """Return what a computation takes next, besides what is made of a step and what the step itself has taken."""
    made = {step.number}
    taken = set(step.inputs)
    for later in values.whole.steps[step.number + 1 :]:
        if made & set(later.inputs):
            made.add(later.number)
            found = [values.whole.steps[number] for number in later.inputs if number not in made | taken]
            if found:
                return found
    return []


def _unused(whole: Steps) -> list[Step]:
    """Return the floating-point arguments that nothing is computed from."""
    used = {before for step in whole.steps for before in step.inputs} | whole.outputs
    return [
        step for step in whole.steps if step.kind == "argument" and step.values is not None and step.number not in used
    ]
