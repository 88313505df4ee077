"""What depends on what in a recording: which nodes carry the derivative, and which reach the output."""

from __future__ import annotations

import functools

import numpy as np

from multigrad import _dtypes, _registry
from multigrad._computation import opened
from multigrad._graph import Node, Recording
from multigrad._graph._recorder import AnotherPathError
from multigrad._protocol import Native, Natives, SupportsRecording

OPAQUE = "opaque native call"


class Trace:
    """A recording, seen from its derivative.

    Attributes
    ----------
    active
        The ids of the nodes with a floating value that carry a derivative in a differentiated argument.
    stopped
        The nodes that are computed from these and carry none: `stop_gradient`.
    relevant
        The ids of the nodes that the output depends on; all where native code may read any of them.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording, self.nodes = recording, recording.nodes
        self.active: set[int] = set()
        self.stopped: list[Node] = []
        tells = _registry.supports(recording.backend, SupportsRecording)
        for node in self.nodes:
            depends = node.differentiated or node.kind == OPAQUE or any(x.id in self.active for x in node.inputs)
            if not _is_inexact(node) or not depends:
                continue
            if node.recorded or not tells:
                self.active.add(node.id)
            else:
                self.stopped.append(node)
        self.relevant = self._relevant()

    def _relevant(self) -> set[int]:
        found = {node.id for node in self.recording.outputs}
        for node in reversed(self.nodes):
            if node.id in found:
                found.update(x.id for x in node.inputs)
        # What native code reads, nobody knows.
        opaque = any(self.nodes[i].kind == OPAQUE for i in found)
        return {node.id for node in self.nodes} if opaque else found

    def active_inputs(self, node: Node) -> list[Node]:
        """Return the inputs through which a node depends on the differentiated arguments, each once."""
        return list({x.id: x for x in node.inputs if x.id in self.active}.values())

    def before(self, node: Node) -> list[Node]:
        """Return all nodes that carry the derivative and were computed earlier."""
        return [x for x in self.nodes[: node.id] if x.id in self.active and x.shape.count(0) == 0]

    def computed(self, step: float, seed: int = 0) -> tuple[list[Native], list[Native]]:
        """Evaluate f again with every active node's value held near the recorded one.

        Returns
        -------
        computed, held
            What each node was computed to be from what was held before it, and what was held in its place.
        """
        recording, generator = self.recording, np.random.default_rng(seed)
        backend = recording.backend
        chosen = [node for node in self.nodes if node.id in self.active]

        def flat(*natives: Native) -> tuple[Natives, Natives]:
            changes = {x.id: functools.partial(_instead, native) for x, native in zip(chosen, natives, strict=True)}
            recorder, _ = recording.repeated(recording.call.primals, changes)
            return (), (*recorder.computed, *(entry.native for entry in recorder.entries))

        with opened(recording.call.computation):
            moved = tuple(_moved(recording, node.value, step, generator) for node in chosen)
            both = backend.vjp(flat, moved, reusable=False)[2]
        return list(both[: len(self.nodes)]), list(both[len(self.nodes) :])

    def derivatives(self) -> list[Native | None] | None:
        """Return a derivative of the outputs in each node, weighted at random; None if f takes another path."""
        recording = self.recording
        if not recording.call.primals:
            return None
        generator = np.random.default_rng(0)
        with opened(recording.call.computation):
            cotangents = tuple(_random_like(recording, node.value, generator) for node in recording.outputs)
        try:
            return recording.derivatives(cotangents)
        except AnotherPathError:
            return None


def _is_inexact(node: Node) -> bool:
    return node.dtype in _dtypes.INEXACT


def _instead(native: Native, _: Native) -> Native:
    return native


def _moved(recording: Recording, native: Native, step: float, generator: np.random.Generator) -> Native:
    xp, backend = recording.backend.xp, recording.backend
    if not step:
        return xp.positive(native)
    shape, dtype = tuple(native.shape), _dtypes.dtype_name(native.dtype)
    factor = 1 + step * generator.choice([-1.0, 1.0], shape) * generator.uniform(0.5, 1.5, shape)
    factor = backend.asarray(np.asarray(factor), dtype=dtype, device=recording.call.computation.place())
    offset = backend.asarray(np.asarray(step), dtype=dtype, device=recording.call.computation.place())
    return xp.where(xp.equal(native, xp.zeros_like(native)), offset, xp.multiply(native, factor))


def _random_like(recording: Recording, native: Native, generator: np.random.Generator) -> Native:
    if _dtypes.dtype_name(native.dtype) not in _dtypes.INEXACT:
        return recording.backend.xp.zeros_like(native)
    values = np.asarray(generator.uniform(0.5, 1.5, tuple(native.shape)))
    dtype = _dtypes.dtype_name(native.dtype)
    return recording.backend.asarray(values, dtype=dtype, device=recording.call.computation.place())
