"""What torch needs for functions of other backends among its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from multigrad._protocol import Natives
from multigrad.array_api.torch import _native as native_namespace

# No public questions "does torch.func, or a batched backward pass, transform this tensor?" (torch 2.13).
_is_transformed = torch._C._functorch.is_functorch_wrapped_tensor
_is_batched_cotangent = torch._C._functorch.is_legacy_batchedtensor


class Embedding:
    """The capability ``embedding`` of torch's backend."""

    traces_its_own = False  # a batched backward pass has rules for few operations

    def is_followed(self, arrays: Natives, /) -> bool:
        return any((x.requires_grad and torch.is_grad_enabled()) or _is_transformed(x) for x in arrays)

    def detached(self, x: Any, /) -> Any:
        return x if _is_batched_cotangent(x) else _written(x.detach())

    def has_value(self, x: Any, /) -> bool:
        return not (_is_transformed(x) or _is_batched_cotangent(x))

    def outside(self) -> AbstractContextManager[Any]:
        return contextlib.nullcontext()

    def result_dtype(self, dtype: str, /) -> str:
        return dtype

    def taken_as_it_is(self, f: Callable[..., Any], /) -> Callable[..., Any]:
        return f

    def callback(
        self, f: Callable[..., tuple[np.ndarray, ...]], arrays: Natives, like: Callable[[], Sequence[Any]], /
    ) -> Natives:
        if not any(map(_is_batched_cotangent, arrays)):
            return _Callback.apply(f, *arrays)
        # torch.autograd.grad with is_grads_batched, which has a vmap of its own.
        level = torch._C._vmapmode_increment_nesting() - 1
        torch._C._vmapmode_decrement_nesting()
        whole = [torch._remove_batch_dim(x, level, 1, 0) if _is_batched_cotangent(x) else x for x in arrays]
        axes = [0 if _is_batched_cotangent(x) else None for x in arrays]
        size = next(len(x) for x, axis in zip(whole, axes, strict=True) if axis == 0)
        return tuple(torch._add_batch_dim(x, 0, level) for x in _by_slices(f, whole, axes, size))


class _Callback(torch.autograd.Function):  # type: ignore[misc]
    """A function of values as a constant, inside the transforms of torch.func."""

    @staticmethod
    def forward(f: Callable[..., Any], *arrays: Any) -> Any:
        device = arrays[0].device
        return tuple(native_namespace.asarray(x, device=device) for x in f(*(_written(x.detach()) for x in arrays)))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.mark_non_differentiable(*output)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], f: Callable[..., Any], *arrays: Any) -> Any:
        stacked = _by_slices(f, arrays, in_dims[1:], info.batch_size)
        return stacked, (0,) * len(stacked)


def _by_slices(f: Callable[..., Any], arrays: Sequence[Any], axes: Sequence[int | None], size: int) -> Natives:
    """Return f's results for one slice after the other, stacked along the first axis."""
    parts = [(x,) * size if axis is None else x.unbind(axis) for x, axis in zip(arrays, axes, strict=True)]
    found = [_Callback.apply(f, *one) for one in zip(*parts, strict=True)]
    return tuple(torch.stack(results) for results in zip(*found, strict=True))


def _written(x: Any) -> Any:
    """Return a tensor whose conjugation, sign or zeros torch has only noted, which other frameworks cannot read."""
    if _is_transformed(x):
        return x
    x = x.resolve_conj().resolve_neg()
    return torch.zeros_like(x) if x._is_zerotensor() else x
