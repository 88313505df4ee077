"""Which arguments are differentiated: argnums and argnames, bound to a function's signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multigrad._errors import ArgumentSelectionError

# An argument's place in a call: its position, or its keyword.
Key = int | str


class Selection:
    """The arguments chosen by argnums and argnames.

    Both None means ``argnums=0``. Names alone select only those.
    """

    __slots__ = ("_names", "_numbers", "argnames", "argnums", "positions")

    def __init__(self, argnums: int | Sequence[int] | None, argnames: str | Sequence[str] | None) -> None:
        if argnums is None and argnames is None:
            argnums = 0
        self.argnums = argnums
        self.argnames = argnames
        self._numbers = _checked("argnums", argnums, int)
        self._names = _checked("argnames", argnames, str)
        # The chosen positions where they are the same for every call, else empty.
        self.positions: tuple[int, ...] = self._numbers if argnames is None and min(self._numbers) >= 0 else ()

    def locate(
        self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Key, ...], dict[str, Any]]:
        """Return the chosen arguments' places in this call, and its keywords (with a chosen default filled in)."""
        if self.positions and max(self.positions) < len(args):
            return self.positions, kwargs
        parameters = _parameters(f)
        keys: list[Key] = []
        for number in self._numbers:
            key, kwargs = _place_of_number(number, parameters, args, kwargs, self.argnums)
            keys.append(key)
        for name in self._names:
            key, kwargs = _place_of_name(name, parameters, args, kwargs)
            keys.append(key)
        if len(set(keys)) < len(keys):
            raise ArgumentSelectionError(
                f"Expected each argument once, got argnums={self.argnums!r} and argnames={self.argnames!r}, which "
                "select one argument twice: it is repeated."
            )
        return tuple(keys), kwargs

    @property
    def is_single(self) -> bool:
        """Whether argnums is one position, whose result stands alone."""
        return isinstance(self.argnums, int | np.integer)

    def arrange(self, results: Sequence[Any]) -> Any:
        """Return one result per chosen argument in the structure that argnums and argnames ask for."""
        count = len(self._numbers)
        by_position = results[0] if self.is_single else tuple(results[:count])
        if self.argnames is None:
            return by_position
        named = results[count:]
        by_name = named[0] if isinstance(self.argnames, str) else dict(zip(self._names, named, strict=True))
        return by_name if self.argnums is None else (by_position, by_name)


def _checked(word: str, value: Any, kind: type) -> tuple[Any, ...]:
    if value is None:
        return ()
    chosen: tuple[Any, ...] = (
        (value,) if isinstance(value, kind | str) else tuple(value) if isinstance(value, tuple | list) else (value,)
    )
    if kind is int:  # NumPy's integers are as good
        chosen = tuple(int(one) if isinstance(one, np.integer) else one for one in chosen)
    what = "an integer or a tuple of integers" if kind is int else "a name or a tuple of names"
    if not all(isinstance(one, kind) and not isinstance(one, bool) for one in chosen):
        raise ArgumentSelectionError(f"Expected {what} for {word}, got {word}={value!r}.")
    if len(set(chosen)) < len(chosen):
        raise ArgumentSelectionError(f"Expected each argument once, got {word}={value!r}, one of them repeated.")
    if not chosen:
        raise ArgumentSelectionError(f"Expected at least one argument, got {word}={value!r}; nothing to differentiate.")
    return chosen


def _parameters(f: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(f).parameters)
    except (TypeError, ValueError):  # some built-in functions have none
        return {}


def positional_names(f: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters that can be given by position."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [name for name, parameter in _parameters(f).items() if parameter.kind in kinds]


def _positional(parameters: dict[str, inspect.Parameter]) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [name for name, parameter in parameters.items() if parameter.kind in kinds]


def _place_of_number(
    number: int, parameters: dict[str, inspect.Parameter], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Any
) -> tuple[Key, dict[str, Any]]:
    names = _positional(parameters)
    count = max(len(args), len(names))
    position = number + count if number < 0 else number
    if 0 <= position < len(args):
        return position, kwargs
    if 0 <= position < len(names):
        name = names[position]
        if name in kwargs:
            return name, kwargs
        default = parameters[name].default
        if default is not inspect.Parameter.empty and parameters[name].kind is not inspect.Parameter.POSITIONAL_ONLY:
            return name, {**kwargs, name: default}
    given = f"{len(args)} positional argument{'' if len(args) == 1 else 's'}"
    raise ArgumentSelectionError(
        f"argnums={argnums!r} is out of range: the function was called with {given}"
        + (f" and {', '.join(kwargs)} by name" if kwargs else "")
        + (f"; its parameters are {', '.join(parameters)}." if parameters else ".")
    )


def _place_of_name(
    name: str, parameters: dict[str, inspect.Parameter], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Key, dict[str, Any]]:
    if name in kwargs:
        return name, kwargs
    names = _positional(parameters)
    if name in names and names.index(name) < len(args):
        return names.index(name), kwargs
    if name in parameters and parameters[name].default is not inspect.Parameter.empty:
        return name, {**kwargs, name: parameters[name].default}
    raise ArgumentSelectionError(
        f"argnames={name!r} names no argument of this call"
        + (f"; the function's parameters are {', '.join(parameters)}." if parameters else ".")
    )
