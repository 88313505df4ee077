"""`least_squares` and `root`: several functions of a tree at once, by SciPy's solvers of that name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad._errors import OutputError
from multigrad._protocol import Backend
from multigrad.optimize._bounds import pair_of_trees
from multigrad.optimize._functions import Once, Problem
from multigrad.optimize._point import Point, Vector
from multigrad.optimize._scipy import answer, on_trees, scipy_optimize

# SciPy's methods that take a Jacobian; the others build their own from values.
_WITH_JACOBIAN = frozenset(("hybr", "lm"))


def least_squares(
    f: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    bounds: Any = None,
    **options: Any,
) -> Any:
    """Minimize the sum of the squares of what f returns with `scipy.optimize.least_squares` and exact Jacobians.

    Parameters
    ----------
    f
        Called as ``f(x, *args)`` with x in the structure of x0; returns a tree of real arrays, the residuals.
    x0, args, backend, device, dtype, compile
        As for `minimize`.
    bounds
        A pair ``(low, high)`` of trees with the structure of x0, or a prefix of it such as one number for all; None
        stands for no bound. For a dict x0 also a dict of pairs. Or a `scipy.optimize.Bounds` on the flat vector.
    **options
        Those of `scipy.optimize.least_squares`: ``method``, ``loss``, ``ftol``, ``x_scale``, ``max_nfev``, ``callback``
        (with a tree in the place of the vector), and so on; not ``jac``.

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's result, in which ``x`` has the structure of x0 with NumPy float64 arrays and ``x_vector`` is the flat
        vector, as for `minimize`. ``fun`` is the flat vector of residuals and ``jac`` the matrix of their derivatives,
        one row per residual.

    Raises
    ------
    ImportError
        If SciPy is not installed.
    MultigradError
        As for `minimize`.

    Notes
    -----
    f is evaluated once per point for its value, and once more where SciPy wants the Jacobian, which is exact:
    `multigrad.value_and_jacobian`.

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad import optimize, xp
    >>> t, y = np.asarray([0.0, 1.0, 2.0]), np.asarray([2.0, 1.0, 0.5])
    >>> result = optimize.least_squares(
    ...     lambda p, t, y: p["size"] * xp.exp(-p["rate"] * t) - y, {"size": 1.0, "rate": 1.0}, (t, y)
    ... )
    >>> {name: round(float(value), 6) for name, value in result.x.items()}
    {'size': 2.0, 'rate': 0.693147}
    """
    optimize = scipy_optimize()
    problem = Problem(f, x0, args, backend=backend, device=device, dtype=dtype, compile=compile)
    point = problem.point
    if bounds is not None and not isinstance(bounds, optimize.Bounds):
        bounds = point.bounds(*pair_of_trees(bounds, x0))
    if options.get("callback") is not None:
        options["callback"] = on_trees(options["callback"], point)
    if bounds is not None:
        options["bounds"] = bounds
    result = optimize.least_squares(Once(problem.values), point.start, jac=Once(problem.jacobian), **options)
    return answer(result, point)


def root(
    f: Callable[..., Any],
    x0: Any,
    args: Any = (),
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    method: str = "hybr",
    tol: float | None = None,
    options: dict[str, Any] | None = None,
    callback: Callable[..., Any] | None = None,
) -> Any:
    """Find a point at which everything that f returns is zero, with `scipy.optimize.root` and exact Jacobians.

    Parameters
    ----------
    f
        Called as ``f(x, *args)`` with x in the structure of x0; returns a tree of real arrays with as many elements as
        x0, not necessarily in its structure.
    x0, args, backend, device, dtype, compile
        As for `minimize`.
    method, tol, options
        As for `scipy.optimize.root`. The methods hybr and lm get the Jacobian, the others values alone.
    callback
        Called with a tree and the flat residuals, by the methods that have one.

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's result, in which ``x`` has the structure of x0 with NumPy float64 arrays and ``x_vector`` is the flat
        vector, as for `minimize`. All other entries are SciPy's and flat.

    Raises
    ------
    ImportError
        If SciPy is not installed.
    OutputError
        If f returns more or fewer elements than x0 has.
    MultigradError
        As for `minimize`.

    Notes
    -----
    f is evaluated once per point for its value, and once more where SciPy wants the Jacobian.

    Examples
    --------
    >>> from multigrad import optimize
    >>> result = optimize.root(lambda p: (p["x"] + p["y"] - 3, p["x"] - p["y"] - 1), {"x": 0.0, "y": 0.0})
    >>> {name: round(float(value), 6) for name, value in result.x.items()}
    {'x': 2.0, 'y': 1.0}
    """
    optimize = scipy_optimize()
    problem = Problem(f, x0, args, backend=backend, device=device, dtype=dtype, compile=compile)
    point = problem.point
    result = optimize.root(
        Once(lambda vector: _square(problem.values(vector), point)),
        point.start,
        jac=Once(problem.jacobian) if method.lower() in _WITH_JACOBIAN else None,
        method=method,
        tol=tol,
        options=options,
        callback=on_trees(callback, point),
    )
    return answer(result, point)


def _square(values: Vector, point: Point) -> Vector:
    if values.size != point.start.size:
        raise OutputError(
            f"Expected f to return as many elements as x0 has, {point.start.size}, got {values.size}. For more "
            "equations than unknowns use least_squares."
        )
    return values
