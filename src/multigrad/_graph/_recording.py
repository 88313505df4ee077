"""A recorded evaluation of f: its values as nodes, which can each be computed again alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from multigrad import _dtypes, _leaves, _outputs, _registry, _tree
from multigrad._arguments import Call, options, prepare
from multigrad._array import Array
from multigrad._computation import opened
from multigrad._errors import DetachedValueError, OutputError
from multigrad._graph._recorder import AnotherPathError, Entry, Recorder
from multigrad._graph._source import Source, boundary, file_of
from multigrad._graph._spelling import spelled
from multigrad._protocol import Backend, Native, Natives
from multigrad._running import check_callable
from multigrad._selection import Key, Selection, positional_names

_Function = Callable[..., Any]


class Node:
    """One value of a recorded computation.

    Attributes
    ----------
    id
        Position in the recording: inputs come before what is computed from them.
    name
        How it is called in listings: an argument's path as code (``x``, ``params['w']``), ``c1``, ``c2``, ... for
        constants, ``u1``, ``u2``, ... for the rest.
    operation
        The standard's name of the operation (``"pow"``, ``"sin"``), ``"argument"``, ``"constant"``, ``"native code"``,
        or the name of the function with a rule, or of the operator.
    kind
        ``"argument"``, ``"constant"``, ``"operator"``, ``"method"``, ``"namespace function"``, ``"custom rule"`` (a
        function with its own derivative, `checkpoint`, `stop_gradient`), ``"transformation"`` (a nested operator such
        as `gradient`), ``"opaque native call"`` (computed outside the standard's functions).
    inputs
        The nodes it was computed from, in the order of the arguments.
    expression
        The operation as code, with the inputs' names.
    value
        The backend's own array.
    derivative
        Of the output with respect to this value, a backend's array of value's shape and dtype, in units of the output
        per unit of value; None where there is none.
    source
        The line of the user's code, or None for arguments.
    """

    __slots__ = ("_entry", "_recording", "derivative", "expression", "id", "inputs", "name", "value")

    def __init__(self, recording: Recording, number: int, entry: Entry, name: str, value: Native) -> None:
        self._recording = recording
        self._entry = entry._replace(native=None)
        self.id = number
        self.name = name
        self.value = value
        self.inputs = tuple(recording.nodes[i] for i in entry.inputs)
        self.derivative: Native | None = None
        self.expression = self._spelled()

    @property
    def operation(self) -> str:
        return self._entry.operation

    @property
    def kind(self) -> str:
        return self._entry.kind

    @property
    def recording(self) -> Recording:
        """The recording that it belongs to."""
        return self._recording

    @property
    def part(self) -> tuple[int | str, ...]:
        """Which of the operation's several results it is, as indices or field names; empty for a single one."""
        return self._entry.output

    @property
    def differentiated(self) -> bool:
        """Whether it is an argument that f is differentiated in."""
        return self._entry.differentiated

    @property
    def recorded(self) -> bool:
        """Whether the framework recorded how it was computed, where the backend can tell."""
        return self._entry.recorded

    @property
    def function(self) -> _Function | None:
        """What was called, or None if nothing was."""
        return None if self._entry.invocation is None else self._entry.invocation.function

    @property
    def source(self) -> Source | None:
        return self._entry.source

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.value.shape)

    @property
    def dtype(self) -> str:
        """The dtype's name."""
        return _dtypes.dtype_name(self.value.dtype)

    @property
    def can_replay(self) -> bool:
        """Whether the operation can be computed again alone."""
        invocation = self._entry.invocation
        # What a function with a rule reads besides its arguments cannot be given to it.
        return invocation is not None and (self.kind != "custom rule" or not self._entry.reads)

    def replay(self, *inputs: Native) -> Native:
        """Compute the operation again on other arrays, and return this value of it.

        Parameters
        ----------
        *inputs
            One array of the backend per input node; theirs if there are none given. They may be arrays that the backend
            differentiates: ``backend.vjp(lambda *xs: ((node.replay(*xs),), ()), inputs)`` is the local derivative.
        """
        if not self.can_replay:
            raise ValueError(f"{self.name} ({self.kind}: {self.expression}) cannot be computed again alone.")
        computation = self._recording.call.computation
        natives = inputs or tuple(node.value for node in self.inputs)
        with opened(computation):
            result = self._entry.invocation([computation.cls._wrap(x) for x in natives])  # type: ignore[misc]
        for part in self._entry.output:
            result = result[part] if isinstance(part, int) else getattr(result, part)
        return result.native

    def to_numpy(self) -> np.ndarray:
        """Return the value as a NumPy array."""
        return self._recording.to_numpy(self.value)

    def _spelled(self) -> str:
        entry, names = self._entry, [node.name for node in self.inputs]
        if entry.invocation is not None:
            text = spelled(entry.operation, entry.kind, entry.invocation.args, entry.invocation.kwargs, names)
            return text + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in entry.output)
        if entry.kind == "transformation":
            return f"{entry.operation}(...)({', '.join(names)})"
        return "" if entry.kind == "argument" else entry.text or entry.kind

    def __repr__(self) -> str:
        return f"<Node {' = '.join(part for part in (self.name, self.expression) if part)}, shape {self.shape}>"


