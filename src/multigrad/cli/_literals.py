"""The arguments of the user's function: literals, files, and random numbers."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

# What a random argument becomes among the others, whose order it keeps; no literal begins like this.
RANDOM = "--random="


class UsageError(Exception):
    """The command was called in a way that makes no sense."""


def is_literal(word: str) -> bool:
    """Tell whether a word is a Python literal: -1e-3 looks like an option."""
    try:
        ast.literal_eval(word)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True


def arguments(words: Sequence[str], seed: int) -> list[Any]:
    """Return the arguments that words on the command line stand for.

    Parameters
    ----------
    words
        Python literals, in which a list becomes an array of float64; names of .npy and .npz files; `RANDOM` followed by
        a shape such as ``3,4``.
    seed
        Of the random arguments.

    Raises
    ------
    UsageError
        If a word is none of these.
    """
    generator = np.random.default_rng(seed)
    return [_argument(word, generator) for word in words]


def _argument(word: str, generator: np.random.Generator) -> Any:
    if word.startswith(RANDOM):
        return _random(word.removeprefix(RANDOM), generator)
    file, _, member = word.partition(".npz:")
    if member:
        return _loaded(f"{file}.npz", member)
    if word.endswith((".npy", ".npz")):
        return _loaded(word, None)
    try:
        return _with_arrays(ast.literal_eval(word.strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise UsageError(
            f"Expected every ARG to be a Python literal such as 2.0, '[1, 2]' or \"{{'w': [1, 2]}}\", a .npy or .npz "
            f"file, or --random SHAPE, got {word!r}: {_reason(error)}. Quote it for the shell if it has spaces or "
            "brackets."
        ) from error


def _reason(error: Exception) -> str:
    """Return why a word is no literal; `ast` names objects of its own."""
    if isinstance(error, SyntaxError):
        return str(error.msg)
    return "names and calls are not evaluated" if "malformed node" in str(error) else str(error)


def _random(shape: str, generator: np.random.Generator) -> np.ndarray:
    sizes = shape.strip("()[] ").rstrip(",")
    try:
        if not shape.strip():
            raise ValueError("nothing follows")
        lengths = [int(size) for size in sizes.split(",")] if sizes else []
        if min(lengths, default=0) < 0:
            raise ValueError("a length is negative")
    except ValueError as error:
        raise UsageError(
            f"Expected --random to be followed by a shape such as 3,4 or () for a number, got {shape!r}: {error}."
        ) from error
    return np.asarray(generator.standard_normal(lengths))


def _loaded(name: str, member: str | None) -> Any:
    if not pathlib.Path(name).is_file():
        raise UsageError(
            f"Expected {name!r} to be a file, and there is none; the current directory is {pathlib.Path.cwd()}."
        )
    try:
        found = np.load(name, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise UsageError(
            f"Expected {name!r} to hold arrays as written by numpy.save or numpy.savez: {error}"
        ) from error
    if isinstance(found, np.ndarray):
        return found
    with found:
        if member is None:
            return {key: found[key] for key in found.files}
        if member not in found.files:
            raise UsageError(f"Expected one of {', '.join(found.files)} after {name}:, got {member!r}.")
        return found[member]


def _with_arrays(value: Any) -> Any:
    """Return a literal with every list of numbers as a float64 array."""
    if isinstance(value, dict):
        return {key: _with_arrays(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_with_arrays(part) for part in value)
    if not isinstance(value, list):
        return value
    found = np.asarray(value)
    if found.dtype.kind not in "biufc":
        raise ValueError("a list must hold numbers only, with rows of one length; a tuple may hold anything")
    return found if found.dtype.kind == "c" else found.astype(np.float64)
