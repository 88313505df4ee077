"""How far rounding may take one operation, and its pullback, from the exact result."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from multigrad._blame._local import Local

_REPETITIONS = 2
# One rounding of each of many terms is lost in the rounding of their sum; this many are seen.
_MANY = 2.0**13
# Roundings of one elementary function, and of an elementwise operation that is composed of a few.
_ROUNDINGS = 16.0
# Summation in blocks errs by far less than the bound n * eps * sum of sizes, and in one chain by nearly that much.
_GROWTH = 1.25


def length(local: Local) -> int:
    """Return how many numbers may be added up in one element of the value or of a gradient."""
    inputs, outputs = local.point.size, local.center.size
    if not local.node.inputs or all(x.shape in (local.node.shape, ()) for x in local.node.inputs):
        axes = local.node.shape if local.node.kind not in ("operator", "method") else ()
        along = max(axes, default=1) if local.node.operation.startswith(("cumulative", "fft", "ifft")) else 1
        return max(along, outputs if () in [x.shape for x in local.node.inputs] else 1)
    longest = max((n for x in local.node.inputs for n in x.shape), default=1)
    return max(longest, math.ceil(inputs / max(outputs, 1)), math.ceil(outputs / max(inputs, 1)), 1)


def bound(
    compute: Callable[[np.ndarray], np.ndarray], point: np.ndarray, exact: np.ndarray, eps: float, count: int
) -> np.ndarray:
    """Return for each number of a result the largest error that rounding explains.

    Parameters
    ----------
    compute
        The exact function.
    point, exact
        Where, and its result there.
    eps
        Relative rounding error.
    count
        How many numbers are added up in one of the result.

    Notes
    -----
    Backward analysis: each step's rounding is like one of the inputs, so the result's error is what inputs that are one
    rounding off would cause (which tells how well the problem is conditioned), times the number of steps.
    """
    generator = np.random.default_rng(1)
    changed = np.zeros_like(exact)
    with np.errstate(all="ignore"):
        for many in (1.0, _MANY) * _REPETITIONS:
            moved = point * (1 + many * eps * generator.choice([-1.0, 1.0], point.size))
            changed = np.maximum(changed, np.abs(compute(moved) - exact) / many)
        changed = np.where(np.isfinite(changed), changed, np.inf)
        # In each direction some inputs cancel; their typical size stands for all.
        typical = float(np.sqrt(np.mean(changed[np.isfinite(changed)] ** 2))) if count > 1 and changed.size else 0.0
        size = np.where(np.isfinite(exact), np.abs(exact), 0.0)
        return _ROUNDINGS * (np.maximum(changed, typical) * count**_GROWTH + eps * size)
