"""Compiled operators: one program per input signature of a function, kept for as long as the function lives.

An operator is compiled as a whole. Programs hang on the function object itself, so that ``gradient(f, compile=True)``
made anew in a loop finds them, and reach it through a weak reference only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any

from multigrad import _arguments, _computation, _registry
from multigrad._arguments import Options
from multigrad._computation import opened
from multigrad._program import Prepared, Program, WeakFunction
from multigrad._program_store import known, programs_of
from multigrad._protocol import SupportsCompile
from multigrad._quick import MISSED
from multigrad._running import check_callable
from multigrad._selection import Selection

_Function = Callable[..., Any]


class _NoArgument:
    """Selects no argument: all integers are built into the program."""

    def locate(self, f: _Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return (), kwargs


NO_ARGUMENT = _NoArgument()


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
    way = _Way(f, operator, options, selection, chosen)
    quick = way.quick.call

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            result = quick(args)
            if result is not MISSED:
                return result
        return way.go(args, kwargs)

    return call


def evaluate(  # noqa: PLR0917 - keywords would cost more than the look-up
    f: _Function,
    operator: Callable[..., _Function],
    backend: Any,
    device: Any,
    dtype: Any,
    arrays: str,
    args: tuple[Any, ...],
) -> Any:
    """Return the result of the compiled form of an operator at once.

    Parameters
    ----------
    f, operator
        As for `compiled`.
    backend, device, dtype, arrays
        The options common to all operators, as the caller gave them.
    args
        The arguments of the call.
    """
    try:
        quick = known((id(f), operator, backend, device, dtype, arrays))
    except TypeError:  # options that cannot be hashed
        quick = None
    if quick is not None:
        result = quick.call(args)
        if result is not MISSED:
            return result
    check_callable(f)
    return _Way(f, operator, _arguments.options(backend, device, dtype, arrays), None, {}).go(args, {})


class _Way:
    """The general way of a call: its arguments are taken apart, and a program is found for them or made."""

    __slots__ = ("_f", "_key", "_make", "_options", "_programs", "_selection", "quick")

    def __init__(
        self,
        f: _Function,
        operator: Callable[..., _Function],
        options: Options,
        selection: Any,
        chosen: dict[str, Any],
    ) -> None:
        self._f = f
        self._options = options
        self._selection = selection
        self._programs = programs_of(f)
        self._make = functools.partial(operator, **chosen, **options.as_keywords())
        self._key = _key(operator, options, chosen)
        self.quick = self._programs.quick_calls(f, self._key, options)

    def go(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        f, make = self._f, self._make
        if _computation.running() is not None:
            return make(f)(*args, **kwargs)  # whoever runs around decides what is compiled
        every = (*range(len(args)), *kwargs)
        numbers = every if self._selection is None else self._selection.locate(f, args, kwargs)[0]
        prepared = Prepared(f, self._options, args, kwargs, numbers)
        backend = prepared.call.computation.backend
        if not _registry.supports(backend, SupportsCompile):
            return make(f)(*args, **kwargs)
        with opened(prepared.call.computation):
            whole = (self._key, prepared.signature(backend))
            program = self._programs.get(whole)
            if program is None:
                program = self._programs.add(whole, f, lambda: Program(WeakFunction(f), make, prepared, backend))
            else:
                prepared.enter(backend)
            result = program.run(prepared.inputs)
        if not kwargs:
            self.quick.learn(args, prepared, program)
        return result


def _key(operator: Callable[..., _Function], options: Options, chosen: dict[str, Any]) -> tuple[Hashable, ...]:
    """Return what tells an operator with its options from others: without more of them, what `evaluate` is given."""
    key = (operator, *options, *chosen.values())
    try:
        hash(key)
    except TypeError:  # an option that is a list, or an adapter that refuses to be hashed
        return (operator, repr(options), repr(chosen))
    return key
