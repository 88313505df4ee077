"""vmap of functions that assign into arrays they made, and that read and assign where each slice says."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

from .trees import assert_tree

X = np.asarray([[0.3, -0.8, 1.1, 0.6], [1.7, 0.4, -0.6, -1.2], [-0.9, 0.2, 0.7, 1.3]])


def element(x):
    z = xp.zeros(3)
    z[0] = x[0]
    z[1:] = x[1] * 2
    return z


def rows_and_columns(x):
    z = xp.zeros((3, 4))
    z[1] = x
    z[:, 0] = x[0] * x[1]
    return z


def positions(x):
    z = xp.zeros(5)
    z[xp.asarray([0, 2])] = x[:2] ** 2
    z[xp.asarray([2, 2, -1])] = x[1:]
    return z


def mask(x):
    z = xp.zeros(4)
    z[xp.asarray([True, False, True, False])] = x[:2]
    return z


def own_mask(x):
    z = xp.ones(4)
    z[x > 0] = x[0] ** 2
    return z


def own_mask_of_rows(x):
    z = xp.zeros((3, 2))
    z[x[:3] > 0] = x[:2]
    return z


def backward(x):
    z = xp.ones(4)
    z[::-1] = x * z
    z *= x
    return z


def recurrence(x):
    z = xp.zeros(4)
    for i in range(4):
        z[i] = x[i] * z[i - 1] + x[i]
    return z


def at_largest(x):
    z = xp.ones((4, 4))
    i = xp.argmax(x)
    z[i] = x * x
    z[:, i] += x
    z[i - 4, i] = x[0]
    return z


def sorted_back(x):
    z = xp.ones(4)
    z[xp.argsort(x)] = x**2
    return z


def integers(x):
    z = xp.zeros(4, dtype=xp.uint16)
    z[1] = xp.astype(xp.argmax(x), xp.uint16)
    return xp.astype(z, xp.float64) * x


def largest(x):
    return x[xp.argmax(x)] * x


def largest_of_square(x):
    y, i = xp.reshape(x, (2, 2)), xp.argmax(x[:2])
    return y[:, i] ** 2 + y[i - 2, :] + y[i, None, ::-1][0] + y[..., i] * y[i, i]


def beside_positions(x):
    return xp.reshape(x, (2, 2))[xp.argmax(x[:2]), xp.asarray([1, 0, 1])] ** 2


def backward_slice(x):
    return x[::-1] * x[::-2][0]


def taken(x):
    return xp.take(x, xp.asarray([1, 0, 2, 2])) ** 2


FUNCTIONS = [
    element, rows_and_columns, positions, mask, own_mask, own_mask_of_rows, backward, recurrence, at_largest,
    sorted_back, integers, largest, largest_of_square, beside_positions, backward_slice, taken,
]  # fmt: skip
each = pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)


def total(f):
    def summed(x):
        y = f(x)
        weights = xp.reshape(xp.asarray(np.cos(np.arange(y.size))), y.shape)
        return xp.sum(y**3 * weights)

    return summed


def by_slices(f):
    """Evaluate slice by slice on NumPy."""
    return np.stack([multigrad.to_numpy(f(x)) for x in X])


def differences(f, x):
    """Differentiate by central differences of values alone."""
    h = 1e-5

    def value(x):
        return float(multigrad.jvp(f, (x,), (x,), backend="numpy")[0])

    return np.stack([(value(x + h * row) - value(x - h * row)) / (2 * h) for row in np.eye(len(x))])


@each
def test_values(f, backend):
    expected = by_slices(lambda x: multigrad.vjp(f, x, backend="numpy")[0])
    assert_tree(multigrad.vmap(f, backend=backend)(X), expected, 1e-13)


@each
def test_gradients(f, backend):
    summed = total(f)
    found = multigrad.vmap(multigrad.gradient(summed), backend=backend)(X)
    np.testing.assert_allclose(multigrad.to_numpy(found), by_slices(lambda x: differences(summed, x)), atol=1e-7)
    outside = multigrad.gradient(lambda rows: xp.sum(multigrad.vmap(summed)(rows)), backend=backend)(X)
    assert_tree(outside, multigrad.to_numpy(found), 1e-12)
    pushed = multigrad.vmap(lambda x: multigrad.jvp(summed, (x,), (x * x,))[1], backend=backend)(X)
    assert_tree(pushed, np.sum(multigrad.to_numpy(found) * X * X, axis=1), 1e-12)


@each
def test_second_derivatives(f, backend):
    summed = total(f)
    found = multigrad.vmap(multigrad.hessian(summed), backend=backend)(X[:2])
    expected = np.stack([multigrad.to_numpy(multigrad.hessian(summed, backend="numpy")(x)) for x in X[:2]])
    assert_tree(found, expected, 1e-11)


@each
def test_nested_maps(f, backend):
    def scaled(x, y):
        return f(x * y)

    found = multigrad.vmap(lambda x: multigrad.vmap(lambda y: scaled(x, y))(xp.asarray(X[:2])), backend=backend)(X)
    expected = np.stack([by_slices(lambda x, y=y: multigrad.vjp(f, x * y, backend="numpy")[0]) for y in X[:2]], 1)
    assert_tree(found, expected, 1e-13)


@pytest.mark.filterwarnings("ignore::multigrad.RecompileWarning")  # each run makes its functions anew
@pytest.mark.parametrize("f", [taken, backward_slice, largest, at_largest, own_mask], ids=lambda f: f.__name__)
def test_compiled_gradients(f, backend):
    summed = total(f)
    found = multigrad.vmap(multigrad.gradient(summed), backend=backend, compile=True)(X)
    np.testing.assert_allclose(multigrad.to_numpy(found), by_slices(lambda x: differences(summed, x)), atol=1e-7)


@pytest.mark.filterwarnings("ignore::multigrad.RecompileWarning")  # each run makes its functions anew
def test_compiled_positions_without_a_map(backend):
    summed = total(lambda x: largest(x) + at_largest(x)[0])
    found = multigrad.gradient(summed, backend=backend, compile=True)(X[0])
    np.testing.assert_allclose(multigrad.to_numpy(found), differences(summed, X[0]), atol=1e-7)


def test_a_zero_keeps_its_sign(backend):
    def f(x):
        z = -xp.zeros(2)
        z[0] = x
        return z

    found = multigrad.to_numpy(multigrad.vmap(f, backend=backend)(X[0]))
    assert np.signbit(found[:, 1]).all()


@pytest.mark.backends("torch", "jax")
@pytest.mark.parametrize("how", ["read", "assigned"])
def test_masks_that_find_another_number_in_each_slice_are_refused(how, backend):
    def f(x):
        if how == "read":
            return xp.sum(x[x > 0])
        z = xp.zeros(4)
        z[x > 0] = x[:2]
        return z

    with pytest.raises(TypeError, match=r"The shape of x\[mask\] depends on values.*xp\.where"):
        multigrad.vmap(f, backend=backend)(X)
