"""Derivatives of functions on flat tuples of arrays, from a backend's ``vjp`` alone or by its faster route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad import _dtypes, _registry
from multigrad._protocol import (
    Backend,
    FlatFunction,
    Native,
    Natives,
    Pullback,
    SupportsClosedVjp,
    SupportsGradient,
    SupportsGradientPullback,
    SupportsJvp,
    SupportsVmap,
)


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


def vjp(backend: Backend, f: FlatFunction, primals: Natives, closed: bool = False) -> tuple[Natives, Pullback, Natives]:
    """Return outputs, reusable pullback and aux; closed as above."""
    if closed and _registry.supports(backend, SupportsClosedVjp):
        return backend.closed_vjp(f, primals, reusable=True)  # type: ignore[attr-defined]
    return backend.vjp(f, primals, reusable=True)


def jvp(backend: Backend, f: FlatFunction, primals: Natives, tangents: Natives) -> tuple[Natives, Natives, Natives]:
    """Return outputs, their tangents and aux."""
    if _registry.supports(backend, SupportsJvp):
        return backend.jvp(f, primals, tangents)  # type: ignore[attr-defined]
    outputs, push, aux = _transposed(backend, f, primals, reusable=False)
    return outputs, push(tangents), aux


def pushforward(backend: Backend, f: FlatFunction, primals: Natives) -> tuple[Natives, Pullback, Natives]:
    """Return outputs, a function from tangents of the primals to tangents of the outputs, and aux."""
    if not _registry.supports(backend, SupportsJvp):
        return _transposed(backend, f, primals, reusable=True)
    outputs, aux = f(*primals)
    return outputs, lambda tangents: backend.jvp(f, primals, tangents)[1], aux  # type: ignore[attr-defined]


def _transposed(
    backend: Backend, f: FlatFunction, primals: Natives, *, reusable: bool
) -> tuple[Natives, Pullback, Natives]:
    """Push forward by the transpose of the pullback, which is linear in the cotangents: any point will do."""
    outputs, pull, aux = backend.vjp(f, primals, reusable=True)
    return outputs, transposed(backend, pull, outputs, reusable=reusable), aux


def transposed(backend: Backend, pull: Pullback, outputs: Natives, *, reusable: bool) -> Pullback:
    """Return the function from tangents of the primals to those of the outputs that belongs to a pullback."""
    inexact = tuple(is_inexact(out) for out in outputs)
    somewhere = tuple(backend.xp.zeros_like(out) for out, real in zip(outputs, inexact, strict=True) if real)

    def pulled(*cotangents: Native) -> tuple[Natives, Natives]:
        given = iter(cotangents)
        every = tuple(
            next(given) if real else backend.xp.zeros_like(out) for out, real in zip(outputs, inexact, strict=True)
        )
        return pull(every), ()

    if not somewhere:
        return lambda tangents: zeros_like(backend, outputs)
    _, push, _ = backend.vjp(pulled, somewhere, reusable=reusable)

    def pushed(tangents: Natives) -> Natives:
        found = iter(push(tangents))
        return tuple(
            next(found) if real else backend.xp.zeros_like(out) for out, real in zip(outputs, inexact, strict=True)
        )

    return pushed


def gradient_pullback(
    backend: Backend, f: FlatFunction, primals: Natives, *, reusable: bool = True, closed: bool = False
) -> Pullback:
    """Return the pullback of the gradient of a function with one real scalar output: products with the Hessian."""
    if _registry.supports(backend, SupportsGradientPullback):
        return backend.gradient_pullback(f, primals, reusable=reusable, closed=closed)  # type: ignore[attr-defined]

    def gradient(*inner: Native) -> tuple[Natives, Natives]:
        return value_and_gradient(backend, f, inner)[1], ()

    return backend.vjp(gradient, primals, reusable=reusable)[1]


def hvp(backend: Backend, f: FlatFunction, primals: Natives, tangents: Natives, closed: bool = False) -> Natives:
    """Return the product of the Hessian of a real scalar function with tangents, as the derivative of its gradient."""
    if _registry.supports(backend, SupportsJvp) and not _registry.supports(backend, SupportsGradientPullback):

        def gradient(*inner: Native) -> tuple[Natives, Natives]:
            return value_and_gradient(backend, f, inner)[1], ()

        return jvp(backend, gradient, primals, tangents)[1]
    # The Hessian is symmetric in the pairing Re<a, b>, so the pullback of the gradient does as well, and costs less.
    return gradient_pullback(backend, f, primals, reusable=False, closed=closed)(tangents)


def vmap(backend: Backend, f: Callable[..., Natives], arrays: Natives) -> Natives:
    """Return f over the slices of the arrays along their first axes, stacked along the first axis."""
    if _registry.supports(backend, SupportsVmap):
        return backend.vmap(f, arrays)  # type: ignore[attr-defined]
    size = arrays[0].shape[0]
    if not size:
        raise ValueError(f"The backend {backend.name!r} maps slice by slice and needs at least one, got 0.")
    slices = [f(*(array[i, ...] for array in arrays)) for i in range(size)]
    return tuple(backend.xp.stack(list(parts)) for parts in zip(*slices, strict=True))


def is_inexact(x: Native) -> bool:
    """Tell whether an array has a floating or complex dtype."""
    return _dtypes.dtype_name(x.dtype) in _dtypes.INEXACT


def is_complex(x: Native) -> bool:
    """Tell whether an array has a complex dtype."""
    return _dtypes.dtype_name(x.dtype) in _dtypes.COMPLEX


def zeros_like(backend: Backend, arrays: Natives) -> Natives:
    """Return zeros for each array."""
    return tuple(backend.xp.zeros_like(array) for array in arrays)


def size_of(x: Any) -> int:
    """Return the number of elements of an array with a known shape."""
    size = 1
    for length in x.shape:
        if length is None:
            raise ValueError(f"Expected an array with a known shape, got {tuple(x.shape)} while compiling.")
        size *= length
    return size
