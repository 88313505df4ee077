"""`minimize`: a real function of a tree, by `scipy.optimize.minimize`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad._protocol import Backend
from multigrad.optimize._bounds import is_per_element, pair_of_trees
from multigrad.optimize._functions import Problem
from multigrad.optimize._point import Point
from multigrad.optimize._scipy import answer, on_trees, scipy_optimize

# SciPy's methods that use values alone; given a gradient they warn, and f may have none.
_VALUES_ONLY = frozenset(("nelder-mead", "powell", "cobyla", "cobyqa"))
# Those that take products of the Hessian with vectors, and those that want the whole matrix.
_PRODUCTS = frozenset(("newton-cg", "trust-ncg", "trust-krylov", "trust-constr"))
_MATRIX = frozenset(("dogleg", "trust-exact"))


def minimize(
    f: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    method: Any = None,
    bounds: Any = None,
    tol: float | None = None,
    options: dict[str, Any] | None = None,
    callback: Callable[..., Any] | None = None,
) -> Any:
    """Minimize a real scalar-valued function with `scipy.optimize.minimize` and derivatives from a backend.

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
    compile
        As for `multigrad.gradient`: whether the framework compiles what SciPy asks for (value with gradient, Jacobian,
        products, ...), each when it is first asked for. f is then traced, not called, however many steps there are,
        and must not branch on values. What is no array or float in args is built into the program.
    method, tol, options
        As for `scipy.optimize.minimize`. Newton-CG, trust-ncg, trust-krylov and trust-constr get exact products of the
        Hessian with vectors, dogleg and trust-exact the exact Hessian; Nelder-Mead, Powell, COBYLA and COBYQA get
        values alone.
    bounds
        A pair ``(low, high)`` of trees with the structure of x0, or a prefix of it such as one number for all; None
        stands for no bound. For a dict x0 also a dict of pairs, ``{"scale": (0, None), "rate": (0, 2)}``. Or SciPy's
        bounds on the flat vector: a `scipy.optimize.Bounds`, or a sequence with one pair of numbers per element, which
        is also how two pairs of numbers for two elements are read; not for a dict whose keys are in another order
        than sorted, by which the vector goes.
    callback
        As SciPy's, with a tree of the structure of x0 in the place of the vector.

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
    InputError, StructureError
        If x0 has no numbers, or a leaf that is no real number or array; if bounds do not fit it.
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
    optimize = scipy_optimize()
    problem = Problem(f, x0, args, backend=backend, device=device, dtype=dtype, compile=compile)
    point = problem.point
    name = method.lower() if isinstance(method, str) else None
    derivatives: dict[str, Any] = {"jac": None if name in _VALUES_ONLY else True}
    if name in _PRODUCTS:
        derivatives["hessp"] = problem.hvp
    if name in _MATRIX:
        derivatives["hess"] = problem.hessian
    result = optimize.minimize(
        problem.value if name in _VALUES_ONLY else problem.value_and_gradient,
        point.start,
        **derivatives,
        method=method,
        bounds=_bounds(bounds, point, x0, optimize),
        tol=tol,
        options=options,
        callback=on_trees(callback, point),
    )
    return answer(result, point)


def _bounds(bounds: Any, point: Point, x0: Any, optimize: Any) -> Any:
    if bounds is None or isinstance(bounds, optimize.Bounds) or is_per_element(bounds, point.start.size, x0):
        return bounds
    return optimize.Bounds(*point.bounds(*pair_of_trees(bounds, x0)))
