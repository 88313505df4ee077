"""Second derivatives: products with the Hessian against differences of the gradient, and the Hessian's symmetry."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from multigrad import _differences
from multigrad._check import _derivatives, _directions, _rounding
from multigrad._check._directions import Direction
from multigrad._check._entry import Entry, allowance, roundoff
from multigrad._check._judge import Finding, judged
from multigrad._check._point import Point
from multigrad._check._truth import Truth
from multigrad._differences import Slope

# Up to this many coordinates the whole Hessian is checked, beyond them products with this many random directions.
_WHOLE, _DIRECTIONS = 6, 4
# Both elements of a pair are rounded, each by a longer computation than a gradient.
_BOTH = 4


class SecondOrder:
    """The checks of the second derivatives at one point; parameters as for `FirstOrder`."""

    def __init__(self, point: Point, seed: int) -> None:
        self._point, self._seed = point, seed
        small = sum(x.size for x in point.places) <= _WHOLE
        coordinates = _directions.coordinates(point) if small else []
        self._is_whole = 0 < len(coordinates) <= _WHOLE
        self.directions = coordinates if self._is_whole else _directions.random(point, seed + 2, _DIRECTIONS)
        self._products: list[_Product] = []

    def along(self, direction: Direction) -> Iterator[Entry]:
        """Yield the entries of one product with the Hessian, paired with every direction."""
        product = _Product(self._point, direction, self._seed)
        self._products.append(product)
        for other in self.directions if self._is_whole else [direction]:
            yield product.entry(other)

    def symmetry(self) -> Iterator[Entry]:
        """Yield the entry of the pair of directions whose products differ most when they change places."""
        scale = max((product.size for product in self._products), default=0.0)
        entries = [
            self._pair(first, second, scale) for i, first in enumerate(self._products) for second in self._products[:i]
        ]
        if entries:
            yield min(entries, key=lambda entry: entry.badness)

    def _pair(self, first: _Product, second: _Product, scale: float) -> Entry:
        found, expected = first.direction.pairing(second.found), second.direction.pairing(first.found)
        tolerance = _BOTH * allowance(self._point.dtype) * max(scale, abs(found), abs(expected))
        verdict = "right" if abs(found - expected) <= tolerance else "wrong"
        path = f"{second.direction.path}, {first.direction.path}"
        return Entry(path, found, expected, 0.0, tolerance, verdict, "symmetry")


class _Product:
    """The product of the Hessian with one direction."""

    def __init__(self, point: Point, direction: Direction, seed: int) -> None:
        self._point, self.direction, self._seed = point, direction, seed
        self.found = _derivatives.hessian_product(point, point.call, direction)
        self.size = _derivatives.largest(self.found)
        # One gradient per step serves all pairings.
        self._moved = functools.cache(self._gradient)

    def entry(self, other: Direction) -> Entry:
        """Return the entry of its pairing with a direction."""
        point = self._point
        norm = math.sqrt(sum(float(np.sum(part**2)) for part in other.products(self.found)))
        finding = Finding(
            f"{self.direction.path}, {other.path}",
            "second order",
            other.pairing(self.found),
            # An element shares the rounding errors of its column.
            max(norm, self.size if len(other.steps) == 1 else 0.0),
            max(point.dtypes, key=roundoff),
            lambda: other.pairing(self._exact),
            lambda: None if self._rounded is None else [other.pairing(sample) for sample in self._rounded],
        )
        truth = Truth(self._slope(other, _differences.STARTS), "differences")
        again = functools.partial(self._slope, other, _differences.OTHER_STARTS)
        return judged(finding, truth, again, eps=point.eps)

    def _gradient(self, step: float) -> list[np.ndarray]:
        point = self._point
        return _derivatives.gradient(point, point.exact, self.direction.from_place(point.places, step))

    def _slope(self, other: Direction, starts: Sequence[float]) -> Slope:
        def along(step: float) -> float:
            return other.pairing(self._moved(step))

        return _differences.slope(along, along(0.0), starts=starts, eps=self._point.eps).per(self.direction.length)

    @functools.cached_property
    def _exact(self) -> list[np.ndarray]:
        return _derivatives.hessian_product(self._point, self._point.exact, self.direction)

    @functools.cached_property
    def _rounded(self) -> list[list[np.ndarray]] | None:
        point, direction = self._point, self.direction
        return _rounding.rounded(
            point, self._seed, lambda flat: _derivatives.hessian_product(point, point.exact, direction, flat)
        )
