"""Forward mode, from the same rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad.engine._backward import vjp
from multigrad.engine._forward import is_kind


def jvp(
    xp: Any, f: Callable[..., tuple[Any, Any]], primals: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """Evaluate f and push tangents forward.

    Parameters
    ----------
    xp
        A `TracedNamespace`.
    f
        Maps arrays to two flat tuples, outputs and aux.
    primals, tangents
        Arrays, plain or traced by an outer derivative; one tangent per primal, of its shape and dtype.

    Returns
    -------
    tuple
        ``(outputs, tangents_out, aux)``, with zeros for outputs of integers and bools.

    Notes
    -----
    The pullback is linear in the cotangents; the pullback of it, at any point, is what pushes forward (J. Townsend, *A
    new trick for calculating Jacobian vector products*, 2017). It costs one evaluation of f and two passes over its
    graph, and keeps what the passes read until the end.
    """
    outputs, pull, aux = vjp(xp, f, primals)
    smooth = [is_kind(xp.computes_with, out.dtype, ("real floating", "complex floating")) for out in outputs]
    somewhere = tuple([xp.zeros_like(out) for out, real in zip(outputs, smooth, strict=True) if real])

    def pulled(*cotangents: Any) -> tuple[Any, tuple[()]]:
        given = iter(cotangents)
        every = [next(given) if real else xp.zeros_like(out) for out, real in zip(outputs, smooth, strict=True)]
        return pull(tuple(every)), ()

    _, push, _ = vjp(xp, pulled, somewhere, reusable=False)
    found = iter(push(tangents))
    pushed = [next(found) if real else xp.zeros_like(out) for out, real in zip(outputs, smooth, strict=True)]
    return outputs, tuple(pushed), aux
