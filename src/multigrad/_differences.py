"""Slopes of a function from its values alone, with an estimate of their error: Ridders' method."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

# Ridders' own choice of the ratio between steps; ten of them span a factor of 20.
_RATIO, _LEVELS = 1.4, 10
# First steps in units of the argument: wide ones see least noise, narrow ones pass between kinks and poles.
_STARTS = (0.2, 2e-3, 2e-5)
_EPS = 2.0**-52
# An error below this part of the slope is not worth narrower steps.
_GOOD_ENOUGH = 1e-9
# Smaller jumps between the slopes of the two sides are extrapolation errors.
_SMALLEST_JUMP = 1e-6


class Slope(NamedTuple):
    """A derivative from differences.

    Attributes
    ----------
    value
        The extrapolated central difference; NaN where f is not finite around the point.
    error
        Ridders' estimate of its error, rounding of f's values included.
    jump
        Slope on the right minus slope on the left; 0 where f looks smooth.
    steepness
        Largest one-sided difference quotient seen: the scale of slopes around the point.
    """

    value: float
    error: float
    jump: float
    steepness: float


def slope(f: Callable[[float], float], center: float) -> Slope:
    """Return f'(0) for a function whose argument is of order 1.

    Parameters
    ----------
    f
        Function of a step.
    center
        f(0).

    Notes
    -----
    C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Adv. Eng. Softw. 4, 75-76, 1982. Each first step
    is tried in turn until the error is small; the most certain result is returned.
    """
    best = Slope(math.nan, math.inf, 0.0, 0.0)
    for start in _STARTS:
        found = _from(f, center, start)
        if found is not None and found.error + abs(found.jump) < best.error + abs(best.jump):
            best = found
        if best.error + abs(best.jump) <= _GOOD_ENOUGH * max(abs(best.value), best.steepness):
            break
    return best


def _from(f: Callable[[float], float], center: float, step: float) -> Slope | None:
    """Extrapolate from one first step, or return None if f is not finite there."""
    # The central difference has only even powers of the step as errors; the jump of a smooth f only odd ones.
    central, jump = _Extrapolation(2), _Extrapolation(1)
    steepness = 0.0
    for _ in range(_LEVELS):
        up, down = f(step), f(-step)
        if not (math.isfinite(up) and math.isfinite(down)):
            return None
        quotient = (up - down) / (2 * step)
        # Four roundings of the values, and one of the place, which is of order 1.
        noise = _EPS * (4 * max(abs(up), abs(down), abs(center)) + abs(quotient)) / step
        central.add(quotient, noise)
        jump.add(((up - center) - (center - down)) / step, 2 * noise)
        steepness = max(steepness, abs(up - center) / step, abs(down - center) / step)
        if central.settled and jump.settled:
            break
        step /= _RATIO
    widest = abs(jump.value) + jump.error
    return Slope(central.value, central.error, widest if widest > _SMALLEST_JUMP * steepness else 0.0, steepness)


class _Extrapolation:
    """Neville's tableau of a quantity at shrinking steps; keeps the most certain entry.

    Parameters
    ----------
    power
        Lowest power of the step in the quantity's error; the others follow by twos.
    """

    def __init__(self, power: int) -> None:
        self._factor = _RATIO**power
        self._row: list[float] = []
        self.value, self.error = math.nan, math.inf
        self.settled = False

    def add(self, value: float, noise: float) -> None:
        """Take the value at the next step, with its rounding error."""
        row, factor = [value], self._factor
        for older in self._row:
            row.append((row[-1] * factor - older) / (factor - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - older)) + noise
            if error <= self.error:
                self.value, self.error = row[-1], error
            factor *= _RATIO**2
        # Ridders stops when the diagonal moves away again.
        self.settled = bool(self._row) and abs(row[-1] - self._row[-1]) >= 2 * self.error
        self._row = row
