"""The standard's functions on TensorFlow's own tensors, with the convention's derivatives.

One module per section of the standard; this one only collects them. Built on TensorFlow's plain functions:
``tf.experimental.numpy`` has wrong values and needs a switch that changes the whole process.
"""

from math import e, inf, nan, pi

from multigrad.array_api.tensorflow import (
    _creation,
    _dtypes,
    _elementwise,
    _linear_algebra,
    _manipulation,
    _statistical,
)
from multigrad.array_api.tensorflow._creation import *  # noqa: F403
from multigrad.array_api.tensorflow._dtypes import *  # noqa: F403
from multigrad.array_api.tensorflow._elementwise import *  # noqa: F403
from multigrad.array_api.tensorflow._linear_algebra import *  # noqa: F403
from multigrad.array_api.tensorflow._manipulation import *  # noqa: F403
from multigrad.array_api.tensorflow._statistical import *  # noqa: F403

newaxis = None

__all__ = ["e", "inf", "nan", "newaxis", "pi"]
for _section in (_creation, _dtypes, _elementwise, _linear_algebra, _manipulation, _statistical):
    __all__ += _section.__all__
