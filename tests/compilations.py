"""Gradients of functions made anew, and the programs that a framework compiles for them."""

import importlib
import warnings

import multigrad
from multigrad import RecompileWarning
from multigrad._recent import Recent

# Where each framework's adapter keeps its programs, and what compiles one: a function of the graph.
_COMPILERS = {"torch": ("torch._inductor", None), "tensorflow": ("multigrad.adapters.tensorflow._code", "_Graph")}


def compilations_of(backend, monkeypatch):
    """Forget all programs; return the list that takes the graph of each one compiled from here on."""
    monkeypatch.setattr(importlib.import_module(f"multigrad.adapters.{backend}._code"), "_CODES", Recent(256))
    module, name = _COMPILERS[backend]
    owner = importlib.import_module(module)
    owner = getattr(owner, name) if name else owner
    native, seen = owner.compile, []

    def counted(graph, *inputs):
        seen.append(graph)
        return native(graph, *inputs)

    monkeypatch.setattr(owner, "compile", counted)
    return seen


def gradient_of_new(f, x, backend, **options):
    """Return the compiled gradient of a function that is made anew in each call, and is meant to be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecompileWarning)
        return multigrad.to_numpy(multigrad.gradient(f, backend=backend, compile=True, **options)(x))
