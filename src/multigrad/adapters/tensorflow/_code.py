"""TensorFlow: the compiled form of a graph, shared by all graphs that are the same.

New closures of one function trace to the same graph on other data. XLA (TensorFlow 2.21) takes a tenth of a second for
each, and keeps half a megabyte of every program for good: its cache goes by the name of the function, and forgets none.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Container, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

# A setting that XLA reads; nothing public tells it (TensorFlow 2.21).
from tensorflow.python.framework.config import is_op_determinism_enabled

from multigrad._protocol import Native, Natives
from multigrad._recent import Recent

# Each holds its graph, 5 KB an operation.
_CODES: Recent[_Code] = Recent(64)
# Integers up to this number are shapes and axes, which XLA needs to know; more of them are data.
_INTEGERS = 16
_RULE = "_gradient_op_type"


class Shared(NamedTuple):
    """What stands for a traced function where nothing records its derivative."""

    code: _Code
    data: Natives  # which the code takes after the function's arguments
    rules: frozenset[str]  # the names of derivatives in the function's own graph


def shared(traced: Any) -> Shared | None:
    """Return the code that a traced function has in common with all others of the same graph.

    Parameters
    ----------
    traced
        A concrete function from tensors to a tuple of tensors.

    Returns
    -------
    Shared or None
        None for a function with state, with functions inside its graph, or without results.
    """
    if not _is_plain(traced):
        return None
    definition = traced.graph.as_graph_def()
    if definition.library.function:
        return None  # they are named anew in each trace
    inputs = {x.op.name: tf.TensorSpec(x.shape, x.dtype) for x in traced.inputs}
    constants = {node.name: tf.constant(_value(node)) for node in _data(definition, inputs)}
    inputs.update((name, tf.TensorSpec(x.shape, x.dtype)) for name, x in constants.items())
    graph = _Graph(definition, inputs, [x.name for x in traced.outputs])
    key = graph.digest()
    code = _CODES.get(key)
    if code is None:
        code = graph.compile()
        _CODES.keep(key, code)
    return Shared(code, (*traced.captured_inputs, *constants.values()), graph.rules)


def _is_plain(traced: Any) -> bool:
    """Tell whether a function has results, and is nothing but its graph."""
    if not traced.outputs or traced.graph.deferred_external_captures:  # values that are asked for at each call
        return False
    operations = {op.type: op for op in traced.graph.get_operations()}
    return not any(op.op_def.is_stateful for op in operations.values())


def _data(definition: Any, inputs: Container[str]) -> Iterator[Any]:
    """Yield the constants of a graph that are data: NumPy's arrays, which are no inputs of their own."""
    for node in definition.node:
        if node.op == "Const" and node.name not in inputs:
            dtype = tf.as_dtype(node.attr["dtype"].type)
            size = math.prod(axis.size for axis in node.attr["value"].tensor.tensor_shape.dim)
            if size > (1 if dtype.is_floating or dtype.is_complex else _INTEGERS):
                yield node


def _value(node: Any) -> np.ndarray:
    return tf.make_ndarray(node.attr["value"].tensor)


class _Graph:
    """A graph without its inputs, with places for names: equal for functions that are the same."""

    def __init__(self, definition: Any, inputs: dict[str, tf.TensorSpec], outputs: list[str]) -> None:
        self._specs = list(inputs.values())
        self._places = {name: f"input{k}" for k, name in enumerate(inputs)}
        nodes = [node for node in definition.node if node.name not in inputs]
        self._places.update((node.name, f"node{k}") for k, node in enumerate(nodes))
        self._outputs = [self._placed(name) for name in outputs]
        self.rules = frozenset(node.attr[_RULE].s.decode() for node in nodes if _RULE in node.attr)
        for node in nodes:
            node.name = self._places[node.name]
            node.input[:] = [self._placed(name) for name in node.input if not _is_idle(name, inputs)]
            # The number of its derivative, which nobody asks for, and the name of what it should be placed with.
            for name in (_RULE, "_class"):
                node.attr.pop(name, None)
        self._definition = type(definition)(node=nodes, versions=definition.versions)

    def _placed(self, name: str) -> str:
        """Return a name such as ``"add:1"``, or ``"^add"`` for what must run before, with the place for the node."""
        bare, colon, port = name.removeprefix("^").partition(":")
        return f"{'^' if name.startswith('^') else ''}{self._places[bare]}{colon}{port}"

    def digest(self) -> bytes:
        """Return what tells the code from all others."""
        settings = tf.config.experimental.tensor_float_32_execution_enabled(), is_op_determinism_enabled()
        beside = repr((self._specs, self._outputs, settings)).encode()
        whole = self._definition.SerializeToString(deterministic=True)
        return hashlib.sha256(len(beside).to_bytes(8) + beside + whole).digest()

    def compile(self) -> _Code:
        """Return a function of the inputs, which XLA compiles when it is first called."""
        definition, outputs = self._definition, self._outputs
        used = {name for node in definition.node for name in node.input}

        def rebuilt(*inputs: Any) -> Natives:
            given = {f"input{k}": x for k, x in enumerate(inputs)}
            given = {name: x for name, x in given.items() if name in used}
            return tuple(tf.graph_util.import_graph_def(definition, given, outputs, name=""))

        return _Code(tf.function(rebuilt, jit_compile=True, autograph=False).get_concrete_function(*self._specs))


def _is_idle(name: str, inputs: Container[str]) -> bool:
    """Tell whether an operation only waits for an input, which is there before anything runs."""
    return name.startswith("^") and name.removeprefix("^") in inputs


class _Code:
    """A compiled function of tensors, which no tape may record."""

    def __init__(self, function: Any) -> None:
        self._function = function  # whose graph goes with it
        # Calling the function would sort its arguments first: two thirds of the time of a small call.
        self._run = function.inference_fn.call_flat

    def __call__(self, *inputs: Native) -> Natives:
        return tuple(self._run(*inputs))
