"""Conversions between arrays, backends and plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from multigrad import _computation, _dtypes, _forms, _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._errors import DetachedValueError
from multigrad._protocol import Backend, SupportsRecording, SupportsStopGradient


def asarray(obj: Any, backend: str | Backend | None = None, dtype: Any = None, device: Any = None) -> Any:
    """Convert a number, a nested list, or an array of any framework to an array of one backend.

    Parameters
    ----------
    obj
        What to convert. An array of another framework is moved through DLPack where that is possible.
    backend
        Name of the backend; None takes obj's own framework, else the running or default one.
    dtype
        Dtype of the result, as a string or any framework's dtype. None keeps an array's dtype; Python numbers take the
        defaults of the array API standard, which are those of the running computation.
    device
        Where the result shall live; None leaves an array where it is.

    Returns
    -------
    array
        The backend's own array; an `Array` inside a function that runs with ``arrays="standard"``.

    Raises
    ------
    UnknownBackendError, BackendNotInstalledError, BackendBrokenError, DeviceError, DtypeError
        If what was asked for is not there.
    DetachedValueError
        If obj is being differentiated by another framework, which cannot follow it.

    Examples
    --------
    >>> import multigrad
    >>> multigrad.asarray([1.0, 2.0], backend="numpy", dtype="float32")
    array([1., 2.], dtype=float32)
    """
    name = _registry.array_backend_name(obj)
    chosen = _backend_for(obj, backend)
    cls = _forms.array_type(chosen)
    if name is not None and name != chosen.name:
        obj = detachable(obj, name)
    native = obj.native if isinstance(obj, Array) else obj
    wanted = None if dtype is None else _dtypes.dtype_name(dtype)
    if name is None:
        converted = cls._namespace.asarray(native, dtype=wanted, device=device).native
    else:
        converted = chosen.asarray(native, dtype=wanted, device=device)
    computation = _computation.running()
    if computation is not None and computation.form == "standard":
        return cls._wrap(converted)
    return cls._native_form(converted)


def _backend_for(obj: Any, backend: str | Backend | None) -> Backend:
    if backend is not None:
        return _registry.get_backend(backend)
    framework = _registry.framework_of(_tree.flatten(obj)[0])
    return _registry.get_backend(framework) if framework else _computation.default_backend()


def detachable(obj: Any, name: str) -> Any:
    """Return a native array that may leave its framework."""
    native = obj.native if isinstance(obj, Array) else obj
    owner = _registry.get_backend(name)
    if _registry.supports(owner, SupportsRecording) and owner.is_recorded(native):  # type: ignore[attr-defined]
        raise DetachedValueError(
            f"Expected an array outside any {name} graph, got one that {name} is differentiating; in another framework "
            "it would lose its gradient. Detach it first if that is what you want."
        )
    return native


def to_numpy(tree: Any) -> Any:
    """Convert every array in a tree to a NumPy array of the same shape and dtype.

    Parameters
    ----------
    tree
        An array of any framework, an `Array`, or a tree of them. Other leaves are passed on.

    Returns
    -------
    tree
        The same structure with NumPy arrays; on the CPU they may share memory with the originals.

    Raises
    ------
    DetachedValueError
        If a value is being differentiated, so that its gradient would silently become zero.
    DtypeError
        If NumPy lacks the dtype (bfloat16).

    Examples
    --------
    >>> import multigrad
    >>> multigrad.to_numpy({"w": multigrad.asarray([1.0, 2.0])})
    {'w': array([1., 2.])}
    """

    def convert(leaf: Any) -> Any:
        name = _registry.array_backend_name(leaf)
        if name is None:
            return leaf
        if isinstance(leaf, Array):
            leaf._forbid_leaving("multigrad.to_numpy(x)")
            leaf = leaf.native
        return np.asarray(_registry.get_backend(name).to_numpy(leaf))

    return _mapped(convert, tree)


def native(tree: Any) -> Any:
    """Return a tree with every `Array` replaced by the framework's own array.

    Parameters
    ----------
    tree
        Any tree; leaves that are no `Array` are passed on.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad.array_api import numpy as xp
    >>> multigrad.native([xp.asarray(1.0), 2.0])
    [array(1.), 2.0]
    """
    return _mapped(lambda leaf: leaf.native if isinstance(leaf, Array) else leaf, tree)


def stop_gradient(tree: Any) -> Any:
    """Return a tree whose arrays count as constants in every derivative.

    Parameters
    ----------
    tree
        An array, an `Array`, or a tree of them. Other leaves are passed on.

    Returns
    -------
    tree
        The same structure and values, in the form that they had.

    Raises
    ------
    NotImplementedError
        If a third-party backend does not offer the capability ``stop_gradient``.

    Examples
    --------
    >>> import multigrad
    >>> multigrad.gradient(lambda x: x * multigrad.stop_gradient(x))(3.0)
    array(3.)
    """
    if (observer := _computation.observer()) is not None:
        return observer.rule(stop_gradient, (tree,))

    def stop(leaf: Any) -> Any:
        name = _registry.array_backend_name(leaf)
        if name is None:
            return leaf
        backend = _registry.get_backend(name)
        if not _registry.supports(backend, SupportsStopGradient):
            raise NotImplementedError(f"The backend {name!r} does not offer the capability 'stop_gradient'.")
        if isinstance(leaf, Array):
            return leaf._wrap(backend.stop_gradient(leaf.native))  # type: ignore[attr-defined]
        return backend.stop_gradient(leaf)  # type: ignore[attr-defined]

    return _mapped(stop, tree)


def _mapped(convert: Any, tree: Any) -> Any:
    leaves, structure = _tree.flatten(tree, _leaves.expander(None))
    return structure.unflatten([convert(leaf) for leaf in leaves])
