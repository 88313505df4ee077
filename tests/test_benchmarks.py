"""The benchmarks' own arithmetic: what is measured, judged and written down. Their figures are nobody's assertion."""

import json
from pathlib import Path

import pytest
from benchmarks import page as pages
from benchmarks import report, saved
from benchmarks.rows import CONTESTANTS, rows
from benchmarks.suites import SUITES
from benchmarks.targets import Target, target
from benchmarks.timing import measure, measure_for
from benchmarks.workloads import WORKLOADS

pytestmark = pytest.mark.needs("numpy")  # no framework is involved: once


def results(seconds, suite="workloads", backend="torch", workload="W1", mode="eager"):
    """Return the results of one contest, from the seconds of the contestants in their order."""
    found = rows(suite, backend, workload, mode, dict(zip(CONTESTANTS, seconds, strict=True)), "s")
    machine = {"processor": "P", "cores": 2, "system": "S", "python": "3.11", "packages": {"torch": "2.13.0"}}
    return {"machine": machine, "quick": False, "rows": found}


def test_contestants_take_turns_and_the_fastest_call_counts():
    calls = []
    contestants = {"a": lambda x: calls.append("a"), "b": lambda x: calls.append("b")}
    best = measure(contestants, (1.0,), rounds=20, repeats=2)
    assert set(best) == {"a", "b"}
    assert all(0 < seconds < 1 for seconds in best.values())
    turns = calls[::2]
    assert turns.count("a") == turns.count("b") == 20
    assert all({*turns[i : i + 2]} == {"a", "b"} for i in range(0, 40, 2))  # both in every round
    assert len({tuple(turns[i : i + 2]) for i in range(0, 40, 2)}) == 2  # in changing order


def test_small_calls_are_repeated_within_a_round():
    count = 0

    def call():
        nonlocal count
        count += 1

    assert measure_for(0.01, {"a": call}, ())["a"] < 1e-4
    assert count > 1000


def test_rows_have_ratios_to_the_native_call():
    found = results([2.0, 2.2, 1.0, 3.0])["rows"]
    assert [row["ratio"] for row in found] == [None, 1.1, 0.5, 1.5]
    assert [row["arrays"] for row in found] == [None, None, "native", "standard"]
    json.dumps(found)


@pytest.mark.parametrize(
    ("value", "met"), [(1.0e-5, True), (1.049e-5, True), (1.25e-5, True), (1.31e-5, False)], ids=str
)
def test_a_bound_is_a_ratio_or_a_time_whichever_is_more(value, met):
    assert Target(1.05, 3e-6).is_met(value, native=1e-5, noise=0.0) is met


def test_a_bound_below_the_native_time():
    assert Target(0.7).is_met(0.69, native=1.0, noise=0.0)
    assert not Target(0.7).is_met(0.9, native=1.0, noise=0.0)


def test_noise_widens_a_bound():
    assert not Target(1.05).is_met(1.1, native=1.0, noise=0.0)
    assert Target(1.05).is_met(1.1, native=1.0, noise=0.06)


def test_every_measurement_of_the_contests_has_a_bound():
    for backend in report.FRAMEWORKS:
        for mode in ("eager", "compiled"):
            for workload in WORKLOADS:
                for row in results([1.0] * 4, backend=backend, workload=workload.name, mode=mode)["rows"]:
                    assert (target(row) is None) is (row["arrays"] is None)
    assert target(results([1.0] * 4, suite="growth")["rows"][2]) is None


def test_a_missed_bound_is_bold_and_named():
    page = pages.page(results([1.0, 1.01, 1.04, 1.5]))
    (line,) = [line for line in page.splitlines() if line.startswith("| torch | W1 |")]
    assert "| 1.01 | 1.04 | **1.50** |" in line
    assert "torch W1 eager" in page.partition("## Bounds that are missed")[2]
    assert "Measured on P, 2 cores" in page


def test_a_met_bound_is_neither():
    page = pages.page(results([1.0, 1.0, 1.04, 1.19]))
    assert "**" not in page
    assert "torch W1 eager" not in page.partition("## Bounds that are missed")[2]


def test_tables_for_the_terminal_name_what_is_missed():
    (table,) = report.tables(results([1.0, 1.0, 1.04, 1.5]))
    judged = [*table.columns[-1].cells]
    assert [cell.rpartition(", ")[2] for cell in judged] == ["", "", "met", "MISSED"]


def test_figures_are_read_by_people():
    assert report.figure(1.5e-6, "s") == "1.5 µs"
    assert report.figure(0.0123, "s") == "12.3 ms"
    assert report.figure(2.0, "s") == "2 s"
    assert report.figure(12.345, "MB") == "12.3 MB"


def test_every_suite_is_a_function_of_a_module():
    root = Path(__file__).parents[1]
    for suite in SUITES.values():
        source = (root / suite.module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
        assert f"\ndef {suite.function}(backend" in source


def test_the_page_is_made_of_the_saved_results():
    saved_results = [saved.load(saved.FOLDER, name) for name in ("results", "engine", "leaks")]
    assert None not in saved_results
    assert (pages.DOCS / "performance.md").read_text(encoding="utf-8") == pages.page(*saved_results)
