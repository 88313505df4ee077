"""vmap of functions of matrices: b is a vector only if it has one axis, whatever the axes that vmap adds."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

SHAPES = {
    "stack-of-rows": ((2, 1), None),
    "stack": ((2,), None),
    "twice-two": ((2, 2), None),
    "matrix": ((), None),
    "columns": ((2, 1), (2,)),
    "more-right": ((), (3, 1)),
    "both": ((2, 1), (1, 3)),
}
shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
axes = pytest.mark.parametrize("in_axes", [(0, 0), (0, None), (None, 0), (-1, 1)], ids=str)


def examples(shape, count=2, size=2):
    """Return a stack of matrices and one of right-hand sides, for ``count`` slices."""
    rng = np.random.default_rng(3)
    left, right = shape
    a = rng.normal(size=(count, *left, size, size)) + 5 * np.eye(size)
    return a, rng.normal(size=(count, size) if right is None else (count, *right, size, 3))


def solution(a, b):
    """Multiply by the inverse."""
    return np.linalg.inv(a) @ b


def gradients(a, b):
    """Return those of the sum of the squares: A⁻ᴴ g for b and −A⁻ᴴ g xᵀ for A, with g = 2x."""
    columns = b[:, None] if b.ndim == 1 else b
    x = solution(a, columns)
    right = 2 * solution(np.swapaxes(a, -1, -2), x)
    left = -right @ np.swapaxes(x, -1, -2)
    return _summed(left, a.shape), _summed(right, columns.shape).reshape(b.shape)


def _summed(x, shape):
    """Sum over the axes along which an array of a shape was stretched."""
    x = x.sum(tuple(range(x.ndim - len(shape))))
    stretched = tuple(i for i, size in enumerate(shape) if size == 1 != x.shape[i])
    return x.sum(stretched, keepdims=True)


def arguments(a, b, in_axes):
    """Return the arguments with the mapped axes where they are said to be, and the pairs of the slices."""
    given = [x[0] if axis is None else np.moveaxis(x, 0, axis) for x, axis in zip((a, b), in_axes, strict=True)]
    chosen = [[x[0]] * len(x) if axis is None else x for x, axis in zip((a, b), in_axes, strict=True)]
    return given, list(zip(*chosen, strict=True))


def squares(a, b):
    return xp.sum(xp.linalg.solve(a, b) ** 2)


@shapes
@axes
@pytest.mark.parametrize("count", [2, 3])
def test_solve(shape, in_axes, count, backend):
    given, pairs = arguments(*examples(shape, count), in_axes)
    found = multigrad.vmap(xp.linalg.solve, in_axes=in_axes, backend=backend)(*given)
    expected = [solution(a, b[:, None])[..., 0] if b.ndim == 1 else solution(a, b) for a, b in pairs]
    np.testing.assert_allclose(multigrad.to_numpy(found), np.stack(expected), rtol=1e-12)


@shapes
@axes
def test_gradients_of_solve(shape, in_axes, backend):
    given, pairs = arguments(*examples(shape), in_axes)
    mapped = multigrad.vmap(multigrad.gradient(squares, argnums=(0, 1)), in_axes=in_axes, backend=backend)
    expected = [np.stack(parts) for parts in zip(*[gradients(a, b) for a, b in pairs], strict=True)]
    for one, other in zip(mapped(*given), expected, strict=True):
        np.testing.assert_allclose(multigrad.to_numpy(one), other, rtol=1e-11, atol=1e-13)


@shapes
def test_gradient_around_a_map(shape, backend):
    a, b = examples(shape)

    def f(a, b):
        return xp.sum(multigrad.vmap(squares)(a, b))

    found = multigrad.gradient(f, argnums=(0, 1), backend=backend)(a, b)
    expected = [np.stack(parts) for parts in zip(*map(gradients, a, b), strict=True)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(multigrad.to_numpy(one), other, rtol=1e-11, atol=1e-13)


@shapes
def test_nested_maps_of_solve(shape, backend):
    a, b = examples(shape)

    def f(left):
        return multigrad.vmap(lambda right: xp.linalg.solve(left, right))(xp.asarray(b))

    found = multigrad.to_numpy(multigrad.vmap(f, backend=backend)(a))
    expected = [[solution(x, y[:, None])[..., 0] if y.ndim == 1 else solution(x, y) for y in b] for x in a]
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-12)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobian_in_the_vector(mode, backend):
    a, b = (x[0] for x in examples(SHAPES["stack-of-rows"]))
    found = multigrad.jacobian(lambda b: xp.linalg.solve(xp.asarray(a), b), mode=mode, backend=backend)(b)
    np.testing.assert_allclose(multigrad.to_numpy(found), np.linalg.inv(a), rtol=1e-12)


# A function of arrays, the same on NumPy, and the shapes of a slice of each.
PRODUCTS = {
    "matmul-vectors": (lambda a, b: xp.matmul(a, b), np.matmul, (3,), (3,)),
    "matmul-vector-matrix": (lambda a, b: xp.matmul(a, b), np.matmul, (2,), (2, 2)),
    "matmul-stack-vector": (lambda a, b: xp.matmul(a, b), np.matmul, (2, 2, 2), (2,)),
    "matmul-vector-stack": (lambda a, b: xp.matmul(a, b), np.matmul, (2,), (2, 2, 2)),
    "matmul-stacks": (lambda a, b: xp.matmul(a, b), np.matmul, (2, 1, 2, 2), (3, 2, 2)),
    "tensordot": (lambda a, b: xp.tensordot(a, b, axes=1), lambda a, b: np.tensordot(a, b, 1), (2, 2), (2,)),
    "tensordot-axes": (
        lambda a, b: xp.tensordot(a, b, axes=((0, 2), (1, 0))),
        lambda a, b: np.tensordot(a, b, ((0, 2), (1, 0))),
        (2, 3, 2),
        (2, 2),
    ),
    "vecdot": (lambda a, b: xp.vecdot(a, b), lambda a, b: np.sum(a * b, -1), (2, 1, 2), (3, 2)),
    "cross": (lambda a, b: xp.linalg.cross(a, b), np.cross, (2, 1, 3), (3,)),
    "outer": (lambda a, b: xp.linalg.outer(a, b), np.outer, (2,), (2,)),
    "inv": (lambda a, b: xp.matmul(xp.linalg.inv(a), b), lambda a, b: np.linalg.inv(a) @ b, (2, 1, 2, 2), (2,)),
}


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
@axes
def test_products(product, in_axes, backend):
    function, expected, *sizes = product
    rng = np.random.default_rng(4)
    a, b = [rng.normal(size=(2, *size)) for size in sizes]
    if len(sizes[1]) == 1 and in_axes[1] == 1:
        in_axes = (in_axes[0], -1)
    given, pairs = arguments(a, b, in_axes)
    found = multigrad.vmap(function, in_axes=in_axes, backend=backend)(*given)
    np.testing.assert_allclose(multigrad.to_numpy(found), np.stack([expected(*pair) for pair in pairs]), rtol=1e-11)
    # The functions are bilinear but for inv: along b the derivative is the value.
    pushed = multigrad.vmap(
        lambda a, b: multigrad.jvp(lambda b: function(a, b), (b,), (b,))[1], in_axes=in_axes, backend=backend
    )(*given)
    np.testing.assert_allclose(multigrad.to_numpy(pushed), multigrad.to_numpy(found), rtol=1e-11, atol=1e-13)
    pulled = multigrad.vmap(
        multigrad.gradient(lambda b, a: xp.sum(function(a, b))), in_axes=in_axes[::-1], backend=backend
    )(*given[::-1])
    sums = [np.sum(multigrad.to_numpy(one) * b) for one, (_, b) in zip(pulled, pairs, strict=True)]
    np.testing.assert_allclose(sums, [np.sum(expected(*pair)) for pair in pairs], rtol=1e-11)
