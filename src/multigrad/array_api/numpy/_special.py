"""Special functions on NumPy arrays, plain and traced: SciPy's values with the engine's derivatives.

SciPy is imported when a function needs it.
"""

import functools

import numpy as np

from multigrad.array_api._special import special_functions
from multigrad.array_api.numpy import _creation, _elementwise, _searching
from multigrad.array_api.numpy._dtypes import promotion, traced
from multigrad.engine._primitives import from_slopes


@functools.cache
def _scipy_special():
    try:
        import scipy.special
    except ImportError as error:
        raise ImportError(
            "This special function needs SciPy on NumPy, and SciPy could not be imported. Install it: "
            "pip install multigrad-xp[scipy]"
        ) from error
    return scipy.special


def _kernel(name):
    def call(*args):
        value = getattr(_scipy_special(), name)(*args)
        return value.astype(args[0].dtype, copy=False)  # SciPy has no half precision

    return call


def _gammaln(x):
    value = _kernel("gammaln")(x)
    return np.where(x == -np.inf, np.inf, value).astype(x.dtype, copy=False)  # SciPy: -inf


class _WithEngine:
    """The namespace of the slopes together with the engine's own functions, which apply them."""

    def __init__(self, special):
        self._special = special

    def __getattr__(self, name):
        return getattr(self._special if hasattr(self._special, name) else traced, name)


def _ruled(function, slopes, xp):
    def quiet(*args):
        with np.errstate(all="ignore"):  # as SciPy's: a value at a pole, or far out, is no accident
            return function(*args)

    return from_slopes(quiet, slopes, _WithEngine(xp))


_SCIPYS = ("digamma", "erf", "erfc", "erfinv", "gammainc", "gammaincc", "i0e", "i1e", "ndtr", "ndtri")

SPECIAL = special_functions(
    _elementwise,
    {"where": _searching.where, "zeros_like": _creation.zeros_like, "ones_like": _creation.ones_like},
    {name: _kernel(name) for name in _SCIPYS} | {"gammaln": _gammaln},
    _ruled,
    promotion,
)
