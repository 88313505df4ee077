"""The extension ``fft``."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np

from multigrad.array_api import _checks, _composed
from multigrad.array_api.jax import _manipulation
from multigrad.array_api.jax._creation import from_host
from multigrad.array_api.jax._dtypes import floating
from multigrad.array_api.jax._wide import keep_width

__all__ = [
    "fft",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfftn",
    "rfft",
    "rfftfreq",
    "rfftn",
]

fftshift = _composed.bound(_composed.fftshift, _manipulation)
ifftshift = _composed.bound(_composed.ifftshift, _manipulation)


def _compiled(function, static=("n", "axis", "norm")):
    return keep_width(jax.jit(function, static_argnames=static))


_fft, _ifft, _rfft, _irfft = map(_compiled, (jnp.fft.fft, jnp.fft.ifft, jnp.fft.rfft, jnp.fft.irfft))
_hfft, _ihfft = _compiled(jnp.fft.hfft), _compiled(jnp.fft.ihfft)


def fft(x, /, *, n=None, axis=-1, norm="backward"):
    return _fft(floating(x), n=_length(x, n, axis), axis=axis, norm=_norm(norm))


def ifft(x, /, *, n=None, axis=-1, norm="backward"):
    return _ifft(floating(x), n=_length(x, n, axis), axis=axis, norm=_norm(norm))


def rfft(x, /, *, n=None, axis=-1, norm="backward"):
    return _rfft(floating(x), n=_length(x, n, axis), axis=axis, norm=_norm(norm))


def irfft(x, /, *, n=None, axis=-1, norm="backward"):
    return _irfft(floating(x), n=_length(x, n, axis, half=True), axis=axis, norm=_norm(norm))


def hfft(x, /, *, n=None, axis=-1, norm="backward"):
    return _hfft(floating(x), n=_length(x, n, axis, half=True), axis=axis, norm=_norm(norm))


def ihfft(x, /, *, n=None, axis=-1, norm="backward"):
    return _ihfft(floating(x), n=_length(x, n, axis), axis=axis, norm=_norm(norm))


def fftn(x, /, *, s=None, axes=None, norm="backward"):
    s, axes = _lengths(x, s, axes)
    return _fftn(floating(x), s=s, axes=axes, norm=_norm(norm))


def ifftn(x, /, *, s=None, axes=None, norm="backward"):
    s, axes = _lengths(x, s, axes)
    return _ifftn(floating(x), s=s, axes=axes, norm=_norm(norm))


def rfftn(x, /, *, s=None, axes=None, norm="backward"):
    s, axes = _lengths(x, s, axes, "rfftn")
    return _rfftn(floating(x), s=s, axes=axes, norm=_norm(norm))


def irfftn(x, /, *, s=None, axes=None, norm="backward"):
    s, axes = _lengths(x, s, axes, "irfftn")
    return _irfftn(floating(x), s=s, axes=axes, norm=_norm(norm))


# jnp.fft transforms at most three axes at once.
def _over_axes(transform, x, s, axes, norm):
    x = x.astype(jnp.result_type(x.dtype, jnp.complex64))
    for i in range(0, len(axes), 3):
        x = transform(x, s=s[i : i + 3], axes=axes[i : i + 3], norm=norm)
    return x


_forward = functools.partial(_over_axes, jnp.fft.fftn)
_inverse = functools.partial(_over_axes, jnp.fft.ifftn)
_OVER_AXES = ("s", "axes", "norm")
_fftn, _ifftn = _compiled(_forward, _OVER_AXES), _compiled(_inverse, _OVER_AXES)


def _real_forward(x, s, axes, norm):
    return _forward(jnp.fft.rfft(x, n=s[-1], axis=axes[-1], norm=norm), s[:-1], axes[:-1], norm)


def _real_inverse(x, s, axes, norm):
    return jnp.fft.irfft(_inverse(x, s[:-1], axes[:-1], norm), n=s[-1], axis=axes[-1], norm=norm)


_rfftn, _irfftn = _compiled(_real_forward, _OVER_AXES), _compiled(_real_inverse, _OVER_AXES)


def _norm(norm):
    if norm not in ("backward", "ortho", "forward"):
        raise ValueError(f"Expected 'backward', 'ortho' or 'forward' for norm=, got {norm!r}.")
    return norm


def _length(x, n, axis, half=False):
    """Return the number of points; of the real result, where x holds the half spectrum."""
    size = x.shape[_checks.axis(axis, x.ndim)]
    if n is None:
        n = 2 * (size - 1) if half else size
    if n < 1:
        raise ValueError(f"Expected a transform of n >= 1 points, got {n}.")
    return n


def _lengths(x, s, axes, real=None):
    """Return the numbers of points and the axes; `real` names a function with a half spectrum."""
    if s is not None and len(s) > x.ndim:
        raise ValueError(f"Expected lengths for at most {x.ndim} axes, got s={tuple(s)}.")
    if axes is None:
        axes = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    axes = _checks.axes(tuple(axes), x.ndim)
    if s is not None and len(s) != len(axes):
        raise ValueError(f"Expected as many lengths as axes, got s={tuple(s)} and axes={axes}.")
    if real and not axes:
        raise ValueError(f"xp.fft.{real} needs at least one axis.")
    s = [None] * len(axes) if s is None else s
    last = len(axes) - 1 if real == "irfftn" else None
    return tuple(_length(x, n, axes[i], half=i == last) for i, n in enumerate(s)), axes


def fftfreq(n, /, *, d=1.0, dtype=None, device=None):
    return from_host(np.fft.fftfreq(_window(n, d), d), dtype, device)


def rfftfreq(n, /, *, d=1.0, dtype=None, device=None):
    return from_host(np.fft.rfftfreq(_window(n, d), d), dtype, device)


def _window(n, d):
    if n < 1:
        raise ValueError(f"Expected a window of n >= 1 samples, got {n}.")
    if d == 0 or math.isnan(d):
        raise ValueError(f"Expected a sample spacing d other than 0, got {d}.")
    return n
