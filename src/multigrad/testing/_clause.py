"""One clause of the protocol: what it requires, and the check."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from multigrad._computation import use_backend
from multigrad._protocol import Backend, SupportsGradient
from multigrad.testing._case import Case


class Clause(NamedTuple):
    """One requirement on a backend.

    Attributes
    ----------
    name
        Short name, to exclude it by.
    law
        Number of the law of `multigrad.extend.Backend.vjp` that it belongs to; 0 for the protocol's other members.
    requirement
        What must hold, in one sentence.
    check
        Raises AssertionError if it does not; takes a `Case`.
    capability
        Protocol that the backend must satisfy for the clause to apply, or None.
    """

    name: str
    law: int
    requirement: str
    check: Callable[[Case], None]
    capability: type | None

    def applies_to(self, backend: Backend) -> bool:
        """Tell whether the backend offers what this clause is about."""
        return self.capability is None or isinstance(backend, self.capability)

    def run(self, backend: Backend, *, rtol: float | None = None) -> None:
        """Check this clause on a backend; raise AssertionError, or what the backend raised, if it does not hold."""
        # JAX drops to 32 bits outside its scoped 64-bit mode, which use_backend opens.
        with use_backend(backend, dtype="float64"):
            self.check(Case(backend, rtol))
            if isinstance(backend, SupportsGradient):
                self.check(Case(backend, rtol, direct=True))


def clause(law: int, requirement: str, capability: type | None = None) -> Callable[[Callable[[Case], None]], Clause]:
    """Make a clause of a check; it takes the function's name."""
    return lambda check: Clause(check.__name__, law, requirement, check, capability)
