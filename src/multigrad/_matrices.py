"""Whole derivatives: `jacobian`, `hessian` and `laplacian`."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

from multigrad import _arguments, _derive, _flat_jacobian
from multigrad._arguments import Call, Options
from multigrad._compile import compiled
from multigrad._computation import opened
from multigrad._derive import is_complex, is_inexact, size_of
from multigrad._errors import InputError, OutputError
from multigrad._plain import calls_of
from multigrad._protocol import Backend, Native, Natives
from multigrad._running import Flattened, NoTangentRuleError, check_callable
from multigrad._selection import Selection

_Function = Callable[..., Any]
Mode = Literal["auto", "forward", "reverse"]


def jacobian(
    f: _Function,
    argnums: int | Sequence[int] | None = None,
    *,
    argnames: str | Sequence[str] | None = None,
    mode: Mode = "auto",
    chunk_size: int | None = None,
    holomorphic: bool = False,
    has_aux: bool = False,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> _Function:
    """Return a function that computes the Jacobian of f.

    Parameters
    ----------
    f
        Function of arrays, Python numbers and containers of them; returns a tree of arrays.
    argnums, argnames
        The arguments to differentiate, as for `gradient`.
    mode
        ``"reverse"``: one backward pass per output element. ``"forward"``: one forward pass per input element.
        ``"auto"``: reverse if f has no more output elements than input elements, else forward.
    chunk_size
        How many passes run at once on backends that can; None runs all. Smaller needs less memory.
    holomorphic
        Says that f is complex differentiable in its complex arguments, which it is the caller's duty to know. The
        Jacobian is then the complex derivative; without it a complex f of a complex argument raises.
    has_aux
        Whether f returns ``(value, aux)``.
    backend, device, dtype, compile, arrays
        As for `gradient`.

    Returns
    -------
    callable
        Takes f's arguments. Returns, in the structure of f's value, for each output leaf the structure of the chosen
        argument (a tuple of them for a tuple of argnums, and so on), with arrays of shape
        ``output.shape + input.shape``, in units of output per unit of input. A real output of a complex argument has
        the gradients of its elements, dL/dRe + i·dL/dIm. With has_aux, ``(jacobian, aux)``.

    Raises
    ------
    OutputError
        If a complex f of a complex argument is differentiated without ``holomorphic=True``.
    MultigradError
        As for `gradient`.

    Examples
    --------
    >>> import multigrad, numpy as np
    >>> from multigrad import xp
    >>> multigrad.jacobian(lambda x: xp.stack([x[0] * x[1], xp.sum(x)]))(np.asarray([2.0, 3.0]))
    array([[3., 2.],
           [1., 1.]])
    """
    options = _arguments.options(backend, device, dtype, arrays)
    how = _How(mode, chunk_size, holomorphic, has_aux)
    selection = Selection(argnums, argnames)
    places = {"argnums": argnums, "argnames": argnames}
    if compile:
        return compiled(f, jacobian, options, selection, **how.as_keywords(), **places)
    evaluate = _jacobian_of(f, selection, how, options)

    @functools.wraps(f)
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        _, result, aux = evaluate(args, kwargs)
        return (result, aux) if has_aux else result

    return jacobian_of_f


def value_and_jacobian(
    f: _Function,
    argnums: int | Sequence[int] | None = None,
    *,
    argnames: str | Sequence[str] | None = None,
    mode: Mode = "auto",
    chunk_size: int | None = None,
    holomorphic: bool = False,
    has_aux: bool = False,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> _Function:
    """Return a function that computes the value and the Jacobian of f.

    Parameters
    ----------
    f, argnums, argnames, mode, chunk_size, holomorphic, has_aux, backend, device, dtype, compile, arrays
        As for `jacobian`.

    Returns
    -------
    callable
        Takes f's arguments. Returns ``(value, jacobian)``, with has_aux ``((value, aux), jacobian)``.

    Raises
    ------
    MultigradError
        As for `jacobian`.

    Examples
    --------
    >>> import multigrad
    >>> multigrad.value_and_jacobian(lambda x: (x, x**2))(3.0)
    ((array(3.), array(9.)), (array(1.), array(6.)))
    """
    options = _arguments.options(backend, device, dtype, arrays)
    how = _How(mode, chunk_size, holomorphic, has_aux)
    selection = Selection(argnums, argnames)
    places = {"argnums": argnums, "argnames": argnames}
    if compile:
        return compiled(f, value_and_jacobian, options, selection, **how.as_keywords(), **places)
    evaluate = _jacobian_of(f, selection, how, options)

    @functools.wraps(f)
    def value_and_jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        value, result, aux = evaluate(args, kwargs)
        return ((value, aux), result) if has_aux else (value, result)

    return value_and_jacobian_of_f


def hessian(
    f: _Function,
    argnums: int | Sequence[int] | None = None,
    *,
    argnames: str | Sequence[str] | None = None,
    chunk_size: int | None = None,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> _Function:
    """Return a function that computes the Hessian of f.

    Parameters
    ----------
    f
        Function of real arrays, Python numbers and containers of them; returns a tree of real arrays.
    argnums, argnames
        The arguments to differentiate, as for `gradient`.
    chunk_size
        How many rows are computed at once on backends that can; None computes all.
    backend, device, dtype, compile, arrays
        As for `gradient`.

    Returns
    -------
    callable
        Takes f's arguments. Returns, in the structure of f's value, for each output leaf and each pair of chosen input
        leaves an array of shape ``output.shape + x_i.shape + x_j.shape``, nested as the Jacobian of the Jacobian.

    Raises
    ------
    InputError
        If a chosen argument is complex: use `hvp`.
    MultigradError
        As for `gradient`.

    Notes
    -----
    The Jacobian of the reverse-mode Jacobian: for scalar f as many passes as f has inputs. `hvp` and `laplacian` need
    no Hessian.

    Examples
    --------
    >>> import multigrad, numpy as np
    >>> multigrad.hessian(lambda x: x[0] ** 2 * x[1])(np.asarray([3.0, 2.0]))
    array([[4., 6.],
           [6., 0.]])
    """
    check_callable(f)
    selection = Selection(argnums, argnames)
    common = _arguments.options(backend, device, dtype, arrays)
    _check_chunk(chunk_size)
    if compile:
        return compiled(f, hessian, common, selection, chunk_size=chunk_size, argnums=argnums, argnames=argnames)

    prepare = calls_of(f, selection, common)

    @functools.wraps(f)
    def hessian_of_f(*args: Any, **kwargs: Any) -> Any:
        call = prepare(args, kwargs)
        _forbid_complex(call, "hessian")
        flat = Flattened(f, call)
        adapter = call.computation.backend
        with opened(call.computation):
            entries = _flat_jacobian.hessian(adapter, flat, call.primals, chunk_size, call.closed)

        def arranged(leaves: list[Any]) -> Any:
            return selection.arrange(call.place(leaves))

        trees = [arranged([selection.arrange(call.restore(tuple(row))) for row in rows]) for rows in entries]
        return flat.value.rebuild(trees)

    return hessian_of_f


def laplacian(
    f: _Function,
    argnums: int | Sequence[int] | None = None,
    *,
    argnames: str | Sequence[str] | None = None,
    chunk_size: int | None = None,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> _Function:
    """Return a function that computes the Laplacian of f: the trace of its Hessian, which is not formed.

    Parameters
    ----------
    f
        Function of real arrays, Python numbers and containers of them; returns a tree of real arrays.
    argnums, argnames
        The arguments to differentiate, as for `gradient`; several add up.
    chunk_size
        How many directions are computed at once on backends that can; None takes a few dozen.
    backend, device, dtype, compile, arrays
        As for `gradient`.

    Returns
    -------
    callable
        Takes f's arguments. Returns Σ_j ∂²f/∂x_j² over all elements of the chosen arguments, with the structure, shapes
        and dtypes of f's value, in units of f per unit of x squared.

    Raises
    ------
    InputError
        If a chosen argument is complex.
    MultigradError
        As for `gradient`.

    Notes
    -----
    One Hessian-vector product per input element, a chunk of them at a time.

    Examples
    --------
    >>> import multigrad, numpy as np
    >>> from multigrad import xp
    >>> multigrad.laplacian(lambda x: xp.sum(x**3))(np.asarray([1.0, 2.0]))
    array(18.)
    """
    check_callable(f)
    selection = Selection(argnums, argnames)
    common = _arguments.options(backend, device, dtype, arrays)
    _check_chunk(chunk_size)
    if compile:
        return compiled(f, laplacian, common, selection, chunk_size=chunk_size, argnums=argnums, argnames=argnames)

    prepare = calls_of(f, selection, common)

    @functools.wraps(f)
    def laplacian_of_f(*args: Any, **kwargs: Any) -> Any:
        call = prepare(args, kwargs)
        _forbid_complex(call, "laplacian")
        flat = Flattened(f, call)
        adapter = call.computation.backend
        with opened(call.computation):
            outputs, _ = flat(*call.primals)
        # All but one scalar go forward over forward.
        scalar = _flat_jacobian.is_scalar(outputs)
        with opened(call.computation if scalar else call.computation._replace(forward=True)):
            totals = _flat_jacobian.laplacian(adapter, flat, call.primals, outputs, chunk_size)
        return flat.present_value(totals)

    return laplacian_of_f


class _How:
    """The options of a Jacobian."""

    __slots__ = ("chunk_size", "has_aux", "holomorphic", "mode")

    def __init__(self, mode: str, chunk_size: int | None, holomorphic: bool, has_aux: bool) -> None:
        if mode not in ("auto", "forward", "reverse"):
            raise ValueError(f"Expected 'auto', 'forward' or 'reverse' for mode=, got {mode!r}.")
        _check_chunk(chunk_size)
        self.mode = mode
        self.chunk_size = chunk_size
        self.holomorphic = holomorphic
        self.has_aux = has_aux

    def as_keywords(self) -> dict[str, Any]:
        """Return them as the operators' keyword arguments."""
        return {name: getattr(self, name) for name in self.__slots__}


