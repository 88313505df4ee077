"""NumPy: reverse mode by the package's own engine, always at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multigrad._computation import Computation
from multigrad._errors import DetachedValueError, DtypeError
from multigrad._protocol import FlatFunction, Natives, Pullback
from multigrad.array_api.numpy import _native as native_namespace
from multigrad.array_api.numpy import _object
from multigrad.array_api.numpy._array import NumpyArray
from multigrad.array_api.numpy._dtypes import DTYPES, traced
from multigrad.engine import Tracer, vjp
from multigrad.engine._attach import with_pullback


class NumpyBackend:
    """NumPy's arrays on the CPU.

    NumPy records nothing, so there is no native array to differentiate: with ``arrays="native"`` f gets `Array` objects
    in place of those it is differentiated in.
    """

    name = "numpy"
    xp = native_namespace
    array_type = NumpyArray
    is_array = staticmethod(_object.is_native)
    is_recorded = staticmethod(_object.is_recorded)
    device = staticmethod(_object.device_name)
    to_device = staticmethod(_object.to_device)

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def asarray(self, obj: Any, /, *, dtype: str | None = None, device: Any = None) -> Any:
        if dtype is not None and dtype not in DTYPES:
            raise DtypeError(f"NumPy has no {dtype}; use one of {', '.join(DTYPES)}.")
        if not isinstance(obj, Tracer | np.ndarray | np.generic | int | float | complex) and hasattr(obj, "__dlpack__"):
            obj = np.from_dlpack(obj)
        return native_namespace.asarray(obj, dtype=None if dtype is None else DTYPES[dtype], device=device)

    def to_numpy(self, x: Any, /) -> np.ndarray:
        if self.is_recorded(x):
            raise DetachedValueError(
                "Expected an array that is not being differentiated, got a traced one; as a NumPy array it would lose "
                "its gradient. Use multigrad.stop_gradient(x) if that is what you want."
            )
        return np.asarray(x)

    def scope(self, computation: Computation, /) -> Any:
        # The other frameworks return inf and NaN in silence, and slopes at kinks compute both branches.
        return np.errstate(all="ignore")

    def stop_gradient(self, x: Any, /) -> Any:
        return _object.peek(x)

    def vjp(self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        if reusable:  # the caller may change its arrays before the pullback reads them
            primals = tuple(p if isinstance(p, Tracer) else p.copy() for p in primals)
        outputs, pull, aux = vjp(traced, f, primals, reusable=reusable)

        def pullback(cotangents: Natives, /) -> Natives:
            return _own([_array(g) for g in pull(cotangents)], cotangents)

        return tuple(_array(x) for x in outputs), pullback, tuple(_array(x) for x in aux)

    def with_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        return with_pullback(traced, outputs, inputs, residuals, pullback)


def _array(x: Any) -> Any:
    """Return NumPy's scalars, which its reductions give, as the 0-d arrays that they stand for."""
    return x if isinstance(x, Tracer) else np.asarray(x)


def _own(gradients: list[Any], cotangents: Natives) -> Natives:
    """Copy what shares memory with another result or with a cotangent: the caller may write to either."""
    seen = {id(ct) for ct in cotangents}
    for i, g in enumerate(gradients):
        if not isinstance(g, Tracer) and (id(g) in seen or g.base is not None):
            gradients[i] = g.copy()
        seen.add(id(g))
    return tuple(gradients)


backend = NumpyBackend()
