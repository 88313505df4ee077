"""The backward pass: cotangents go from the outputs to the inputs, the youngest operation first."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from multigrad.engine._cotangents import Multiple, Placed, add
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
        Whether the pullback may be called again. If not, values are freed as the backward pass consumes them.

    Returns
    -------
    tuple
        ``(outputs, pullback, aux)``: ``pullback(cotangents)``, one per output, gives one cotangent per primal.
    """
    trace = Trace(xp)
    inputs = tuple([Tracer(primal, trace, Node()) for primal in primals])
    outputs, aux = f(*inputs)
    nodes: tuple[Node | None, ...] | None = tuple([_node(output, trace) for output in outputs])
    leaves = [tracer.node for tracer in inputs]
    del inputs

    def pullback(cotangents: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal nodes
        if nodes is None:
            raise RuntimeError("This pullback was made with reusable=False and has been called already.")
        starts = [nodes]
        if not reusable:
            nodes = None
        found = _backward(xp, starts.pop(), cotangents)  # which alone holds the nodes then
        return tuple(
            [
                found[leaf] if leaf in found else xp.zeros_like(primal)
                for leaf, primal in zip(leaves, primals, strict=True)
            ]
        )

    return tuple([_leave(x, trace) for x in outputs]), pullback, tuple([_leave(x, trace) for x in aux])


def _node(value: Any, trace: Trace) -> Node | None:
    return value.node if type(value) is Tracer and value.trace is trace else None


def _leave(value: Any, trace: Trace) -> Any:
    return value.value if type(value) is Tracer and value.trace is trace else value


def _backward(xp: Any, starts: tuple[Node | None, ...], cotangents: tuple[Any, ...]) -> dict[Node, Any]:
    """Return the cotangent of each leaf that the starts depend on."""
    root = _root([(node, g) for node, g in zip(starts, cotangents, strict=True) if node is not None])
    pending: dict[int, Any] = {root.order: None}  # by the order of the node
    nodes: dict[int, Node] = {root.order: root}
    heap: list[int] = [-root.order]  # the youngest node first
    own: set[int] = set()  # whose cotangent is a sum made here, which may be added to in place
    leaves: dict[Node, Any] = {}
    del starts, cotangents, root  # nodes are freed as they are consumed
    while heap:
        # Parents are older than their children, so all cotangents of the youngest node have arrived.
        order = -heapq.heappop(heap)
        node: Any = nodes.pop(order)
        cotangent = pending.pop(order)
        if type(cotangent) is Placed or (type(cotangent) is Multiple and not node.takes_multiples):
            cotangent = cotangent.dense(xp)
        if node.pull is None:
            leaves[node] = cotangent
            continue
        parents: Any = node.parents
        parts: Any = node.pull(cotangent)
        node = cotangent = None
        parent: Any
        for parent, part in zip(parents, parts, strict=True):
            order = parent.order
            if order in pending:
                pending[order] = add(xp, pending[order], part, order in own)
                own.add(order)
            else:
                pending[order] = part
                nodes[order] = parent
                heapq.heappush(heap, -order)
        parents = parts = parent = part = None
    return leaves


def _root(given: list[tuple[Node, Any]]) -> Node:
    """Return an operation whose way back gives some nodes their cotangents."""
    parts = tuple([g for _, g in given])
    return Node(tuple([node for node, _ in given]), lambda _: parts)
