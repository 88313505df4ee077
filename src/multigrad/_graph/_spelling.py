"""How an operation is written: its call as Python code, with names in place of the arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from multigrad import _dtypes

# Dunder name without underscores: the standard's name of the operation, and the sign.
BINARY = {
    "add": ("add", "+"),
    "sub": ("subtract", "-"),
    "mul": ("multiply", "*"),
    "truediv": ("divide", "/"),
    "floordiv": ("floor_divide", "//"),
    "mod": ("remainder", "%"),
    "pow": ("pow", "**"),
    "matmul": ("matmul", "@"),
    "and": ("bitwise_and", "&"),
    "or": ("bitwise_or", "|"),
    "xor": ("bitwise_xor", "^"),
    "lshift": ("bitwise_left_shift", "<<"),
    "rshift": ("bitwise_right_shift", ">>"),
}
COMPARISONS = {
    "eq": ("equal", "=="),
    "ne": ("not_equal", "!="),
    "lt": ("less", "<"),
    "le": ("less_equal", "<="),
    "gt": ("greater", ">"),
    "ge": ("greater_equal", ">="),
}
UNARY = {"neg": ("negative", "-"), "pos": ("positive", "+"), "abs": ("abs", "abs"), "invert": ("bitwise_invert", "~")}

_SIGNS = dict(BINARY.values()) | dict(COMPARISONS.values())
_PREFIXES = {name: sign for name, sign in UNARY.values() if name != "abs"}
# A literal longer than this says nothing in a line of a listing.
_LONGEST = 30


class Slot(NamedTuple):
    """Stands for an array among an operation's arguments: the input at this position."""

    position: int


class _Name:
    """A text whose repr is the text, to be shown inside containers."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def spelled(operation: str, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], names: list[str]) -> str:
    """Return an operation as code, such as ``x ** 2`` or ``sum(u1, axis=0)``."""
    texts = [_text(arg, names) for arg in args]
    if operation == "getitem":
        return f"{texts[0]}[{_index(args[1], names)}]"
    if operation == "setitem":
        return f"{texts[0]} with [{_index(args[1], names)}] = {texts[2]}"
    if kind == "operator" and operation in _SIGNS and len(texts) == 2:
        return f"{texts[0]} {_SIGNS[operation]} {texts[1]}"
    if kind == "operator" and operation in _PREFIXES and len(texts) == 1:
        return f"{_PREFIXES[operation]}{texts[0]}"
    options = [f"{name}={_text(value, names)}" for name, value in kwargs.items() if value is not None]
    if kind == "method":
        return f"{texts[0]}.{operation}({', '.join(texts[1:] + options)})"
    return f"{operation}({', '.join(texts + options)})"


def _text(value: Any, names: list[str]) -> str:
    if not isinstance(value, int | float | str | None) and _dtypes.is_dtype(value):
        return _dtypes.dtype_name(value)
    text = " ".join(repr(substituted(value, lambda slot: _Name(names[slot.position]))).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _index(key: Any, names: list[str]) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join(_slice(part, names) if isinstance(part, slice) else _part(part, names) for part in parts)


def _part(part: Any, names: list[str]) -> str:
    return "..." if part is Ellipsis else _text(part, names)


def _slice(part: slice, names: list[str]) -> str:
    ends = [part.start, part.stop] if part.step is None else [part.start, part.stop, part.step]
    return ":".join("" if end is None else _text(end, names) for end in ends)


def substituted(tree: Any, replace: Callable[[Slot], Any]) -> Any:
    """Return lists, tuples and dicts with something else in place of each slot."""
    if type(tree) is Slot:
        return replace(tree)
    if isinstance(tree, dict):
        return {key: substituted(value, replace) for key, value in tree.items()}
    if isinstance(tree, list | tuple) and tree:
        parts = [substituted(part, replace) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return tree
