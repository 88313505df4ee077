"""Planted bugs: right backends made wrong in one way each, to prove that the clauses catch them.

A mutant changes what the protocol's members return and knows nothing of the framework, so the same bugs can be planted
in any backend.
"""

from multigrad.testing._mutants import _again, _convention, _left_behind, _members, _operators, _single
from multigrad.testing._mutants._mutant import Mutant

MUTANTS: tuple[Mutant, ...] = tuple(
    member
    for module in (_single, _again, _left_behind, _members, _operators, _convention)
    for member in vars(module).values()
    if isinstance(member, Mutant)
)

__all__ = ["MUTANTS", "Mutant"]
