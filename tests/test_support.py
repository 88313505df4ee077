"""The support tables are made from the committed results, and these are of tests that exist."""

import json
import os
import subprocess
from collections import Counter

import pytest

from . import support, support_report


def counts(passed=1, failed=0):
    return {"passed": passed, "failed": failed}


@pytest.fixture
def results():
    return support.read()


def test_the_pages_are_the_generators(results):
    assert support.PAGE.read_text(encoding="utf-8") == support.page(results), "python -m tests.support"
    readme = support.README.read_text(encoding="utf-8")
    assert support.BLOCK.search(readme)[0].split("-->\n", 1)[1] == support.block(results) + "<!-- end: support -->"


def test_every_cell_has_passed_tests_or_a_reason(results, backend):
    found = results["backends"][backend]["rows"]
    assert set(found) <= {row.name for row in support.ROWS}
    for row in support.ROWS:
        assert row.name in found or row.absent.get(backend), row.name
    assert [name for name, count in found.items() if count["failed"] or not count["passed"]] == []


def test_no_cell_claims_more_tests_than_there_are(results, backend):
    command = support.command(backend, os.devnull, "--collect-only")
    listed = subprocess.run(command, cwd=support.ROOT, check=True, capture_output=True, text=True).stdout
    there = Counter(row for test in listed.splitlines() for row in support.rows_of(test))
    claimed = {name: count["passed"] for name, count in results["backends"][backend]["rows"].items() if name != "gpu"}
    assert {name: count for name, count in claimed.items() if count > there[name]} == {}
    assert len(claimed) >= 10


def test_a_row_takes_the_tests_that_match_it():
    row = support.Row("name", "title", ("a/test_b.py::test_c.*complex", "test_d.py"))
    assert row.files == {"a/test_b.py", "test_d.py"}
    taken = ["a/test_b.py::test_c[complex]", "test_d.py::test_e", "test_d.py::Test::test_f"]
    others = ["a/test_b.py::test_c[real]", "a/test_b.py::test_g[complex]", "test_b.py::test_c[complex]"]
    assert [name for name in (*taken, *others) if row.takes(name)] == taken


def test_cells_say_what_the_results_say():
    found = {name: {"version": "1.2", "rows": {}} for name in support.TITLES}
    found["torch"]["rows"] = {"compile": counts(7), "native": counts(5, 2), "gpu": counts(4)}
    suite = {"url": "u", "commit": "c", "standard": "s", "examples": 20}
    suite["backends"] = {name: counts(300) for name in support.TITLES} | {"jax": counts(199, 1)}
    table = support.Table({"backends": found, "suite": suite})
    rows = {row.name: row for row in support.ROWS}
    assert table.cell(rows["compile"], "torch") == "inductor ✓ 7"
    assert table.cell(rows["native"], "torch") == "✗ 2 of 7 fail"
    assert table.cell(rows["gpu"], "torch") == "✓ 4"
    assert table.cell(rows["gpu"], "jax") == "– ¹"
    assert table.cell(rows["native"], "numpy") == "– ²"
    assert table.cell(rows["gpu"], "tensorflow") == "– ¹"
    assert [note[0] for note in table.notes()] == ["¹", "²"]
    assert [table.suite_cell(name) for name in support.TITLES] == ["100 %", "100 %", "99.5 %", "100 %"]
    with pytest.raises(KeyError):  # nothing is claimed without a result
        table.cell(rows["nested"], "torch")


def test_the_suites_results_are_read_from_its_junit_file(tmp_path):
    path = tmp_path / "results.xml"
    path.write_text(
        "<testsuites><testsuite><testcase/><testcase><properties/></testcase><testcase><skipped/></testcase>"
        "<testcase><failure/></testcase><testcase><error/></testcase></testsuite></testsuites>"
    )
    assert support.suite_counts(path) == counts(2, 2)


TESTS = """
import pytest

@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_two(backend):
    assert backend == "torch"

@pytest.mark.needs("jax")
def test_of_one_framework():
    pass

def test_of_no_backend():
    pass
"""


def test_the_plugin_counts_by_row_and_backend(tmp_path, monkeypatch):
    """One file in the place of the rows' own, run with the plugin alone."""
    (tmp_path / "test_x.py").write_text(TESTS)
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"backends": {"numpy": "kept"}}))
    monkeypatch.setattr(support, "ROWS", (support.Row("x", "X", ("test_x.py",)), support.Row("y", "Y", ("test_y.py",))))
    monkeypatch.setattr(support_report, "_version", lambda backend: f"version of {backend}")

    settings = tmp_path / "pytest.ini"
    settings.write_text("[pytest]\nmarkers =\n    needs(*names): as here\n")
    options = ["-c", str(settings), "--support-report", str(path), "-q", "-p", "no:cacheprovider"]
    pytest.main([str(tmp_path / "test_x.py"), *options], plugins=[support_report])
    found = json.loads(path.read_text())
    assert found["backends"] == {
        "numpy": "kept",
        "torch": {"version": "version of torch", "rows": {"x": counts(1, 0)}},
        "jax": {"version": "version of jax", "rows": {"x": counts(1, 1)}},
    }
