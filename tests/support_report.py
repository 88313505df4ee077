"""A pytest plugin that counts the results of the support table's rows: ``-p tests.support_report``.

Only the rows' tests run. The counts of the backends under test replace theirs in the file; one with failures is
written as well, and the table shows it.
"""

import datetime
import importlib
import json
import platform
from collections import Counter
from pathlib import Path

import pytest

from . import support


def pytest_addoption(parser):
    parser.addoption("--support-report", metavar="PATH", help="file of results to be updated")


def pytest_configure(config):
    path = config.getoption("--support-report")
    if path is None:
        raise pytest.UsageError("Expected --support-report=PATH, the file of results to be updated.")
    config.pluginmanager.register(Counts(Path(path)))


class Counts:
    """The counts of a run."""

    def __init__(self, path):
        self._path = path
        self._counts = Counter()

    def pytest_collection_modifyitems(self, config, items):
        kept, out = [], []
        for item in items:
            backend, rows = _backend(item), support.rows_of(item.nodeid)
            item.user_properties.append(("support", (backend, rows)))
            (kept if backend and rows else out).append(item)
        items[:] = kept
        config.hook.pytest_deselected(items=out)

    def pytest_runtest_logreport(self, report):
        outcome = "failed" if report.failed else "passed" if report.when == "call" and report.passed else None
        if outcome is not None:
            backend, rows = dict(report.user_properties)["support"]
            self._counts.update((backend, row, outcome) for row in rows)

    def pytest_sessionfinish(self, session):
        # A worker of pytest-xdist's leaves it to the controller, which gets all reports.
        if session.config.getoption("collectonly") or hasattr(session.config, "workerinput"):
            return
        results = json.loads(self._path.read_text(encoding="utf-8")) if self._path.exists() else {"backends": {}}
        results["python"] = ".".join(platform.python_version_tuple()[:2])
        results["date"] = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        for backend in {backend for backend, _, _ in self._counts}:
            results["backends"][backend] = {"version": _version(backend), "rows": self._rows(backend)}
        self._path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    def _rows(self, backend):
        found = {
            row.name: {kind: self._counts[backend, row.name, kind] for kind in ("passed", "failed")}
            for row in support.ROWS
        }
        return {name: count for name, count in found.items() if any(count.values())}


def _backend(item):
    """Return the backend that a test runs on, None if it is about none or several."""
    if hasattr(item, "callspec") and "backend" in item.callspec.params:
        return item.callspec.params["backend"]
    needs = item.get_closest_marker("needs")
    return needs.args[0] if needs is not None and len(needs.args) == 1 else None


def _version(backend):
    return ".".join(importlib.import_module(backend).__version__.split(".")[:2])
