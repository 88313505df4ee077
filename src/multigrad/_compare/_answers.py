"""One backend's value and gradient, with the time that they take and the check of the gradient."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from multigrad import _registry
from multigrad._check import GradientCheck, check_gradient
from multigrad._compare._difference import Leaf, difference, numbers, numpy_tree
from multigrad._compare._row import Row
from multigrad._protocol import Backend, PrecisionSetting, SupportsMatmulPrecision
from multigrad._selection import Key, Selection, positional_names
from multigrad._transform import value_and_gradient

_Function = Callable[..., Any]


class Choice(NamedTuple):
    """What is asked of every backend.

    Attributes
    ----------
    argnums, argnames, dtype, device, arrays
        As for `gradient`.
    compiled
        Whether the answer comes from a compiled program.
    seed
        Of random directions.
    """

    argnums: Any
    argnames: Any
    dtype: Any
    device: Any
    arrays: str
    compiled: bool
    seed: int

    def keywords(self) -> dict[str, Any]:
        """Return the options of `gradient`, but for the backend."""
        names = ("argnums", "argnames", "dtype", "device", "arrays")
        return {name: getattr(self, name) for name in names}


def chosen(f: _Function, args: tuple[Any, ...], choice: Choice) -> tuple[Key, ...]:
    """Return the differentiated arguments: positions and keywords."""
    return Selection(choice.argnums, choice.argnames).locate(f, args, {})[0]


def argument_names(f: _Function, count: int) -> list[str]:
    """Return the names of the first arguments of f, as in the paths of leaves."""
    names = positional_names(f)
    return [names[i] if i < len(names) else f"args[{i}]" for i in range(count)]


def answer(name: str, backend: Backend, f: _Function, args: tuple[Any, ...], choice: Choice) -> Row:
    """Return one backend's row, compared with no other one; what is raised becomes part of it."""
    row = Row(name, backend.name, precision=_precision(backend, choice.device))
    solve = value_and_gradient(f, **choice.keywords(), backend=backend, compile=choice.compiled)
    try:
        value, gradient, seconds = _timed(solve, args)
        seconds_again = _timed(solve, args)[2]
    except Exception as error:  # one backend's failure is a finding, whatever it is
        check = _checked(f, args, backend, choice)
        return dataclasses.replace(
            row, error=f"{type(error).__name__}: {error}", check=check if isinstance(check, GradientCheck) else None
        )
    check = _checked(f, args, backend, choice)
    answered = dataclasses.replace(
        row,
        value=numpy_tree(value),
        gradient=numpy_tree(gradient),
        value_leaves=tuple(numbers(value, "value")),
        gradient_leaves=tuple(_gradient_leaves(f, args, choice, gradient)),
        seconds=seconds,
        seconds_again=seconds_again,
    )
    if isinstance(check, GradientCheck):
        return dataclasses.replace(answered, check=check, localization=check.localization)
    return dataclasses.replace(answered, error=f"check_gradient: {type(check).__name__}: {check}")


def _timed(solve: _Function, args: tuple[Any, ...]) -> tuple[Any, Any, float]:
    start = time.perf_counter()
    value, gradient = solve(*args)
    numpy_tree((value, gradient))  # frameworks that compute in the background have the numbers by then
    return value, gradient, time.perf_counter() - start


def _checked(f: _Function, args: tuple[Any, ...], backend: Backend, choice: Choice) -> GradientCheck | Exception:
    try:
        return check_gradient(
            f, *args, **choice.keywords(), backend=backend, compiled=choice.compiled, seed=choice.seed
        )
    except Exception as error:  # a finding, as above
        return error


def _precision(backend: Backend, device: Any) -> tuple[PrecisionSetting, ...]:
    if not _registry.supports(backend, SupportsMatmulPrecision):
        return ()
    kind = backend.devices()[0] if device is None else str(device)
    settings: tuple[PrecisionSetting, ...] = backend.matmul_precision(kind)  # type: ignore[attr-defined]
    return settings


def _gradient_leaves(f: _Function, args: tuple[Any, ...], choice: Choice, gradient: Any) -> Iterator[Leaf]:
    """Yield the leaves of a gradient with the arguments' names in their paths."""
    keys, names = chosen(f, args, choice), argument_names(f, len(args))
    selection = Selection(choice.argnums, choice.argnames)
    # Where in the structure of the result each argument's gradient is: the inverse of `Selection.arrange`.
    spots = selection.arrange([_Spot(i) for i in range(len(keys))])
    for spot, tree in _spotted(spots, gradient):
        key = keys[spot.number]
        yield from numbers(tree, key if isinstance(key, str) else names[key])


class _Spot(NamedTuple):
    number: int


def _spotted(spots: Any, gradient: Any) -> Iterator[tuple[_Spot, Any]]:
    if isinstance(spots, _Spot):
        yield spots, gradient
    elif isinstance(spots, dict):
        for name, inner in spots.items():
            yield from _spotted(inner, gradient[name])
    else:
        for inner, part in zip(spots, gradient, strict=True):
            yield from _spotted(inner, part)


def compared(row: Row, reference: Row) -> Row:
    """Return a row with its differences from another one."""
    if not row.answered or not reference.answered or row is reference:
        return row
    return dataclasses.replace(
        row,
        value_difference=difference(row.value_leaves, reference.value_leaves, "value"),
        gradient_difference=difference(row.gradient_leaves, reference.gradient_leaves, "gradient"),
        reference=reference.name,
    )
