"""The arrays that a function reads from its surroundings, and the same function reading others in their place.

A derivative rule that must know what a branch closes over cannot ask the framework: a tape knows values, not variables.
Python does know: they are in the function's cells, default values and globals.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from multigrad import _leaves, _registry, _tree

_Function = Callable[..., Any]
_Replace = Callable[[Any], Any]


def closed_over(f: _Function) -> list[Any]:
    """Return the arrays that a function reads besides its arguments, each object once.

    They are found in closures (of inner functions too), default values, the object of a method, `functools.partial`,
    and globals that the code names, also inside containers; not in the globals of functions that it calls, not in
    decorated functions, and not in objects of classes that nobody registered as containers.
    """
    found: dict[int, Any] = {}

    def note(array: Any) -> Any:
        return found.setdefault(id(array), array)

    _rebound(f, note, {})
    return list(found.values())


def reading(f: _Function, others: dict[int, Any]) -> _Function:
    """Return f with other arrays in place of some that it closes over, by the ``id`` of the old ones; f stays."""
    rebound: _Function = _rebound(f, lambda array: others.get(id(array), array), {})
    return rebound


def _rebound(value: Any, replace: _Replace, seen: dict[int, Any]) -> Any:
    """Return a value with its arrays replaced: the same object where nothing changes."""
    if type(value) in _tree.PLAIN or isinstance(value, type | types.ModuleType):
        return value
    if _registry.array_backend_name(value) is not None:
        return replace(value)
    if isinstance(value, types.FunctionType):
        return _function(value, replace, seen)
    if isinstance(value, types.MethodType):
        owner, function = value.__self__, value.__func__
        other, called = _rebound(owner, replace, seen), _rebound(function, replace, seen)
        return value if other is owner and called is function else types.MethodType(called, other)
    if isinstance(value, functools.partial):
        parts = (value.func, value.args, value.keywords)
        func, args, keywords = others = tuple(_rebound(part, replace, seen) for part in parts)
        return value if _are_same(parts, others) else functools.partial(func, *args, **keywords)
    return _container(value, replace, seen)


def _container(value: Any, replace: _Replace, seen: dict[int, Any]) -> Any:
    leaves, structure = _tree.flatten(value, _leaves.expander(None))
    if len(leaves) == 1 and leaves[0] is value:
        return value
    new = [_rebound(leaf, replace, seen) for leaf in leaves]
    return value if _are_same(leaves, new) else structure.unflatten(new)


def _are_same(ones: Sequence[Any], others: Sequence[Any]) -> bool:
    return all(one is other for one, other in zip(ones, others, strict=True))


def _function(f: types.FunctionType, replace: _Replace, seen: dict[int, Any]) -> Any:
    # A decorated function may remember, or have compiled, what it reads.
    if id(f) in seen or hasattr(f, "__wrapped__") or (f.__module__ or "").partition(".")[0] == "multigrad":
        return seen.get(id(f), f)
    seen[id(f)] = f  # a function that calls itself is met again on the way
    cells = f.__closure__ or ()
    parts = (f.__defaults__, f.__kwdefaults__, f.__globals__, *cells)
    defaults, kwdefaults, scope, *others = new = (
        _rebound(f.__defaults__, replace, seen),
        _rebound(f.__kwdefaults__, replace, seen),
        _scope(f, replace),
        *(_cell(cell, replace, seen) for cell in cells),
    )
    if _are_same(parts, new):
        return f
    seen[id(f)] = rebound = types.FunctionType(f.__code__, scope, f.__name__, defaults, tuple(others))
    rebound.__kwdefaults__ = kwdefaults
    rebound.__dict__.update(f.__dict__)
    return rebound


def _cell(cell: types.CellType, replace: _Replace, seen: dict[int, Any]) -> types.CellType:
    try:
        old = cell.cell_contents
    except ValueError:  # not assigned yet
        return cell
    new = _rebound(old, replace, seen)
    return cell if new is old else types.CellType(new)


def _scope(f: types.FunctionType, replace: _Replace) -> dict[str, Any]:
    """Return the globals of a function; functions among them are libraries more often than not, and stay."""
    scope = f.__globals__
    changed = {}
    for name in _names(f.__code__):
        old = scope.get(name)
        if old is not None and not callable(old) and (new := _rebound(old, replace, {})) is not old:
            changed[name] = new
    return {**scope, **changed} if changed else scope


def _names(code: types.CodeType) -> Iterator[str]:
    """Yield the names of globals in a function's code and in the functions inside it; attributes are among them."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
