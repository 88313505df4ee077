"""The backward pass: cotangents go from the outputs to the inputs, the youngest operation first."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from multigrad.engine._trace import Node, Trace, Tracer


def vjp(
    xp: Any, f: Callable[..., tuple[Any, Any]], primals: tuple[Any, ...], *, reusable: bool = True
) -> tuple[tuple[Any, ...], Callable[[tuple[Any, ...]], tuple[Any, ...]], tuple[Any, ...]]:
    """Evaluate f on traced primals; see `multigrad.extend.Backend.vjp` for the contract.

    Parameters
    ----------
    xp
        A `TracedNamespace`.
    f
        Maps arrays to two flat tuples, outputs and aux.
    primals
        Arrays, plain or traced by an outer derivative.
    reusable
        Whether the pullback may be called again.
    """
    trace = Trace(xp)
    inputs = tuple(Tracer(primal, trace, Node()) for primal in primals)
    outputs, aux = f(*inputs)
    nodes: list[Node | None] | None = [_node(output, trace) for output in outputs]
    leaves = [tracer.node for tracer in inputs]
    del inputs

    def pullback(cotangents: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal nodes
        if nodes is None:
            raise RuntimeError("This pullback was made with reusable=False and has been called already.")
        starts, nodes = nodes, nodes if reusable else None
        found = _backward(xp, starts, cotangents)
        return tuple(
            found[leaf] if leaf in found else xp.zeros_like(primal)
            for leaf, primal in zip(leaves, primals, strict=True)
        )

    return tuple(_leave(x, trace) for x in outputs), pullback, tuple(_leave(x, trace) for x in aux)


def _node(value: Any, trace: Trace) -> Node | None:
    return value.node if isinstance(value, Tracer) and value.trace is trace else None


def _leave(value: Any, trace: Trace) -> Any:
    return value.value if isinstance(value, Tracer) and value.trace is trace else value


def _backward(xp: Any, starts: list[Node | None], cotangents: tuple[Any, ...]) -> dict[Node, Any]:
    """Return the cotangent of each leaf that the starts depend on."""
    pending: dict[Node, Any] = {}
    heap: list[tuple[int, Node]] = []

    def send(node: Node, cotangent: Any) -> None:
        if node in pending:
            pending[node] = _sum(xp, pending[node], cotangent)
        else:
            pending[node] = cotangent
            heapq.heappush(heap, (-node.order, node))

    for node, cotangent in zip(starts, cotangents, strict=True):
        if node is not None:
            send(node, cotangent)
    starts = []  # the caller gave its list away: nodes are freed as they are consumed
    leaves: dict[Node, Any] = {}
    while heap:
        # Parents are older than their children, so all cotangents of the youngest node have arrived.
        node = heapq.heappop(heap)[1]
        cotangent = pending.pop(node)
        if node.pull is None:
            leaves[node] = cotangent
            continue
        for parent, part in zip(node.parents, node.pull(cotangent), strict=True):
            send(parent, part)
    return leaves


def _sum(xp: Any, first: Any, second: Any) -> Any:
    """Add two cotangents; those of an operation with several results are tuples with None for zeros."""
    if first is None or second is None:
        return second if first is None else first
    if type(first) is tuple:
        return tuple(_sum(xp, one, other) for one, other in zip(first, second, strict=True))
    return xp.add(first, second)
