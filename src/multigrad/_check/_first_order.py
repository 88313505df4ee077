"""First derivatives against the truth: reverse and forward mode, each against the other, compiled against eager."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from multigrad._check import _derivatives, _directions, _rounding
from multigrad._check._directions import Direction
from multigrad._check._entry import Entry, allowance, roundoff
from multigrad._check._judge import Finding, judged
from multigrad._check._point import Point
from multigrad._check._truth import Truth, second_opinion, truth

# So many elements that are not finite are listed one by one.
_LISTED = 8
# Values that differ by so many rounding errors from call to call do so by more than the order of a sum.
_ROUNDING_NOISE = 1000


class FirstOrder:
    """The checks of the first derivatives at one point.

    Parameters
    ----------
    point
        The point.
    gradient
        What reverse mode says there, one array per leaf.
    seed
        Of the random directions.
    """

    def __init__(self, point: Point, gradient: Sequence[np.ndarray], seed: int) -> None:
        self._point, self._gradient, self._seed = point, gradient, seed
        self._truths: dict[str, Truth] = {}

    def directions(self) -> list[Direction]:
        """Return the coordinates of a small input; else those that are not finite, and random directions without."""
        point = self._point
        if sum(x.size for x in point.places) <= _directions.MOST_COORDINATES:
            return _directions.coordinates(point)
        holes = [~np.isfinite(part) for part in self._gradient]
        listed = [
            direction
            for leaf, mask in enumerate(holes)
            for index in list(map(tuple, np.argwhere(mask)))[:_LISTED]
            for direction in _directions.coordinate(point, leaf, tuple(int(i) for i in index))
        ][:_LISTED]
        if all(mask.all() for mask in holes):
            return listed
        return listed + _directions.random(point, self._seed, without=holes)

    def reverse(self, direction: Direction) -> Entry:
        """Return the entry of the gradient along a direction."""
        return self._judged(
            direction, "reverse", direction.pairing(self._gradient), self._exact_reverse, self._rounded_reverse
        )

    def forward(self, direction: Direction) -> Entry:
        """Return the entry of forward mode along a direction."""
        found = _derivatives.forward(self._point, self._point.call, direction)

        def exactly(direction: Direction) -> float:
            return _derivatives.forward(self._point, self._point.exact, direction)

        def samples(direction: Direction) -> list[float] | None:
            point = self._point
            return _rounding.rounded(
                point, self._seed, lambda flat: _derivatives.forward(point, point.exact, direction, flat)
            )

        return self._judged(direction, "forward", found, exactly, samples)

    def unfound(self, direction: Direction) -> Entry:
        """Return the entry of a gradient that could not be computed because a value left the computation."""
        slope = self._truth(direction).slope
        return Entry(direction.path, math.nan, slope.value, slope.error, math.nan, "left the computation")

    def dot_product(self) -> Iterator[Entry]:
        """Yield the entry of forward against reverse mode along one more random direction, where both are finite."""
        holes = [~np.isfinite(part) for part in self._gradient]
        if all(mask.all() for mask in holes):
            return
        (direction,) = _directions.random(self._point, self._seed + 1, 1, holes)
        found = _derivatives.forward(self._point, self._point.call, direction)
        expected = direction.pairing(self._gradient)
        tolerance = self._rounding(direction, max(abs(found), abs(expected)))
        if not abs(found - expected) <= tolerance and self._is_coarse():
            # Digits that both modes lose in other ways: the modes are compared where they keep them.
            found = _derivatives.forward(self._point, self._point.exact, direction)
            expected = direction.pairing(self._exact_gradient)
        verdict = self._compared(abs(found - expected) <= tolerance)
        yield Entry("random direction", found, expected, 0.0, tolerance, verdict, "dot product")

    def compiled(self, gradient: Sequence[np.ndarray]) -> Iterator[Entry]:
        """Yield one entry per leaf: the compiled gradient against the eager one, where they differ most."""
        for leaf, (found, expected) in enumerate(zip(gradient, self._gradient, strict=True)):
            if not found.size:
                continue
            same = (found == expected) | (np.isnan(found) & np.isnan(expected))
            with np.errstate(invalid="ignore"):
                difference = np.where(same, 0.0, np.abs(found - expected))
            difference[np.isnan(difference)] = math.inf
            index = tuple(int(i) for i in np.unravel_index(np.argmax(difference), found.shape))
            dtype = self._point.dtypes[leaf]
            tolerance = allowance(dtype) * _derivatives.largest([expected])
            for direction in _directions.coordinate(self._point, leaf, index):
                here, there = direction.pairing([*gradient]), direction.pairing(self._gradient)
                verdict = self._compared(difference[index] <= tolerance)
                yield Entry(direction.path, here, there, 0.0, tolerance, verdict, "compiled")

    def _compared(self, agree: bool) -> str:
        """Return the verdict on two derivatives that were computed apart: with noise, of two functions."""
        point = self._point
        is_noisy = point.noise > _ROUNDING_NOISE * point.eps * abs(point.center)
        return "right" if agree else "inconclusive" if is_noisy else "wrong"

    def _truth(self, direction: Direction) -> Truth:
        if direction.path not in self._truths:
            self._truths[direction.path] = truth(self._point, direction)
        return self._truths[direction.path]

    def _judged(
        self,
        direction: Direction,
        check: str,
        found: float,
        exactly: Callable[[Direction], float],
        samples: Callable[[Direction], Sequence[float] | None],
    ) -> Entry:
        point = self._point
        if not math.isfinite(point.center):
            remark = f"f is {point.center} at the point"
            return Entry(direction.path, found, math.nan, math.nan, math.nan, "not finite", check, None, remark)
        finding = Finding(
            direction.path,
            check,
            found,
            self._scale(direction),
            max((point.dtypes[leaf] for leaf in direction.steps), key=roundoff),
            functools.partial(exactly, direction),
            functools.partial(samples, direction),
        )
        again = functools.partial(second_opinion, point, direction)
        return judged(finding, self._truth(direction), again, eps=point.eps)

    def _scale(self, direction: Direction) -> float:
        """Return the size of the slopes beside a direction's: a coordinate shares the rounding errors of its leaf."""
        beside = [self._gradient[leaf] for leaf in direction.steps] if len(direction.steps) == 1 else []
        products = direction.products(self._gradient)
        norm = math.sqrt(sum(float(np.sum(part[np.isfinite(part)] ** 2)) for part in products))
        return max(_derivatives.largest(beside), norm)

    def _rounding(self, direction: Direction, size: float) -> float:
        return allowance(self._point.dtype) * max(size, self._scale(direction))

    def _is_coarse(self) -> bool:
        return roundoff(self._point.dtype) > roundoff("float64")

    @functools.cached_property
    def _exact_gradient(self) -> list[np.ndarray]:
        return _derivatives.gradient(self._point, self._point.exact)

    def _exact_reverse(self, direction: Direction) -> float:
        return direction.pairing(self._exact_gradient)

    @functools.cached_property
    def _rounded_gradients(self) -> list[list[np.ndarray]] | None:
        point = self._point
        return _rounding.rounded(point, self._seed, lambda flat: _derivatives.gradient(point, point.exact, flat=flat))

    def _rounded_reverse(self, direction: Direction) -> list[float] | None:
        samples = self._rounded_gradients
        return None if samples is None else [direction.pairing(sample) for sample in samples]
