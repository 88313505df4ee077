"""The local derivative of one node against differences of its own values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from multigrad._blame._local import Local
from multigrad._blame._localization import Culprit
from multigrad._blame._slopes import STARTS, Slopes, slopes

Pull = Callable[[np.ndarray], np.ndarray]

# These read one triangle of a symmetric matrix, and their derivative is the symmetrized one.
SYMMETRIC = frozenset(("cholesky", "eigh", "eigvalsh"))
# Vectors with a free phase: their own derivative is a choice, and only functions without that choice have one.
_FREE_PHASE = frozenset(("eigh", "svd", "eig"))
_DIRECTIONS = 3
# More elements than this average out what one direction may miss.
_LARGE = 10_000
# Outputs whose slope is less certain than this would hide the errors of the others.
_CERTAIN = 1e-6
# Steps that must tell the same before an operation is blamed.
_NARROW_STARTS = (7e-5, 7e-7, 7e-9)
# A rounding of the inputs may change a value by this many times what its slopes along a direction say.
_UNRESOLVED = 1e4
# Slopes on one side of a kink agree to this part at any step.
_SAME = 1e-3
# Kinks are looked at one by one, up to this many.
_MOST_KINKS = 4
_UNDER = "derivative"


@dataclasses.dataclass
class Examined:
    """What was found out about one node: culprits, kinks that are right, and whether anything was decided."""

    culprits: list[Culprit] = dataclasses.field(default_factory=list)
    kinks: list[Culprit] = dataclasses.field(default_factory=list)
    decided: bool = False


def examine(local: Local, generator: np.random.Generator, *, what: str = _UNDER, forward: bool = False) -> Examined:
    """Check the derivative of a node in random directions, and find the elements where it is off.

    Parameters
    ----------
    local
        The node at its inputs.
    generator
        Of directions and cotangents.
    what
        What to call an error.
    forward
        Whether forward mode is checked, too.
    """
    result = Examined()
    finite = np.isfinite(local.point)
    if not (local.point.size and local.center.size and finite.any()) or _has_free_phase(local):
        return result
    check = _Check(local, what)
    for number in range(_DIRECTIONS if local.point.size <= _LARGE else 2):
        tangent = np.where(finite, check.direction(generator, relative=number != 1), 0.0)
        if check.run(tangent, check.random(generator, local.center.size), result, forward=forward and number == 0):
            break
    return result


def _has_free_phase(local: Local) -> bool:
    if local.node.operation not in _FREE_PHASE:
        return False
    return any(dtype.startswith("complex") for dtype in (*local.packing.dtypes, *local.result.dtypes))


class _Check:
    """The steps of `examine` for one node."""

    def __init__(self, local: Local, what: str) -> None:
        self.local, self.what = local, what
        self.pull: Pull = local.pullback()

    def direction(self, generator: np.random.Generator, *, relative: bool) -> np.ndarray:
        """Return a direction that moves each element by its own size, or by that of its array."""
        point, bounds = self.local.point, self.local.packing.bounds
        moved = np.zeros_like(point)
        for i in range(len(bounds) - 1):
            part = np.where(np.isfinite(point[bounds[i] : bounds[i + 1]]), point[bounds[i] : bounds[i + 1]], 0.0)
            size = float(np.sqrt(np.mean(part**2))) if part.size else 0.0
            size = size or 1.0
            scale = np.where(part == 0, size, np.abs(part)) if relative else np.full(part.shape, size)
            moved[bounds[i] : bounds[i + 1]] = scale * self.random(generator, part.size)
        return self._symmetrized(moved)

    def random(self, generator: np.random.Generator, count: int) -> np.ndarray:
        """Return numbers of which none is small, so that every element counts."""
        return generator.choice([-1.0, 1.0], count) * generator.uniform(0.5, 1.5, count)

    def _symmetrized(self, tangent: np.ndarray) -> np.ndarray:
        if self.local.node.operation not in SYMMETRIC:
            return tangent
        packing, parts = self.local.packing, []
        for i, shape in enumerate(packing.shapes):
            part = tangent[packing.bounds[i] : packing.bounds[i + 1]]
            if packing.dtypes[i].startswith("complex"):
                matrix = part.view(np.complex128).reshape(shape)
                parts.append(((matrix + np.conj(np.swapaxes(matrix, -1, -2))) / 2).reshape(-1).view(np.float64))
            else:
                matrix = part.reshape(shape)
                parts.append(((matrix + np.swapaxes(matrix, -1, -2)) / 2).reshape(-1))
        return np.concatenate(parts)

    def along(self, tangent: np.ndarray, starts: tuple[float, ...] = STARTS) -> Slopes:
        """Return the slopes of the value along a direction."""
        local = self.local
        return slopes(lambda h: local.value(local.point + h * tangent), local.center, local.eps, starts)

    def run(self, tangent: np.ndarray, cotangent: np.ndarray, result: Examined, *, forward: bool) -> bool:
        """Check one direction; tell whether the node is settled."""
        local = self.local
        pulled = self.pull(cotangent)
        bad = ~np.isfinite(pulled) & np.isfinite(local.point)
        if bad.any():
            if np.isfinite(local.center).all():
                result.culprits.append(self._not_finite(int(np.argmax(bad)), pulled))
                result.decided = True
                return True
            tangent = self._symmetrized(np.where(bad, 0.0, tangent))
        found = self.along(tangent)
        kinked = self._confirmed(tangent, found)
        for k in np.flatnonzero(kinked)[:_MOST_KINKS]:
            self._kink(int(k), tangent, found, result)
        if result.kinks or result.culprits:
            result.decided = True
        scale = np.maximum(np.abs(found.left), np.abs(found.right))
        certain = np.isfinite(found.error) & ~found.kinked
        clear = certain & (found.error <= _CERTAIN * max(float(np.max(scale, initial=0.0, where=certain)), 1e-300))
        chosen = clear if clear.any() else certain
        if not chosen.any():
            return bool(result.culprits)
        result.decided = True
        weights = np.where(chosen, cotangent, 0.0)
        if self._is_off(tangent, weights, found):
            result.culprits.append(self._culprit(tangent, weights))
        elif forward:
            self._check_forward(tangent, weights, found, result)
        return bool(result.culprits)

    def _confirmed(self, tangent: np.ndarray, found: Slopes) -> np.ndarray:
        """Return where the slopes on the two sides differ at narrow steps as they do at wide ones."""
        kinked = found.kinked & np.isfinite(found.error)
        if not kinked.any():
            return kinked
        near = self.along(tangent, _NARROW_STARTS[1:2])
        size = np.abs(found.left) + np.abs(found.right)
        moved = np.abs(near.left - found.left) + np.abs(near.right - found.right)
        return kinked & near.kinked & (moved <= _SAME * size)

    # Right or off

    def _is_off(self, tangent: np.ndarray, weights: np.ndarray, found: Slopes) -> bool:
        got, expected, tolerance = self._numbers(tangent, weights, found)
        if abs(got - expected) <= tolerance:
            return False
        # Before an operation is blamed: a function that bends within the steps looks smooth from far away, and inputs
        # that are one rounding off tell how well the derivative is determined.
        if self._is_unresolved(weights, found):
            return False
        for start in _NARROW_STARTS:
            near = self.along(tangent, (start,))
            if not np.isfinite(near.error[weights != 0]).all():
                return False
            _, closer, doubt = self._numbers(tangent, weights, near)
            if abs(closer - expected) > doubt + tolerance:
                expected, tolerance = closer, doubt
            if abs(got - expected) <= tolerance:
                return False
        return abs(got - expected) > tolerance + 20 * self._rounding(tangent, weights, got)

    def _is_unresolved(self, weights: np.ndarray, found: Slopes) -> bool:
        """Tell whether inputs that are one rounding off change the value by far more than the slopes say."""
        local, live = self.local, weights != 0
        signs = np.random.default_rng(0).choice([-1.0, 1.0], local.point.size)
        change = (local.value(local.point * (1 + local.eps * signs)) - local.center)[live]
        size = (np.abs(local.center) + np.abs(found.left) + np.abs(found.right))[live]
        return not float(np.sum(np.abs(change))) <= _UNRESOLVED * local.eps * float(np.sum(size))

    def _numbers(self, tangent: np.ndarray, weights: np.ndarray, found: Slopes) -> tuple[float, float, float]:
        """Return found, expected and tolerance of the derivative along a direction of the weighted value."""
        products = _products(self.pull(weights), tangent)
        live = weights != 0
        expected = float(np.sum(weights[live] * found.value[live]))
        error = float(np.sum(np.abs(weights[live]) * found.error[live]))
        scale = float(np.sum(np.abs(products)) + np.sum(np.abs(weights[live] * found.value[live])))
        # Rounding errors grow within an operation; and the slopes' own estimate is one.
        return float(np.sum(products)), expected, 10 * error + 8 * self.local.eps**0.75 * scale

    def _rounding(self, tangent: np.ndarray, weights: np.ndarray, got: float) -> float:
        """Return how much the derivative changes where the inputs change by a rounding."""
        generator, point = np.random.default_rng(0), self.local.point
        changes = []
        for _ in range(2):
            moved = point * (1 + self.local.eps * generator.choice([-1.0, 1.0], point.size))
            other = float(np.sum(_products(self.local.pullback(moved)(weights), tangent)))
            changes.append(abs(other - got))
        return max(changes)

    def _check_forward(self, tangent: np.ndarray, weights: np.ndarray, found: Slopes, result: Examined) -> None:
        live = weights != 0
        got = float(np.sum(weights[live] * self.local.pushed(tangent)[live]))
        _, expected, tolerance = self._numbers(tangent, weights, found)
        if not abs(got - expected) <= tolerance:
            error = tolerance / 10
            numbers = (got, expected, error, tolerance)
            wrt = f"{self.local.all_inputs()} (forward mode)"
            result.culprits.append(Culprit.of_node(self.local.node, self.what, (wrt, self.local.node.name), numbers))

    # What exactly is off

    def _culprit(self, tangent: np.ndarray, weights: np.ndarray) -> Culprit:
        local = self.local
        if local.node.operation not in SYMMETRIC:
            inputs = self._narrowed(np.flatnonzero(tangent), lambda part: self._mismatch(_only(tangent, part), weights))
            step = np.zeros_like(tangent)
            step[inputs] = abs(tangent[inputs])
            found = self.along(step)
            live = np.flatnonzero((weights != 0) & np.isfinite(found.error))
            outputs = self._narrowed(live, lambda part: self._mismatch(step, _only(weights, part), found))
            unit = _only(np.ones_like(weights), np.array([outputs]))
            got, expected, tolerance = (number / step[inputs] for number in self._numbers(step, unit, found))
            if abs(got - expected) > tolerance:
                numbers = (got, expected, float(found.error[outputs]) / step[inputs], tolerance)
                names = local.input_name(inputs), local.output_name(outputs)
                return Culprit.of_node(local.node, self.what, names, numbers)
        found = self.along(tangent)
        got, expected, tolerance = self._numbers(tangent, weights, found)
        live = weights != 0
        error = float(np.sum(np.abs(weights[live]) * found.error[live]))
        names, numbers = (local.all_inputs(), local.node.name), (got, expected, error, tolerance)
        return Culprit.of_node(local.node, self.what, names, numbers)

    def _mismatch(self, tangent: np.ndarray, weights: np.ndarray, found: Slopes | None = None) -> float:
        got, expected, _ = self._numbers(tangent, weights, self.along(tangent) if found is None else found)
        return abs(got - expected) if np.isfinite(got - expected) else 0.0

    @staticmethod
    def _narrowed(positions: np.ndarray, mismatch: Callable[[np.ndarray], float]) -> int:
        """Return one position, halving in each step towards the larger mismatch."""
        while positions.size > 1:
            halves = np.array_split(positions, 2)
            positions = max(halves, key=mismatch)
        return int(positions[0])

    def _kink(self, output: int, tangent: np.ndarray, found: Slopes, result: Examined) -> None:
        """Look at one element whose slopes on the two sides differ."""
        local = self.local
        unit = np.zeros_like(local.center)
        unit[output] = 1.0
        length, wrt, products = 1.0, local.all_inputs(), _products(self.pull(unit), tangent)
        position = self._narrowed(np.flatnonzero(tangent), lambda part: self._jump(_only(tangent, part), output))
        if self._only_one(position, output, tangent, found):
            length, wrt = float(tangent[position]), local.input_name(position)
        sides = (float(found.left[output]) / length, float(found.right[output]) / length)
        sides = sides if length > 0 else sides[::-1]
        got, expected = float(np.sum(products)) / length, float(found.value[output]) / length
        error = float(found.error[output]) / abs(length)
        tolerance = 10 * error + 1e-6 * (abs(sides[0]) + abs(sides[1]))
        is_kink = min(sides) - tolerance <= got <= max(sides) + tolerance
        numbers = (got, expected, error, tolerance)
        of = local.output_name(output)
        culprit = Culprit.of_node(local.node, self.what, (wrt, of), numbers, kink=is_kink, slopes=sides)
        right = is_kink and abs(got - expected) <= tolerance
        if not right:
            result.culprits.append(culprit)
        elif all(kink.of != of for kink in result.kinks):
            result.kinks.append(culprit)

    def _jump(self, tangent: np.ndarray, output: int) -> float:
        found = self.along(tangent)
        return float(abs(found.right[output] - found.left[output]))

    def _only_one(self, position: int, output: int, tangent: np.ndarray, found: Slopes) -> bool:
        """Tell whether a value's slopes come from one element of the inputs."""
        alone = self.along(_only(tangent, np.array([position])))
        seen = (alone.left[output], alone.right[output])
        return bool(np.allclose(seen, (found.left[output], found.right[output]), rtol=1e-5))

    def _not_finite(self, position: int, pulled: np.ndarray) -> Culprit:
        local = self.local
        of = local.node.name
        for k in range(min(local.center.size, 64)):
            unit = np.zeros_like(local.center)
            # An elementwise operation has the culprit at the same place.
            output = position if k == 0 and local.center.size == local.point.size else k
            unit[output] = 1.0
            one = self.pull(unit)[position]
            if not np.isfinite(one):
                of, pulled = local.output_name(output), np.full_like(pulled, one)
                break
        numbers = (float(pulled[position]), float("nan"), float("nan"), float("nan"))
        return Culprit.of_node(local.node, "not finite", (local.input_name(position), of), numbers)


def _products(gradient: np.ndarray, tangent: np.ndarray) -> np.ndarray:
    """Return the terms of a directional derivative; what is not moved does not count."""
    return np.where(tangent != 0, gradient, 0.0) * tangent


def _only(array: np.ndarray, positions: np.ndarray) -> np.ndarray:
    part = np.zeros_like(array)
    part[positions] = array[positions]
    return part
