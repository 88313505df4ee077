"""One function, written once against the array API standard, and the same gradient on every framework.

>>> import multigrad
>>> from multigrad import xp
>>> multigrad.gradient(lambda x: xp.sin(x**2 + 1), backend="numpy")(2.0)
array(1.13464874)

Importing multigrad imports no framework; each is imported when its backend is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from multigrad._apply_where import apply_where
from multigrad._array import Array
from multigrad._computation import use_backend
from multigrad._convert import asarray, native, stop_gradient, to_numpy
from multigrad._errors import (
    ArgumentSelectionError,
    BackendBrokenError,
    BackendNotInstalledError,
    DetachedValueError,
    DeviceError,
    DtypeError,
    InputError,
    MixedBackendError,
    MultigradError,
    OutputError,
    RecompileWarning,
    StructureError,
    UnknownBackendError,
)
from multigrad._inference import infer_backend
from multigrad._jit import jit
from multigrad._mapping import vmap
from multigrad._matrices import hessian, jacobian, laplacian, value_and_jacobian
from multigrad._products import hvp, jvp, vjp
from multigrad._protocol import BackendInfo
from multigrad._registry import backends, get_backend, register_backend
from multigrad._rules import checkpoint, custom_jvp, custom_vjp
from multigrad._transform import gradient, value_and_gradient
from multigrad._tree import register_pytree
from multigrad.array_api._dispatch import array_namespace, xp

if TYPE_CHECKING:
    from multigrad import array_api, convention, engine, exercises, extend, optimize, special, testing
    from multigrad._check import check_gradient
    from multigrad._compare import compare
    from multigrad._graph import graph
    from multigrad._inside.jax import to_jax
    from multigrad._inside.tensorflow import to_tensorflow
    from multigrad._inside.torch import to_torch

__version__ = "0.1.0"

grad = gradient
value_and_grad = value_and_gradient

# Loaded at first use, so that importing multigrad stays cheap.
_MODULES = ("array_api", "convention", "engine", "exercises", "extend", "optimize", "special", "testing")
_FUNCTIONS = {
    "check_gradient": "_check",
    "compare": "_compare",
    "graph": "_graph",
    "to_jax": "_inside.jax",
    "to_tensorflow": "_inside.tensorflow",
    "to_torch": "_inside.torch",
}

__all__ = [
    "ArgumentSelectionError",
    "Array",
    "BackendBrokenError",
    "BackendInfo",
    "BackendNotInstalledError",
    "DetachedValueError",
    "DeviceError",
    "DtypeError",
    "InputError",
    "MixedBackendError",
    "MultigradError",
    "OutputError",
    "RecompileWarning",
    "StructureError",
    "UnknownBackendError",
    "apply_where",
    "array_api",
    "array_namespace",
    "asarray",
    "backends",
    "check_gradient",
    "checkpoint",
    "compare",
    "convention",
    "custom_jvp",
    "custom_vjp",
    "engine",
    "exercises",
    "extend",
    "get_backend",
    "grad",
    "gradient",
    "graph",
    "hessian",
    "hvp",
    "infer_backend",
    "jacobian",
    "jit",
    "jvp",
    "laplacian",
    "native",
    "optimize",
    "register_backend",
    "register_pytree",
    "special",
    "stop_gradient",
    "testing",
    "to_jax",
    "to_numpy",
    "to_tensorflow",
    "to_torch",
    "use_backend",
    "value_and_grad",
    "value_and_gradient",
    "value_and_jacobian",
    "vjp",
    "vmap",
    "xp",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"multigrad.{name}")
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(f"multigrad.{_FUNCTIONS[name]}"), name)
    raise AttributeError(f"module 'multigrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
