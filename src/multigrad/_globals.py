"""What a function reads besides its arguments, and whether it has changed since.

A program that was traced once has the values of that time built in. Where a framework keeps no guards of its own, a
snapshot of the globals, closure cells and defaults that the code names tells when to trace again.
"""

from __future__ import annotations

import dis
import sys
import weakref
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

_MISSING = object()
# Values that are compared by value; all others by identity.
_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_CONTAINERS = (tuple, list, dict, set, frozenset)
_LOAD_NAMES = frozenset(("LOAD_GLOBAL", "LOAD_NAME"))
_LOAD_CELLS = frozenset(("LOAD_DEREF", "LOAD_CLASSDEREF"))
_LOAD_ATTRIBUTES = frozenset(("LOAD_ATTR", "LOAD_METHOD"))


class Snapshot:
    """The values that a function's code reads from outside, as they are now.

    Parameters
    ----------
    f
        A function; of other callables (a bound method, a partial, an object) the functions behind them.
    """

    __slots__ = ("_reads",)

    def __init__(self, f: Callable[..., Any]) -> None:
        self._reads: list[tuple[Callable[[], Any], Any]] = []
        self._follow(f, set())

    def is_current(self) -> bool:
        """Tell whether every value is still the one that was read."""
        return all(_same(read(), value) for read, value in self._reads)

    def _follow(self, f: Any, seen: set[int]) -> None:
        if id(f) in seen or len(seen) > 200:
            return
        seen.add(id(f))
        for function in _functions_behind(f):
            for read in _reads_of(function):
                value = read()
                self._reads.append((read, _copied(value)))
                if _is_users(value):
                    self._follow(value, seen)


def _functions_behind(f: Any) -> Iterator[FunctionType]:
    for found in (f, getattr(f, "__func__", None), getattr(f, "func", None), vars(type(f)).get("__call__")):
        if isinstance(found, FunctionType):
            yield found
            return


def _is_users(value: Any) -> bool:
    """Tell whether a value is a function of the user's, whose own reads count as well; libraries do not change."""
    if not callable(value) or isinstance(value, type | ModuleType):
        return False
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    return module is None or _is_users_module(module)


def _reads_of(f: FunctionType) -> Iterator[Callable[[], Any]]:
    # Through a weak reference: who keeps a snapshot must not keep f, nor what its cells hold.
    reference = weakref.ref(f)
    cells = {name: i for i, name in enumerate(f.__code__.co_freevars)}
    for name, attributes, is_cell in _loads(f.__code__):
        if not is_cell or name in cells:  # other cells are the function's own, for the functions inside it
            yield _reader(reference, name, cells[name] if is_cell else None, attributes)
    if f.__defaults__ or f.__kwdefaults__:
        yield lambda: None if (found := reference()) is None else (found.__defaults__, found.__kwdefaults__)


def _loads(code: CodeType) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield each outside name that code reads, with the attributes taken of it: ``config.scale``."""
    instructions = list(dis.get_instructions(code))
    for i, instruction in enumerate(instructions):
        is_cell = instruction.opname in _LOAD_CELLS
        if not is_cell and instruction.opname not in _LOAD_NAMES:
            continue
        found: list[str] = []
        for following in instructions[i + 1 :]:
            if following.opname not in _LOAD_ATTRIBUTES:
                break
            found.append(following.argval)
        yield instruction.argval, tuple(found), is_cell
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            for name, attributes, is_cell in _loads(constant):
                if not is_cell:
                    yield name, attributes, is_cell


def _reader(
    reference: weakref.ref[FunctionType], name: str, cell: int | None, attributes: tuple[str, ...]
) -> Callable[[], Any]:
    def read() -> Any:
        f = reference()
        if f is None:
            return _MISSING
        try:
            value = f.__globals__.get(name, _MISSING) if cell is None else f.__closure__[cell].cell_contents  # type: ignore[index]
        except ValueError:  # an empty cell
            return _MISSING
        for attribute in attributes:
            if isinstance(value, ModuleType) and not _is_users_module(value):
                return value  # libraries do not change
            value = getattr(value, attribute, _MISSING)
        return value

    return read


def _is_users_module(module: ModuleType) -> bool:
    path = getattr(module, "__file__", None) or ""
    package = module.__name__.partition(".")[0]
    return "site-packages" not in path and package not in sys.stdlib_module_names and package != "multigrad"


def _copied(value: Any) -> Any:
    """Return what a value is compared with later: containers may change in place, and nothing large is kept alive."""
    if type(value) in _CONTAINERS:
        return type(value), [_copied(part) for part in _parts(value)]
    if isinstance(value, _PLAIN):
        return value
    if hasattr(value, "__func__") and hasattr(value, "__self__"):  # bound methods are made anew at each look
        return _copied(value.__func__), _copied(value.__self__)
    try:
        return weakref.ref(value)
    except TypeError:
        return value


def _same(value: Any, before: Any) -> bool:
    if type(value) in _CONTAINERS:
        return (
            isinstance(before, tuple)
            and before[0] is type(value)
            and len(before[1]) == len(value)
            and all(map(_same, _parts(value), before[1]))
        )
    if isinstance(value, _PLAIN):
        return type(value) is type(before) and (value == before or value != value)  # noqa: PLR0124 - NaN
    if hasattr(value, "__func__") and hasattr(value, "__self__"):
        return isinstance(before, tuple) and _same(value.__func__, before[0]) and _same(value.__self__, before[1])
    return value is (before() if isinstance(before, weakref.ref) else before)


def _parts(container: Any) -> Any:
    return container.items() if isinstance(container, dict) else container
