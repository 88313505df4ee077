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
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode

from multigrad._errors import DetachedValueError
from multigrad._protocol import Natives
from multigrad.adapters.torch import _code
from multigrad.adapters.torch._autograd import is_transforming
from multigrad.array_api.torch._object import is_symbolic

_NO_VALUE = (
    "A function that is being compiled has no values to branch on, nor to take out of the computation: choose between "
    "values with xp.where, or run without compiling."
)


class _NoExit(TorchFunctionMode):  # type: ignore[misc]  # torch gives it no type
    """Refuses to give the values of what is being traced, which are those of an example, to NumPy and Python.

    make_fx refuses ``item()`` by itself, and lets these through.
    """

    _EXITS = frozenset((torch.Tensor.numpy, torch.Tensor.__array__, torch.Tensor.tolist, torch.Tensor.__dlpack__))

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in self._EXITS and is_symbolic(args[0]):
            raise DetachedValueError(_NO_VALUE)
        return func(*args, **(kwargs or {}))


class Program:
    """A compiled function of tensors, differentiable like the function.

    Tensors that the function reads besides its arguments are read anew at each call: they are inputs of the graph.
    """

    def __init__(self, backend: Any, f: Callable[..., Natives], arrays: Natives) -> None:
        self._backend = backend
        self._f = f
        self._hold: Callable[[], Any] = getattr(f, "hold", lambda: None)
        self._compiled: Callable[..., Any] | None = None
        self._closed_over: list[Any] = []
        if not is_transforming():
            self._compile(arrays)

    def _compile(self, arrays: Natives) -> Callable[..., Any]:
        given = [x.detach() for x in arrays]
        try:
            with _NoExit():
                graph = make_fx(self._f)(*given)
        except RuntimeError as error:
            if "tracing tensor" not in str(error):
                raise
            raise DetachedValueError(_NO_VALUE) from error
        self._closed_over = _lift_constants(graph)
        _drop_idle_expansions(graph)
        self._compiled = _code.compiled(graph, [*given, *(x.detach() for x in self._closed_over)])
        return self._compiled

    def __call__(self, *arrays: Any) -> Natives:
        if is_transforming():
            return tuple(self._f(*arrays))  # torch.func traces no program, and its forward mode sees none (torch 2.13)
        run = self._compiled or self._compile(arrays)
        closed_over = self._closed_over
        if not torch.is_grad_enabled():
            return tuple(run(*arrays, *closed_over))
        trained = [x for x in closed_over if x.requires_grad]
        if not trained and not any([x.requires_grad for x in arrays]):
            return tuple(run(*arrays, *closed_over))
        with torch.no_grad():
            outputs = tuple(run(*(x.detach() for x in (*arrays, *closed_over))))
        # Part of a graph of the caller's.
        pullback, held = self._pullback_through(trained) if trained else self._pullback, self._hold()

        def pull(arrays: Natives, cotangents: Natives, _held: Any = held) -> Natives:
            return pullback(arrays, cotangents)  # which runs f once more, for as long as the caller's graph lives

        return self._backend.with_pullback(outputs, (*arrays, *trained), arrays, pull)

    def _pullback(self, arrays: Natives, cotangents: Natives) -> Natives:
        """Pull back by a program of its own, made when it is first needed."""

        def pulled(*values: Any) -> Natives:
            inputs, given = values[: len(arrays)], values[len(arrays) :]
            _, pull, _ = self._backend.vjp(lambda *xs: (self._f(*xs), ()), inputs, reusable=False)
            return pull(given)

        pulled.hold = self._hold  # type: ignore[attr-defined]
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


def _drop_idle_expansions(graph: Any) -> None:
    """Take out of a graph the expansions to the shape that is there already.

    A write through one into new memory becomes a sum with what was in that memory (functionalization, torch 2.13).
    """
    for node in list(graph.graph.nodes):
        if node.target is torch.ops.aten.expand.default and _shape(node) == _shape(node.args[0]) is not None:
            node.replace_all_uses_with(node.args[0])
            graph.graph.erase_node(node)


def _shape(node: Any) -> tuple[int, ...] | None:
    made = node.meta.get("tensor_meta")
    return None if made is None else tuple(made.shape)


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
    for target in places:
        delattr(graph, target)  # the code, which others may share, would keep it
    return lifted
