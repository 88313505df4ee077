"""How a call of another library is judged: its value on NumPy's arrays, and finite differences of that.

A call is a function of the vector X. Its outputs are weighted, so that every element of every output has a cotangent
of its own.
"""

import functools

import numpy as np
import pytest

import multigrad
from multigrad import DetachedValueError, xp

X = np.array([0.51, 0.23, 0.87, 0.42, 0.65, 0.34, 0.78, 0.19, 0.56, 0.71, 0.29, 0.91])
DIRECTIONS = np.random.default_rng(0).standard_normal((2, X.size)) / np.sqrt(X.size)


def matrix(x):
    return xp.reshape(x, (3, 4))


def rows(x, n=2):
    return xp.reshape(x, (-1, n))


def constant(values):
    return xp.asarray(np.asarray(values, dtype=np.float64))


def calls(where, module, names, call):
    """Return one call for each of these functions of a module: ``call(function, x)``."""
    return {f"{where}.{name}": functools.partial(call, getattr(module, name)) for name in names.split()}


# Where calls of hundreds of small operations are quick: JAX compiles them one by one for each shape.
without_jax = pytest.mark.backends("numpy", "torch", "tensorflow")


def prefixed(prefix, table):
    return {f"{prefix}.{name}": call for name, call in table.items()}


def functions(table):
    """Return the functions that these calls call: several calls of one differ in what follows the hyphen."""
    return sorted({name.partition("-")[0] for name in table}, key=str.lower)


def named(table, *, among=None, without=()):
    """Parametrize a test by the names of calls."""
    return pytest.mark.parametrize(
        "name", [name for name in table if name not in without and (among is None or name in among)]
    )


def outputs(out):
    """Yield the floating and complex arrays and numbers in what a function returns."""
    if isinstance(out, tuple | list):
        for part in out:
            yield from outputs(part)
    elif isinstance(out, float | complex) or any(
        kind in str(getattr(out, "dtype", "")) for kind in ("float", "complex")
    ):
        yield xp.asarray(out)


def weighted(out):
    """Return a real number in which every element of the outputs has a weight of its own."""
    total = 0.0
    for position, array in enumerate(outputs(out)):
        shape = tuple(array.shape)
        weights = np.cos(np.arange(np.prod(shape, dtype=int)) + 1.0 + position).reshape(shape)
        if "complex" in str(array.dtype):
            total = total + xp.sum(xp.imag(array) * np.sin(9 * weights)) + xp.sum(xp.real(array) * weights)
        else:
            total = total + xp.sum(array * weights)
    return total


@functools.cache
def value_and_slopes(call):
    """Return the value on NumPy's own arrays, and slopes along DIRECTIONS by Richardson's extrapolation."""

    def value(x):
        return float(weighted(call(x)))

    def slopes(h):
        return np.asarray([(value(X + h * d) - value(X - h * d)) / (2 * h) for d in DIRECTIONS])

    return value(X), (4 * slopes(5e-5) - slopes(1e-4)) / 3


def check_gradient(call, backend):
    """Compare value and gradient with NumPy's value and differences; return the gradient."""
    value, gradient = multigrad.value_and_gradient(lambda x: weighted(call(x)), backend=backend)(X)
    expected, slopes = value_and_slopes(call)
    np.testing.assert_allclose(multigrad.to_numpy(value), expected, rtol=1e-10, atol=1e-12)
    gradient = multigrad.to_numpy(gradient)
    np.testing.assert_allclose(DIRECTIONS @ gradient, slopes, rtol=1e-6, atol=1e-8)
    return gradient


def check_that_it_leaves(call, backend):
    """Check that a call which would take a value out of the computation raises."""
    with pytest.raises(DetachedValueError, match="out of the computation"):
        multigrad.gradient(lambda x: weighted(call(x)), backend=backend)(X)


def check_that_it_refuses(call, backend):
    """Check that a call which asks for more than the standard raises."""
    with pytest.raises((AttributeError, IndexError, RuntimeError, TypeError, ValueError)) as raised:
        multigrad.gradient(lambda x: weighted(call(x)), backend=backend)(X)
    assert not isinstance(raised.value, DetachedValueError)
