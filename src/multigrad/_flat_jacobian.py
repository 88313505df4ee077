"""Jacobians and Laplacians of functions on flat tuples of arrays: derivatives along all basis directions.

What is complex takes two directions per element, 1 and i, where one does not tell: with the pairing Re<a, b>, a
pullback of a real primal gives only the real part of an entry, and a pushforward of a complex primal gives only one of
its two partial derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from multigrad import _derive, _dtypes
from multigrad._derive import is_complex, is_inexact, size_of
from multigrad._protocol import Backend, FlatFunction, Native, Natives, Pullback

# Directions at a time where all of them would make a matrix that nobody asked for.
_LAPLACIAN_CHUNK = 32


def reverse(
    backend: Backend, outputs: Natives, pull: Pullback, primals: Natives, chunk_size: int | None
) -> list[list[Native]]:
    """Return for each output and each primal the derivatives by a reusable pullback, one row per output element."""
    xp = backend.xp
    zeros = _derive.zeros_like(backend, outputs)

    def rows(k: int, unit: complex) -> list[Native]:
        def row(cotangent: Native) -> Natives:
            return pull((*zeros[:k], cotangent, *zeros[k + 1 :]))

        return _along_basis(backend, row, outputs[k], unit, chunk_size)

    result = []
    for k, output in enumerate(outputs):
        if not is_inexact(output):
            result.append([xp.zeros((*output.shape, *x.shape), dtype=x.dtype) for x in primals])
            continue
        found = rows(k, 1.0)
        if is_complex(output):
            # Entries of a real primal: Re J from the cotangent 1, Im J from i. Of a complex one, where f is
            # holomorphic: Re<1, J t> = Re<conj(J), t>.
            imaginary = rows(k, 1j) if not all(map(is_complex, primals)) else found
            found = [
                xp.conj(a) if is_complex(x) else xp.add(a, xp.multiply(b, 1j))
                for a, b, x in zip(found, imaginary, primals, strict=True)
            ]
        result.append([xp.reshape(part, (*output.shape, *x.shape)) for part, x in zip(found, primals, strict=True)])
    return result


def forward(
    backend: Backend, outputs: Natives, push: Pullback, primals: Natives, chunk_size: int | None
) -> list[list[Native]]:
    """Return for each output and each primal the derivatives by a pushforward, one column per primal element."""
    xp = backend.xp
    zeros = _derive.zeros_like(backend, primals)

    def columns(j: int, unit: complex) -> list[Native]:
        def column(tangent: Native) -> Natives:
            return push((*zeros[:j], tangent, *zeros[j + 1 :]))

        return _along_basis(backend, column, primals[j], unit, chunk_size, results=outputs)

    result: list[list[Native]] = [[] for _ in outputs]
    for j, primal in enumerate(primals):
        found = columns(j, 1.0)
        real = [is_inexact(output) and not is_complex(output) for output in outputs]
        if is_complex(primal) and any(real):
            # The gradient of a real output: dL/dRe + i dL/dIm.
            imaginary = columns(j, 1j)
            found = [
                xp.add(a, xp.multiply(b, 1j)) if one else a for a, b, one in zip(found, imaginary, real, strict=True)
            ]
        for k, (part, output) in enumerate(zip(found, outputs, strict=True)):
            shape = (*output.shape, *primal.shape)
            if is_inexact(output):
                result[k].append(xp.reshape(xp.moveaxis(part, 0, -1), shape))
            else:
                result[k].append(xp.zeros(shape, dtype=primal.dtype))  # as in reverse mode
    return result


def laplacian(backend: Backend, f: FlatFunction, primals: Natives, outputs: Natives, chunk_size: int | None) -> Natives:
    """Return the sum of the second derivatives along all basis directions, for each output."""
    chunk_size = chunk_size or _LAPLACIAN_CHUNK
    totals = _derive.zeros_like(backend, outputs)
    scalar = is_scalar(outputs)
    zeros = _derive.zeros_like(backend, primals)
    for j, primal in enumerate(primals):
        second = _diagonal(backend, f, primals, j) if scalar else _twice(backend, f, primals, zeros, j)
        for part in _chunks(backend, second, primal, 1.0, chunk_size):
            totals = tuple(
                backend.xp.add(total, backend.xp.sum(one, axis=0)) if is_inexact(total) else total
                for total, one in zip(totals, part, strict=True)
            )
    return totals


def is_scalar(outputs: Natives) -> bool:
    """Tell whether the outputs are one floating scalar."""
    return len(outputs) == 1 and len(outputs[0].shape) == 0 and is_inexact(outputs[0])


def _diagonal(backend: Backend, f: FlatFunction, primals: Natives, j: int) -> Callable[[Native], Natives]:
    """Return e -> e.He for a scalar function, by one pullback of the gradient that serves all directions."""

    def gradient(x: Native) -> tuple[Natives, Natives]:
        inner = (*primals[:j], x, *primals[j + 1 :])
        return (_derive.value_and_gradient(backend, f, inner)[1][j],), ()

    _, pull, _ = backend.vjp(gradient, (primals[j],), reusable=True)
    return lambda direction: (backend.xp.sum(backend.xp.multiply(pull((direction,))[0], direction)),)


def _twice(backend: Backend, f: FlatFunction, primals: Natives, zeros: Natives, j: int) -> Callable[[Native], Natives]:
    """Return e -> d2/dt2 f(x + t e) for a function of any outputs."""

    def second(direction: Native) -> Natives:
        tangents = (*zeros[:j], direction, *zeros[j + 1 :])

        def first(*inner: Native) -> tuple[Natives, Natives]:
            return _derive.jvp(backend, f, inner, tangents)[1], ()

        return _derive.jvp(backend, first, primals, tangents)[1]

    return second


def _along_basis(  # noqa: PLR0917 - one private function for rows and columns
    backend: Backend,
    f: Callable[[Native], Natives],
    like: Native,
    unit: complex,
    chunk_size: int | None,
    results: Natives | None = None,
) -> list[Native]:
    """Return f of each basis array of one array's shape, stacked along a first axis."""
    parts = list(_chunks(backend, f, like, unit, chunk_size))
    if not parts:  # no elements, so no directions; one call tells the shapes
        shapes = results or f(backend.xp.zeros_like(like))
        return [backend.xp.zeros((0, *x.shape), dtype=x.dtype) for x in shapes]
    return [
        stacked[0] if len(stacked) == 1 else backend.xp.concat(list(stacked), axis=0)
        for stacked in zip(*parts, strict=True)
    ]


def _chunks(
    backend: Backend, f: Callable[[Native], Natives], like: Native, unit: complex, chunk_size: int | None
) -> Iterator[Natives]:
    size = size_of(like)
    step = min(chunk_size or size, size)
    for start in range(0, size, max(step, 1)):
        count = min(step, size - start)
        basis = _basis(backend, like, start, count, unit)
        if count == 1:  # a plain call costs less than a batch of one
            yield tuple(backend.xp.expand_dims(x, axis=0) for x in f(basis[0, ...]))
        else:
            yield _derive.vmap(backend, f, (basis,))


def _basis(backend: Backend, like: Native, start: int, count: int, unit: complex) -> Any:
    """Return the unit arrays number ``start`` and following of one array's shape, dtype and device."""
    size = size_of(like)
    name = _dtypes.dtype_name(like.dtype)
    rows = np.eye(count, size, start, dtype=np.complex128 if name in _dtypes.COMPLEX else np.float64) * unit
    return backend.asarray(rows.reshape(count, *like.shape), dtype=name, device=backend.device(like))
