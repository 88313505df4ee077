"""TensorFlow: a function traced to a graph and compiled by XLA; where XLA lacks a kernel, run as that graph."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow as tf

# Nothing public tells whether a tape or an accumulator is active, nor what gradients are registered (TensorFlow 2.21).
from tensorflow.python.eager import record
from tensorflow.python.framework.ops import gradient_registry

from multigrad._protocol import Native, Natives
from multigrad.adapters.tensorflow import _code

_REFUSALS = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)


class Program:
    """A compiled function of tensors, differentiable like the function.

    Where nothing records it, it runs code that it shares with functions of the same graph. A tape, and a graph that is
    being built, get the function traced from f, which has derivatives.
    """

    __slots__ = ("__weakref__", "_f", "_forget", "_is_compiled", "_proved", "_shared", "_specs", "_traced")

    def __init__(self, f: Callable[..., Natives], arrays: Natives) -> None:
        self._f = f
        self._specs = [tf.TensorSpec(x.shape, x.dtype) for x in arrays]
        before = frozenset(gradient_registry.list())
        self._traced = self._trace(jit_compile=True)
        self._shared = _code.shared(self._traced) if tf.executing_eagerly() else None
        self._is_compiled = True
        self._proved: set[bool] = set()  # of the shared code, and of the function's own
        rules = self._shared.rules - before if self._shared else ()
        self._forget = weakref.finalize(self, _forget, rules)
        self._forget.atexit = False

    def _trace(self, *, jit_compile: bool) -> Any:
        function = tf.function(self._f, jit_compile=jit_compile, autograph=False)
        return function.get_concrete_function(*self._specs)

    def __call__(self, *arrays: Native) -> Natives:
        is_shared = self._shared is not None and not record.could_possibly_record() and tf.executing_eagerly()
        if is_shared in self._proved:
            return self._run(arrays, is_shared)
        try:
            results = self._run(arrays, is_shared)
        except _REFUSALS:
            if is_shared:  # of data that XLA must know
                self._shared = None
            elif self._is_compiled:
                self._traced, self._shared, self._is_compiled = self._trace(jit_compile=False), None, False
            else:
                raise
            return self(*arrays)
        self._proved.add(is_shared)
        return results

    def _run(self, arrays: Natives, is_shared: bool) -> Natives:
        if is_shared:
            shared: Any = self._shared
            return shared.code(*arrays, *shared.data)
        self._forget.detach()  # what becomes part of the caller's graph may be differentiated when this is gone
        return tuple(self._traced(*arrays))


def _forget(rules: Iterable[str]) -> None:
    """Take derivatives out of TensorFlow's registry, which keeps each, and the graph that it belongs to, for good."""
    for rule in rules:
        gradient_registry._registry.pop(rule, None)
