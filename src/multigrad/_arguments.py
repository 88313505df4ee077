"""The arguments of one operator call: taken apart, moved to one backend, and put together again around f."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from multigrad import _computation, _dtypes, _forms, _registry, _selection, _tree
from multigrad._array import Array
from multigrad._computation import Computation, Form
from multigrad._errors import DetachedValueError, DtypeError, InputError
from multigrad._leaves import Leaves, expander, unknown_container
from multigrad._protocol import Backend, Native, Natives, SupportsRecording

_REAL_NUMBERS = (int, float)


class Options(NamedTuple):
    """The options common to all operators."""

    backend: str | Backend | None
    device: Any
    dtype: str | None
    form: Form

    def as_keywords(self) -> dict[str, Any]:
        """Return them as the operators' keyword arguments."""
        return {"backend": self.backend, "device": self.device, "dtype": self.dtype, "arrays": self.form}


def options(backend: Any, device: Any, dtype: Any, arrays: str) -> Options:
    """Check the common options, without importing a framework."""
    try:
        return _checked(backend, device, dtype, arrays)
    except TypeError:  # what cannot be hashed is checked each time, and so is what is wrong
        return _checked.__wrapped__(backend, device, dtype, arrays)


# Operators that evaluate at once meet the same few options again and again.
@functools.lru_cache(maxsize=128)
def _checked(backend: Any, device: Any, dtype: Any, arrays: str) -> Options:
    if arrays not in ("standard", "native"):
        raise ValueError(f"Expected arrays='standard' or arrays='native', got arrays={arrays!r}.")
    _registry.check_name(backend)
    return Options(backend, device, _computation.floating_name(dtype), arrays)  # type: ignore[arg-type]


class Call(NamedTuple):
    """One operator call with its arguments in place.

    Attributes
    ----------
    computation
        What f runs under.
    primals
        The differentiated leaves as native arrays.
    arguments
        Maps native arrays in the places of the primals to f's arguments, with fresh `Array` objects.
    restore
        Maps one native array per primal to a list with one tree per chosen argument; leaves that are not
        differentiated become None.
    present
        Gives a result that belongs to no argument the form that the caller expects.
    closed
        Whether f is known to read nothing that is being differentiated, besides the primals.
    place
        Maps one object of any kind per primal to a list with one tree per chosen argument, as `restore` does arrays.
    """

    computation: Computation
    primals: Natives
    arguments: Callable[[Natives], tuple[tuple[Any, ...], dict[str, Any]]]
    restore: Callable[[Natives], list[Any]]
    present: Callable[[Native], Any]
    closed: bool = False
    place: Callable[[list[Any]], list[Any]] = list


def prepare(
    f: Callable[..., Any],
    chosen: tuple[_selection.Key, ...],
    options: Options,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    mapped: Callable[[Leaves], list[Any]] | None = None,
    dynamic: list[bool] | None = None,
) -> Call:
    """Move the arguments of a call to its backend and open them up for differentiation, or for mapping.

    Parameters
    ----------
    f
        The user's function; only its signature is looked at, for error messages.
    chosen
        The differentiated arguments: positions and keywords.
    options
        The operator's options.
    args, kwargs
        The arguments of the call.
    mapped
        Instead of differentiating: gives for each leaf of all arguments the axis to map over, or None. The primals are
        then the mapped leaves.
    dynamic
        Instead of differentiating: tells for each leaf whether it is data of a compiled program. The primals are then
        these leaves, numbers among them as arrays.
    """
    outer = _computation.current()
    values = (*args, *kwargs.values()) if kwargs else args
    flat = Leaves(values, expander(options.backend))
    backend = _choose_backend(options.backend, flat.leaves, outer)
    moving = _Moving(f, args, kwargs, chosen, flat, backend, options, outer)
    if mapped is not None:
        axes = mapped(flat)
        return moving.call(lambda natives, dtype, device: moving.mapped(natives, axes))
    if dynamic is not None:
        return moving.call(lambda natives, dtype, device: moving.dynamic(natives, dynamic, dtype, device))
    return moving.call(moving.differentiated)


def _choose_backend(explicit: Any, leaves: list[Any], outer: Computation | None) -> Backend:
    if explicit is not None:
        return _registry.get_backend(explicit)
    name = _registry.framework_of(leaves)
    if name is not None:
        return _registry.get_backend(name)
    return outer.backend if outer is not None else _registry.environment_backend()