def _check_chunk(chunk_size: Any) -> None:
    whole = isinstance(chunk_size, int) and not isinstance(chunk_size, bool)
    if chunk_size is not None and (not whole or chunk_size < 1):
        raise ValueError(f"Expected a positive integer or None for chunk_size=, got {chunk_size!r}.")


def _jacobian_of(
    f: _Function, selection: Selection, how: _How, common: Options
) -> Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, Any, Any]]:
    """Return a function from a call's arguments to value, Jacobian and aux (an empty tuple without has_aux)."""
    check_callable(f)
    prepare = calls_of(f, selection, common)

    def evaluate(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
        call = prepare(args, kwargs)
        backend = call.computation.backend
        mode = how.mode
        flat = Flattened(f, call, has_aux=how.has_aux)

        def forward() -> tuple[Natives, list[list[Native]], Natives]:
            with opened(call.computation._replace(forward=True)):
                outputs, push, auxiliaries = _derive.pushforward(backend, flat, call.primals)
                _check_complex(call.primals, outputs, how.holomorphic)
                entries = _flat_jacobian.forward(backend, push, call.primals, how.chunk_size)
            return outputs, entries, auxiliaries

        def reverse() -> tuple[Natives, list[list[Native]], Natives]:
            with opened(call.computation):
                outputs, pull, auxiliaries = _derive.vjp(backend, flat, call.primals, call.closed)
                _check_complex(call.primals, outputs, how.holomorphic)
                if mode == "auto" and _elements(outputs) > _elements(call.primals):
                    # A function that has only a pullback leaves no choice.
                    with contextlib.suppress(NoTangentRuleError):
                        return forward()
                entries = _flat_jacobian.reverse(backend, outputs, pull, call.primals, how.chunk_size)
            return outputs, entries, auxiliaries

        outputs, entries, auxiliaries = forward() if mode == "forward" else reverse()
        rows = [selection.arrange(call.restore(tuple(row))) for row in entries]
        aux = flat.present_aux(auxiliaries) if how.has_aux else ()
        return flat.present_value(outputs), flat.value.rebuild(rows), aux

    return evaluate


def _elements(arrays: Natives) -> int:
    return sum(size_of(x) for x in arrays if is_inexact(x))


def _check_complex(primals: Natives, outputs: tuple[Native, ...], holomorphic: bool) -> None:
    if holomorphic or not any(map(is_complex, primals)) or not any(map(is_complex, outputs)):
        return
    raise OutputError(
        "Expected a real f, or real arguments, got a complex f of a complex argument. Pass holomorphic=True if f is "
        "complex differentiable (nothing checks that), or differentiate xp.real and xp.imag of it."
    )


def _forbid_complex(call: Call, name: str) -> None:
    if any(map(is_complex, call.primals)):
        raise InputError(
            f"Expected real arguments for {name}, got a complex one: its second derivatives are no matrix of complex "
            "numbers. multigrad.hvp gives the derivative of the gradient along any direction."
        )
