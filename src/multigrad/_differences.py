"""Slopes of a function from its values alone, with an estimate of their error: Ridders' method."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

# Ridders' own choice of the ratio between steps; ten of them span a factor of 20.
_RATIO, _LEVELS = 1.4, 10
# First steps in units of the argument: wide ones see least noise, narrow ones pass between kinks and poles.
STARTS = (0.2, 2e-3, 2e-5)
# Others for a second opinion, which no coincidence shares with the first.
OTHER_STARTS = (0.071, 7.3e-4, 6.7e-6)
EPS = 2.0**-52
# An error below this part of the slope is not worth narrower steps.
_GOOD_ENOUGH = 1e-9
# Smaller jumps between the slopes of the two sides are extrapolation errors.
SMALLEST_JUMP = 1e-6


class Slope(NamedTuple):
    """A derivative from differences.

    Attributes
    ----------
    value
        The extrapolated central difference; NaN where f is not finite around the point.
    error
        Ridders' estimate of its error, rounding of f's values included.
    jump
        Slope on the right minus slope on the left, its own error added to its size; 0 where f looks smooth.
    steepness
        Largest one-sided difference quotient seen: the scale of slopes around the point.
    sides
        Slope on the left and on the right where they differ however narrow the steps: a kink. Else None.
    """

    value: float
    error: float
    jump: float
    steepness: float
    sides: tuple[float, float] | None = None

    def per(self, length: float) -> Slope:
        """Return the slope per unit of an argument of which a step of 1 is this many."""
        sides = None if self.sides is None else (self.sides[0] / length, self.sides[1] / length)
        return Slope(self.value / length, self.error / length, self.jump / length, self.steepness / length, sides)


_UNKNOWN = Slope(math.nan, math.inf, 0.0, 0.0)


def slope(
    f: Callable[[float], float], center: float, *, starts: Sequence[float] = STARTS, eps: float = EPS, noise: float = 0
) -> Slope:
    """Return f'(0) for a function whose argument is of order 1.

    Parameters
    ----------
    f
        Function of a step.
    center
        f(0).
    starts
        First steps, each tried in turn until the error is small.
    eps
        Relative rounding error of f's values.
    noise
        How far two values of f at one point were from each other.

    Notes
    -----
    C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Adv. Eng. Softw. 4, 75-76, 1982. The most
    certain result is returned.
    """
    best, jumps = _UNKNOWN, []
    for start in starts:
        found = _from(f, center, start, eps, noise)
        if found is None:
            continue
        jumps.append(found.jump)
        if found.error + abs(found.jump) < best.error + abs(best.jump):
            best = found
        if best.error + abs(best.jump) <= _GOOD_ENOUGH * max(abs(best.value), best.steepness):
            break
    if best.sides is None:
        return best
    if not _lasts(jumps):
        return best._replace(sides=None)
    # Each side on its own: at a kink all powers of the step count.
    right = one_sided(f, center, starts=starts, eps=eps, noise=noise).value
    left = -one_sided(lambda step: f(-step), center, starts=starts, eps=eps, noise=noise).value
    # A slope that is nothing but the rest of a subtraction is 0.
    small = _GOOD_ENOUGH * best.steepness
    return best._replace(sides=(left if abs(left) > small else 0.0, right if abs(right) > small else 0.0))


def one_sided(
    f: Callable[[float], float], center: float, *, starts: Sequence[float] = STARTS, eps: float = EPS, noise: float = 0
) -> Slope:
    """Return the slope of f on the right of 0, where it has values on that side only; parameters as for `slope`."""
    best = _UNKNOWN
    for start in starts:
        quotients, steepness, step = _Extrapolation(1, 1), 0.0, start
        for _ in range(_LEVELS):
            up = f(step)
            if not math.isfinite(up):
                break
            quotient = (up - center) / step
            quotients.add(quotient, _uncertainty(max(abs(up), abs(center)), quotient, step, eps, noise))
            steepness = max(steepness, abs(quotient))
            step /= _RATIO
        if quotients.error < best.error:
            best = Slope(quotients.value, quotients.error, 0.0, steepness)
        if best.error <= _GOOD_ENOUGH * steepness:
            break
    return best


def _lasts(jumps: Sequence[float]) -> bool:
    """Tell whether the jump stays when the steps shrink, as that of a smooth function does not."""
    if len(jumps) < 2:
        return False
    wider, narrower = abs(jumps[-2]), abs(jumps[-1])
    return 0.5 * wider < narrower < 2 * wider


def _uncertainty(size: float, quotient: float, step: float, eps: float, noise: float) -> float:
    # Four roundings of the values, and one of the place, which is of order 1.
    return (eps * (4 * size + abs(quotient)) + noise) / step


def _from(f: Callable[[float], float], center: float, step: float, eps: float, noise: float) -> Slope | None:
    """Extrapolate from one first step, or return None if f is not finite there."""
    # The central difference has only even powers of the step as errors; the jump of a smooth f only odd ones.
    central, jump = _Extrapolation(2), _Extrapolation(1)
    steepness = 0.0
    for _ in range(_LEVELS):
        up, down = f(step), f(-step)
        if not (math.isfinite(up) and math.isfinite(down)):
            return None
        quotient = (up - down) / (2 * step)
        uncertainty = _uncertainty(max(abs(up), abs(down), abs(center)), quotient, step, eps, noise)
        central.add(quotient, uncertainty)
        jump.add(((up - center) - (center - down)) / step, 2 * uncertainty)
        steepness = max(steepness, abs(up - center) / step, abs(down - center) / step)
        if central.settled and jump.settled:
            break
        step /= _RATIO
    widest = abs(jump.value) + jump.error
    if not widest > SMALLEST_JUMP * steepness:
        return Slope(central.value, central.error, 0.0, steepness)
    half = jump.value / 2
    sides = (central.value - half, central.value + half) if abs(jump.value) > 3 * jump.error else None
    return Slope(central.value, central.error, math.copysign(widest, jump.value), steepness, sides)


class _Extrapolation:
    """Neville's tableau of a quantity at shrinking steps; keeps the most certain entry.

    Parameters
    ----------
    power
        Lowest power of the step in the quantity's error.
    spacing
        Difference between a power and the next one.
    """

    def __init__(self, power: int, spacing: int = 2) -> None:
        self._factor, self._growth = _RATIO**power, _RATIO**spacing
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
            factor *= self._growth
        # Ridders stops when the diagonal moves away again.
        self.settled = bool(self._row) and abs(row[-1] - self._row[-1]) >= 2 * self.error
        self._row = row
