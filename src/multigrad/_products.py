"""Products with derivatives, evaluated at once: `vjp`, `jvp` and `hvp`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multigrad import _derive, _leaves, _tree
from multigrad._arguments import Call, Options, options, prepare
from multigrad._compile import compiled
from multigrad._computation import opened
from multigrad._cotangents import Expected
from multigrad._errors import StructureError
from multigrad._protocol import Backend, Natives
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
    check_callable(f)
    common = options(backend, device, dtype, arrays)
    if compile:
        return _compiled_vjp(f, primals, has_aux, common)
    call = prepare(f, tuple(range(len(primals))), common, primals, {})
    flat = Flattened(f, call, has_aux=has_aux)
    with opened(call.computation):
        outputs, pull, auxiliaries = call.computation.backend.vjp(flat, call.primals, reusable=True)
    expected = Expected(flat.value.structure, outputs, call.computation)

    def pullback(cotangent: Any, /) -> tuple[Any, ...]:
        with opened(call.computation):
            return tuple(call.restore(pull(expected.flatten(cotangent))))

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
    check_callable(f)
    common = options(backend, device, dtype, arrays)
    if compile:
        result: tuple[Any, ...] = compiled(f, _jvp_of, common, has_aux=has_aux)(primals, tangents)
        return result
    call = _prepared(f, primals, tangents, common)
    computation = call.computation._replace(forward=True)
    flat = Flattened(f, call._replace(computation=computation), has_aux=has_aux)
    with opened(computation):
        directions = _directions(call, tangents)
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
    check_callable(f)
    common = options(backend, device, dtype, arrays)
    if compile:
        products_of_f: tuple[Any, ...] = compiled(f, _hvp_of, common)(primals, tangents)
        return products_of_f
    call = _prepared(f, primals, tangents, common)
    flat = Flattened(f, call, scalar=True)
    with opened(call.computation):
        products = _derive.hvp(call.computation.backend, flat, call.primals, _directions(call, tangents))
    return tuple(call.restore(products))


# The operators above as functions of arrays alone, which is what is compiled.


def _jvp_of(f: _Function, **chosen: Any) -> _Function:
    return lambda primals, tangents: jvp(f, primals, tangents, **chosen)


def _hvp_of(f: _Function, **chosen: Any) -> _Function:
    return lambda primals, tangents: hvp(f, primals, tangents, **chosen)


def _pullback_of(f: _Function, **chosen: Any) -> _Function:
    return lambda primals, cotangent: vjp(f, *primals, **chosen)[1](cotangent)


def _value_of(f: _Function, **chosen: Any) -> _Function:
    def value(*primals: Any) -> tuple[Any, ...]:
        found = vjp(f, *primals, **chosen)
        return found[0], *found[2:]

    return value


def _compiled_vjp(f: _Function, primals: tuple[Any, ...], has_aux: bool, common: Options) -> tuple[Any, ...]:
    """Evaluate f and return a pullback that evaluates it again: a program keeps nothing between two calls."""
    value, *aux = compiled(f, _value_of, common, has_aux=has_aux)(*primals)
    pull = compiled(f, _pullback_of, common, has_aux=has_aux)

    def pullback(cotangent: Any, /) -> tuple[Any, ...]:
        result: tuple[Any, ...] = pull(primals, cotangent)
        return result

    return (value, pullback, *aux)


def _prepared(f: _Function, primals: Any, tangents: Any, chosen: Any) -> Call:
    for word, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, tuple | list):
            raise StructureError(
                f"Expected a tuple for {word}, one entry per argument of f, got {type(value).__name__}: write (x,) for "
                "one argument."
            )
    if len(primals) != len(tangents):
        raise StructureError(f"Expected one tangent per primal, got {len(tangents)} for {len(primals)}.")
    return prepare(f, tuple(range(len(primals))), chosen, tuple(primals), {})


def _directions(call: Call, tangents: Sequence[Any]) -> Natives:
    """Return tangents as native arrays, matched with the primals."""
    leaves, structure = _tree.flatten(tuple(call.restore(call.primals)), _leaves.expander(call.computation.backend))
    return Expected(structure, leaves, call.computation, "tangents", owner="primal").flatten(tuple(tangents))
