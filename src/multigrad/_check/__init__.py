"""`check_gradient`: a gradient against an independent truth, and the operation to blame where they differ.

``_point`` evaluates f in float64 at the arguments as the gradient sees them, ``_truth`` finds slopes from these values
alone, ``_derivatives`` asks the package, ``_judge`` compares the two, ``_rounding`` tells lost digits from errors.
``_first_order`` and ``_second_order`` say what is compared with what, ``_run`` in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multigrad import _arguments
from multigrad._check._entry import Entry
from multigrad._check._report import GradientCheck
from multigrad._check._run import Request, Run
from multigrad._protocol import Backend
from multigrad._running import check_callable
from multigrad._selection import Key, Selection

__all__ = ["Entry", "GradientCheck", "check_gradient"]

_MODES = ("reverse", "forward")


def check_gradient(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
    order: int = 1,
    modes: str | Sequence[str] = _MODES,
    compiled: bool = False,
    seed: int = 0,
) -> GradientCheck:
    """Compare the derivatives of f with the slopes of its own values, and find out where they go wrong.

    Parameters
    ----------
    f
        As for `gradient`: returns a real scalar, units [f].
    *args
        The point: f's arguments.
    argnums, argnames, backend, device, dtype, arrays
        As for `gradient`.
    order
        1 for the gradient; 2 for products with the Hessian as well, against differences of the gradient, and for the
        Hessian's symmetry.
    modes
        ``"reverse"``, ``"forward"``, or both: then also one against the other (the dot-product test).
    compiled
        Whether to compare the compiled gradient with the eager one.
    seed
        Of the random directions.

    Returns
    -------
    GradientCheck
        With ``.ok``, ``.verdict``, ``.entries`` (derivatives in units of f per unit of x), ``.remarks``,
        ``.localization``, ``.to_dict()``, ``.raise_if_failed()``; a table in terminals and notebooks. The verdicts:
        ``"right"``; ``"wrong"``; ``"inconclusive"`` (noise); ``"kink"`` (with the slopes on both sides);
        ``"not finite"``; ``"left the computation"`` (with the line).

    Raises
    ------
    ValueError
        If order or modes is none of the above.
    MultigradError
        As for `gradient`. Errors raised by f pass through.

    Notes
    -----
    The truth comes from f's values in float64 on the chosen backend, at the arguments as rounded to the gradient's
    dtype: a complex step [1]_ where f is analytic, which coarse differences must confirm; else central differences,
    extrapolated by Ridders' method [2]_, which also estimates their error. About 5 evaluations of f with the first, 20
    with the second, per direction: up to 32 elements every coordinate (real and imaginary parts of complex ones),
    beyond that 8 seeded random directions, of which one that is wrong is narrowed down to an element. The tolerance
    follows from the gradient's dtype and the estimated error. Where the slopes on the two sides differ the verdict is
    kink if the gradient lies between them, else wrong.

    A float32 derivative that looks wrong is computed in float64 as well. If it is right there, and random roundings of
    every operation explain the difference [3]_, it has lost digits to cancellation: it counts as right with the remark
    "precision", or as inconclusive if no digit is left.

    What is wrong or not finite is localized by checking the local derivative of each operation. What could not be
    checked (no compiler, a `custom_vjp` in forward mode) is said in a remark.

    .. [1] W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Rev. 40,
       110-112 (1998).
    .. [2] C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Adv. Eng. Softw. 4, 75-76 (1982).
    .. [3] D. S. Parker, "Monte Carlo arithmetic", UCLA CSD-970002 (1997).

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> multigrad.check_gradient(lambda x: xp.sin(x**2 + 1), 2.0).verdict
    'right'
    >>> multigrad.check_gradient(lambda x: x * multigrad.stop_gradient(x), 2.0).verdict
    'wrong'
    >>> multigrad.check_gradient(abs, 0.0).verdict
    'kink'
    """
    check_callable(f)
    if order not in (1, 2):
        raise ValueError(f"Expected order=1 or order=2, got order={order!r}.")
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not modes or not set(modes) <= set(_MODES):
        raise ValueError(f"Expected 'reverse', 'forward' or both for modes, got modes={modes!r}.")
    options = _arguments.options(backend, device, dtype, arrays)
    chosen, kwargs = Selection(argnums, argnames).locate(f, args, {})
    # By position first: the order in which `gradient` returns them.
    keys: tuple[Key, ...] = tuple(sorted(chosen, key=lambda key: isinstance(key, str)))
    return Run(Request(f, keys, options, args, kwargs, order, modes, compiled, seed)).report()