class Recording:
    """One evaluation of f.

    Attributes
    ----------
    f
        The function.
    call
        Its prepared arguments, with the computation (backend, dtype, device) that it ran under.
    nodes
        All values, in the order in which they came up.
    outputs
        The nodes that f returned, in a flat list.
    structure
        The tree that f returned.
    """

    def __init__(
        self, f: _Function, call: Call, entries: Sequence[Entry], values: Natives, output: tuple[Any, Any]
    ) -> None:
        self.f = f
        self.call = call
        self.entries = entries
        self.nodes: list[Node] = []
        counts = {"u": 0, "c": 0}
        for number, (entry, value) in enumerate(zip(entries, values, strict=True)):
            letter = "c" if entry.kind == "constant" else "u"
            counts[letter] += entry.label is None
            self.nodes.append(Node(self, number, entry, entry.label or f"{letter}{counts[letter]}", value))
        numbers, self.structure = output
        self.outputs = [self.nodes[i] for i in numbers]

    @property
    def backend(self) -> Backend:
        return self.call.computation.backend

    @property
    def output(self) -> Any:
        """What f returned, with nodes in place of arrays."""
        return self.structure.unflatten(self.outputs)

    def to_numpy(self, native: Native) -> np.ndarray:
        """Return an array of the computation for display."""
        return self.call.computation.cls._peek(native)

    def without_derivatives(self) -> str | None:
        """Return why the output has no derivative, or None if it has."""
        if not self.call.primals:
            return "no derivatives: no argument is a floating-point number or array"
        if len(self.outputs) != 1 or self.outputs[0].shape != ():
            shapes = ", ".join(str(node.shape) for node in self.outputs)
            return f"no derivatives: they need one real scalar as output, not {shapes or 'none'}"
        if self.outputs[0].dtype not in _dtypes.FLOATING:
            return f"no derivatives: they need a real floating-point output, not {self.outputs[0].dtype}"
        return None

    def repeated(
        self, primals: Natives, changes: Mapping[int, Callable[[Native], Native]], last: int | None = None
    ) -> tuple[Recorder, list[int]]:
        """Evaluate f again, with other values in the places of nodes, and return the recorder and the output's entries.

        Parameters
        ----------
        primals
            The differentiated arguments.
        changes
            By node: gives the value that f goes on with, from the one that was computed.
        last
            The node up to which the computation must be the recorded one; None: to the end.

        Raises
        ------
        AnotherPathError
            If f did something else this time.
        """
        expected = self.entries if last is None else self.entries[: last + 1]
        recorder = Recorder(self.call.computation, file_of(self.f), expected, changes)
        outputs, _ = evaluated(self.f, self.call, primals, recorder)
        count = len(recorder.entries)
        if count < len(expected) or (last is None and count != len(expected)):
            raise AnotherPathError
        return recorder, outputs

    def derivatives(self, cotangents: Natives = ()) -> list[Native | None]:
        """Return the derivative of the output with respect to each node, None for integers and bools.

        f is evaluated once more with a zero added to every node's value; one backward pass gives the derivatives with
        respect to these zeros.

        Parameters
        ----------
        cotangents
            One per output; none: the output is one real scalar.

        Raises
        ------
        AnotherPathError
            If f did something else this time.
        """
        try:
            return self._perturbed(cotangents, self.nodes)
        except DetachedValueError:
            # f takes the value of a constant, or of stop_gradient, out of the computation, which is its right.
            return self._perturbed(cotangents, [node for node in self.nodes if node.recorded])

    def _perturbed(self, cotangents: Natives, nodes: Sequence[Node]) -> list[Native | None]:
        xp = self.backend.xp
        with opened(self.call.computation):
            # Adding -0.0 changes no number, not even the sign of a zero.
            zeros = {node.id: xp.negative(xp.zeros_like(node.value)) for node in nodes if node.dtype in _dtypes.INEXACT}

            def flat(*arrays: Native) -> tuple[Natives, Natives]:
                count = len(self.call.primals)
                changes = {i: functools.partial(xp.add, x) for i, x in zip(zeros, arrays[count:], strict=True)}
                recorder, outputs = self.repeated(arrays[:count], changes)
                return tuple(recorder.native(i) for i in outputs), ()

            outputs, pullback, _ = self.backend.vjp(flat, (*self.call.primals, *zeros.values()), reusable=False)
            found = pullback(cotangents or (xp.ones_like(outputs[0]),))[len(self.call.primals) :]
        by_id = dict(zip(zeros, found, strict=True))
        return [by_id.get(node.id) for node in self.nodes]


