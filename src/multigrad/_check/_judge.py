"""The verdict on one derivative: what was found beside the independent truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from multigrad._check._entry import Entry, allowance, roundoff
from multigrad._check._truth import Truth
from multigrad._differences import EPS, Slope

# Differences less certain than this part of the slope decide nothing in favour of a gradient.
_CONCLUSIVE = 1e-5
# The largest of eight random roundings is a sample of what rounding does, not its bound.
_SAFETY = 5.0
# Differences that settle to this part of the slope do so at no pole and no vertical tangent.
_SURELY_FINITE = 1e-3
# A derivative that has lost more than this part of its size has no digit left.
_NO_DIGIT = 0.1


class Finding(NamedTuple):
    """A derivative as the package gives it.

    Attributes
    ----------
    path, check
        As in the report.
    found
        The derivative.
    scale
        Size of the slopes beside it: it shares their rounding errors.
    dtype
        In which it was computed.
    exactly
        Gives the derivative computed in float64.
    samples
        Gives the derivative in float64 with every operation rounded at random to the dtype, a few times; or None.
    """

    path: str
    check: str
    found: float
    scale: float
    dtype: str
    exactly: Callable[[], float]
    samples: Callable[[], Sequence[float] | None]


def judged(finding: Finding, truth: Truth, again: Callable[[], Slope], *, eps: float = EPS) -> Entry:
    """Return the entry of a derivative.

    Parameters
    ----------
    truth
        The independent slope.
    again
        Gives the slope by other differences, for a second opinion on what looks wrong.
    eps
        Relative rounding error of f's values.
    """
    if not math.isfinite(finding.found):
        slope = truth.slope
        remark = _not_finite(truth, finding.scale)
        return _entry(finding, slope, math.nan, "not finite", remark)
    entry = _verdict(finding, truth.slope, eps)
    if entry.verdict == "wrong":
        # Coincidence can mislead either: what is called wrong is wrong by both.
        other = again()
        if truth.by == "differences":
            other = other._replace(error=max(other.error, abs(other.value - truth.slope.value)))
        second = _verdict(finding, other, eps)
        entry = entry if second.verdict == "wrong" else second
    if entry.verdict == "wrong" and roundoff(finding.dtype) > EPS:
        entry = _lost_digits(entry, finding, truth.slope, eps)
    if truth.edge:
        entry = entry._replace(remark=f"f has values on the {truth.edge} only: the slope is that of this side")
    return entry


def _entry(finding: Finding, slope: Slope, tolerance: float, verdict: str, remark: str = "") -> Entry:
    error = slope.error + abs(slope.jump) / 2
    sides = slope.sides if verdict in ("kink", "wrong") else None
    return Entry(finding.path, finding.found, slope.value, error, tolerance, verdict, finding.check, sides, remark)


def _verdict(finding: Finding, slope: Slope, eps: float) -> Entry:
    scale = max(finding.scale, abs(slope.value), slope.steepness) if math.isfinite(slope.value) else finding.scale
    narrow = allowance(finding.dtype) * scale + 10 * slope.error
    tolerance = narrow + abs(slope.jump) / 2
    if slope.sides is not None:
        between = min(slope.sides) - narrow <= finding.found <= max(slope.sides) + narrow
        return _entry(finding, slope, tolerance, "kink" if between else "wrong")
    error = slope.error + abs(slope.jump) / 2
    limit = max(_CONCLUSIVE, 20 * eps**0.75)
    uncertain = not error <= limit * scale if scale else not math.isfinite(error)
    wrong = abs(finding.found - slope.value) > tolerance
    return _entry(finding, slope, tolerance, "wrong" if wrong else "inconclusive" if uncertain else "right")


def _lost_digits(entry: Entry, finding: Finding, slope: Slope, eps: float) -> Entry:
    """Return the entry of a derivative that is wrong in its dtype: perhaps it merely lost digits there."""
    exact = finding.exactly()
    verdict = _verdict(finding._replace(found=exact, dtype="float64"), slope, eps).verdict
    if verdict not in ("right", "kink"):
        return entry
    samples, difference = finding.samples(), abs(finding.found - exact)
    if samples is None:
        return entry._replace(
            verdict="inconclusive",
            remark=f"right in float64 ({exact:.10g}); whether rounding to {finding.dtype} explains the difference "
            "could not be found out",
        )
    spread = max((abs(sample - exact) for sample in samples if math.isfinite(sample)), default=0.0)
    if difference > _SAFETY * spread + entry.tolerance:
        return entry._replace(
            remark=f"right in float64 ({exact:.10g}), and rounding to {finding.dtype} explains only {spread:.1e}"
        )
    size = max(abs(exact), abs(slope.value))
    tolerance = max(entry.tolerance, _SAFETY * spread)
    if difference > _NO_DIGIT * size:
        remark = f"precision: {finding.dtype} leaves no digit of it (cancellation); in float64 it is {exact:.10g}"
        return entry._replace(verdict="inconclusive", tolerance=tolerance, remark=remark)
    digits = -math.log10(difference / size)
    remark = f"precision: cancellation in {finding.dtype} leaves {digits:.1f} digits; right in float64 ({exact:.10g})"
    return entry._replace(verdict=verdict, tolerance=tolerance, remark=remark)


def _not_finite(truth: Truth, scale: float) -> str:
    slope = truth.slope
    size = max(abs(slope.value), slope.steepness, scale)
    if not (math.isfinite(slope.value) and slope.error + abs(slope.jump) <= _SURELY_FINITE * size):
        return ""
    return (
        "f has a finite slope here: an infinite or undefined local derivative was multiplied by zero, as in a branch "
        "that xp.where masks out; multigrad.apply_where keeps such points away"
    )
