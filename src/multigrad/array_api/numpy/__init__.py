"""The array API standard (2024.12) over `multigrad.Array` for NumPy."""

import sys

from multigrad.array_api._lift import generated, lifted
from multigrad.array_api.numpy import _native, _special
from multigrad.array_api.numpy._array import NumpyArray

__all__ = list(_native.__all__)
__array_api_version__ = "2024.12"

globals().update(lifted(_native, NumpyArray))
NumpyArray._namespace = sys.modules[__name__]
special = NumpyArray._special = generated(_special.SPECIAL, NumpyArray)  # where SciPy's array API looks for them
