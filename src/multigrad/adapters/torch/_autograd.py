"""torch's graphs: recording a function on new leaves, and pulling cotangents back through what was recorded."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import forward_ad

from multigrad._protocol import FlatFunction, Natives, Pullback

# What torch.autograd.grad calls, without its checks of arguments that are right by construction: they cost 8 of the 41
# µs of a small gradient (torch 2.13).
run_backward = torch.autograd.Variable._execution_engine.run_backward
_functorch = torch._C._functorch  # no public question "is a torch.func transform running?" (torch 2.13)


def is_transforming() -> bool:
    """Tell whether a transform of torch.func, or torch's forward mode, is running: graphs would lose what it tracks."""
    return _functorch.peek_interpreter_stack() is not None or forward_ad._current_level >= 0


def record(f: FlatFunction, primals: Natives, closed: bool = False) -> tuple[Natives, Natives, Natives, bool]:
    """Run f on new leaves; return them, outputs, aux, and whether the results belong to a graph of the caller's."""
    recording = torch.is_grad_enabled()
    inference = torch.is_inference_mode_enabled()
    attached = False
    leaves = []
    # A view stays in the caller's graph; a detached leaf is cheaper to differentiate. Either is a new tensor, so that
    # one passed twice counts as two.
    for primal in primals:
        if recording and primal.requires_grad:
            attached = True
            leaves.append(primal.view_as(primal))
        elif inference or primal.is_inference():
            with torch.inference_mode(mode=False):  # an inference tensor can never require grad; a copy can
                leaves.append(primal.clone().requires_grad_())
        else:
            leaves.append(primal.detach().requires_grad_())
    if recording:
        outputs, aux = f(*leaves)
        attached = attached or (not closed and _reads_other_graph(outputs + aux, leaves))
    else:
        # Where the caller records nothing, f must be recorded all the same.
        with torch.inference_mode(mode=False), torch.enable_grad():
            outputs, aux = f(*leaves)
    return tuple(leaves), outputs, aux, attached


def mark_done(leaves: Natives) -> None:
    """Tell the graph walk of a call around this one that these leaves are nobody's parameters."""
    for leaf in leaves:
        leaf.multigrad_done = True


def backward_of(
    outputs: Natives, cotangents: Natives, leaves: Natives, retain_graph: bool, create_graph: bool
) -> Natives:
    found = run_backward(
        outputs, cotangents, retain_graph, create_graph, leaves, allow_unreachable=True, accumulate_grad=False
    )
    for g in found:  # here, not in a function for each: a small gradient takes forty microseconds
        if g is None or g.is_conj() or g.is_neg() or g._is_zerotensor():
            pairs = zip(found, leaves, strict=True)
            found = tuple([torch.zeros_like(leaf) if g is None else _written(g) for g, leaf in pairs])
            break
    # torch hands out one tensor several times, and cotangents themselves; a change of one must not show in another.
    if len(set(map(id, (*found, *cotangents)))) < len(found) + len(cotangents):
        return tuple([g.clone() for g in found])
    return tuple(found)


def _written(x: Any) -> Any:
    """Return a tensor whose conjugation, sign or zeros torch has only noted: NumPy cannot read it (torch 2.13)."""
    if x.is_conj() or x.is_neg():
        return x.resolve_conj().resolve_neg()
    return torch.zeros_like(x) if x._is_zerotensor() else x


def _reads_other_graph(values: Natives, leaves: list[Any]) -> bool:
    """Tell whether a result depends on a tensor that requires grad besides our own leaves.

    Leaves of calls that are done, such as those of an inner gradient, stay in the graph and interest nobody outside.
    Walks the graph, about 0.3 µs a node: autograd has no question for it (torch 2.13).
    """
    own = {id(leaf) for leaf in leaves}
    pending = []
    for value in values:
        if value.grad_fn is not None:
            pending.append(value.grad_fn)
        elif value.requires_grad and id(value) not in own and not hasattr(value, "multigrad_done"):
            return True
    seen = set(pending)
    while pending:
        node = pending.pop()
        following = node.next_functions
        # A path ends at the AccumulateGrad node of a leaf, or at a node whose inputs need no gradient.
        if not following and hasattr(node, "variable"):
            variable = node.variable
            if id(variable) not in own and not hasattr(variable, "multigrad_done"):
                return True
        for parent, _ in following:
            if parent is not None and parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return False


