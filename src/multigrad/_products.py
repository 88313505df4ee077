"""Products with derivatives, evaluated at once: `vjp`, `jvp` and `hvp`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from multigrad import _derive, _leaves, _tree
from multigrad._arguments import Call, options, prepare
from multigrad._compile import evaluate
from multigrad._computation import opened
from multigrad._cotangents import Expected
from multigrad._errors import StructureError
from multigrad._plain import plain_calls
from multigrad._protocol import Backend, Native, Natives
from multigrad._reads import SelfContained
from multigrad._running import Flattened, check_callable

_Function = Callable[..., Any]


def vjp(
    f: _Function,
    *primals: Any,
    has_aux: bool = False,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
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
    backend, device, dtype, compile, arrays
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
    if compile:
        return _compiled_vjp(f, primals, has_aux, (backend, device, dtype, arrays))
    check_callable(f)
    common = options(backend, device, dtype, arrays)
    call = prepare(f, tuple(range(len(primals))), common, primals, {})
    flat = Flattened(f, call, has_aux=has_aux)
    with opened(call.computation):
        outputs, pull, auxiliaries = call.computation.backend.vjp(flat, call.primals, reusable=True)
    expected = Expected(flat.value.structure, flat.value.beside(outputs), call.computation)

    def pullback(cotangent: Any, /) -> tuple[Any, ...]:
        with opened(call.computation):
            found = pull(expected.flatten(cotangent))
        return tuple(call.restore(found))

    value = flat.present_value(outputs)
    return (value, pullback, flat.present_aux(auxiliaries)) if has_aux else (value, pullback)


def jvp(
    f: _Function,
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    has_aux: bool = False,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> tuple[Any, ...]:
    """Evaluate f and its directional derivative (Jacobian-vector product).

    Parameters
    ----------
    f
        Function of the primals; returns a tree of arrays and numbers.
    primals
        Tuple of f's arguments, all of them differentiated: arrays, Python numbers and containers of them.
    tangents
        Tuple of directions with the structure, shapes and dtypes of the primals (arrays of the backend, NumPy arrays,
        or Python numbers). What belongs to a leaf that is no number is ignored.
    has_aux
        Whether f returns ``(value, aux)``.
    backend, device, dtype, compile, arrays
        As for `gradient`.

    Returns
    -------
    value
        What f returned, every leaf an array.
    tangent_out
        The derivative of value along the tangents, with value's structure, shapes and dtypes; zeros for integers.
    aux
        Only with has_aux.

    Raises
    ------
    StructureError
        If the tangents do not fit the primals.
    MultigradError
        As for `gradient`.

    Notes
    -----
    By forward mode where the backend has it, else by transposing the pullback: twice the cost of a gradient.

    Examples
    --------
    >>> import multigrad
    >>> multigrad.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (array(6.), array(3.))
    """
    if compile:
        operator = _jvp_and_aux_of if has_aux else _jvp_of
        result: tuple[Any, ...] = evaluate(f, operator, backend, device, dtype, arrays, _joined(primals, tangents))
        return result
    check_callable(f)
    call = _prepared(f, primals, tangents, options(backend, device, dtype, arrays))
    computation = call.computation._replace(forward=True)
    flat = Flattened(f, call._replace(computation=computation), has_aux=has_aux)
    with opened(computation):
        directions = _directions(call, primals, tangents)
        outputs, tangents_out, auxiliaries = _derive.jvp(computation.backend, flat, call.primals, directions)
    results = flat.present_value(outputs), flat.present_value(tangents_out)
    return (*results, flat.present_aux(auxiliaries)) if has_aux else results


def hvp(
    f: _Function,
    primals: Sequence[Any],
    tangents: Sequence[Any],
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> tuple[Any, ...]:
    """Evaluate the product of the Hessian of a real scalar-valued function with tangents.

    Parameters
    ----------
    f
        Function of the primals; returns a real array of shape ``()`` or a number.
    primals
        Tuple of f's arguments, all of them differentiated.
    tangents
        Tuple of directions with the structure, shapes and dtypes of the primals.
    backend, device, dtype, compile, arrays
        As for `gradient`.

    Returns
    -------
    tuple
        One tree per primal, with its structure, shapes and dtypes: the derivative of the gradient along the tangents.
        For complex primals as well: the gradient is dL/dRe + i·dL/dIm.

    Raises
    ------
    StructureError
        If the tangents do not fit the primals.
    MultigradError
        As for `gradient`.

    Notes
    -----
    A few times the cost of a gradient; the Hessian is not formed. Forward over reverse where the backend has a forward
    mode, else reverse over reverse [1]_.

    .. [1] B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6 (1994).

    Examples
    --------
    >>> import multigrad
    >>> multigrad.hvp(lambda x, y: x**2 * y, (3.0, 2.0), (1.0, 0.0))
    (array(4.), array(6.))
    """
    if compile:
        if type(primals) is type(tangents) is tuple and len(primals) == len(tangents):
            args = primals + tangents  # here: a function more is a tenth of what a call takes besides the program
        else:
            args = _joined(primals, tangents)
        result: tuple[Any, ...] = evaluate(f, _hvp_of, backend, device, dtype, arrays, args)
        return result
    check_callable(f)
    call = _prepared(f, primals, tangents, options(backend, device, dtype, arrays))
    flat = Flattened(f, call, scalar=True)
    with opened(call.computation):
        directions = _directions(call, primals, tangents)
        products = _derive.hvp(call.computation.backend, flat, call.primals, directions, call.closed)
    return tuple(call.restore(products))


# The operators above as functions of f's arguments and what goes with them, one after the other: what is compiled, and
# called quickly where all of these are arrays.


def _jvp_of(f: _Function, **chosen: Any) -> _Function:
    return lambda *both: jvp(f, both[: len(both) // 2], both[len(both) // 2 :], **chosen)


def _hvp_of(f: _Function, **chosen: Any) -> _Function:
    return lambda *both: hvp(f, both[: len(both) // 2], both[len(both) // 2 :], **chosen)


def _pullback_of(f: _Function, **chosen: Any) -> _Function:
    return lambda *primals_and_cotangent: vjp(f, *primals_and_cotangent[:-1], **chosen)[1](primals_and_cotangent[-1])


def _value_of(f: _Function, **chosen: Any) -> _Function:
    def value(*primals: Any) -> tuple[Any, ...]:
        found = vjp(f, *primals, **chosen)
        return found[0], *found[2:]

    return value


_jvp_and_aux_of = functools.partial(_jvp_of, has_aux=True)
_pullback_beside_aux_of = functools.partial(_pullback_of, has_aux=True)
_value_and_aux_of = functools.partial(_value_of, has_aux=True)


def _compiled_vjp(
    f: _Function, primals: tuple[Any, ...], has_aux: bool, given: tuple[Any, Any, Any, Any]
) -> tuple[Any, ...]:
    """Evaluate f and return a pullback that evaluates it again: a program keeps nothing between two calls."""
    value, *aux = evaluate(f, _value_and_aux_of if has_aux else _value_of, *given, primals)

    def pullback(cotangent: Any, /) -> tuple[Any, ...]:
        operator = _pullback_beside_aux_of if has_aux else _pullback_of
        result: tuple[Any, ...] = evaluate(f, operator, *given, (*primals, cotangent))
        return result

    return (value, pullback, *aux)


def _prepared(f: _Function, primals: Any, tangents: Any, chosen: Any) -> Call:
    primals = _joined(primals, tangents)[: len(primals)]
    is_open = chosen.device is None and chosen.dtype is None
    plain = plain_calls(len(primals), chosen).prepare(SelfContained(f), primals) if is_open else None
    return plain if plain is not None else prepare(f, tuple(range(len(primals))), chosen, primals, {})


def _joined(primals: Any, tangents: Any) -> tuple[Any, ...]:
    """Return primals and tangents one after the other."""
    if type(primals) is type(tangents) is tuple and len(primals) == len(tangents):
        return primals + tangents  # at once: this stands before every compiled call
    for word, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, tuple | list):
            raise StructureError(
                f"Expected a tuple for {word}, one entry per argument of f, got {type(value).__name__}: write (x,) for "
                "one argument."
            )
    if len(primals) != len(tangents):
        raise StructureError(f"Expected one tangent per primal, got {len(tangents)} for {len(primals)}.")
    return (*primals, *tangents)


def _directions(call: Call, primals: Sequence[Any], tangents: Sequence[Any]) -> Natives:
    """Return tangents as native arrays, matched with the primals."""
    natives = call.primals
    if len(natives) == len(primals) and all(map(_fits, tangents, primals, natives)):
        return tuple(tangents)
    expander = _leaves.expander(call.computation.backend)
    leaves, structure = _tree.flatten(tuple(call.restore(call.primals)), expander)
    given, _ = _tree.flatten(tuple(primals), expander)  # of other dtypes than the natives, where dtype= casts them
    expected = Expected(structure, leaves, call.computation, "tangents", owner="primal", given=given)
    return expected.flatten(tuple(tangents))


def _fits(tangent: Any, primal: Any, native: Native) -> bool:
    """Tell whether primal and tangent are native arrays that belong together, as they are in the commonest calls."""
    return (
        primal is native
        and type(tangent) is type(native)
        and tangent.shape == native.shape
        and tangent.dtype == native.dtype
    )
