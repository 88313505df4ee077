"""One backend's value and gradient, with the time that they take and the check of the gradient."""

from __future__ import annotations

import dataclasses
import pathlib
import re
import sysconfig
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from multigrad import _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._check import GradientCheck, check_gradient
from multigrad._compare._difference import Leaf, difference, numbers, numpy_tree
from multigrad._compare._row import Row
from multigrad._convert import stop_gradient
from multigrad._protocol import Backend, PrecisionSetting, SupportsMatmulPrecision, SupportsRecording
from multigrad._report import place
from multigrad._selection import Key, Selection, positional_names
from multigrad._transform import value_and_gradient

_Function = Callable[..., Any]
_PACKAGE, _INSTALLED = str(pathlib.Path(__file__).parents[1]), sysconfig.get_path("purelib")


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


def as_point(arg: Any) -> Any:
    """Return an argument whose arrays are numbers only, where a framework follows what becomes of them."""
    leaves, structure = _tree.flatten(arg, _leaves.expander(None))
    if not any(_is_recorded(leaf) for leaf in leaves):
        return arg
    return structure.unflatten([stop_gradient(leaf) if _is_recorded(leaf) else leaf for leaf in leaves])


def _is_recorded(leaf: Any) -> bool:
    name = _registry.array_backend_name(leaf)
    if name is None:
        return False
    owner = _registry.get_backend(name)
    native = leaf.native if isinstance(leaf, Array) else leaf
    return _registry.supports(owner, SupportsRecording) and owner.is_recorded(native)  # type: ignore[attr-defined]


def chosen(f: _Function, args: tuple[Any, ...], choice: Choice) -> tuple[Key, ...]:
    """Return the differentiated arguments: positions and keywords."""
    return Selection(choice.argnums, choice.argnames).locate(f, args, {})[0]


def argument_names(f: _Function, count: int) -> list[str]:
    """Return the names of the first arguments of f, as in the paths of leaves."""
    names = positional_names(f)
    return [names[i] if i < len(names) else f"args[{i}]" for i in range(count)]


def answer(
    name: str,
    backend: Backend,
    f: _Function,
    args: tuple[Any, ...],
    choice: Choice,
    *,
    names: Sequence[str] | None = None,
) -> Row:
    """Return one backend's row, compared with no other one; what is raised becomes part of it.

    Parameters
    ----------
    name, backend, f, args, choice
        What is computed, where, and how the row is called.
    names
        The arguments' names in the paths of the gradient's leaves; None takes those of f's parameters.
    """
    row = Row(name, backend.name, precision=_precision(backend, choice.device))
    solve = value_and_gradient(f, **choice.keywords(), backend=backend, compile=choice.compiled)
    try:
        value, gradient, seconds = _timed(solve, args)
        seconds_again = _timed(solve, args)[2]
    except Exception as error:  # one backend's failure is a finding, whatever it is
        check = _checked(f, args, backend, choice)
        return dataclasses.replace(
            row, error=_said(error, choice.arrays), check=check if isinstance(check, GradientCheck) else None
        )
    check = _checked(f, args, backend, choice)
    answered = dataclasses.replace(
        row,
        value=numpy_tree(value),
        gradient=numpy_tree(gradient),
        value_leaves=tuple(numbers(value, "value")),
        gradient_leaves=tuple(_gradient_leaves(f, args, choice, gradient, names or argument_names(f, len(args)))),
        seconds=seconds,
        seconds_again=seconds_again,
    )
    if isinstance(check, GradientCheck):
        return dataclasses.replace(answered, check=check, localization=check.localization)
    return dataclasses.replace(answered, error=f"check_gradient: {_said(check, choice.arrays)}")


def _said(error: Exception, arrays: str) -> str:
    """Return an error in words, with what helps where a framework's function was given a standard array."""
    # The numbers of a whole weight matrix would hide what is said about it.
    text = re.sub(r"\b(Array|tensor)\(\[.*?\](, dtype=[^()]*)?\)", r"\1(...)", str(error), flags=re.DOTALL)
    text += _place(error)
    ours = [note for note in getattr(error, "__notes__", ()) if note.startswith("multigrad")]
    text = "\n    ".join((f"{type(error).__name__}: {text}", *ours))
    if arrays == "standard" and isinstance(error, TypeError) and re.search(r"\bArray\b", text):
        text += "\n    " + 'arrays="native" gives f the framework\'s own arrays instead of multigrad.Array.'
    return text


def _place(error: Exception) -> str:
    """Return the line of the user's that raised an error, if there is one."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((_PACKAGE, _INSTALLED, "<frozen"))
    ]
    return f" ({place(frames[-1].filename, frames[-1].lineno or 0)}: {frames[-1].line})" if frames else ""


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


def _gradient_leaves(
    f: _Function, args: tuple[Any, ...], choice: Choice, gradient: Any, names: Sequence[str]
) -> Iterator[Leaf]:
    """Yield the leaves of a gradient with the arguments' names in their paths."""
    keys = chosen(f, args, choice)
    for key, tree in zip(keys, _parts(choice, len(keys), gradient), strict=True):
        yield from numbers(tree, key if isinstance(key, str) else names[key])


def with_leaves(choice: Choice, count: int, gradient: Any, leaves: Sequence[Leaf]) -> Any:
    """Return a gradient in count arguments with other arrays in it, in the order of a row's leaves."""
    rest = iter(leaves)
    parts = []
    for tree in _parts(choice, count, gradient):
        found, structure = _tree.flatten(tree, _leaves.expander(None))
        parts.append(structure.unflatten([next(rest).array if isinstance(x, np.ndarray) else x for x in found]))
    return Selection(choice.argnums, choice.argnames).arrange(parts)


def _parts(choice: Choice, count: int, gradient: Any) -> Iterator[Any]:
    """Yield each chosen argument's gradient, in the order of `chosen`: the inverse of `Selection.arrange`."""
    yield from _spotted(Selection(choice.argnums, choice.argnames).arrange([_SPOT] * count), gradient)


_SPOT = object()  # where in the structure of the result an argument's gradient is


def _spotted(spots: Any, gradient: Any) -> Iterator[Any]:
    if spots is _SPOT:
        yield gradient
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
