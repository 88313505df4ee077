"""The standard's functions on JAX's own arrays, with the convention's derivatives.

One module per section of the standard; this one only collects them.
"""

from math import e, inf, nan, pi

from multigrad.array_api._inspection import ArrayNamespaceInfo
from multigrad.array_api.jax import (
    _creation,
    _dtypes,
    _elementwise,
    _fft,
    _indexing,
    _linalg,
    _linear_algebra,
    _manipulation,
    _searching,
    _sets,
    _sorting,
    _statistical,
    _utility,
)
from multigrad.array_api.jax._creation import *  # noqa: F403
from multigrad.array_api.jax._dtypes import *  # noqa: F403
from multigrad.array_api.jax._elementwise import *  # noqa: F403
from multigrad.array_api.jax._indexing import *  # noqa: F403
from multigrad.array_api.jax._linear_algebra import *  # noqa: F403
from multigrad.array_api.jax._manipulation import *  # noqa: F403
from multigrad.array_api.jax._object import devices
from multigrad.array_api.jax._searching import *  # noqa: F403
from multigrad.array_api.jax._sets import *  # noqa: F403
from multigrad.array_api.jax._sorting import *  # noqa: F403
from multigrad.array_api.jax._statistical import *  # noqa: F403
from multigrad.array_api.jax._utility import *  # noqa: F403

newaxis = None
linalg, fft = _linalg, _fft


def __array_namespace_info__():  # noqa: N807 - the standard's name
    return ArrayNamespaceInfo(_dtypes.DTYPES, lambda: tuple(devices()))


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
