"""Compiled operators: one program per input signature of a function, kept for as long as the function lives.

An operator is compiled as a whole: its arguments' arrays and floats go in flat, its results' arrays come out flat, and
what lies between runs once, while the framework traces it. Programs hang on the function object itself, so that
``gradient(f, compile=True)`` made anew in a loop finds them, and reach it through a weak reference only.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import threading
import warnings
import weakref
from collections.abc import Callable, Hashable
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from multigrad import _arguments, _computation, _leaves, _registry, _tree
from multigrad._arguments import Call, Options
from multigrad._array import Array
from multigrad._computation import Computation, opened
from multigrad._errors import InputError, RecompileWarning
from multigrad._globals import Snapshot
from multigrad._protocol import Natives, SupportsCompile, SupportsScope
from multigrad._running import check_callable
from multigrad._selection import Selection

_Function = Callable[..., Any]

# Programs kept per function: more than the signatures that a program's data has, few enough to forget about.
_LIMIT = 64
# New functions of one code object that are compiled before someone is told.
_PATIENCE = 8


def compiled(
    f: _Function,
    operator: Callable[..., _Function],
    options: Options,
    selection: Selection | _NoArgument | None = None,
    **chosen: Any,
) -> _Function:
    """Return the compiled form of an operator on f.

    Parameters
    ----------
    f
        The user's function.
    operator
        Gives for a function and the operator's options a function of the arguments.
    options
        The options common to all operators.
    selection
        The arguments whose Python integers are data, since they are differentiated. None for all arguments.
    **chosen
        The operator's other options.
    """
    check_callable(f)
    programs = _programs_of(f)
    make = functools.partial(operator, **chosen, **options.as_keywords())
    plain = make(f)
    key = (operator.__module__, operator.__qualname__, repr(chosen), repr(options))

    quick = _Quick(options)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            signature = quick.signature(args)
            if signature is not None:
                known = quick.programs.get(signature)
                if known is not None and known.is_current():
                    return known.run_quickly(args)
        if _computation.running() is not None:
            return plain(*args, **kwargs)  # whoever runs around decides what is compiled
        numbers = (*range(len(args)), *kwargs) if selection is None else selection.locate(f, args, kwargs)[0]
        prepared = _Prepared(f, options, args, kwargs, numbers)
        backend = prepared.call.computation.backend
        if not _registry.supports(backend, SupportsCompile):
            return plain(*args, **kwargs)
        with opened(prepared.call.computation):
            whole = (key, prepared.signature(backend))
            program = programs.get(whole)
            if program is None:
                program = programs.add(whole, f, lambda: _Program(_Weak(f), make, prepared, backend))
            else:
                prepared.enter(backend)
            result = program.run(prepared.inputs)
        if not kwargs and prepared.is_plain(backend):
            quick.learn(args, program)
        return result

    return call


class _Quick:
    """The way for outermost calls on arrays and floats alone, which takes nothing apart.

    What the general way finds out about a call is the same for all with arguments of the same types, shapes and dtypes.
    """

    __slots__ = ("_open", "programs")

    def __init__(self, options: Options) -> None:
        self.programs: dict[Any, _Program] = {}
        self._open = options.device is None and options.dtype is None

    def signature(self, args: tuple[Any, ...]) -> Any:
        """Return what tells a plain call from others, or None where another way must be gone."""
        if not self._open or _computation.current() is not None:
            return None
        try:
            return tuple([float if type(x) is float else (type(x), _key_of[type(x)](x)) for x in args])
        except KeyError:
            return None

    def learn(self, args: tuple[Any, ...], program: _Program) -> None:
        signature = self.signature(args)
        if signature is None:
            return
        if len(self.programs) >= _LIMIT:
            self.programs.clear()
        self.programs[signature] = program


# How an array is told from others that need another program, by its type; types are added when they are first seen.
_key_of: dict[type, Callable[[Any], Any]] = {np.ndarray: lambda x: (x.shape, x.dtype)}


class _NoArgument:
    """Selects no argument: all integers are built into the program."""

    def locate(self, f: _Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return (), kwargs


NO_ARGUMENT = _NoArgument()


class _Weak:
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


class _Prepared:
    """The arguments of one call: moved to their backend, with what may change from call to call apart."""

    def __init__(
        self, f: _Function, options: Options, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: Any
    ) -> None:
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
        self._explicit = options.backend is not None
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

    def is_plain(self, backend: Any) -> bool:
        """Tell whether `_Quick` can serve calls like this one; make its types known if so."""
        leaves, cls = self.flat.leaves, self.call.computation.cls
        if any(self.flat.structures) or not all(self.dynamic) or len(backend.devices()) != 1:
            return False
        own = {type(x) for x in leaves if type(x) is not float and type(x) is not np.ndarray}
        if not own.isdisjoint((int, complex)):
            return False
        if not own and not self._explicit:
            return False  # NumPy's arrays go to whatever backend is the default at the time of the call
        for kind in own:
            if kind is cls:
                _key_of[kind] = lambda x: backend.compile_key(x.native)
            elif cls._is_array_object(next(x for x in leaves if type(x) is kind)):
                _key_of[kind] = backend.compile_key
            else:
                return False
        return True

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
                "Expected arrays, numbers and hashable values as arguments of a compiled function, got "
                f"{', '.join(type(leaf).__name__ for _, leaf in static)}: what is no array or float is built into the "
                "program."
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


class _Program:
    """One operator on one function, compiled for one signature."""

    def __init__(self, f: _Weak, make: Callable[[Any], _Function], prepared: _Prepared, backend: Any) -> None:
        self._snapshot = Snapshot(f._reference()) if backend.compile_is_stale_blind else None
        count, keywords, as_array = prepared.count, prepared.keywords, prepared.as_array
        spans, structures = prepared.flat.spans, prepared.flat.structures
        dynamic = prepared.dynamic
        constants = [None if moves else leaf for leaf, moves in zip(prepared.flat.leaves, dynamic, strict=True)]
        outer = prepared.call.computation._replace(beside=None)  # an argument of this call, which may be large
        # Inside, the operator runs as at top level, on arrays that are known to be where they belong.
        computation = Computation(outer.backend, outer.cls, None, None, "standard", 0)
        operator = make(f)
        results: list[_Result] = []

        numbers = [
            type(leaf) in (int, float) for leaf, moves in zip(prepared.flat.leaves, dynamic, strict=True) if moves
        ]

        def flat(*natives: Any) -> Natives:
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
                result = operator(*values[:count], **dict(zip(keywords, values[count:], strict=True)))
            arrays, described = _taken_apart(result, outer)
            results[:] = [described]
            return arrays

        self._results = results
        prepared.enter(backend)
        self._compiled = backend.compile(flat, prepared.inputs)
        self._cls = outer.cls
        self._dtypes = tuple(x.dtype for x in prepared.call.primals)
        self._enter = backend.compile_input
        self._scope: Callable[[], Any] | None = None
        if _registry.supports(backend, SupportsScope):
            scope = backend.scope(outer)
            self._scope = None if isinstance(scope, contextlib.nullcontext) else lambda: backend.scope(outer)
        self._rebuild: Callable[[Natives], Any] | None = None

    def is_current(self) -> bool:
        return self._snapshot is None or self._snapshot.is_current()

    def run(self, inputs: Natives) -> Any:
        """Run on the data of a prepared call, in its scope."""
        found = self._compiled(*inputs)
        if self._rebuild is None:
            (result,) = self._results
            self._rebuild = _rebuilder(result)
        return self._rebuild(found)

    def run_quickly(self, args: tuple[Any, ...]) -> Any:
        """Run on arrays and floats as they came."""
        cls, enter = self._cls, self._enter
        inputs = [
            x.native if type(x) is cls else enter(x, dtype) if type(x) is float or type(x) is np.ndarray else x
            for x, dtype in zip(args, self._dtypes, strict=True)
        ]
        if self._scope is None:
            return self._rebuild(self._compiled(*inputs))  # type: ignore[misc]
        with self._scope():
            return self._rebuild(self._compiled(*inputs))  # type: ignore[misc]


def _rebuilder(result: _Result) -> Callable[[Natives], Any]:
    """Return a function from the arrays of a result to the result: the commonest shapes of it at once."""
    if result.structure == _LEAF and result.kinds == (False,):
        return lambda found: found[0]
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
    for leaf in leaves:
        if isinstance(leaf, Array):
            natives.append(leaf.native)
            kinds.append(type(leaf))
        elif computation.cls._is_native(leaf):
            natives.append(leaf)
            kinds.append(False)
        else:
            kinds.append(None)
        constants.append(leaf if kinds[-1] is None else None)
    return tuple(natives), _Result(structure, tuple(constants), tuple(kinds))


class _Programs:
    """The programs of one function, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._kept: collections.OrderedDict[Hashable, _Program] = collections.OrderedDict()
        self._lock = threading.RLock()
        self._counted = False

    def get(self, signature: Hashable) -> _Program | None:
        with self._lock:
            program = self._kept.get(signature)
            if program is None or not program.is_current():
                return None
            self._kept.move_to_end(signature)
            return program

    def add(self, signature: Hashable, f: _Function, build: Callable[[], _Program]) -> _Program:
        with self._lock:  # two threads compile one signature once
            found = self.get(signature)
            if found is not None:
                return found
            if not self._counted:
                self._counted = True
                _count(f)
            program = self._kept[signature] = build()
            self._kept.move_to_end(signature)
            while len(self._kept) > _LIMIT:
                self._kept.popitem(last=False)
            return program


