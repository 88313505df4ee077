"""The pytest plugin: ``--multigrad-backends NAME,...`` and the fixture ``multigrad_backend``.

pytest loads it wherever this package is installed, so it imports nothing that ``import multigrad`` does not: neither a
framework nor the clauses. Its entry point has the module's own name: ``-p multigrad.testing.pytest_plugin`` and
``pytest_plugins`` then find it loaded, and load nothing twice.
"""

from __future__ import annotations

from typing import Any

import pytest  # type: ignore[import-not-found,unused-ignore]

from multigrad import _registry
from multigrad._errors import MultigradError

_OPTION = "--multigrad-backends"


def pytest_addoption(parser: Any) -> None:
    """Add the option."""
    group = parser.getgroup("multigrad")
    group.addoption(
        _OPTION,
        default="numpy",
        metavar="NAME,...",
        help="backends that tests with the fixture multigrad_backend run on, once each (default: numpy)",
    )


def _names(config: Any) -> list[str]:
    return [name.strip() for name in config.getoption(_OPTION).split(",") if name.strip()]


def pytest_configure(config: Any) -> None:
    """Refuse a name that nobody provides; that a framework is missing shows in the tests, which fail."""
    for name in _names(config):
        try:
            _registry.check_name(name)
        except MultigradError as error:
            raise pytest.UsageError(f"{_OPTION}: {error}") from error


def pytest_generate_tests(metafunc: Any) -> None:
    """Run every test with the fixture once per chosen backend."""
    if "multigrad_backend" in metafunc.fixturenames:
        metafunc.parametrize("multigrad_backend", _names(metafunc.config), indirect=True)


def _multigrad_backend(request: Any) -> str:
    """Return the name of a backend that was chosen with --multigrad-backends; one that is missing fails the test."""
    return str(_registry.get_backend(request.param).name)


multigrad_backend = pytest.fixture(name="multigrad_backend")(_multigrad_backend)
