"""Arrays that leave a compiled program inside an object that is no container: a function, or a class nobody registered.

The program is traced once. Such an object would hold the arrays of the trace for good, which have no values on JAX and
TensorFlow, and those of the first call on torch.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

from multigrad import _registry, _tree
from multigrad._array import Array

# Objects that are looked at: beyond, an object is no result but a world.
_MOST = 10_000


def holds(value: Any, is_wanted: Callable[[Any], bool]) -> bool:
    """Tell whether an object leads to an array of which ``is_wanted`` says so of its native array."""
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < _MOST:
        one = waiting.pop()
        if id(one) in seen or type(one) in _tree.PLAIN or isinstance(one, type | types.ModuleType):
            continue
        seen.add(id(one))
        if _registry.array_backend_name(one) is not None:
            if is_wanted(one.native if isinstance(one, Array) else one):
                return True
            continue
        waiting.extend(_parts(one))
    return False


def _parts(value: Any) -> Iterator[Any]:
    """Yield what an object consists of; not the globals of a function, which are not its own."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, types.CellType):
        try:
            yield value.cell_contents
        except ValueError:  # not assigned yet
            return
    elif isinstance(value, types.MethodType):
        yield from (value.__self__, value.__func__)
    else:
        yield getattr(value, "__dict__", None)
        for name in _own_names(value):
            yield getattr(value, name, None)


def _own_names(value: Any) -> Iterator[str]:
    """Yield the attributes that are not in an object's dict."""
    if isinstance(value, types.FunctionType):
        yield from ("__closure__", "__defaults__", "__kwdefaults__")
    elif isinstance(value, functools.partial):
        yield from ("func", "args", "keywords")
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
