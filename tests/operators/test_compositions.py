"""Operators inside operators, up to the third order, against closed forms."""

import itertools

import numpy as np
import pytest

import multigrad
from multigrad import checkpoint, gradient, hessian, hvp, jacobian, jvp, laplacian, value_and_jacobian, vjp, vmap, xp

from .trees import assert_tree

X = np.asarray([0.7, -1.2, 2.0])
ROWS = np.asarray([[0.3, -0.8, 1.1], [1.7, 0.4, -0.6]])
RTOL = 1e-11


def cubes(x):
    return xp.sum(x**3)


def quartic(x):
    return xp.sum(x**4)


def cross(x):
    """Return x0² x1 x2, whose derivatives mix."""
    return x[0] ** 2 * x[1] * x[2]


def third_of_cross(x):
    a, b, c = x
    result = np.zeros((3, 3, 3))
    for value, indices in ((2 * c, (0, 0, 1)), (2 * b, (0, 0, 2)), (2 * a, (0, 1, 2))):
        for permuted in itertools.permutations(indices):
            result[permuted] = value
    return result


def hessian_of_cross(x):
    a, b, c = x
    return np.asarray([[2 * b * c, 2 * a * c, 2 * a * b], [2 * a * c, 0, a**2], [2 * a * b, a**2, 0]])


def gradient_of_cross(x):
    a, b, c = x
    return np.asarray([2 * a * b * c, a**2 * c, a**2 * b])


def per_row(block):
    """Return the Jacobian of a function of single rows, applied to each: zero between rows."""
    result = np.zeros((2, 3, 2, 3))
    for row in range(2):
        result[row, :, row, :] = block(ROWS[row])
    return result


