"""First and second derivatives of every differentiable function at smooth points, against finite differences.

First derivatives are compared with differences of NumPy's values, second ones, along a fixed direction, with
differences of the backend's own first derivatives. On JAX they run compiled, which costs half as much there.
"""

import array_api_compat.numpy as reference
import numpy as np
import pytest

import multigrad
from multigrad import xp

from .cases import CASES, ELEMENTWISE
from .comparison import as_list
from .differences import gradients, slope
from .inputs import EMPTY, point
from .signatures import MAIN

SMOOTH = [(name, dtype) for name, case in CASES.items() if case.smooth for dtype in case.smooth_dtypes]


def weighted(ns, out):
    """Sum the real and imaginary parts of all results, each element with a weight of its own."""
    total = 0.0
    for i, part in enumerate(as_list(out)):
        weights = ns.asarray(np.cos(1.0 + i + np.arange(np.prod(part.shape, dtype=int))).reshape(part.shape))
        total = total + ns.sum(ns.real(part) * weights)
        if ns.isdtype(part.dtype, "complex floating"):
            total = total + ns.sum(ns.imag(part) * ns.flip(weights)) * 0.5
    return total


def runner(backend):
    """Return what evaluates a function of NumPy arrays on a backend: compiled on JAX, else as it is."""
    if backend != "jax":
        return lambda f: lambda *args: [multigrad.to_numpy(part) for part in f(*args)]
    import jax

    def compiled(f):
        # What is tested is the trace; LLVM's optimization would double the time.
        f = jax.jit(
            f, compiler_options={"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
        )

        def call(*args):
            with jax.enable_x64(True):
                return [np.asarray(part) for part in f(*args)]

        return call

    return compiled


@pytest.mark.parametrize(("name", "dtype"), SMOOTH)
def test_first_and_second_derivatives(backend, name, dtype):
    case = CASES[name]
    points = point(case, dtype)
    directions = [
        np.cos(2.0 + np.arange(p.size)).reshape(p.shape) * (1.0 if dtype == "float64" else 1 + 0.5j) for p in points
    ]

    def f(*args):
        return weighted(xp, case.smooth(xp, *args))

    def along(*args):
        parts = multigrad.gradient(f, (0, 1))(*args)
        return sum(xp.sum(xp.real(part * np.conj(d))) for part, d in zip(parts, directions, strict=True)), parts

    def both(*args):
        second, first = multigrad.gradient(along, (0, 1), has_aux=True, backend=backend)(*args)
        return *first, *second

    program = runner(backend)(both)
    found = program(*points)
    expected = gradients(lambda *args: weighted(reference, case.smooth(reference, *args)), points)
    for one, other in zip(found[:2], expected, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-8 * max(1.0, np.max(np.abs(other))))

    # On JAX a second program would cost more than the second derivatives that are not looked at.
    first = program if backend == "jax" else runner(backend)(multigrad.gradient(f, (0, 1), backend=backend))

    def moved(step):
        return np.stack(first(*(p + step * d for p, d in zip(points, directions, strict=True)))[:2])

    expected = slope(moved)
    for one, other in zip(found[2:], expected, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7 * max(1.0, np.max(np.abs(other))))


UNARY = [name for name in ELEMENTWISE if MAIN.get(name) == "(x, /)" and ELEMENTWISE[name].smooth]
BINARY = [name for name in ELEMENTWISE if MAIN.get(name) == "(x1, x2, /)" and ELEMENTWISE[name].smooth]
SHAPES = {"0d": ((), ()), "0d-and-vector": ((), (3,)), "both-broadcast": ((2, 1), (3,)), "empty": ((0, 1), (2,))}


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_elementwise_gradients_of_every_shape(backend, shapes):
    """All functions in one sum: their gradients at each shape are checked together, at (0, 1) where all are smooth."""
    points = [np.asarray(0.35 + 0.05 * np.arange(np.prod(s, dtype=int)).reshape(s)) for s in shapes]
    points[1] = np.asarray(points[1] + 0.013)

    def f(ns, x, y):
        parts = [getattr(ns, name)(1.5 + x if name == "acosh" else x) for name in UNARY]
        return weighted(ns, parts + [getattr(ns, name)(x, y) for name in BINARY])

    found = runner(backend)(multigrad.gradient(lambda *args: f(xp, *args), (0, 1), backend=backend))(*points)
    for one, other in zip(found, gradients(lambda *args: f(reference, *args), points), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("name", [name for name in EMPTY if name not in ELEMENTWISE and CASES[name].smooth])
def test_gradients_of_empty_arrays(backend, name):
    case = CASES[name]
    for shapes in EMPTY[name]:
        points = [np.ones(shape) for shape in shapes]
        gradient = multigrad.gradient(
            lambda *args: weighted(xp, case.smooth(xp, *args)) + xp.sum(args[0]), (0, 1), backend=backend
        )
        for one, other in zip(runner(backend)(gradient)(*points), points, strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)


@pytest.mark.parametrize(
    "name", ["sin", "tanh", "log1p", "asinh", "atan2", "hypot", "logaddexp", "pow", "divide", "linalg.det"]
)
def test_gradients_keep_single_precision(backend, name):
    case = CASES[name]
    gradient = multigrad.gradient(
        lambda *x: xp.sum(xp.stack(as_list(case.smooth(xp, *x))[:1])), (0, 1), backend=backend
    )
    single, double = (
        [multigrad.to_numpy(g) for g in gradient(*point(case, dtype))] for dtype in ("float32", "float64")
    )
    for one, other in zip(single, double, strict=True):
        assert (one.dtype, other.dtype) == (np.float32, np.float64)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
