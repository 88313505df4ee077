"""TensorFlow: reverse mode with `tf.GradientTape`, eager or inside the caller's ``tf.function``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from multigrad._computation import Computation
from multigrad._dtypes import dtype_name
from multigrad._errors import DetachedValueError, DtypeError
from multigrad._protocol import FlatFunction, Native, Natives, PrecisionSetting, Pullback, TracedOperation
from multigrad.adapters.tensorflow._program import Program
from multigrad.array_api.tensorflow import _native as native_namespace
from multigrad.array_api.tensorflow import _object, _tracing
from multigrad.array_api.tensorflow._array import TensorFlowArray
from multigrad.array_api.tensorflow._dtypes import DTYPES


class TensorFlowBackend:
    """TensorFlow's tensors on the CPU, GPU or TPU; a variable counts as the tensor of its present value.

    TensorFlow runs an operation where its own default is, not where its inputs are. A computation that was given a
    device therefore runs inside ``tf.device``.
    """

    name = "tensorflow"
    xp = native_namespace
    array_type = TensorFlowArray
    is_array = staticmethod(_object.is_native)
    device = staticmethod(_object.device_name)
    devices = staticmethod(_object.device_names)

    def is_recorded(self, x: Native, /) -> bool:
        return bool(_object.is_symbolic(x) or _object.is_recorded(x))

    def to_device(self, x: Native, device: Any, /) -> Native:
        return _object.to_device(x, device)

    def asarray(self, obj: Any, /, *, dtype: str | None = None, device: Any = None) -> Native:
        target = None if dtype is None else DTYPES[dtype_name(dtype)]
        return native_namespace.asarray(obj, dtype=target, device=device)

    def to_numpy(self, x: Native, /) -> np.ndarray:
        if self.is_recorded(x):
            symbolic = _object.is_symbolic(x)
            state = "has no value while a tf.function is traced" if symbolic else "is recorded by a tf.GradientTape"
            way = "return it from the tf.function" if symbolic else "use tf.stop_gradient(x) if that is what you want"
            raise DetachedValueError(
                f"Expected a tensor outside any computation, got one that {state}; as a NumPy array it would lose its "
                f"gradient. Keep computing with xp functions, or {way}."
            )
        if x.dtype == tf.bfloat16:
            raise DtypeError("NumPy has no bfloat16; cast with tf.cast(x, tf.float32) first.")
        return _object.to_numpy(x)

    def trace(self, f: Callable[..., Natives], arrays: Natives, /) -> tuple[list[TracedOperation], Natives]:
        operations, outputs = _tracing.traced(f, arrays)
        return [TracedOperation(*one) for one in operations], outputs

    def matmul_precision(self, device: str, /) -> tuple[PrecisionSetting, ...]:
        enabled = tf.config.experimental.tensor_float_32_execution_enabled()
        # Only GPUs have TensorFloat-32.
        reduced = enabled and device.startswith(("gpu", "cuda"))
        return (PrecisionSetting("tf.config.experimental.tensor_float_32_execution_enabled()", str(enabled), reduced),)

    def stop_gradient(self, x: Native, /) -> Native:
        return tf.stop_gradient(_object.tensor(x))

    def scope(self, computation: Computation, /) -> Any:
        return contextlib.nullcontext() if computation.device is None else _object.placed(computation.device)

    def vjp(self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        with tf.GradientTape(persistent=reusable, watch_accessed_variables=False) as tape:
            leaves = tuple(_leaf(primal) for primal in primals)
            tape.watch([leaf for leaf in leaves if _is_inexact(leaf)])
            outputs, aux = f(*leaves)
        return outputs, _Pullback(tape, outputs, leaves, reusable), aux

    def value_and_gradient(
        self, f: FlatFunction, primals: Natives, /, *, closed: bool = False
    ) -> tuple[Native, Natives, Natives]:
        return _differentiated(f, tuple([_leaf(primal) for primal in primals]))

    def gradient_pullback(
        self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True, closed: bool = False
    ) -> Pullback:
        # Tape over tape: tf.autodiff.ForwardAccumulator over a tape takes several times as long (TensorFlow 2.21).
        with tf.GradientTape(persistent=reusable, watch_accessed_variables=False) as tape:
            leaves = _watched(tape, tuple([_leaf(primal) for primal in primals]))
            gradients = _differentiated(f, leaves)[1]  # nobody else has these leaves
        return _Pullback(tape, gradients, leaves, reusable)

    def with_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        # Residuals are arguments, so that outer tapes know where they come from.
        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def attached(*arrays: Native) -> Any:
            kept = arrays[len(outputs) + len(inputs) :]

            def backward(*cotangents: Native) -> Any:
                return [*cotangents, *pullback(kept, cotangents), *(None for _ in kept)]

            return [tf.identity(x) for x in arrays[: len(outputs)]], backward

        return tuple(attached(*outputs, *inputs, *residuals)) if outputs else ()

    with_foreign_pullback = with_pullback
    traces_its_own = True

    def is_followed(self, arrays: Natives, /) -> bool:
        return any(map(self.is_recorded, arrays))

    def detached(self, x: Native, /) -> Native:
        return tf.stop_gradient(x)

    def has_value(self, x: Native, /) -> bool:
        return not _object.is_symbolic(x)

    outside = staticmethod(tf.init_scope)

    def result_dtype(self, dtype: str, /) -> str:
        return dtype

    taken_as_it_is = staticmethod(tf.autograph.experimental.do_not_convert)

    def callback(
        self, f: Callable[..., tuple[np.ndarray, ...]], arrays: Natives, like: Callable[[], Sequence[Any]], /
    ) -> Natives:
        expected = like()
        results = tf.numpy_function(f, list(arrays), [DTYPES[x.dtype] for x in expected], stateful=False)
        return tuple(tf.ensure_shape(x, x_like.shape) for x, x_like in zip(results, expected, strict=True))

    compile_is_stale_blind = False  # as in tf.function: what f reads besides its arguments is read once

    def compile_key(self, x: Native, /) -> Any:
        return tuple(x.shape), x.dtype.name, x.device

    def compile_input(self, x: Any, dtype: Any, /) -> Native:
        return tf.convert_to_tensor(x, dtype)

    def compile(self, f: Callable[..., Natives], arrays: Natives, /) -> Callable[..., Natives]:
        return Program(f, arrays)


class _Pullback:
    """Cotangents of the outputs to those of the leaves."""

    __slots__ = ("_leaves", "_outputs", "_reusable", "_tape")

    def __init__(self, tape: tf.GradientTape, outputs: Natives, leaves: Natives, reusable: bool) -> None:
        self._tape: tf.GradientTape | None = tape
        self._outputs = outputs
        self._leaves = leaves
        self._reusable = reusable

    def __call__(self, cotangents: Natives, /) -> Natives:
        tape = self._tape
        if tape is None:
            raise RuntimeError("This pullback was made with reusable=False and has been called already.")
        pairs = [(out, ct) for out, ct in zip(self._outputs, cotangents, strict=True) if _is_inexact(out)]
        leaves = [leaf for leaf in self._leaves if _is_inexact(leaf)]
        if not self._reusable:
            self._tape, self._outputs = None, ()
        found = tape.gradient(
            [out for out, _ in pairs],
            leaves,
            output_gradients=[ct for _, ct in pairs],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        dense = (_beside(_dense(gradient), leaf) for gradient, leaf in zip(found, leaves, strict=True))
        return tuple(next(dense) if _is_inexact(leaf) else tf.zeros_like(leaf) for leaf in self._leaves)

    def stacked(self, k: int, cotangents: Native) -> Natives:
        output = self._outputs[k]

        def one(cotangent: Native) -> Natives:
            zeros = [tf.zeros_like(out) for out in self._outputs]
            return self((*zeros[:k], cotangent, *zeros[k + 1 :]))

        # The gradient of a vectorized map forgets tf.custom_gradient (TensorFlow 2.21): where an outer tape records,
        # the slices go one by one.
        if not (_object.is_recorded(output) or _object.is_recorded(cotangents)):
            with contextlib.suppress(TypeError, ValueError):  # an operation that cannot be vectorized
                return tuple(tf.vectorized_map(one, cotangents, fallback_to_while_loop=False))
        return tuple(map(tf.stack, zip(*map(one, tf.unstack(cotangents)), strict=True)))


def _differentiated(f: FlatFunction, leaves: Natives) -> tuple[Native, Natives, Natives]:
    """Return the value of f at tensors that nothing else reads, the gradient and what f returns beside."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        (value,), aux = f(*_watched(tape, leaves))
    if not _is_inexact(value):
        return value, tuple(tf.zeros_like(leaf) for leaf in leaves), aux
    # Zeros by hand, no list around one leaf and no cotangent: each costs as much as an operation.
    found = (tape.gradient(value, leaves[0]),) if len(leaves) == 1 else tape.gradient(value, leaves)
    return value, _gradients(found, leaves), aux


def _watched(tape: tf.GradientTape, leaves: Natives) -> Natives:
    for leaf in leaves:  # a list around them would be taken apart at some cost
        tape.watch(leaf)
    return leaves


def _leaf(primal: Native) -> Native:
    """Return a tensor of its own, or one that is given twice, or read by f as well, would count as one."""
    return _beside(tf.raw_ops.Identity(input=primal), primal)


def _gradients(found: Any, leaves: Natives) -> Natives:
    return tuple(
        [tf.zeros_like(leaf) if g is None else _beside(_dense(g), leaf) for g, leaf in zip(found, leaves, strict=True)]
    )


def _is_inexact(x: Native) -> bool:
    return bool(x.dtype.is_floating or x.dtype.is_complex)


def _dense(gradient: Any) -> Native:
    return tf.convert_to_tensor(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient  # from tf.gather


def _beside(x: Native, other: Native) -> Native:
    """Return x on the other's device, which TensorFlow's default need not be."""
    return x if x.device == other.device or tf.is_symbolic_tensor(x) else _object.to_device(x, other.device)


backend = TensorFlowBackend()
