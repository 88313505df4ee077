"""A framework's own functions, called on an `Array` inside f on their backend, are differentiated; forms of results."""

import numpy as np
import pytest

import multigrad
from multigrad import Array, xp

X = np.array([0.5, -1.25, 2.0])
TARGET = np.array([0.25, 0.5, -1.0])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    return np.exp(x) / np.sum(np.exp(x))


def gradient_of(f, backend, x=X):
    return multigrad.to_numpy(multigrad.gradient(f, backend=backend)(x))


TORCH = {
    "sin": (lambda x, torch: torch.sin(x).sum(), np.cos(X)),
    "sum": (lambda x, torch: torch.sum(x * x), 2 * X),
    "relu": (lambda x, torch: torch.relu(x).sum(), (X > 0) * 1.0),
    "softplus": (lambda x, torch: torch.nn.functional.softplus(x).sum(), sigmoid(X)),
    "mse_loss": (lambda x, torch: torch.nn.functional.mse_loss(x, torch.tensor(TARGET)), 2 * (X - TARGET) / 3),
    "cat-of-list": (lambda x, torch: torch.cat([x, 2 * x]).sum(), np.full(3, 3.0)),
    "einsum": (lambda x, torch: torch.einsum("i,i->", x, x), 2 * X),
    "keyword": (lambda x, torch: torch.sum(input=x * x, dim=0), 2 * X),
    "method-result": (lambda x, torch: torch.special.expit(x).sum(), sigmoid(X) * (1 - sigmoid(X))),
    "named-tuple": (lambda x, torch: torch.max(x * x, dim=0).values, np.array([0.0, 0.0, 4.0])),
    "linalg": (lambda x, torch: torch.linalg.norm(x), X / np.linalg.norm(X)),
    "log_softmax": (lambda x, torch: torch.log_softmax(x, 0)[1], np.eye(3)[1] - softmax(X)),
    "layer": (lambda x, torch: _linear(torch)(x).sum(), np.full(3, 2.0)),
}


def _linear(torch):
    layer = torch.nn.Linear(3, 1, dtype=torch.float64).requires_grad_(False)
    layer.weight.fill_(2.0)
    return layer


@pytest.mark.needs("torch")
@pytest.mark.parametrize(("f", "expected"), TORCH.values(), ids=TORCH)
def test_torch_functions(f, expected):
    import torch

    results = []
    found = gradient_of(lambda x: results.append(f(x, torch)) or results[0], "torch")
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert isinstance(results[0], Array)  # torch's functions give Array for Array


@pytest.mark.needs("torch")
def test_torch_functions_give_other_results_as_they_are():
    import torch

    array = multigrad.array_api.torch.asarray(X)
    assert torch.numel(array) == 3
    assert torch.is_tensor(torch.sin(array)) is False
    assert torch.allclose(array, array.native)
    values, indices = torch.sort(array)
    assert isinstance(values, Array)
    assert indices.tolist() == [1, 0, 2]
    assert [type(part) for part in torch.split(array, 2)] == [type(array)] * 2


@pytest.mark.needs("torch")
def test_a_raw_tensor_on_the_left_gives_an_array():
    import torch

    raw = torch.tensor(TARGET)
    forms = []

    def f(x):
        parts = [raw * x, x * raw, raw + x, raw - x, raw / x, raw @ x, raw > x]
        forms.extend(isinstance(part, Array) for part in parts)
        return xp.sum(raw * x) + raw @ x

    np.testing.assert_allclose(gradient_of(f, "torch"), 2 * TARGET, rtol=1e-15)
    assert all(forms)


JAX = {
    "sin": (lambda x, jnp, nn: jnp.sin(x).sum(), np.cos(X)),
    "sum": (lambda x, jnp, nn: jnp.sum(x * x), 2 * X),
    "dot": (lambda x, jnp, nn: jnp.dot(x, x), 2 * X),
    "einsum": (lambda x, jnp, nn: jnp.einsum("i,i->", x, x), 2 * X),
    "concatenate": (lambda x, jnp, nn: jnp.concatenate([x, 2 * x]).sum(), np.full(3, 3.0)),
    "where": (lambda x, jnp, nn: jnp.where(x > 0, x, 0.0).sum(), (X > 0) * 1.0),
    "norm": (lambda x, jnp, nn: jnp.linalg.norm(x), X / np.linalg.norm(X)),
    "softplus": (lambda x, jnp, nn: nn.softplus(x).sum(), sigmoid(X)),
    "log_softmax": (lambda x, jnp, nn: nn.log_softmax(x)[1], np.eye(3)[1] - softmax(X)),
    "silu": (lambda x, jnp, nn: nn.silu(x).sum(), sigmoid(X) * (1 + X * (1 - sigmoid(X)))),
    "leaky_relu": (lambda x, jnp, nn: nn.leaky_relu(x).sum(), np.where(X > 0, 1.0, 0.01)),
    "zeros_like": (lambda x, jnp, nn: jnp.sum(jnp.ones_like(x) * x.native), np.ones(3)),
    "native": (lambda x, jnp, nn: jnp.sum(nn.sigmoid(x.native)), sigmoid(X) * (1 - sigmoid(X))),
    "back-to-array": (lambda x, jnp, nn: xp.sum(xp.asarray(jnp.sin(x)) * x), np.sin(X) + X * np.cos(X)),
}


