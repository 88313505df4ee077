"""The extension ``fft`` over traced arrays."""

from __future__ import annotations

from typing import Any

from multigrad.engine import rules
from multigrad.engine._names import Names
from multigrad.engine._primitives import primitive
from multigrad.engine._trace import Tracer

_OTHER_NORM = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


class Fft(Names):
    """The standard's ``fft``."""

    def __init__(self, xp: Any, traced: Any) -> None:
        super().__init__(xp.fft, {}, traced, "fft.")
        self._record(primitive, rules.FFT)

    def rfftn(self, x: Any, /, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
        if not isinstance(x, Tracer):
            return self._members.rfftn(x, s=s, axes=axes, norm=norm)
        sizes, axes = _sizes(x, s, axes)
        half = self.rfft(x, n=sizes[-1], axis=axes[-1], norm=norm)
        return self.fftn(half, s=sizes[:-1], axes=axes[:-1], norm=norm) if axes[:-1] else half

    def irfftn(self, x: Any, /, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
        if not isinstance(x, Tracer):
            return self._members.irfftn(x, s=s, axes=axes, norm=norm)
        sizes, axes = _sizes(x, s, axes)
        if axes[:-1]:
            x = self.ifftn(x, s=sizes[:-1], axes=axes[:-1], norm=norm)
        return self.irfft(x, n=None if s is None else sizes[-1], axis=axes[-1], norm=norm)

    def hfft(self, x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
        if not isinstance(x, Tracer):
            return self._members.hfft(x, n=n, axis=axis, norm=norm)
        return self.irfft(self._traced.conj(x), n=n, axis=axis, norm=_OTHER_NORM[norm])

    def ihfft(self, x: Any, /, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
        if not isinstance(x, Tracer):
            return self._members.ihfft(x, n=n, axis=axis, norm=norm)
        return self._traced.conj(self.rfft(x, n=n, axis=axis, norm=_OTHER_NORM[norm]))

    def fftshift(self, x: Any, /, *, axes: Any = None) -> Any:
        return self._shifted(x, axes, 1) if isinstance(x, Tracer) else self._members.fftshift(x, axes=axes)

    def ifftshift(self, x: Any, /, *, axes: Any = None) -> Any:
        return self._shifted(x, axes, -1) if isinstance(x, Tracer) else self._members.ifftshift(x, axes=axes)

    def _shifted(self, x: Any, axes: Any, sign: int) -> Any:
        axes = tuple(range(len(x.shape))) if axes is None else axes if isinstance(axes, tuple) else (axes,)
        return self._traced.roll(x, tuple(sign * (x.shape[axis] // 2) for axis in axes), axis=axes)


def _sizes(x: Any, s: Any, axes: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the sizes of a transform and its axes, the last one the half spectrum's."""
    if axes is None:
        axes = range(-len(x.shape if s is None else s), 0)
    return tuple(x.shape[axis] for axis in axes) if s is None else tuple(s), tuple(axes)
