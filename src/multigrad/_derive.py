"""Derivatives of functions on flat tuples of arrays, from a backend's ``vjp`` alone."""

from __future__ import annotations

from multigrad._protocol import Backend, FlatFunction, Native, Natives


def value_and_gradient(backend: Backend, f: FlatFunction, primals: Natives) -> tuple[Native, Natives, Natives]:
    """Return value, gradient and aux of a function with one scalar output.

    The pullback is used once, so the adapter may free what it consumes.
    """
    (value,), pullback, aux = backend.vjp(f, primals, reusable=False)
    return value, pullback((backend.xp.ones_like(value),)), aux
