"""What a function reads besides its arguments, as far as its code tells.

A framework that must find out whether a result depends on anything else has to walk the computation (torch: 0.7 µs an
operation, a tenth of a small gradient). For a function that names nothing but its arguments and libraries the answer is
known beforehand.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from multigrad.array_api._dispatch import xp

_LIBRARIES = frozenset(("array_api_compat", "jax", "math", "multigrad", "numpy", "tensorflow", "torch"))
_IMPORT = dis.opmap["IMPORT_NAME"]
# Built-in functions through which anything can be read.
_DOORS = frozenset(("__import__", "eval", "exec", "getattr", "globals", "locals", "vars"))
_NUMBERS = frozenset((bool, int, float, complex))
_MOST = 8  # functions that are looked into: beyond, walking the computation is as quick


class SelfContained:
    """Whether a function reads only its arguments, library modules, numbers, and functions of which the same is true.

    Parameters
    ----------
    f
        Any callable; only a plain function without closure and default values can be self-contained.
    """

    __slots__ = ("_code", "_f", "_names")

    def __init__(self, f: Callable[..., Any]) -> None:
        self._f = f
        self._code: CodeType | None = getattr(f, "__code__", None)
        self._names = _names_of(self._code) if isinstance(self._code, CodeType) else frozenset()

    def __bool__(self) -> bool:
        # Asked at every call: a global may be bound anew at any time.
        f = self._f
        return type(f) is FunctionType and f.__code__ is self._code and _reads_nothing(f, self._names, [])


def _reads_nothing(f: FunctionType, names: frozenset[str], seen: list[FunctionType]) -> bool:
    if f.__closure__ or f.__defaults__ or f.__kwdefaults__ or len(seen) == _MOST:
        return False
    seen.append(f)
    scope = f.__globals__
    for name in names:
        if name not in scope:
            # An attribute, a built-in function, or an error.
            if name in _DOORS:
                return False
            continue
        value = scope[name]
        kind = type(value)
        if value is xp or kind in _NUMBERS:
            continue
        if kind is ModuleType:
            is_known = value.__name__.partition(".")[0] in _LIBRARIES
        elif kind is FunctionType and not value.__dict__:  # attributes of a function hold anything
            is_known = value in seen or _reads_nothing(value, _names_of(value.__code__), seen)
        else:
            is_known = False
        if not is_known:
            return False
    return True


def _names_of(code: CodeType) -> frozenset[str]:
    known = _known_names.get(id(code))
    if known is not None and known[0] is code:
        return known[1]
    if len(_known_names) >= _LIMIT:
        _known_names.clear()
    names = frozenset(_names(code))
    _known_names[id(code)] = code, names
    return names


# Operators that evaluate at once ask about the same few functions again and again; hashing code would take longer.
_known_names: dict[int, tuple[CodeType, frozenset[str]]] = {}
_LIMIT = 256


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of globals and attributes in a function's code and in the functions inside it."""
    yield from code.co_names
    # Every other byte is an instruction. An import statement reads any module, under a name that looks like another.
    if _IMPORT in code.co_code[::2]:
        yield "__import__"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
