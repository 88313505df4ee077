"""Each framework's own fastest spelling of the workloads and of their derivatives; what multigrad is measured against.

A module has the workloads' functions, and ``ROUTES``: by operator and mode, a function ``(f, argnums)`` that returns a
function of the framework's own arrays. ``arrays`` converts, ``finished`` waits for results that are computed while
Python goes on.
"""

import importlib


def of(backend):
    """Return the module of one framework."""
    return importlib.import_module(f"benchmarks.native.{backend}")
