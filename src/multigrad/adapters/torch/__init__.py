"""PyTorch: eager reverse mode with autograd, or `torch.func` inside its transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.utils.checkpoint
from torch.utils import _pytree

from multigrad._errors import DetachedValueError, DtypeError
from multigrad._protocol import FlatFunction, Natives, PrecisionSetting, Pullback, TracedOperation
from multigrad.adapters.torch._embedding import Embedding
from multigrad.array_api.torch import _native as native_namespace
from multigrad.array_api.torch import _object, _tracing
from multigrad.array_api.torch._array import TorchArray
from multigrad.array_api.torch._dtypes import DTYPES

# What torch.autograd.grad calls, without its checks of arguments that are right by construction: they cost 8 of the 41
# µs of a small gradient (torch 2.13).
_run_backward = torch.autograd.Variable._execution_engine.run_backward
_functorch = torch._C._functorch  # no public question "is a torch.func transform running?" (torch 2.13)


class TorchBackend(Embedding):
    """torch's tensors on the CPU, CUDA or Metal.

    Top-level results carry no graph, except where the caller trains through them: grad mode is on and a primal, a
    cotangent, or anything else that f reads requires grad.
    """

    name = "torch"
    xp = native_namespace
    array_type = TorchArray
    is_array = staticmethod(_object.is_native)
    is_recorded = staticmethod(_object.is_recorded)
    device = staticmethod(_object.device_name)
    devices = staticmethod(_object.device_names)

    def to_device(self, x: Any, device: Any, /) -> Any:
        return x.to(_object.as_device(device))

    def asarray(self, obj: Any, /, *, dtype: str | None = None, device: Any = None) -> Any:
        if not isinstance(obj, torch.Tensor | np.ndarray | np.generic | int | float | complex) and hasattr(
            obj, "__dlpack__"
        ):
            obj = torch.from_dlpack(obj).clone()  # the source may change, ours must not
        return native_namespace.asarray(obj, dtype=None if dtype is None else DTYPES[dtype], device=device)

    def to_numpy(self, x: Any, /) -> np.ndarray:
        if self.is_recorded(x):
            raise DetachedValueError(
                "Expected a tensor outside any graph, got one that requires grad; as a NumPy array it would lose its "
                "gradient. Use x.detach() if that is what you want."
            )
        if x.dtype is torch.bfloat16:
            raise DtypeError("NumPy has no bfloat16; cast with x.to(torch.float32) first.")
        return _object.to_numpy(x)

    def trace(self, f: Callable[..., Natives], arrays: Natives, /) -> tuple[list[TracedOperation], Natives]:
        operations, outputs = _tracing.traced(f, arrays)
        return [TracedOperation(*one) for one in operations], outputs

    def matmul_precision(self, device: str, /) -> tuple[PrecisionSetting, ...]:
        value = torch.get_float32_matmul_precision()
        return (PrecisionSetting("torch.get_float32_matmul_precision()", value, value != "highest"),)

    def stop_gradient(self, x: Any, /) -> Any:
        return x.detach()

    def vjp(self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        return self._vjp(f, primals, reusable, closed=False)

    def closed_vjp(
        self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True
    ) -> tuple[Natives, Pullback, Natives]:
        return self._vjp(f, primals, reusable, closed=True)

    def _vjp(
        self, f: FlatFunction, primals: Natives, reusable: bool, *, closed: bool
    ) -> tuple[Natives, Pullback, Natives]:
        if _functorch.peek_interpreter_stack() is not None:
            return _functional_vjp(f, primals, reusable)
        leaves, outputs, aux, attached = _record(f, primals, closed)
        _mark_done(leaves)  # a cotangent that requires grad brings them into its graph
        pullback = _Pullback(outputs, leaves, attached, reusable)
        if attached:
            return outputs, pullback, aux
        return tuple([x.detach() for x in outputs]), pullback, tuple([x.detach() for x in aux])

    def value_and_gradient(
        self, f: FlatFunction, primals: Natives, /, *, closed: bool = False
    ) -> tuple[Any, Natives, Natives]:
        if _functorch.peek_interpreter_stack() is not None:
            (value,), pullback, aux = _functional_vjp(f, primals, reusable=False)
            return value, pullback((torch.full_like(value, 1),)), aux
        leaves, (value,), aux, attached = _record(f, primals, closed)
        if value.requires_grad:
            gradients = _backward((value,), (torch.full_like(value, 1),), leaves, attached, attached)
        else:
            gradients = tuple([torch.zeros_like(leaf) for leaf in leaves])
        if attached:
            _mark_done(leaves)
            return value, gradients, aux
        # In place where torch allows it: the graph is used up, and another tensor costs as much as a small operation. A
        # leaf is ours and stays so. In inference mode detach_ does nothing.
        aside = value._is_view() or value.is_leaf or torch.is_inference_mode_enabled()
        value = value.detach() if aside else value.detach_()
        return value, gradients, tuple([x.detach() for x in aux])

    def gradient_pullback(
        self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True, closed: bool = False
    ) -> Pullback:
        recording = torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
        if not recording or _functorch.peek_interpreter_stack() is not None:

            def gradient(*inner: Any) -> tuple[Natives, Natives]:
                return self.value_and_gradient(f, inner)[1], ()

            return self._vjp(gradient, primals, reusable, closed=closed)[1]
        # Backward twice over one graph.
        leaves, (value,), _, attached = _record(f, primals, closed)
        if value.requires_grad:
            found = _run_backward(
                (value,),
                (torch.full_like(value, 1),),
                True,
                True,
                leaves,
                allow_unreachable=True,
                accumulate_grad=False,
            )
        else:
            found = (None,) * len(leaves)
        _mark_done(leaves)  # only now: a rule that runs in the backward pass looks for them
        gradients = tuple([torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves, strict=True)])
        return _Pullback(gradients, leaves, attached, reusable)

    def vmap(self, f: Callable[..., Natives], arrays: Natives, /) -> Natives:
        return torch.func.vmap(f)(*arrays)

    def with_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        return _Attached.apply(pullback, len(outputs), len(inputs), *outputs, *inputs, *residuals)

    with_foreign_pullback = with_pullback

    def checkpoint(self, f: Callable[..., Natives], inputs: Natives, /) -> Natives:
        if _functorch.peek_interpreter_stack() is not None:
            return f(*inputs)  # functional transforms allow no hooks on saved tensors (torch 2.13)
        return torch.utils.checkpoint.checkpoint(f, *inputs, use_reentrant=False)

    compile_is_stale_blind = True  # a traced graph has no guards for what f reads besides its arguments

    def compile_key(self, x: Any, /) -> Any:
        return tuple(x.shape), x.dtype, x.device, tuple(x.stride())

    def compile_input(self, x: Any, dtype: Any, /) -> Any:
        # A program does not write to its arguments, so it may read NumPy's memory.
        return torch.from_numpy(x) if isinstance(x, np.ndarray) else torch.tensor(x, dtype=dtype)

    def compile(self, f: Callable[..., Natives], arrays: Natives, /) -> Callable[..., Natives]:
        from multigrad.adapters.torch._program import Program  # inductor takes a second to import

        return Program(self, f, arrays)

    def flatten_node(self, node: object, /) -> Any:
        if isinstance(node, TorchArray) or type(node) not in _pytree.SUPPORTED_NODES:
            return None
        children, spec = _pytree.tree_flatten(node, is_leaf=lambda inner: inner is not node)
        try:
            found, _ = _pytree.tree_flatten_with_path(node, is_leaf=lambda inner: inner is not node)
            suffixes = [_pytree.keystr(path) for path, _ in found]
        except ValueError:  # registered without names for the children
            suffixes = [f".<child {i}>" for i in range(len(children))]
        return children, lambda values: _pytree.tree_unflatten(list(values), spec), suffixes


def _record(f: FlatFunction, primals: Natives, closed: bool = False) -> tuple[Natives, Natives, Natives, bool]:
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


def _mark_done(leaves: Natives) -> None:
    """Tell the graph walk of a call around this one that these leaves are nobody's parameters."""
    for leaf in leaves:
        leaf.multigrad_done = True


