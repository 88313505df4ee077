"""The conformance kit: checks that a backend keeps the laws of `multigrad.extend.Backend`.

For authors of backends. Every clause is one small check with a closed-form answer; it speaks to the backend only
through the protocol and the functions of ``backend.xp``, so it runs on any. Law 6, working inside the framework's own
tracing, can be checked only with the framework at hand and has no clause here.

Examples
--------
>>> from multigrad.extend import FiniteDifferenceBackend
>>> from multigrad.testing import check_backend
>>> report = check_backend(FiniteDifferenceBackend(), rtol=1e-7, exclude={"third_order": "too few digits"})
>>> report.ok
True
"""

from multigrad.testing._case import Case
from multigrad.testing._clause import Clause
from multigrad.testing._clauses import CLAUSES
from multigrad.testing._conformance import Failure, Report, check_backend
from multigrad.testing._mutants import MUTANTS, Mutant

__all__ = ["CLAUSES", "MUTANTS", "Case", "Clause", "Failure", "Mutant", "Report", "check_backend"]
