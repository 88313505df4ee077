"""``xp``: one namespace for all backends, which sends each call to the namespace of its arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from multigrad import _computation, _dtypes, _forms, _registry
from multigrad._array import Array
from multigrad._errors import DtypeError
from multigrad.array_api import _unknown_names
from multigrad.array_api._arguments import LISTS, NOTHING, PLAIN
from multigrad.array_api._lift import CONSTANTS, CREATION, EXTENSIONS, is_data

# Types of arguments that are surely no arrays, among them names of dtypes.
_NO_ARRAYS = PLAIN | {complex, str}


def array_namespace(*arrays: Any) -> Any:
    """Return the array API namespace of these arrays, with this package's derivative convention.

    Parameters
    ----------
    *arrays
        `Array` objects, arrays of one framework, NumPy arrays (which go to the others' framework), Python numbers.

    Returns
    -------
    module
        ``multigrad.array_api.torch`` and so on; that of the running or default backend if there is no array.

    Raises
    ------
    MixedBackendError
        If the arrays belong to several frameworks.

    Examples
    --------
    >>> import multigrad, numpy as np
    >>> multigrad.array_namespace(np.ones(3)).__name__
    'multigrad.array_api.numpy'
    """
    return _namespace_of(arrays)


def _namespace_of(args: Any) -> Any:
    return _forms.namespace(backend_of(args))


def backend_of(args: Any) -> Any:
    """Return the backend of the arrays among arguments; the running or default one if there is no array."""
    leaves = tuple(_leaves(args))
    name = _registry.framework_of(leaves)
    if name is not None:
        return _registry.get_backend(name)
    if _computation.running() is None and any(_registry.array_backend_name(leaf) for leaf in leaves):
        return _registry.get_backend("numpy")
    return _computation.default_backend()


def _leaves(args: Any) -> Iterator[Any]:
    for arg in args:
        if isinstance(arg, list | tuple):
            yield from _leaves(arg)
        else:
            yield arg


def _all_of_the_running(kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether all arrays of a call are `Array` objects of the running computation's kind."""
    computation = _computation.current()
    if computation is None or computation.cls is not kind:
        return False
    others = (*args[0], *args[1:]) if type(args[0]) in LISTS else args[1:]
    if others and not all([type(arg) is kind or type(arg) in _NO_ARRAYS for arg in others]):
        return False
    return not kwargs or all([type(value) in _NO_ARRAYS for value in kwargs.values()])


class Dispatcher:
    """The dispatching namespace ``multigrad.xp``, and its extensions ``xp.linalg`` and ``xp.fft``.

    Functions go to the namespace of their array arguments. Creation functions, dtypes and constants belong to the
    running backend, else to the default one; what they create has the form of the running computation: `Array` inside a
    function that runs with ``arrays="standard"``, the framework's own array at top level.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> multigrad.gradient(lambda x: xp.sin(x**2 + 1), backend="numpy")(2.0)
    array(1.13464874)
    """

    def __init__(self, extension: str | None = None) -> None:
        self._extension = extension

    def __getattr__(self, name: str) -> Any:
        if name == "__array_namespace_info__" and self._extension is None:
            return _forms.namespace(_computation.default_backend()).__array_namespace_info__
        if name.startswith("_"):
            raise AttributeError(name)
        if name in CREATION and name in self._names():
            return self._keep(name, _creation(name, self._part))
        if self._extension is None:
            if name in EXTENSIONS:
                return self._keep(name, Dispatcher(name))
            if name in _dtypes.NAMES:
                return self._dtype(name)
            if name in CONSTANTS:
                return getattr(_forms.namespace(_computation.default_backend()), name)
        if name not in self._names():
            raise self._unknown(name)
        return self._keep(name, self._function(name))

    def _unknown(self, name: str) -> AttributeError:
        places = {"xp": Dispatcher()._names(), **{f"xp.{part}": Dispatcher(part)._names() for part in EXTENSIONS}}
        places["multigrad.special"] = list(vars(_forms.array_type(_registry.get_backend("numpy"))._special))
        where = f"xp.{self._extension}" if self._extension else "xp"
        hint = _unknown_names.hint(name, where, places)
        return AttributeError(f"{where} has no {name!r}: it is not in multigrad's array API namespace.{hint}")

    def _keep(self, name: str, member: Any) -> Any:
        # Functions are made once; only what depends on the running backend is looked up each time.
        setattr(self, name, member)
        return member

    @staticmethod
    def _dtype(name: str) -> Any:
        backend = _computation.default_backend()
        try:
            return getattr(_forms.namespace(backend), name)
        except AttributeError:
            raise DtypeError(f"{backend.name} has no {name}.") from None

    def _part(self, namespace: Any) -> Any:
        return namespace if self._extension is None else getattr(namespace, self._extension)

    def _function(self, name: str) -> Callable[..., Any]:
        # This function in each namespace, by the type of its first argument, and what it does with several.
        known: dict[type, Callable[..., Any]] = {}
        entries: dict[type, Callable[..., Any]] = {}
        undecided: dict[type, Callable[..., Any]] = {}  # the same for types that do not decide alone

        def function(first: Any = NOTHING, /, *rest: Any, **options: Any) -> Any:
            if rest or options:
                found = entries.get(type(first))
                if found is not None:
                    return found(first, rest, options)
            else:
                found = known.get(type(first))
                if found is not None:
                    return found(first)
            leader = first[0] if type(first) in LISTS and first else first
            kind: Any = type(leader)
            found = entries.get(kind)
            if found is not None:  # xp.concat([x, y])
                return found(first, rest, options)
            args = () if first is NOTHING else (first, *rest)
            found = undecided.get(kind)
            if found is None or not _all_of_the_running(kind, args, options):
                found = getattr(self._part(_namespace_of((*args, *options.values()))), name)
                # A NumPy array decides nothing: another argument may come from a framework.
                if isinstance(leader, Array) and leader.backend != "numpy":
                    known[kind], entries[kind] = found, found.entry
                elif isinstance(leader, Array) and _all_of_the_running(kind, args, options):
                    undecided[kind] = found
            return found(*args, **options)

        reference = getattr(self._reference(), name)
        function.__name__ = function.__qualname__ = name
        function.__signature__ = inspect.signature(reference)  # type: ignore[attr-defined] # SciPy looks for axis
        summary = f"Compute the array API standard's ``{name}`` in the namespace of the array arguments."
        function.__doc__ = f"{summary}\n\n{reference.__doc__ or ''}".rstrip()
        return function

    def _reference(self) -> Any:
        return self._part(_forms.namespace(_registry.get_backend("numpy")))

    def _names(self) -> list[str]:
        reference = self._reference()
        return [name for name in getattr(reference, "__all__", vars(reference)) if not name.startswith("_")]

    def __dir__(self) -> list[str]:
        return self._names()

    def __repr__(self) -> str:
        return "<multigrad.xp: the array API namespace of the arrays it is given>"


def _creation(name: str, part: Callable[[Any], Any]) -> Callable[..., Any]:
    known: dict[type, Callable[..., Any]] = {}  # what makes an array of data in each namespace, by its type of array

    def create(*args: Any, **kwargs: Any) -> Any:
        computation = _computation.running()
        if len(args) == 1 and not kwargs and computation is not None and is_data(args[0]):
            cls = computation.cls
            found = known.get(cls)
            if found is None:
                found = known[cls] = getattr(part(cls._namespace), name).of_data
            array = found(args[0])
        else:
            framework = _registry.framework_of(_leaves((*args, *kwargs.values())))
            backend = _registry.get_backend(framework) if framework else _computation.default_backend()
            array = getattr(part(_forms.namespace(backend)), name)(*args, **kwargs)
        if computation is not None and computation.form == "standard":
            observer = computation.observer
            return array if observer is None else observer.created(name, array, args, kwargs)
        return array.native if isinstance(array, Array) else array

    create.__name__ = create.__qualname__ = name
    create.__doc__ = f"Create an array of the running backend, else of the default one; see the standard's ``{name}``."
    return create


xp = Dispatcher()
