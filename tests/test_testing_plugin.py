"""The kit under pytest, in a process of its own: the class with one test per clause, the option and the fixture."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import multigrad
from multigrad.testing import CLAUSES

PLUGIN = "multigrad.testing.pytest_plugin"
pytestmark = pytest.mark.needs("numpy")  # once: the other environments have nothing to add


@pytest.fixture
def run(tmp_path):
    """Run pytest on a file in an empty folder; return the status and what it printed."""

    def in_process(source, *options):
        (tmp_path / "test_mine.py").write_text(textwrap.dedent(source), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-rA",
            "-W",
            "error",
            "-p",
            PLUGIN,
            "-p",
            "no:cacheprovider",
            *options,
        ]
        path = str(Path(multigrad.__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return in_process


MINE = """
from multigrad.testing import BackendConformance

class TestMine(BackendConformance):
    backend = "numpy"
    exclude = {"third_order": "one of the contract", "vmap": "a family", "convention: *nan*": "a pattern"}
"""


def test_a_class_of_five_lines_has_one_test_per_clause(run):
    status, text = run(MINE)
    assert status == 0, text
    assert text.count("PASSED test_mine.py::TestMine::test_clause[") + text.count("SKIPPED [") > 400
    for clause in CLAUSES:
        if "nan" not in clause.name and clause.group == "contract" and clause.name != "third_order":
            assert f"test_clause[{clause.name}]" in text or clause.name == "direct_gradient_agrees"
    for reason in ("one of the contract", "a family", "a pattern", "the backend does not offer SupportsGradient"):
        assert reason in text


def test_a_broken_backend_fails_in_the_clauses_that_are_about_it(run):
    source = """
    import multigrad
    from multigrad.testing import MUTANTS, BackendConformance

    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == "swapped_gradients"]

    class TestBroken(BackendConformance):
        backend = mutant.of(multigrad.get_backend("numpy"))
    """
    status, text = run(source, "-k", "gradients_in_order or outputs_in_order or cotangents_in_order")
    assert status == 1
    assert "FAILED test_mine.py::TestBroken::test_clause[gradients_in_order]" in text
    assert "The pullback returns one array per primal, in the primals' order. Expected each gradient" in text
    assert "PASSED test_mine.py::TestBroken::test_clause[cotangents_in_order]" in text


def test_an_exclusion_of_nothing_is_an_error(run):
    status, text = run(MINE.replace('"vmap"', '"vmpa"'))
    assert status != 0
    assert "got 'vmpa'. Did you mean 'vmap'?" in text


CHOSEN = """
import multigrad

def test_square(multigrad_backend):
    assert float(multigrad.gradient(lambda x: x**2, backend=multigrad_backend)(3.0)) == 6.0
"""


def test_the_option_chooses_the_backends_of_the_fixture(run):
    status, text = run(CHOSEN)
    assert status == 0, text
    assert "PASSED test_mine.py::test_square[numpy]" in text
    status, text = run(CHOSEN, "--multigrad-backends", "numpy, array_api_missing")
    assert status == 4
    assert "--multigrad-backends: Unknown backend 'array_api_missing'" in text


def test_a_backend_that_does_not_import_fails_its_tests(run, tmp_path):
    conftest = "import multigrad\nmultigrad.register_backend('absent', lambda: __import__('absent_framework'))"
    (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
    status, text = run(CHOSEN, "--multigrad-backends", "absent,numpy")
    assert status == 1
    assert "BackendNotInstalledError: The backend 'absent'" in text
    assert "PASSED test_mine.py::test_square[numpy]" in text


def test_the_plugin_imports_no_framework_and_no_clause():
    code = f"import json, sys, {PLUGIN}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = json.loads(done.stdout)
    assert [name for name in modules if name.startswith("multigrad.testing")] == ["multigrad.testing", PLUGIN]
    assert not {"torch", "jax", "tensorflow", "scipy", "multigrad.convention"} & set(modules)


def test_the_plugin_is_loaded_once_however_it_is_asked_for(run, tmp_path):
    (tmp_path / "conftest.py").write_text(f"pytest_plugins = [{PLUGIN!r}]", encoding="utf-8")
    status, text = run(CHOSEN, "-p", PLUGIN, "--multigrad-backends", "numpy")
    assert status == 0, text
    entry = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    # Under another name pytest would load it a second time.
    assert f'"{PLUGIN}" = "{PLUGIN}"' in entry
