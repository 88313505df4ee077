"""What the way back reads of an operation: nothing else is kept alive until then.

A rule's expression says it by itself. A parameter that it does not read is not kept; one whose name begins with
``like`` is there for its shape and dtype only, and a `Like` stands in for the array.
"""

from __future__ import annotations

import dis
import enum
from collections.abc import Callable
from typing import Any

# The parameters of an expression are ``(xp, g, out, *args)``; those of a slope lack g.
_BEFORE_ARGS = {"pullback": 3, "slope": 2}


class Keep(enum.IntEnum):
    """How much of an array an expression reads."""

    NOTHING = 0
    SHAPE = 1
    VALUE = 2


class Like:
    """The shape and dtype of an array that need not be kept."""

    __slots__ = ("dtype", "shape")

    def __init__(self, x: Any) -> None:
        self.shape = tuple(x.shape)
        self.dtype = x.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        count = 1
        for n in self.shape:
            count *= n
        return count


def kept(x: Any, keep: Keep) -> Any:
    """Return what to keep of an argument or a result."""
    if keep is not Keep.SHAPE:
        return x if keep is Keep.VALUE else None
    # What has no shape is an option or a number, and costs nothing.
    return Like(x) if hasattr(x, "shape") else x


class Reading:
    """What one expression reads.

    Parameters
    ----------
    expression
        A pullback ``(xp, g, out, *args, **options)`` or a slope ``(xp, out, *args)`` of the rule tables.
    kind
        Which of the two.

    Attributes
    ----------
    out
        How much it reads of the result.
    """

    def __init__(self, expression: Callable[..., Any], kind: str = "pullback") -> None:
        before = _BEFORE_ARGS[kind]
        code = getattr(expression, "__code__", None)
        self.out, self._rest = Keep.VALUE, Keep.VALUE
        self._args: tuple[Keep, ...] = ()
        if code is None:  # no Python function: it may read everything
            return
        read = _names_read(code)
        names = code.co_varnames[: code.co_argcount]
        keeps = tuple(_keep(name, read) for name in names)
        self.out = keeps[before - 1]
        self._args = keeps[before:]
        if code.co_flags & _VARARGS:
            self._rest = _keep(code.co_varnames[code.co_argcount + code.co_kwonlyargcount], read)

    def arg(self, i: int) -> Keep:
        """Return how much it reads of the argument i."""
        return self._args[i] if i < len(self._args) else self._rest


_VARARGS = 0x04  # inspect.CO_VARARGS


def _keep(name: str, read: set[str]) -> Keep:
    return Keep.NOTHING if name not in read else Keep.SHAPE if name.startswith("like") else Keep.VALUE


def _names_read(code: Any) -> set[str]:
    """Return the local names that a function's code loads, or lends to a function inside it."""
    read = set(code.co_cellvars)
    for instruction in dis.get_instructions(code):
        if "LOAD_FAST" in instruction.opname:  # newer Pythons load two names at once
            names = instruction.argval
            read.update(names if isinstance(names, tuple) else (names,))
    return read