@pytest.mark.needs("jax")
@pytest.mark.parametrize(("f", "expected"), JAX.values(), ids=JAX)
def test_jax_functions(f, expected):
    import jax

    found = gradient_of(lambda x: f(x, jax.numpy, jax.nn), "jax")
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.needs("jax")
def test_jax_lax_refuses_an_array_and_takes_its_native():
    import jax

    with pytest.raises((TypeError, ValueError), match=r"jax_array|not a valid JAX type"):
        gradient_of(lambda x: jax.lax.sin(x).sum(), "jax")
    np.testing.assert_allclose(gradient_of(lambda x: jax.lax.sin(x.native).sum(), "jax"), np.cos(X), rtol=1e-15)


@pytest.mark.needs("jax")
def test_raw_jax_arrays_beside_an_array():
    import jax

    forms = {}

    def f(x):
        raw = jax.numpy.asarray(TARGET)
        forms.update(left=raw * x, right=x * raw, wrapped=xp.asarray(raw) * x, numpy=TARGET * x)
        forms["function"] = jax.numpy.sin(x)
        return xp.sum(raw * x) + xp.sum(x * raw)

    np.testing.assert_allclose(gradient_of(f, "jax"), 2 * TARGET, rtol=1e-15)
    # A raw array on the left converts first, and so does JAX's own function.
    assert {name: isinstance(form, Array) for name, form in forms.items()} == {
        "left": False,
        "right": True,
        "wrapped": True,
        "function": False,
        "numpy": True,
    }


@pytest.mark.needs("jax")
def test_jax_transformations_take_functions_of_arrays():
    import jax

    ns = multigrad.array_api.jax
    array = ns.asarray(np.array([1.0, 2.0], dtype=np.float32))
    mapped = jax.vmap(lambda x: x * x + 1)(array)
    compiled = jax.jit(lambda x: xp.sin(x) * x[0])(array)
    assert isinstance(mapped, jax.Array)
    assert isinstance(compiled, jax.Array)
    np.testing.assert_array_equal(multigrad.to_numpy(mapped), [2.0, 5.0])
    np.testing.assert_allclose(multigrad.to_numpy(compiled), np.sin([1.0, 2.0]), rtol=1e-6)
    slope = jax.grad(lambda x: xp.sum(x**3))(array)
    np.testing.assert_allclose(multigrad.to_numpy(slope), [3.0, 12.0], rtol=1e-6)
    leaves, structure = jax.tree_util.tree_flatten({"a": array})
    assert leaves[0] is array.native
    assert jax.tree_util.tree_unflatten(structure, [None]) == {"a": None}  # unflattening validates nothing