# By identity: a function may define equality, or refuse to be hashed.
_all: dict[tuple[int, ...], tuple[Any, _Programs]] = {}
_functions_of: weakref.WeakKeyDictionary[CodeType, int] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def _programs_of(f: _Function) -> _Programs:
    """Return the programs of a function object; of a bound method, those of the method of this object."""
    owner = f.__self__ if inspect.ismethod(f) else f
    key = (id(owner), id(f.__func__)) if inspect.ismethod(f) else (id(f),)
    with _lock:
        found = _all.get(key)
        if found is not None:
            return found[1]
        programs = _Programs()
        # What takes no weak references has programs that live as long as the operator.
        with contextlib.suppress(TypeError):
            _all[key] = weakref.ref(owner, lambda _: _all.pop(key, None)), programs
        return programs


def _count(f: _Function) -> None:
    """Warn once when functions of one piece of code keep being made and compiled."""
    code = getattr(getattr(f, "__func__", f), "__code__", None)
    if not isinstance(code, CodeType):
        return
    with _lock:
        _functions_of[code] = count = _functions_of.get(code, 0) + 1
    if count == _PATIENCE:
        warnings.warn(
            f"{count} functions made by the code at {code.co_filename}:{code.co_firstlineno} ({code.co_qualname}) have "
            "been compiled, each anew. Define the function once, outside the loop, and pass what changes as an "
            "argument.",
            RecompileWarning,
            stacklevel=4,
        )
