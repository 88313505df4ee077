"""Running all clauses on a backend."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import NamedTuple

from multigrad import _registry
from multigrad._protocol import Backend
from multigrad.testing._clause import Clause
from multigrad.testing._clauses import CLAUSES


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
        return f"{self.clause.name} (law {self.clause.law}): {self.clause.requirement} {kind}{self.error}"


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
        lines += [f"  not run   {name}: {reason}" for name, reason in self.excluded.items()]
        return "\n".join(lines)


def check_backend(
    backend: str | Backend, *, exclude: Mapping[str, str] | None = None, rtol: float | None = None
) -> Report:
    """Check a backend against every clause of the protocol.

    Parameters
    ----------
    backend
        The backend, or its name.
    exclude
        Clauses that are known not to hold, by name, each with the reason. They are not run.
    rtol
        Tolerance of derivatives, relative to the largest expected one; None stands for a few roundings of the dtype.

    Returns
    -------
    Report
        What holds and what does not; clauses on capabilities that the backend does not offer are not run either.

    Raises
    ------
    ValueError
        If exclude names no clause, or gives no reason.
    UnknownBackendError, BackendNotInstalledError, BackendBrokenError
        If there is no such backend, or it lacks a member of the protocol.

    Examples
    --------
    >>> from multigrad.testing import check_backend
    >>> report = check_backend("numpy")
    >>> report.ok, report.failures
    (True, ())
    """
    found = _registry.get_backend(backend)
    excluded = dict(exclude or {})
    _check_exclusions(excluded)
    passed, failures = [], []
    for clause in CLAUSES:
        if clause.name in excluded:
            continue
        if not clause.applies_to(found):
            excluded[clause.name] = f"the backend does not offer {clause.capability.__name__}"  # type: ignore[union-attr]
            continue
        try:
            clause.run(found, rtol=rtol)
        except Exception as error:  # a broken backend may raise anything; it is reported
            failures.append(Failure(clause, error))
        else:
            passed.append(clause)
    return Report(found.name, tuple(passed), tuple(failures), excluded)


def _check_exclusions(exclude: Mapping[str, str]) -> None:
    names = [clause.name for clause in CLAUSES]
    for name, reason in exclude.items():
        if name not in names:
            near = difflib.get_close_matches(str(name), names, 1, 0.0)
            raise ValueError(f"Expected the name of a clause in exclude=, got {name!r}. Did you mean {near[0]!r}?")
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"Expected a reason for the exclusion of {name!r}, got {reason!r}.")
