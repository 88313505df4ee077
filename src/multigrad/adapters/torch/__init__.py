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
from multigrad.adapters.torch._autograd import (
    Attached,
    GraphPullback,
    backward_of,
    functional_vjp,
    is_transforming,
    mark_done,
    record,
    run_backward,
)
from multigrad.adapters.torch._embedding import Embedding
from multigrad.array_api.torch import _native as native_namespace
from multigrad.array_api.torch import _object, _tracing
from multigrad.array_api.torch._array import TorchArray
from multigrad.array_api.torch._creation import from_numpy_array
from multigrad.array_api.torch._dtypes import DTYPES


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
        if is_transforming():
            return functional_vjp(f, primals, reusable)
        leaves, outputs, aux, attached = record(f, primals, closed)
        mark_done(leaves)  # a cotangent that requires grad brings them into its graph
        pullback = GraphPullback(outputs, leaves, attached, reusable)
        if attached:
            return outputs, pullback, aux
        return tuple([x.detach() for x in outputs]), pullback, tuple([x.detach() for x in aux])

    def value_and_gradient(
        self, f: FlatFunction, primals: Natives, /, *, closed: bool = False
    ) -> tuple[Any, Natives, Natives]:
        if is_transforming():
            (value,), pullback, aux = functional_vjp(f, primals, reusable=False)
            return value, pullback((torch.full_like(value, 1),)), aux
        leaves, (value,), aux, attached = record(f, primals, closed)
        if value.requires_grad:
            gradients = backward_of((value,), (torch.full_like(value, 1),), leaves, attached, attached)
        else:
            gradients = tuple([torch.zeros_like(leaf) for leaf in leaves])
        if attached:
            mark_done(leaves)
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
        if not recording or is_transforming():

            def gradient(*inner: Any) -> tuple[Natives, Natives]:
                return self.value_and_gradient(f, inner)[1], ()

            return self._vjp(gradient, primals, reusable, closed=closed)[1]
        # Backward twice over one graph.
        leaves, (value,), _, attached = record(f, primals, closed)
        if value.requires_grad:
            found = run_backward(
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
        mark_done(leaves)  # only now: a rule that runs in the backward pass looks for them
        gradients = tuple([torch.zeros_like(leaf) if g is None else g for g, leaf in zip(found, leaves, strict=True)])
        return GraphPullback(gradients, leaves, attached, reusable)

    def vmap(self, f: Callable[..., Natives], arrays: Natives, /) -> Natives:
        return torch.func.vmap(f)(*arrays)

    def with_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        return Attached.apply(pullback, len(outputs), len(inputs), *outputs, *inputs, *residuals)

    with_foreign_pullback = with_pullback

    def checkpoint(self, f: Callable[..., Natives], inputs: Natives, /) -> Natives:
        if is_transforming():
            return f(*inputs)  # functional transforms allow no hooks on saved tensors (torch 2.13)
        try:
            return torch.utils.checkpoint.checkpoint(f, *inputs, use_reentrant=False)
        except RuntimeError as error:
            if "saved tensor hooks" not in str(error):
                raise
            return f(*inputs)  # f opens a functional transform: it keeps what it computes

    compile_is_stale_blind = True  # a traced graph has no guards for what f reads besides its arguments

    def compile_key(self, x: Any, /) -> Any:
        return tuple(x.shape), x.dtype, x.device, tuple(x.stride())

    def compile_input(self, x: Any, dtype: Any, /) -> Any:
        # A program does not write to its arguments, so it may read NumPy's memory.
        return torch.from_numpy(from_numpy_array(x)) if isinstance(x, np.ndarray) else torch.tensor(x, dtype=dtype)

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


backend = TorchBackend()
