"""The way to a compiled program that takes nothing apart: for outermost calls on arrays and floats alone.

What the general way finds out about a call is the same for all with arguments of the same types, shapes and dtypes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multigrad._arguments import Options
from multigrad._computation import current
from multigrad._program import OtherSignature, Prepared, Program

_Run = Callable[..., Any]

# What a call returns where another way must be gone.
MISSED = object()

# Signatures kept per operator: more than a program's data has, few enough to forget about.
_LIMIT = 64

# How an array is told from others that need another program, by its type; types are added when they are first seen.
_key_of: dict[type, Callable[[Any], Any]] = {float: lambda x: None, np.ndarray: lambda x: (x.shape, x.dtype)}


class QuickCalls:
    """The programs that the general way found for plain calls of one operator."""

    __slots__ = ("_alike", "_explicit", "_open", "_runs")

    def __init__(self, options: Options) -> None:
        self._runs: dict[Any, tuple[Program, _Run]] = {}
        # By the number of arguments, with the type of all of them: programs that refuse arrays of another signature
        # themselves. None where there are several.
        self._alike: dict[int, tuple[type, _Run] | None] = {}
        self._open = options.device is None and options.dtype is None
        self._explicit = options.backend is not None

    def call(self, args: tuple[Any, ...]) -> Any:
        """Return the result for these arguments, or MISSED."""
        if current() is not None:
            return MISSED
        alike = self._alike.get(len(args))
        if alike is not None:
            kind, run = alike
            for x in args:  # a third of the time of a tuple of types (Python 3.11)
                if type(x) is not kind:
                    break
            else:
                try:
                    return run(*args)
                except OtherSignature:
                    return MISSED
        found = self._find(args)
        return MISSED if found is None else found(*args)

    def _find(self, args: tuple[Any, ...]) -> _Run | None:
        try:
            program, run = self._runs[_signature(args)]
        except KeyError:
            return None
        return run if program.snapshot is None or program.snapshot.is_current() else None

    def learn(self, args: tuple[Any, ...], prepared: Prepared, program: Program) -> None:
        """Keep the program for calls like this one, if it is plain."""
        if not self._open or current() is not None or not self._is_plain(prepared):
            return
        if len(self._runs) >= _LIMIT:
            self._runs.clear()
            self._alike.clear()
        run = _runner(args, program, prepared.call.computation.cls)
        self._runs[_signature(args)] = program, run
        if not program.refuses or len(kinds := set(map(type, args))) != 1:
            return
        (kind,) = kinds
        if kind is not np.ndarray and kind is not float:  # these may be narrowed on the way in
            self._alike[len(args)] = None if len(args) in self._alike else (kind, run)

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

        def run_in_scope(*args: Any) -> Any:
            with scope():
                return rebuild(compiled(*(args if as_they_are else entered(args))))

        return run_in_scope
    if not as_they_are:
        return lambda *args: rebuild(compiled(*entered(args)))
    if rebuild is tuple and program.refuses:  # a framework that retraces by itself gives the tuple that was traced
        return compiled
    return lambda *args: rebuild(compiled(*args))
