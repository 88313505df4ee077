"""Finding backends: the only module that imports an adapter, and only when its backend is asked for."""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.metadata
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from multigrad import _tree
from multigrad._array import Array
from multigrad._errors import (
    BackendBrokenError,
    BackendNotInstalledError,
    MixedBackendError,
    MultigradError,
    UnknownBackendError,
)
from multigrad._protocol import CAPABILITIES, CONSEQUENCES, REQUIRED_MEMBERS, Backend, BackendInfo

ENTRY_POINT_GROUP = "multigrad.backends"
ENVIRONMENT_VARIABLE = "MULTIGRAD_BACKEND"

# name: (module of the adapter, what pip installs). The name is the framework's import name.
_BUILT_IN = {
    "numpy": ("multigrad.adapters.numpy", "numpy"),
    "torch": ("multigrad.adapters.torch", "torch"),
    "jax": ("multigrad.adapters.jax", "jax"),
    "tensorflow": ("multigrad.adapters.tensorflow", "tensorflow"),
}
# Array libraries that differentiate nothing and run over the engine: found by name or by their arrays, but no part of
# what `backends` lists and `compare` compares.
_OVER_ENGINE = {
    "dask": ("multigrad.adapters.dask", '"dask[array]"'),
    "array_api_strict": ("multigrad.adapters.array_api_strict", "array-api-strict"),
}
# The module that has been imported if a backend's arrays are around; NumPy's decide nothing.
_TELLING = {
    "torch": "torch",
    "jax": "jax",
    "tensorflow": "tensorflow",
    "dask": "dask.array",
    "array_api_strict": "array_api_strict",
}
# What people type first and no spelling distance finds.
_NICKNAMES = {"tf": "tensorflow", "np": "numpy", "pytorch": "torch", "jnp": "jax", "keras": "tensorflow"}

_lock = threading.RLock()
_loaded: dict[str, Backend] = {}
_factories: dict[str, Callable[[], Backend]] = {}


def register_backend(name: str, factory: Callable[[], Backend], /) -> None:
    """Make a backend known under a name for the rest of the process.

    Packages that bring a backend need not call this: an entry point in the group ``multigrad.backends`` does the same
    (see CONTRIBUTING).

    Parameters
    ----------
    name
        Lower-case name that ``backend=`` shall take.
    factory
        Called without arguments at the first use; returns an object that satisfies `multigrad.extend.Backend`.

    Raises
    ------
    ValueError
        If the name is taken.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad.extend import FiniteDifferenceBackend
    >>> multigrad.register_backend("differences", lambda: FiniteDifferenceBackend("differences"))
    >>> round(float(multigrad.gradient(lambda x: x**2, backend="differences")(3.0)), 6)
    6.0
    """
    with _lock:
        if name in known_names() or name in _OVER_ENGINE:
            raise ValueError(f"A backend named {name!r} is already registered; choose another name.")
        if not callable(factory):
            raise TypeError(f"Expected a callable that returns the backend, got {type(factory).__name__}.")
        _factories[name] = factory


def get_backend(name: str | Backend, /) -> Backend:
    """Return the backend of this name, importing its framework at the first use.

    Parameters
    ----------
    name
        ``"torch"``, ``"jax"``, ``"tensorflow"``, ``"numpy"``, or a registered name. A backend object is returned as it
        is.

    Raises
    ------
    UnknownBackendError
        If nobody provides this name.
    BackendNotInstalledError
        If the framework is missing; the message has the pip command.
    BackendBrokenError
        If the framework fails to import (its error is the cause), or the backend breaks the protocol.

    Examples
    --------
    >>> import multigrad
    >>> multigrad.get_backend("numpy").name
    'numpy'
    """
    if not isinstance(name, str):
        _check_object(name)
        return _validated(name, getattr(name, "name", type(name).__name__))
    backend = _loaded.get(name)
    return backend if backend is not None else _load(name)


def check_name(name: str | Backend | None) -> None:
    """Raise `UnknownBackendError` early, before anything is imported."""
    if isinstance(name, str) and name not in _loaded and not _is_shipped(name) and name not in _factories:
        _entry_point(name)


def _is_shipped(name: str) -> bool:
    return name in _BUILT_IN or name in _OVER_ENGINE


def _load(name: str) -> Backend:
    with _lock:
        if name in _loaded:
            return _loaded[name]
        if _is_shipped(name):
            backend = _load_shipped(name)
        elif name in _factories:
            backend = _validated(_made(name, "its factory", _factories[name]), name)
        else:
            backend = _validated(_load_entry_point(name), name)
        _loaded[name] = backend
        return backend


