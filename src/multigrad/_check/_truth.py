"""The independent truth: the slope of f along a direction from its values alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from multigrad import _differences
from multigrad._check._directions import Direction
from multigrad._check._point import Point
from multigrad._differences import Slope

# Any step does whose square vanishes beside 1, as long as its products stay normal numbers.
_COMPLEX_STEP = 2.0**-100
# The confirming differences are wide enough to see little noise.
_COARSE = 1e-4


class Truth(NamedTuple):
    """A slope per unit of the argument.

    Attributes
    ----------
    slope
        Value, error, jump, steepness and the slopes on both sides of a kink.
    by
        ``"complex step"`` or ``"differences"``.
    edge
        ``"right"`` or ``"left"``, if f has values on that side only.
    """

    slope: Slope
    by: str
    edge: str = ""


def truth(point: Point, direction: Direction) -> Truth:
    """Return the slope of f along a direction.

    By a complex step (W. Squire and G. Trapp, SIAM Rev. 40, 110-112, 1998) where coarse differences confirm it, which
    they do not where f is not analytic or has a kink; else by Ridders' differences.
    """
    along = _along(point, direction)
    stepped = _complex_step(point, direction, along)
    if stepped is not None:
        return Truth(stepped.per(direction.length), "complex step")
    slope = _differences.slope(along, point.center, eps=point.eps, noise=point.noise)
    if math.isnan(slope.value) and math.isfinite(point.center):
        return _at_an_edge(point, direction, along)
    return Truth(slope.per(direction.length), "differences")


def second_opinion(point: Point, direction: Direction) -> Slope:
    """Return the slope by differences with other steps."""
    slope = _differences.slope(
        _along(point, direction), point.center, starts=_differences.OTHER_STARTS, eps=point.eps, noise=point.noise
    )
    return slope.per(direction.length)


def _along(point: Point, direction: Direction) -> Callable[[float], float]:
    return lambda step: point.value(direction.from_place(point.places, step))


def _complex_step(point: Point, direction: Direction, along: Callable[[float], float]) -> Slope | None:
    is_real = all(point.places[leaf].dtype.kind == "f" for leaf in direction.steps)
    if not is_real or point.noise or point.eps != _differences.EPS:
        return None
    value = point.complex_value(direction.from_place(point.places, 1j * _COMPLEX_STEP))
    if value is None or not math.isfinite(value.imag):
        return None
    slope, center = value.imag / _COMPLEX_STEP, point.center
    wide, narrow = ((along(step), along(-step), step) for step in (_COARSE, _COARSE / 2))
    quotients = [(up - down) / (2 * step) for up, down, step in (wide, narrow)]
    jumps = [((up - center) - (center - down)) / step for up, down, step in (wide, narrow)]
    if not all(map(math.isfinite, (*quotients, *jumps))):
        return None
    steepness = max(abs(value - center) / step for up, down, step in (wide, narrow) for value in (up, down))
    noise = _differences.EPS * (4 * max(map(abs, (*wide[:2], center))) + steepness) / _COARSE
    # Both are extrapolated to step zero, as in Ridders' tableau.
    central, jump = (4 * quotients[1] - quotients[0]) / 3, 2 * jumps[1] - jumps[0]
    agrees = abs(slope - central) <= 10 * (abs(central - quotients[1]) + noise)
    if not agrees or abs(jump) > _differences.SMALLEST_JUMP * steepness + 20 * noise:
        return None
    return Slope(slope, 8 * _differences.EPS * max(abs(slope), steepness), 0.0, steepness)


def _at_an_edge(point: Point, direction: Direction, along: Callable[[float], float]) -> Truth:
    """Return the slope on the one side where f is finite, if there is such a side."""
    right = _differences.one_sided(along, point.center, eps=point.eps, noise=point.noise)
    left = _differences.one_sided(lambda step: along(-step), point.center, eps=point.eps, noise=point.noise)
    if math.isfinite(right.error) and not math.isfinite(left.error):
        return Truth(right.per(direction.length), "differences", "right")
    if math.isfinite(left.error) and not math.isfinite(right.error):
        return Truth(left._replace(value=-left.value).per(direction.length), "differences", "left")
    return Truth(Slope(math.nan, math.inf, 0.0, 0.0).per(direction.length), "differences")
