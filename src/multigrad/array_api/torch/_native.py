"""The standard's functions on torch's own tensors, with the convention's derivatives.

One module per section of the standard; this one only collects them.
"""

from math import e, inf, nan, pi

from multigrad.array_api._inspection import ArrayNamespaceInfo
from multigrad.array_api.torch import (
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
from multigrad.array_api.torch import _fft as fft
from multigrad.array_api.torch import _linalg as linalg
from multigrad.array_api.torch._creation import *  # noqa: F403
from multigrad.array_api.torch._dtypes import *  # noqa: F403
from multigrad.array_api.torch._elementwise import *  # noqa: F403
from multigrad.array_api.torch._indexing import *  # noqa: F403
from multigrad.array_api.torch._linear_algebra import *  # noqa: F403
from multigrad.array_api.torch._manipulation import *  # noqa: F403
from multigrad.array_api.torch._object import device_names
from multigrad.array_api.torch._searching import *  # noqa: F403
from multigrad.array_api.torch._sets import *  # noqa: F403
from multigrad.array_api.torch._sorting import *  # noqa: F403
from multigrad.array_api.torch._statistical import *  # noqa: F403
from multigrad.array_api.torch._utility import *  # noqa: F403

newaxis = None


def __array_namespace_info__():  # noqa: N807 - the standard's name
    return ArrayNamespaceInfo(_dtypes.DTYPES, device_names)


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
