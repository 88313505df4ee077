"""The nodes of one recording against the same nodes of a reference in float64: values and local derivatives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from multigrad import _dtypes
from multigrad._blame._bounds import bound, length
from multigrad._blame._local import EPS, Local, Packing, alone, inside
from multigrad._blame._localization import Culprit
from multigrad._blame._slopes import slopes
from multigrad._blame._trace import OPAQUE, Trace
from multigrad._computation import opened
from multigrad._graph import Node, Recording
from multigrad._graph._recorder import AnotherPathError
from multigrad._protocol import Natives

# Results with a free sign or phase; only these parts of them are determined.
_FREE = {"eigh": "eigenvalues", "eig": "eigenvalues", "svd": "S", "qr": ""}
# Largest finite number, and smallest normal one, by dtype.
_LARGEST = {"float16": 65504.0, "bfloat16": 3.38e38, "float32": 3.4e38, "float64": 1.79e308}
_SMALLEST = {"float16": 6.2e-5, "bfloat16": 1.2e-38, "float32": 1.2e-38, "float64": 2.3e-308}


@dataclasses.dataclass
class Compared:
    """What two recordings differ in.

    Attributes
    ----------
    culprits
        In the order of computation.
    unknown
        Nodes that could not be compared, with the reason.
    parting
        The nodes (own, reference) where the two computations are no longer the same, None for an end.
    """

    culprits: list[Culprit] = dataclasses.field(default_factory=list)
    unknown: list[tuple[Node, str]] = dataclasses.field(default_factory=list)
    parting: tuple[Node | None, Node | None] | None = None


def compared(own: Recording, reference: Recording, seed: int) -> Compared:
    """Compare each node on the reference's inputs, rounded to its own dtype."""
    result = Compared()
    trace = Trace(own)
    pair = _Pair(own, reference, trace, np.random.default_rng(seed))
    for node, other in _matched(own.nodes, reference.nodes, result):
        if node.id not in trace.relevant or node.kind in ("argument", "constant"):
            continue
        if node.kind == OPAQUE:
            result.unknown.append((node, f"{node.operation} ({node.kind}) is not recorded"))
            continue
        try:
            result.culprits += pair.culprits(node, other)
        except AnotherPathError:
            result.unknown.append((node, "f took another path when it was evaluated a second time"))
    return result


def _matched(own: Sequence[Node], reference: Sequence[Node], result: Compared) -> Iterator[tuple[Node, Node]]:
    for one, other in zip(own, reference, strict=False):
        same = one.operation == other.operation and one.shape == other.shape
        if not same or [x.id for x in one.inputs] != [x.id for x in other.inputs]:
            result.parting = one, other
            return
        yield one, other
    count = min(len(own), len(reference))
    if len(own) != len(reference):
        result.parting = next(iter(own[count:]), None), next(iter(reference[count:]), None)


