"""The recorder: what is told of each operation while f runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from multigrad import _computation, _dtypes, _leaves, _tree
from multigrad._array import Array
from multigrad._computation import Computation, opened
from multigrad._graph._recorded_array import recorded_type
from multigrad._graph._source import Source, caller
from multigrad._graph._spelling import Slot, spelled, substituted

_Function = Callable[..., Any]
_NO_CHANGES: Mapping[int, Callable[[Any], Any]] = MappingProxyType({})


class Invocation(NamedTuple):
    """A call that can be made again on other arrays.

    Attributes
    ----------
    function
        What was called, on plain arrays.
    args, kwargs
        Its arguments, with a `Slot` for each array.
    fill
        Returns the arguments with arrays in the slots.
    """

    function: _Function
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    fill: Callable[[Sequence[Array]], tuple[tuple[Any, ...], dict[str, Any]]]

    def __call__(self, arrays: Sequence[Array]) -> Any:
        args, kwargs = self.fill(arrays)
        return self.function(*args, **kwargs)


class Entry(NamedTuple):
    """One value of the computation, as it was recorded."""

    operation: str
    kind: str
    native: Any
    inputs: tuple[int, ...] = ()
    invocation: Invocation | None = None
    output: tuple[int | str, ...] = ()  # which of several results, as an index or a field's name
    source: Source | None = None
    label: str | None = None
    reads: bool = False  # whether the last inputs were read besides the arguments
    text: str = ""  # how it is spelled, if there is no invocation that tells
    differentiated: bool = False  # whether it is an argument that f is differentiated in
    recorded: bool = False  # whether the framework recorded how it was computed

    def signature(self) -> tuple[Any, ...]:
        """Return what a second evaluation must agree in for the two to be the same computation."""
        return self.operation, tuple(self.native.shape), _dtypes.dtype_name(self.native.dtype)


class AnotherPathError(Exception):
    """f did something else when it was evaluated again."""


class Recorder:
    """Takes down the operations on the arrays of one evaluation of f.

    Parameters
    ----------
    computation
        What f runs under.
    own_file
        The file of f, whose lines are the user's wherever it lies.
    expected
        The first entries of an earlier evaluation, if this one repeats it.
    changes
        By entry: gives the value that f goes on with, from the one that was computed.

    Attributes
    ----------
    computed
        The values before they were changed.
    """

    def __init__(
        self,
        computation: Computation,
        own_file: str | None,
        expected: Sequence[Entry] = (),
        changes: Mapping[int, Callable[[Any], Any]] = _NO_CHANGES,
    ) -> None:
        self.computation = computation._replace(observer=self)
        self.entries: list[Entry] = []
        self.computed: list[Any] = []
        self._plain: Any = computation.cls
        self._recorded: Any = recorded_type(self._plain)  # type: ignore[arg-type, unused-ignore]
        self._own_file = own_file
        self._expected = expected
        self._changes = changes
        self._known: dict[int, int] = {}  # the entry of a native array, by identity
        self._pending: dict[int, Entry] = {}  # entries of native arrays that nobody has used yet, by identity
        self._kept: list[Any] = []  # so that no identity is used again
        self._reads: dict[int, None] = {}  # read by functions that are not observed; the result depends on them

    # What the rest of the package tells: see `Computation.observer`.

    def function(self, name: str, function: _Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record a function of the namespace, or a method that calls it."""
        return self._apply(name, "namespace function", function, args, kwargs)

    def operator(self, name: str, function: _Function, args: tuple[Any, ...]) -> Any:
        """Record one of Python's operators."""
        return self._apply(name, "operator", function, args, {})

    def method(
        self, name: str, function: _Function, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Record a method or property of the array."""
        return self._apply(name, "method", function, args, kwargs or {})

    def created(self, name: str, array: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record an array that was made from none of this computation."""
        if not self._is_active() or not isinstance(array, self._plain) or self._is_own(array):
            return array
        native = array.native
        if id(native) in self._known or id(native) in self._pending or self._plain._is_recorded(native):
            return self._wrap(self._entry(native))  # not made, but brought in from native code
        text = spelled(name, "namespace function", args, kwargs, [])
        source = caller(self._own_file)[0]
        return self._wrap(self._add(Entry(name, "constant", native, source=source, text=text)))

    def rule(self, function: _Function, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Any:
        """Record a function with a rule of its own as one operation."""
        leaves, structure = _tree.flatten((args, kwargs or {}), _leaves.expander(None))
        observed = [i for i, leaf in enumerate(leaves) if self._is_own(leaf)]

        def filled(arrays: Sequence[Any]) -> Any:
            parts = dict(zip(observed, arrays, strict=False))
            return structure.unflatten([parts.get(i, leaf) for i, leaf in enumerate(leaves)])

        if not self._is_active():
            args, kwargs = filled([self._read(leaves[i]) for i in observed])
            return function(*args, **kwargs)
        given = [leaves[i] for i in observed]
        inputs = self._entries_of(given)
        slotted, slotted_keywords = filled([Slot(position) for position in range(len(observed))])
        invocation = Invocation(function, slotted, slotted_keywords, filled)
        arrays = [self._array(i) for i in inputs]
        source = caller(self._own_file)[0]
        with opened(self.computation._replace(observer=None)):
            result = invocation(arrays)
        name = getattr(function, "__name__", type(function).__name__)
        reads = self._taken_reads(inputs)
        entry = Entry(name, "custom rule", None, (*inputs, *reads), invocation, (), source, None, bool(reads))
        return self._results(result, entry, arrays, given)

    def presenter(self, leaves: Sequence[Any]) -> Callable[[Any], Any]:
        """Return what makes arrays of the results of an operator such as `gradient`, called on these leaves."""
        inputs: tuple[int, ...] | None = None

        def present(native: Any) -> Any:
            nonlocal inputs
            if not self._is_active():
                return self._plain._wrap(native)
            if inputs is None:
                observed = self._entries_of([leaf for leaf in leaves if isinstance(leaf, self._recorded)])
                inputs = tuple(dict.fromkeys((*observed, *self._taken_reads(observed))))
            source, entered = caller(self._own_file)
            name = "pullback" if entered.endswith(".pullback") else entered.partition(".")[0]
            # An operator presents results that the user may never see: taken down when it is used.
            self._kept.append(native)
            self._pending[id(native)] = Entry(name, "transformation", native, inputs, source=source)
            return self._made(native, None)

        return present

    # Values that come from outside

    def argument(self, native: Any, label: str, differentiated: bool) -> Any:
        """Return an argument of f as a recorded array."""
        entry = Entry("argument", "argument", native, label=label, differentiated=differentiated)
        return self._wrap(self._add(entry))

    def entry_of(self, value: Any, native: Any) -> int:
        """Return the entry of a value that f returned, which is given as a native array, too."""
        if isinstance(value, self._recorded) and value.node is not None:
            return value.node
        return self._entry(native)

    def native(self, entry: int) -> Any:
        """Return an entry's value in this evaluation."""
        return self.entries[entry].native

    # Inside

    def _is_active(self) -> bool:
        return _computation.observer() is self

    def _apply(self, name: str, kind: str, function: _Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self._is_active():
            args, kwargs = _mapped((args, kwargs), lambda value: self._read(value) if self._is_own(value) else value)
            return function(*args, **kwargs)
        inputs: list[int] = []
        given: list[Any] = []

        def slot(value: Any) -> Any:
            entry = self._entry_of_argument(value)
            if entry is None:
                return value
            inputs.append(entry)
            given.append(value)
            return Slot(len(inputs) - 1)

        template = _mapped((args, kwargs), slot)

        def filled(arrays: Sequence[Any]) -> Any:
            return substituted(template, lambda one: arrays[one.position])

        invocation = Invocation(function, template[0], template[1], filled)
        arrays = [self._array(i) for i in inputs]
        source, entered = caller(self._own_file)
        if entered.startswith("ArrayMethods."):
            kind = "method"
        result = invocation(arrays)
        return self._results(result, Entry(name, kind, None, tuple(inputs), invocation, (), source), arrays, given)

    def _results(self, result: Any, entry: Entry, arrays: Sequence[Any], given: Sequence[Any]) -> Any:
        """Record an operation's result, each part of it that is an array."""
        if isinstance(result, Array):
            for array, before, source in zip(arrays, entry.inputs, given, strict=False):
                if result.native is self.entries[before].native:  # nothing was computed
                    return source if result is array and self._is_own(source) else self._wrap(before)
            return self._wrap(self._add(entry._replace(native=result.native)))
        if isinstance(result, tuple | list):
            names = getattr(result, "_fields", range(len(result)))
            parts = [
                self._results(part, entry._replace(output=(*entry.output, name)), arrays, given)
                for name, part in zip(names, result, strict=True)
            ]
            return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
        return result

    def _add(self, entry: Entry) -> int:
        number = len(self.entries)
        if number < len(self._expected) and entry.signature() != self._expected[number].signature():
            raise AnotherPathError
        self.computed.append(entry.native)
        entry = entry._replace(recorded=self._plain._is_recorded(entry.native))
        change = self._changes.get(number)
        if change is not None:
            self._known.setdefault(id(entry.native), number)
            entry = entry._replace(native=change(entry.native))
        self.entries.append(entry)
        self._known[id(entry.native)] = number
        return number

    def _wrap(self, number: int) -> Any:
        return self._made(self.entries[number].native, number)

    def _made(self, native: Any, number: int | None) -> Any:
        array: Any = object.__new__(self._recorded)
        array.native, array.node, array.observer = native, number, self
        return array

    def _array(self, number: int) -> Any:
        return self._plain._wrap(self.entries[number].native)

    def _is_own(self, value: Any) -> bool:
        return isinstance(value, self._recorded)

    def _read(self, array: Any) -> Any:
        """Return a recorded array as a plain one for a function that is not observed."""
        key = id(array.native)
        if array.node is None and key not in self._known and key not in self._pending:
            return self._plain._wrap(array.native)  # computed by such a function
        number = self.entry_of(array, array.native)
        self._reads[number] = None
        return self._array(number)

    def _entries_of(self, arrays: Sequence[Any]) -> tuple[int, ...]:
        return tuple(self.entry_of(array, array.native) for array in arrays)

    def _entry_of_argument(self, value: Any) -> int | None:
        """Return the entry of an array among an operation's arguments, or None for anything else."""
        if isinstance(value, self._recorded):
            return self.entry_of(value, value.native)
        if isinstance(value, np.generic):
            return None  # a number
        if isinstance(value, self._plain):
            return self._entry(value.native)
        if self._plain._is_native(value):
            return self._entry(value)
        if isinstance(value, Array) and isinstance(value.native, np.ndarray):
            value = value.native
        if isinstance(value, np.ndarray):
            found = self._known.get(id(value))
            if found is None:
                found = self._entry(self._plain._asarray(value))
                self._known[id(value)] = found
                self._kept.append(value)
            return found
        return None

    def _entry(self, native: Any) -> int:
        """Return the entry of a native array; one that nobody told of is a constant, or comes from native code."""
        found = self._known.get(id(native))
        if found is not None:
            return found
        if id(native) in self._pending:
            return self._add(self._pending.pop(id(native)))
        if self._plain._is_recorded(native):
            return self._add(Entry("native code", "opaque native call", native, source=caller(self._own_file)[0]))
        return self._add(Entry("constant", "constant", native, source=caller(self._own_file)[0]))

    def _taken_reads(self, inputs: Sequence[int]) -> tuple[int, ...]:
        """Return what unobserved functions have read since the last time, besides these inputs."""
        reads = tuple(i for i in self._reads if i not in inputs)
        self._reads.clear()
        return reads


def _mapped(tree: Any, convert: Callable[[Any], Any]) -> Any:
    """Apply a conversion to the leaves of a call's arguments: lists, tuples, dicts."""
    if isinstance(tree, dict):
        return {key: _mapped(part, convert) for key, part in tree.items()}
    if type(tree) in (list, tuple):
        return type(tree)(_mapped(part, convert) for part in tree)
    return convert(tree)
