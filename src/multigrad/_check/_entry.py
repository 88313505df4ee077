"""One derivative that was checked, and what was found about it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from multigrad import _dtypes
from multigrad._report import plain

# Worst first.
VERDICTS = ("wrong", "left the computation", "not finite", "inconclusive", "kink", "right")
# Unit roundoff of a gradient's dtype; NumPy does not know bfloat16.
_ROUNDOFF = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}


def roundoff(dtype: str) -> float:
    """Return the distance between 1 and the next number of a dtype, or of a complex dtype's parts."""
    return _ROUNDOFF[_dtypes.precision(dtype)]


def allowance(dtype: str) -> float:
    """Return by how much, relative to the scale of slopes, a right derivative may differ from another one.

    Rounding errors grow in the chain of operations: more than a few ulps, and the more ulps the finer the dtype.
    """
    return 8 * roundoff(dtype) ** 0.75


class Entry(NamedTuple):
    """The derivative in one direction.

    Attributes
    ----------
    path
        The element as code, such as ``params['w'][2]`` or ``z.imag``; ``direction 3`` for a random direction.
    found
        What the package's derivative says, in units of f per unit of the argument; for second order, per unit of each.
    expected
        The independent value: a complex step or extrapolated differences of f's values (of the gradient's for second
        order); what the other mode, the transposed element or the eager run says for ``"dot product"``, ``"symmetry"``,
        ``"compiled"``. NaN where f is not finite around the point.
    error_estimate
        How far the truth may be from ``expected``.
    tolerance
        Largest difference that is still called right; from the gradient's dtype and the error estimate.
    verdict
        ``"right"``, ``"wrong"``, ``"inconclusive"``, ``"kink"``, ``"not finite"`` or ``"left the computation"``.
    check
        What was checked: ``"reverse"``, ``"forward"``, ``"dot product"``, ``"second order"``, ``"symmetry"`` or
        ``"compiled"``.
    slopes
        The slopes on the left and on the right at a kink, else None.
    remark
        What else there is to say, or an empty text.
    """

    path: str
    found: float
    expected: float
    error_estimate: float
    tolerance: float
    verdict: str
    check: str = "reverse"
    slopes: tuple[float, float] | None = None
    remark: str = ""

    @property
    def ok(self) -> bool:
        """Whether the derivative was shown to be right."""
        return self.verdict == "right"

    @property
    def excess(self) -> float:
        """The difference in units of the tolerance; 0 where it is not a number."""
        ratio = abs(self.found - self.expected) / self.tolerance if self.tolerance else 0.0
        return ratio if math.isfinite(ratio) else 0.0

    @property
    def badness(self) -> tuple[int, float]:
        """Sort key: the worst entry comes first."""
        return VERDICTS.index(self.verdict), -self.excess

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain data for JSON."""
        parts = {name: plain(part) for name, part in self._asdict().items()}
        slopes = None if self.slopes is None else [plain(slope) for slope in self.slopes]
        return {**parts, "slopes": slopes, "ok": self.ok}
