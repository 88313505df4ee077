"""SciPy's minimizers on a function of any backend.

SciPy works on one float64 NumPy vector. `minimize` takes the caller's tree apart into that vector, evaluates f and its
gradient on the chosen backend, and puts the answer together again. SciPy is imported when `minimize` is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from multigrad import _arguments, _convert, _dtypes, _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._computation import opened
from multigrad._errors import InputError
from multigrad._outputs import scalar_output
from multigrad._protocol import Backend
from multigrad._transform import value_and_gradient

__all__ = ["minimize"]

# SciPy's methods that use values alone; given a gradient they warn, and f may have none.
_VALUES_ONLY = frozenset(("nelder-mead", "powell", "cobyla", "cobyqa"))


def minimize(
    f: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    method: Any = None,
    bounds: Any = None,
    tol: float | None = None,
    options: dict[str, Any] | None = None,
    callback: Callable[..., Any] | None = None,
) -> Any:
    """Minimize a real scalar-valued function with `scipy.optimize.minimize` and the gradient from a backend.

    Parameters
    ----------
    f
        Called as ``f(x, *args)`` with x in the structure of x0; returns a real array of shape ``()`` or a number.
    x0
        Starting point: an array, a number, or a tree of real arrays and numbers. Arrays keep their floating dtype in f;
        integer ones start as float64.
    args
        Further arguments of f, constant; a value that is no tuple is the only one.
    backend, device, dtype
        As for `multigrad.gradient`. None takes the framework and the device of the arrays in x0 and args.
    method, tol, options
        As for `scipy.optimize.minimize`. Methods that take no gradient (Nelder-Mead, Powell, COBYLA, COBYQA) get values
        alone; those that need a Hessian are refused by SciPy.
    bounds
        SciPy's bounds on the flat vector: a `scipy.optimize.Bounds`, or one ``(low, high)`` per entry.
    callback
        SciPy's callback; it sees the flat vector.

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's result, in which ``x`` has the structure of x0 with NumPy float64 arrays (of shape ``()`` for numbers)
        and ``x_vector`` is the flat vector: the leaves of x0 (those of a dict by sorted keys), each in C order, one
        after the other. All other entries are SciPy's and flat; ``jac`` is in units of f per unit of x.

    Raises
    ------
    ImportError
        If SciPy is not installed.
    InputError
        If x0 has no numbers, or a leaf that is no real number or array.
    MultigradError
        As for `multigrad.gradient`.

    Notes
    -----
    Value and gradient of a point come from one evaluation of f and one backward pass (`value_and_gradient`), whatever
    the number of variables. SciPy always gets float64, also where f computes in less. Errors raised by f pass through.

    Examples
    --------
    >>> from multigrad import optimize
    >>> result = optimize.minimize(lambda p: (p["w"] - 3) ** 2 + (p["b"] + 1) ** 2, {"w": 0.0, "b": 0.0})
    >>> {name: round(float(value), 6) for name, value in result.x.items()}
    {'w': 3.0, 'b': -1.0}
    """
    scipy_optimize = _scipy_optimize()
    args = args if isinstance(args, tuple) else (args,)
    backend, device = _place((x0, *args), backend, device)
    point = _Point(x0, backend)
    common = _arguments.options(backend, device, dtype, "standard")
    evaluate = value_and_gradient(f, backend=backend, device=device, dtype=dtype)
    with_gradient = not (isinstance(method, str) and method.lower() in _VALUES_ONLY)

    def value_and_slope(vector: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        value, slope = evaluate(point.tree(vector), *args)
        return float(_convert.to_numpy(value)), point.vector(slope)

    def value_alone(vector: np.ndarray[Any, Any]) -> float:
        # Prepared as for a gradient, so that f sees the same arguments, but nothing is recorded.
        call = _arguments.prepare(f, (0,), common, (point.tree(vector), *args), {})
        with opened(call.computation):
            positional, _ = call.arguments(call.primals)
            value = scalar_output(f(*positional), call.computation)
        return float(call.computation.backend.to_numpy(value))

    result = scipy_optimize.minimize(
        value_and_slope if with_gradient else value_alone,
        point.start,
        jac=True if with_gradient else None,
        method=method,
        bounds=bounds,
        tol=tol,
        options=options,
        callback=callback,
    )
    result.x_vector = np.asarray(result.x, dtype=np.float64)
    result.x = point.answer(result.x_vector)
    return result


def _scipy_optimize() -> Any:
    try:
        from scipy import optimize
    except ImportError as error:
        raise ImportError(
            "multigrad.optimize needs SciPy, which could not be imported. Install it: pip install scipy"
        ) from error
    return optimize


def _place(values: tuple[Any, ...], backend: Any, device: Any) -> tuple[Any, Any]:
    """Return the backend and device to compute on: those of the framework's arrays, where none were asked for.

    f only ever sees x as it was rebuilt from SciPy's NumPy vector, which no longer tells.
    """
    leaves = [leaf for value in values for leaf in _tree.flatten(value, _leaves.expander(backend))[0]]
    if backend is None:
        backend = _registry.framework_of(leaves)
    if backend is None or device is not None:
        return backend, device
    chosen = _registry.get_backend(backend)
    for leaf in leaves:
        native = leaf.native if isinstance(leaf, Array) else leaf
        if not isinstance(native, np.ndarray | np.generic) and chosen.is_array(native):
            return backend, chosen.device(native)
    return backend, None


class _Point:
    """The way between a tree of arrays and numbers and SciPy's vector.

    Parameters
    ----------
    x0
        The starting point.
    backend
        Whose own containers are opened; None for all imported ones.
    """

    def __init__(self, x0: Any, backend: Any) -> None:
        self._expand = _leaves.expander(backend)
        leaves, self._structure = _tree.flatten(x0, self._expand)
        if not leaves:
            raise InputError("Expected at least one number or array in x0, got none.")
        arrays = [_real(leaf, path) for leaf, path in zip(leaves, self._structure.paths("x0"), strict=True)]
        # None stands for a Python number: in f it takes the dtype of the arrays beside it.
        self._dtypes = [
            None if isinstance(leaf, int | float) and not isinstance(leaf, np.generic) else array.dtype
            for leaf, array in zip(leaves, arrays, strict=True)
        ]
        self._shapes = [array.shape for array in arrays]
        self._ends = np.cumsum([array.size for array in arrays])[:-1]
        self.start = _joined(arrays)

    def vector(self, tree: Any) -> np.ndarray[Any, Any]:
        """Return a gradient as one float64 vector."""
        return _joined(_tree.flatten(_convert.to_numpy(tree), self._expand)[0])

    def tree(self, vector: np.ndarray[Any, Any]) -> Any:
        """Return what f is called with; a copy, since SciPy goes on with its vector."""
        return self._structure.unflatten(
            [
                float(array) if dtype is None else array.astype(dtype)
                for array, dtype in zip(self._arrays(vector), self._dtypes, strict=True)
            ]
        )

    def answer(self, vector: np.ndarray[Any, Any]) -> Any:
        """Return the structure of x0 with float64 arrays."""
        return self._structure.unflatten([array.copy() for array in self._arrays(vector)])

    def _arrays(self, vector: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
        parts = np.split(vector, self._ends)
        return [part.reshape(shape) for part, shape in zip(parts, self._shapes, strict=True)]


def _real(leaf: Any, path: str) -> np.ndarray[Any, Any]:
    """Return one leaf of x0 as a NumPy array of a real floating dtype."""
    is_number = isinstance(leaf, int | float) and not isinstance(leaf, bool)
    if not is_number and _registry.array_backend_name(leaf) is None:
        raise InputError(
            f"Expected real arrays and numbers in x0, got {path} of type {type(leaf).__name__}. Pass what is not "
            "optimized in args."
        )
    array = np.asarray(_convert.to_numpy(leaf))
    name = _dtypes.dtype_name(array.dtype)
    if name in _dtypes.FLOATING:
        return array
    if name in _dtypes.COMPLEX or name == "bool":
        raise InputError(
            f"Expected real arrays and numbers in x0, got {path} of dtype {name}. Optimize over the real and imaginary "
            "parts, or pass what is not optimized in args."
        )
    return array.astype(np.float64)


def _joined(arrays: list[Any]) -> np.ndarray[Any, Any]:
    return np.concatenate([np.ravel(array).astype(np.float64) for array in arrays])