def _load_shipped(name: str) -> Backend:
    module, package = _BUILT_IN.get(name) or _OVER_ENGINE[name]
    try:
        return _validated(importlib.import_module(module).backend, name)
    except ModuleNotFoundError as error:
        if error.name == name:
            raise BackendNotInstalledError(
                f"The backend {name!r} needs {package}, which is not installed. Install it with: pip install {package}"
            ) from error
        raise _broken(name, error) from error
    except MultigradError:
        raise
    except Exception as error:  # a framework may fail to import in any way; the cause is kept
        raise _broken(name, error) from error


def _broken(name: str, error: BaseException) -> BackendBrokenError:
    return BackendBrokenError(
        f"{name} is installed but does not import: {type(error).__name__}: {error}. Reinstall it, or choose another "
        "backend; multigrad.backends() lists them."
    )


def _entry_point(name: str) -> importlib.metadata.EntryPoint:
    found = tuple(importlib.metadata.entry_points(group=ENTRY_POINT_GROUP, name=name))
    if not found:
        raise _unknown(name)
    if len({point.value for point in found}) > 1:
        values = ", ".join(sorted(point.value for point in found))
        raise BackendBrokenError(
            f"Several packages provide a backend named {name!r} ({values}); uninstall all but one."
        )
    return found[0]


def _load_entry_point(name: str) -> Any:
    point = _entry_point(name)

    def make() -> Any:
        provided = point.load()
        return provided() if isinstance(provided, type) or not hasattr(provided, "vjp") else provided

    return _made(name, point.value, make)


def _made(name: str, source: str, make: Callable[[], Any]) -> Any:
    """Return what third-party code makes, or say which backend failed."""
    try:
        return make()
    except ModuleNotFoundError as error:
        raise BackendNotInstalledError(
            f"The backend {name!r} ({source}) needs {error.name}, which is not installed. "
            f"Install it with: pip install {error.name}"
        ) from error
    except MultigradError:
        raise
    except Exception as error:  # third-party code; the cause is kept
        raise _broken(name, error) from error


def _unknown(name: str) -> UnknownBackendError:
    known = known_names()
    near = _NICKNAMES.get(name.lower()) or next(iter(difflib.get_close_matches(name.lower(), known, 1, 0.5)), None)
    hint = f" Did you mean {near!r}?" if near else ""
    return UnknownBackendError(f"Unknown backend {name!r}.{hint} Known backends: {', '.join(known)}.")


def known_names() -> list[str]:
    points = {point.name for point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)}
    return list(dict.fromkeys((*_BUILT_IN, *_factories, *sorted(points))))


def framework_with(obj: Any) -> str | None:
    """Return the name of the backend whose framework a module, class, function or other object comes from, or None."""
    if isinstance(obj, ModuleType):
        return _framework_named(obj.__name__)
    for home in (getattr(obj, "__module__", None), type(obj).__module__):
        name = _framework_named(home) if isinstance(home, str) else None
        if name is not None:
            return name
    # Some of torch's functions do not say where they come from.
    called = getattr(obj, "__name__", "")
    modules = {name: sys.modules.get(module) for name, module in _TELLING.items()}
    return next((name for name, module in modules.items() if called and getattr(module, called, None) is obj), None)


def _framework_named(module: str) -> str | None:
    package, *parts = module.split(".")
    if package == "multigrad":  # a namespace or an adapter
        return next((part for part in parts if _is_shipped(part)), None)
    package = {"jaxlib": "jax"}.get(package, _NICKNAMES.get(package, package))
    return package if _is_shipped(package) or package in _factories else None


def _check_object(obj: Any) -> None:
    """Raise for what is no backend at all, where a name was meant."""
    # A backend that lacks something is told what it lacks.
    known = (hasattr(obj, member) for member in REQUIRED_MEMBERS)
    if all(known) if isinstance(obj, ModuleType) else hasattr(obj, "vjp") or hasattr(obj, "xp"):
        return
    name = framework_with(obj)
    given = f"the module {obj.__name__}" if isinstance(obj, ModuleType) else f"{obj!r} of type {type(obj).__name__}"
    way = f"Pass backend={name!r}." if name else f"Known backends: {', '.join(known_names())}."
    raise UnknownBackendError(f"Expected the name of a backend, such as 'torch', got {given}. {way}")


