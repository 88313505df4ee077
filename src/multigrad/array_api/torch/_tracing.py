"""The operations of a function on torch's own tensors, as its functions are called."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree

# Name, result, its value at that time, inputs, and lines of code: what `TracedOperation` says.
_Operation = tuple[str, Any, Any, tuple[Any, ...], list[tuple[str, int, str]]]

_OWN = os.path.dirname(torch.__file__) + os.sep


class _Recorder(TorchFunctionMode):
    """Takes down each call of a torch function that gives tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[_Operation] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        inputs = tuple(_tensors((args, kwargs)))
        for part in _tensors(result):
            if part.is_floating_point() or part.is_complex():
                # A copy, since what comes later may change it in place.
                self.calls.append((_name(func), part, part.detach().clone(), inputs, _lines()))
        return result


def traced(f: Callable[..., Any], arrays: tuple[Any, ...]) -> tuple[list[_Operation], tuple[Any, ...]]:
    """Return the operations of a function, and what it returns; see `SupportsTracing`."""
    recorder = _Recorder()
    with recorder:
        outputs = f(*arrays)
    return recorder.calls, outputs


def _tensors(tree: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors of a tree, those of standard arrays among them."""
    natives = (getattr(leaf, "native", leaf) for leaf in _pytree.tree_leaves(tree))
    return (leaf for leaf in natives if isinstance(leaf, torch.Tensor))


def _name(function: Any) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    if name == "__get__":  # a property: x.T
        name = getattr(getattr(function, "__self__", None), "__name__", name)
    return str(name)


def _lines() -> list[tuple[str, int, str]]:
    frame = sys._getframe(2)
    found = []
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_OWN):
            found.append((code.co_filename, frame.f_lineno, code.co_name))
        frame = frame.f_back
    return found
