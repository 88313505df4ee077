"""The array API standard (2024.12) over `multigrad.Array` for PyTorch."""

import sys

from multigrad.array_api._lift import generated, lifted
from multigrad.array_api.torch import _compiling, _native, _special  # noqa: F401 - marks functions for torch.compile
from multigrad.array_api.torch._array import TorchArray

__all__ = list(_native.__all__)
__array_api_version__ = "2024.12"

globals().update(lifted(_native, TorchArray))
TorchArray._namespace = sys.modules[__name__]
special = TorchArray._special = generated(_special.SPECIAL, TorchArray)  # where SciPy's array API looks for them
