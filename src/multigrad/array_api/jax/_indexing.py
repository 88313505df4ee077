"""Indexing functions, and what `Array` reads and writes elements with."""

import jax
import jax.numpy as jnp
import numpy as np

from multigrad.array_api import _checks
from multigrad.array_api.jax._manipulation import broadcast_to
from multigrad.array_api.jax._object import is_symbolic
from multigrad.array_api.jax._values import check_positions, positions, required
from multigrad.array_api.jax._wide import keep_width

__all__ = ["take", "take_along_axis"]

_take, _take_along_axis = keep_width(jnp.take), keep_width(jnp.take_along_axis)


def take(x, indices, /, *, axis=None):
    axis = _checks.only_axis(axis, x.ndim, "take")
    indices = np.asarray(indices) if isinstance(indices, int | list | tuple) else indices
    check_positions(indices, x.shape[axis], axis)
    return _take(x, indices, axis=axis)


def take_along_axis(x, indices, /, *, axis=-1):
    axis = _checks.axis(axis, x.ndim)
    if indices.ndim != x.ndim:
        raise ValueError(
            f"xp.take_along_axis takes as many axes of indices as of values, got {indices.ndim}, {x.ndim}."
        )
    _checks.broadcast(*(array.shape[:axis] + array.shape[axis + 1 :] for array in (x, indices)))
    check_positions(indices, x.shape[axis], axis)
    return _take_along_axis(x, indices, axis=axis)


def getitem(x, key):
    key = _resolved(x, key)
    indices, pattern = (None, None) if is_symbolic(x) else _split(key)
    return _read(x, key) if pattern is None else _read_compiled(x, indices, pattern)


def setitem(x, key, value):
    mask = _only_mask(x, key)
    rest = 0 if mask is None else x.ndim - mask.ndim
    if mask is not None and all(size == 1 for size in value.shape[: max(value.ndim - rest, 0)]):
        # The same value for every element found needs no positions: it works under jit as well.
        return _fill(x, mask, value)
    parts = key if isinstance(key, tuple) else (key,)
    if value.ndim and len(parts) == x.ndim and all(isinstance(part, int) for part in parts):
        raise ValueError(f"Expected one value for the one element at {key}, got shape {value.shape}.")
    key = _resolved(x, key)
    indices, pattern = (None, None) if is_symbolic(x) or is_symbolic(value) else _split(key)
    return _write(x, key, value) if pattern is None else _write_compiled(x, indices, value, pattern)


@keep_width
@jax.jit
def _fill(x, mask, value):
    rest = x.ndim - mask.ndim
    value = broadcast_to(_fewer_axes(value, rest), x.shape[mask.ndim :])
    return jnp.where(jnp.reshape(mask, mask.shape + (1,) * rest), value, x)


@keep_width
def _read(x, key):
    return x[key]


@keep_width
def _write(x, key, value):
    if value.ndim and value.shape[0] == 1:  # NumPy drops axes that the elements at the key do not have
        value = _fewer_axes(value, jax.eval_shape(lambda array: array[key], x).ndim)
    try:
        return x.at[key].set(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"A value of shape {value.shape} does not fit the elements assigned to.") from error


def _fewer_axes(value, ndim):
    while value.ndim > ndim and value.shape[0] == 1:
        value = jnp.squeeze(value, 0)
    return value


# Outside a compiler JAX works out every index anew, which takes 0.1 to 1.5 ms: far longer than a compiled call.
# So compiled once for each pattern, with all positions as arguments; slices would be part of the pattern, and there may
# be many of them.
def _split(key):
    """Return the positions of a key and the pattern they stand in; the pattern is None if it has slices."""
    indices, pattern = [], []
    for part in key:
        if part is None or part is Ellipsis:
            pattern.append(part)
        elif isinstance(part, slice) and part == slice(None):
            pattern.append(":")
        elif isinstance(part, slice) or _is_scalar_bool(part):
            return None, None
        else:
            indices.append(part)
            pattern.append("index")
    return indices, tuple(pattern)


def _joined(indices, pattern):
    remaining = iter(indices)
    return tuple(next(remaining) if part == "index" else slice(None) if part == ":" else part for part in pattern)


@keep_width
def _read_compiled(x, indices, pattern):
    return _jitted_read(x, indices, pattern)


@keep_width
def _write_compiled(x, indices, value, pattern):
    return _jitted_write(x, indices, value, pattern)


_jitted_read = jax.jit(lambda x, indices, pattern: _read(x, _joined(indices, pattern)), static_argnums=2)
_jitted_write = jax.jit(
    lambda x, indices, value, pattern: _write(x, _joined(indices, pattern), value), static_argnums=3
)


def _resolved(x, key):
    """Return a key without masks, its positions checked: JAX clamps a position out of range."""
    parts = key if isinstance(key, tuple) else (key,)
    taken = sum(map(_axes_taken, parts))
    if taken > x.ndim:
        raise IndexError(f"Expected indices for at most {x.ndim} axes, got {taken}.")
    resolved, axis = [], 0
    for part in parts:
        if part is Ellipsis:
            axis += x.ndim - taken
            resolved.append(part)
        elif _is_mask(part):
            resolved.extend(_of_mask(part, x.shape[axis : axis + part.ndim]))
        else:
            if part is not None and not isinstance(part, slice) and not _is_scalar_bool(part):
                _check_index(part, x.shape[axis], axis)
            resolved.append(part)
        axis += _axes_taken(part)
    _check_together(resolved)
    return tuple(resolved)


def _check_index(index, size, axis):
    if isinstance(index, int):
        if not -size <= index < size:
            raise IndexError(f"Index {index} is out of bounds for axis {axis} with size {size}.")
    elif getattr(getattr(index, "dtype", None), "kind", None) not in ("i", "u"):
        given = f"an array of {index.dtype}" if hasattr(index, "dtype") else repr(index)
        raise IndexError(f"Expected integers, slices, masks, None or ... as an index, got {given}.")
    else:
        check_positions(index, size, axis)


def _check_together(parts):
    shapes = [part.shape for part in parts if hasattr(part, "shape")]
    if len(shapes) > 1:
        try:
            _checks.broadcast(*shapes)
        except ValueError as error:
            raise IndexError(f"Expected index arrays whose shapes broadcast: {error}") from None


def _of_mask(mask, shape):
    if mask.shape != shape:
        raise IndexError(f"Expected a mask of shape {shape} for these axes, got {mask.shape}.")
    if mask.ndim:
        return positions(mask, "x[mask]")
    return (bool(required(mask, "x[mask]")),)


def _only_mask(x, key):
    """Return the mask that is the whole key, if it is one that fits."""
    if isinstance(key, tuple) and len(key) == 1:
        key = key[0]
    return key if _is_mask(key) and key.shape == x.shape[: key.ndim] else None


def _axes_taken(part):
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if getattr(part, "dtype", None) == np.bool_ else 1


def _is_mask(part):
    return isinstance(part, jax.Array | np.ndarray) and part.dtype == np.bool_


def _is_scalar_bool(part):
    return isinstance(part, bool | np.bool_)
