"""The way to a compiled program that takes nothing apart: for outermost calls on arrays and floats alone.

What the general way finds out about a call is the same for all with arguments of the same types, shapes and dtypes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multigrad import _computation
from multigrad._arguments import Options
from multigrad._program import OtherSignature, Prepared, Program

_Run = Callable[[tuple[Any, ...]], Any]

# What a call returns where another way must be gone.
MISSED = object()

# Signatures kept per operator: more than a program's data has, few enough to forget about.
_LIMIT = 64

# How an array is told from others that need another program, by its type; types are added when they are first seen.
_key_of: dict[type, Callable[[Any], Any]] = {float: lambda x: None, np.ndarray: lambda x: (x.shape, x.dtype)}


class QuickCalls:
    """The programs that the general way found for plain calls of one operator."""

    __slots__ = ("_explicit", "_open", "_runs", "_sole")

    def __init__(self, options: Options) -> None:
        self._runs: dict[Any, tuple[Program, _Run]] = {}
        # By the types alone: programs that refuse arrays of another signature themselves. None where there are several.
        self._sole: dict[tuple[type, ...], _Run | None] = {}
        self._open = options.device is None and options.dtype is None
        self._explicit = options.backend is not None

    def call(self, args: tuple[Any, ...]) -> Any:
        """Return the result for these arguments, or MISSED."""
        if _computation.current() is not None:
            return MISSED
        run = self._sole.get(tuple(map(type, args))) if self._sole else None
        if run is not None:
            try:
                return run(args)
            except OtherSignature:
                return MISSED
        run = self._find(args)
        return MISSED if run is None else run(args)

    def _find(self, args: tuple[Any, ...]) -> _Run | None:
        try:
            program, run = self._runs[_signature(args)]
        except KeyError:
            return None
        return run if program.snapshot is None or program.snapshot.is_current() else None

    def learn(self, args: tuple[Any, ...], prepared: Prepared, program: Program) -> None:
        """Keep the program for calls like this one, if it is plain."""
        if not self._open or _computation.current() is not None or not self._is_plain(prepared):
            return
        if len(self._runs) >= _LIMIT:
            self._runs.clear()
            self._sole.clear()
        run = _runner(args, program, prepared.call.computation.cls)
        self._runs[_signature(args)] = program, run
        types = tuple(map(type, args))
        if program.refuses and np.ndarray not in types and float not in types:  # these may be narrowed on the way in
            self._sole[types] = None if types in self._sole else run

    def _is_plain(self, prepared: Prepared) -> bool:
        """Tell whether a call has arrays and floats alone, and what it was found to need holds for others like it."""
        computation = prepared.call.computation
        backend, cls = computation.backend, computation.cls
        leaves = prepared.flat.leaves
        if any(prepared.flat.structures) or not all(prepared.dynamic) or len(backend.devices()) != 1:
            return False
        own = {type(x): x for x in leaves if type(x) is not float and type(x) is not np.ndarray}
        if int in own or complex in own:
            return False
        if not own and not self._explicit:
            return False  # NumPy's arrays go to whatever backend is the default at the time of the call
        for kind, one in own.items():
            if kind is cls:
                _key_of[kind] = _key_of_array(backend.compile_key)  # type: ignore[attr-defined]
            elif cls._is_native(one) and cls._is_array_object(one):
                _key_of[kind] = backend.compile_key  # type: ignore[attr-defined]
            else:
                return False
        return True


def _signature(args: tuple[Any, ...]) -> Any:
    return tuple([(type(x), _key_of[type(x)](x)) for x in args])


def _key_of_array(compile_key: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: compile_key(x.native)


def _runner(args: tuple[Any, ...], program: Program, cls: type) -> _Run:
    """Return a function from arguments like these to the result."""
    compiled, rebuild, scope = program.compiled, program.rebuilder, program.scope
    enter, dtypes = program.enter, program.dtypes

    def entered(args: tuple[Any, ...]) -> list[Any]:
        return [
            x.native  # type: ignore[attr-defined]
            if type(x) is cls
            else enter(x, dtype)
            if type(x) is float or type(x) is np.ndarray
            else x
            for x, dtype in zip(args, dtypes, strict=True)
        ]

    as_they_are = not any(type(x) in (cls, float, np.ndarray) for x in args)
    if scope is not None:

        def run_in_scope(args: tuple[Any, ...]) -> Any:
            with scope():
                return rebuild(compiled(*(args if as_they_are else entered(args))))

        return run_in_scope
    if as_they_are:
        return lambda args: rebuild(compiled(*args))
    return lambda args: rebuild(compiled(*entered(args)))