# Name: (function of the options that gives the composed operator, its argument, the closed form).
COMPOSITIONS = {
    "gradient of a function of a gradient": (
        lambda o: gradient(lambda x: xp.sum(gradient(cubes)(x) ** 2), **o), X, 36 * X**3),
    "gradient of a function of hvp": (
        lambda o: gradient(lambda x: xp.sum(hvp(cubes, (x,), (x,))[0]), **o), X, 12 * X),
    "gradient of a function of hvp, constant tangent": (
        lambda o: gradient(lambda x: xp.sum(hvp(cubes, (x,), (X,))[0]), **o), X, 6 * X),
    "gradient of a function of jvp": (
        lambda o: gradient(lambda x: xp.sum(jvp(lambda y: y**3, (x,), (xp.ones_like(x),))[1]), **o), X, 6 * X),
    "gradient in the tangent": (
        lambda o: gradient(lambda t: xp.sum(jvp(lambda y: y**3, (xp.asarray(X),), (t,))[1] ** 2), **o), X, 18 * X**5),
    "gradient of a function of jacobian": (
        lambda o: gradient(lambda x: xp.sum(jacobian(lambda y: y**3)(x) ** 2), **o), X, 36 * X**3),
    "gradient of a function of a forward jacobian": (
        lambda o: gradient(lambda x: xp.sum(jacobian(lambda y: y**3, mode="forward")(x) ** 2), **o), X, 36 * X**3),
    "gradient of a function of hessian": (
        lambda o: gradient(lambda x: xp.sum(hessian(cubes)(x) ** 2), **o), X, 72 * X),
    "gradient of laplacian": (lambda o: gradient(laplacian(quartic), **o), X, 24 * X),
    "hessian of laplacian": (lambda o: hessian(laplacian(quartic), **o), X, 24 * np.eye(3)),
    "laplacian of a vector, differentiated": (
        lambda o: jacobian(laplacian(lambda x: x**4), **o), X, np.diag(24 * X)),
    "laplacian of powers at 0": (
        lambda o: laplacian(lambda x: xp.pow(x, xp.asarray([0.0, 1.0, 2.0, 3.0])), **o), np.zeros(4),
        np.asarray([0.0, 0.0, 2.0, 0.0])),
    "vmap of jvp of jvp of powers at 0": (
        lambda o: vmap(lambda t: jvp(
            lambda y: jvp(lambda x: xp.pow(x, xp.asarray([0.0, 1.0, 2.0, 3.0])), (y,), (t,))[1],
            (np.zeros(4),), (t,))[1], **o), np.eye(4), np.diag([0.0, 0.0, 2.0, 0.0])),
    "laplacian of laplacian": (lambda o: laplacian(laplacian(quartic), **o), X, np.asarray(72.0)),
    "gradient of a pullback": (
        lambda o: gradient(lambda x: xp.sum(vjp(lambda y: y**3, x)[1](x)[0]), **o), X, 9 * X**2),
    "jvp of gradient": (lambda o: lambda x: jvp(gradient(cross), (x,), (x,), **o)[1], X, hessian_of_cross(X) @ X),
    "jvp of hvp": (
        lambda o: lambda x: jvp(lambda y: hvp(cross, (y,), (X,))[0], (x,), (X,), **o)[1], X,
        np.einsum("ijk,j,k->i", third_of_cross(X), X, X)),
    "hvp of hvp": (
        lambda o: lambda x: hvp(lambda y: xp.sum(hvp(cubes, (y,), (X,))[0] ** 2), (x,), (X,), **o)[0], X, 72 * X**3),
    "jacobian of hessian": (lambda o: jacobian(hessian(cross), **o), X, third_of_cross(X)),
    "forward jacobian of hessian": (lambda o: jacobian(hessian(cross), mode="forward", **o), X, third_of_cross(X)),
    "reverse jacobian of forward jacobian of gradient": (
        lambda o: jacobian(jacobian(gradient(cross), mode="forward"), mode="reverse", **o), X, third_of_cross(X)),
    "hessian of value_and_jacobian's value": (
        lambda o: hessian(lambda x: value_and_jacobian(cross)(x)[0], **o), X, hessian_of_cross(X)),
    "vmap of gradient": (lambda o: vmap(gradient(cubes), **o), ROWS, 3 * ROWS**2),
    "vmap of hessian": (
        lambda o: vmap(hessian(cross), **o), ROWS, np.stack([hessian_of_cross(row) for row in ROWS])),
    "vmap of jacobian": (
        lambda o: vmap(jacobian(lambda x: x**2), **o), ROWS, np.stack([np.diag(2 * row) for row in ROWS])),
    "vmap of forward jacobian": (
        lambda o: vmap(jacobian(lambda x: x**2, mode="forward"), **o), ROWS,
        np.stack([np.diag(2 * row) for row in ROWS])),
    "vmap of jvp": (
        lambda o: vmap(lambda x: jvp(lambda y: y**3, (x,), (x,))[1], **o), ROWS, 3 * ROWS**3),
    "vmap of hvp": (lambda o: vmap(lambda x: hvp(cubes, (x,), (x,))[0], **o), ROWS, 6 * ROWS**2),
    "vmap of laplacian": (lambda o: vmap(laplacian(cubes), **o), ROWS, 6 * ROWS.sum(axis=1)),
    "gradient of vmap": (lambda o: gradient(lambda r: xp.sum(vmap(cubes)(r) ** 2), **o), ROWS,
        6 * (ROWS**3).sum(axis=1, keepdims=True) * ROWS**2),
    "hessian of vmap": (lambda o: hessian(lambda r: xp.sum(vmap(cross)(r)), **o), ROWS, per_row(hessian_of_cross)),
    "jacobian of vmap": (
        lambda o: jacobian(vmap(gradient(cross)), **o), ROWS, per_row(hessian_of_cross)),
    "forward jacobian of vmap": (
        lambda o: jacobian(vmap(gradient(cross)), mode="forward", **o), ROWS, per_row(hessian_of_cross)),
    "jvp of vmap": (lambda o: lambda r: jvp(vmap(lambda x: x**3), (r,), (r,), **o)[1], ROWS, 3 * ROWS**3),
    "hvp of vmap": (
        lambda o: lambda r: hvp(lambda s: xp.sum(vmap(cubes)(s)), (r,), (r,), **o)[0], ROWS, 6 * ROWS**2),
    "vmap of vmap": (lambda o: vmap(vmap(lambda x: x**2 + 1), **o), ROWS, ROWS**2 + 1),
    "vmap of vmap over both axes": (
        lambda o: lambda r: vmap(lambda x: vmap(lambda y: x * y)(xp.asarray(X)), in_axes=0, **o)(r[0]),
        ROWS, np.outer(ROWS[0], X)),
    "gradient of vmap of gradient of vmap": (
        lambda o: gradient(lambda r: xp.sum(vmap(gradient(lambda x: xp.sum(vmap(lambda y: y**3)(x))))(r)), **o),
        ROWS, 6 * ROWS),
    "third order through vmap": (
        lambda o: gradient(lambda r: xp.sum(vmap(laplacian(quartic))(r)), **o), ROWS, 24 * ROWS),
    "closure over the mapped variable": (
        lambda o: vmap(lambda x: gradient(lambda y: xp.sum(x * y**2))(x), **o), ROWS, 2 * ROWS**2),
    "gradient of what vmap closes over": (
        lambda o: gradient(lambda w: xp.sum(vmap(lambda row: xp.sum(row * w) ** 2)(xp.asarray(ROWS))), **o), X,
        2 * ROWS.T @ (ROWS @ X)),
    "checkpoint inside hessian": (
        lambda o: hessian(lambda x: checkpoint(cross)(x) + xp.sum(x), **o), X, hessian_of_cross(X)),
    "checkpoint inside third order": (lambda o: jacobian(hessian(checkpoint(cross)), **o), X, third_of_cross(X)),
    "checkpoint inside vmap of gradient": (
        lambda o: vmap(gradient(checkpoint(cross)), **o), ROWS, np.stack([gradient_of_cross(r) for r in ROWS])),
    "checkpoint of a function with a gradient inside": (
        lambda o: gradient(checkpoint(lambda x: xp.sum(gradient(cubes)(x) ** 2)), **o), X, 36 * X**3),
}  # fmt: skip