class _Pair:
    """Two recordings of one function."""

    def __init__(self, own: Recording, reference: Recording, trace: Trace, generator: np.random.Generator) -> None:
        self.own, self.reference, self.trace, self.generator = own, reference, trace, generator

    def culprits(self, node: Node, other: Node) -> list[Culprit]:
        if node.part and _FREE.get(node.operation, node.part[0]) != node.part[0]:
            return []
        locals_ = self._locals(node, other)
        if locals_ is None:
            return []
        one, two = locals_
        if not one.center.size or not np.isfinite(one.point).all():
            return []
        eps = max(one.eps, max((EPS.get(_dtypes.precision(name), 0.0) for name in one.packing.dtypes), default=0.0))
        found = self._value(one, two, eps)
        if found is None and node.id in self.trace.active:
            found = self._derivative(one, two, eps)
        return [] if found is None else [found]

    def _locals(self, node: Node, other: Node) -> tuple[Local, Local] | None:
        """Return the node in both recordings, at the same numbers."""
        if not (node.can_replay and other.can_replay):
            before = self.trace.before(node)
            if not before or not _is_inexact(node):
                return None
            stopped = self.trace.stopped
            others = [self.reference.nodes[x.id] for x in before]
            held = [self.reference.nodes[x.id] for x in stopped]
            reference = inside(other, others, held)
            point = self._rounded(before, reference.point)
            return inside(node, before, stopped, point), inside(other, others, held, point)
        values = [self.reference.to_numpy(x.value) for x in other.inputs]
        first, second = self._natives(node, values)
        chosen = [x for x in {x.id: x for x in node.inputs}.values() if _is_inexact(x)]
        others = [self.reference.nodes[x.id] for x in chosen]
        return alone(node, chosen, first), alone(other, others, second)

    def _rounded(self, nodes: Sequence[Node], point: np.ndarray) -> np.ndarray:
        with opened(self.own.call.computation):
            packing = Packing(self.own, [x.value for x in nodes])
            return packing.pack(packing.unpack(point))

    def _natives(self, node: Node, values: Sequence[np.ndarray]) -> tuple[Natives, Natives]:
        """Return the reference's inputs rounded to the own dtypes, and these numbers for the reference."""
        first, second = [], []
        for x, value in zip(node.inputs, values, strict=True):
            with opened(self.own.call.computation):
                computation = self.own.call.computation
                native = self.own.backend.asarray(np.array(value), dtype=x.dtype, device=computation.place())
                rounded = Packing(self.own, (native,)).pack((native,)) if _is_inexact(x) else None
            with opened(self.reference.call.computation):
                place, backend = self.reference.call.computation.place(), self.reference.backend
                array = np.array(value)
                if rounded is not None:
                    flat = rounded.view(np.complex128) if array.dtype.kind == "c" else rounded
                    array = flat.reshape(array.shape).astype(array.dtype)
                second.append(backend.asarray(array, device=place))
            first.append(native)
        return tuple(first), tuple(second)

    def _value(self, one: Local, two: Local, eps: float) -> Culprit | None:
        exact = two.center
        tolerance = np.zeros_like(exact)
        if _is_inexact(one.node):
            tolerance = bound(two.value, two.point, exact, eps, length(two))
            tolerance += _SMALLEST[_dtypes.precision(one.node.dtype)]
        elif eps > EPS["float64"]:
            return None  # rounding may decide a comparison
        worst = _worst(one.center, exact, tolerance, _LARGEST.get(_dtypes.precision(one.node.dtype), np.inf))
        if worst is None:
            return None
        numbers = float(one.center[worst]), float(exact[worst]), 0.0, float(tolerance[worst])
        wrt = ", ".join(x.name for x in one.node.inputs)
        return Culprit.of_node(one.node, "value", (wrt, one.output_name(worst)), numbers)

    def _derivative(self, one: Local, two: Local, eps: float) -> Culprit | None:
        if not (one.point.size and np.isfinite(two.center).all()):
            return None
        wanted = np.concatenate(
            [
                np.full(one.packing.bounds[i + 1] - one.packing.bounds[i], x.id in self.trace.active)
                for i, x in enumerate(one.inputs)
            ]
        )
        size = one.center.size
        drawn = self.generator.choice([-1.0, 1.0], size) * self.generator.uniform(0.5, 1.5, size)
        with opened(self.own.call.computation):
            cotangent = one.result.pack(one.result.unpack(drawn))
        pull, exact_pull = one.pullback(), two.pullback()
        found, exact = pull(cotangent), exact_pull(cotangent)
        tolerance = bound(lambda point: two.pullback(point)(cotangent), two.point, exact, eps, length(two))
        tolerance += _SMALLEST[_dtypes.precision(one.node.dtype)] * 16 + _saturated(two, cotangent, eps)
        exact, found = np.where(wanted, exact, 0.0), np.where(wanted, found, 0.0)
        worst = _worst(found, exact, tolerance, _LARGEST[_dtypes.precision(one.node.dtype)])
        if worst is None:
            return None
        positions = np.arange(size)
        while positions.size > 1:  # towards the output in which it differs
            halves = np.array_split(positions, 2)
            differences = []
            for half in halves:
                part = np.zeros(size)
                part[half] = cotangent[half]
                difference = pull(part)[worst] - exact_pull(part)[worst]
                differences.append(np.inf if np.isnan(difference) else abs(difference))
            positions = halves[int(np.argmax(differences))]
        return self._single(one, two, worst, int(positions[0]), float(tolerance[worst]))

    def _single(self, one: Local, two: Local, position: int, output: int, tolerance: float) -> Culprit:
        """Return the culprit for one element of the inputs and one of the value."""
        unit = np.zeros(one.center.size)
        unit[output] = 1.0
        found, exact = float(one.pullback()(unit)[position]), float(two.pullback()(unit)[position])
        step = np.zeros(two.point.size)
        step[position] = abs(two.point[position]) or 1.0
        along = slopes(lambda h: two.value(two.point + h * step), two.center, two.eps)
        sides = float(along.left[output] / step[position]), float(along.right[output] / step[position])
        error = float(along.error[output] / step[position])
        kink = bool(along.kinked[output]) and min(sides) - 10 * error <= found <= max(sides) + 10 * error
        numbers = found, exact, 0.0, tolerance
        names = one.input_name(position), one.output_name(output)
        seen = sides if along.kinked[output] else None
        return Culprit.of_node(one.node, "derivative", names, numbers, kink=kink, slopes=seen)


def _saturated(local: Local, cotangent: np.ndarray, eps: float) -> float:
    """Return the error that is allowed where a slope is far below the function's own size: the tail of tanh."""
    height = float(np.max(np.abs(cotangent * local.center), initial=0.0))
    return 256 * eps * height / (float(np.sqrt(np.mean(local.point**2))) or 1.0)


def _worst(found: np.ndarray, exact: np.ndarray, tolerance: np.ndarray, largest: float) -> int | None:
    """Return where two results differ most beyond the tolerance, or None."""
    with np.errstate(all="ignore"):
        excess = np.abs(found - exact) / np.maximum(tolerance, np.finfo(float).tiny)
        differs = np.isfinite(found) != np.isfinite(exact)
        excess = np.where(differs, np.inf, np.where(np.isfinite(excess), excess, 0.0))
        # What overflows in the dtype, and what nobody can tell.
        excess = np.where((np.abs(exact) >= largest / 2) & np.isfinite(exact) | np.isinf(tolerance), 0.0, excess)
    worst = int(np.argmax(excess)) if excess.size else 0
    return worst if excess.size and excess[worst] > 1 else None


def _is_inexact(node: Node) -> bool:
    return node.dtype in _dtypes.INEXACT