def _backward(
    outputs: Natives, cotangents: Natives, leaves: Natives, retain_graph: bool, create_graph: bool
) -> Natives:
    found = _run_backward(
        outputs, cotangents, retain_graph, create_graph, leaves, allow_unreachable=True, accumulate_grad=False
    )
    gradients = [torch.zeros_like(leaf) if g is None else _written(g) for g, leaf in zip(found, leaves, strict=True)]
    # torch hands out one tensor several times, and cotangents themselves; a change of one must not show in another.
    if len({id(x) for x in (*gradients, *cotangents)}) < len(gradients) + len(cotangents):
        return tuple([gradient.clone() for gradient in gradients])
    return tuple(gradients)


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


class _Pullback:
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
        return _backward(outputs, cotangents, leaves, self._reusable or create_graph, create_graph)

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
            found = _run_backward(
                (outputs[k],), (batch,), True, create_graph, leaves, allow_unreachable=True, accumulate_grad=False
            )
            found = [None if g is None else torch._remove_batch_dim(g, level, count, 0) for g in found]
        finally:
            torch._C._vmapmode_decrement_nesting()
        return tuple(
            leaf.new_zeros((count, *leaf.shape)) if g is None else _written(g)
            for g, leaf in zip(found, leaves, strict=True)
        )


class _Attached(torch.autograd.Function):  # type: ignore[misc]
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
        found = ctx.pullback(ctx.saved_tensors, cotangents)
        return (None, None, None, *cotangents, *found, *(None,) * ctx.n_residuals)


def _functional_vjp(f: FlatFunction, primals: Natives, reusable: bool) -> tuple[Natives, Pullback, Natives]:
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


backend = TorchBackend()
