"""What a planted bug is, and how one is made of a function that changes a backend's members."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from multigrad._dtypes import dtype_name
from multigrad._errors import DetachedValueError
from multigrad._protocol import Backend, FlatFunction, Native, Natives, Pullback

Plant = Callable[[Backend], dict[str, Any]]


class Mutant(NamedTuple):
    """A way to be wrong.

    Attributes
    ----------
    name
        Short name.
    clauses
        Names of the clauses that must catch it, each on its own.
    plant
        Maps a right backend to its mutated members, by name.
    capability
        Protocol that the right backend must satisfy for the bug to be planted, or None.
    """

    name: str
    clauses: tuple[str, ...]
    plant: Plant
    capability: type | None = None

    def of(self, backend: Backend) -> Backend:
        """Return the backend with the bug."""
        return _Mutated(backend, self.plant(backend))  # type: ignore[return-value]


class _Mutated:
    """A backend's members, some of them replaced or added."""

    name: str
    xp: Any

    def __init__(self, right: Backend, members: dict[str, Any]) -> None:
        # Members of its own, not __getattr__: isinstance on a protocol looks without calling that.
        for name in dir(right):
            if not name.startswith("_"):
                setattr(self, name, getattr(right, name))
        for name, member in members.items():
            setattr(self, name, member)


def mutant(*clauses: str, capability: type | None = None) -> Callable[[Plant], Mutant]:
    """Make a mutant that these clauses must catch of a function; it takes the function's name."""
    return lambda plant: Mutant(plant.__name__, clauses, plant, capability)


def in_the_pullback(change: Callable[[Backend, Pullback, Natives, Natives], Natives]) -> Plant:
    """Plant a bug that only concerns what the pullback makes of the cotangents."""

    @functools.wraps(change)
    def plant(right: Backend) -> dict[str, Any]:
        def vjp(f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
            outputs, pullback, aux = right.vjp(f, primals, reusable=reusable)
            return outputs, lambda cotangents: change(right, pullback, primals, cotangents), aux

        return {"vjp": vjp}

    return plant


def stopped(right: Backend, arrays: Natives) -> Natives:
    """Return arrays as constants of every derivative."""
    return tuple(right.stop_gradient(x) for x in arrays)  # type: ignore[attr-defined]


def cast(right: Backend, x: Native, source: str, target: str) -> Native:
    return right.xp.astype(x, getattr(right.xp, target)) if dtype_name(x.dtype) == source else x


def scaled(right: Backend, arrays: Natives, factor: float) -> Natives:
    return arrays if factor == 1.0 else tuple(right.xp.multiply(x, factor) for x in arrays)


def all_zero(right: Backend, x: Native) -> bool:
    try:
        return not np.any(right.to_numpy(x))
    except DetachedValueError:  # inside another derivative
        return False
