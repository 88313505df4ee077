"""The operations of a function on TensorFlow's own tensors: its graph, with the value of every tensor."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Name, result, its value at that time, inputs, and lines of code: what `TracedOperation` says.
_Operation = tuple[str, Any, Any, tuple[Any, ...], list[tuple[str, int, str]]]

_OWN = os.path.dirname(tf.__file__).removesuffix(f"{os.sep}_api{os.sep}v2")


def traced(f: Callable[..., Any], arrays: tuple[Any, ...]) -> tuple[list[_Operation], tuple[Any, ...]]:
    """Return the operations of a function, and what it returns; see `SupportsTracing`."""
    symbols: list[Any] = []
    returned: list[str] = []

    def with_all(*xs: Any) -> Any:
        outputs = f(*xs)
        returned.extend(x.name for x in outputs)
        graph = tf.compat.v1.get_default_graph()
        symbols.extend(x for op in graph.get_operations() for x in op.outputs if x.dtype.is_floating)
        return tuple(symbols), outputs

    specifications = [tf.TensorSpec(x.shape, x.dtype) for x in arrays]
    program = tf.function(with_all, autograph=False).get_concrete_function(*specifications)
    found, outputs = program(*arrays)
    values = {symbol.name: value for symbol, value in zip(symbols, found, strict=True)}
    values |= {given.name: array for given, array in zip(program.inputs, arrays, strict=False)}
    operations = []
    for symbol in symbols:
        if symbol.op.type != "Placeholder":
            inputs = tuple(values[x.name] for x in symbol.op.inputs if x.name in values)
            value = values[symbol.name]
            operations.append((symbol.op.type, value, value, inputs, _lines(symbol.op)))
    return operations, tuple(values.get(name, x) for name, x in zip(returned, outputs, strict=True))


def _lines(operation: Any) -> list[tuple[str, int, str]]:
    frames = reversed(list(operation.traceback or ()))
    return [(one.filename, one.lineno, one.name) for one in frames if not one.filename.startswith(_OWN)]
