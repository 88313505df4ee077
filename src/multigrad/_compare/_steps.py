"""The steps of a computation, with their values: as it is recorded on the standard's arrays, or as its framework tells.

Standard arrays tell more: what is a rule of the user's, how a line is written, and the derivatives. What is computed by
a framework's own functions only the framework knows.
"""

from __future__ import annotations

import dataclasses
import linecache
import os
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multigrad import _dtypes, _leaves, _registry
from multigrad._arguments import options, prepare
from multigrad._compare._answers import Choice, argument_names, chosen
from multigrad._compare._difference import numpy_tree
from multigrad._computation import opened
from multigrad._graph import Node, Recording, record
from multigrad._outputs import scalar_output
from multigrad._protocol import Backend, SupportsTracing, TracedOperation
from multigrad._report import place
from multigrad._running import run

_PACKAGE = str(pathlib.Path(__file__).parents[1]) + os.sep


@dataclasses.dataclass(frozen=True)
class Step:
    """One value of a computation.

    Attributes
    ----------
    number
        Position in the computation.
    name
        An argument's path as code, or a short name.
    operation, kind, expression
        What was computed, of which kind, and how it is written.
    source, text
        File and line, and the line itself; empty if nobody knows.
    shape, dtype
        Of the value.
    inputs
        The numbers of the steps that it was computed from.
    values
        The elements, sorted, if it is floating-point.
    node
        What can be computed again, if it was recorded.
    """

    number: int
    name: str
    operation: str
    kind: str
    expression: str
    source: str
    text: str
    shape: tuple[int, ...]
    dtype: str
    inputs: tuple[int, ...]
    values: np.ndarray | None
    node: Node | None = None

    def __str__(self) -> str:
        if self.kind == "argument":
            return f"the argument {self.name}"
        line = f", {self.source}: {self.text}" if self.source else ""
        return f"{self.name} = {self.expression or self.kind}{line}"

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain data for JSON, without its values."""
        names = ("name", "operation", "kind", "expression", "source", "text", "dtype")
        return {**{name: getattr(self, name) for name in names}, "shape": list(self.shape)}


@dataclasses.dataclass(frozen=True)
class Steps:
    """A computation.

    Attributes
    ----------
    steps
        In order.
    outputs
        The numbers of those that f returned.
    slopes
        Gives the derivative of the output with respect to each step, its elements sorted, or None; or a sentence that
        says why there are none.
    """

    steps: Sequence[Step]
    outputs: frozenset[int]
    slopes: Callable[[], list[np.ndarray | None]] | str

    def consumers(self, step: Step) -> list[Step]:
        """Return the steps that are computed from one, in order."""
        return [other for other in self.steps if step.number in other.inputs]


def steps_of(f: Callable[..., Any], args: tuple[Any, ...], backend: Backend, choice: Choice) -> Steps:
    """Return the steps of f: as recorded if f keeps to the standard's arrays, else as its framework tells."""
    can_trace = _registry.supports(backend, SupportsTracing)
    if can_trace and choice.arrays == "native":
        return _traced(f, args, backend, choice)
    try:
        recording = record(f, args, backend=backend, device=choice.device, dtype=choice.dtype)
    except Exception:  # a framework's own functions may refuse a recorded array
        if can_trace:
            return _traced(f, args, backend, choice)
        raise
    if can_trace and any(node.kind == "opaque native call" for node in recording.nodes):
        return _traced(f, args, backend, choice)
    return _recorded(recording)


def _recorded(recording: Recording) -> Steps:
    def elements(native: Any) -> np.ndarray:
        return sorted_elements(recording.to_numpy(native))

    def derivatives() -> list[np.ndarray | None]:
        return [None if slope is None else elements(slope) for slope in recording.derivatives()]

    steps = [
        Step(
            node.id,
            node.name,
            node.operation,
            node.kind,
            node.expression,
            "" if node.source is None else str(node.source),
            "" if node.source is None else node.source.text,
            node.shape,
            node.dtype,
            tuple(before.id for before in node.inputs),
            elements(node.value) if node.dtype in _dtypes.INEXACT else None,
            node,
        )
        for node in recording.nodes
    ]
    reason = recording.without_derivatives()
    return Steps(steps, frozenset(node.id for node in recording.outputs), derivatives if reason is None else reason)


def _traced(f: Callable[..., Any], args: tuple[Any, ...], backend: Backend, choice: Choice) -> Steps:
    keys = chosen(f, args, choice)
    call = prepare(f, keys, options(backend, choice.device, choice.dtype, choice.arrays), args, {})

    def flat(*primals: Any) -> tuple[Any, ...]:
        return (scalar_output(run(f, call, primals), call.computation),)

    with opened(call.computation):
        operations, outputs = backend.trace(flat, call.primals)  # type: ignore[attr-defined]
        numbers: dict[int, int] = {}
        steps: list[Step] = []
        for name, primal in zip(_names(f, args, keys), call.primals, strict=True):
            numbers[id(primal)] = len(steps)
            steps.append(_step(TracedOperation("argument", primal, primal, (), ()), (len(steps), name, "argument", "")))
        for operation in operations:
            inputs = tuple(dict.fromkeys(numbers[id(x)] for x in operation.inputs if id(x) in numbers))
            text = f"{operation.name}({', '.join(steps[i].name for i in inputs)})"
            numbers[id(operation.result)] = len(steps)
            labels = (len(steps), f"u{len(steps)}", "native", text)
            steps.append(dataclasses.replace(_step(operation, labels), inputs=inputs))
        # What f returns may have been converted once more.
        returned = frozenset(numbers.get(id(x), len(steps) - 1) for x in outputs)
    return Steps(steps, returned, "no derivatives of what a framework's own functions compute on the way")


def _step(operation: TracedOperation, labels: tuple[int, str, str, str]) -> Step:
    file, line = next(((file, line) for file, line, _ in operation.lines if not file.startswith(_PACKAGE)), ("", 0))
    number, name, kind, expression = labels
    dtype = _dtypes.dtype_name(operation.value.dtype)
    return Step(
        number,
        name,
        operation.name,
        kind,
        expression,
        place(file, line) if file else "",
        linecache.getline(file, line).strip() if file else "",
        tuple(operation.value.shape),
        dtype,
        (),
        sorted_elements(numpy_tree(operation.value)) if dtype in _dtypes.INEXACT else None,
    )


def _names(f: Callable[..., Any], args: tuple[Any, ...], keys: Sequence[Any]) -> list[str]:
    """Return the paths of the differentiated leaves, in the order of the primals."""
    flat = _leaves.Leaves(args, _leaves.expander(None))
    names = argument_names(f, len(args))
    places = [i for key in keys if isinstance(key, int) for i in range(*flat.spans[key])]
    kinds = (bool, str, bytes, type(None))
    return [flat.path(i, names) for i in places if not isinstance(flat.leaves[i], kinds)]


def sorted_elements(values: Any) -> np.ndarray:
    """Return the elements of an array in ascending order, in double precision."""
    array = np.asarray(values)
    return np.sort(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64), axis=None)
