"""Where compiled programs are kept: with the function object that they were made from, for as long as it lives."""

from __future__ import annotations

import collections
import contextlib
import threading
import warnings
import weakref
from collections.abc import Callable, Hashable
from types import CodeType, MethodType
from typing import Any

from multigrad._errors import RecompileWarning
from multigrad._program import Program
from multigrad._quick import QuickCalls

_Function = Callable[..., Any]

# Programs kept per function: more than the signatures that a program's data has, few enough to forget about.
_LIMIT = 64
# New functions of one code object that are compiled before someone is told.
_PATIENCE = 8


class Programs:
    """The programs of one function, the least recently used forgotten first."""

    def __init__(self) -> None:
        self._kept: collections.OrderedDict[Hashable, Program] = collections.OrderedDict()
        self._quick: dict[tuple[Any, ...], QuickCalls] = {}
        self._lock = threading.RLock()
        self._counted = False
        self._place = 0  # the id of a function that is found by it

    def quick_calls(self, f: _Function, key: tuple[Any, ...], options: Any) -> QuickCalls:
        """Return the quick way of one operator with its options."""
        found = self._quick.get(key)
        if found is None:
            if len(self._quick) >= _LIMIT:
                self.forget()
            found = self._quick[key] = QuickCalls(options)
            if id(f) in _all:
                self._place = id(f)
                _known[self._place, *key] = found
        return found

    def forget(self) -> None:
        """Forget all quick ways."""
        for key in list(self._quick):
            _known.pop((self._place, *key), None)
        self._quick.clear()

    def get(self, signature: Hashable) -> Program | None:
        with self._lock:
            program = self._kept.get(signature)
            if program is None or not program.is_current():
                return None
            self._kept.move_to_end(signature)
            return program

    def add(self, signature: Hashable, f: _Function, build: Callable[[], Program]) -> Program:
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
_all: dict[int | tuple[int, int], tuple[Any, Programs]] = {}
# The quick way of each operator on these functions, by what `evaluate` is given.
_known: dict[tuple[Any, ...], QuickCalls] = {}
known = _known.get
_functions_of: weakref.WeakKeyDictionary[CodeType, int] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def programs_of(f: _Function) -> Programs:
    """Return the programs of a function object; of a bound method, those of the method of this object."""
    known = _all.get(id(f))
    if known is not None:
        return known[1]
    owner: Any = f
    key: int | tuple[int, int] = id(f)
    if isinstance(f, MethodType):  # a new object each time that it is asked for
        owner = f.__self__
        key = id(owner), id(f.__func__)
    with _lock:
        found = _all.get(key)
        if found is not None:
            return found[1]
        programs = Programs()
        # What takes no weak references has programs that live as long as the operator.
        with contextlib.suppress(TypeError):
            _all[key] = weakref.ref(owner, lambda _: _dropped(key)), programs
        return programs


def _dropped(key: int | tuple[int, int]) -> None:
    _, programs = _all.pop(key, (None, None))
    if programs is not None:
        programs.forget()


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
