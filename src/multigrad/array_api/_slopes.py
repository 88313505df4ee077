"""The convention's table of slopes as the frameworks' overrides take it: a function each, which gives one array.

The expressions are those of `multigrad._slope_table`; see there.
"""

from __future__ import annotations

from typing import Any

from multigrad import _slope_table
from multigrad._slope_table import NAMED, Slope, ratio, share

__all__ = ["NAMED", "SLOPES", "Slope", "ratio", "share"]


def _in_one_array(slope: Slope | None) -> Slope | None:
    """Return a slope that multiplies a number and an array where the table has them as a pair."""
    if slope is None:
        return None

    def multiplied(xp: Any, out: Any, *arguments: Any) -> Any:
        found = slope(xp, out, *arguments)
        if type(found) is not tuple:
            return found
        factor, array = found
        return -array if factor == -1 else xp.multiply(array, factor)

    return multiplied


# Without the functions whose slopes are numbers: no framework errs in these.
SLOPES: dict[str, tuple[Slope | None, ...]] = {
    name: tuple(_in_one_array(slope) for slope in slopes if not isinstance(slope, int))
    for name, slopes in _slope_table.SLOPES.items()
    if not any(isinstance(slope, int) for slope in slopes)
}
