"""One operator on one function, compiled for one signature of the arguments.

The arguments' arrays and floats go in flat, the results' arrays come out flat, and what lies between runs once, while
the framework traces it.
"""

from __future__ import annotations

import contextlib
import inspect
import operator
import weakref
from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

import numpy as np

from multigrad import _arguments, _computation, _escapes, _leaves, _registry, _selection, _tree
from multigrad._arguments import Call, Options
from multigrad._array import Array
from multigrad._computation import Computation, opened
from multigrad._errors import InputError, OutputError
from multigrad._globals import Snapshot
from multigrad._protocol import Natives, SupportsRetracing, SupportsScope

_Function = Callable[..., Any]


class OtherSignature(Exception):  # noqa: N818 - no error: another program is needed, and nobody else sees it
    """A program was called with arrays that it was not made for."""


class WeakFunction:
    """Stands for f inside a program, without keeping it alive."""

    def __init__(self, f: _Function) -> None:
        self._reference = _reference(f)
        self.__name__ = getattr(f, "__name__", type(f).__name__)
        self.__doc__ = getattr(f, "__doc__", None)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._reference())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._reference()(*args, **kwargs)


def _reference(f: _Function) -> Callable[[], Any]:
    try:
        return weakref.WeakMethod(f) if inspect.ismethod(f) else weakref.ref(f)
    except TypeError:  # what takes no weak reference lives as long as its operator
        return lambda: f


class Prepared:
    """The arguments of one call: moved to their backend, with what may change from call to call apart."""

    def __init__(
        self, f: _Function, options: Options, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: Any
    ) -> None:
        self._f = f
        self.count = len(args)
        self.keywords = tuple(kwargs)
        self.flat = _leaves.Leaves((*args, *kwargs.values()), _leaves.expander(options.backend))
        places = [*range(self.count), *self.keywords]
        data = {places.index(key) for key in numbers if key in places}  # others are defaults of f
        self.dynamic = [
            self._is_dynamic(leaf, argument in data)
            for argument, (start, stop) in enumerate(self.flat.spans)
            for leaf in self.flat.leaves[start:stop]
        ]
        self.call: Call = _arguments.prepare(f, (), options, args, kwargs, dynamic=self.dynamic)
        self.as_array = tuple(isinstance(leaf, Array) for leaf in self.flat.leaves)
        self._moved = options.device is not None or options.dtype is not None or _computation.current() is not None
        self.inputs = self.call.primals

    def enter(self, backend: Any) -> None:
        """Take NumPy's arrays and numbers as the framework's programs take them, which may be as they are."""
        if self._moved:
            return
        raw = [leaf for leaf, moves in zip(self.flat.leaves, self.dynamic, strict=True) if moves]
        self.inputs = tuple(
            backend.compile_input(float(leaf) if type(leaf) is int else leaf, native.dtype)
            if type(leaf) in (int, float, np.ndarray)
            else native
            for leaf, native in zip(raw, self.call.primals, strict=True)
        )

    def _unhashable(self) -> str:
        """Return the first leaf that cannot be built into a program, as code, and its type."""
        known = _selection.positional_names(self._f)[: self.count]
        names = [*known, *(f"args[{i}]" for i in range(len(known), self.count)), *self.keywords]
        for position, leaf in enumerate(self.flat.leaves):
            if not self.dynamic[position] and not isinstance(leaf, Hashable):
                return f"{self.flat.path(position, names)} of type {type(leaf).__name__}"
        return "a value that holds one that is not"

    @staticmethod
    def _is_dynamic(leaf: Any, data: bool) -> bool:
        if _registry.array_backend_name(leaf) is not None:
            return True
        return type(leaf) in (float, complex) or (data and type(leaf) is int)

    def signature(self, backend: Any) -> Hashable:
        """Return what one program is compiled for."""
        static = tuple(
            (type(leaf), leaf) for leaf, moves in zip(self.flat.leaves, self.dynamic, strict=True) if not moves
        )
        try:
            hash(static)
        except TypeError:
            raise InputError(
                f"Expected arrays, numbers and hashable values as arguments of a compiled function, got "
                f"{self._unhashable()}: what is no array or float is built into the program. If it is a container, "
                "register it with multigrad.register_pytree, or make it a dataclass."
            ) from None
        computation = self.call.computation
        structures = tuple(structure and (structure.spec, structure.nodes) for structure in self.flat.structures)
        arrays = tuple(backend.compile_key(x) for x in self.call.primals)
        place = (computation.dtype, computation.device and str(computation.device))
        return (static, structures, self.keywords, self.as_array, arrays, place)


class _Result(NamedTuple):
    """What a traced call returned, besides its arrays."""

    structure: _tree.Structure
    leaves: tuple[Any, ...]  # those that are no arrays; None in the places of arrays
    kinds: tuple[Any, ...]  # the Array subclass, False for a native array, None for a leaf that is no array


