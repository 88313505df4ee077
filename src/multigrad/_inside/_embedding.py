"""A foreign function as a differentiable operation of the framework around it, the host.

Where the host has values, the function runs at once, and a pullback is kept if the host records. Where the host only
traces, the program gets a callback. Either way the result is attached to its inputs by a pullback rule that embeds the
foreign pullback in the same way, so that derivatives of any order follow.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np

from multigrad import _computation, _derive, _dtypes, _forms, _leaves, _registry, _selection
from multigrad._arguments import Options
from multigrad._array import Array
from multigrad._errors import DetachedValueError, MixedBackendError, OutputError
from multigrad._inside._foreign import Foreign, PulledBack, UserFunction
from multigrad._outputs import OutputTree
from multigrad._protocol import Native, Natives
from multigrad._running import check_callable

# Signatures of arguments whose results an embedded function remembers.
_REMEMBERED = 256


class Like(NamedTuple):
    """What one result looks like."""

    shape: tuple[int, ...]
    dtype: str


# What f's results look like, and the tree that they are in, by the signature of the arguments.
_Known = dict[Any, tuple[list[Like], OutputTree]]


def embedded(f: Callable[..., Any], name: str, options: Options) -> Callable[..., Any]:
    """Return f, evaluated as the options say, as a function of the arrays of the backend of this name."""
    check_callable(f)
    host: Any = _registry.get_backend(name)
    known: _Known = {}

    @functools.wraps(f)
    def of_host(*args: Any, **kwargs: Any) -> Any:
        observer = _computation.observer()
        if observer is not None:
            return observer.rule(of_host, args, kwargs)
        return _Call(f, host, _chosen(options), (args, kwargs)).run(known)

    shown: Callable[..., Any] = host.taken_as_it_is(of_host)
    return shown


def _chosen(options: Options) -> Options:
    """Return the options with a backend, which the arguments cannot tell: they are the host's."""
    if options.backend is not None:
        return options
    around = _computation.current()
    if around is None or around.level:
        return options._replace(backend=_computation.default_backend())
    device = around.device if options.device is None else options.device
    return options._replace(backend=around.backend, device=device, dtype=options.dtype or around.dtype)


