"""A backend over any array API namespace, by the package's own engine: for array libraries that differentiate nothing.

Values are those of the namespace. Derivatives follow the convention as far as the engine's rules do; the namespace's
own promotion, dtypes and special values are taken as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from multigrad import _dtypes
from multigrad._array import Array
from multigrad._computation import default_dtype
from multigrad._errors import DetachedValueError, DeviceError
from multigrad._protocol import FlatFunction, Natives, Pullback
from multigrad.array_api import _lift
from multigrad.engine import TracedNamespace, Tracer, vjp
from multigrad.engine._attach import with_pullback
from multigrad.engine._trace import strip

# Creation functions that take a dtype and make floating-point numbers without one.
_FLOATING = ("empty", "eye", "linspace", "ones", "zeros")


class EngineBackend:
    """Reverse mode over a namespace whose arrays live on the CPU.

    Parameters
    ----------
    name
        Name of the backend.
    namespace
        An array API namespace that conforms.
    array_class
        The class of its arrays.
    """

    def __init__(self, name: str, namespace: Any, array_class: type) -> None:
        self.name = name
        self._class = array_class
        self._traced = TracedNamespace(namespace)
        self.xp = _native(namespace, self._traced)
        self.array_type = self._array_type()

    def is_array(self, x: object, /) -> bool:
        return isinstance(strip(x), self._class)

    def is_recorded(self, x: Any, /) -> bool:
        return isinstance(x, Tracer)

    def device(self, x: Any, /) -> str:
        return "cpu"

    def to_device(self, x: Any, device: Any, /) -> Any:
        if device not in (None, "cpu"):
            raise DeviceError(f"No device {device!r} for {self.name}; it sees cpu.")
        return x

    def devices(self) -> tuple[str, ...]:
        return ("cpu",)

    def asarray(self, obj: Any, /, *, dtype: str | None = None, device: Any = None) -> Any:
        self.to_device(obj, device)
        if isinstance(obj, Tracer):
            return obj if dtype is None else self._traced.astype(obj, getattr(self.xp, dtype))
        return self.xp.asarray(obj, dtype=None if dtype is None else getattr(self.xp, dtype))

    def to_numpy(self, x: Any, /) -> np.ndarray:
        if isinstance(x, Tracer):
            raise DetachedValueError(
                "Expected an array that is not being differentiated, got a traced one; as a NumPy array it would lose "
                "its gradient. Use multigrad.stop_gradient(x) if that is what you want."
            )
        return np.asarray(x)

    def stop_gradient(self, x: Any, /) -> Any:
        return strip(x)

    def vjp(self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        if reusable:  # the caller may change its arrays before the pullback reads them
            primals = tuple(p if isinstance(p, Tracer) else self.xp.asarray(p, copy=True) for p in primals)
        return vjp(self._traced, f, primals, reusable=reusable)

    def with_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        return with_pullback(self._traced, outputs, inputs, residuals, pullback)

    def _array_type(self) -> type[Array]:
        traced = self._traced
        members = {
            "__slots__": (),
            "__module__": __name__,
            "backend": self.name,
            "_xp": self.xp,
            "_is_native": staticmethod(self.is_array),
            "_is_recorded": staticmethod(self.is_recorded),
            "_to_numpy": staticmethod(self.to_numpy),
            "_peek": staticmethod(lambda native: self.to_numpy(strip(native))),
            "_asarray": staticmethod(self._converted),
            "_device": staticmethod(self.device),
            "_to_device": staticmethod(self.to_device),
            "_getitem": staticmethod(lambda native, key: traced.getitem(native, key)),
            "_setitem": staticmethod(lambda native, key, value: traced.setitem(native, value, key)),
            # A traced array has no form of the library's own that could be differentiated.
            "_native_form": classmethod(lambda cls, native: cls._wrap(native) if type(native) is Tracer else native),
        }
        cls: type[Array] = type(f"{self.name.title().replace('_', '')}Array", (Array,), members)
        cls._namespace = _lift.generated(self.xp, cls)
        return cls

    def _converted(self, obj: Any, dtype: Any = None, device: Any = None) -> Any:
        return self.asarray(obj, dtype=None if dtype is None else _dtypes.dtype_name(dtype), device=device)


def _native(namespace: Any, traced: TracedNamespace) -> SimpleNamespace:
    """Return a namespace's functions, traced, with the running computation's default dtypes."""
    names = {name for name in dir(namespace) if not name.startswith("_")}
    names |= {name for name in ("fft", "linalg") if hasattr(namespace, name)}  # some load them when they are asked for
    native = SimpleNamespace(**{name: getattr(traced, name) for name in names})
    for name in _FLOATING:
        setattr(native, name, _with_default_dtype(getattr(namespace, name), namespace))
    native.newaxis = None
    return native


def _with_default_dtype(function: Callable[..., Any], namespace: Any) -> Callable[..., Any]:
    def create(*args: Any, dtype: Any = None, device: Any = None, **options: Any) -> Any:
        dtype = getattr(namespace, default_dtype()) if dtype is None else dtype
        return function(*args, dtype=dtype, **options)

    create.__name__ = function.__name__
    return create
