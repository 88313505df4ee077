"""PyTorch: eager reverse mode with ``torch.autograd.grad``, or `torch.func` inside its transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils import _pytree

from multigrad._dtypes import dtype_name
from multigrad._errors import DetachedValueError, DtypeError
from multigrad._protocol import FlatFunction, Natives, Pullback
from multigrad.array_api.torch import _native as native_namespace
from multigrad.array_api.torch import _object
from multigrad.array_api.torch._array import TorchArray
from multigrad.array_api.torch._dtypes import DTYPES

_functorch = torch._C._functorch  # no public question "is a torch.func transform running?" (torch 2.13)


class TorchBackend:
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
        if not isinstance(obj, torch.Tensor | np.ndarray | np.generic | int | float | complex) and hasattr(obj, "__dlpack__"):
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

    def stop_gradient(self, x: Any, /) -> Any:
        return x.detach()

    def vjp(self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        if _functorch.peek_interpreter_stack() is not None:
            return _functional_vjp(f, primals, reusable)
        outer = torch.is_grad_enabled()
        # A view stays in the caller's graph; a detached leaf is cheaper to differentiate. Either is a new tensor, so
        # that one passed twice counts as two.
        if outer and any(primal.requires_grad for primal in primals):
            attached = True
            with torch.enable_grad():
                leaves = tuple(p.view_as(p) if p.requires_grad else p.detach().requires_grad_() for p in primals)
                outputs, aux = f(*leaves)
        else:
            with _recording(primals):
                leaves = tuple(_leaf(p) for p in primals)
                outputs, aux = f(*leaves)
            attached = outer and _reads_other_graph((*outputs, *aux), leaves)
        pullback = _Pullback(outputs, leaves, attached, reusable)
        if not attached:
            outputs, aux = tuple(x.detach() for x in outputs), tuple(x.detach() for x in aux)
        return outputs, pullback, aux

    def flatten_node(self, node: object, /) -> Any:
        if isinstance(node, TorchArray) or type(node) not in _pytree.SUPPORTED_NODES:
            return None
        children, spec = _pytree.tree_flatten(node, is_leaf=lambda inner: inner is not node)
        return children, lambda values: _pytree.tree_unflatten(list(values), spec)


def _recording(primals: Natives) -> Any:
    """Return a context in which autograd records; inference mode would forbid it."""
    if torch.is_inference_mode_enabled() or any(primal.is_inference() for primal in primals):
        return torch.inference_mode(mode=False)
    return torch.enable_grad()


def _leaf(primal: Any) -> Any:
    # An inference tensor can never require grad; a copy made outside inference mode can.
    return (primal.clone() if primal.is_inference() else primal.detach()).requires_grad_()


def _reads_other_graph(values: Natives, leaves: Natives) -> bool:
    """Tell whether a result depends on a tensor that requires grad besides our own leaves."""
    own = {id(leaf) for leaf in leaves}
    pending = [value.grad_fn for value in values if value.grad_fn is not None]
    if any(value.requires_grad and value.grad_fn is None and id(value) not in own for value in values):
        return True
    seen = set(pending)
    while pending:
        for node, _ in pending.pop().next_functions:
            if node is None or node in seen:
                continue
            seen.add(node)
            variable = getattr(node, "variable", None)  # only an AccumulateGrad node, the end of a path, has it
            if variable is None:
                pending.append(node)
            elif id(variable) not in own:
                return True
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
        recorded = [(out, ct) for out, ct in zip(outputs, cotangents, strict=True) if out.requires_grad]
        if not recorded:
            return tuple(torch.zeros_like(leaf) for leaf in leaves)
        outputs, cotangents = zip(*recorded, strict=True)
        create_graph = torch.is_grad_enabled() and (self._attached or any(ct.requires_grad for ct in cotangents))
        found = torch.autograd.grad(
            outputs,
            leaves,
            cotangents,
            retain_graph=self._reusable or create_graph,
            create_graph=create_graph,
            allow_unused=True,
        )
        return tuple(torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves, strict=True))


def _functional_vjp(f: FlatFunction, primals: Natives, reusable: bool) -> tuple[Natives, Pullback, Natives]:
    """Differentiate inside a torch.func transform, where requires_grad_ is not allowed."""
    outputs, pull, aux = torch.func.vjp(f, *primals, has_aux=True)
    inexact = tuple(out.is_floating_point() or out.is_complex() for out in outputs)

    def pullback(cotangents: Natives, /) -> Natives:
        nonlocal pull
        if pull is None:
            raise RuntimeError("This pullback was made with reusable=False and has been called already.")
        current, pull = pull, pull if reusable else None
        # An integer output takes any cotangent and ignores it.
        return current(
            tuple(
                ct if real else torch.zeros_like(out)
                for ct, out, real in zip(cotangents, outputs, inexact, strict=True)
            )
        )

    return outputs, pullback, aux


backend = TorchBackend()