class Program:
    """One operator on one function, compiled for one signature."""

    def __init__(self, f: WeakFunction, make: Callable[[Any], _Function], prepared: Prepared, backend: Any) -> None:
        self.snapshot = Snapshot(f._reference()) if backend.compile_is_stale_blind else None
        count, keywords, as_array = prepared.count, prepared.keywords, prepared.as_array
        spans, structures = prepared.flat.spans, prepared.flat.structures
        dynamic = prepared.dynamic
        constants = [None if moves else leaf for leaf, moves in zip(prepared.flat.leaves, dynamic, strict=True)]
        outer = prepared.call.computation._replace(beside=None)  # an argument of this call, which may be large
        # Inside, the operator runs as at top level, on arrays that are known to be where they belong.
        computation = Computation(outer.backend, outer.cls, None, None, "standard", 0)
        derived = make(f)
        results: list[_Result] = []

        numbers = [
            type(leaf) in (int, float) for leaf, moves in zip(prepared.flat.leaves, dynamic, strict=True) if moves
        ]

        prepared.enter(backend)
        retraces = _registry.supports(backend, SupportsRetracing)
        self.refuses = retraces and all(map(outer.cls._is_native, prepared.inputs))
        expected = tuple(map(backend.compile_key, prepared.inputs)) if self.refuses else None

        def flat(*natives: Any) -> Natives:
            # The general way, which has a computation open, knows the signature.
            if expected and _computation.current() is None and expected != tuple(map(backend.compile_key, natives)):
                raise OtherSignature
            # A number that came as it is has become an array without a dtype of its own.
            given = iter(
                [
                    outer.backend.asarray(x, dtype=outer.dtype) if number else x
                    for x, number in zip(natives, numbers, strict=True)
                ]
            )
            leaves = [
                (outer.cls._wrap(next(given)) if wrapped else next(given)) if moves else constant
                for constant, moves, wrapped in zip(constants, dynamic, as_array, strict=True)
            ]
            values = [
                leaves[start] if structure is None else structure.unflatten(leaves[start:stop])
                for (start, stop), structure in zip(spans, structures, strict=True)
            ]
            with opened(computation):
                result = derived(*values[:count], **dict(zip(keywords, values[count:], strict=True)))
            arrays, described = _taken_apart(result, outer)
            results[:] = [described]
            return arrays

        # A result that is part of a graph of the caller's needs f for as long as that graph lives.
        flat.hold = f._reference  # type: ignore[attr-defined]
        self._results = results
        self.compiled = backend.compile(flat, prepared.inputs)
        self.enter = backend.compile_input
        self.dtypes = tuple(x.dtype for x in prepared.call.primals)
        self.scope: Callable[[], Any] | None = None
        if _registry.supports(backend, SupportsScope):
            scope = backend.scope(outer)
            self.scope = None if isinstance(scope, contextlib.nullcontext) else lambda: backend.scope(outer)
        self._rebuild: Callable[[Natives], Any] | None = None

    def is_current(self) -> bool:
        return self.snapshot is None or self.snapshot.is_current()

    def run(self, inputs: Natives) -> Any:
        """Run on the data of a prepared call, in its scope."""
        found = self.compiled(*inputs)  # which may trace, and so tell the result's structure
        return self.rebuilder(found)

    @property
    def rebuilder(self) -> Callable[[Natives], Any]:
        """The function from a call's arrays to its result; known once the program has run."""
        if self._rebuild is None:
            (result,) = self._results
            self._rebuild = _rebuilder(result)
        return self._rebuild


def _rebuilder(result: _Result) -> Callable[[Natives], Any]:
    """Return a function from the arrays of a result to the result: the commonest shapes of it at once."""
    if result.structure == _LEAF and result.kinds == (False,):
        return operator.itemgetter(0)
    if not any(result.kinds) and None not in result.kinds and result.structure == _tuple_of(len(result.kinds)):
        return tuple

    def rebuild(found: Natives) -> Any:
        arrays = iter(found)
        leaves = [
            leaf if kind is None else kind._wrap(next(arrays)) if kind else next(arrays)
            for leaf, kind in zip(result.leaves, result.kinds, strict=True)
        ]
        return result.structure.unflatten(leaves)

    return rebuild


def _tuple_of(count: int) -> _tree.Structure:
    return _tree.flatten((0,) * count)[1]


_LEAF = _tree.flatten(0)[1]


def _taken_apart(result: Any, computation: Computation) -> tuple[Natives, _Result]:
    leaves, structure = _tree.flatten(result, _leaves.expander(computation.backend))
    natives: list[Any] = []
    constants: list[Any] = []
    kinds: list[Any] = []
    cls = computation.cls

    def is_traced(native: Any) -> bool:
        return cls._is_native(native) and cls._is_symbolic(native)

    for position, leaf in enumerate(leaves):
        if isinstance(leaf, Array):
            natives.append(leaf.native)
            kinds.append(type(leaf))
        elif cls._is_native(leaf):
            natives.append(leaf)
            kinds.append(False)
        elif isinstance(leaf, Iterator) or _escapes.holds(leaf, is_traced):
            raise OutputError(
                "Expected arrays, numbers, strings and known containers from a function that is compiled, got "
                f"{structure.paths('output')[position]} of type {type(leaf).__name__}, which holds what only the first "
                "call computes. Return the arrays; call a pullback inside the function; register a container with "
                "multigrad.register_pytree."
            )
        else:
            kinds.append(None)
        constants.append(leaf if kinds[-1] is None else None)
    return tuple(natives), _Result(structure, tuple(constants), tuple(kinds))