class GraphPullback:
    """Cotangents of the outputs to those of the leaves."""

    __slots__ = ("_attached", "_leaves", "_outputs", "_reusable")

    def __init__(self, outputs: Natives, leaves: Natives, attached: bool, reusable: bool) -> None:
        self._outputs: Natives | None = outputs
        self._leaves = leaves
        self._attached = attached
        self._reusable = reusable

    def __call__(self, cotangents: Natives, /) -> Natives:
        outputs, leaves = self._outputs, self._leaves
        if outputs is None:
            raise RuntimeError("This pullback was made with reusable=False and has been called already.")
        if not self._reusable:
            self._outputs = None
        if not all([out.requires_grad for out in outputs]):
            # Constants and integers: torch refuses to differentiate them, their part is zero.
            recorded = [(out, ct) for out, ct in zip(outputs, cotangents, strict=True) if out.requires_grad]
            if not recorded:
                return tuple(torch.zeros_like(leaf) for leaf in leaves)
            outputs, cotangents = zip(*recorded, strict=True)
        create_graph = torch.is_grad_enabled() and (self._attached or any([ct.requires_grad for ct in cotangents]))
        return backward_of(outputs, cotangents, leaves, self._reusable or create_graph, create_graph)

    def stacked(self, k: int, cotangents: Any) -> Natives:
        outputs, leaves = self._outputs, self._leaves
        if outputs is None or not outputs[k].requires_grad:
            return tuple(leaf.new_zeros((len(cotangents), *leaf.shape)) for leaf in leaves)
        create_graph = torch.is_grad_enabled() and (self._attached or cotangents.requires_grad)
        count = len(cotangents)
        # A batched backward pass of autograd's own, at half the cost of torch.vmap over one: what torch.autograd.grad
        # does with is_grads_batched, without the flattening of trees and checks, a sixth of a small Hessian (torch
        # 2.13).
        level = torch._C._vmapmode_increment_nesting()
        try:
            batch = torch._add_batch_dim(cotangents, 0, level)
            found = run_backward(
                (outputs[k],), (batch,), True, create_graph, leaves, allow_unreachable=True, accumulate_grad=False
            )
            found = [None if g is None else torch._remove_batch_dim(g, level, count, 0) for g in found]
        finally:
            torch._C._vmapmode_decrement_nesting()
        return tuple(
            leaf.new_zeros((count, *leaf.shape)) if g is None else _written(g)
            for g, leaf in zip(found, leaves, strict=True)
        )


class Attached(torch.autograd.Function):  # type: ignore[misc]
    """Outputs as they are, with one more pullback.

    Residuals are arguments: what is saved of an argument keeps its graph, so that the backward pass can be
    differentiated again.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(pullback: Any, n_outputs: int, n_inputs: int, *arrays: Any) -> Any:
        return tuple([x.view_as(x) for x in arrays[:n_outputs]])

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.pullback, ctx.n_outputs, ctx.n_inputs = inputs[:3]
        ctx.n_residuals = len(inputs) - 3 - ctx.n_outputs - ctx.n_inputs
        ctx.save_for_backward(*inputs[3 + ctx.n_outputs + ctx.n_inputs :])

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        residuals = ctx.saved_tensors
        if _functorch.peek_interpreter_stack() is not None and not torch.compiler.is_compiling():
            # They belong to a derivative that has ended, and torch takes them for those of one that the pullback opens.
            residuals = tuple([_functorch.unwrap_if_dead(x) for x in residuals])
        found = ctx.pullback(residuals, cotangents)
        return (None, None, None, *cotangents, *found, *(None,) * ctx.n_residuals)


def functional_vjp(f: FlatFunction, primals: Natives, reusable: bool) -> tuple[Natives, Pullback, Natives]:
    """Differentiate inside a torch.func transform, where requires_grad_ is not allowed."""
    inexact: list[bool] = []

    def differentiable(*inner: Any) -> Any:
        outputs, aux = f(*inner)
        # torch.func takes no integer outputs: they go along as aux.
        inexact[:] = [out.is_floating_point() or out.is_complex() for out in outputs]
        chosen = tuple(out for out, real in zip(outputs, inexact, strict=True) if real)
        others = tuple(out for out, real in zip(outputs, inexact, strict=True) if not real)
        # Without an output there is nothing to differentiate, which torch.func does not take either.
        return chosen or (torch.zeros_like(inner[0]),) if inner else chosen, (others, aux)

    chosen, pull, (others, aux) = torch.func.vjp(differentiable, *primals, has_aux=True)
    found, rest = iter(chosen), iter(others)
    outputs = tuple([next(found) if real else next(rest) for real in inexact])

    def pullback(cotangents: Natives, /) -> Natives:
        nonlocal pull
        if pull is None:
            raise RuntimeError("This pullback was made with reusable=False and has been called already.")
        current, pull = pull, pull if reusable else None
        # An integer output takes any cotangent and ignores it.
        given = tuple([ct for ct, real in zip(cotangents, inexact, strict=True) if real])
        return current(given or tuple([torch.zeros_like(x) for x in chosen]))

    return outputs, pullback, aux
