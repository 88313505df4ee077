"""A function that one backend evaluates and differentiates, called with another backend's arrays.

A `Foreign` maps a flat tuple of the host's arrays, which may be differentiated, and of constants (integers) to a flat
tuple of its own backend's arrays. `UserFunction` is f itself; `PulledBack` is the pullback of another `Foreign`, again
as such a function, so that it can be embedded and differentiated in its turn, to any order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from multigrad import _computation, _derive, _dtypes, _registry
from multigrad._arguments import Options, prepare
from multigrad._computation import Computation, opened
from multigrad._outputs import OutputTree
from multigrad._protocol import Backend, FlatFunction, Native, Natives, SupportsStopGradient
from multigrad._running import Flattened


@contextlib.contextmanager
def outermost() -> Iterator[None]:
    """Run a block as in a new thread, which is where compiled code calls it: outside of every computation."""
    token = _computation.enter(None)
    try:
        yield
    finally:
        _computation.leave(token)


class Foreign:
    """What a host needs to know of a function of another backend.

    Parameters
    ----------
    backend
        What evaluates it.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def _begin(self, arrays: Natives, constants: Natives) -> tuple[Computation, FlatFunction, Natives]:
        """Return the computation, the flat function that it runs, and the arrays moved to its backend."""
        raise NotImplementedError

    def evaluate(self, arrays: Natives, constants: Natives) -> Natives:
        """Return the outputs, which carry no graph."""
        with outermost():
            computation, flat, primals = self._begin(arrays, constants)
            with opened(computation):
                return self._constant(flat(*primals)[0])

    def vjp(self, arrays: Natives, constants: Natives) -> tuple[Natives, Callable[[Natives], Natives]]:
        """Return the outputs and a pullback of cotangents of the inexact ones, which may be any backend's arrays."""
        with outermost():
            computation, flat, primals = self._begin(arrays, constants)
            with opened(computation):
                outputs, pull, _ = self.backend.vjp(flat, primals, reusable=True)
                constant = self._constant(outputs)

        def pullback(cotangents: Natives) -> Natives:
            with outermost(), opened(computation):
                moved = tuple(self.backend.asarray(ct, device=computation.place()) for ct in cotangents)
                return pull(_matched(self.backend, outputs, moved))

        return constant, pullback

    def _constant(self, outputs: Natives) -> Natives:
        """Return outputs that carry no graph, although f may read what is being differentiated."""
        if not _registry.supports(self.backend, SupportsStopGradient):
            return outputs
        return tuple(self.backend.stop_gradient(x) for x in outputs)  # type: ignore[attr-defined]


class UserFunction(Foreign):
    """The user's function on the array leaves of one call's arguments.

    Parameters
    ----------
    f
        Takes all leaves, and returns what the user's function returns.
    options
        The operator's options, with the backend chosen.
    leaves
        All leaves of the arguments.
    inexact, integers
        Positions of the host's arrays among them.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        options: Options,
        leaves: Sequence[Any],
        inexact: Sequence[int],
        integers: Sequence[int],
    ) -> None:
        super().__init__(_registry.get_backend(options.backend))  # type: ignore[arg-type]
        self._f = f
        self._options = options
        self._leaves = leaves
        self._inexact = inexact
        self._integers = integers
        # What f returned when it ran last, without the arrays.
        self.tree: OutputTree

    def _begin(self, arrays: Natives, constants: Natives) -> tuple[Computation, FlatFunction, Natives]:
        leaves = list(self._leaves)
        for position, x in zip((*self._inexact, *self._integers), (*arrays, *constants), strict=True):
            leaves[position] = x
        chosen = set(self._inexact)
        dynamic = [position in chosen for position in range(len(leaves))]
        call = prepare(self._f, (), self._options, tuple(leaves), {}, dynamic=dynamic)
        flattened = Flattened(self._f, call)

        def flat(*primals: Native) -> tuple[Natives, Natives]:
            found = flattened(*primals)
            self.tree = flattened.value
            return found

        return call.computation, flat, call.primals


class PulledBack(Foreign):
    """The pullback of another foreign function, as a function of that one's arrays and the cotangents.

    Parameters
    ----------
    below
        The other one.
    count
        How many arrays that one takes.
    """

    def __init__(self, below: Foreign, count: int) -> None:
        super().__init__(below.backend)
        self._below = below
        self.count = count

    def _begin(self, arrays: Natives, constants: Natives) -> tuple[Computation, FlatFunction, Natives]:
        count, backend = self.count, self.backend
        computation, below, primals = self._below._begin(arrays[:count], constants)
        with opened(computation):
            cotangents = tuple(backend.asarray(x, device=computation.place()) for x in arrays[count:])

        def flat(*both: Native) -> tuple[Natives, Natives]:
            outputs, pull, _ = backend.vjp(below, both[:count], reusable=False)
            return pull(_matched(backend, outputs, both[count:])), ()

        return computation, flat, (*primals, *cotangents)


def _matched(backend: Backend, outputs: Natives, cotangents: Natives) -> Natives:
    """Return one cotangent per output, with its dtype, from those of the inexact outputs."""
    given = iter(cotangents)
    return tuple(
        _cast(backend, next(given), out) if _derive.is_inexact(out) else backend.xp.zeros_like(out) for out in outputs
    )


def _cast(backend: Backend, x: Native, like: Native) -> Native:
    same = _dtypes.dtype_name(x.dtype) == _dtypes.dtype_name(like.dtype)
    return x if same else backend.xp.astype(x, like.dtype)
