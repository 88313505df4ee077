"""`gradient` and `value_and_gradient`: one evaluation of f and one backward pass."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from multigrad import _arguments, _derive
from multigrad._arguments import Options
from multigrad._compile import compiled
from multigrad._computation import opened
from multigrad._outputs import OutputTree, flatten_output, scalar_output, split_aux
from multigrad._plain import calls_of
from multigrad._protocol import Backend, Natives
from multigrad._quick_gradient import quick_gradient
from multigrad._running import check_callable, run
from multigrad._selection import Selection

_Function = Callable[..., Any]


def gradient(
    f: _Function,
    argnums: int | Sequence[int] | None = None,
    *,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> _Function:
    """Return a function that computes the gradient of a real scalar-valued function.

    Parameters
    ----------
    f
        Function of arrays, Python numbers and containers of them (tuples, lists, dicts, dataclasses, registered
        classes); returns a real array of shape ``()`` or a number, units [f].
    argnums
        Position, or tuple of positions, of the arguments to differentiate. Without argnums and argnames: the first.
    argnames
        Name, or tuple of names, of the arguments to differentiate. Alone, only those.
    has_aux
        Whether f returns ``(value, aux)``; aux may be any tree and is passed on.
    backend
        ``"torch"``, ``"jax"``, ``"tensorflow"``, ``"numpy"`` or a registered name. None takes the framework of the
        array arguments, else that of the computation running around, else `use_backend`'s, ``MULTIGRAD_BACKEND``'s, or
        NumPy.
    device
        ``"cpu"``, ``"gpu"``, ``"cuda:1"`` or the framework's own object; None leaves arrays where they are.
    dtype
        Real floating dtype to which all floating arguments are cast (complex ones to its precision); None keeps theirs.
        Python numbers take the widest floating dtype among the array arguments, float64 when there are none.
    compile
        Whether the framework compiles the whole operator, once per signature of the arguments: arrays and floats (and
        integers that are differentiated) are data, other integers, bools and strings are built into the program. What f
        reads besides its arguments is read once, as in `jax.jit`; torch compiles again when a global that f names has
        changed. f must not branch on values. NumPy has no compiler and runs f as it is.
    arrays
        ``"standard"``: f sees `Array` objects, which behave the same on every backend. ``"native"``: the framework's
        own.

    Returns
    -------
    callable
        Takes f's arguments. Returns the gradient, in units of f per unit of x, with the structure, shape, dtype and
        device of the chosen argument (a tuple of them for a tuple of argnums, a dict for a tuple of argnames,
        ``(by_position, by_name)`` for both): the backend's own arrays, or `Array` for what was given as `Array`. Leaves
        that are no numbers have None. With has_aux, ``(gradient, aux)``. For complex arguments the gradient is
        dL/dRe + i·dL/dIm.

    Raises
    ------
    OutputError
        If f does not return a real scalar.
    InputError
        If an integer array, or an object that may hide arrays, is to be differentiated.
    ArgumentSelectionError
        If argnums or argnames do not fit the call.
    MixedBackendError
        If the arguments belong to two frameworks and no backend is given.
    UnknownBackendError, BackendNotInstalledError, BackendBrokenError, DeviceError, DtypeError
        If what was asked for is not there.

    Notes
    -----
    One evaluation of f and one backward pass: a small multiple of the cost of f, whatever the number of arguments.
    Calls are independent: nothing accumulates, and no argument is changed.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> multigrad.gradient(lambda x: xp.sin(x**2 + 1))(2.0)
    array(1.13464874)
    >>> multigrad.gradient(lambda x, y, z: x**2 + y**2 + z**2 + 2*x*y*z, argnums=(0, 1, 2))(1.0, 2.0, 3.0)
    (array(14.), array(10.), array(10.))
    """
    options = _arguments.options(backend, device, dtype, arrays)
    if compile:
        return _compiled(gradient, f, Selection(argnums, argnames), has_aux, options)
    selection = Selection(argnums, argnames)
    evaluate = _gradient_of(f, selection, has_aux, options)
    quick = None if has_aux else quick_gradient(f, selection, options)

    @functools.wraps(f)
    def gradient_of_f(*args: Any, **kwargs: Any) -> Any:
        if quick is not None and not kwargs:
            found = quick(args)
            if found is not None:
                return found[1]
        _, result, aux = evaluate(args, kwargs)
        return (result, aux) if has_aux else result

    return gradient_of_f


def value_and_gradient(
    f: _Function,
    argnums: int | Sequence[int] | None = None,
    *,
    argnames: str | Sequence[str] | None = None,
    has_aux: bool = False,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> _Function:
    """Return a function that computes the value and the gradient of a real scalar-valued function, in one evaluation.

    Parameters
    ----------
    f, argnums, argnames, has_aux, backend, device, dtype, compile, arrays
        As for `gradient`.

    Returns
    -------
    callable
        Takes f's arguments. Returns ``(value, gradient)``, with has_aux ``((value, aux), gradient)``; value is an array
        of shape ``()``, the gradient as for `gradient`.

    Raises
    ------
    MultigradError
        As for `gradient`.

    Examples
    --------
    >>> import multigrad
    >>> multigrad.value_and_gradient(lambda x: x**3)(2.0)
    (array(8.), array(12.))
    """
    options = _arguments.options(backend, device, dtype, arrays)
    if compile:
        return _compiled(value_and_gradient, f, Selection(argnums, argnames), has_aux, options)
    selection = Selection(argnums, argnames)
    evaluate = _gradient_of(f, selection, has_aux, options)
    quick = None if has_aux else quick_gradient(f, selection, options)

    @functools.wraps(f)
    def value_and_gradient_of_f(*args: Any, **kwargs: Any) -> Any:
        if quick is not None and not kwargs:
            found = quick(args)
            if found is not None:
                return found
        value, result, aux = evaluate(args, kwargs)
        return ((value, aux), result) if has_aux else (value, result)

    return value_and_gradient_of_f


def _compiled(
    operator: Callable[..., _Function], f: _Function, selection: Selection, has_aux: bool, options: Options
) -> _Function:
    return compiled(
        f, operator, options, selection, argnums=selection.argnums, argnames=selection.argnames, has_aux=has_aux
    )


def _gradient_of(
    f: _Function, selection: Selection, has_aux: bool, options: Options
) -> Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, Any, Any]]:
    """Return a function from a call's arguments to value, gradient and aux (None without has_aux)."""
    check_callable(f)
    prepare = calls_of(f, selection, options)

    def evaluate(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        call = prepare(args, kwargs)
        aux_tree: OutputTree | None = None

        def flat(*primals: Any) -> tuple[Natives, Natives]:
            value = run(f, call, primals)
            if not has_aux:
                return (scalar_output(value, call.computation),), ()
            nonlocal aux_tree
            value, aux = split_aux(value)
            auxiliaries, aux_tree = flatten_output(aux, call.computation, arrays_only=False)
            return (scalar_output(value, call.computation),), auxiliaries

        with opened(call.computation):
            value, gradients, auxiliaries = _derive.value_and_gradient(
                call.computation.backend, flat, call.primals, call.closed
            )
        aux = aux_tree.rebuild([call.present(x) for x in auxiliaries]) if aux_tree is not None else None
        return call.present(value), selection.arrange(call.restore(gradients)), aux

    return evaluate
