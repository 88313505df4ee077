"""Linear algebra. Missing functions are compositions, in the engine's ``_linalg``.

The formulas are those of M. B. Giles, *Collected matrix derivative results for forward and reverse mode algorithmic
differentiation* (2008), with conjugates for complex matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad._slope_table import ratio
from multigrad.engine._shapes import Rule, conjugate, identity, restore_axes, scatter, sum_to
from multigrad.engine._trace import strip

# In the main namespace. Stacks of matrices broadcast, as elements do elsewhere.
PRODUCTS: dict[str, Rule] = {
    "matmul": (
        lambda xp, g, out, x, y: _matmul_left(xp, g, x, y),
        lambda xp, g, out, x, y: _matmul_right(xp, g, x, y),
    ),
}

LINALG: dict[str, Rule] = {
    "diagonal": (lambda xp, g, out, x, **o: scatter(xp, g, x, lambda p: xp.linalg.diagonal(p, **o)),),
    "inv": (lambda xp, g, out, x: -chain(xp, adjoint(xp, out), g, adjoint(xp, out)),),
    "solve": (
        lambda xp, g, out, x, y: sum_to(xp, -chain(xp, xp.linalg.solve(adjoint(xp, x), g), adjoint(xp, out)), x),
        lambda xp, g, out, x, y: sum_to(xp, xp.linalg.solve(adjoint(xp, x), g), y),
    ),
    "pinv": (lambda xp, g, out, x, **_: _pinv(xp, g, out, x),),
    "cholesky": (lambda xp, g, out, x: _cholesky(xp, g, out),),
    # Rule 6: by cofactors, which a singular matrix has as well.
    "det": (lambda xp, g, out, x: xp.multiply(_matrix(xp, g), xp.conj(_cofactors(xp, x))),),
    "cofactor": (lambda xp, g, out, x: _cofactor(xp, g, out, x),),
    # The derivative of the cofactors along a matrix k; what comes after it is not promised.
    "cofactor_along": (
        lambda xp, g, out, x, k: xp.full_like(strip(x), xp.nan),
        lambda xp, g, out, x, k: xp.conj(xp.linalg.cofactor_along(x, xp.conj(g))),
    ),
    # power_norm(x, axis=, keepdims=, ord=): vector_norm for ord other than 0, 1 and ±inf.
    "power_norm": (lambda xp, g, out, x, **o: _power_norm(xp, g, out, x, **o),),
}

TUPLES: dict[str, Callable[..., Any]] = {
    "slogdet": lambda xp, g, out, x, **_: _slogdet(xp, g, out, x),
    "eigh": lambda xp, g, out, x, **_: _eigh(xp, *g, *out),
    "svd": lambda xp, g, out, x, **_: _svd(xp, g, out),
    "qr": lambda xp, g, out, x, **_: _qr(xp, *g, *out),
}


def adjoint(xp: Any, x: Any) -> Any:
    """Return the conjugate transpose."""
    transposed = xp.matrix_transpose(x)
    return xp.conj(transposed) if xp.is_complex(x) else transposed


def chain(xp: Any, first: Any, *others: Any) -> Any:
    """Return a product of matrices."""
    for other in others:
        first = xp.matmul(first, other)
    return first


def _matrix(xp: Any, x: Any) -> Any:
    return xp.reshape(x, (*x.shape, 1, 1))


def _column(xp: Any, x: Any) -> Any:
    return xp.expand_dims(x, axis=-1)


def _row(xp: Any, x: Any) -> Any:
    return xp.expand_dims(x, axis=-2)


def _hermitian(xp: Any, g: Any) -> Any:
    """Rule 7: of a symmetric matrix, the symmetrized gradient."""
    return xp.add(g, adjoint(xp, g)) / 2


def _matmul_left(xp: Any, g: Any, x: Any, y: Any) -> Any:
    if len(y.shape) == 1:  # out[..., i] = Σ x[..., i, j] y[j]
        return xp.multiply(_column(xp, g) if len(x.shape) > 1 else g, conjugate(xp, y))
    if len(x.shape) == 1:  # out[..., j] = Σ x[i] y[..., i, j]
        return xp.squeeze(xp.matmul(_row(xp, g), adjoint(xp, y)), axis=-2)
    return xp.matmul(g, adjoint(xp, y))


def _matmul_right(xp: Any, g: Any, x: Any, y: Any) -> Any:
    if len(x.shape) == 1:
        left, right = conjugate(xp, x), g
        if len(y.shape) > 1:
            left, right = _column(xp, left), _row(xp, g)
        return xp.multiply(left, right)
    if len(y.shape) == 1:
        return xp.squeeze(xp.matmul(adjoint(xp, x), _column(xp, g)), axis=-1)
    return xp.matmul(adjoint(xp, x), g)


def _pinv(xp: Any, g: Any, out: Any, x: Any) -> Any:
    # Golub and Pereyra (1973): -P dA P, and two terms from the complements of the ranges.
    p, ph, gh = out, adjoint(xp, out), adjoint(xp, g)
    left, right = chain(xp, gh, p, ph), chain(xp, ph, p, gh)
    return -chain(xp, ph, g, ph) + xp.subtract(left, chain(xp, x, p, left)) + xp.subtract(right, chain(xp, right, p, x))


def _cholesky(xp: Any, g: Any, out: Any) -> Any:
    inverse = xp.linalg.inv(out)
    half = xp.multiply(xp.tril(chain(xp, adjoint(xp, out), g)), 1 - 0.5 * identity(xp, out))
    return _hermitian(xp, chain(xp, adjoint(xp, inverse), half, inverse))


def _cofactors(xp: Any, x: Any) -> Any:
    """Return the cofactors of a matrix; of a small one as polynomials: a NaN enters those that read it (rule 4)."""
    size = x.shape[-1]
    if size == 2:
        return xp.multiply(xp.flip(x, axis=(-2, -1)), 2 * identity(xp, x) - 1)
    if size == 3:
        first, second, third = xp.unstack(x, axis=-2)
        cross = xp.linalg.cross
        return xp.stack([cross(second, third), cross(third, first), cross(first, second)], axis=-2)
    return xp.linalg.cofactor(x)


def _cofactor(xp: Any, g: Any, out: Any, x: Any) -> Any:
    k = xp.conj(g)
    singular = xp.expand_dims(xp.expand_dims(xp.linalg.is_singular(strip(x)), axis=-1), axis=-1)
    safe = xp.where(singular, identity(xp, x), x)
    inverse = xp.matrix_transpose(xp.linalg.inv(safe))
    trace = xp.sum(xp.multiply(out, k), axis=(-2, -1), keepdims=True)
    along = xp.subtract(xp.multiply(trace, inverse), chain(xp, out, xp.matrix_transpose(k), inverse))
    if bool(xp.any(singular)):
        along = xp.where(singular, xp.linalg.cofactor_along(x, k), along)
    return xp.conj(along)


def _slogdet(xp: Any, g: Any, out: Any, x: Any) -> Any:
    (g_sign, g_log), (sign, log) = g, out
    if g_log is None and not xp.is_complex(x):  # the sign alone, which is flat at singular matrices, too
        return xp.zeros_like(x)
    inverse = adjoint(xp, xp.linalg.inv(x))
    if g_log is None:
        g_log = xp.zeros_like(log)
    if g_sign is None or not xp.is_complex(x):  # the sign of a real determinant is flat (rule 3)
        return xp.multiply(_matrix(xp, g_log), inverse)
    turn = xp.imag(xp.multiply(xp.conj(sign), g_sign)) * 1j
    return xp.multiply(_matrix(xp, xp.add(turn, g_log)), inverse)


def _tied(xp: Any, values: Any) -> Any:
    """Tell which pairs of singular values or eigenvalues are equal but for rounding."""
    values = strip(values)
    count = values.shape[-1]
    gaps = xp.abs(_row(xp, values) - _column(xp, values))
    return gaps <= _column(xp, _rounding(xp, values, count))


def _rounding(xp: Any, values: Any, count: int) -> Any:
    """Return how far rounding may move the singular values or eigenvalues of a matrix of some size."""
    if values.shape[-1] == 0:
        return values
    return xp.max(xp.abs(values), axis=-1, keepdims=True) * (count * xp.finfo(values.dtype).eps)


def _shared(xp: Any, g: Any, tied: Any) -> Any:
    """Rule 7: equal values share their cotangents equally."""
    groups = xp.astype(tied, g.dtype)
    groups = groups / xp.sum(groups, axis=-1, keepdims=True)
    return xp.squeeze(xp.matmul(groups, _column(xp, g)), axis=-1)


def _over_gaps(xp: Any, gaps: Any, tied: Any) -> Any:
    """Return 1 / gaps off the diagonal; NaN between equal values, whose vectors are free (rule 7)."""
    eye = identity(xp, gaps)
    tied = xp.logical_and(tied, eye == 0)
    return xp.divide(1 - eye, xp.where(tied, xp.nan, xp.add(gaps, eye)))


def _eigh(xp: Any, g_values: Any, g_vectors: Any, values: Any, vectors: Any) -> Any:
    tied = _tied(xp, values)
    inner = 0.0
    if g_vectors is not None:
        gaps = xp.subtract(_row(xp, values), _column(xp, values))
        inner = xp.multiply(chain(xp, adjoint(xp, vectors), g_vectors), _over_gaps(xp, gaps, tied))
    if g_values is not None:
        inner = xp.add(_diagonal(xp, _shared(xp, g_values, tied)), inner)
    return _hermitian(xp, chain(xp, vectors, xp.astype(inner, vectors.dtype), adjoint(xp, vectors)))


def _diagonal(xp: Any, x: Any) -> Any:
    return xp.multiply(identity(xp, x), _row(xp, x))


def _svd(xp: Any, g: Any, out: Any) -> Any:
    (gu, gs, gvh), (u, s, vh) = g, out
    count = s.shape[-1]
    gu, u = _without_free_columns(xp, gu, u, count)
    gv, v = _without_free_columns(xp, None if gvh is None else adjoint(xp, gvh), adjoint(xp, vh), count)
    tied = _tied(xp, s)
    uh, vh = adjoint(xp, u), adjoint(xp, v)
    inner, outer = 0.0, 0.0
    if gs is not None:
        # Rule 7: slope 0 at a zero singular value.
        tiny = strip(s) <= _rounding(xp, strip(s), max(u.shape[-2], v.shape[-2]))
        inner = _diagonal(xp, xp.where(tiny, 0.0, _shared(xp, gs, tied)))
    if gu is not None or gv is not None:
        sums, gaps = xp.add(_row(xp, s), _column(xp, s)), xp.subtract(_row(xp, s), _column(xp, s))
        factor = xp.divide(_over_gaps(xp, gaps, tied), _nonzero(xp, sums))
    if gu is not None:
        along = chain(xp, uh, gu)
        turning = xp.multiply(xp.multiply(_skew(xp, along), factor), _row(xp, s))
        inner = xp.add(xp.add(turning, _phase(xp, along, s)), inner)
        if u.shape[-2] > u.shape[-1]:
            beyond = xp.divide(xp.subtract(gu, chain(xp, u, along)), _row(xp, s))
            outer = xp.add(chain(xp, beyond, vh), outer)
    if gv is not None:
        along = chain(xp, vh, gv)
        turning = xp.multiply(xp.multiply(_skew(xp, along), factor), _column(xp, s))
        inner = xp.add(xp.subtract(turning, _phase(xp, along, s)), inner)
        if v.shape[-2] > v.shape[-1]:
            beyond = xp.divide(xp.subtract(gv, chain(xp, v, along)), _row(xp, s))
            outer = xp.add(chain(xp, u, adjoint(xp, beyond)), outer)
    return xp.add(chain(xp, u, xp.astype(inner, u.dtype), vh), outer)


def _without_free_columns(xp: Any, g: Any, q: Any, count: int) -> tuple[Any, Any]:
    """Return the first columns of a unitary matrix, and the cotangent of all of them as one of these.

    The columns beyond are any basis of the complement. It turns with the first ones, by dq2 = -q1 (q2ᴴ dq1)ᴴ; what it
    turns by in itself is free (rule 7).
    """
    if q.shape[-1] == count:
        return g, q
    first = xp.getitem(q, (..., slice(0, count)))
    if g is None:
        return None, first
    beyond, g_beyond = (xp.getitem(part, (..., slice(count, None))) for part in (q, g))
    turned = chain(xp, beyond, adjoint(xp, g_beyond), first)
    return xp.subtract(xp.getitem(g, (..., slice(0, count))), turned), first


def _skew(xp: Any, x: Any) -> Any:
    return xp.subtract(x, adjoint(xp, x))


def _phase(xp: Any, along: Any, s: Any) -> Any:
    """Return the part of the free phase that each of two vectors takes: half; real vectors have none."""
    eye = identity(xp, s)
    if not xp.is_complex(along):
        return 0.0 * eye
    return xp.divide(xp.imag(along) * eye * 0.5j, _nonzero(xp, _row(xp, s)))


def _nonzero(xp: Any, x: Any) -> Any:
    """Return a divisor with 1 for 0: one singular value of 0 is no repeated one, and takes no part."""
    return xp.where(strip(x) == 0, 1.0, x)


def _qr(xp: Any, gq: Any, gr: Any, q: Any, r: Any) -> Any:
    # Tall or square; S. F. Walter and L. Lehmann (2010).
    count = r.shape[-1]
    gq, q = _without_free_columns(xp, gq, q, count)
    if r.shape[-2] > count:  # zeros below
        r = xp.getitem(r, (..., slice(0, count), slice(None)))
        gr = None if gr is None else xp.getitem(gr, (..., slice(0, count), slice(None)))
    inner = 0.0
    if gr is not None:
        inner = xp.add(chain(xp, r, adjoint(xp, gr)), inner)
    if gq is not None:
        inner = xp.add(-chain(xp, adjoint(xp, gq), q), inner)
    lower = xp.tril(inner, k=-1)
    eye = identity(xp, r)
    symmetric = lower + adjoint(xp, lower) + _hermitian(xp, inner) * eye
    g = chain(xp, q, symmetric)
    g = g if gq is None else xp.add(gq, g)
    return adjoint(xp, xp.linalg.solve(r, adjoint(xp, g)))


def _power_norm(xp: Any, g: Any, out: Any, x: Any, *, axis: Any, keepdims: bool, ord: float) -> Any:
    norm = restore_axes(xp, out, x, axis, keepdims)
    g = restore_axes(xp, g, x, axis, keepdims)
    if ord == 2:
        return xp.multiply(g, ratio(xp, x, xp.astype(norm, x.dtype)))
    # sign(x) (|x| / norm)^(ord - 1); 0 at an element that is 0 (rule 2).
    size = ratio(xp, xp.abs(x), norm)
    zero = strip(size) == 0
    slope = xp.where(zero, 0.0, xp.pow(xp.where(zero, 1.0, size), ord - 1))
    return xp.multiply(g, xp.multiply(xp.sign(x), slope))
