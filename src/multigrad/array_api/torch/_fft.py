"""The extension for Fourier transforms."""

from types import SimpleNamespace

import torch

from multigrad.array_api import _checks, _composed
from multigrad.array_api.torch._creation import asarray
from multigrad.array_api.torch._dtypes import floating

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

_NORMS = ("backward", "ortho", "forward")


def _check_norm(norm):
    if norm not in _NORMS:
        raise ValueError(f"Expected 'backward', 'ortho' or 'forward' for norm=, got {norm!r}.")


def _transformed(function, x, axes, **options):
    """Apply a transform; of no vectors at all, which torch refuses, it has none either."""
    x = floating(x)
    if x.numel() or any(x.shape[axis] == 0 for axis in axes):
        return function(x, **options)
    shape = [size or 1 for size in x.shape]
    one = function(torch.zeros(shape, dtype=x.dtype, device=x.device), **options)
    empty = [axis for axis in range(x.ndim) if not x.shape[axis]]
    return one[tuple(slice(0 if axis in empty else None) for axis in range(x.ndim))] + torch.sum(x)


def _one(function):
    """Give a transform along one axis the standard's signature."""

    def transform(x, /, *, n=None, axis=-1, norm="backward"):
        _check_norm(norm)
        axis = _checks.axis(axis, x.ndim)
        if n is not None and n < 1:
            raise ValueError(f"Expected n >= 1 samples, got {n}.")
        return _transformed(function, x, (axis,), n=n, dim=axis, norm=norm)

    transform.__name__ = function.__name__.removeprefix("fft_")
    return transform


def _several(function):
    """Give a transform along several axes the standard's signature."""

    def transform(x, /, *, s=None, axes=None, norm="backward"):
        _check_norm(norm)
        if axes is None and s is not None:
            if len(s) > x.ndim:
                raise ValueError(f"Expected at most {x.ndim} sizes for s=, got {tuple(s)}.")
            axes = tuple(range(x.ndim - len(s), x.ndim))
        axes = _checks.axes(axes if axes is None else tuple(axes), x.ndim)
        if s is not None and (len(s) != len(axes) or any(size < 1 for size in s)):
            raise ValueError(f"Expected {len(axes)} sizes >= 1 for s=, one for each axis, got {tuple(s)}.")
        return _transformed(function, x, axes, s=s, dim=axes, norm=norm)

    transform.__name__ = function.__name__.removeprefix("fft_")
    return transform


fft, ifft = _one(torch.fft.fft), _one(torch.fft.ifft)
rfft, irfft = _one(torch.fft.rfft), _one(torch.fft.irfft)
hfft, ihfft = _one(torch.fft.hfft), _one(torch.fft.ihfft)
fftn, ifftn = _several(torch.fft.fftn), _several(torch.fft.ifftn)
rfftn, irfftn = _several(torch.fft.rfftn), _several(torch.fft.irfftn)


def fftshift(x, /, *, axes=None):
    return torch.fft.fftshift(x, _checks.axes(axes, x.ndim))


def ifftshift(x, /, *, axes=None):
    return torch.fft.ifftshift(x, _checks.axes(axes, x.ndim))


fftfreq = _composed.bound(_composed.fftfreq, SimpleNamespace(asarray=asarray))
rfftfreq = _composed.bound(_composed.rfftfreq, SimpleNamespace(asarray=asarray))
