"""A node as a function of the values before it, on flat float64 arrays, with its own derivative."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multigrad import _derive, _dtypes
from multigrad._computation import opened
from multigrad._graph import Node, Recording
from multigrad._protocol import Native, Natives

# Unit roundoff, doubled; NumPy does not know bfloat16.
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}


class Packing:
    """Turns native arrays into one flat float64 array and back; a complex number is two neighbors."""

    def __init__(self, recording: Recording, likes: Sequence[Native]) -> None:
        self._backend, self._place = recording.backend, recording.call.computation.place
        self.shapes = [tuple(like.shape) for like in likes]
        self.dtypes = [_dtypes.dtype_name(like.dtype) for like in likes]
        counts = [
            int(np.prod(shape)) * (2 if dtype in _dtypes.COMPLEX else 1)
            for shape, dtype in zip(self.shapes, self.dtypes, strict=True)
        ]
        self.bounds = np.concatenate([[0], np.cumsum(counts)]).astype(int)

    def pack(self, natives: Sequence[Native]) -> np.ndarray:
        parts = [self._flat(native) for native in natives]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _flat(self, native: Native) -> np.ndarray:
        name = _dtypes.dtype_name(native.dtype)
        known = self._backend.asarray(native, dtype="float32") if name == "bfloat16" else native
        array = np.asarray(self._backend.to_numpy(known))
        if name in _dtypes.COMPLEX:
            return np.ascontiguousarray(array, dtype=np.complex128).reshape(-1).view(np.float64)
        return array.astype(np.float64).reshape(-1)

    def unpack(self, flat: np.ndarray) -> Natives:
        return tuple(self._native(flat, i) for i in range(len(self.shapes)))

    def _native(self, flat: np.ndarray, i: int) -> Native:
        part, dtype = flat[self.bounds[i] : self.bounds[i + 1]], self.dtypes[i]
        array = part.view(np.complex128) if dtype in _dtypes.COMPLEX else part
        return self._backend.asarray(array.reshape(self.shapes[i]).copy(), dtype=dtype, device=self._place())

    def owner(self, position: int) -> int:
        """Return which of the arrays an element belongs to."""
        return int(np.searchsorted(self.bounds, position, side="right")) - 1

    def element(self, position: int, names: Sequence[str]) -> str:
        """Return an element as code, such as ``x[2]`` or ``z.imag``."""
        i = self.owner(position)
        offset, suffix = position - self.bounds[i], ""
        if self.dtypes[i] in _dtypes.COMPLEX:
            offset, part = divmod(offset, 2)
            suffix = (".real", ".imag")[part]
        index = [int(k) for k in np.unravel_index(offset, self.shapes[i])] if self.shapes[i] else []
        return names[i] + (f"[{', '.join(map(str, index))}]" if index else "") + suffix


class Local:
    """One node as a function of others.

    Parameters
    ----------
    node
        The node.
    inputs
        The nodes that are varied.
    function
        Maps their native values to the node's.
    values
        Where; None: their recorded values.
    point
        Where, as flat numbers.
    inside
        Whether the function runs f, in which what is recorded must look as it did when f was recorded.

    Attributes
    ----------
    point, center
        The inputs, and the value there, flat.
    """

    def __init__(
        self,
        node: Node,
        inputs: Sequence[Node],
        function: Callable[..., Native],
        values: Natives | None = None,
        *,
        point: np.ndarray | None = None,
        inside: bool = False,
    ) -> None:
        self.node, self.inputs, self._function, self._inside = node, tuple(inputs), function, inside
        self._recording: Recording = node.recording
        natives = tuple(x.value for x in inputs) if values is None else values
        with opened(self._recording.call.computation):
            self.packing = Packing(self._recording, natives)
            self.point = self.packing.pack(natives) if point is None else point
            self.result = Packing(self._recording, (node.value,))
        self.center = self.value(self.point)

    @property
    def eps(self) -> float:
        """Relative rounding error of the value."""
        return EPS.get(_dtypes.precision(self.result.dtypes[0]), 0.0)

    def value(self, point: np.ndarray) -> np.ndarray:
        """Return the value at other inputs."""
        with opened(self._recording.call.computation):
            if self._inside:
                return self.result.pack(self._vjp(point)[0])
            return self.result.pack((self._function(*self.packing.unpack(point)),))

    def pullback(self, point: np.ndarray | None = None) -> Callable[[np.ndarray], np.ndarray]:
        """Return the backend's own derivative: maps a cotangent of the value to one of the inputs."""
        with opened(self._recording.call.computation):
            _, pull, _ = self._vjp(self.point if point is None else point, reusable=True)

        def pulled(cotangent: np.ndarray) -> np.ndarray:
            with opened(self._recording.call.computation):
                return self.packing.pack(pull(self.result.unpack(cotangent)))

        return pulled

    def pushed(self, tangent: np.ndarray) -> np.ndarray:
        """Return the tangent of the value by forward mode."""
        computation = self._recording.call.computation
        with opened(computation):
            primals, tangents = self.packing.unpack(self.point), self.packing.unpack(tangent)
            _, found, _ = _derive.jvp(computation.backend, self._flat, primals, tangents)
            return self.result.pack(found)

    def _vjp(self, point: np.ndarray, *, reusable: bool = False) -> tuple[Natives, Any, Natives]:
        return self._recording.backend.vjp(self._flat, self.packing.unpack(point), reusable=reusable)

    def _flat(self, *natives: Native) -> tuple[Natives, Natives]:
        return (self._function(*natives),), ()

    def input_name(self, position: int) -> str:
        return self.packing.element(position, [x.name for x in self.inputs])

    def all_inputs(self) -> str:
        names = [x.name for x in self.inputs]
        return f"a direction of {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}"

    def output_name(self, position: int) -> str:
        return self.result.element(position, [self.node.name])


def alone(node: Node, inputs: Sequence[Node], values: Natives | None = None) -> Local:
    """Return a node that is computed again by itself; ``values`` are those of all its inputs."""
    given = list(values) if values is not None else [x.value for x in node.inputs]
    chosen = {x.id for x in inputs}
    # One node may be several operands.
    places = [[i for i, x in enumerate(node.inputs) if x.id == number] for number in chosen]

    def function(*natives: Native) -> Native:
        operands = list(given)
        for where, native in zip(places, natives, strict=True):
            for i in where:
                operands[i] = native
        return node.replay(*operands)

    by_id = {x.id: x for x in node.inputs}
    return Local(node, [by_id[number] for number in chosen], function, tuple(given[where[0]] for where in places))


def inside(node: Node, inputs: Sequence[Node], held: Sequence[Node] = (), point: np.ndarray | None = None) -> Local:
    """Return a node that is computed inside the whole function, with the inputs and what is held in place of theirs."""
    recording: Recording = node.recording
    constants = {x.id: functools.partial(_instead, x.value) for x in held if x.id < node.id}

    def function(*natives: Native) -> Native:
        changes = {x.id: functools.partial(_instead, native) for x, native in zip(inputs, natives, strict=True)}
        recorder, _ = recording.repeated(recording.call.primals, {**constants, **changes}, node.id)
        return recorder.computed[node.id]

    return Local(node, inputs, function, point=point, inside=True)


def _instead(native: Native, _: Native) -> Native:
    return native
