"""The standard's functions on NumPy arrays, plain and traced, with the convention's derivatives.

One module per section of the standard; this one only collects them.
"""

from math import e, inf, nan, pi

from multigrad.array_api._inspection import ArrayNamespaceInfo
from multigrad.array_api.numpy import (
    _creation,
    _dtypes,
    _elementwise,
    _indexing,
    _linear_algebra,
    _manipulation,
    _searching,
    _sets,
    _sorting,
    _statistical,
    _utility,
)
from multigrad.array_api.numpy import _fft as fft
from multigrad.array_api.numpy import _linalg as linalg
from multigrad.array_api.numpy._creation import *  # noqa: F403
from multigrad.array_api.numpy._dtypes import *  # noqa: F403
from multigrad.array_api.numpy._elementwise import *  # noqa: F403
from multigrad.array_api.numpy._indexing import *  # noqa: F403
from multigrad.array_api.numpy._linear_algebra import *  # noqa: F403
from multigrad.array_api.numpy._manipulation import *  # noqa: F403
from multigrad.array_api.numpy._searching import *  # noqa: F403
from multigrad.array_api.numpy._sets import *  # noqa: F403
from multigrad.array_api.numpy._sorting import *  # noqa: F403
from multigrad.array_api.numpy._statistical import *  # noqa: F403
from multigrad.array_api.numpy._utility import *  # noqa: F403

newaxis = None


def __array_namespace_info__():  # noqa: N807 - the standard's name
    return ArrayNamespaceInfo(_dtypes.DTYPES, lambda: ("cpu",))


__all__ = ["__array_namespace_info__", "e", "fft", "inf", "linalg", "nan", "newaxis", "pi"]
for _section in (
    _creation,
    _dtypes,
    _elementwise,
    _indexing,
    _linear_algebra,
    _manipulation,
    _searching,
    _sets,
    _sorting,
    _statistical,
    _utility,
):
    __all__ += _section.__all__