class _Call:
    """One call of an embedded function: its arguments in the host's arrays, and everything else."""

    def __init__(
        self, f: Callable[..., Any], host: Any, options: Options, arguments: tuple[tuple[Any, ...], dict[str, Any]]
    ) -> None:
        args, kwargs = arguments
        self._f = f
        self._host = host
        self._options = options
        self._flat = _leaves.Leaves((*args, *kwargs.values()), _leaves.expander(None))
        self._count, self._keywords = len(args), tuple(kwargs)
        self._cls = _forms.array_type(host)
        self._leaves = [self._leaf(position, leaf) for position, leaf in enumerate(self._flat.leaves)]
        held = [i for i, leaf in enumerate(self._leaves) if host.is_array(leaf)]
        self._inexact = [i for i in held if _derive.is_inexact(self._leaves[i])]
        self._integers = [i for i in held if not _derive.is_inexact(self._leaves[i])]
        on_leaves = functools.partial(_on_leaves, f, self._flat, self._count, self._keywords)
        self._foreign = UserFunction(on_leaves, options, self._leaves, self._inexact, self._integers)

    def _leaf(self, position: int, leaf: Any) -> Any:
        """Return a leaf as it goes on: the host's native array, or anything that is constant to the host."""
        source = _registry.array_backend_name(leaf)
        native = leaf.native if isinstance(leaf, Array) else leaf
        if source is None:
            return leaf
        if source == self._host.name:
            return native if self._cls._is_array_object(native) else self._host.asarray(native)
        names = _selection.positional_names(self._f)
        words = [names[i] if i < len(names) else f"args[{i}]" for i in range(self._count)]
        path = self._flat.path(position, [*words, *self._keywords])
        if source != "numpy":
            raise MixedBackendError(
                f"Expected arrays of {self._host.name}, or NumPy's as constants, got {path} of {source}. Convert it "
                f"with multigrad.asarray(x, backend={self._host.name!r})."
            )
        if isinstance(leaf, Array) and leaf.is_recorded:
            raise DetachedValueError(
                f"Expected an array outside any computation for {path}, got one that NumPy's backend is "
                f"differentiating; in {self._host.name} it would lose its gradient."
            )
        return native

    def run(self, known: _Known) -> Any:
        """Return f's result in the host's arrays; known is what earlier calls learned about their results."""
        arrays = tuple(self._leaves[i] for i in self._inexact)
        constants = tuple(self._leaves[i] for i in self._integers)
        results = _Value(self._host, self._foreign, lambda *given: self._looks(known, *given)).apply(arrays, constants)
        as_array = any(isinstance(leaf, Array) for leaf in self._flat.leaves)
        show = self._cls._wrap if as_array else self._cls._native_form
        return self._foreign.tree.rebuild([show(x) for x in results])

    def _looks(self, known: _Known, arrays: Natives, constants: Natives) -> list[Like]:
        """Return what f's results look like, which one evaluation tells; it is remembered for arguments like these."""
        key = self._key()
        try:
            found = known.get(key)
        except TypeError:  # an argument that cannot be hashed
            key, found = None, None
        if found is None:
            stand_ins = [_stand_in(x) for x in (*arrays, *constants)]
            with _outside(self._host, self._foreign):
                outputs = self._foreign.evaluate(tuple(stand_ins[: len(arrays)]), tuple(stand_ins[len(arrays) :]))
            looks = [Like(tuple(x.shape), self._host.result_dtype(_dtypes.dtype_name(x.dtype))) for x in outputs]
            found = looks, self._foreign.tree
            if key is not None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                known[key] = found
        self._foreign.tree = found[1]
        return found[0]

    def _key(self) -> Any:
        held = {*self._inexact, *self._integers}
        parts: list[Any] = []
        for position, leaf in enumerate(self._leaves):
            if position in held:
                parts.append((tuple(leaf.shape), _dtypes.dtype_name(leaf.dtype)))
            else:
                parts.append((type(leaf), leaf))
        return self._options, self._host.result_dtype("float64"), tuple(self._flat.structures), tuple(parts)


def _on_leaves(f: Callable[..., Any], flat: _leaves.Leaves, count: int, keywords: tuple[str, ...], *leaves: Any) -> Any:
    """Call f on its arguments, put together again."""
    values = [flat.rebuild(leaves, argument) for argument in range(len(flat.spans))]
    return f(*values[:count], **dict(zip(keywords, values[count:], strict=True)))


def _stand_in(x: Native) -> np.ndarray[Any, Any]:
    """Return an array like x, at which f is evaluated while there are no values: ones, and zeros for indices."""
    _derive.size_of(x)  # raises for a shape that is not known
    name = _dtypes.dtype_name(x.dtype)
    return np.ones(tuple(x.shape), name) if name in _dtypes.INEXACT else np.zeros(tuple(x.shape), name)


def _outside(host: Any, foreign: Foreign) -> AbstractContextManager[Any]:
    """Return what a foreign function runs in: it must not become a part of what the host traces."""
    return contextlib.nullcontext() if foreign.backend is host else host.outside()


