"""The standard's extension ``fft``.

TensorFlow transforms the last axis and leaves lengths, norms and real input to its callers.
"""

import operator

import tensorflow as tf

from multigrad._errors import DtypeError
from multigrad.array_api import _checks, _composed
from multigrad.array_api.tensorflow import _creation
from multigrad.array_api.tensorflow._dtypes import HALF, astype, floating
from multigrad.array_api.tensorflow._object import tensor

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

_OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
_COMPLEX = {tf.float32: tf.complex64, tf.float64: tf.complex128}

fftfreq = _composed.bound(_composed.fftfreq, _creation)
rfftfreq = _composed.bound(_composed.rfftfreq, _creation)


def fft(x, /, *, n=None, axis=-1, norm="backward"):
    return _along(_forward, _complex(x), n, axis, norm)


def ifft(x, /, *, n=None, axis=-1, norm="backward"):
    return _along(_inverse, _complex(x), n, axis, norm)


def fftn(x, /, *, s=None, axes=None, norm="backward"):
    return _along_each(_forward, _complex(x), s, axes, norm)


def ifftn(x, /, *, s=None, axes=None, norm="backward"):
    return _along_each(_inverse, _complex(x), s, axes, norm)


def rfft(x, /, *, n=None, axis=-1, norm="backward"):
    return _along(_real_forward, _floating(x), n, axis, norm)


def irfft(x, /, *, n=None, axis=-1, norm="backward"):
    return _along(_real_inverse, _complex(x), n, axis, norm)


def rfftn(x, /, *, s=None, axes=None, norm="backward"):
    x = _floating(x)
    pairs = _lengths(x, s, axes)
    if not pairs:
        raise ValueError("xp.fft.rfftn needs at least one axis, got none.")
    (axis, n), others = pairs[-1], pairs[:-1]
    x = _along(_real_forward, x, n, axis, norm)
    for axis, n in others:
        x = _along(_forward, x, n, axis, norm)
    return x


def irfftn(x, /, *, s=None, axes=None, norm="backward"):
    x = _complex(x)
    pairs = _lengths(x, s, axes)
    if not pairs:
        raise ValueError("xp.fft.irfftn needs at least one axis, got none.")
    (last, length), others = pairs[-1], pairs[:-1]
    for axis, n in others:
        x = _along(_inverse, x, n, axis, norm)
    return _along(_real_inverse, x, length, last, norm)


def hfft(x, /, *, n=None, axis=-1, norm="backward"):
    return _along(_real_inverse, tf.math.conj(_complex(x)), n, axis, _opposite(norm))


def ihfft(x, /, *, n=None, axis=-1, norm="backward"):
    return tf.math.conj(_along(_real_forward, _floating(x), n, axis, _opposite(norm)))


def fftshift(x, /, *, axes=None):
    return _shifted(x, axes, lambda size: size // 2)


def ifftshift(x, /, *, axes=None):
    return _shifted(x, axes, lambda size: -(size // 2))


def _shifted(x, axes, shift):
    x = tensor(x)
    axes = _checks.axes(axes, x.shape.rank)
    return tf.roll(x, [shift(_size(x, axis)) for axis in axes], list(axes)) if axes else x


def _floating(x):
    x = floating(tensor(x))
    if x.dtype in HALF:
        raise DtypeError(f"TensorFlow has no Fourier transforms for {x.dtype.name}. Cast it to float32 first.")
    return x


def _complex(x):
    x = _floating(x)
    return x if x.dtype.is_complex else astype(x, _COMPLEX[x.dtype])


def _size(x, axis):
    """Return the length of an axis; as a tensor where it is not known yet."""
    size = x.shape[axis]
    return tf.shape(x)[axis] if size is None else size


def _lengths(x, s, axes):
    """Return pairs of an axis and its length, None for the length that it has."""
    if s is None:
        return [(axis, None) for axis in _checks.axes(axes, x.shape.rank)]
    found = _checks.axes(range(-len(s), 0) if axes is None else axes, x.shape.rank)
    if len(s) != len(found):
        raise ValueError(f"Expected one length in s= for each axis, got {tuple(s)} for the axes {found}.")
    return [(axis, None if n == -1 else n) for axis, n in zip(found, s, strict=True)]


def _along_each(transform, x, s, axes, norm):
    _opposite(norm)  # also where there is no axis
    for axis, n in _lengths(x, s, axes):
        x = _along(transform, x, n, axis, norm)
    return x


def _along(transform, x, n, axis, norm):
    """Transform one axis; the kernels take the last one."""
    rank = x.shape.rank
    axis = _checks.axis(axis, rank)
    _opposite(norm)
    if axis == rank - 1:
        return transform(x, n, norm)
    order = [*range(axis), rank - 1, *range(axis + 1, rank - 1), axis]  # its own inverse
    return tf.transpose(transform(tf.transpose(x, order), n, norm), order)


def _opposite(norm):
    try:
        return _OPPOSITE[norm]
    except (KeyError, TypeError):
        raise ValueError(f"Expected 'backward', 'ortho' or 'forward' for norm=, got {norm!r}.") from None


def _forward(x, n, norm):
    n = _points(_size(x, -1) if n is None else n)
    return _scaled(tf.signal.fft(_resized(x, n)), n, {"ortho": -0.5, "forward": -1}.get(norm))


def _inverse(x, n, norm):
    n = _points(_size(x, -1) if n is None else n)
    return _scaled(tf.signal.ifft(_resized(x, n)), n, {"ortho": 0.5, "forward": 1}.get(norm))


def _real_forward(x, n, norm):
    n = _points(_size(x, -1) if n is None else n)
    x = tf.raw_ops.RFFT(input=_resized(x, n), fft_length=[n], Tcomplex=_COMPLEX[x.dtype])
    return _scaled(x, n, {"ortho": -0.5, "forward": -1}.get(norm))


def _real_inverse(x, n, norm):
    n = _points(2 * (_size(x, -1) - 1) if n is None else n)
    x = tf.raw_ops.IRFFT(input=_resized(x, n // 2 + 1), fft_length=[n], Treal=x.dtype.real_dtype)
    return _scaled(x, n, {"ortho": 0.5, "forward": 1}.get(norm))


def _points(n):
    if tf.is_tensor(n):
        return n
    try:
        n = operator.index(n)
    except TypeError:
        raise TypeError(f"Expected an integer number of points, got {n!r}.") from None
    if n < 1:
        raise ValueError(f"Expected a transform of n >= 1 points, got {n}.")
    return n


def _resized(x, n):
    """Return x with a last axis of n elements: cut off, or filled up with zeros."""
    size = _size(x, -1)
    if not tf.is_tensor(size) and not tf.is_tensor(n):
        if n <= size:
            return x if n == size else x[..., :n]
        return tf.pad(x, [[0, 0]] * (x.shape.rank - 1) + [[0, n - size]])
    kept = x[..., :n]
    return tf.pad(kept, [[0, 0]] * (x.shape.rank - 1) + [[0, n - tf.shape(kept)[-1]]])


def _scaled(x, n, power):
    if power is None:
        return x
    dtype = x.dtype.real_dtype
    return x * astype(tf.pow(tf.cast(n, dtype), tf.constant(power, dtype)), x.dtype)
