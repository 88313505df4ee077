"""How far rounding to a dtype can move a derivative: random roundings of every operation's result.

D. S. Parker, "Monte Carlo arithmetic", UCLA CSD-970002 (1997). The computation runs in float64, and each result is
multiplied by a random number within a unit roundoff of the dtype from 1: what cancels afterwards shows in the scatter
of the derivatives. So a float32 gradient that lost its digits is told from one that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from multigrad import _dtypes
from multigrad._check._entry import roundoff
from multigrad._check._point import Point
from multigrad._graph._recorder import Entry, Recorder
from multigrad._graph._recording import evaluated
from multigrad._graph._source import file_of
from multigrad._outputs import scalar_output
from multigrad._protocol import FlatFunction, Natives

_SAMPLES = 8
_T = TypeVar("_T")


def rounded(point: Point, seed: int, derivative: Callable[[FlatFunction], _T]) -> list[_T] | None:
    """Return samples of a derivative of f under random roundings to the gradient's dtype.

    Parameters
    ----------
    derivative
        Takes f as a flat function and returns the derivative.

    Returns
    -------
    list or None
        None if f cannot be followed: it sees native arrays, or does not take the recorder's.
    """
    call, generator = point.exact, np.random.default_rng(seed)
    if call.computation.form != "standard":
        return None

    def flat(*primals: Any) -> tuple[Natives, Natives]:
        recorder = _Rounding(call.computation, file_of(point.f))
        recorder.unit, recorder.generator = roundoff(point.dtype), generator
        (output,), _ = evaluated(point.f, call, primals, recorder)
        return (scalar_output(recorder.native(output), call.computation),), ()

    try:
        return [derivative(flat) for _ in range(_SAMPLES)]
    except Exception:  # whatever f does not do with recorded arrays
        return None


class _Rounding(Recorder):
    """A recorder that rounds every result at random."""

    unit: float
    generator: np.random.Generator

    def _add(self, entry: Entry) -> int:
        native, dtype = entry.native, _dtypes.dtype_name(entry.native.dtype)
        if entry.kind in ("argument", "constant") or dtype not in _dtypes.INEXACT:
            return super()._add(entry)
        computation = self.computation
        factors = 1 + self.unit * self.generator.uniform(-1, 1, tuple(native.shape))
        factors = computation.backend.asarray(np.asarray(factors), dtype=dtype, device=computation.place())
        self._kept.append(native)
        number = super()._add(entry._replace(native=computation.backend.xp.multiply(native, factors)))
        self._known.setdefault(id(native), number)
        return number
