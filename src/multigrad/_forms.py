"""The two forms of an array: `Array`, and the framework's own."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from multigrad import _registry
from multigrad._array import Array
from multigrad._protocol import Backend, SupportsArrayType, SupportsRecording
from multigrad.array_api import _lift


@functools.lru_cache(maxsize=256)
def array_type(backend: Backend) -> type[Array]:
    """Return a backend's subclass of `Array`: its own, or one made from what the protocol requires."""
    if _registry.supports(backend, SupportsArrayType):
        return backend.array_type  # type: ignore[attr-defined]
    return _generated(backend)


def _generated(backend: Backend) -> type[Array]:
    def asarray(obj: Any, dtype: str | None = None, device: Any = None) -> Any:
        return backend.asarray(obj, dtype=dtype, device=device)

    def setitem(native: Any, key: Any, value: Any) -> Any:
        copy = backend.xp.asarray(native, copy=True)
        copy[key] = value
        return copy

    recorded = backend.is_recorded if isinstance(backend, SupportsRecording) else lambda native: False
    members = {
        "__slots__": (),
        "__module__": __name__,
        "backend": backend.name,
        "_xp": backend.xp,
        "_is_native": staticmethod(backend.is_array),
        "_is_recorded": staticmethod(recorded),
        "_to_numpy": staticmethod(np.asarray),
        "_asarray": staticmethod(asarray),
        "_device": staticmethod(backend.device),
        "_to_device": staticmethod(backend.to_device),
        "_setitem": staticmethod(setitem),
    }
    cls: type[Array] = type(f"{backend.name.title().replace('_', '')}Array", (Array,), members)
    cls._namespace = _lift.generated(backend.xp, cls)
    return cls


def namespace(backend: Backend) -> Any:
    """Return the standard's namespace over a backend's `Array`."""
    return array_type(backend)._namespace
