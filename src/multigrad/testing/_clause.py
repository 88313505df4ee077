"""One clause of the kit: what it requires of a backend, and the check."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from multigrad._computation import use_backend
from multigrad._protocol import Backend, SupportsGradient
from multigrad.testing._case import Case
from multigrad.testing._standing_in import standing_in

# What the clauses are about, in the order in which they run.
GROUPS = ("contract", "operators", "convention")


class Clause(NamedTuple):
    """One requirement on a backend.

    Attributes
    ----------
    name
        What to exclude it by: a short name, or ``family: member`` where many clauses are of one kind, such as
        ``"hessian: vector to scalar"`` and ``"convention: sqrt at 0.0"``.
    law
        Number of the law of `multigrad.extend.Backend.vjp` that it belongs to; 0 for everything else.
    requirement
        What must hold, in one sentence.
    check
        Takes the backend and a tolerance (None for a few roundings); raises AssertionError if the clause does not hold.
    capability
        Protocol that the backend must satisfy for the clause to apply, or None.
    group
        ``"contract"``, ``"operators"`` or ``"convention"``.
    """

    name: str
    law: int
    requirement: str
    check: Callable[[Backend, float | None], None]
    capability: Any = None
    group: str = "contract"

    @property
    def family(self) -> str:
        """The name without the member."""
        return self.name.partition(":")[0]

    @property
    def needs(self) -> str:
        """Name of the capability."""
        return getattr(self.capability, "__name__", str(self.capability)).replace("multigrad._protocol.", "")

    def applies_to(self, backend: Backend) -> bool:
        """Tell whether the backend offers what this clause is about."""
        return self.capability is None or isinstance(backend, self.capability)

    def run(self, backend: Backend, *, rtol: float | None = None) -> None:
        """Check this clause on a backend; raise AssertionError, or what the backend raised, if it does not hold."""
        with standing_in(backend):
            self.check(backend, rtol)


def clause(law: int, requirement: str, capability: type | None = None) -> Callable[[Callable[[Case], None]], Clause]:
    """Make a clause on the protocol of a check of a `Case`; it takes the function's name."""

    def make(check: Callable[[Case], None]) -> Clause:
        return Clause(check.__name__, law, requirement, functools.partial(_in_double, check), capability)

    return make


def _in_double(check: Callable[[Case], None], backend: Backend, rtol: float | None) -> None:
    # JAX drops to 32 bits outside its scoped 64-bit mode, which use_backend opens.
    with use_backend(backend, dtype="float64"):
        check(Case(backend, rtol))
        if isinstance(backend, SupportsGradient):
            check(Case(backend, rtol, direct=True))
