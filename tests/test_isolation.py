"""Importing multigrad imports no framework, and using one backend needs no other."""

import json
import os
import subprocess
import sys
import textwrap

import pytest

FRAMEWORKS = ("torch", "jax", "tensorflow")
# JAX depends on SciPy itself.
HEAVY = (*FRAMEWORKS, "scipy", "keras", "pandas", "matplotlib", "IPython", "pytest")

BLOCK = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Block())
"""

SOLVE = """
import json
from multigrad import exercises
results = exercises.run([{backend!r}])
print(json.dumps({{
    "solved": [[r.exercise, r.value, r.gradient, r.ok] for r in results],
    "imported": sorted({{name.partition(".")[0] for name in sys.modules}}),
}}))
"""

# Name, value and derivatives by hand.
ANSWERS = [
    ("partials", 26.0, {"x": 14.0, "y": 10.0, "z": 10.0}),
    ("partials", 77.0, {"x": 28.0, "y": 22.0, "z": 20.0}),
    ("linear_mse", 9.91, {"w": -13.6, "b": -5.8}),
    ("linear_mse", 14.184375, {"w": 48.6375, "b": 6.775}),
    ("chain_rule", -0.9589242746631385, {"x": 1.1346487418529052}),
    ("chain_rule", -0.5440211108893699, {"x": -5.034429174458715}),
]


def python(code, blocked=()):
    """Run code in a new process that cannot import some packages; return what it prints, as JSON."""
    command = [sys.executable, "-c", BLOCK.format(blocked=blocked) + textwrap.dedent(code)]
    environment = {name: value for name, value in os.environ.items() if name != "MULTIGRAD_BACKEND"}
    found = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_backend_solves_the_exercises_without_the_other_frameworks(backend):
    blocked = tuple(name for name in FRAMEWORKS if name != backend)
    found = python(SOLVE.format(backend=backend), blocked)
    assert not set(found["imported"]) & set(blocked)
    for (name, value, gradient, ok), answer in zip(found["solved"], ANSWERS, strict=True):
        assert ok
        assert name == answer[0]
        assert value == pytest.approx(answer[1], rel=1e-12)
        assert gradient == pytest.approx(answer[2], rel=1e-12)


# TensorFlow imports JAX and others by itself where they are installed; the test above covers it.
@pytest.mark.backends("numpy", "torch", "jax")
def test_backend_imports_no_other_framework(backend):
    found = python(SOLVE.format(backend=backend))
    assert set(found["imported"]) & set(FRAMEWORKS) == {backend} & set(FRAMEWORKS)


@pytest.mark.parametrize(
    "code",
    [
        "import multigrad",
        "import multigrad; multigrad.gradient(lambda x: x**2)(3.0)",
        "import multigrad; multigrad.gradient(lambda x: x**2, backend='torch')",
        "import multigrad; [getattr(multigrad, name) for name in multigrad.__all__]",
        "import multigrad; dir(multigrad); dir(multigrad.xp); multigrad.xp.sin(1.0)",
        "import multigrad.extend, multigrad.testing, multigrad.engine, multigrad.exercises, multigrad.array_api",
        "import multigrad.array_api.numpy, multigrad.adapters.numpy",
        "import multigrad.cli",
    ],
    ids=["package", "numpy", "operator", "public-names", "dir", "modules", "numpy-modules", "command-line"],
)
def test_nothing_heavy_is_imported(code):
    imported = python(f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))")
    assert "multigrad" in imported
    assert not {name.partition(".")[0] for name in imported} & set(HEAVY)


def test_import_defers_what_is_not_needed_at_once():
    imported = python("import json, sys, multigrad\nprint(json.dumps(sorted(sys.modules)))")
    late = {"multigrad.testing", "multigrad.exercises", "multigrad.extend", "multigrad.adapters.numpy", "multigrad.cli"}
    # What reports need, rich above all, takes as long as all the rest.
    late |= {"multigrad._check", "multigrad._compare", "multigrad._graph", "multigrad.convention", "rich"}
    assert not late & set(imported)


def test_importing_modules_hides_no_public_name():
    """A module that is imported becomes an attribute of its package, and would replace a function of its name."""
    code = """
    import importlib, json, pkgutil, multigrad
    before = {name: getattr(multigrad, name) for name in multigrad.__all__}
    names = [info.name for info in pkgutil.iter_modules(multigrad.__path__, "multigrad.")]
    names.remove("multigrad.__main__")
    for name in names:
        importlib.import_module(name)
    hidden = [name for name, value in before.items() if getattr(multigrad, name) is not value]
    print(json.dumps([len(names), hidden]))
    """
    count, hidden = python(code, FRAMEWORKS)
    assert count > 20
    assert hidden == []


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_blocked_framework_is_not_found(name):
    code = f"""
    import json, multigrad
    try:
        multigrad.get_backend({name!r})
        print(json.dumps("found"))
    except multigrad.BackendNotInstalledError as error:
        print(json.dumps(str(error)))
    """
    assert f"pip install {name}" in python(code, (name,))


def test_exercises_run_on_the_installed_backends_by_default():
    code = """
    import json
    from multigrad import exercises
    print(json.dumps(sorted({result.backend for result in exercises.run()})))
    """
    assert python(code, FRAMEWORKS) == ["numpy"]
