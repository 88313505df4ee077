"""Which clauses are not run: by name, family, group or pattern, each with a reason."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from multigrad.testing._clause import GROUPS, Clause


def excluded(clauses: Sequence[Clause], exclude: Mapping[str, str]) -> dict[str, str]:
    """Return the names of the clauses that ``exclude`` is about, each with its reason; the first one counts.

    Raises
    ------
    ValueError
        If a key is about no clause, or has no reason.
    """
    found: dict[str, str] = {}
    for key, reason in exclude.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"Expected a reason for the exclusion of {key!r}, got {reason!r}.")
        names = [clause.name for clause in clauses if _is_about(key, clause)]
        if not names:
            known = [*dict.fromkeys(clause.family for clause in clauses), *(clause.name for clause in clauses), *GROUPS]
            near = difflib.get_close_matches(str(key), known, 1, 0.0)
            raise ValueError(f"Expected the name of a clause in exclude=, got {key!r}. Did you mean {near[0]!r}?")
        for name in names:
            found.setdefault(name, reason)
    return found


def _is_about(key: str, clause: Clause) -> bool:
    if key in (clause.name, clause.family, clause.group):
        return True
    # Only * is special: the names of rows have brackets.
    return "*" in key and re.fullmatch(".*".join(map(re.escape, key.split("*"))), clause.name) is not None


def summary(names: Mapping[str, str]) -> list[str]:
    """Return one line per reason: what was not run for it."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in names.items():
        by_reason.setdefault(reason, []).append(name)
    return [f"{_described(found)}: {reason}" for reason, found in by_reason.items()]


def _described(names: Sequence[str]) -> str:
    families = list(dict.fromkeys(name.partition(":")[0] for name in names))
    if len(names) == 1:
        return names[0]
    return f"{', '.join(families)} ({len(names)} clauses)"
