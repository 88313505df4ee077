"""All clauses, in the order of the laws."""

from __future__ import annotations

from multigrad.testing import _arrays, _complex, _higher_order, _independence, _pullbacks
from multigrad.testing._clause import Clause

CLAUSES: tuple[Clause, ...] = tuple(
    sorted(
        (
            member
            for module in (_arrays, _pullbacks, _higher_order, _independence, _complex)
            for member in vars(module).values()
            if isinstance(member, Clause)
        ),
        key=lambda found: found.law,
    )
)
