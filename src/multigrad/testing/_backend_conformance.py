"""The kit as tests: a class that a third party subclasses, with one test per clause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from multigrad import _registry
from multigrad._protocol import Backend
from multigrad.testing._clause import Clause
from multigrad.testing._clauses import clauses_with
from multigrad.testing._exclusions import excluded
from multigrad.testing._scenario import Scenario
from multigrad.testing._scenarios import SCENARIOS


class BackendConformance:
    """Every clause of the kit as a pytest test of its own: subclass it under a name that starts with ``Test``.

    Attributes
    ----------
    backend
        The backend, or its name.
    exclude, rtol, scenarios
        As for `check_backend`. What is excluded, or needs a capability that the backend does not offer, is shown as
        skipped, with the reason.

    Examples
    --------
    >>> from multigrad.testing import BackendConformance
    >>> class TestNumpy(BackendConformance):
    ...     backend = "numpy"
    ...     exclude = {"third_order": "an example of a reason"}
    """

    backend: ClassVar[str | Backend]
    exclude: ClassVar[Mapping[str, str]] = {}
    rtol: ClassVar[float | None] = None
    scenarios: ClassVar[Sequence[Scenario]] = SCENARIOS

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Make one test per clause; pytest calls it while it collects."""
        if "clause" in metafunc.fixturenames:
            clauses = clauses_with(self.scenarios)
            reasons = excluded(clauses, self.exclude)
            tests = [(clause, reasons.get(clause.name)) for clause in clauses]
            metafunc.parametrize(("clause", "reason"), tests, ids=[clause.name for clause in clauses])

    def test_clause(self, clause: Clause, reason: str | None) -> None:
        """Check one clause."""
        # Only who runs pytest has it.
        import pytest  # type: ignore[import-not-found,unused-ignore]

        backend = _registry.get_backend(self.backend)
        if reason is None and not clause.applies_to(backend):
            reason = f"the backend does not offer {clause.needs}"
        if reason is not None:
            pytest.skip(reason)
        try:
            clause.run(backend, rtol=self.rtol)
        except AssertionError as error:
            raise AssertionError(f"{clause.requirement} {error}") from error
