"""The extension ``fft``."""

from multigrad.array_api import _composed
from multigrad.array_api.numpy import _creation
from multigrad.array_api.numpy._dtypes import floating, traced

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

fftfreq, rfftfreq = _composed.bound(_composed.fftfreq, _creation), _composed.bound(_composed.rfftfreq, _creation)


def _axes(s, axes):
    return tuple(range(-len(s), 0)) if axes is None and s is not None else axes


def fft(x, /, *, n=None, axis=-1, norm="backward"):
    return traced.fft.fft(floating(x), n=n, axis=axis, norm=norm)


def ifft(x, /, *, n=None, axis=-1, norm="backward"):
    return traced.fft.ifft(floating(x), n=n, axis=axis, norm=norm)


def fftn(x, /, *, s=None, axes=None, norm="backward"):
    return traced.fft.fftn(floating(x), s=s, axes=_axes(s, axes), norm=norm)


def ifftn(x, /, *, s=None, axes=None, norm="backward"):
    return traced.fft.ifftn(floating(x), s=s, axes=_axes(s, axes), norm=norm)


def rfft(x, /, *, n=None, axis=-1, norm="backward"):
    return traced.fft.rfft(floating(x), n=n, axis=axis, norm=norm)


def irfft(x, /, *, n=None, axis=-1, norm="backward"):
    return traced.fft.irfft(floating(x), n=n, axis=axis, norm=norm)


def rfftn(x, /, *, s=None, axes=None, norm="backward"):
    return traced.fft.rfftn(floating(x), s=s, axes=_axes(s, axes), norm=norm)


def irfftn(x, /, *, s=None, axes=None, norm="backward"):
    return traced.fft.irfftn(floating(x), s=s, axes=_axes(s, axes), norm=norm)


def hfft(x, /, *, n=None, axis=-1, norm="backward"):
    return traced.fft.hfft(floating(x), n=n, axis=axis, norm=norm)


def ihfft(x, /, *, n=None, axis=-1, norm="backward"):
    return traced.fft.ihfft(floating(x), n=n, axis=axis, norm=norm)


def fftshift(x, /, *, axes=None):
    return traced.fft.fftshift(x, axes=axes)


def ifftshift(x, /, *, axes=None):
    return traced.fft.ifftshift(x, axes=axes)
