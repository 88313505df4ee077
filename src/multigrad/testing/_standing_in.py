"""A backend object in the registry for a while: nested operators find their backend by its name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from multigrad import _registry
from multigrad._protocol import Backend


@contextlib.contextmanager
def standing_in(backend: Backend) -> Iterator[None]:
    """Let a name mean this backend, which need not be registered; what the name meant before returns at the end."""
    with _registry._lock:
        before = _registry._loaded.get(backend.name)
        _registry._loaded[backend.name] = backend
    try:
        yield
    finally:
        with _registry._lock:
            if before is not None:
                _registry._loaded[backend.name] = before
            else:
                _forget(backend.name)


def _forget(name: str) -> None:
    """Leave no trace of a name that nobody registered: its arrays belong to nobody again."""
    _registry._loaded.pop(name, None)
    for kind in [kind for kind, owner in _registry._name_of_type.items() if owner == name]:
        _registry._name_of_type.pop(kind, None)