@pytest.mark.parametrize(("build", "x", "expected"), COMPOSITIONS.values(), ids=COMPOSITIONS)
def test_composition(build, x, expected, backend):
    assert_tree(build({"backend": backend})(x), expected, RTOL)


@pytest.mark.parametrize("name", [name for name in COMPOSITIONS if "vmap of" not in name or "gradient" in name])
def test_composition_on_native_arrays(name, backend):
    build, x, expected = COMPOSITIONS[name]
    assert_tree(build({"backend": backend, "arrays": "native"})(x), expected, RTOL)


def test_complex_hvp_differentiated(backend, arrays):
    # g(z) = |z|⁴ along t: H t = 8 Re(conj(z) t) z + 4 |z|² t; Re<t, H t> is differentiated once more in z.
    z, t = 1.0 + 2.0j, 0.5 - 1.0j

    def curvature(w):
        (product,) = hvp(lambda v: xp.real(v * xp.conj(v)) ** 2, (w,), (t,))
        return xp.real(product * t.conjugate())

    # 8 Re(conj(w) t)² + 4 |w|² |t|²
    expected = 16 * (z.conjugate() * t).real * t + 8 * abs(t) ** 2 * z
    assert_tree(gradient(curvature, backend=backend, arrays=arrays)(z), np.asarray(expected), RTOL)


def test_third_order_of_several_arguments(backend):
    def f(x, y):
        return xp.sum(x**2) * y**3

    found = jacobian(hessian(f, (0, 1)), 1, backend=backend)(X, 2.0)
    expected = ((24.0 * np.eye(3), 24 * X), (24 * X, np.asarray(6 * X @ X)))
    assert_tree(found, expected, RTOL)


def test_fourth_order(backend):
    found = laplacian(laplacian(lambda x: xp.sum(x**4) + x[0] ** 2 * x[1] ** 2), backend=backend)(X)
    assert_tree(found, np.asarray(72.0 + 8.0), RTOL)


def test_operators_keep_the_options_of_the_running_computation(backend):
    def f(x):
        inner = hessian(cubes)(3.0 * xp.ones(2))
        assert isinstance(inner, multigrad.Array)
        assert inner.backend == backend
        return x * inner[0, 0]

    assert_tree(gradient(f, backend=backend)(1.0), np.asarray(18.0), RTOL)
