"""The support tables of README.md and docs/support.md, made from test results.

A row is a capability and the tests that prove it; a cell counts those that passed on one backend.

    python -m tests.support

writes the pages from ``tests/support.json``. With names, ``python -m tests.support numpy torch``, it first runs the
rows' tests on these backends (minutes each) and stores the counts; ``--suite torch=RESULTS.xml`` stores those of the
array API suite from its JUnit file: run it as CONTRIBUTING.md says, with ``--junitxml``.
"""

import argparse
import dataclasses
import json
import re
import subprocess
import sys
import textwrap
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "support.json"
README, PAGE = ROOT / "README.md", ROOT / "docs" / "support.md"
BLOCK = re.compile(r"(<!-- begin: support -->\n).*?(<!-- end: support -->)", re.DOTALL)
TITLES = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "tensorflow": "TensorFlow"}
DIGITS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclasses.dataclass(frozen=True)
class Row:
    """A capability.

    ``tests`` are files below tests/, each with or without a pattern for what follows ``::`` in a test's name.
    ``absent`` says why a backend has it not, or, with ``shown_if_run``, why its tests may not have run. ``means`` is
    what provides it.
    """

    name: str
    title: str
    tests: tuple[str, ...]
    absent: dict[str, str] = dataclasses.field(default_factory=dict)
    means: dict[str, str] = dataclasses.field(default_factory=dict)
    shown_if_run: bool = False
    in_readme: bool = True

    def takes(self, test):
        """Tell whether a test belongs to the row, by its name below tests/."""
        path, _, name = test.partition("::")
        return any(path == file and re.match(pattern, name) for file, _, pattern in map(_parted, self.tests))

    @property
    def files(self):
        return {_parted(tests)[0] for tests in self.tests}


def _parted(tests):
    return tests.partition("::")


NUMPY_LACKS = "NumPy has no compiler, no transforms and no GPU: `compile=True` runs f as it is."
NO_GPU = "Written for it; the tests marked `gpu` run where one is present, as it was not for this table."
ROWS = (
    Row("operators", "all operators, against closed forms", ("operators/test_scenarios.py::test_closed_form",)),
    Row("nested", "nested to any order", ("test_nesting.py", "operators/test_compositions.py")),
    Row(
        "convention",
        "the derivative convention",
        ("convention/test_rows.py::test_(every_backend|forwards|the_operator)",),
    ),
    Row(
        "compile",
        "`compile=True`",
        ("test_compile.py", "operators/test_compiled.py"),
        absent={"numpy": NUMPY_LACKS},
        means={"torch": "inductor", "jax": "XLA", "tensorflow": "XLA"},
    ),
    Row("standard", "standard arrays", ("test_array.py", "test_forms.py")),
    Row(
        "native",
        "native arrays",
        ("operators/test_scenarios.py::test_native_arrays",),
        absent={"numpy": "NumPy records nothing, so f always gets `Array` objects for what is differentiated."},
    ),
    Row(
        "complex",
        "complex numbers",
        ("operators/test_scenarios.py::.*(complex|holomorphic)", "operators/test_compositions.py::.*complex"),
    ),
    Row(
        "inside",
        "inside the framework's own transforms",
        ("operators/test_inside_frameworks.py",),
        absent={"numpy": NUMPY_LACKS},
        means={"torch": "torch.func", "jax": "jit, vmap, grad", "tensorflow": "tf.function"},
    ),
    Row(
        "gpu",
        "GPU",
        ("test_gpu.py",),
        absent={"numpy": NUMPY_LACKS, "torch": NO_GPU, "jax": NO_GPU, "tensorflow": NO_GPU},
        shown_if_run=True,
    ),
    Row("special", "special functions, to second order", ("test_special.py",), in_readme=False),
    Row("optimize", "SciPy's optimizers", ("test_optimize.py",), in_readme=False),
    Row("check", "`check_gradient`", ("test_check.py", "test_check_verdicts.py"), in_readme=False),
    Row("kit", "the conformance kit for backends", ("test_conformance.py",), in_readme=False),
)


def rows_of(test):
    """Return the names of the rows that a test belongs to."""
    return [row.name for row in ROWS if row.takes(test.removeprefix("tests/"))]


def files():
    """Return the files with the rows' tests."""
    return sorted({f"tests/{file}" for row in ROWS for file in row.files})


