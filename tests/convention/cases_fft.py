"""Fourier transforms, from their sums in mpmath."""

import mpmath as mp
import numpy as np

from .truth import smooth

_REAL = [1.5, -2.0, 0.5, 3.0, 0.25]
_EVEN = [1.5, -2.0, 0.5, 3.0]
_COMPLEX = [1.0 + 2j, -0.5 + 1j, 2 - 1j]
_TABLE = [[1.0 + 2j, -0.5 + 1j, 2 - 1j], [0.5 + 0j, 1j, -1.0 - 1j]]
_REAL_TABLE = [[1.0, -2.0, 3.5, 1.0], [0.25, 4.0, -1.5, 2.0]]


def _transform(sign):
    def transform(x):
        n = len(x)
        roots = [[mp.expjpi(mp.mpf(sign * 2 * j * k) / n) for k in range(n)] for j in range(n)]
        return np.asarray(roots, dtype=object) @ x / (n if sign > 0 else 1)

    return transform


_fft, _ifft = _transform(-1), _transform(1)


def _both(of):
    return lambda x: np.stack([of(row) for row in np.stack([of(column) for column in x.T]).T])


def _conj(x):
    return np.vectorize(mp.conj, otypes=[object])(x)


def _irfft(x, n):
    """Return the real signal: of the first element, and for even n the last, only the real part counts."""
    full = [*x[: n // 2 + 1], *_conj(x[1 : (n + 1) // 2][::-1])]
    full[0] = mp.re(full[0])
    if n % 2 == 0:
        full[n // 2] = mp.re(full[n // 2])
    return np.asarray([mp.re(v) for v in _ifft(np.asarray(full, dtype=object))], dtype=object)


def _hfft(x, n):
    return _irfft(_conj(x), n) * n


def _rfft(x):
    return _fft(x)[: len(x) // 2 + 1]


def _rfftn(x):
    return np.stack([_fft(column) for column in np.stack([_rfft(row) for row in x]).T]).T


def _irfftn(x):
    return np.stack([_irfft(row, 2 * (x.shape[1] - 1)) for row in np.stack([_ifft(column) for column in x.T]).T])


def _cases():
    scale = mp.sqrt(3)
    yield from smooth("fft.fft", _fft, (_COMPLEX,), ([*_COMPLEX, 1j],), eps=16)
    yield from smooth("fft.ifft", _ifft, (_COMPLEX,), eps=16)
    yield from smooth("fft.fft", lambda x: _fft(x) / scale, (_COMPLEX,), options={"norm": "ortho"}, eps=16)
    yield from smooth("fft.ifft", lambda x: _ifft(x) * 3, (_COMPLEX,), options={"norm": "forward"}, eps=16)
    yield from smooth("fft.fft", lambda x: _fft(x[:2]), (_COMPLEX,), options={"n": 2}, eps=16)
    yield from smooth("fft.rfft", _rfft, (_REAL,), (_EVEN,), eps=16)
    yield from smooth("fft.irfft", lambda x: _irfft(x, 4), (_COMPLEX,), eps=16)
    yield from smooth("fft.irfft", lambda x: _irfft(x, 5), (_COMPLEX,), options={"n": 5}, eps=16)
    yield from smooth("fft.hfft", lambda x: _hfft(x, 4), (_COMPLEX,), eps=16)
    yield from smooth("fft.ihfft", lambda x: _conj(_rfft(x)) / len(x), (_REAL,), (_EVEN,), eps=16)
    yield from smooth("fft.fftn", _both(_fft), (_TABLE,), eps=32)
    yield from smooth("fft.ifftn", _both(_ifft), (_TABLE,), eps=32)
    yield from smooth("fft.rfftn", _rfftn, (_REAL_TABLE,), eps=32)
    yield from smooth("fft.irfftn", _irfftn, (_TABLE,), eps=32)
    yield from smooth("fft.fftshift", np.fft.fftshift, (_REAL,), (_EVEN,))
    yield from smooth("fft.ifftshift", np.fft.ifftshift, (_REAL,), (_EVEN,))


CASES = list(_cases())
