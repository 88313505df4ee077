"""Rows of results, and a program around one suite: what the suites with their own processes share."""

import argparse

from rich.console import Console
from rich.table import Table

# Contestant → the form of arrays that f sees; None for the framework's own call, which runs twice: the second is the
# A/A control, whose ratio to the first is the noise.
CONTESTANTS = {
    "native": None,
    "native again (A/A)": None,
    "multigrad, native arrays": "native",
    "multigrad, standard arrays": "standard",
}

MODES = ("eager", "compiled")  # NumPy has no compiler


def rows(suite, backend, workload, mode, values, unit):
    """Return one row for each contestant's value, with the ratio to the native one."""
    return [
        {
            "suite": suite,
            "backend": backend,
            "workload": workload,
            "mode": mode,
            "arrays": CONTESTANTS.get(contestant),
            "contestant": contestant,
            "value": value,
            "unit": unit,
            "ratio": None if contestant == "native" else value / values["native"],
        }
        for contestant, value in values.items()
    ]


def program(measure, description):
    """Run one suite from the command line and print a table."""
    title = description.splitlines()[0]
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--backend", action="append", choices=("numpy", "torch", "jax", "tensorflow"))
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    parsed = parser.parse_args()
    for backend in parsed.backend or ("numpy",):
        table = Table(title=f"{backend}, one thread. {title}")
        for heading in ("workload", "mode", "contestant", "value", "unit", "ratio"):
            table.add_column(heading, justify="right" if heading in ("value", "ratio") else "left")
        last = None
        with Console(stderr=True).status(f"measuring {backend}") as status:
            for row in measure(backend, parsed.quick):
                group = row["workload"], row["mode"]
                if last not in (None, group):
                    table.add_section()
                last = group
                status.update(f"measuring {backend}, after {row['workload']}")
                ratio = "" if row["ratio"] is None else f"{row['ratio']:.3f}"
                table.add_row(
                    row["workload"], row["mode"] or "", row["contestant"], f"{row['value']:.4g}", row["unit"], ratio
                )
        Console().print(table)