def command(backend, results, *more):
    """Return the command that runs the rows' tests on a backend and updates a file of results."""
    plugin = ["-p", "tests.support_report", "--support-report", str(results)]
    return [sys.executable, "-m", "pytest", *plugin, "--backend", backend, "-q", *more, *files()]


def counted(count):
    """Return the text of a cell for a count of passed and failed tests."""
    if count["failed"]:
        return f"✗ {count['failed']} of {count['passed'] + count['failed']} fail"
    return f"✓ {count['passed']}"


class Table:
    """One table with its footnotes, numbered as they come."""

    def __init__(self, results):
        self._backends = {name: results["backends"][name] for name in TITLES}
        self._suite = results["suite"]
        self._notes = []

    def _noted(self, text, note):
        if note not in self._notes:
            self._notes.append(note)
        return f"{text} {str(self._notes.index(note) + 1).translate(DIGITS)}"

    def cell(self, row, backend):
        counts = self._backends[backend]["rows"]
        if backend in row.absent and not (row.shown_if_run and row.name in counts):
            return self._noted("–", row.absent[backend])
        text = counted(counts[row.name])
        return f"{row.means[backend]} {text}" if backend in row.means else text

    def suite_cell(self, backend):
        count = self._suite["backends"][backend]
        return f"{100 * count['passed'] / (count['passed'] + count['failed']):.4g} %"

    def text(self, rows):
        ran = self._suite
        suite = self._noted(
            f"array API standard {ran['standard']} (data-apis suite)",
            f"Passed of passed and failed tests of [array-api-tests]({ran['url']}) ({ran['commit']}), "
            f"{ran['examples']} examples each, nothing skipped by us.",
        )
        body = [
            ["tested version", *(found["version"] for found in self._backends.values())],
            [suite, *(self.suite_cell(name) for name in TITLES)],
            *([row.title, *(self.cell(row, name) for name in TITLES)] for row in rows),
        ]
        lines = ["| " + " | ".join(cells) + " |" for cells in (["", *TITLES.values()], *body)]
        lines[1:1] = ["|---" * (len(TITLES) + 1) + "|"]
        return "\n".join(lines).replace("|  |", "| |")

    def notes(self):
        return [f"{str(i).translate(DIGITS)} {note}" for i, note in enumerate(self._notes, 1)]


def block(results):
    """Return the README's table with its footnotes."""
    table = Table(results)
    text = table.text([row for row in ROWS if row.in_readme])
    notes = " ".join(["Numbers count the tests that pass: [which ones](docs/support.md).", *table.notes()])
    return f"\n{text}\n\n{textwrap.fill(notes, 120, break_long_words=False, break_on_hyphens=False)}\n\n"


def page(results):
    """Return the page of the documentation."""
    table = Table(results)
    text = table.text(ROWS)
    proofs = [f"| {row.title} | {', '.join(f'`tests/{file}`' for file in sorted(row.files))} |" for row in ROWS]
    return "\n".join(
        [
            "# Support\n",
            "A tick stands for tests that pass, and the number beside it counts them: every cell was made by running",
            f"the tests of its row on that backend (Python {results['python']}, on the CPU, {results['date']}).\n",
            text,
            "",
            "<br>\n".join(table.notes()),
            "\n## The tests behind each row\n",
            "| | |\n|---|---|",
            *proofs,
            "\nWhat each operator uses of each framework, and what raises by design: [operators](operators.md).",
            "",
        ]
    )


def read():
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def write(results):
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def suite_counts(path):
    """Return how many tests of the array API suite passed and failed, from its JUnit file."""
    cases = list(xml.etree.ElementTree.parse(path).iter("testcase"))
    kinds = [{child.tag for child in case} for case in cases]
    failed = sum(bool(kind & {"failure", "error"}) for kind in kinds)
    return {"passed": sum(not kind & {"failure", "error", "skipped"} for kind in kinds), "failed": failed}


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.support", description=__doc__.splitlines()[0])
    parser.add_argument("backends", nargs="*", metavar="backend", help="run the tests of all rows on it first")
    parser.add_argument("--suite", action="append", default=[], metavar="NAME=XML", help="take results of the suite")
    chosen = parser.parse_args()
    for backend in chosen.backends:
        subprocess.run(command(backend, RESULTS), cwd=ROOT, check=False)  # failures are results, too
    results = read()
    for backend, path in (named.split("=", 1) for named in chosen.suite):
        results["suite"]["backends"][backend] = suite_counts(path)
    write(results)
    PAGE.write_text(page(results), encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda found: found[1] + block(results) + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
