"""The standard's elementwise functions, one module per kind; this one only collects them.

Each takes tensors of one dtype: promotion comes before. Where TensorFlow has no function, compositions of
differentiable ones.
"""

from multigrad.array_api.tensorflow import _arithmetic, _elementary, _logic, _rounding
from multigrad.array_api.tensorflow._arithmetic import *  # noqa: F403
from multigrad.array_api.tensorflow._elementary import *  # noqa: F403
from multigrad.array_api.tensorflow._logic import *  # noqa: F403
from multigrad.array_api.tensorflow._rounding import *  # noqa: F403

__all__ = []
for _module in (_arithmetic, _elementary, _logic, _rounding):
    __all__ += _module.__all__
