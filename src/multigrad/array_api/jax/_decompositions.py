"""Eigenvalues and singular values with the convention's derivatives, and NaN where a matrix is singular (rule 7).

JAX 0.10.2 gives each of several equal values the slope of one, a zero singular value that of its vectors, and between
vectors of equal values infinities or, after rounding, numbers; it does not differentiate the full form of svd. The
formulas are those of M. B. Giles, *Collected matrix derivative results for forward and reverse mode algorithmic
differentiation* (2008), with conjugates for complex matrices.
"""

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from multigrad.array_api.jax._overrides import ruled


class EighResult(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: jax.Array
    eigenvectors: jax.Array


class SVDResult(NamedTuple):
    """What `svd` gives."""

    U: jax.Array
    S: jax.Array
    Vh: jax.Array


class SlogdetResult(NamedTuple):
    """What `slogdet` gives."""

    sign: jax.Array
    logabsdet: jax.Array


def _product(*factors):
    return functools.reduce(functools.partial(jnp.matmul, precision="highest"), factors)


def _adjoint(x):
    return jnp.conj(jnp.matrix_transpose(x))


def _diagonal(x):
    return jnp.real(jnp.diagonal(x, axis1=-2, axis2=-1))


def _rounding(values, count):
    """Return how far rounding may move the eigenvalues or singular values of a matrix of some size."""
    values = jax.lax.stop_gradient(jnp.abs(values))
    return jnp.max(values, axis=-1, keepdims=True, initial=0.0) * (count * jnp.finfo(values.dtype).eps)


def _tied(values):
    """Tell which pairs of values are equal but for rounding."""
    fixed = jax.lax.stop_gradient(values)
    gaps = jnp.abs(fixed[..., None, :] - fixed[..., :, None])
    return gaps <= _rounding(values, values.shape[-1])[..., None]


def _shared(slopes, tied):
    """Return the slopes of values; equal ones share theirs equally."""
    return jnp.sum(jnp.where(tied, slopes[..., None, :], 0.0), axis=-1) / jnp.sum(tied, axis=-1)


def _over(differences, tied):
    """Return 1 / differences off the diagonal; NaN between equal values, whose vectors are free."""
    eye = jnp.eye(differences.shape[-1], dtype=bool)
    bad = jnp.where(tied, jnp.nan, differences)
    return jnp.where(eye, 0.0, 1.0 / jnp.where(eye, 1.0, bad))


@jax.custom_jvp
def _eigh(x):
    return tuple(jnp.linalg.eigh(x))


@_eigh.defjvp
def _eigh_rule(primals, tangents):
    values, vectors = _eigh(*primals)
    (change,) = tangents
    tied = _tied(values)
    moved = _product((change + _adjoint(change)) / 2, vectors)
    turning = _over(values[..., None, :] - values[..., :, None], tied) * _product(_adjoint(vectors), moved)
    # The diagonal of that product, without the product where the values alone are differentiated.
    along = jnp.sum(jnp.real(jnp.conj(vectors) * moved), axis=-2)
    return (values, vectors), (_shared(along, tied), _product(vectors, turning))


@jax.jit
def eigh(x):
    return EighResult(*_eigh(x))


@jax.jit
def eigvalsh(x):
    return _eigh(x)[0]


def _svd_tangents(primals, tangents, thin):
    """Return the tangents of the thin form: U, S and V, whose first columns are the full form's."""
    (x,), (change,), (u, s, v) = primals, tangents, thin
    tied = _tied(s)
    row, column = s[..., None, :], s[..., :, None]
    inner = _product(_adjoint(u), change, v)
    zero = jax.lax.stop_gradient(s) <= _rounding(s, max(x.shape[-2:]))
    ds = jnp.where(zero, 0.0, _shared(_diagonal(inner), tied))
    factor = _over(row - column, tied) / jnp.where(row + column == 0, 1.0, row + column)
    right, left = inner * row, column * inner
    # Of the free phase of two complex vectors the left one takes all.
    turn = jnp.eye(s.shape[-1]) * (inner - _adjoint(inner)) / jnp.where(row == 0, 1.0, 2 * row)
    du = _product(u, factor * (right + _adjoint(right)) + turn)
    dv = _product(v, factor * (left + _adjoint(left)))
    if u.shape[-2] > u.shape[-1]:
        along = _product(change, v)
        du = du + (along - _product(u, _adjoint(u), along)) / row
    if v.shape[-2] > v.shape[-1]:
        along = _product(_adjoint(change), u)
        dv = dv + (along - _product(v, _adjoint(v), along)) / row
    return du, ds, dv


def _with_complement(q, dq, count):
    """Return the tangent of a unitary matrix from that of its first columns: the others turn with them alone."""
    beyond = q[..., count:]
    return jnp.concat([dq, -_product(q[..., :count], _adjoint(dq), beyond)], axis=-1)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _svd(x, full):
    return tuple(jnp.linalg.svd(x, full_matrices=full))


@_svd.defjvp
def _svd_rule(full, primals, tangents):
    u, s, vh = out = _svd(*primals, full)
    v, count = _adjoint(vh), s.shape[-1]
    du, ds, dv = _svd_tangents(primals, tangents, (u[..., :count], s, v[..., :count]))
    if full:
        du, dv = _with_complement(u, du, count), _with_complement(v, dv, count)
    return out, (du, ds, _adjoint(dv))


_thin_svd = jax.jit(lambda x: _svd(x, False))


def svd(x, full_matrices):
    # The full form in a program of its own fails forwards over reverse: XLA forgets what kind of call its kernel is.
    return SVDResult(*(_svd(x, True) if full_matrices else _thin_svd(x)))


@jax.custom_jvp
def _svdvals(x):
    return jnp.linalg.svdvals(x)


@_svdvals.defjvp
def _svdvals_rule(primals, tangents):
    u, s, vh = _svd(*primals, False)
    return s, _svd_tangents(primals, tangents, (u, s, _adjoint(vh)))[1]


svdvals = jax.jit(_svdvals)

# The first argument, with NaN for its derivative where the second holds: infinities times zeros are not always that.
spoiled = ruled(lambda out, bad: out, (lambda xp, same, out, bad: xp.where(bad, jnp.nan, 1.0), None))


def _is_plain(x):
    """Tell where the determinant of a matrix of one row or two, and its square, are far from the dtype's limits."""
    determinant = x[..., 0, 0] if x.shape[-1] == 1 else x[..., 0, 0] * x[..., 1, 1] - x[..., 0, 1] * x[..., 1, 0]
    size = jnp.abs(determinant)[..., None, None]
    limit = 2.0 ** (jnp.finfo(size.dtype).maxexp // 2 - 16)
    return (size > 1 / limit) & (size < limit)


def _exponents(x):
    """Return exponents of 2 that bring the largest entries near 1: those of the rows first, then of the columns."""
    size = jnp.maximum(jnp.abs(jnp.real(x)), jnp.abs(jnp.imag(x)))
    entries = jnp.where((size > 0) & (size < jnp.inf), jnp.frexp(size)[1], -(10**4))
    rows = jnp.max(entries, -1, keepdims=True)
    columns = jnp.max(entries - rows, -2, keepdims=True)
    found = [jnp.where(jnp.abs(part) < 5000, -part, 0) for part in (rows, columns)]
    return found[0] + found[1]


def _small_slogdet(x):
    """Return slogdet of matrices of one row or two.

    JAX takes the logarithm of a·d - b·c, which leaves the range of the dtype long before the entries do, and the square
    of that in second derivatives sooner: there rows and columns are multiplied by powers of 2.
    """
    fixed = jax.lax.stop_gradient(x)
    plain = _is_plain(fixed)

    def scaled():
        exponents = jnp.where(plain, 0, _exponents(fixed))
        half, one = exponents // 2, jnp.ones_like(jnp.real(fixed))  # the whole power may be infinite
        sign, logarithm = jnp.linalg.slogdet(x * jnp.ldexp(one, half) * jnp.ldexp(one, exponents - half))
        # Each product has one entry of each row and column.
        return sign, logarithm - jnp.trace(exponents, axis1=-2, axis2=-1).astype(logarithm.dtype) * math.log(2)

    return jax.lax.cond(jnp.all(plain), lambda: tuple(jnp.linalg.slogdet(x)), scaled)


@jax.jit
def slogdet(x):
    sign, logarithm = _small_slogdet(x) if x.shape[-1] in (1, 2) else jnp.linalg.slogdet(x)
    singular = sign == 0
    if jnp.iscomplexobj(x):
        sign = spoiled(sign, singular)
    return SlogdetResult(sign, spoiled(logarithm, singular))


@jax.jit
def inv(x):
    out = jnp.linalg.inv(x)
    regular, finite = (jnp.all(jnp.isfinite(part), axis=(-2, -1), keepdims=True) for part in (out, x))
    return spoiled(out, finite & ~regular)


@jax.jit
def solve(x1, x2):
    out = jnp.linalg.solve(x1, x2)
    axes = -1 if x2.ndim == 1 else (-2, -1)
    # A system without a solution, or with many; not one whose numbers were infinite or NaN.
    finite = jnp.all(jnp.isfinite(x2), axis=axes, keepdims=True)
    return spoiled(out, finite & ~jnp.all(jnp.isfinite(out), axis=axes, keepdims=True))
