"""The determinant with derivatives that are right at singular matrices and at NaN.

JAX 0.10.2 has the first derivative of a singular matrix only where the last pivot is the one that vanishes (0 where an
earlier one does, as with a zero column), NaN for the second, and 0 for both at NaN.
"""

import jax
import jax.numpy as jnp

from multigrad.array_api.jax._decompositions import spoiled


def _product(first, *factors):
    for factor in factors:
        first = jnp.matmul(first, factor, precision="highest")
    return first


def _each(numbers):
    return numbers[..., None, None]


@jax.custom_jvp
def _determinant(x):
    return jnp.linalg.det(x)


@_determinant.defjvp
def _determinant_rule(primals, tangents):
    (x,), (direction,) = primals, tangents
    value, cofactors = _with_cofactors(x)
    return value, jnp.sum(cofactors * direction, (-2, -1))


@jax.custom_jvp
def _with_cofactors(x):
    """Return the determinant and its derivative, of one decomposition."""
    value, pullback = jax.vjp(jnp.linalg.det, x)
    (found,) = pullback(jnp.ones_like(value))
    singular = value == 0
    found = jax.lax.cond(
        jnp.any(singular), lambda: jnp.where(_each(singular), _by_singular_values(x), found), lambda: found
    )
    return value, found * _each(jnp.where(jnp.any(jnp.isnan(x), (-2, -1)), jnp.nan, 1.0).astype(x.dtype))


def _by_singular_values(x):
    """Return the cofactors: products of all singular values but one."""
    u, s, vh = jnp.linalg.svd(x)
    others = _cumulative(s) * jnp.flip(_cumulative(jnp.flip(s, -1)), -1)
    phase = jnp.linalg.det(u) * jnp.linalg.det(vh)
    return _each(phase) * _product(jnp.conj(u) * others[..., None, :], jnp.conj(vh))


@_with_cofactors.defjvp
def _with_cofactors_rule(primals, tangents):
    (x,), (direction,) = primals, tangents
    value, cofactors = _with_cofactors(x)
    u, s, vh = jnp.linalg.svd(jax.lax.stop_gradient(x))
    # By the inverse, which has an error of eps times the condition number; the other way has none, and no derivative.
    singular = s[..., -1] <= s[..., 0] * jnp.finfo(s.dtype).eps ** 0.5
    regular = jnp.where(_each(singular), jnp.eye(x.shape[-1], dtype=x.dtype), x)
    inverse = jnp.linalg.inv(regular)
    along = _product(inverse, direction)
    by_inverse = _each(jnp.trace(along, axis1=-2, axis2=-1)) * inverse - _product(along, inverse)
    by_inverse = _each(_determinant(regular)) * jnp.matrix_transpose(by_inverse)
    # NaN, not 0, in the third order at a singular matrix.
    nothing = spoiled(jnp.sum(x - jax.lax.stop_gradient(x), (-2, -1)), singular)
    by_values = _by_values(u, s, vh, direction) + _each(nothing)
    turned = jnp.where(_each(singular), by_values, by_inverse)
    return (value, cofactors), (jnp.sum(cofactors * direction, (-2, -1)), turned)


def _by_values(u, s, vh, direction):
    """Return the derivative of the cofactors in a direction: products of all singular values but two."""
    size = s.shape[-1]
    follows = jnp.triu(jnp.ones((size, size), dtype=bool), 1)
    between = _cumulative(jnp.where(follows, s[..., None, :], 1.0))
    half = _cumulative(s)[..., :, None] * between * jnp.flip(_cumulative(jnp.flip(s, -1)), -1)[..., None, :]
    others = jnp.where(follows, half, 0.0)
    others = (others + jnp.matrix_transpose(others)).astype(direction.dtype)
    v = jnp.conj(jnp.matrix_transpose(vh))
    inner = _product(jnp.conj(jnp.matrix_transpose(u)), direction, v)
    on_diagonal = jnp.sum(others * jnp.diagonal(inner, axis1=-2, axis2=-1)[..., None, :], -1)
    found = on_diagonal[..., None] * jnp.eye(size, dtype=direction.dtype) - others * jnp.matrix_transpose(inner)
    phase = jnp.linalg.det(u) * jnp.linalg.det(vh)
    return _each(phase) * _product(jnp.conj(u), found, jnp.matrix_transpose(v))


def _cumulative(s):
    """Return products of all before each."""
    return jnp.concatenate([jnp.ones_like(s[..., :1]), jnp.cumprod(s, -1)[..., :-1]], -1)


@jax.jit
def det(x):
    if not x.shape[-1]:  # JAX has the value and no derivative
        return jnp.ones(x.shape[:-2], x.dtype)
    # Up to three rows JAX takes a sum of products, whose derivatives are right in every order.
    return jnp.linalg.det(x) if x.shape[-1] <= 3 else _determinant(x)
