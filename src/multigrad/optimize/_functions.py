"""f and its derivatives as SciPy wants them: functions of one float64 NumPy vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from multigrad import _arguments, _convert, _derive, _dtypes, _leaves, _tree
from multigrad._compile import compiled
from multigrad._computation import opened
from multigrad._matrices import hessian, value_and_jacobian
from multigrad._outputs import flatten_output, scalar_output
from multigrad._protocol import Backend
from multigrad._running import Flattened, check_callable, run
from multigrad._selection import Selection
from multigrad._transform import value_and_gradient
from multigrad.optimize._point import Point, Vector, place

_Function = Callable[..., Any]


class Once:
    """A function of a vector that remembers its last result: SciPy asks for values and derivatives by turns."""

    def __init__(self, function: Callable[[Vector], Any]) -> None:
        self._function = function
        self._last: tuple[Vector, Any] | None = None

    def __call__(self, vector: Vector) -> Any:
        last = self._last  # one look: another thread may replace it
        if last is not None and np.array_equal(last[0], vector):
            return last[1]
        point = np.array(vector, dtype=np.float64)  # SciPy goes on with its vector
        found = self._function(point)
        self._last = point, found
        return found


class Problem:
    """f at a starting point with its further arguments, on the backend and device that were chosen.

    Parameters
    ----------
    f, x0, args, backend, device, dtype, compile
        As for `minimize`.
    """

    def __init__(
        self, f: _Function, x0: Any, args: Any, *, backend: Any, device: Any, dtype: Any, compile: bool
    ) -> None:
        check_callable(f)
        self._args = args if isinstance(args, tuple) else (args,)
        backend, device = place((x0, *self._args), backend, device)
        self.point = Point(x0, backend)
        self._expand = _leaves.expander(backend)
        options = _arguments.options(backend, device, dtype, "standard")
        first = Selection(0, None)

        def evaluation(operator: Callable[..., _Function]) -> _Function:
            return compiled(f, operator, options, first) if compile else operator(f, **options.as_keywords())

        self._value = evaluation(_value_of)
        self._values = evaluation(_values_of)
        self._product = evaluation(_product_of)
        chosen = {"backend": backend, "device": device, "dtype": dtype, "compile": compile}
        self._value_and_gradient = value_and_gradient(f, **chosen)
        self._value_and_jacobian = value_and_jacobian(f, **chosen)
        self._hessian = hessian(f, **chosen)

    def value_and_gradient(self, vector: Vector) -> tuple[float, Vector]:
        value, slope = self._value_and_gradient(self.point.tree(vector), *self._args)
        return float(_convert.to_numpy(value)), self.point.vector(slope)

    def value(self, vector: Vector) -> float:
        return float(_convert.to_numpy(self._value(self.point.tree(vector), *self._args)))

    def values(self, vector: Vector) -> Vector:
        """Return the tree that f returns as one vector."""
        values = self._values(self.point.tree(vector), *self._args)
        return np.concatenate([np.ravel(value).astype(np.float64) for value in map(_convert.to_numpy, values)])

    def jacobian(self, vector: Vector) -> Vector:
        """Return the derivative of `values`: one row per element of the output, one column per element of x."""
        value, blocks = self._value_and_jacobian(self.point.tree(vector), *self._args)
        leaves = _tree.flatten(_convert.to_numpy(value), self._expand)[0]
        return self.point.matrix(blocks, [np.shape(leaf) for leaf in leaves])

    def hessian(self, vector: Vector) -> Vector:
        return self.point.matrix(self._hessian(self.point.tree(vector), *self._args), self.point.shapes)

    def hvp(self, vector: Vector, direction: Vector) -> Vector:
        """Return the product of the Hessian with a vector, without forming the Hessian."""
        parts = self.point.arrays(np.asarray(direction, dtype=np.float64))
        return self.point.vector(self._product(self.point.tree(vector), parts, *self._args))


# What the public operators lack, as operators on f: compiled or not, like those. The arguments are prepared as for a
# gradient, so that f sees the same, but only the product records anything.


def _value_of(f: _Function, **chosen: Any) -> _Function:
    options = _arguments.options(**chosen)

    def value(*args: Any) -> Any:
        call = _arguments.prepare(f, (0,), options, args, {})
        with opened(call.computation):
            return call.present(scalar_output(run(f, call, call.primals), call.computation))

    return value


def _values_of(f: _Function, **chosen: Any) -> _Function:
    options = _arguments.options(**chosen)

    def values(*args: Any) -> list[Any]:
        call = _arguments.prepare(f, (0,), options, args, {})
        with opened(call.computation):
            natives, _ = flatten_output(run(f, call, call.primals), call.computation, arrays_only=True)
        return [call.present(native) for native in natives]

    return values


def _product_of(f: _Function, **chosen: Any) -> _Function:
    options = _arguments.options(**chosen)

    def product(x: Any, direction: list[Any], *args: Any) -> Any:
        call = _arguments.prepare(f, (0,), options, (x, *args), {})
        backend = call.computation.backend
        flat = Flattened(f, call, scalar=True)
        with opened(call.computation):
            directions = tuple(
                backend.asarray(part, dtype=_dtypes.dtype_name(primal.dtype), device=backend.device(primal))
                for part, primal in zip(direction, call.primals, strict=True)
            )
            products = _derive.hvp(backend, flat, call.primals, directions, call.closed)
        return call.restore(products)[0]

    return product


class ScipyFunctions(NamedTuple):
    """A function and its derivatives for SciPy: functions of one float64 NumPy vector.

    Attributes
    ----------
    fun
        ``fun(vector)``: the value, a float.
    jac
        ``jac(vector)``: the gradient, of the shape of the vector.
    hess
        ``hess(vector)``: the Hessian, a square matrix.
    hessp
        ``hessp(vector, direction)``: the product of the Hessian with a direction, without forming the Hessian.
    x0
        The starting point as a vector.
    flatten
        ``flatten(tree)``: a tree of the structure of x0 as a vector.
    unflatten
        ``unflatten(vector)``: a vector as a tree of the structure of x0, with float64 NumPy arrays.
    """

    fun: Callable[[Vector], float]
    jac: Callable[[Vector], Vector]
    hess: Callable[[Vector], Vector]
    hessp: Callable[[Vector, Vector], Vector]
    x0: Vector
    flatten: Callable[[Any], Vector]
    unflatten: Callable[[Vector], Any]


def scipy_functions(
    f: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
) -> ScipyFunctions:
    """Return a real scalar-valued function and its derivatives as functions of a flat NumPy vector.

    For those who call SciPy, or another optimizer of NumPy vectors, themselves. Needs no SciPy.

    Parameters
    ----------
    f, x0, args, backend, device, dtype, compile
        As for `minimize`.

    Returns
    -------
    ScipyFunctions
        A named tuple: ``fun``, ``jac``, ``hess``, ``hessp``, ``x0``, ``flatten``, ``unflatten``.

    Raises
    ------
    MultigradError
        As for `minimize`.

    Notes
    -----
    ``fun`` and ``jac`` share one evaluation: whichever is called first at a point computes both. ``hess`` and
    ``hessp`` are exact.

    Examples
    --------
    >>> import scipy.optimize
    >>> from multigrad import optimize
    >>> functions = optimize.scipy_functions(lambda p: (p["w"] - 3) ** 2 + p["b"] ** 2, {"w": 0.0, "b": 1.0})
    >>> found = scipy.optimize.fmin_ncg(functions.fun, functions.x0, functions.jac, fhess_p=functions.hessp, disp=False)
    >>> functions.unflatten(found)
    {'w': array(3.), 'b': array(0.)}
    """
    problem = Problem(f, x0, args, backend=backend, device=device, dtype=dtype, compile=compile)
    both = Once(problem.value_and_gradient)

    def jac(vector: Vector) -> Vector:
        found: Vector = both(vector)[1]
        return found.copy()

    return ScipyFunctions(
        fun=lambda vector: float(both(vector)[0]),
        jac=jac,
        hess=problem.hessian,
        hessp=problem.hvp,
        x0=problem.point.start,
        flatten=problem.point.vector,
        unflatten=lambda vector: problem.point.answer(np.asarray(vector, dtype=np.float64)),
    )
