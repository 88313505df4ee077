"""Matrices whose entries have no square in their dtype: what does not depend on their scale keeps its derivatives."""

import functools

import numpy as np
import pytest

import multigrad
from multigrad import xp

# Raised by torch's own forward mode and decompositions (2.13).
pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch._prims_common.check. is deprecated:FutureWarning"),
]

_GENERATOR = np.random.default_rng(3)
WEIGHTS, TURNS = _GENERATOR.normal(size=(4, 4)), np.asarray([0.3, -1.1, 2.0, 0.7])
# Powers of 2, with which the expected derivatives scale exactly.
SCALES = {"float64": (2.0**-660, 2.0**500), "float32": (2.0**-90, 2.0**70)}
SCALED = [(dtype, scale) for dtype, scales in SCALES.items() for scale in scales]


def matrix(size):
    return np.random.default_rng(size).normal(size=(size, size)) + 2 * np.eye(size)


def directions(f, x, v):
    """Return the gradient, the derivative along a direction, and that of the gradient, both ways."""

    def along(x):
        return multigrad.jvp(f, (x,), (v,))[1]

    gradient = multigrad.gradient(f)
    forward = multigrad.jvp(gradient, (x,), (v,))[1]
    return f(x), gradient(x), along(x), forward, multigrad.gradient(along)(x)


@functools.cache
def compiled_directions(f):
    return multigrad.jit(functools.partial(directions, f))


def evaluate(f, x, v, backend, dtype, compiled):
    run = compiled_directions(f) if compiled else functools.partial(directions, f)
    with multigrad.use_backend(backend, dtype=dtype):
        arrays = [multigrad.asarray(part.astype(dtype), backend=backend) for part in (x, v)]
        return [multigrad.to_numpy(part).astype(np.float64) for part in run(*arrays)]


def check(found, expected, dtype):
    tolerance = 1e-10 if dtype == "float64" else 2e-4
    for one, other in zip(found, expected, strict=True):
        size = np.max(np.abs(other))
        np.testing.assert_allclose(one / size, other / size, rtol=0, atol=tolerance)


def logarithm(x):
    return xp.linalg.slogdet(x)[1]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize(("dtype", "scale"), SCALED)
def test_slogdet(dtype, scale, size, backend, compiled):
    x, v = matrix(size), WEIGHTS[:size, :size]
    inverse = np.linalg.inv(x)
    turned = inverse @ v
    along = -(turned @ inverse).T / scale
    value = np.linalg.slogdet(x)[1] + size * np.log(scale)
    expected = (value, inverse.T / scale, np.trace(turned), along, along)
    check(evaluate(logarithm, x * scale, v * scale, backend, dtype, compiled), expected, dtype)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_slogdet_of_rows_and_columns_of_different_scale(backend, compiled):
    x, v = matrix(2), WEIGHTS[:2, :2]
    rows, columns = 2.0 ** np.asarray([[-660], [300]]), 2.0 ** np.asarray([[-250, 600]])
    inverse = np.linalg.inv(x)
    turned = inverse @ v
    scale = rows * columns
    along = -(turned @ inverse).T / scale
    expected = (
        np.linalg.slogdet(x)[1] + np.log(2.0) * -10,
        inverse.T / scale,
        np.trace(turned),
        along,
        along,
    )
    found = evaluate(logarithm, x * scale, v * scale, backend, "float64", compiled)
    for k in (1, 3, 4):  # each entry by its own scale
        found[k], expected = found[k] * scale, (*expected[:k], expected[k] * scale, *expected[k + 1 :])
    check(found, expected, "float64")


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_slogdet_of_one_badly_scaled_matrix_among_those_of_a_map(backend, compiled):
    def total(stack):
        return xp.sum(multigrad.vmap(logarithm)(stack))

    stack = np.stack([matrix(2) * 2.0**-660, matrix(2)])
    found = multigrad.to_numpy(multigrad.gradient(total, backend=backend, compile=compiled)(stack))
    inverse = np.linalg.inv(matrix(2)).T
    np.testing.assert_allclose(found * [[[2.0**-660]], [[1.0]]], [inverse, inverse], rtol=1e-12)


def turned_columns(x):
    q, r = xp.linalg.qr(x)
    weights, turns = (xp.asarray(part, dtype=x.dtype) for part in (WEIGHTS[:3, :3], TURNS[:3]))
    return xp.sum(weights * ((q * turns) @ r))


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize(("dtype", "scale"), SCALED)
def test_qr(dtype, scale, backend, compiled):
    x, v = matrix(3), WEIGHTS[:3, :3]
    ordinary = evaluate(turned_columns, x, v, "numpy", "float64", False)
    step = 1e-6
    near = [evaluate(turned_columns, x + t * v, v, "numpy", "float64", False)[0] for t in (step, -step)]
    np.testing.assert_allclose(ordinary[2], (near[0] - near[1]) / (2 * step), rtol=1e-6)
    value, gradient, along, *second = ordinary
    expected = (value * scale, gradient, along * scale, *second)
    check(evaluate(turned_columns, x * scale, v * scale, backend, dtype, compiled), expected, dtype)
