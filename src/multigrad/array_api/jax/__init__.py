"""The array API standard (2024.12) over `multigrad.Array` for JAX."""

import sys

from multigrad.array_api._lift import generated, lifted
from multigrad.array_api.jax import _native, _special
from multigrad.array_api.jax._array import JaxArray

__all__ = list(_native.__all__)
__array_api_version__ = "2024.12"

globals().update(lifted(_native, JaxArray))
JaxArray._namespace = sys.modules[__name__]
special = JaxArray._special = generated(_special.SPECIAL, JaxArray)  # where SciPy's array API looks for them
