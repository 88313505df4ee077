"""The page docs/operators.md, made by running the tests' own checks.

    python -m tests.operators.table

writes it, in a checkout with all backends installed. Each cell says what the operator used of the backend while its
checks passed: a cell cannot claim what no test proves.
"""

import pathlib
import re

from .checks import CHECKS, How
from .refusals import ALL, REFUSALS
from .routes import METHODS, in_place_of, watched
from .rules import RULE_CHECKS
from .scenarios import BY_NAME

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operators.md"
TITLES = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "tensorflow": "TensorFlow"}
OPERATORS = (*dict.fromkeys(check.operator for check in CHECKS), "custom_vjp", "custom_jvp")
WATCHED = {**METHODS, "stop_gradient": "stop_gradient"}
# Enough to take every route: one and several elements, one and several arguments.
SCENARIOS = ("scalar to vector", "vector to vector", "vector to scalar", "several arguments")
DIGITS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def used(operator, backend):
    """Return the capabilities that an operator's checks use on a backend, in the order of the protocol."""
    found = set()
    with in_place_of(backend, watched(found, WATCHED)):
        for check in CHECKS:
            for name in SCENARIOS:
                if check.operator == operator and " of " not in f" {check.way}" and check.applies(BY_NAME[name]):
                    check.run(BY_NAME[name], How(backend))
        for family, check in RULE_CHECKS:
            if family == operator:
                check(family, {"backend": backend})
    # What a check calls besides the operator itself says nothing of it.
    own = {
        "vmap": {"vmap"}, "stop_gradient": {"stop_gradient"}, "custom_vjp": {"pullback_rule"},
        "custom_jvp": {"tangent_rule", "pullback_rule"}, "checkpoint": {"checkpoint", "pullback_rule"},
    }.get(operator, {"gradient", "gradient_pullback", "jvp", "vmap"})  # fmt: skip
    return [name for name in WATCHED if name in found & own]


def cell(operator, backend):
    notes = [
        i for i, refusal in enumerate(REFUSALS, 1) if operator in refusal.operators and backend in refusal.backends
    ]
    marks = " ".join(str(i).translate(DIGITS) for i in notes)
    found = ["native"] if operator == "vjp" else [f"`{name}`" for name in used(operator, backend)] or ["derived"]
    return f"{', '.join(found)} {marks}".strip()


def column(backend):
    return [cell(operator, backend) for operator in OPERATORS]


def table(columns):
    """Return the table in Markdown from one list of cells per backend."""
    lines = ["| | " + " | ".join(TITLES[name] for name in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for i, operator in enumerate(OPERATORS):
        lines.append(f"| `{operator}` | " + " | ".join(cells[i] for cells in columns.values()) + " |")
    return "\n".join(lines)


def notes():
    """Return what raises by design, numbered as in the table."""
    lines = []
    for i, refusal in enumerate(REFUSALS, 1):
        where = "" if refusal.backends == ALL else f" ({', '.join(TITLES[name] for name in refusal.backends)})"
        lines.append(f"{i}. {refusal.what}{where}: {refusal.reason}")
    return "\n".join(lines)


LEGEND = (
    "A name is the capability of the backend that the operator uses besides its `vjp`; derived means the `vjp` alone.\n"
    "Every cell was made by running its tests. Superscripts number what raises by design, "
)


def page(columns):
    return (
        "---\nhide: [navigation]\n---\n\n# Operators\n\n"
        "Every operator works on every backend, in standard and native arrays, nested to any order.\n\n"
        f"{table(columns)}\n\n{LEGEND}listed below.\n\n## What raises by design\n\n{notes()}\n"
    )


def parsed(text):
    """Return the columns of the first table of operators in a text, by backend."""
    rows = re.findall(r"^\| (`\w+`|) ?\| (.*) \|$", text, re.MULTILINE)
    start = [name for name, _ in rows].index("`gradient`") - 1
    titles = rows[start][1].split(" | ")
    body = [cells.split(" | ") for _, cells in rows[start + 1 : start + 1 + len(OPERATORS)]]
    names = {title: name for name, title in TITLES.items()}
    return {names[title]: [cells[i] for cells in body] for i, title in enumerate(titles)}


def main():
    columns = {backend: column(backend) for backend in ALL}
    PAGE.write_text(page(columns), encoding="utf-8")


if __name__ == "__main__":
    main()
