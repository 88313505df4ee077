"""torch: a function traced to a graph of torch's operations and compiled by inductor.

Traced by make_fx, which runs Python as it is: Dynamo (torch 2.13) cannot follow context variables and foreign
containers, and runs uncompiled what follows after eight functions. A program has no guards of its own: it is called
with arrays of the shapes, strides, dtypes and devices that it was made for, and who keeps it must tell when a global
has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch._inductor
from torch.fx.experimental.proxy_tensor import make_fx

from multigrad._errors import DetachedValueError
from multigrad._protocol import Natives

_functorch = torch._C._functorch


class Program:
    """A compiled function of tensors, differentiable like the function.

    Tensors that the function reads besides its arguments are read anew at each call: they are inputs of the graph.
    """

    def __init__(self, backend: Any, f: Callable[..., Natives], arrays: Natives) -> None:
        self._backend = backend
        self._f = f
        given = [x.detach() for x in arrays]
        try:
            graph = make_fx(f)(*given)
        except RuntimeError as error:
            if "tracing tensor" not in str(error):
                raise
            raise DetachedValueError(
                "A function that is being compiled has no values to branch on, nor to take out of the computation: "
                "choose between values with xp.where, or run without compiling."
            ) from error
        self._closed_over = _lift_constants(graph)
        with torch.no_grad():
            self._compiled = torch._inductor.compile(graph, [*given, *(x.detach() for x in self._closed_over)])

    def __call__(self, *arrays: Any) -> Natives:
        if _functorch.peek_interpreter_stack() is not None:
            return tuple(self._f(*arrays))  # a transform of torch.func takes no compiled function (torch 2.13)
        closed_over = self._closed_over
        if not torch.is_grad_enabled():
            return tuple(self._compiled(*arrays, *closed_over))
        trained = [x for x in closed_over if x.requires_grad]
        if not trained and not any([x.requires_grad for x in arrays]):
            return tuple(self._compiled(*arrays, *closed_over))
        with torch.no_grad():
            outputs = tuple(self._compiled(*(x.detach() for x in (*arrays, *closed_over))))
        # Part of a graph of the caller's.
        pullback = self._pullback_through(trained) if trained else self._pullback
        return self._backend.with_pullback(outputs, (*arrays, *trained), arrays, pullback)

    def _pullback(self, arrays: Natives, cotangents: Natives) -> Natives:
        """Pull back by a program of its own, made when it is first needed."""

        def pulled(*values: Any) -> Natives:
            inputs, given = values[: len(arrays)], values[len(arrays) :]
            _, pull, _ = self._backend.vjp(lambda *xs: (self._f(*xs), ()), inputs, reusable=False)
            return pull(given)

        return Program(self._backend, pulled, (*arrays, *cotangents))(*arrays, *cotangents)

    def _pullback_through(self, trained: list[Any]) -> Callable[[Natives, Natives], Natives]:
        """Return a pullback to the arguments and to tensors that the function closes over, by its own graph."""

        def pullback(arrays: Natives, cotangents: Natives) -> Natives:
            create_graph = torch.is_grad_enabled()
            with torch.enable_grad():
                inputs = [x if x.requires_grad else x.detach().requires_grad_() for x in arrays]
                outputs = self._f(*inputs)
            pairs = [(out, ct) for out, ct in zip(outputs, cotangents, strict=True) if out.requires_grad]
            return torch.autograd.grad(
                [out for out, _ in pairs],
                [*inputs, *trained],
                [ct for _, ct in pairs],
                create_graph=create_graph,
                materialize_grads=True,
            )

        return pullback


def _lift_constants(graph: Any) -> list[Any]:
    """Turn the tensors that a graph holds into further inputs of it, and return them."""
    lifted = []
    last = [node for node in graph.graph.nodes if node.op == "placeholder"][-1:]
    places: dict[str, Any] = {}
    for node in list(graph.graph.nodes):
        if node.op != "get_attr" or not isinstance(getattr(graph, node.target, None), torch.Tensor):
            continue
        if node.target not in places:
            with graph.graph.inserting_after(last[0]) if last else graph.graph.inserting_before(node):
                places[node.target] = graph.graph.placeholder(node.target)
            last = [places[node.target]]
            lifted.append(getattr(graph, node.target))
        node.replace_all_uses_with(places[node.target])
        graph.graph.erase_node(node)
    graph.recompile()
    return lifted
