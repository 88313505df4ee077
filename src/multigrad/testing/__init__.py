"""The conformance kit: proves that a backend does what `multigrad.extend.Backend` and this package promise.

For authors of backends. Every clause is one small check with a closed-form answer, in three groups: the contract (the
laws of the protocol, through its members alone), the operators (every public operator on functions whose derivatives
are known, `SCENARIOS`), and the convention (every row of `multigrad.convention`).

Examples
--------
>>> from multigrad.extend import FiniteDifferenceBackend
>>> from multigrad.testing import check_backend
>>> report = check_backend(
...     FiniteDifferenceBackend(),
...     rtol=1e-7,
...     exclude={"third_order": "too few digits", "operators": "too few digits", "convention": "has no kinks"},
... )
>>> report.ok
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multigrad.testing._backend_conformance import BackendConformance
    from multigrad.testing._case import Case
    from multigrad.testing._clause import GROUPS, Clause
    from multigrad.testing._clauses import CLAUSES
    from multigrad.testing._conformance import Failure, Report, check_backend
    from multigrad.testing._mutants import MUTANTS, Mutant
    from multigrad.testing._scenario import Scenario
    from multigrad.testing._scenarios import SCENARIOS

# Loaded at first use: the pytest plugin is imported in every run, most of which need no clause.
_MODULES = {
    "BackendConformance": "_backend_conformance",
    "CLAUSES": "_clauses",
    "Case": "_case",
    "Clause": "_clause",
    "Failure": "_conformance",
    "GROUPS": "_clause",
    "MUTANTS": "_mutants",
    "Mutant": "_mutants",
    "Report": "_conformance",
    "SCENARIOS": "_scenarios",
    "Scenario": "_scenario",
    "check_backend": "_conformance",
}

__all__ = [
    "CLAUSES",
    "GROUPS",
    "MUTANTS",
    "SCENARIOS",
    "BackendConformance",
    "Case",
    "Clause",
    "Failure",
    "Mutant",
    "Report",
    "Scenario",
    "check_backend",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f"multigrad.testing.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'multigrad.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
