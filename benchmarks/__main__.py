"""Measure multigrad against the frameworks' own calls: ``python -m benchmarks``.

Every framework is measured in processes of its own, the contestants of one workload in one process. Prints the ratios,
and saves them as JSON and as a picture. A whole run takes about an hour on a quiet machine with three frameworks.
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import multigrad
from benchmarks import machine, picture, report
from benchmarks.saved import save
from benchmarks.suites import SUITES, run


def main():
    parsed = _arguments()
    backends = parsed.backend or [
        info.name for info in multigrad.backends() if info.installed and info.name in report.FRAMEWORKS
    ]
    jobs = [(suite, backend) for suite in parsed.suite or SUITES for backend in backends]
    console, rows = Console(), []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=len(jobs))
        for suite, backend in jobs:
            for row in run(suite, backend, parsed.quick):
                progress.update(bar, description=f"{suite} on {backend}: {row['workload']} {row['mode']}")
                rows.append(row)
            progress.advance(bar)
    results = {"machine": machine.describe(), "quick": parsed.quick, "rows": rows}
    save(parsed.output, "results", results)
    picture.save(results, parsed.output / "results.png")
    for table in () if parsed.quiet else report.tables(results):
        console.print(table)
    console.print(f"Saved {parsed.output / 'results.json'} and {parsed.output / 'results.png'}.")
    return 0


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--backend", action="append", choices=report.FRAMEWORKS, help="default: all installed")
    parser.add_argument("--suite", action="append", choices=list(SUITES), help="default: all")
    parser.add_argument("--quick", action="store_true", help="only see that everything works; the figures mean little")
    parser.add_argument("--quiet", action="store_true", help="print no tables")
    parser.add_argument("--output", type=Path, default=Path("benchmark-results"), help="folder for JSON and PNG")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
