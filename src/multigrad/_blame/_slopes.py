"""Slopes of an array-valued function along a line, element by element, from its values alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Values = np.ndarray

# First steps in units of the direction: wide ones see least noise, narrow ones pass between kinks and poles.
STARTS = (2e-2, 2e-4, 2e-6)
_LEVELS = 4
# An element whose error is below this part of its slope needs no narrower steps.
_GOOD_ENOUGH = 1e-8
# Smaller jumps between the slopes of the two sides are extrapolation errors.
_SMALLEST_JUMP = 1e-5
_TINY = np.finfo(np.float64).tiny


class Slopes(NamedTuple):
    """The derivative along a line, one number per element of the value.

    Attributes
    ----------
    value
        The extrapolated central difference.
    error
        Estimate of its error, infinite where the function is not finite around the point.
    left, right
        The slopes on the two sides; both are ``value`` where they agree.
    """

    value: Values
    error: Values
    left: Values
    right: Values

    @property
    def kinked(self) -> Values:
        """Where the slopes on the two sides differ."""
        return self.left != self.right


def slopes(f: Callable[[float], Values], center: Values, eps: float, starts: tuple[float, ...] = STARTS) -> Slopes:
    """Return the derivative of f at 0.

    Parameters
    ----------
    f
        Function of the step along the line, returns a flat float64 array.
    center
        f(0).
    eps
        Relative rounding error of f's values.
    starts
        First steps; the narrower ones are taken where the wider ones leave doubt.
    """
    found = Slopes(np.zeros_like(center), np.full_like(center, np.inf), np.zeros_like(center), np.zeros_like(center))
    for start in starts:
        new = _from(f, center, start, eps)
        better = new.error < found.error
        found = Slopes(*(np.where(better, a, b) for a, b in zip(new, found, strict=True)))
        scale = np.maximum(np.abs(found.left), np.abs(found.right))
        if np.all(found.error <= _GOOD_ENOUGH * scale + _TINY):
            break
    return found


def _from(f: Callable[[float], Values], center: Values, step: float, eps: float) -> Slopes:
    """Extrapolate by C. J. F. Ridders' method (Adv. Eng. Softw. 4, 75-76, 1982), for all elements at once."""
    central, jump = _Extrapolation(2.0**2, center), _Extrapolation(2.0, center)
    finite = np.ones(center.shape, bool)
    steepness = np.zeros_like(center)
    with np.errstate(all="ignore"):
        for _ in range(_LEVELS):
            up, down = f(step), f(-step)
            finite &= np.isfinite(up) & np.isfinite(down) & np.isfinite(center)
            right, left = (up - center) / step, (center - down) / step
            noise = eps * 4 * np.maximum(np.maximum(np.abs(up), np.abs(down)), np.abs(center)) / step
            central.add((up - down) / (2 * step), noise + eps * np.abs(right + left))
            jump.add(right - left, 2 * noise)
            steepness = np.maximum(steepness, np.maximum(np.abs(right), np.abs(left)))
            step /= 2
        error = np.where(finite, central.error, np.inf)
        error = np.where(np.isnan(error), np.inf, error)
        certain = np.abs(jump.value) > np.maximum(10 * jump.error, _SMALLEST_JUMP * steepness)
        half = np.where(certain & finite, jump.value, 0.0) / 2
    value = np.where(finite, central.value, 0.0)
    return Slopes(value, error, value - half, value + half)


class _Extrapolation:
    """Neville's tableau at steps that are halved; keeps the most certain entry of each element.

    Parameters
    ----------
    factor
        2 to the lowest power of the step in the quantity's error; the other powers follow by twos.
    like
        An array of the quantity's shape.
    """

    def __init__(self, factor: float, like: Values) -> None:
        self._factor = factor
        self._row: list[Values] = []
        self.value, self.error = np.zeros_like(like), np.full_like(like, np.inf)

    def add(self, value: Values, noise: Values) -> None:
        """Take the value at the next step, with its rounding error."""
        row, factor = [value], self._factor
        for older in self._row:
            row.append((row[-1] * factor - older) / (factor - 1))
            error = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - older)) + noise
            better = error <= self.error
            self.value, self.error = np.where(better, row[-1], self.value), np.where(better, error, self.error)
            factor *= 4
        self._row = row