def record(
    f: _Function,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    *,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
) -> Recording:
    """Evaluate f and take down each operation on its arrays.

    Parameters
    ----------
    f
        Function of arrays, numbers and containers of them; returns a tree of arrays and numbers.
    args, kwargs
        Its arguments.
    argnums, argnames
        The differentiated arguments. Both None: all that hold floating-point numbers or arrays, or else the first.
    backend, device, dtype
        As for `gradient`.

    Notes
    -----
    f is evaluated as it is when it is differentiated, so that what would leave the computation raises here, too.
    """
    check_callable(f)
    kwargs = kwargs or {}
    chosen: tuple[Key, ...]
    if argnums is None and argnames is None:
        chosen = _floating(args, kwargs, backend)
    else:
        chosen, kwargs = Selection(argnums, argnames).locate(f, args, kwargs)
    call = prepare(f, chosen, options(backend, device, dtype, "standard"), args, kwargs)
    recorder = Recorder(call.computation, file_of(f))
    output: tuple[list[int], Any] = [], None

    def flat(*primals: Native) -> tuple[Natives, Natives]:
        nonlocal output
        output = evaluated(f, call, primals, recorder)
        return tuple(recorder.native(i) for i in output[0]), tuple(entry.native for entry in recorder.entries)

    if call.primals:
        with opened(call.computation):
            values = call.computation.backend.vjp(flat, call.primals, reusable=False)[2]
    else:
        values = flat()[1]
    return Recording(f, call, recorder.entries, values, output)


@boundary
def evaluated(f: _Function, call: Call, primals: Natives, recorder: Recorder) -> tuple[list[int], _tree.Structure]:
    """Run f on recorded arrays; return the entries of what it returned, and the tree."""
    computation = call.computation
    expand = _leaves.expander(computation.backend)
    args, kwargs = call.arguments(primals)
    names = positional_names(f)
    names = [names[i] if i < len(names) else f"args[{i}]" for i in range(len(args))] + list(kwargs)
    flat = _leaves.Leaves((*args, *kwargs.values()), expand)
    leaves = [
        recorder.argument(leaf.native, flat.path(i, names), any(leaf.native is x for x in primals))
        if isinstance(leaf, Array)
        else leaf
        for i, leaf in enumerate(flat.leaves)
    ]
    values = [flat.rebuild(leaves, i) for i in range(len(flat.spans))]
    with opened(recorder.computation):
        result = f(*values[: len(args)], **dict(zip(kwargs, values[len(args) :], strict=True)))
    found, structure = _tree.flatten(result, expand)
    entries = []
    for i, leaf in enumerate(found):
        native = _outputs.native_output(leaf, computation)
        if native is None:
            path = structure.paths("output")[i]
            raise OutputError(f"Expected f to return arrays and numbers, got {type(leaf).__name__} at {path}.")
        entries.append(recorder.entry_of(leaf, native))
    return entries, structure


def _floating(args: tuple[Any, ...], kwargs: dict[str, Any], backend: Any) -> tuple[Key, ...]:
    """Return the arguments that can be differentiated and hold a floating-point number."""
    expand = _leaves.expander(backend)
    keys: list[Key] = [*range(len(args)), *kwargs]
    found = []
    for key, value in zip(keys, (*args, *kwargs.values()), strict=True):
        kinds = {_kind(leaf) for leaf in _tree.flatten(value, expand)[0]}
        if "floating" in kinds and "other" not in kinds:
            found.append(key)
    numbers = any(isinstance(arg, int) and not isinstance(arg, bool) for arg in args[:1])
    return tuple(found) or ((0,) if numbers else ())


def _kind(leaf: Any) -> str:
    if _registry.array_backend_name(leaf) is not None:
        return "floating" if _dtypes.dtype_name(leaf.dtype) in _dtypes.INEXACT else "other"
    if isinstance(leaf, float | complex):
        return "floating"
    return "other" if _tree.is_opaque(leaf) or callable(leaf) else "plain"
