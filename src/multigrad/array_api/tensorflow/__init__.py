"""The array API standard (2024.12) over `multigrad.Array` for TensorFlow."""

import sys

from multigrad.array_api._lift import generated, lifted
from multigrad.array_api.tensorflow import _native, _special
from multigrad.array_api.tensorflow._array import TensorFlowArray

__all__ = list(_native.__all__)
__array_api_version__ = "2024.12"

globals().update(lifted(_native, TensorFlowArray))
TensorFlowArray._namespace = sys.modules[__name__]
special = TensorFlowArray._special = generated(
    _special.SPECIAL, TensorFlowArray
)  # where SciPy's array API looks for them
