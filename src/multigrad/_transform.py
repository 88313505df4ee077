"""The public operators: f in, a function (or a value and a pullback) out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from multigrad import _arguments, _cotangents, _derive
from multigrad._arguments import Call, Options
from multigrad._computation import opened
from multigrad._outputs import OutputTree, scalar_output, split_aux
from multigrad._plain import PlainCalls
from multigrad._protocol import Backend, Natives
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
    evaluate = _gradient_of(f, argnums, argnames, has_aux, _arguments.options(backend, device, dtype, arrays))

    @functools.wraps(f)
    def gradient_of_f(*args: Any, **kwargs: Any) -> Any:
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
    arrays: str = "standard",
) -> _Function:
    """Return a function that computes the value and the gradient of a real scalar-valued function, in one evaluation.

    Parameters
    ----------
    f, argnums, argnames, has_aux, backend, device, dtype, arrays
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
    evaluate = _gradient_of(f, argnums, argnames, has_aux, _arguments.options(backend, device, dtype, arrays))

    @functools.wraps(f)
    def value_and_gradient_of_f(*args: Any, **kwargs: Any) -> Any:
        value, result, aux = evaluate(args, kwargs)
        return ((value, aux), result) if has_aux else (value, result)

    return value_and_gradient_of_f


def _gradient_of(
    f: _Function, argnums: Any, argnames: Any, has_aux: bool, options: Options
) -> Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, Any, Any]]:
    """Return a function from a call's arguments to value, gradient and aux (None without has_aux)."""
    _check_callable(f)
    selection = Selection(argnums, argnames)

    positions = selection.positions
    plain = (
        PlainCalls(positions, options, f) if positions and options.device is None and options.dtype is None else None
    )
    needed = max(positions, default=0) + 1

    def evaluate(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        call = plain.prepare(args) if plain is not None and not kwargs and len(args) >= needed else None
        if call is None:
            chosen, kwargs = selection.locate(f, args, kwargs)
            call = _arguments.prepare(f, chosen, options, args, kwargs)
        aux_tree: OutputTree | None = None

        def flat(*primals: Any) -> tuple[Natives, Natives]:
            value = run(f, call, primals)
            if not has_aux:
                return (scalar_output(value, call.computation),), ()
            nonlocal aux_tree
            value, aux = split_aux(value)
            aux_tree = OutputTree(aux, call.computation, arrays_only=False)
            return (scalar_output(value, call.computation),), aux_tree.natives

        with opened(call.computation):
            value, gradients, auxiliaries = _derive.value_and_gradient(
                call.computation.backend, flat, call.primals, call.closed
            )
        aux = aux_tree.rebuild([call.present(x) for x in auxiliaries]) if aux_tree is not None else None
        return call.present(value), selection.arrange(call.restore(gradients)), aux

    return evaluate


def vjp(
    f: _Function,
    *primals: Any,
    has_aux: bool = False,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
) -> tuple[Any, ...]:
    """Evaluate f and return its value and its pullback (vector-Jacobian product).

    Parameters
    ----------
    f
        Function of the primals; returns a tree of arrays and numbers.
    *primals
        Arguments of f, all of them differentiated: arrays, Python numbers and containers of them.
    has_aux
        Whether f returns ``(value, aux)``.
    backend, device, dtype, arrays
        As for `gradient`.

    Returns
    -------
    value
        What f returned, every leaf an array.
    pullback
        ``pullback(cotangent)`` takes a tree with value's structure, shapes and dtypes (arrays of the backend, NumPy
        arrays, or Python numbers) in units [g] per unit of value, and returns a tuple with one tree per primal, in
        units [g] per unit of primal: Re⟨cotangent, J t⟩ = Re⟨pullback(cotangent), t⟩. It may be called again.
        Cotangents of integer outputs are ignored.
    aux
        Only with has_aux.

    Raises
    ------
    StructureError
        By the pullback, if the cotangent does not fit.
    MultigradError
        As for `gradient`.

    Notes
    -----
    The pullback keeps what the backward pass needs for as long as it lives.

    Examples
    --------
    >>> import multigrad
    >>> value, pullback = multigrad.vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> value, pullback(1.0)
    (array(6.), (array(3.), array(2.)))
    """
    _check_callable(f)
    chosen = tuple(range(len(primals)))
    call = _arguments.prepare(f, chosen, _arguments.options(backend, device, dtype, arrays), primals, {})
    computation = call.computation
    trees: list[OutputTree] = []

    def flat(*natives: Any) -> tuple[Natives, Natives]:
        value = run(f, call, natives)
        value, aux = split_aux(value) if has_aux else (value, ())
        trees[:] = (
            OutputTree(value, computation, arrays_only=True),
            OutputTree(aux, computation, arrays_only=False),
        )
        return trees[0].natives, trees[1].natives

    with opened(computation):
        outputs, pull, auxiliaries = computation.backend.vjp(flat, call.primals, reusable=True)
    value_tree, aux_tree = trees
    value = value_tree.rebuild([call.present(x) for x in outputs])
    expected = _cotangents.Expected(value_tree.structure, outputs, computation)

    def pullback(cotangent: Any, /) -> tuple[Any, ...]:
        with opened(computation):
            return tuple(call.restore(pull(expected.flatten(cotangent))))

    if has_aux:
        return value, pullback, aux_tree.rebuild([call.present(x) for x in auxiliaries])
    return value, pullback


def run(f: _Function, call: Call, primals: Natives) -> Any:
    """Call f on the arguments of a call with other arrays in place of the primals."""
    args, kwargs = call.arguments(primals)
    try:
        return f(*args, **kwargs)
    except (TypeError, RuntimeError) as error:
        # How the frameworks say that they were given a NumPy array.
        if "ndarray" in str(error) or "numpy" in str(error):
            error.add_note(
                "multigrad: a NumPy array seems to have met an array of the framework inside f; wrap it with "
                "xp.asarray."
            )
        raise


def _check_callable(f: Any) -> None:
    if not callable(f):
        raise TypeError(f"Expected a function to differentiate, got {type(f).__name__}: pass f itself, not f(x).")
