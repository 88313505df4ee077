"""Every example in a docstring of the framework-free modules runs."""

import doctest
import importlib
import pkgutil
import re

import pytest

import multigrad
from multigrad import _registry

# These import a framework; the rest of the package does not.
_FRAMEWORKS = re.compile(r"\.(torch|jax|tensorflow)(\.|$)|__main__")


def _modules():
    found = pkgutil.walk_packages(multigrad.__path__, "multigrad.")
    return ["multigrad", *(module.name for module in found if not _FRAMEWORKS.search(module.name))]


@pytest.mark.parametrize("name", _modules())
def test_examples_give_what_they_show(name, monkeypatch):
    # What an example registers must not outlive it.
    monkeypatch.setattr(_registry, "_factories", dict(_registry._factories))
    monkeypatch.setattr(_registry, "_loaded", dict(_registry._loaded))
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert failed == 0


@pytest.mark.parametrize(
    "name",
    [
        "gradient",
        "value_and_gradient",
        "vjp",
        "asarray",
        "to_numpy",
        "native",
        "use_backend",
        "backends",
        "get_backend",
    ],
)
def test_public_functions_have_runnable_examples(name):
    tests = doctest.DocTestFinder(recurse=False).find(getattr(multigrad, name))
    assert any(test.examples for test in tests)


def test_every_public_name_has_a_docstring():
    undocumented = [name for name in multigrad.__all__ if not (getattr(multigrad, name).__doc__ or "").strip()]
    assert undocumented == []


def test_no_public_name_is_hidden_by_a_module():
    # Importing a submodule sets it on the package: a function of the same name would be gone after the first use.
    modules = {module.name for module in pkgutil.iter_modules(multigrad.__path__)}
    functions = {name for name in multigrad.__all__ if callable(getattr(multigrad, name))}
    assert modules & functions == set()
