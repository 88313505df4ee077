"""Functions that rules need and the standard does not name, or spells as syntax, over any namespace.

Each takes the namespace first.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any

import array_api_compat

from multigrad._slope_table import NAMED
from multigrad.engine._trace import device_of, strip


@functools.lru_cache(maxsize=256)
def is_kind(xp: Any, dtype: Any, kind: Any) -> bool:
    """Tell whether a dtype is of a kind, as the standard's ``isdtype`` does, but at once."""
    return bool(xp.isdtype(dtype, kind))


def astype(xp: Any, x: Any, dtype: Any, **options: Any) -> Any:
    if is_kind(xp, x.dtype, "complex floating") and not is_kind(xp, dtype, "complex floating"):
        x = xp.real(x)
    return xp.astype(x, dtype, **options)


def getitem(xp: Any, x: Any, key: Any) -> Any:
    return x[plain_key(key)]


def setitem(xp: Any, x: Any, value: Any, key: Any) -> Any:
    copy = xp.asarray(x, copy=True)
    copy[plain_key(key)] = value
    return copy


def place(xp: Any, x: Any, value: Any, key: Any) -> Any:
    """Return zeros like x with value added at key; an index that occurs twice receives both."""
    key = plain_key(key)
    if not _is_basic(key):
        return scatter(xp, x, value, positions(xp, x, value)[key])
    zeros = _zeros(xp, x.shape, value)
    if isinstance(key, tuple) and None in key:  # the standard writes to no new axes
        key = (*(part for part in key if part is not None), *(() if ... in key else (...,)))
        value = xp.reshape(value, zeros[key].shape)
    zeros[key] = value
    return zeros


def scatter(xp: Any, x: Any, value: Any, positions: Any) -> Any:
    """Return zeros like x with value added at positions in the flat array; one that occurs twice receives both."""
    flat = _zeros(xp, (x.size,), value)
    _add_at(xp, flat, xp.reshape(positions, (-1,)), xp.reshape(value, (-1,)))
    return xp.reshape(flat, x.shape)


def positions(xp: Any, x: Any, beside: Any) -> Any:
    """Return for each element of an array its position in the flat array, on the device of another array."""
    return xp.reshape(xp.arange(x.size, device=device_of(beside)), x.shape)


def _zeros(xp: Any, shape: tuple[int, ...], like: Any) -> Any:
    return xp.zeros(tuple(shape), dtype=like.dtype, device=device_of(like))


def _add_at(xp: Any, flat: Any, positions: Any, values: Any) -> None:
    unbuffered = getattr(getattr(xp, "add", None), "at", None)
    if unbuffered is not None:  # NumPy's; the standard has none
        unbuffered(flat, positions, values)
        return
    for i in range(positions.shape[0]):
        flat[int(positions[i])] += values[i]


def overwritten(xp: Any, x: Any, key: Any) -> Any:
    """Tell which elements written at key are written over by later ones; None where no place occurs twice."""
    key = plain_key(key)
    arrays = [part for part in (key if isinstance(key, tuple) else (key,)) if getattr(part, "shape", ())]
    if all(xp.isdtype(part.dtype, "bool") for part in arrays):
        return None
    written = positions(xp, x, x)[key]
    order = positions(xp, written, x)
    last = xp.zeros((x.size,), dtype=order.dtype, device=device_of(x))
    last[xp.reshape(written, (-1,))] = xp.reshape(order, (-1,))
    return last[written] != order


def plain_key(key: Any) -> Any:
    """Return an index without tracers: indices are integers and have no derivative."""
    if isinstance(key, tuple):
        return tuple(plain_key(part) for part in key)
    return strip(key)


def to_device(xp: Any, x: Any, device: Any, source: Any) -> Any:
    """Return a copy on another device than the source, where x is: the way back leads there."""
    return array_api_compat.to_device(x, device)


def _is_basic(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts)


# First derivatives with a name of their own: of real numbers the table's values, of complex ones these. On a branch
# cut the sign of a zero says which side is meant, that of the value. Adding a number would lose a -0.0, and multiplying
# with 1j a part of the signs: complex numbers are subtracted from, negated and turned.


def _complex_asin_slope(xp: Any, x: Any) -> Any:
    return 1 / (xp.sqrt(-(x - 1)) * xp.sqrt(x - (-1)))


_COMPLEX_SLOPES: dict[str, Callable[..., Any]] = {
    "log_slope": lambda xp, x: 1 / x,
    "log1p_slope": lambda xp, x: 1 / (1 + x),
    "asin_slope": _complex_asin_slope,
    "asinh_slope": lambda xp, x: _complex_asin_slope(xp, xp.where(xp.imag(x) < 0, -(x * 1j), x * -1j)),  # of -i·x
    "acosh_slope": lambda xp, x: 1 / (xp.sqrt(x - 1) * xp.sqrt(x - (-1))),
    # By two quotients: the product of the divisors may overflow.
    "atan_slope": lambda xp, x: 1 / (1 - x * 1j) / (1 + x * 1j),
    "atanh_slope": lambda xp, x: 1 / (1 - x) / (1 + x),
}


def _named(name: str) -> Callable[..., Any]:
    of_real, of_complex = NAMED[name], _COMPLEX_SLOPES[name]

    def slope(xp: Any, x: Any) -> Any:
        return (of_complex if is_kind(xp, x.dtype, "complex floating") else of_real)(xp, x)

    slope.__name__ = name
    return slope


# Linear algebra


