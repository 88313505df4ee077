"""TensorFlow: the user's own tapes, tf.function and variables; nothing global changes."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

pytestmark = pytest.mark.needs("tensorflow")


@pytest.fixture
def tf():
    import tensorflow as tf

    return tf


def cube(x):
    return xp.sum(x**3)


def test_an_outer_tape_sees_through(tf):
    x = tf.constant([1.0, 2.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value, gradient = multigrad.value_and_gradient(cube)(x)
        loss = value + tf.reduce_sum(gradient**2)
    # x³ + 9x⁴: 3x² + 36x³.
    np.testing.assert_allclose(tape.gradient(loss, x).numpy(), [39.0, 300.0], rtol=1e-15)


def test_an_outer_tape_sees_the_pullback_the_cotangent_and_aux(tf):
    x, cotangent = tf.constant([1.0, 2.0], tf.float64), tf.constant([3.0, 5.0], tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, cotangent])
        value, pullback, aux = multigrad.vjp(lambda x: (x**3, x * x), x, has_aux=True)
        (result,) = pullback(cotangent)  # 3x²·ct
    np.testing.assert_allclose(tape.gradient(result, x).numpy(), [18.0, 60.0], rtol=1e-15)
    np.testing.assert_allclose(tape.gradient(result, cotangent).numpy(), [3.0, 12.0], rtol=1e-15)
    np.testing.assert_allclose(tape.gradient(value, x).numpy(), [3.0, 12.0], rtol=1e-15)
    np.testing.assert_allclose(tape.gradient(aux, x).numpy(), [2.0, 4.0], rtol=1e-15)


def test_no_tape_of_ours_stays_open(tf):
    x = tf.Variable([1.0, 2.0])
    multigrad.gradient(cube)(x)
    with pytest.raises(ZeroDivisionError):
        multigrad.gradient(lambda x: 1 / 0)(x)
    y = multigrad.array_api.tensorflow.asarray(x)
    assert not y.is_recorded
    assert float(y[1]) == 2.0


@pytest.mark.parametrize("autograph", [False, True])
def test_inside_tf_function(tf, autograph):
    traces = []

    @tf.function(autograph=autograph)
    def step(x):
        traces.append(1)
        value, gradient = multigrad.value_and_gradient(cube)(x)
        return value, gradient

    for scale in (1.0, 2.0):
        value, gradient = step(tf.constant([1.0, 2.0], tf.float64) * scale)
        np.testing.assert_allclose(gradient.numpy(), 3 * np.array([1.0, 4.0]) * scale**2, rtol=1e-15)
        assert float(value) == 9.0 * scale**3
    assert len(traces) == 1


def test_inside_a_tf_function_of_unknown_shape(tf):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
    def gradient(x):
        return multigrad.gradient(lambda x: xp.sum(xp.mean(x**2, axis=0)))(x)

    for rows in (1, 3):
        x = np.arange(2.0 * rows).reshape(rows, 2)
        np.testing.assert_allclose(gradient(x).numpy(), 2 * x / rows, rtol=1e-15)


def test_second_order_inside_tf_function(tf):
    second = tf.function(multigrad.gradient(lambda x: xp.sum(multigrad.gradient(cube)(x))))
    np.testing.assert_allclose(second(tf.constant([1.0, 2.0])).numpy(), [6.0, 12.0], rtol=1e-6)


def test_a_tf_function_inside_f(tf):
    compiled = tf.function(lambda x: tf.reduce_sum(x**3))
    x = tf.constant([1.0, 2.0], tf.float64)
    np.testing.assert_allclose(multigrad.gradient(compiled)(x).numpy(), [3.0, 12.0], rtol=1e-15)
    second = multigrad.gradient(lambda x: xp.sum(multigrad.gradient(compiled)(x)))(x)
    np.testing.assert_allclose(second.numpy(), [6.0, 12.0], rtol=1e-15)


def test_variables_are_arguments_like_others(tf):
    w, b = tf.Variable([1.0, 2.0]), tf.Variable(0.5)
    gradients = multigrad.gradient(lambda p: xp.sum(p["w"] ** 2) * p["b"])({"w": w, "b": b})
    assert gradients["w"].numpy().tolist() == [1.0, 2.0]
    assert gradients["b"].numpy() == 5.0
    assert not isinstance(gradients["w"], tf.Variable)
    assert w.numpy().tolist() == [1.0, 2.0]


def test_a_variable_passed_twice_has_two_partials(tf):
    v = tf.Variable(3.0)
    first, second = multigrad.gradient(lambda x, y: x**2 * y, argnums=(0, 1))(v, v)
    assert (float(first), float(second)) == (18.0, 9.0)


def test_a_variable_that_f_changes_later_keeps_the_value_it_had(tf):
    v = tf.Variable([1.0, 2.0])
    value, pullback = multigrad.vjp(lambda x: x**2, v)
    v.assign([10.0, 20.0])
    assert pullback(np.ones(2, np.float32))[0].numpy().tolist() == [2.0, 4.0]
    assert value.numpy().tolist() == [1.0, 4.0]


def test_assignment_inside_f_does_not_reach_a_variable(tf):
    v = tf.Variable([1.0, 2.0])

    def f(x):
        x += 1.0
        x[0] = 5.0
        return xp.sum(x**2)

    assert multigrad.gradient(f)(v).numpy().tolist() == [0.0, 6.0]
    assert v.numpy().tolist() == [1.0, 2.0]


def test_closed_over_variables_train(tf):
    x = tf.constant([[0.5, -1.0], [1.5, 2.0]], tf.float64)

    def train(gradient_in_x):
        w = tf.Variable([[0.3, -0.2], [0.1, 0.4]], dtype=tf.float64)
        for _ in range(4):
            with tf.GradientTape() as tape:
                loss = (tf.reduce_sum(gradient_in_x(w) ** 2) - 1) ** 2
            w.assign_sub(0.01 * tape.gradient(loss, w))
        return w.numpy()

    def by_hand(w):
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = tf.reduce_sum(tf.tanh(x @ w) ** 2)
        return inner.gradient(value, x)

    found = train(lambda w: multigrad.gradient(lambda x: xp.sum(xp.tanh(x @ w) ** 2))(x))
    np.testing.assert_allclose(found, train(by_hand), rtol=1e-13)


def test_a_keras_layer_inside_f_trains(tf):
    layer = tf.keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)
    x = tf.constant([[0.5, -1.5]])
    with tf.GradientTape() as tape:
        gradient = multigrad.gradient(lambda x: tf.reduce_sum(layer(x) ** 2))(x)
        loss = tf.reduce_sum(gradient**2)
    # g = 2(w·x)w; |g|² = 4(w·x)²(w·w): at w = 1, w·x = −1, w·w = 2, the gradient is 8(w·x)(w·w)x + 8(w·x)²w.
    expected = 8 * -1.0 * 2.0 * np.array([0.5, -1.5]) + 8 * np.ones(2)
    np.testing.assert_allclose(tape.gradient(loss, layer.trainable_weights[0]).numpy().ravel(), expected, rtol=1e-6)
    np.testing.assert_allclose(gradient.numpy(), [[-2.0, -2.0]], rtol=1e-6)


def test_persistent_and_stopped_tapes_of_the_user(tf):
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with tape.stop_recording():
            stopped = multigrad.gradient(lambda y: y**3)(x)
        recorded = multigrad.gradient(lambda y: y**3)(x)
    assert float(stopped) == float(recorded) == 12.0
    assert tape.gradient(stopped, x) is None
    assert float(tape.gradient(recorded, x)) == 12.0


def test_indexing_gives_dense_gradients(tf):
    x = tf.Variable([1.0, 2.0, 3.0])
    gradient = multigrad.gradient(lambda x: xp.sum(xp.take(x, xp.asarray([0, 0, 2])) ** 2))(x)
    assert isinstance(gradient, tf.Tensor)
    assert gradient.numpy().tolist() == [4.0, 0.0, 6.0]
    embedded = multigrad.gradient(lambda x: tf.reduce_sum(tf.gather(x, [0, 0, 2]) ** 2))(x)
    assert embedded.numpy().tolist() == [4.0, 0.0, 6.0]


def test_no_global_numpy_behaviour_is_switched_on(tf):
    multigrad.gradient(cube)(tf.constant([1.0, 2.0]))
    assert not hasattr(tf.constant(1.0), "reshape")
    with pytest.raises(Exception, match=r"int32|float"):  # NumPy's promotion would add these
        tf.constant(1) + tf.constant(1.0)
    assert tf.keras.backend.floatx() == "float32"
    assert tf.constant(1.0).dtype == tf.float32


def test_numbers_and_numpy_arrays_keep_double_precision(tf):
    assert multigrad.gradient(lambda x: x * x, backend="tensorflow")(2.0).dtype == tf.float64
    assert multigrad.gradient(cube, backend="tensorflow")(np.ones(2)).dtype == tf.float64
    assert multigrad.gradient(cube)(tf.constant([1.0])).dtype == tf.float32


def vjp_rule():
    f = multigrad.custom_vjp(lambda x: xp.sin(x))
    f.defvjp(lambda x: (xp.sin(x), x), lambda x, cotangent: (7 * cotangent * xp.cos(x),))
    return f


def jvp_rule():
    f = multigrad.custom_jvp(lambda x: xp.sin(x))
    f.defjvp(lambda primals, tangents: (xp.sin(primals[0]), 7 * tangents[0] * xp.cos(primals[0])))
    return f


@pytest.mark.parametrize("make", [vjp_rule, jvp_rule])
def test_a_tape_around_a_compiled_function_sees_the_rules_inside_it(tf, make):
    f = make()
    compiled = multigrad.jit(lambda x: xp.sum(f(x)))
    x = tf.constant([0.3, 0.7], tf.float64)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            value = compiled(x)
        first = inner.gradient(value, x)
    np.testing.assert_allclose(first, 7 * np.cos(x), rtol=1e-14)
    np.testing.assert_allclose(outer.gradient(first, x), -7 * np.sin(x), rtol=1e-14)