class _Embedding:
    """A foreign function as an operation of the host.

    Parameters
    ----------
    host
        The backend whose arrays come and go.
    foreign
        The function.
    """

    def __init__(self, host: Any, foreign: Foreign) -> None:
        self._host = host
        self._foreign = foreign

    def looks(self, arrays: Natives, constants: Natives) -> list[Like]:
        """Return what the results look like, for a program that must know it before there are values."""
        raise NotImplementedError

    def brought(self, outputs: Natives, arrays: Natives) -> Natives:
        """Return the foreign outputs as the host's arrays."""
        raise NotImplementedError

    def apply(self, arrays: Natives, constants: Natives) -> Natives:
        """Return the results, which depend on the arrays."""
        host, foreign = self._host, self._foreign
        values = tuple(host.detached(x) for x in arrays)
        fixed = tuple(host.detached(x) for x in constants)
        has_values = all(host.has_value(x) for x in (*values, *fixed))
        followed = host.is_followed(arrays)
        pull = None
        if has_values and followed:
            with _outside(host, foreign):
                outputs, pull = foreign.vjp(values, fixed)
            results = self.brought(outputs, values)
        elif has_values or (host.traces_its_own and foreign.backend is host):
            with _outside(host, foreign):
                outputs = foreign.evaluate(values, fixed)
            results = self.brought(outputs, values)
        else:
            looks = functools.cache(lambda: self.looks(arrays, constants))
            results = host.callback(self._program(len(arrays), looks), (*values, *fixed), looks)
        return self._attached(results, arrays, constants, pull) if followed else results

    def _program(self, count: int, looks: Callable[[], list[Like]]) -> Callable[..., Any]:
        """Return the function as the host's programs call it: values of its arguments to NumPy arrays."""
        foreign = self._foreign

        def program(*values: Native) -> tuple[np.ndarray[Any, Any], ...]:
            outputs = foreign.evaluate(values[:count], values[count:])
            shapes, found = [like.shape for like in looks()], [tuple(x.shape) for x in outputs]
            if found != shapes:
                raise OutputError(
                    f"Expected f to return arrays of shapes {shapes}, as it did when this program was traced, got "
                    f"{found}. Shapes must follow from the shapes of the arguments."
                )
            dtypes = [like.dtype for like in looks()]
            arrays = (foreign.backend.to_numpy(x) for x in outputs)
            return tuple(np.asarray(x, dtype=dtype) for x, dtype in zip(arrays, dtypes, strict=True))

        return program

    def _attached(
        self, results: Natives, arrays: Natives, constants: Natives, pull: Callable[[Natives], Natives] | None
    ) -> Natives:
        """Return the results with their derivative; pull is the pullback where one has been kept."""
        host, count = self._host, len(arrays)
        inexact = [i for i, x in enumerate(results) if _derive.is_inexact(x)]
        if not inexact:
            return results
        above = _Gradient(host, PulledBack(self._foreign, count))

        def pullback(residuals: Natives, cotangents: Natives) -> Natives:
            every, fixed = (*residuals[:count], *cotangents), residuals[count:]
            if pull is None or host.is_followed(every) or not all(map(host.has_value, every)):
                return above.apply(every, fixed)
            values = tuple(map(host.detached, every))
            with _outside(host, self._foreign):
                gradients = pull(values[count:])
            return above.brought(gradients, values)

        differentiable = tuple(results[i] for i in inexact)
        attached = host.with_foreign_pullback(differentiable, arrays, (*arrays, *constants), pullback)
        found = list(results)
        for i, x in zip(inexact, attached, strict=True):
            found[i] = x
        return tuple(found)

    def _place(self, x: Native) -> Any:
        """Return the device of an array; None for the default one."""
        device = self._host.device(x)
        return None if device == self._host.devices()[0] else device


class _Value(_Embedding):
    """f itself; its results have f's dtypes, as far as the host has them, and lie beside the first argument."""

    def __init__(self, host: Any, foreign: Foreign, looks: Callable[[Natives, Natives], list[Like]]) -> None:
        super().__init__(host, foreign)
        self._looks = looks

    def looks(self, arrays: Natives, constants: Natives) -> list[Like]:
        return self._looks(arrays, constants)

    def brought(self, outputs: Natives, arrays: Natives) -> Natives:
        device = self._place(arrays[0]) if arrays else None
        dtypes = (self._host.result_dtype(_dtypes.dtype_name(x.dtype)) for x in outputs)
        return tuple(
            self._host.asarray(x, dtype=dtype, device=device) for x, dtype in zip(outputs, dtypes, strict=True)
        )


class _Gradient(_Embedding):
    """A pullback; each of its results looks like one of the first arrays that it takes, and lies beside it."""

    def __init__(self, host: Any, foreign: PulledBack) -> None:
        super().__init__(host, foreign)
        self._count = foreign.count

    def looks(self, arrays: Natives, constants: Natives) -> list[Like]:
        return [Like(tuple(x.shape), _dtypes.dtype_name(x.dtype)) for x in arrays[: self._count]]

    def brought(self, outputs: Natives, arrays: Natives) -> Natives:
        pairs = zip(outputs, arrays[: self._count], strict=True)
        return tuple(
            self._host.asarray(x, dtype=_dtypes.dtype_name(like.dtype), device=self._place(like)) for x, like in pairs
        )
