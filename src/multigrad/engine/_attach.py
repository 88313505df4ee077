"""A pullback written by hand, attached to values that are being traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad.engine._trace import Node, Tracer, top_trace

Arrays = tuple[Any, ...]


def with_pullback(
    xp: Any, outputs: Arrays, inputs: Arrays, residuals: Arrays, pullback: Callable[[Arrays, Arrays], Arrays]
) -> Arrays:
    """Return outputs that depend on inputs by a given pullback, besides the dependence that they have.

    Parameters
    ----------
    xp
        A `TracedNamespace`.
    outputs, inputs, residuals
        Arrays, plain or traced.
    pullback
        ``pullback(residuals, cotangents)`` gives one cotangent per input, and is linear in the cotangents.
    """
    trace = top_trace((*outputs, *inputs))
    if trace is None:
        return outputs

    def below(arrays: Arrays) -> Arrays:
        return tuple(x.value if type(x) is Tracer and x.trace is trace else x for x in arrays)

    kept = below(residuals)
    values = with_pullback(xp, below(outputs), below(inputs), kept, pullback)  # outer traces follow the same rule
    traced = [i for i, x in enumerate(inputs) if type(x) is Tracer and x.trace is trace]
    nodes = tuple(inputs[i].node for i in traced)

    def attached(k: int) -> Tracer:
        own = (outputs[k].node,) if type(outputs[k]) is Tracer and outputs[k].trace is trace else ()

        def pull(g: Any) -> Arrays:
            cotangents = tuple(g if i == k else xp.zeros_like(value) for i, value in enumerate(values))
            # What the pullback closes over may still be traced here, where it is a value like any other.
            found = below(pullback(kept, cotangents))
            return (*(found[i] for i in traced), *(g for _ in own))

        return Tracer(values[k], trace, Node((*nodes, *own), pull))

    return tuple(attached(k) for k in range(len(outputs)))
