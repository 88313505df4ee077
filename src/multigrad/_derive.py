"""Derivatives of functions on flat tuples of arrays, from a backend's ``vjp`` alone or by its faster route."""

from __future__ import annotations

from multigrad import _registry
from multigrad._protocol import Backend, FlatFunction, Native, Natives, SupportsGradient


def value_and_gradient(
    backend: Backend, f: FlatFunction, primals: Natives, closed: bool = False
) -> tuple[Native, Natives, Natives]:
    """Return value, gradient and aux of a function with one real scalar output.

    ``closed`` says that f is known to read nothing else that is being differentiated. The pullback is used once, so the
    adapter may free what it consumes.
    """
    if _registry.supports(backend, SupportsGradient):
        return backend.value_and_gradient(f, primals, closed=closed)  # type: ignore[attr-defined]
    (value,), pullback, aux = backend.vjp(f, primals, reusable=False)
    return value, pullback((backend.xp.ones_like(value),)), aux
