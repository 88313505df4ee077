"""TensorFlow: an index that is remembered gives the values and derivatives of NumPy's indexing in every mode."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

pytestmark = pytest.mark.needs("tensorflow")

VALUES = np.arange(60.0).reshape(3, 4, 5)
KEYS = [
    np.s_[1:],
    np.s_[:-1],
    np.s_[0],
    np.s_[-1],
    np.s_[0, 1, 2],
    np.s_[:, -1],
    np.s_[..., 0],
    np.s_[::2],
    np.s_[::-1],
    np.s_[2:0:-1, :, 3],
    np.s_[:, None, 1:3, ..., ::-2],
    np.s_[None],
    np.s_[...],
    np.s_[()],
    np.s_[5:],
    np.s_[-10:2],
    np.s_[:, 3:1],
]
each_key = pytest.mark.parametrize("key", KEYS, ids=str)


@pytest.fixture
def tf():
    import tensorflow as tf

    return tf


@pytest.fixture
def getitem():
    from multigrad.array_api.tensorflow._indexing import getitem

    return getitem


def placed(values, key):
    """Return the derivative of sum(values * x[key])."""
    result = np.zeros_like(VALUES)
    result[key] = values
    return result


@each_key
def test_values_and_derivatives_are_numpys(tf, getitem, key):
    x = tf.constant(VALUES)
    expected = VALUES[key]
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            part = getitem(x, key)
            total = tf.reduce_sum(part**3)
        gradient = inner.gradient(total, x)
    assert part.shape == expected.shape
    assert part.numpy().tolist() == expected.tolist()
    np.testing.assert_allclose(gradient.numpy(), placed(3 * expected**2, key), rtol=1e-14)
    np.testing.assert_allclose(outer.gradient(gradient, x).numpy(), placed(6 * expected, key), rtol=1e-14)


@each_key
def test_tangents_are_indexed_as_well(tf, getitem, key):
    tangent = np.cos(VALUES)
    x = tf.constant(VALUES)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(tangent)) as forward:
        part = getitem(x, key)
    np.testing.assert_array_equal(forward.jvp(part).numpy(), tangent[key])


@each_key
def test_a_tape_can_be_read_inside_a_graph_and_a_map(tf, getitem, key):
    from multigrad.array_api.tensorflow import _slicing

    x = tf.constant(VALUES)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        part = getitem(x, key)
    _slicing._integers.cache_clear()  # what was not remembered by then is no tensor of the graph afterwards
    cotangent = np.sin(1.0 + VALUES[key])

    def pulled(cotangent):
        return tape.gradient(part, x, cotangent)

    expected = placed(cotangent, key)
    for compiled in (tf.function(pulled, autograph=False), tf.function(pulled, jit_compile=True, autograph=False)):
        np.testing.assert_array_equal(compiled(tf.constant(cotangent)).numpy(), expected)
    np.testing.assert_array_equal(pulled(tf.constant(cotangent)).numpy(), expected)
    mapped = tf.vectorized_map(pulled, tf.constant(np.stack([cotangent, 2 * cotangent])), fallback_to_while_loop=False)
    np.testing.assert_array_equal(mapped.numpy(), [expected, 2 * expected])


def test_an_integer_is_no_slice_of_length_one(tf, getitem):
    x = tf.constant(VALUES)
    assert [getitem(x, key).shape.rank for key in (1, slice(1, 2), (1, slice(None)), 1)] == [2, 3, 2, 2]


def test_a_mapped_hessian_of_slices():
    def rosenbrock(x):
        return xp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    x = np.array([0.5, -1.0, 2.0])
    found = multigrad.to_numpy(multigrad.hessian(rosenbrock, backend="tensorflow")(x))
    diagonal = [1200 * 0.25 - 400 * -1.0 + 2, 1200 * 1.0 - 400 * 2.0 + 202, 200.0]
    beside = -400 * x[:-1]
    np.testing.assert_allclose(found, np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1), rtol=1e-14)


@pytest.mark.parametrize(("indices", "wrong"), [([0, 3], 3), ([-4, 1], -4)])
def test_indices_out_of_range_are_named(tf, indices, wrong):
    take = multigrad.get_backend("tensorflow").xp.take
    with pytest.raises(IndexError, match=f"Index {wrong} is out of bounds for an axis of size 3"):
        take(tf.constant(VALUES), tf.constant(indices), axis=0)


@pytest.mark.parametrize("indices", [[0, 2], [-1, 1], []])
def test_indices_count_from_either_end(tf, indices):
    take = multigrad.get_backend("tensorflow").xp.take
    found = take(tf.constant(VALUES), tf.constant(indices, tf.int64), axis=0)
    np.testing.assert_array_equal(found.numpy(), VALUES[np.array(indices, int)])