@dataclasses.dataclass
class _Moving:
    """The steps of `prepare`, in the order in which they happen."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    keys: tuple[_selection.Key, ...]
    flat: Leaves
    backend: Backend
    options: Options
    outer: Computation | None

    def __post_init__(self) -> None:
        outer, options = self.outer, self.options
        self.cls = _forms.array_type(self.backend)
        keywords = list(self.kwargs)
        self.chosen = [key if isinstance(key, int) else len(self.args) + keywords.index(key) for key in self.keys]
        self.wraps_results = outer is not None and outer.level > 0 and outer.form == "standard"
        # use_backend speaks for arrays, too.
        block = outer if outer is not None and outer.level == 0 else None
        self.cast = options.dtype or (block.dtype if block is not None else None)
        # Another backend's device object would mean nothing here.
        around = outer.place() if outer is not None and outer.backend is self.backend else None
        self.device = options.device if options.device is not None else around
        self.moves_to = self.device if block is not None else options.device

    def call(self, choose: Callable[[list[Any], str, Any], list[int]]) -> Call:
        """Return the call whose primals are at the positions that ``choose(natives, dtype, device)`` gives."""
        natives, given_as_array = self._move()
        dtype = self._default_dtype(natives)
        beside = next((leaf for leaf in natives if self.backend.is_array(leaf)), None)
        device = self.device if self.options.device is not None or beside is None else None
        level = (self.outer.level if self.outer else 0) + 1
        computation = Computation(self.backend, self.cls, dtype, device, self.options.form, level, beside)
        positions = choose(natives, dtype, computation.place())
        return self._assemble(computation, natives, positions, given_as_array)

    def _move(self) -> tuple[list[Any], frozenset[int]]:
        """Return the leaves with every array as the backend's own, and which were given as `Array`."""
        natives = list(self.flat.leaves)
        given_as_array = set()
        for position, leaf in enumerate(natives):
            source = _registry.array_backend_name(leaf)
            if source is not None:
                natives[position] = self._moved(leaf, source, position)
                if isinstance(leaf, Array):
                    given_as_array.add(position)
        return natives, frozenset(given_as_array)

    def _moved(self, leaf: Any, source: str, position: int) -> Native:
        """Return one array as the backend's own, on the device and of the dtype that were asked for."""
        native = leaf.native if isinstance(leaf, Array) else leaf
        if source == "numpy":
            self._check_dtype(native, position)
        if source != self.backend.name:
            native = self._fetch(native, source, position)
        elif not self.cls._is_array_object(native):
            native = self.backend.asarray(native)
        if self.moves_to is not None:
            native = self.backend.to_device(native, self.moves_to)
        return native if self.cast is None else self._cast(native, self.cast)

    def _check_dtype(self, leaf: Any, position: int) -> None:
        try:
            _dtypes.dtype_name(leaf.dtype)
        except DtypeError:
            raise DtypeError(
                f"Expected an array of numbers of the array API standard for {self._path(position)}, got dtype "
                f"{str(leaf.dtype)!r}."
            ) from None

    def _fetch(self, leaf: Any, source: str, position: int) -> Any:
        """Move an array of another framework, or of NumPy."""
        owner = _registry.get_backend(source)
        if _registry.supports(owner, SupportsRecording) and owner.is_recorded(leaf):  # type: ignore[attr-defined]
            raise DetachedValueError(
                f"Expected an array outside any {source} graph for {self._path(position)}, since backend="
                f"{self.backend.name!r} moves it there; got one that {source} is differentiating, and its gradient "
                "would be cut off. Detach it first if that is what you want, or stay on its framework."
            )
        return self.backend.asarray(leaf, device=self._place())

    def _place(self) -> Any:
        """Return where arrays from elsewhere go: to the device that was said, else beside the backend's own arrays."""
        if self.device is not None:
            return self.device
        name = self.backend.name
        own = next((leaf for leaf in self.flat.leaves if _registry.array_backend_name(leaf) == name), None)
        if own is None:
            return None
        found = self.backend.device(own.native if isinstance(own, Array) else own)
        return None if found == "cpu" else found

    def _cast(self, leaf: Any, dtype: str) -> Any:
        name = _dtypes.dtype_name(leaf.dtype)
        target = dtype if name in _dtypes.FLOATING else _dtypes.complex_of(dtype) if name in _dtypes.COMPLEX else name
        return leaf if name == target else self.backend.asarray(leaf, dtype=target)

    def _default_dtype(self, natives: list[Any]) -> str:
        if self.cast is not None:
            return self.cast
        is_array = self.backend.is_array
        widest = _dtypes.widest([_dtypes.dtype_name(leaf.dtype) for leaf in natives if is_array(leaf)])
        return widest or (self.outer and self.outer.dtype) or "float64"

    def differentiated(self, natives: list[Any], dtype: str, device: Any) -> list[int]:
        """Turn the chosen arguments' numbers into arrays, and return the positions of all differentiated leaves."""
        positions: list[int] = []
        for argument in self.chosen:
            start, stop = self.flat.spans[argument]
            before = len(positions)
            for position in range(start, stop):
                leaf = natives[position]
                if self._is_number(leaf):
                    name = _dtypes.complex_of(dtype) if isinstance(leaf, complex) else dtype
                    natives[position] = self.backend.asarray(leaf, dtype=name, device=device)
                elif not self.backend.is_array(leaf):
                    if _tree.is_opaque(leaf) or self._holds_arrays(leaf):
                        raise self._unknown_container(leaf, position)
                    continue
                elif _dtypes.dtype_name(leaf.dtype) not in _dtypes.INEXACT:
                    path = self._path(position)
                    raise InputError(
                        f"Expected a floating or complex array to differentiate, got {path} of dtype "
                        f"{_dtypes.dtype_name(leaf.dtype)}. Convert it, as in multigrad.asarray({path}, "
                        "dtype='float64'), or, if it is data, choose the arguments to differentiate with argnums."
                    )
                positions.append(position)
            if before == len(positions) and start < stop:
                raise InputError(
                    f"Expected at least one number or floating array in {self._names()[argument]}, got "
                    f"{type(natives[start]).__name__}. Choose the arguments to differentiate with argnums or argnames."
                )
        return positions

    def dynamic(self, natives: list[Any], moves: list[bool], dtype: str, device: Any) -> list[int]:
        """Turn the numbers that are data into arrays, and return the positions of all data."""
        for position, leaf in enumerate(natives):
            if moves[position] and self._is_number(leaf):
                name = _dtypes.complex_of(dtype) if isinstance(leaf, complex) else dtype
                natives[position] = self.backend.asarray(leaf, dtype=name, device=device)
        return [position for position, moving in enumerate(moves) if moving]

    def mapped(self, natives: list[Any], axes: list[Any]) -> list[int]:
        """Return the positions of the leaves that have an axis to map over."""
        positions = []
        for position, (leaf, axis) in enumerate(zip(natives, axes, strict=True)):
            if axis is None or not (self.backend.is_array(leaf) or self._is_number(leaf)):
                continue
            rank = len(getattr(leaf, "shape", ()))
            if not -rank <= axis < rank:
                what = f"shape {tuple(leaf.shape)}" if rank or hasattr(leaf, "shape") else "a Python number"
                start = self.flat.spans[len(self.args)][0] if self.kwargs else len(natives)
                way = "in_axes=None for what" if position < start else "by position, with None in in_axes, what"
                raise ValueError(
                    f"Expected an array with an axis {axis} to map over for {self._path(position)}, got {what}. Pass "
                    f"{way} all calls share."
                )
            positions.append(position)
        return positions

    @staticmethod
    def _is_number(leaf: Any) -> bool:
        return type(leaf) in (float, int, complex) or (
            isinstance(leaf, int | float | complex) and not isinstance(leaf, bool | np.generic)
        )

    def _holds_arrays(self, leaf: Any) -> bool:
        """Tell whether an object that can be called, which may be an activation function or a layer, has arrays."""
        values = vars(leaf).values() if hasattr(leaf, "__dict__") and not isinstance(leaf, type) else ()
        return any(_registry.array_backend_name(value) is not None for value in values)

    def _unknown_container(self, leaf: Any, position: int) -> InputError:
        return InputError(unknown_container(leaf, self._path(position)))

    def _assemble(
        self, computation: Computation, natives: list[Any], positions: list[int], given_as_array: frozenset[int]
    ) -> Call:
        flat, cls, backend = self.flat, self.cls, self.backend
        count, keywords, chosen = len(self.args), tuple(self.kwargs), self.chosen
        show = cls._wrap if computation.form == "standard" else cls._native_form
        # Only f's own leaves are wrapped; numbers, strings and the like reach f untouched.
        arrays = [position for position, leaf in enumerate(natives) if backend.is_array(leaf)]

        def arguments(primals: Natives) -> tuple[tuple[Any, ...], dict[str, Any]]:
            leaves = list(natives)
            for position, primal in zip(positions, primals, strict=True):
                leaves[position] = primal
            for position in arrays:
                leaves[position] = show(leaves[position])
            values = [flat.rebuild(leaves, argument) for argument in range(len(flat.spans))]
            return tuple(values[:count]), dict(zip(keywords, values[count:], strict=True))

        wraps, native_form, wrap = self.wraps_results, cls._native_form, cls._wrap
        if self.outer is not None and self.outer.observer is not None:
            wrap = self.outer.observer.presenter(flat.leaves)

        def place(values: list[Any]) -> list[Any]:
            leaves: list[Any] = [None] * len(natives)
            for position, value in zip(positions, values, strict=True):
                leaves[position] = value
            return [flat.rebuild(leaves, argument) for argument in chosen]

        forms = [wrap if wraps or position in given_as_array else native_form for position in positions]

        def restore(results: Natives) -> list[Any]:
            return place([form(result) for form, result in zip(forms, results, strict=True)])

        present = wrap if wraps or given_as_array else native_form
        primals = tuple(natives[position] for position in positions)
        return Call(computation, primals, arguments, restore, present, place=place)

    def _names(self) -> list[str]:
        names = _selection.positional_names(self.f)
        return [names[i] if i < len(names) else f"args[{i}]" for i in range(len(self.args))] + list(self.kwargs)

    def _path(self, position: int) -> str:
        return self.flat.path(position, self._names())
