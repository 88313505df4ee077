"""torch: the code of a graph, compiled once for all graphs that are the same.

New closures of one function trace to the same graph on other data. inductor (torch 2.13) takes a tenth of a second for
each, and keeps some 100 KB of every program for good.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
import torch._inductor
from torch._subclasses.fake_tensor import DynamicOutputShapeException

from multigrad._recent import Recent

_Code = Callable[..., Any]

# It holds no tensors: those of a graph are among its inputs.
_CODES: Recent[_Code] = Recent(256)


def compiled(graph: Any, inputs: Sequence[Any]) -> _Code:
    """Return the code of a graph for inputs of these shapes, strides, dtypes and devices."""
    described = _described(graph)
    if described is None:
        return _compile(graph, inputs)
    # What inductor looks at besides the graph.
    settings = (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    key = (described, tuple(map(_layout, inputs)), settings)
    code = _CODES.get(key)
    if code is None:
        code = _compile(graph, inputs)
        _CODES.keep(key, code)
    return code


def _compile(graph: Any, inputs: Sequence[Any]) -> _Code:
    restored = _largest_first(graph)
    graph.recompile()  # after changes to it; torch keeps the source of each for good
    try:
        with torch.no_grad():
            code: _Code = torch._inductor.compile(graph, list(inputs))
    except DynamicOutputShapeException as error:
        raise TypeError(
            f"The shape of a result depends on values, that of {error.func}: such a shape cannot be compiled. Keep the "
            "shape, with xp.where in place of x[mask], say, or run without compiling."
        ) from error
    return code if restored is None else lambda *arrays: restored(code(*arrays))


def _largest_first(graph: Any) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """Let the graph give its largest results first, and return what puts them back into order.

    inductor (2.13) fuses a reduction into the loop over the elements before it, not that loop into the reduction's: a
    value before its gradients would be computed in a loop of its own.
    """
    (output,) = graph.graph.find_nodes(op="output")
    (results,) = output.args
    order = sorted(range(len(results)), key=lambda i: -_size(results[i]))
    if order == list(range(len(results))):
        return None
    output.args = (tuple(results[i] for i in order),)
    return operator.itemgetter(*(order.index(i) for i in range(len(order))))


def _size(result: Any) -> int:
    made = result.meta.get("tensor_meta") if isinstance(result, torch.fx.Node) else None
    return 0 if made is None else made.shape.numel()


def _layout(x: Any) -> Hashable:
    return tuple(x.shape), x.stride(), x.storage_offset(), x.dtype, str(x.device), x.is_conj(), x.is_neg()


def _described(graph: Any) -> Hashable | None:
    """Return the operations of a graph, or None if they hold what cannot be compared."""
    places: dict[Any, int] = {}
    described = []
    try:
        for node in graph.graph.nodes:
            if node.op not in ("placeholder", "call_function", "output"):
                return None  # a module or a tensor of its own
            target = node.target if node.op == "call_function" else None
            described.append((node.op, target, _comparable(node.args, places), _comparable(node.kwargs, places)))
            places[node] = len(places)
        hash(tuple(described))
    except TypeError:
        return None
    return tuple(described)


def _comparable(value: Any, places: dict[Any, int]) -> Hashable:
    """Return the arguments of an operation as what is equal only where they are the same; 1 and 1.0 are not."""
    if isinstance(value, torch.fx.Node):
        return _Place, places[value]
    if isinstance(value, list | tuple):
        return type(value), tuple(_comparable(one, places) for one in value)
    if isinstance(value, dict):
        return tuple((key, _comparable(one, places)) for key, one in value.items())
    if isinstance(value, slice):
        return slice, _comparable((value.start, value.stop, value.step), places)
    if isinstance(value, float | complex):
        return type(value), repr(value)
    if isinstance(value, torch.Tensor):
        raise TypeError("A tensor among the arguments is compared by nothing but itself.")
    return type(value), value


class _Place:
    """Marks the number of a node."""
