"""`compare`: the value and the gradient of one function on every backend, or of several ports of it, side by side.

``_answers`` gets one backend's answer, ``_difference`` says how far two are from each other; ``_backends`` compares one
function's, ``_ports`` those of several ports, with ``_layout`` for the map of the arguments and ``_divergence`` for the
operation at which they part; ``_convention`` says what the convention decides; ``_row`` and ``_comparison`` report.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from multigrad import _arguments, _registry
from multigrad._compare._answers import Choice, as_point
from multigrad._compare._backends import on_backends
from multigrad._compare._comparison import Comparison
from multigrad._compare._difference import Difference, LeafDifference
from multigrad._compare._divergence import Divergence
from multigrad._compare._ports import of_ports
from multigrad._compare._row import Row
from multigrad._errors import InputError
from multigrad._running import check_callable

__all__ = ["Comparison", "Difference", "Divergence", "LeafDifference", "Row", "compare"]


def compare(
    f: Callable[..., Any] | Mapping[str, Callable[..., Any]],
    *args: Any,
    backends: Sequence[str] | None = None,
    map: Mapping[str, Callable[..., Any]] | None = None,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    dtype: Any = None,
    device: Any = "cpu",
    compiled: bool = False,
    arrays: str = "standard",
    seed: int = 0,
) -> Comparison:
    """Evaluate f and its gradient on several backends, and tell which of them is right, and why one differs.

    Parameters
    ----------
    f
        As for `gradient`: returns a real scalar, units [f]. Or a dict with several ports of one function: backend, or
        ``"backend:label"``, to the port. All are compared with the first one.
    *args
        The point: f's arguments, those of the first port. Arrays are moved to each backend; a module's parameters,
        which require gradients, count as numbers.
    backends
        Names; None takes every installed one. Not with ports.
    map
        By port: a function that makes its arguments from the first one's, which are given to it as NumPy arrays. It is
        called with as many leading arguments as it has parameters without default, all of them if it has ``*args``,
        and returns what stands in their place: one argument if it took one, else a tuple; the other arguments are
        passed on unchanged. A port without a map takes the first one's arguments, by position.
    argnums, argnames, dtype, arrays
        As for `gradient`; for ports, arguments of the first one.
    device
        Where every backend computes.
    compiled
        Whether to compile f and its gradient, and to check that against eager evaluation.
    seed
        Of random directions and cotangents.

    Returns
    -------
    Comparison
        With ``.ok``, ``.rows``, ``.to_dict()``, ``.raise_if_failed()``; tables in terminals and notebooks. A backend
        that raises has a row with its error. A port's gradient is brought to the first one's structure, units of f per
        unit of the first one's arguments.

    Raises
    ------
    UnknownBackendError, BackendNotInstalledError, BackendBrokenError
        If a backend that was asked for cannot be used.
    ArgumentSelectionError
        If argnums or argnames do not fit.
    InputError, StructureError
        If the ports or what a map returns do not fit.

    Notes
    -----
    Differences are those from the first backend whose gradient is shown to be right, or from the first port; two agree
    when they are within 256 ulps of the largest element, in half precision a few dozen. Agreement is no proof: each
    gradient is also checked on its own by `check_gradient`. Where one differs, the operation to blame is looked for:
    for one function by computing each operation again on the reference's inputs; for ports by looking for each
    intermediate value of the one among those of the other, up to transposition and reshaping. A port's gradient is
    brought back by the transpose of the map's derivative, or, where NumPy code cannot be differentiated, by following
    where each element goes. All evaluations together cost about as much as `check_gradient` on each backend.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> report = multigrad.compare(lambda x: xp.sin(x**2 + 1), 2.0, backends=["numpy"])
    >>> report.ok, report.rows[0].verdict
    (True, 'right')

    Two ports, of which the second has its matrix transposed:

    >>> import numpy as np
    >>> w, x = np.asarray([[1.0, 2.0], [3.0, 5.0]]), np.asarray([1.0, -1.0])
    >>> ports = {"numpy": lambda w, x: xp.sum((x @ w) ** 2), "numpy:port": lambda w, x: xp.sum((w @ x) ** 2)}
    >>> multigrad.compare(ports, w, x, map={"numpy:port": lambda w: w.T}).ok
    True
    """
    _arguments.options(None, device, dtype, arrays)  # what is wrong with the call is no backend's fault
    choice = Choice(argnums, argnames, dtype, device, arrays, compiled, seed)
    _check_ports_are_named(f, args, choice)
    args = tuple(as_point(arg) for arg in args)
    if isinstance(f, Mapping):
        if backends is not None:
            raise InputError("Expected no backends=: each port has its own, which is its name in the dict.")
        return of_ports(f, args, map or {}, choice)
    if map is not None:
        raise InputError(
            "Expected no map=: it belongs to several ports, given as a dict such as {'torch': f, 'jax': g}."
        )
    check_callable(f)
    if backends is None:
        backends = [name for name in _registry.known_names() if _registry.backend_info(name).installed]
    names = [backends] if isinstance(backends, str) else backends
    return on_backends(f, args, [_registry.get_backend(name) for name in names], choice)


def _check_ports_are_named(f: Any, args: tuple[Any, ...], choice: Choice) -> None:
    """Raise InputError if several functions came without the backends that they belong to."""
    chosen_first = choice.argnames is None and choice.argnums in (None, 0)
    in_a_row = callable(f) and chosen_first and bool(args) and inspect.isroutine(args[0])
    if isinstance(f, list | tuple) or in_a_row:
        raise InputError(
            "Expected one function, or a dict that names the backend of each port, such as "
            "{'torch': f, 'jax': g}; got several functions without names."
        )
