"""The devices of any array API namespace, by name: what a backend over the engine knows of where arrays are."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import array_api_compat

from multigrad._errors import DeviceError, DtypeError
from multigrad.engine._trace import strip


def device_name(device: Any) -> str:
    """Return the name of a namespace's device: ``"gpu:0"`` for a number, as CuPy's have, else what it prints."""
    number = getattr(device, "id", None)
    return f"gpu:{number}" if isinstance(number, int) else _spelled(str(device))


def _spelled(name: str) -> str:
    """Return a name with this package's spelling of the devices that all frameworks have."""
    kind, _, number = name.lower().replace("cuda", "gpu").partition(":")
    if kind == "cpu" and number in ("", "0"):
        return "cpu"
    return f"gpu:{number or 0}" if kind == "gpu" else name


class Devices:
    """The devices that a namespace lists.

    Parameters
    ----------
    backend
        Name of the backend, for messages.
    namespace
        An array API namespace.
    name
        Gives the name of one of its devices. Devices of one name count as one.
    """

    def __init__(self, backend: str, namespace: Any, name: Callable[[Any], str]) -> None:
        self._backend = backend
        self._namespace = namespace
        self._name = name

    @functools.cached_property
    def _by_name(self) -> dict[str, Any]:
        # Asked at the first use: a GPU library has an answer only where there is a GPU.
        if not hasattr(self._namespace, "__array_namespace_info__"):  # of before 2023.12
            return {"cpu": None}
        info = self._namespace.__array_namespace_info__()
        found: dict[str, Any] = {}
        for device in (info.default_device(), *info.devices()):
            if device is not None:
                found.setdefault(self._name(device), device)
        return found

    @functools.cached_property
    def _only(self) -> str | None:
        return next(iter(self._by_name)) if len(self._by_name) == 1 else None

    def names(self) -> tuple[str, ...]:
        """Return the names of all devices, the default one first."""
        return tuple(self._by_name)

    def name(self, device: Any) -> str:
        """Return the name of one of the devices."""
        return self._only or self._name(device)

    def of(self, x: Any) -> str:
        """Return the name of the device of an array, plain or traced."""
        return self._only or self._name(array_api_compat.device(strip(x)))

    def find(self, device: Any) -> Any:
        """Return the namespace's own device for a name or for its own object; None stays None."""
        if device is None:
            return None
        name = _spelled(device) if isinstance(device, str) else self._name(device)
        if name not in self._by_name:
            raise DeviceError(f"No device {device!r} for {self._backend}; it sees {', '.join(self._by_name)}.")
        return self._by_name[name]

    def entered(self, device: Any) -> AbstractContextManager[Any]:
        """Return a context in which a device is the current one, for libraries that have such a state.

        CuPy's functions compute, and create arrays, on the current device whatever ``device=`` says, see
        https://github.com/data-apis/array-api-compat/pull/293. Its devices are themselves such contexts.
        """
        return device if hasattr(device, "__enter__") else nullcontext()

    def check_dtype(self, dtype: str, device: Any) -> None:
        """Raise `DtypeError` for a dtype that the namespace has, but not on this device."""
        if self._only is not None or device is None:
            return
        name = self._name(device)
        if dtype in self._missing.get(name, ()):
            raise DtypeError(f"{self._backend} has no {dtype} on the device {name}; choose another dtype.")

    @functools.cached_property
    def _missing(self) -> dict[str, frozenset[str]]:
        info = self._namespace.__array_namespace_info__()
        every = frozenset(info.dtypes())
        return {name: every - frozenset(info.dtypes(device=device)) for name, device in self._by_name.items()}
