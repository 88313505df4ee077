"""What f met that is no array of the backend on which it runs, found from an error's traceback.

Frameworks say only that an operand has the wrong type. People who close over a tensor, call a function of another
framework or pass a list need to hear which value that is and what to do; nobody pays for it before an error is raised.
"""

from __future__ import annotations

import dis
import pathlib
import re
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any

import numpy as np

from multigrad import _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._computation import Computation
from multigrad._errors import DetachedValueError, MixedBackendError

_OWN = str(pathlib.Path(__file__).parent)
_RAISE, _ASSIGN = "RAISE_VARARGS", "STORE_SUBSCR"
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
# A value by the way in which f's code spells it.
_Value = tuple[str, Any]


def advice(error: BaseException, computation: Computation) -> str | None:
    """Return what to do about an error of f that came from a value which is no array of its backend, or None.

    Parameters
    ----------
    error
        What f raised, with its traceback.
    computation
        What f ran under.
    """
    found = _users_frame(error.__traceback__)
    if found is None:
        return None
    values = list(_values(*found))
    if not _is_about(error, values):
        return None
    if isinstance(error, AttributeError):
        return _list(values, computation, error)
    if isinstance(error, DetachedValueError) and _operation(*found) == _ASSIGN:
        return _numpys_target(values)
    looks = (
        *(_array_from_elsewhere, _function_from_elsewhere, _numpys_function, _table, _list, _numpys_array),
        _frameworks_function,
    )
    return next(filter(None, (look(values, computation, error) for look in looks)), None)


def _users_frame(traceback: TracebackType | None) -> tuple[FrameType, int] | None:
    """Return the user's innermost frame and the instruction that failed there; None if that raised the error itself."""
    found = None
    while traceback is not None:
        # f itself, which comes first, may be installed like a library.
        own = traceback.tb_frame.f_code.co_filename.startswith(_OWN)
        if not own and (found is None or not _is_library(traceback.tb_frame)):
            found = traceback
        traceback = traceback.tb_next
    if found is None:
        return None
    raised = found.tb_next is None and _operation(found.tb_frame, found.tb_lasti) == _RAISE
    return None if raised else (found.tb_frame, found.tb_lasti)


def _operation(frame: FrameType, position: int) -> str:
    return dis.opname[frame.f_code.co_code[position]]


def _is_library(frame: FrameType) -> bool:
    file, package = frame.f_code.co_filename, str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return "site-packages" in file or "dist-packages" in file or package in sys.stdlib_module_names


def _is_about(error: BaseException, values: list[_Value]) -> bool:
    """Tell whether an error is about the values: it is of a kind that is, or names the type of one."""
    if isinstance(error, DetachedValueError | MixedBackendError):
        return True
    text = str(error)
    leaves = [leaf for path, value in values for _, leaf in ((path, value), *_arrays(path, value))]
    if "Array(" in text and any(isinstance(leaf, Array) for leaf in leaves):
        return True
    names = {type(leaf).__name__ for leaf in leaves}
    return "numpy" in text or any(re.search(rf"\b{re.escape(name)}\b", text) for name in names)


def _values(frame: FrameType, position: int) -> Iterator[_Value]:
    """Yield the named values in the expression that failed, as far as they can be read without running any code."""
    chain: _Value | None = None
    for instruction in _expression(frame.f_code, position):
        names = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
        if not instruction.opname.startswith("LOAD_") or not all(isinstance(name, str) for name in names):
            last, chain = chain, None
            if last is not None:
                yield last
            continue
        for name in names:
            if instruction.opname in _ATTRIBUTES:
                if chain is not None:
                    chain = _attribute(chain, name)
                continue
            if chain is not None:
                yield chain
            chain = None if instruction.opname == "LOAD_CONST" else _named(frame, name)
    if chain is not None:
        yield chain


def _expression(code: CodeType, position: int) -> list[dis.Instruction]:
    """Return the instructions of the expression that the one at ``position`` evaluates."""
    instructions = [found for found in dis.get_instructions(code) if found.opname != "CACHE"]
    # A call's position may be that of a cache behind it.
    whole = [found.positions for found in instructions if found.offset <= position][-1]
    if whole is None or None in whole:
        return []  # Python runs with -X no_debug_ranges
    start, stop = (whole.lineno, whole.col_offset), (whole.end_lineno, whole.end_col_offset)
    return [
        found
        for found in instructions
        if found.positions is not None
        and None not in found.positions
        and start <= (found.positions.lineno, found.positions.col_offset)
        and (found.positions.end_lineno, found.positions.end_col_offset) <= stop
    ]