@pytest.mark.needs("jax")
@pytest.mark.parametrize("name", ["relu", "sigmoid", "softplus", "gelu", "log_softmax", "hard_sigmoid"])
def test_jitted_functions_of_jax_nn_take_an_array(name):
    import jax

    function = getattr(jax.nn, name)
    x = np.asarray([0.3, -0.7, 1.2])
    weights = np.asarray([1.0, 2.0, 3.0])
    result = multigrad.gradient(lambda x: jax.numpy.sum(function(x) * weights), backend="jax")(x)
    h = 1e-6
    with jax.enable_x64(True):
        expected = [
            float(np.sum(weights * (np.asarray(function(x + h * e)) - np.asarray(function(x - h * e)))) / (2 * h))
            for e in np.eye(3)
        ]
    np.testing.assert_allclose(multigrad.to_numpy(result), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.needs("jax")
def test_gradient_under_jaxs_own_transformations():
    import jax

    rows = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    gradient = multigrad.gradient(lambda x: xp.sum(x**3), backend="jax")
    expected = 3 * rows**2
    np.testing.assert_allclose(np.asarray(jax.vmap(gradient)(rows)), expected, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(jax.jit(gradient)(rows)), expected, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(jax.jit(jax.vmap(gradient))(rows)), expected, rtol=1e-6)
    second = jax.grad(lambda x: jax.numpy.sum(gradient(x)))(jax.numpy.asarray(rows))
    np.testing.assert_allclose(np.asarray(second), 6 * rows, rtol=1e-6)


TENSORFLOW = {
    "sin": (lambda x, tf: tf.reduce_sum(tf.sin(x)), np.cos(X)),
    "concat": (lambda x, tf: tf.reduce_sum(tf.concat([x, 2 * x], 0)), np.full(3, 3.0)),
    "softplus": (lambda x, tf: tf.reduce_sum(tf.nn.softplus(x)), sigmoid(X)),
    "relu": (lambda x, tf: tf.reduce_sum(tf.nn.relu(x)), (X > 0) * 1.0),
    "log_softmax": (lambda x, tf: tf.nn.log_softmax(x)[1], np.eye(3)[1] - softmax(X)),
    "einsum": (lambda x, tf: tf.einsum("i,i->", x, x), 2 * X),
    "norm": (lambda x, tf: tf.norm(x), X / np.linalg.norm(X)),
    "stack": (lambda x, tf: tf.reduce_sum(tf.stack([x, x * x])), 1 + 2 * X),
    "back-to-array": (lambda x, tf: xp.sum(xp.asarray(tf.sin(x)) * x), np.sin(X) + X * np.cos(X)),
}


@pytest.mark.needs("tensorflow")
@pytest.mark.parametrize(("f", "expected"), TENSORFLOW.values(), ids=TENSORFLOW)
def test_tensorflow_functions(f, expected):
    import tensorflow as tf

    found = gradient_of(lambda x: f(x, tf), "tensorflow")
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.needs("tensorflow")
def test_keras_losses():
    import tensorflow as tf

    target = tf.constant(TARGET)
    # Keras computes in its own float32.
    for name, expected in (("MeanSquaredError", 2 * (X - TARGET) / 3), ("MeanAbsoluteError", np.sign(X - TARGET) / 3)):
        loss = getattr(tf.keras.losses, name)()
        found = gradient_of(lambda x, loss=loss: loss(target, x), "tensorflow")
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.needs("tensorflow")
def test_raw_tensors_beside_an_array():
    import tensorflow as tf

    raw = tf.constant(TARGET)
    forms = {}

    def f(x):
        forms.update(left=raw * x, right=x * raw, wrapped=xp.asarray(raw) * x, function=tf.sin(x), numpy=TARGET * x)
        return xp.sum(raw * x) + xp.sum(x * raw)

    np.testing.assert_allclose(gradient_of(f, "tensorflow"), 2 * TARGET, rtol=1e-15)
    assert {name: isinstance(form, Array) for name, form in forms.items()} == {
        "left": False,
        "right": True,
        "wrapped": True,
        "function": False,
        "numpy": True,
    }


@pytest.mark.needs("tensorflow")
def test_a_tf_function_called_with_arrays_is_traced_once():
    import tensorflow as tf

    ns = multigrad.array_api.tensorflow
    traces = []

    @tf.function(autograph=False)
    def square(x):
        traces.append(1)
        return xp.sum(ns.asarray(x) ** 2).native

    for n in range(4):
        assert float(square(ns.asarray([1.0, float(n)]))) == 1.0 + n * n
    assert len(traces) == 1
    square(ns.ones(3))
    assert len(traces) == 2  # another shape
    found = gradient_of(square, "tensorflow")
    np.testing.assert_allclose(found, 2 * X, rtol=1e-15)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_f_may_return_raw_arrays(backend):
    value, gradient = multigrad.value_and_gradient(lambda x: xp.sum(x * x).native, backend=backend)(X)
    np.testing.assert_allclose(multigrad.to_numpy(gradient), 2 * X, rtol=1e-15)
    assert float(value) == float(np.sum(X * X))
    aux = multigrad.gradient(lambda x: (xp.sum(x), {"raw": x.native, "array": x}), has_aux=True, backend=backend)(X)[1]
    np.testing.assert_array_equal(multigrad.to_numpy(aux["raw"]), X)
    assert type(aux["raw"]) is type(aux["array"])


def test_forms_of_results_follow_the_arguments(backend):
    adapter = multigrad.get_backend(backend)
    native = adapter.asarray(X)
    array = adapter.array_type._wrap(native)
    f = lambda x, y: xp.sum(x * y)  # noqa: E731
    gradient = multigrad.value_and_gradient(f, argnums=(0, 1), backend=backend)
    value, (first, second) = gradient(array, native)
    assert isinstance(first, Array)
    assert isinstance(value, Array)
    assert adapter.is_array(second)
    for other in (native, X):
        value, parts = gradient(other, 2.0)
        assert all(adapter.is_array(one) and not isinstance(one, Array) for one in (value, *parts))
    inside = []
    multigrad.gradient(lambda x: inside.append(multigrad.gradient(xp.sum)(x)) or xp.sum(x), backend=backend)(X)
    assert isinstance(inside[0], Array)


def test_functions_see_native_arrays_on_request(backend):
    adapter = multigrad.get_backend(backend)
    seen = []

    def f(x, data):
        seen.append((x, data))
        return xp.sum(x * x * data)

    found = multigrad.gradient(f, backend=backend, arrays="native")(X, TARGET)
    np.testing.assert_allclose(multigrad.to_numpy(found), 2 * X * TARGET, rtol=1e-15)
    x, data = seen[0]
    assert adapter.is_array(data)
    assert not isinstance(data, Array)
    # NumPy's arrays record nothing: there a differentiated one stays an Array.
    assert isinstance(x, Array) is (backend == "numpy")
