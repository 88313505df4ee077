"""Namespaces of the array API standard over `multigrad.Array`, one package per framework.

``multigrad.array_api.torch``, ``.jax``, ``.tensorflow`` and ``.numpy`` each import their framework. A namespace
consists of one module per section of the standard with functions on the framework's own arrays, collected in
``_native``; the package itself lifts them to `multigrad.Array`.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMESPACES = ("jax", "numpy", "tensorflow", "torch")


def __getattr__(name: str) -> Any:
    # Importing multigrad imports no framework.
    if name in _NAMESPACES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMESPACES})