def _named(frame: FrameType, name: str) -> _Value | None:
    for scope in (frame.f_locals, frame.f_globals):
        if name in scope:
            return name, scope[name]
    return None


def _attribute(chain: _Value, name: str) -> _Value | None:
    """Return an attribute of a module or, if it is a plain one, of an object; else the object itself."""
    path, value = chain
    if isinstance(value, ModuleType):
        return (f"{path}.{name}", getattr(value, name)) if hasattr(value, name) else chain
    members = getattr(value, "__dict__", None)
    return (f"{path}.{name}", members[name]) if isinstance(members, dict) and name in members else chain


def _arrays(root: str, value: Any) -> Iterator[_Value]:
    if _registry.array_backend_name(value) is not None:
        yield root, value
        return
    leaves, structure = _tree.flatten(value)
    if len(leaves) != 1 or leaves[0] is not value:
        yield from zip(structure.paths(root), leaves, strict=True)


def _array_from_elsewhere(values: list[_Value], computation: Computation, error: BaseException) -> str | None:
    running = computation.backend.name
    for root, value in values:
        for path, leaf in _arrays(root, value):
            name = _registry.array_backend_name(leaf)
            if name not in (None, "numpy", running) and not isinstance(leaf, Array):
                return (
                    f"f runs on {running} here, and {path} is an array of {name}. Pass backend={name!r}, make {path} "
                    f"an argument of f, or move it with multigrad.asarray({path}, backend={running!r})."
                )
    return None


def _functions(values: list[_Value]) -> Iterator[tuple[str, str]]:
    """Yield the spelling and the framework of each function among the values that comes from one."""
    for path, value in values:
        if callable(value) and not isinstance(value, Array):
            name = _registry.framework_with(value)
            if name is not None:
                yield path, name


def _function_from_elsewhere(values: list[_Value], computation: Computation, error: BaseException) -> str | None:
    running = computation.backend.name
    for path, name in _functions(values):
        if name not in (running, "numpy"):
            return (
                f"f runs on {running} here, and {path} is a function of {name}. Pass backend={name!r}, or call a "
                "function of xp, which works on every backend."
            )
    return None


def _numpys_function(values: list[_Value], computation: Computation, error: BaseException) -> str | None:
    path = next((path for path, name in _functions(values) if name == "numpy"), None)
    if path is None:
        return None
    if isinstance(error, DetachedValueError):
        made = str(error).startswith("np.asarray(x)")  # all others say what to do
        way = "xp.stack([a, b]) and xp.asarray([a, b]) make one of values that are being differentiated."
        return f"{path} makes an array of numpy. {way}" if made else None
    if computation.cls._is_native(np.zeros(())):
        return None  # its own functions
    return f"f runs on {computation.backend.name} here, and {path} is a function of numpy. Call a function of xp."


def _table(values: list[_Value], computation: Computation, error: BaseException) -> str | None:
    for path, value in values:
        if _leaves.is_table(value):
            return f"{path} is a {_leaves.kind(value)}, no array. Use {path}.to_numpy() in its place."
    return None


def _list(values: list[_Value], computation: Computation, error: BaseException) -> str | None:
    text = str(error)
    for path, value in values:
        kind = type(value).__name__
        if type(value) in (list, tuple) and (kind in text or text.startswith("operator.index(x)")):
            return (
                f"{path} is a {kind}, a container of separate values and no array. Pass np.asarray({path}) to get one, "
                f"or make one inside f with xp.asarray({path})."
            )
    return None


def _numpys_array(values: list[_Value], computation: Computation, error: BaseException) -> str | None:
    running = computation.backend.name
    for path, value in values:
        if isinstance(value, np.ndarray | np.generic) and not computation.cls._is_native(value):
            return f"{path} is an array of numpy, which met one of {running}. Wrap it: xp.asarray({path})."
    return None


def _numpys_target(values: list[_Value]) -> str | None:
    for path, value in values:
        if isinstance(value, np.ndarray):
            return (
                f"{path} is an array of numpy, which cannot hold a value that is being differentiated. Assign to an "
                f"array of xp: one made with xp.zeros, or xp.asarray({path}, copy=True)."
            )
    return None


def _frameworks_function(values: list[_Value], computation: Computation, error: BaseException) -> str | None:
    running = computation.backend.name
    path = next((path for path, name in _functions(values) if name == running), None)
    if path is None or computation.form != "standard":
        return None
    return (
        f"{path} is a function of {running} that takes no standard arrays. Give it x.native, or run the whole function "
        'with arrays="native".'
    )
