"""Running all clauses on a backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from multigrad import _registry
from multigrad._protocol import Backend
from multigrad.testing._clause import Clause
from multigrad.testing._clauses import clauses_with
from multigrad.testing._exclusions import excluded, summary
from multigrad.testing._scenario import Scenario
from multigrad.testing._scenarios import SCENARIOS


class Failure(NamedTuple):
    """A clause that does not hold.

    Attributes
    ----------
    clause
        The clause.
    error
        What its check raised: AssertionError, or whatever the backend raised.
    """

    clause: Clause
    error: Exception

    def __str__(self) -> str:
        kind = "" if isinstance(self.error, AssertionError) else f"{type(self.error).__name__}: "
        law = f" (law {self.clause.law})" if self.clause.law else ""
        return f"{self.clause.name}{law}: {self.clause.requirement} {kind}{self.error}"


class Report(NamedTuple):
    """What `check_backend` found; ``str(report)`` reads well.

    Attributes
    ----------
    backend
        Name of the backend.
    passed
        Clauses that hold.
    failures
        Clauses that do not, with the error of each.
    excluded
        Clauses that were not run, by name, with the reason of each.
    """

    backend: str
    passed: tuple[Clause, ...]
    failures: tuple[Failure, ...]
    excluded: dict[str, str]

    @property
    def ok(self) -> bool:
        """Whether every clause that was run holds."""
        return not self.failures

    def raise_if_failed(self) -> None:
        """Raise AssertionError with the whole report if a clause does not hold."""
        if self.failures:
            raise AssertionError(str(self)) from self.failures[0].error

    def __str__(self) -> str:
        run = len(self.passed) + len(self.failures)
        lines = [f"Backend {self.backend!r}: {len(self.passed)} of {run} clauses hold, {len(self.excluded)} not run."]
        lines += [f"  FAILED    {failure}" for failure in self.failures]
        lines += [f"  not run   {line}" for line in summary(self.excluded)]
        return "\n".join(lines)


def check_backend(
    backend: str | Backend,
    *,
    exclude: Mapping[str, str] | None = None,
    rtol: float | None = None,
    scenarios: Sequence[Scenario] = SCENARIOS,
) -> Report:
    """Check a backend against every clause of the protocol, the operators and the derivative convention.

    Parameters
    ----------
    backend
        The backend, or its name. An object need not be registered.
    exclude
        What is known not to hold, each with the reason; it is not run. A key is the name of a clause, of a family
        (``"vmap"``, ``"convention"``), of a group (``"contract"``, ``"operators"``, ``"convention"``), or a pattern in
        which ``*`` stands for any text (``"*: empty result"``, ``"convention: linalg.*"``).
    rtol
        Tolerance of derivatives, relative to the largest expected one; None stands for a few roundings of the dtype.
    scenarios
        Functions with closed forms for the operators.

    Returns
    -------
    Report
        What holds and what does not, after all clauses have run; those on capabilities that the backend does not offer
        are not run either.

    Raises
    ------
    ValueError
        If exclude names no clause, or gives no reason.
    UnknownBackendError, BackendNotInstalledError, BackendBrokenError
        If there is no such backend, or it lacks a member of the protocol.

    Notes
    -----
    Some 800 clauses take a second on NumPy, and minutes where every operation or program is compiled;
    ``exclude={"jit": ..., "compiled gradient": ..., "compiled convention": ...}`` leaves compilers out.

    Examples
    --------
    >>> from multigrad.testing import check_backend
    >>> report = check_backend("numpy")
    >>> report.ok, report.failures
    (True, ())
    """
    found = _registry.get_backend(backend)
    clauses = clauses_with(scenarios)
    left_out = excluded(clauses, exclude or {})
    passed, failures = [], []
    for clause in clauses:
        if clause.name in left_out:
            continue
        if not clause.applies_to(found):
            left_out[clause.name] = f"the backend does not offer {clause.needs}"
            continue
        try:
            clause.run(found, rtol=rtol)
        except Exception as error:  # a broken backend may raise anything; it is reported
            failures.append(Failure(clause, error))
        else:
            passed.append(clause)
    return Report(found.name, tuple(passed), tuple(failures), left_out)
