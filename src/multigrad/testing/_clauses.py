"""All clauses: the protocol's in the order of the laws, then the operators', then the convention's."""

from __future__ import annotations

from collections.abc import Sequence

from multigrad.testing import _arrays, _complex, _higher_order, _independence, _pullbacks
from multigrad.testing._clause import Clause
from multigrad.testing._convention_clauses import convention_clauses
from multigrad.testing._operator_clauses import operator_clauses
from multigrad.testing._scenario import Scenario
from multigrad.testing._scenarios import SCENARIOS

_CONTRACT = sorted(
    (
        member
        for module in (_arrays, _pullbacks, _higher_order, _independence, _complex)
        for member in vars(module).values()
        if isinstance(member, Clause)
    ),
    key=lambda found: found.law,
)
_CONVENTION = convention_clauses()


def clauses_with(scenarios: Sequence[Scenario]) -> tuple[Clause, ...]:
    """Return all clauses, those of the operators with these scenarios."""
    return (*_CONTRACT, *operator_clauses(scenarios), *_CONVENTION)


CLAUSES = clauses_with(SCENARIOS)
