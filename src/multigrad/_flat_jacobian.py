"""Jacobians and Laplacians of functions on flat tuples of arrays: derivatives along all basis directions.

What is complex takes two directions per element, 1 and i, where one does not tell: with the pairing Re<a, b>, a
pullback of a real primal gives only the real part of an entry, and a pushforward of a complex primal gives only one of
its two partial derivatives.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from multigrad import _derive, _registry
from multigrad._derive import is_complex, is_inexact, size_of
from multigrad._protocol import Backend, FlatFunction, Native, Natives, Pullback, SupportsGradientPullback, SupportsJvp

# Directions at a time where all of them would make a matrix that nobody asked for.
_LAPLACIAN_CHUNK = 32


def reverse(
    backend: Backend, outputs: Natives, pull: Pullback, primals: Natives, chunk_size: int | None
) -> list[list[Native]]:
    """Return for each output and each primal the derivatives by a reusable pullback, one row per output element."""
    xp = backend.xp
    result = []
    for k, output in enumerate(outputs):
        if not is_inexact(output):
            result.append([xp.zeros((*output.shape, *x.shape), dtype=x.dtype) for x in primals])
            continue
        if is_scalar(outputs) and not is_complex(output):  # one row: no basis, nothing to stack
            result.append(list(pull((xp.ones_like(output),))))
            continue
        found = _rows(backend, outputs, pull, k, 1.0, chunk_size)
        if is_complex(output):
            # Entries of a real primal: Re J from the cotangent 1, Im J from i. Of a complex one, where f is
            # holomorphic: Re<1, J t> = Re<conj(J), t>.
            every = all(map(is_complex, primals))
            imaginary = found if every else _rows(backend, outputs, pull, k, 1j, chunk_size)
            found = [
                xp.conj(a) if is_complex(x) else xp.add(a, xp.multiply(b, 1j))
                for a, b, x in zip(found, imaginary, primals, strict=True)
            ]
        result.append([_shaped(xp, part, (*output.shape, *x.shape)) for part, x in zip(found, primals, strict=True)])
    return result


def _shaped(xp: Any, x: Native, shape: tuple[int, ...]) -> Native:
    return x if tuple(x.shape) == shape else xp.reshape(x, shape)  # a small Hessian is made of few operations


def _rows(  # noqa: PLR0917 - one private function
    backend: Backend, outputs: Natives, pull: Pullback, k: int, unit: complex, chunk_size: int | None
) -> list[Native]:
    """Return the pullbacks of the basis cotangents of output number k, stacked along a first axis."""
    xp = backend.xp

    def row(cotangent: Native) -> Natives:
        return pull(tuple(cotangent if i == k else xp.zeros_like(output) for i, output in enumerate(outputs)))

    stacked = getattr(pull, "stacked", None)  # isinstance of a protocol would cost as much as the rows
    many = None if stacked is None else functools.partial(stacked, k)
    return _along_basis(backend, row, outputs[k], unit, chunk_size, many)


def forward(backend: Backend, push: Pullback, primals: Natives, chunk_size: int | None) -> list[list[Native]]:
    """Return for each output and each primal the derivatives by a pushforward, one column per primal element."""
    xp = backend.xp
    zeros = _derive.zeros_like(backend, primals)

    def columns(j: int, unit: complex) -> list[Native]:
        def column(tangent: Native) -> Natives:
            return push((*zeros[:j], tangent, *zeros[j + 1 :]))

        return _along_basis(backend, column, primals[j], unit, chunk_size)

    result: list[list[Native]] = []
    for j, primal in enumerate(primals):
        found = columns(j, 1.0)
        real = [is_inexact(part) and not is_complex(part) for part in found]
        if is_complex(primal) and any(real):
            # The gradient of a real output: dL/dRe + i dL/dIm.
            imaginary = columns(j, 1j)
            found = [
                xp.add(a, xp.multiply(b, 1j)) if one else a for a, b, one in zip(found, imaginary, real, strict=True)
            ]
        entries = []
        for part in found:
            shape = (*part.shape[1:], *primal.shape)
            if is_inexact(part):
                dtype = _dtype_of_entries(xp, part, primal)
                part = part if part.dtype == dtype else xp.astype(part, dtype)  # noqa: PLW2901
                entries.append(xp.reshape(xp.moveaxis(part, 0, -1), shape))
            else:
                entries.append(xp.zeros(shape, dtype=primal.dtype))  # as in reverse mode
        result.append(entries)
    return [list(row) for row in zip(*result, strict=True)]


def _dtype_of_entries(xp: Any, part: Native, primal: Native) -> Any:
    """Return the primal's dtype, as in reverse mode; of complex derivatives in a real primal its complex one."""
    if is_complex(part) and not is_complex(primal):
        return xp.multiply(xp.zeros((), dtype=primal.dtype), 1j).dtype
    return primal.dtype


