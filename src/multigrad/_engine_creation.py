"""Creation functions over any array API namespace, with the defaults of the running computation.

Libraries know neither its dtype nor its device. Devices may be given by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad import _dtypes
from multigrad._engine_devices import Devices
from multigrad._errors import DtypeError
from multigrad.array_api import _defaults
from multigrad.engine import TracedNamespace, Tracer
from multigrad.engine._trace import device_of, strip

# The numbers among a function's arguments that decide the dtype of its result.
_REAL: Callable[..., tuple[Any, ...]] = lambda *_, **__: (0.0,)  # noqa: E731 - a row of the table below
_DECIDING: dict[str, Callable[..., tuple[Any, ...]]] = {
    "arange": lambda start, stop=0, step=1, **_: (start, stop, step),
    "empty": _REAL,
    "eye": _REAL,
    "full": lambda shape, fill_value, **_: (fill_value,),
    "linspace": lambda start, stop, *_, **__: (0.0, start, stop),
    "ones": _REAL,
    "zeros": _REAL,
}
_FREQUENCIES = ("fftfreq", "rfftfreq")
# Functions that stay on the device of their argument, unless told otherwise.
_MOVING = ("astype", "empty_like", "from_dlpack", "full_like", "ones_like", "zeros_like")


class Creation:
    """The functions of a namespace that take ``dtype=`` or ``device=``.

    Parameters
    ----------
    name
        Name of the backend, for messages.
    namespace
        The namespace that computes.
    traced
        The traced namespace over it.
    array_class
        The class of its arrays.
    devices
        Its devices.
    """

    def __init__(self, name: str, namespace: Any, traced: TracedNamespace, array_class: type, devices: Devices) -> None:
        self._name = name
        self._namespace = namespace
        self._traced = traced
        self._class = array_class
        self._devices = devices

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return the functions of the main namespace by name."""
        members = self._namespace
        found = {name: self._creating(getattr(members, name), numbers) for name, numbers in _DECIDING.items()}
        found |= {name: self._moving(getattr(self._traced, name)) for name in _MOVING if hasattr(members, name)}
        return {**found, "asarray": self.asarray, "full": self._full(found["full"])}

    def frequencies(self) -> dict[str, Callable[..., Any]]:
        """Return the functions of the extension ``fft``."""
        members = self._namespace.fft
        return {name: self._creating(getattr(members, name), _REAL) for name in _FREQUENCIES if hasattr(members, name)}

    def dtype(self, name: str) -> Any:
        """Return the namespace's dtype of a name."""
        found = getattr(self._namespace, name, None)
        if found is None:
            raise DtypeError(f"{self._name} has no {name}; choose another dtype.")
        return found

    def asarray(self, obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Any:
        place = self._devices.find(device)
        if isinstance(strip(obj), self._class):
            place = device_of(obj) if place is None else place  # CuPy's would move it to the current device
        else:
            place = self._devices.find(_defaults.device()) if place is None else place
            numbers = _numbers(obj) if dtype is None else None
            dtype = self.dtype(_defaults.dtype_of_number(*numbers)) if numbers else dtype
        kept = getattr(obj, "dtype", None) if dtype is None else dtype
        if kept is not None and _dtypes.is_dtype(kept):
            self._devices.check_dtype(_dtypes.dtype_name(kept), place)
        with self._devices.entered(place):
            return self._traced.asarray(obj, dtype=dtype, device=place, copy=copy)

    def _creating(self, function: Callable[..., Any], numbers: Callable[..., tuple[Any, ...]]) -> Callable[..., Any]:
        def create(*args: Any, dtype: Any = None, device: Any = None, **options: Any) -> Any:
            place = self._devices.find(_defaults.device() if device is None else device)
            if dtype is None:
                dtype = self.dtype(_defaults.dtype_of_number(*numbers(*args, **options)))
            self._devices.check_dtype(_dtypes.dtype_name(dtype), place)
            with self._devices.entered(place):
                return function(*args, dtype=dtype, device=place, **options)

        create.__name__ = function.__name__
        return create

    def _full(self, of_number: Callable[..., Any]) -> Callable[..., Any]:
        traced, find = self._traced, self._devices.find

        def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
            if not isinstance(strip(fill_value), self._class):
                return of_number(shape, fill_value, dtype=dtype, device=device)
            value = traced.astype(fill_value, fill_value.dtype if dtype is None else dtype, device=find(device))
            # Plain arrays are repeated in memory of their own: the caller may write to it.
            out = traced.broadcast_to(value, shape if isinstance(shape, tuple) else (shape,))
            return out if isinstance(out, Tracer) else traced.asarray(out, device=device_of(out), copy=True)

        return full

    def _moving(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, device: Any = None, **options: Any) -> Any:
            if device is None:
                return function(*args, **options)
            place = self._devices.find(device)
            with self._devices.entered(place):
                return function(*args, device=place, **options)

        call.__name__ = getattr(function, "__name__", "call")
        return call


def _numbers(obj: Any) -> list[Any] | None:
    """Return the numbers in nested lists; None where anything else is among them."""
    if type(obj) in _dtypes.NUMBERS:
        return [obj]
    if not isinstance(obj, list | tuple):
        return None
    found: list[Any] = []
    for part in obj:
        numbers = _numbers(part)
        if numbers is None:
            return None
        found += numbers
    return found