def _validated(backend: Any, name: str) -> Backend:
    missing = [member for member in REQUIRED_MEMBERS if not hasattr(backend, member)]
    if missing:
        raise BackendBrokenError(
            f"The backend {name!r} ({type(backend).__name__}) must have the members {', '.join(REQUIRED_MEMBERS)}; "
            f"it lacks {', '.join(missing)}."
        )
    if backend.name != name:
        raise BackendBrokenError(
            f"The backend registered as {name!r} calls itself {backend.name!r}; give both the same name."
        )
    return backend


@functools.lru_cache(maxsize=256)
def supports(backend: Backend, capability: type) -> bool:
    """Tell whether a backend has a capability; isinstance on a protocol is slow, so the answer is kept."""
    return isinstance(backend, capability)


def environment_backend() -> Backend:
    """Return the backend named by ``MULTIGRAD_BACKEND``, or NumPy."""
    return get_backend(os.environ.get(ENVIRONMENT_VARIABLE) or "numpy")


def backends() -> tuple[BackendInfo, ...]:
    """Return one `BackendInfo` per known backend, installed or not, with the reason where one cannot be used.

    Imports every installed framework, to see whether it works.

    Returns
    -------
    tuple of BackendInfo
        Built-in backends first, in a fixed order.

    Examples
    --------
    >>> import multigrad
    >>> [info.name for info in multigrad.backends()][:4]
    ['numpy', 'torch', 'jax', 'tensorflow']
    """
    return tuple(backend_info(name) for name in known_names())


def backend_info(name: str, /) -> BackendInfo:
    """Return what is known about one backend; imports its framework if that is installed."""
    try:
        backend = get_backend(name)
        devices = backend.devices()
    except (BackendNotInstalledError, BackendBrokenError) as error:
        # An installed framework that does not import still has a version, and that is what people need to see.
        return BackendInfo(name, _version(name), False, (), (), str(error))
    offered = tuple(key for key, capability in CAPABILITIES.items() if supports(backend, capability))
    missing = {key: consequence for key, consequence in CONSEQUENCES.items() if key not in offered}
    return BackendInfo(name, _version(name), True, devices, offered, None, missing)


def _version(name: str) -> str | None:
    version = getattr(sys.modules.get(name), "__version__", None) or getattr(_loaded.get(name), "version", None)
    if version is None:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None
    return str(version)


# The array types seen so far. Types are few and live as long as their framework.
_name_of_type: dict[type, str] = {}
# The name of the backend whose arrays have this type, if one has been seen: the quick form of `array_backend_name`.
name_of_type = _name_of_type.get


def array_backend_name(leaf: object, /) -> str | None:
    """Return the name of the backend whose array this is, ``"numpy"`` for NumPy's, or None if it is no array.

    Looks only at frameworks that the process has already imported: an array cannot come from any other.
    """
    kind = type(leaf)
    name = _name_of_type.get(kind)
    if name is not None:
        return name
    if isinstance(leaf, Array):
        name = leaf.backend
    elif isinstance(leaf, np.ndarray | np.generic):
        name = "numpy"
    elif kind in _tree.PLAIN:
        return None
    else:
        name = next((backend.name for backend in imported_backends() if backend.is_array(leaf)), None)
    if name is not None and not hasattr(kind, "node"):  # the engine's traced arrays have one type for all backends
        _name_of_type[kind] = name
    return name


def imported_backends() -> Iterator[Backend]:
    """Yield the backends whose frameworks the process has imported already, except NumPy."""
    names = [name for name, module in _TELLING.items() if module in sys.modules]
    for name in (*names, *(name for name in list(_loaded) if not _is_shipped(name))):
        try:
            yield get_backend(name)
        except (BackendNotInstalledError, BackendBrokenError):
            continue  # half imported or broken: none of the arrays at hand are its


def framework_of(leaves: Iterable[object], /) -> str | None:
    """Return the name of the one framework that these leaves' arrays belong to, or None.

    NumPy's arrays are welcome everywhere and decide nothing, unless they are being differentiated.
    """
    found: dict[str, type] = {}
    for leaf in leaves:
        name = array_backend_name(leaf)
        if name is not None and (name != "numpy" or (isinstance(leaf, Array) and leaf.is_recorded)):
            found.setdefault(name, type(leaf))
    if len(found) > 1:
        names = " and ".join(found)
        raise MixedBackendError(
            f"Expected the arrays of one framework, got those of {names}. Choose one with backend=..., which moves the "
            "others to it."
        )
    return next(iter(found), None)