def hessian(
    backend: Backend, f: FlatFunction, primals: Natives, chunk_size: int | None, closed: bool = False
) -> list[list[list[Native]]]:
    """Return for each output and each two primals the second derivatives: the Jacobian of the rows of a Jacobian.

    The outer one goes forward where the backend can. ``closed`` says that f is known to read nothing else that is being
    differentiated.
    """
    if _registry.supports(backend, SupportsGradientPullback):
        with contextlib.suppress(_NotScalarError):
            pull = _derive.gradient_pullback(backend, _scalar(f), primals, closed=closed)
            return [reverse(backend, primals, pull, primals, chunk_size)]

    def rows(*inner: Native) -> tuple[Natives, Natives]:
        outputs, pull, _ = backend.vjp(f, inner, reusable=True)
        entries = reverse(backend, outputs, pull, inner, chunk_size)
        return tuple(entry for row in entries for entry in row), ()

    if _registry.supports(backend, SupportsJvp):
        found = forward(backend, lambda tangents: _derive.jvp(backend, rows, primals, tangents)[1], primals, chunk_size)
    else:
        outputs, pull, _ = _derive.vjp(backend, rows, primals, closed)
        found = reverse(backend, outputs, pull, primals, chunk_size)
    count = len(primals)
    return [found[start : start + count] for start in range(0, len(found), count)]


class _NotScalarError(Exception):
    """f has other outputs than one real scalar."""


def _scalar(f: FlatFunction) -> FlatFunction:
    def checked(*inner: Native) -> tuple[Natives, Natives]:
        found = f(*inner)
        if not is_scalar(found[0]) or is_complex(found[0][0]):
            raise _NotScalarError
        return found

    return checked


def laplacian(backend: Backend, f: FlatFunction, primals: Natives, outputs: Natives, chunk_size: int | None) -> Natives:
    """Return the sum of the second derivatives along all basis directions, for each output."""
    chunk_size = chunk_size or _LAPLACIAN_CHUNK
    totals = _derive.zeros_like(backend, outputs)
    scalar = is_scalar(outputs)
    zeros = _derive.zeros_like(backend, primals)
    for j, primal in enumerate(primals):
        second, many = _diagonal(backend, f, primals, j) if scalar else (_twice(backend, f, primals, zeros, j), None)
        for part in _chunks(backend, second, primal, 1.0, chunk_size, many):
            totals = tuple(
                backend.xp.add(total, backend.xp.sum(one, axis=0)) if is_inexact(total) else total
                for total, one in zip(totals, part, strict=True)
            )
    return totals


def is_scalar(outputs: Natives) -> bool:
    """Tell whether the outputs are one floating scalar."""
    return len(outputs) == 1 and len(outputs[0].shape) == 0 and is_inexact(outputs[0])


def _diagonal(
    backend: Backend, f: FlatFunction, primals: Natives, j: int
) -> tuple[Callable[[Native], Natives], Callable[[Native], Natives] | None]:
    """Return e -> e.He for a scalar function, by one pullback of the gradient that serves all directions.

    And, where the pullback takes several cotangents at once, the same of stacked directions.
    """
    xp = backend.xp

    def alone(x: Native) -> tuple[Natives, Natives]:
        return f(*primals[:j], x, *primals[j + 1 :])

    pull = _derive.gradient_pullback(backend, alone, (primals[j],))
    stacked = getattr(pull, "stacked", None)

    def many(directions: Native) -> Natives:
        products = xp.multiply(stacked(0, directions)[0], directions)  # type: ignore[misc]
        return (xp.sum(products, axis=tuple(range(1, len(products.shape)))),)

    return lambda direction: (xp.sum(xp.multiply(pull((direction,))[0], direction)),), many if stacked else None


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
    many: Callable[[Native], Natives] | None = None,
) -> list[Native]:
    """Return f of each basis array of one array's shape, stacked along a first axis; ``many`` does several at once."""
    parts = list(_chunks(backend, f, like, unit, chunk_size, many))
    if not parts:  # no elements, so no directions; one call tells the shapes
        return [backend.xp.zeros((0, *x.shape), dtype=x.dtype) for x in f(backend.xp.zeros_like(like))]
    return [
        stacked[0] if len(stacked) == 1 else backend.xp.concat(list(stacked), axis=0)
        for stacked in zip(*parts, strict=True)
    ]


def _chunks(  # noqa: PLR0917 - likewise
    backend: Backend,
    f: Callable[[Native], Natives],
    like: Native,
    unit: complex,
    chunk_size: int | None,
    many: Callable[[Native], Natives] | None = None,
) -> Iterator[Natives]:
    size = size_of(like)
    step = min(chunk_size or size, size)
    for start in range(0, size, max(step, 1)):
        count = min(step, size - start)
        basis = _basis(backend, like, start, count, unit)
        if count == 1:  # a plain call costs less than a batch of one
            yield tuple(backend.xp.expand_dims(x, axis=0) for x in f(basis[0, ...]))
        elif many is not None:
            yield many(basis)
        else:
            yield _derive.vmap(backend, f, (basis,))


def _basis(backend: Backend, like: Native, start: int, count: int, unit: complex) -> Any:
    """Return the unit arrays number ``start`` and following of one array's shape, dtype and device."""
    xp = backend.xp
    rows = xp.eye(count, size_of(like), k=start, dtype=like.dtype, device=backend.device(like))
    return _shaped(xp, rows if unit == 1.0 else xp.multiply(rows, unit), (count, *like.shape))
