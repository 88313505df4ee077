"""A backend over any array API namespace, by the package's own engine: for array libraries that differentiate nothing.

Values are those of the namespace. Derivatives follow the convention as far as the engine's rules do; the namespace's
own promotion, dtypes and special values are taken as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import array_api_compat
import numpy as np

from multigrad import _dtypes
from multigrad._array import Array
from multigrad._computation import Computation
from multigrad._engine_creation import Creation
from multigrad._engine_devices import Devices, device_name
from multigrad._errors import DetachedValueError
from multigrad._protocol import FlatFunction, Natives, Pullback
from multigrad.array_api import _lift
from multigrad.array_api._inspection import ArrayNamespaceInfo
from multigrad.engine import TracedNamespace, Tracer, vjp
from multigrad.engine._attach import with_pullback
from multigrad.engine._trace import strip


class EngineBackend:
    """Reverse mode over a namespace, on all of its devices.

    Parameters
    ----------
    name
        Name of the backend.
    namespace
        An array API namespace that conforms.
    array_class
        The class of its arrays.
    device_name
        Gives the name of one of the namespace's devices; devices of one name count as one.

    Notes
    -----
    Unless ``device_name`` says otherwise, a device with a number as its ``id`` is called ``"gpu:0"`` (CuPy's), any
    other what it prints (``"cpu"``). Where devices are context managers, as CuPy's are, a computation enters its own.

    Examples
    --------
    >>> import array_api_strict
    >>> import multigrad
    >>> from multigrad.extend import EngineBackend
    >>> array_class = type(array_api_strict.asarray(0.0))
    >>> multigrad.register_backend("mine", lambda: EngineBackend("mine", array_api_strict, array_class))
    >>> float(multigrad.gradient(lambda x: x**2, backend="mine")(3.0))
    6.0
    """

    def __init__(
        self, name: str, namespace: Any, array_class: type, device_name: Callable[[Any], str] = device_name
    ) -> None:
        self.name = name
        self._class = array_class
        self._traced = TracedNamespace(namespace)
        self._devices = Devices(name, namespace, device_name)
        self._creation = Creation(name, namespace, self._traced, array_class, self._devices)
        self.xp = self._native(namespace)
        self.array_type = self._array_type()

    def is_array(self, x: object, /) -> bool:
        return isinstance(strip(x), self._class)

    def is_recorded(self, x: Any, /) -> bool:
        return isinstance(x, Tracer)

    def device(self, x: Any, /) -> str:
        return self._devices.of(x)

    def to_device(self, x: Any, device: Any, /) -> Any:
        place = self._devices.find(device)
        if place is None or self._devices.of(x) == self._devices.name(place):
            return x
        self._devices.check_dtype(_dtypes.dtype_name(x.dtype), place)
        return self._traced.to_device(x, place)

    def devices(self) -> tuple[str, ...]:
        return self._devices.names()

    def scope(self, computation: Computation, /) -> AbstractContextManager[Any]:
        return self._devices.entered(self._devices.find(computation.place()))

    def asarray(self, obj: Any, /, *, dtype: str | None = None, device: Any = None) -> Any:
        return self._creation.asarray(obj, dtype=None if dtype is None else self._creation.dtype(dtype), device=device)

    def to_numpy(self, x: Any, /) -> np.ndarray:
        if isinstance(x, Tracer):
            raise DetachedValueError(
                "Expected an array that is not being differentiated, got a traced one; as a NumPy array it would lose "
                "its gradient. Use multigrad.stop_gradient(x) if that is what you want."
            )
        return self._on_host(x)

    def _on_host(self, x: Any) -> np.ndarray:
        """Return a value as a NumPy array; libraries refuse it for arrays on other devices than the CPU."""
        if self._devices.of(x) != "cpu":
            # CuPy lists no CPU among its devices; array-api-compat takes the name and gives NumPy's array.
            host = self._devices.find("cpu") if "cpu" in self._devices.names() else "cpu"
            x = array_api_compat.to_device(x, host)
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
            "_as_dtype": staticmethod(self._as_dtype),
            "_to_numpy": staticmethod(self.to_numpy),
            "_peek": staticmethod(lambda native: self._on_host(strip(native))),
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

    def _native(self, namespace: Any) -> SimpleNamespace:
        """Return a namespace's functions, traced, with the running computation's default dtypes and device."""
        traced = self._traced
        native = SimpleNamespace(**{name: getattr(traced, name) for name in _names(namespace)})
        vars(native).update(self._creation.functions(), newaxis=None)
        if hasattr(namespace, "__array_namespace_info__"):
            vars(native)["__array_namespace_info__"] = self._info(namespace)
            native.__all__ = sorted(vars(native))  # with what begins with an underscore
        if hasattr(traced, "fft"):
            names = getattr(namespace.fft, "__all__", None) or _names(namespace.fft)
            native.fft = SimpleNamespace(**{name: getattr(traced.fft, name) for name in names})
            vars(native.fft).update(self._creation.frequencies())
        return native

    def _info(self, namespace: Any) -> Callable[[], ArrayNamespaceInfo]:
        def info() -> ArrayNamespaceInfo:
            own = namespace.__array_namespace_info__()
            dynamic = bool(own.capabilities()["data-dependent shapes"])
            return ArrayNamespaceInfo(own.dtypes(), self.devices, data_dependent_shapes=dynamic)

        return info

    def _as_dtype(self, dtype: Any) -> Any:
        return None if dtype is None else self._creation.dtype(_dtypes.dtype_name(dtype))

    def _converted(self, obj: Any, dtype: Any = None, device: Any = None) -> Any:
        return self.asarray(obj, dtype=None if dtype is None else _dtypes.dtype_name(dtype), device=device)


def _names(namespace: Any) -> set[str]:
    names = {name for name in dir(namespace) if not name.startswith("_")}
    # Some load their extensions when they are asked for.
    return names | {name for name in ("fft", "linalg") if hasattr(namespace, name)}