def power_norm(xp: Any, x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
    return xp.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


def inv(xp: Any, x: Any) -> Any:
    return _nan_where_undefined(xp, xp.linalg.inv, x)


def cholesky(xp: Any, x: Any) -> Any:
    return _nan_where_undefined(xp, xp.linalg.cholesky, x)


def solve(xp: Any, x: Any, y: Any) -> Any:
    return _nan_where_undefined(xp, xp.linalg.solve, x, y)


def _nan_where_undefined(xp: Any, function: Callable[..., Any], *stacks: Any) -> Any:
    """Rule 7: a matrix outside the domain gives NaN, and spoils no other matrix of a stack."""
    try:
        return function(*stacks)
    except ValueError as error:
        # No namespace need name it; CuPy and array-api-strict raise NumPy's.
        if type(error).__name__ != "LinAlgError" or any(x.shape[-2] == 0 for x in stacks):
            raise
    batch = xp.broadcast_arrays(*(x[..., 0, 0] for x in stacks))[0].shape
    if not batch and all(len(x.shape) == 2 for x in stacks):
        return xp.full(stacks[-1].shape, xp.nan, dtype=xp.result_type(*stacks), device=device_of(stacks[0]))
    stacks = tuple(xp.broadcast_to(x, (*batch, *x.shape[-2:])) for x in stacks)
    out = xp.zeros(stacks[-1].shape, dtype=xp.result_type(*stacks), device=device_of(stacks[0]))
    for at in itertools.product(*map(range, batch)):
        out[(*at, ...)] = _nan_where_undefined(xp, function, *(x[(*at, ...)] for x in stacks))
    return out


def is_singular(xp: Any, x: Any) -> Any:
    """Tell where a matrix is so close to a singular one that its inverse has lost half its digits."""
    values = _singular_values(xp, x)[1]
    if values.shape[-1] == 0:
        return xp.zeros(values.shape[:-1], dtype=xp.bool, device=device_of(values))
    return values[..., -1] <= values[..., 0] * xp.finfo(values.dtype).eps ** 0.5


def cofactor(xp: Any, x: Any) -> Any:
    """Return the gradient of a holomorphic determinant: without division, so that singular matrices have it too."""
    u, s, vh = _singular_values(xp, x)
    return _turned(xp, u, xp.multiply(_identity(xp, s), _others(xp, s)[..., None, :]), vh)


def cofactor_along(xp: Any, x: Any, k: Any) -> Any:
    """Return the derivative of `cofactor` along a matrix k."""
    u, s, vh = _singular_values(xp, x)
    eye = _identity(xp, s)
    # Products of all singular values but two: a row leaves out one, 1 stands in its place.
    pairs = _others(xp, xp.where(eye == 1, xp.ones_like(s)[..., None, :], s[..., None, :])) * (1 - eye)
    k = _adjoint(xp, u) @ k @ _adjoint(xp, vh)
    transposed = xp.matrix_transpose(k)
    trace = xp.sum(pairs * xp.sum(k * eye, axis=-1)[..., None, :], axis=-1)
    return _turned(xp, u, eye * trace[..., None, :] - pairs * transposed, vh)


def _singular_values(xp: Any, x: Any) -> Any:
    try:
        return xp.linalg.svd(x, full_matrices=False)
    except ValueError as error:  # NaN in a matrix
        if type(error).__name__ != "LinAlgError":
            raise
        finite = xp.all(xp.isfinite(x), axis=(-2, -1), keepdims=True)
        u, s, vh = xp.linalg.svd(xp.where(finite, x, xp.zeros_like(x)), full_matrices=False)
        return u, xp.where(finite[..., 0], s, xp.full_like(s, xp.nan)), vh


def _identity(xp: Any, s: Any) -> Any:
    """Return the identity matrix beside a vector of its size."""
    return xp.eye(s.shape[-1], dtype=s.dtype, device=device_of(s))


def _others(xp: Any, s: Any) -> Any:
    """Return for each value along the last axis the product of the others."""
    before = xp.cumulative_prod(s, axis=-1, include_initial=True)[..., :-1]
    after = xp.flip(xp.cumulative_prod(xp.flip(s, axis=-1), axis=-1, include_initial=True)[..., :-1], axis=-1)
    return before * after


def _turned(xp: Any, u: Any, inner: Any, vh: Any) -> Any:
    phase = xp.linalg.det(u) * xp.linalg.det(vh)
    if is_kind(xp, u.dtype, "complex floating"):
        u, vh = xp.conj(u), xp.conj(vh)
    return phase[..., None, None] * (u @ xp.astype(inner, u.dtype) @ vh)


def _adjoint(xp: Any, x: Any) -> Any:
    transposed = xp.matrix_transpose(x)
    return xp.conj(transposed) if is_kind(xp, x.dtype, "complex floating") else transposed


# Python's operators do what the functions do, and spare NumPy's scalars the detour by way of arrays.
OPERATORS = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
}
MAIN: tuple[Callable[..., Any], ...] = (astype, getitem, setitem, place, scatter, positions, overwritten, to_device)
MAIN += tuple(_named(name) for name in _COMPLEX_SLOPES)
LINALG = (power_norm, inv, cholesky, solve, is_singular, cofactor, cofactor_along)


def bound(functions: tuple[Callable[..., Any], ...], xp: Any) -> dict[str, Callable[..., Any]]:
    """Return functions of this module over one namespace, by name."""
    return {function.__name__: functools.partial(function, xp) for function in functions}
