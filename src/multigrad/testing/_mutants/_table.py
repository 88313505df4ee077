"""The planted bugs as a table for the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from multigrad.testing._mutants._mutant import Mutant


def table(mutants: Iterable[Mutant]) -> str:
    """Return the bugs and the clauses that catch them in Markdown."""
    lines = ["| planted bug | caught by |", "|---|---|"]
    for mutant in mutants:
        function, _, bug = mutant.name.partition("__")
        name = f"`{function}`: {bug}" if bug else function
        lines.append(f"| {name.replace('_', ' ')} | {', '.join(f'`{clause}`' for clause in mutant.clauses)} |")
    return "\n".join(lines)
