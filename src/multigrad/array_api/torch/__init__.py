"""The array API standard (2024.12) over `multigrad.Array` for PyTorch."""

import sys

from multigrad.array_api._lift import lifted
from multigrad.array_api.torch import _compiling, _native  # noqa: F401 - marks functions for torch.compile
from multigrad.array_api.torch._array import TorchArray

__all__ = list(_native.__all__)
__array_api_version__ = "2024.12"

globals().update(lifted(_native, TorchArray))
TorchArray._namespace = sys.modules[__name__]
