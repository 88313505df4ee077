"""In which directions the derivative is checked, and how one that is wrong is narrowed down to an element."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from multigrad._check._entry import Entry
from multigrad._check._point import Point

# Up to this many elements every coordinate is checked, beyond them this many directions.
MOST_COORDINATES, _DIRECTIONS = 32, 8


class Direction(NamedTuple):
    """A direction of the arguments.

    Attributes
    ----------
    path
        What it is called in the report.
    steps
        By leaf: what one unit of step adds to it.
    length
        The derivative is reported per unit of the argument: divided by this.
    """

    path: str
    steps: dict[int, np.ndarray]
    length: float

    def from_place(self, places: Sequence[np.ndarray], step: complex) -> list[np.ndarray]:
        """Return the place that lies a number of steps away; a complex number of them for real leaves only."""
        return [x + step * self.steps[i] if i in self.steps else x for i, x in enumerate(places)]

    def tangents(self, places: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the direction with one array per leaf, per unit of the argument."""
        return [self.steps[i] / self.length if i in self.steps else np.zeros_like(x) for i, x in enumerate(places)]

    def products(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the parts of the pairing Re<array, direction>.

        Only where the step goes, so that one element that is not finite does not spoil the others.
        """
        return [
            np.real(np.conj(arrays[i][step != 0]) * step[step != 0]) / self.length for i, step in self.steps.items()
        ]

    def pairing(self, arrays: Sequence[np.ndarray]) -> float:
        """Return Re<array, direction>, per unit of the argument."""
        return sum(float(np.sum(product)) for product in self.products(arrays))


def _sizes(point: Point) -> list[float]:
    return [float(np.sqrt(np.mean(np.abs(x) ** 2))) or 1.0 if x.size else 1.0 for x in point.places]


def coordinates(point: Point) -> list[Direction]:
    """Return the direction of every element, real and imaginary parts of complex ones apart."""
    return [
        direction
        for leaf, x in enumerate(point.places)
        for index in np.ndindex(x.shape)
        for direction in coordinate(point, leaf, index)
    ]


def coordinate(point: Point, leaf: int, index: tuple[int, ...]) -> Iterator[Direction]:
    """Yield the one or two directions of an element, scaled so that a step of 1 changes it by its leaf's own size."""
    x = point.places[leaf]
    place = f"[{', '.join(map(str, index))}]" if index else ""
    length = max(_sizes(point)[leaf], float(abs(x[index])))
    for unit, suffix in ((1.0, ".real"), (1.0j, ".imag")) if x.dtype.kind == "c" else ((1.0, ""),):
        step = np.zeros_like(x)
        step[index] = unit * length
        yield Direction(point.paths[leaf] + place + suffix, {leaf: step}, length)


def random(point: Point, seed: int, count: int = _DIRECTIONS, without: Sequence[np.ndarray] = ()) -> list[Direction]:
    """Return seeded random directions in which every element counts.

    Parameters
    ----------
    without
        One mask per leaf: elements that stay where they are.
    """
    generator, found = np.random.default_rng(seed), []
    for number in range(count):
        both = enumerate(zip(point.places, _sizes(point), strict=True))
        steps = {i: np.asarray(size * _signed(generator, x)) for i, (x, size) in both}
        for i, mask in enumerate(without):
            steps[i][mask] = 0.0
        found.append(Direction(f"direction {number}", steps, 1.0))
    return found


def _signed(generator: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Return random numbers of which none is small."""

    def draw() -> np.ndarray:
        return generator.choice([-1.0, 1.0], x.shape) * generator.uniform(0.5, 1.5, x.shape)

    return draw() + 1j * draw() if x.dtype.kind == "c" else draw()


def narrowed(point: Point, direction: Direction, judge: Callable[[Direction], Entry]) -> list[Entry]:
    """Return the entries of one element that has the verdict which a direction has, or none.

    The direction's elements are halved again and again: twice the logarithm of their number in truths.
    """
    verdict = judge(direction).verdict
    support = [(leaf, number) for leaf, step in direction.steps.items() for number in np.flatnonzero(step).tolist()]
    while len(support) > 1:
        middle = len(support) // 2
        halves = [support[:middle], support[middle:]]
        entries = [judge(_restricted(direction, half)) for half in halves]
        kept = [i for i in range(2) if entries[i].verdict == verdict]
        if not kept:
            return []
        support = halves[max(kept, key=lambda i: entries[i].excess)]
    leaf, number = support[0]
    index = tuple(int(i) for i in np.unravel_index(number, point.places[leaf].shape))
    return [entry for entry in map(judge, coordinate(point, leaf, index)) if entry.verdict == verdict]


def _restricted(direction: Direction, support: Sequence[tuple[int, int]]) -> Direction:
    steps: dict[int, np.ndarray] = {}
    for leaf in {leaf for leaf, _ in support}:
        numbers = [number for other, number in support if other == leaf]
        step = np.zeros_like(direction.steps[leaf])
        step.flat[numbers] = direction.steps[leaf].flat[numbers]
        steps[leaf] = step
    return Direction(f"part of {direction.path}", steps, direction.length)
