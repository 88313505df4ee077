"""The standard's functions on TensorFlow's own tensors, with the convention's derivatives.

One module per section of the standard; this one only collects them. Built on TensorFlow's plain functions:
``tf.experimental.numpy`` has wrong values and needs a switch that changes the whole process.
"""

from math import e, inf, nan, pi

from multigrad.array_api._inspection import ArrayNamespaceInfo
from multigrad.array_api.tensorflow import (
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
from multigrad.array_api.tensorflow import _fft as fft
from multigrad.array_api.tensorflow import _linalg as linalg
from multigrad.array_api.tensorflow._creation import *  # noqa: F403
from multigrad.array_api.tensorflow._dtypes import *  # noqa: F403
from multigrad.array_api.tensorflow._elementwise import *  # noqa: F403
from multigrad.array_api.tensorflow._indexing import *  # noqa: F403
from multigrad.array_api.tensorflow._linear_algebra import *  # noqa: F403
from multigrad.array_api.tensorflow._manipulation import *  # noqa: F403
from multigrad.array_api.tensorflow._object import device_names
from multigrad.array_api.tensorflow._searching import *  # noqa: F403
from multigrad.array_api.tensorflow._sets import *  # noqa: F403
from multigrad.array_api.tensorflow._sorting import *  # noqa: F403
from multigrad.array_api.tensorflow._statistical import *  # noqa: F403
from multigrad.array_api.tensorflow._utility import *  # noqa: F403

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
