"""JAX: reverse mode with `jax.vjp`, and float64 without the global flag."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from multigrad._computation import Computation
from multigrad._errors import DetachedValueError, DtypeError
from multigrad._protocol import FlatFunction, Natives, PrecisionSetting, Pullback, TracedOperation
from multigrad.array_api._checks import numpy_array
from multigrad.array_api.jax import _native as native_namespace
from multigrad.array_api.jax import _object, _tracing
from multigrad.array_api.jax._array import JaxArray
from multigrad.array_api.jax._dtypes import DTYPES
from multigrad.array_api.jax._wide import is_wide


class JaxBackend:
    """JAX's arrays on the CPU, GPU or TPU.

    A computation on 64-bit numbers runs in JAX's scoped 64-bit mode. Its results are float64 arrays, but JAX's own
    arithmetic on them outside goes back to float32 while the user's flag is off; ``use_backend("jax",
    dtype="float64")`` gives the user's own code the same scope.
    """

    name = "jax"
    xp = native_namespace
    array_type = JaxArray
    is_array = staticmethod(_object.is_native)
    is_recorded = staticmethod(_object.is_recorded)
    device = staticmethod(_object.device_name)

    def to_device(self, x: Any, device: Any, /) -> Any:
        return _object.to_device(x, device)

    def devices(self) -> tuple[str, ...]:
        return tuple(_object.devices())

    def asarray(self, obj: Any, /, *, dtype: str | None = None, device: Any = None) -> Any:
        if not isinstance(obj, jax.Array | np.ndarray | np.generic | int | float | complex) and hasattr(
            obj, "__dlpack__"
        ):
            # Inside the scope, since JAX would narrow 64 bits; copied, since the source may change.
            with jax.enable_x64(True):
                obj = jnp.array(_from_dlpack(obj), copy=True)
        return native_namespace.asarray(obj, dtype=None if dtype is None else DTYPES[dtype], device=device)

    def to_numpy(self, x: Any, /) -> np.ndarray:
        if self.is_recorded(x):
            raise DetachedValueError(
                "Expected an array that is not being differentiated or compiled, got a JAX tracer; as a NumPy array it "
                "would lose its gradient. Use multigrad.stop_gradient(x) if that is what you want."
            )
        if x.dtype == DTYPES["bfloat16"]:
            raise DtypeError("NumPy has no bfloat16; cast with x.astype('float32') first.")
        return np.asarray(x)

    def scope(self, computation: Computation, /) -> Any:
        return jax.enable_x64(True) if computation.dtype == "float64" else contextlib.nullcontext()

    def trace(self, f: Callable[..., Natives], arrays: Natives, /) -> tuple[list[TracedOperation], Natives]:
        operations, outputs = _tracing.traced(f, arrays)
        return [TracedOperation(*one) for one in operations], outputs

    def matmul_precision(self, device: str, /) -> tuple[PrecisionSetting, ...]:
        value = jax.config.jax_default_matmul_precision
        # Nothing asked for is full precision on the CPU only: elsewhere XLA takes the hardware's fast way (JAX 0.10).
        full = ("highest", "float32", "F32_F32_F32", *((None, "default") if device.startswith("cpu") else ()))
        return (PrecisionSetting("jax.config.jax_default_matmul_precision", str(value), value not in full),)

    def stop_gradient(self, x: Any, /) -> Any:
        return jax.lax.stop_gradient(x)

    def vjp(self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        outputs, pull, aux = jax.vjp(f, *primals, has_aux=True)

        def pullback(cotangents: Natives, /) -> Natives:
            nonlocal pull
            if pull is None:
                raise RuntimeError("This pullback was made with reusable=False and has been called already.")
            current, pull = pull, pull if reusable else None
            prepared = tuple(_cotangent(ct, out) for ct, out in zip(cotangents, outputs, strict=True))
            # A float32 computation may have met a float64 constant. JAX's own scope is what it runs under otherwise.
            with jax.enable_x64(True) if is_wide([*outputs, *jax.tree.leaves(current)]) else contextlib.nullcontext():
                found = current(prepared)
            # JAX transposes without conjugating; the convention's pairing is Re<a, b> = Re Σ conj(a)·b.
            return tuple(_conjugated(g) for g in found)

        return outputs, pullback, aux

    def jvp(self, f: FlatFunction, primals: Natives, tangents: Natives, /) -> tuple[Natives, Natives, Natives]:
        outputs, found, aux = jax.jvp(f, primals, tangents, has_aux=True)
        # JAX gives an integer's tangent the dtype float0.
        return (
            outputs,
            tuple(t if _is_inexact(x) else jnp.zeros_like(x) for t, x in zip(found, outputs, strict=True)),
            aux,
        )

    def vmap(self, f: Callable[..., Natives], arrays: Natives, /) -> Natives:
        return jax.vmap(f)(*arrays)

    def with_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        @jax.custom_vjp  # type: ignore[untyped-decorator]
        def attached(outputs: Natives, inputs: Natives, residuals: Natives) -> Natives:
            return outputs

        def backward(residuals: Natives, cotangents: Natives) -> Any:
            found = pullback(residuals, tuple(map(_conjugated, cotangents)))
            return cotangents, tuple(map(_conjugated, found)), None

        # An outer derivative, in either mode, must see that the value depends on the inputs, too.
        attached.defvjp(lambda *arrays: (_with_tangents(pullback, *arrays), arrays[2]), backward)
        return attached(outputs, inputs, residuals)

    def with_foreign_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        # As above, but a callback has no transpose: an outer derivative sees the same rule, in reverse mode alone.
        @jax.custom_vjp  # type: ignore[untyped-decorator]
        def attached(outputs: Natives, inputs: Natives, residuals: Natives) -> Natives:
            return outputs

        def backward(residuals: Natives, cotangents: Natives) -> Any:
            found = pullback(residuals, tuple(map(_conjugated, cotangents)))
            return cotangents, tuple(map(_conjugated, found)), None

        attached.defvjp(lambda *arrays: (attached(*arrays), arrays[2]), backward)
        return attached(outputs, inputs, residuals)

    traces_its_own = True

    def is_followed(self, arrays: Natives, /) -> bool:
        return any(map(_object.is_recorded, arrays))

    def detached(self, x: Any, /) -> Any:
        x = jax.lax.stop_gradient(x)
        return x if isinstance(x, jax.Array) else jnp.asarray(x)  # numbers become arrays of a kind of their own (0.10)

    def has_value(self, x: Any, /) -> bool:
        return not isinstance(x, jax.core.Tracer)

    outside = staticmethod(jax.ensure_compile_time_eval)

    def result_dtype(self, dtype: str, /) -> str:
        return str(jax.dtypes.canonicalize_dtype(dtype))  # 64 bits while the x64 flag, or its scope, is on

    def taken_as_it_is(self, f: Callable[..., Any], /) -> Callable[..., Any]:
        return f

    def callback(
        self, f: Callable[..., tuple[np.ndarray, ...]], arrays: Natives, like: Callable[[], Sequence[Any]], /
    ) -> Natives:
        results = tuple(jax.ShapeDtypeStruct(x.shape, x.dtype) for x in like())
        return jax.pure_callback(f, results, *arrays, vmap_method="sequential")

    def with_jvp(
        self, f: Callable[..., Natives], rule: Callable[[Natives, Natives], tuple[Natives, Natives]], inputs: Natives, /
    ) -> Natives:
        def ruled_jvp(primals: Natives, tangents: Natives) -> tuple[Natives, Natives]:
            outputs, found = rule(primals, tangents)
            # JAX wants the tangent of an integer in a dtype of its own.
            pairs = zip(found, outputs, strict=True)
            return outputs, tuple(t if _is_inexact(x) else np.zeros(x.shape, jax.dtypes.float0) for t, x in pairs)

        ruled = jax.custom_jvp(f)
        ruled.defjvp(ruled_jvp)
        return ruled(*inputs)

    def checkpoint(self, f: Callable[..., Natives], inputs: Natives, /) -> Natives:
        # Constants come back as literals that are no arrays.
        return tuple(jnp.asarray(x) for x in jax.checkpoint(f)(*inputs))

    compile_is_stale_blind = False  # jax.jit's rule: what f reads besides its arguments is read once
    compile_retraces = True

    # jax.jit tells the rest apart itself. Through the aval, since the array's own attributes are Python properties.
    compile_key = staticmethod(operator.attrgetter("aval.shape", "aval.dtype"))

    def compile_input(self, x: Any, dtype: Any, /) -> Any:
        # A compiled call takes in numbers and NumPy's arrays faster than any conversion before it, but reads the bytes
        # of another machine's order as they are (0.10).
        return x if type(x) is not np.ndarray or x.dtype.isnative else numpy_array(x)

    def compile(self, f: Callable[..., Natives], arrays: Natives, /) -> Callable[..., Natives]:
        return jax.jit(f)

    def flatten_node(self, node: object, /) -> Any:
        if isinstance(node, JaxArray) or jax.tree_util.all_leaves([node]):
            return None
        found, structure = jax.tree_util.tree_flatten_with_path(node, is_leaf=lambda inner: inner is not node)
        suffixes = [jax.tree_util.keystr(path) for path, _ in found]
        return [child for _, child in found], lambda values: jax.tree_util.tree_unflatten(structure, values), suffixes


def _with_tangents(
    pullback: Callable[[Natives, Natives], Natives], outputs: Natives, inputs: Natives, residuals: Natives
) -> Natives:
    """Return outputs that depend on inputs by the transpose of a pullback, in both modes."""

    @jax.custom_jvp  # type: ignore[untyped-decorator]
    def valued(outputs: Natives, inputs: Natives, residuals: Natives) -> Natives:
        return outputs

    @valued.defjvp  # type: ignore[untyped-decorator]
    def push(primals: tuple[Natives, ...], tangents: tuple[Natives, ...]) -> tuple[Natives, Natives]:
        def pulled(cotangents: Natives) -> Natives:
            every = iter(cotangents)
            given = tuple(next(every) if _is_inexact(x) else jnp.zeros_like(x) for x in primals[0])
            return tuple(map(_conjugated, pullback(primals[2], tuple(map(_conjugated, given)))))

        (found,) = jax.linear_transpose(pulled, tuple(filter(_is_inexact, primals[0])))(tangents[1])
        rest = iter(found)
        moved = tuple(t + next(rest) if _is_inexact(x) else t for t, x in zip(tangents[0], primals[0], strict=True))
        return valued(*primals), moved

    return valued(outputs, inputs, residuals)


def _from_dlpack(obj: Any) -> Any:
    try:
        return jnp.from_dlpack(obj)
    except jax.errors.JaxRuntimeError:  # JAX reads no memory that skips or repeats elements (0.10); NumPy does
        return np.from_dlpack(obj)


def _cotangent(cotangent: Any, output: Any) -> Any:
    if not _is_inexact(output):
        return np.zeros(output.shape, jax.dtypes.float0)  # what JAX expects for integers; any other value is ignored
    return _conjugated(cotangent)


def _is_inexact(x: Any) -> bool:
    return bool(jnp.issubdtype(x.dtype, jnp.inexact))


def _conjugated(x: Any) -> Any:
    return jnp.conj(x) if jnp.issubdtype(x.dtype, jnp.complexfloating) else x


backend = JaxBackend()
