"""Fourier transforms: the adjoint of a transform is a transform.

The inverse with the other normalization is the adjoint: ``fft`` unscaled against ``ifft`` unscaled. What the forward
transform padded with zeros is cut off, what it cut off gets zeros.
"""

from __future__ import annotations

from typing import Any

from multigrad.engine._shapes import Rule
from multigrad.engine._trace import device_of

_ADJOINT_NORM = {"backward": "forward", "ortho": "ortho", "forward": "backward"}

FFT: dict[str, Rule] = {
    "fft": (lambda xp, g, out, x, **o: _one(xp, xp.fft.ifft, g, x, **o),),
    "ifft": (lambda xp, g, out, x, **o: _one(xp, xp.fft.fft, g, x, **o),),
    "fftn": (lambda xp, g, out, x, **o: _several(xp, xp.fft.ifftn, g, x, **o),),
    "ifftn": (lambda xp, g, out, x, **o: _several(xp, xp.fft.fftn, g, x, **o),),
    "rfft": (lambda xp, g, out, x, **o: _half(xp, g, x, **o),),
    "irfft": (lambda xp, g, out, x, **o: _whole(xp, g, x, **o),),
}


def _one(xp: Any, adjoint: Any, g: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    return xp.astype(_fitted(xp, adjoint(g, axis=axis, norm=_ADJOINT_NORM[norm]), x.shape[axis], axis), x.dtype)


def _several(xp: Any, adjoint: Any, g: Any, x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    if axes is None:
        axes = range(-len(x.shape if s is None else s), 0)
    g = adjoint(g, axes=tuple(axes), norm=_ADJOINT_NORM[norm])
    for axis in axes:
        g = _fitted(xp, g, x.shape[axis], axis)
    return xp.astype(g, x.dtype)


def _half(xp: Any, g: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    """Fill the missing half of the spectrum with zeros; the result's real part is the adjoint."""
    whole = xp.fft.ifft(g, n=n or x.shape[axis], axis=axis, norm=_ADJOINT_NORM[norm])
    return _fitted(xp, xp.real(whole), x.shape[axis], axis)


def _whole(xp: Any, g: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    """Count a frequency twice where it stands for its conjugate as well."""
    half = xp.fft.rfft(g, axis=axis, norm=_ADJOINT_NORM[norm])
    size, count = half.shape[axis], g.shape[axis]
    single = [0, count // 2] if count % 2 == 0 else [0]
    weights = xp.asarray([1.0 if i in single else 2.0 for i in range(size)], dtype=g.dtype, device=device_of(g))
    weights = xp.reshape(weights, (size, *(1,) * (len(g.shape) - 1 - axis % len(g.shape))))
    return xp.astype(_fitted(xp, half * weights, x.shape[axis], axis), x.dtype)


def _fitted(xp: Any, g: Any, size: int, axis: int) -> Any:
    """Return g with one axis cut, or filled with zeros at its end."""
    axis %= len(g.shape)
    if g.shape[axis] > size:
        return xp.getitem(g, (slice(None),) * axis + (slice(0, size), ...))
    if g.shape[axis] < size:
        missing = tuple(size - n if i == axis else n for i, n in enumerate(g.shape))
        return xp.concat([g, xp.zeros(missing, dtype=g.dtype, device=device_of(g))], axis=axis)
    return g
