"""Values that leave the computation: never a silent zero gradient, and a message that says how to do it on purpose."""

import copy
import math
import operator
import pickle

import numpy as np
import pytest

import multigrad
from multigrad import DetachedValueError, stop_gradient, xp

EXITS = {
    "float": float,
    "int": int,
    "complex": complex,
    "index": operator.index,
    "item": lambda x: x.item(),
    "tolist": lambda x: x.tolist(),
    "math": math.sin,
    "np.asarray": np.asarray,
    "np.array": np.array,
    "to_numpy": multigrad.to_numpy,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "dlpack": lambda x: x.__dlpack__(),
    "np.from_dlpack": np.from_dlpack,
    "ufunc-without-counterpart": np.cbrt,
    "ufunc-with-out": lambda x: np.add(x, 1.0, out=np.zeros(())),
    "ufunc-method": np.add.reduce,
    "function-without-counterpart": np.nan_to_num,
    "numpy-function-with-list": lambda x: np.percentile([x, x], 50),
}
exits = pytest.mark.parametrize("leave", EXITS.values(), ids=EXITS)


@exits
def test_leaving_a_differentiated_value_raises_and_says_how(backend, leave):
    with pytest.raises(DetachedValueError) as caught:
        multigrad.gradient(lambda x: x * leave(x), backend=backend)(2.0)
    message = str(caught.value)
    assert "stop_gradient" in message
    assert "differentiated" in message
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("depth", ["inside", "outside"])
@pytest.mark.parametrize("leave", [float, np.asarray, multigrad.to_numpy], ids=["float", "np.asarray", "to_numpy"])
def test_leaving_raises_under_nested_derivatives(backend, leave, depth):
    def outer(y):
        def inner(x):
            return x * x * float(leave(x if depth == "inside" else y))

        return y * multigrad.gradient(inner)(y)

    with pytest.raises(DetachedValueError, match="stop_gradient"):
        multigrad.gradient(outer, backend=backend)(2.0)


def test_intermediate_results_are_differentiated_too(backend):
    with pytest.raises(DetachedValueError, match="stop_gradient"):
        multigrad.gradient(lambda x: x * float(xp.sum(xp.sin(x) ** 2)), backend=backend)(np.ones(1))


@pytest.mark.parametrize("how", ["asarray", "gradient"])
def test_another_backend_inside_raises(backend, how):
    elsewhere = multigrad.extend.FiniteDifferenceBackend("elsewhere")
    move = {
        "asarray": lambda x: multigrad.asarray(x, backend=elsewhere),
        "gradient": multigrad.gradient(lambda y: y * y, backend=elsewhere),
    }[how]

    with pytest.raises(DetachedValueError, match=r"[Dd]etach"):
        multigrad.gradient(lambda x: x * multigrad.to_numpy(move(x)), backend=backend)(2.0)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_moving_to_numpy_inside_raises(backend):
    with pytest.raises(DetachedValueError, match=r"[Dd]etach"):
        multigrad.gradient(lambda x: x * multigrad.asarray(x, backend="numpy"), backend=backend)(2.0)


def test_a_numpy_array_takes_no_differentiated_element(backend):
    def f(x):
        out = np.zeros(2)
        out[0] = x
        return xp.sum(out)

    with pytest.raises((ValueError, TypeError)) as caught:  # NumPy words it, with our error as the cause
        multigrad.gradient(f, backend=backend)(2.0)
    assert isinstance(caught.value.__cause__ or caught.value, DetachedValueError)


def test_a_value_is_detached_on_purpose(backend):
    def f(x):
        return x * float(stop_gradient(x)) + int(stop_gradient(x)) * x + stop_gradient(x).item()

    # d/dx of x·c + n·x + c with c = n = 3 held constant.
    assert float(multigrad.gradient(f, backend=backend)(3.0)) == 6.0


def test_a_detached_value_reaches_numpy(backend):
    def f(x):
        constant = np.cbrt(np.asarray(stop_gradient(x))) + multigrad.to_numpy(stop_gradient(x))
        return xp.sum(x * constant)

    result = multigrad.gradient(f, backend=backend)(np.array([8.0, 27.0]))
    np.testing.assert_allclose(multigrad.to_numpy(result), [10.0, 30.0], rtol=1e-15)


def test_stop_gradient_keeps_values_and_form(backend):
    seen = []

    def f(tree):
        stopped = stop_gradient(tree)
        seen.append((type(stopped["w"]) is type(tree["w"]), stopped["n"], float(stopped["w"])))
        return stopped["w"] * tree["w"]

    result = multigrad.gradient(f, backend=backend)({"w": 3.0, "n": "text"})
    assert seen == [(True, "text", 3.0)]
    assert float(result["w"]) == 3.0


def test_stop_gradient_stops_every_order(backend):
    second = multigrad.gradient(multigrad.gradient(lambda x: stop_gradient(x) ** 3 * x**2), backend=backend)
    assert float(second(2.0)) == 16.0


def test_arguments_that_are_not_differentiated_may_leave(backend):
    def f(x, y, n):
        assert n == 3  # a Python number stays one
        return x * float(y) + x * y.item() + x * np.asarray(y)[()] + xp.sum(x * np.cbrt(y))

    result = multigrad.gradient(f, backend=backend)(2.0, np.asarray(8.0), 3)
    assert float(result) == 26.0


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_copies_keep_the_derivative(backend, copied):
    def f(x):
        tree = copied({"x": [x]})["x"][0]
        alone = copied(x)
        kept = alone * 1.0
        alone[0] = 7.0  # of the copy alone
        return xp.sum(tree**2 * kept + alone)

    x = np.array([2.0, 3.0])
    found = multigrad.gradient(f, backend=backend)(x)
    np.testing.assert_allclose(multigrad.to_numpy(found), 3 * x**2 + [0.0, 1.0], rtol=1e-15)
    second = multigrad.hvp(f, (x,), (np.ones(2),), backend=backend)
    np.testing.assert_allclose(multigrad.to_numpy(second[0]), 6 * x, rtol=1e-15)


def test_an_array_outside_is_pickled_and_copied(backend):
    namespace = multigrad.array_namespace(multigrad.asarray(np.zeros(1), backend=backend))
    x = namespace.asarray([1.0, 2.0])
    for again in (pickle.loads(pickle.dumps(x)), copy.copy(x), copy.deepcopy(x)):
        assert type(again) is type(x)
        again[0] = 5.0
        assert again.tolist() == [5.0, 2.0]
    assert x.tolist() == [1.0, 2.0]
    first, second = copy.deepcopy([x, x])
    assert first is second


def test_constants_made_inside_may_leave(backend):
    def f(x):
        weights = xp.linspace(0.0, 1.0, 3)
        return x * float(xp.sum(weights)) * len(weights.tolist())

    assert float(multigrad.gradient(f, backend=backend)(2.0)) == 4.5


def test_numpy_functions_with_a_counterpart_are_differentiated(backend):
    def f(x):
        return np.sum(np.sin(x) * np.exp(x)) + np.multiply.reduce([2.0, 3.0]) * np.mean(np.concatenate([x, x]))

    x = np.array([0.5, 1.5])
    result = multigrad.gradient(f, backend=backend)(x)
    np.testing.assert_allclose(multigrad.to_numpy(result), np.exp(x) * (np.sin(x) + np.cos(x)) + 3.0, rtol=1e-14)


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (np.arctan, lambda x: 1 / (1 + x**2)),
        (np.absolute, lambda x: 1.0),
        (lambda x: np.power(x, 3), lambda x: 3 * x**2),
        (lambda x: np.power(2.0, x), lambda x: 2**x * math.log(2)),
        (lambda x: np.maximum(x, 0.0), lambda x: 1.0),
        (lambda x: np.hypot(x, 3.0), lambda x: x / math.hypot(x, 3)),
        (lambda x: np.sum(np.cumsum(np.stack([x, x]))), lambda x: 3.0),
        (lambda x: np.sum(np.transpose(np.reshape(np.stack([x, 2 * x]), (2, 1)))), lambda x: 3.0),
        (lambda x: np.where(x > 0, x, -x), lambda x: 1.0),
        (lambda x: np.max(np.stack([x, 2 * x])), lambda x: 2.0),
    ],
    ids=["arctan", "absolute", "power", "power-of-number", "maximum", "hypot", "cumsum", "transpose", "where", "max"],
)
def test_numpy_names_go_to_the_standards(backend, function, derivative):
    result = multigrad.gradient(function, backend=backend)(0.75)
    np.testing.assert_allclose(multigrad.to_numpy(result), derivative(0.75), rtol=1e-14)


def test_shapes_are_no_values(backend):
    seen = []

    def f(x):
        seen.append((np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)))
        return xp.sum(x)

    multigrad.gradient(f, backend=backend)(np.ones((2, 3)))
    assert seen == [((2, 3), 2, 6, 3)]


def test_branching_and_loops_on_values_work(backend):
    def f(x):
        y = x
        while y < 100.0:
            y = y * y
        if y > 1000.0:
            return -y
        return y if bool(x != 0.0) else x

    # 3 → 9 → 81 → 6561: -x⁸; 1.5 → 2.25 → 5.0625 → 25.6 → 656.8: x¹⁶; 200: x itself.
    for x, expected in ((3.0, -8 * 3.0**7), (1.5, 16 * 1.5**15), (200.0, 1.0)):
        assert float(multigrad.gradient(f, backend=backend)(x)) == pytest.approx(expected, rel=1e-13)
    assert float(multigrad.gradient(lambda x: max(x, x * x), backend=backend)(3.0)) == 6.0


def test_elements_choose_branches_one_by_one(backend):
    def relu(x):
        total = 0.0
        for element in x:
            total = total + (element if element > 0.0 else 0.0 * element)
        return total

    result = multigrad.gradient(relu, backend=backend)(np.array([1.0, -2.0, 3.0]))
    np.testing.assert_array_equal(multigrad.to_numpy(result), [1.0, 0.0, 1.0])


def test_a_number_returned_by_f_is_a_constant(backend):
    value, result = multigrad.value_and_gradient(lambda x: 5, backend=backend)(np.ones(2))
    assert float(value) == 5.0
    np.testing.assert_array_equal(multigrad.to_numpy(result), [0.0, 0.0])


@pytest.mark.needs("jax")
@exits
def test_symbolic_arrays_in_jax_raise_with_the_advice(leave):
    import jax

    multigrad.get_backend("jax")
    from multigrad.array_api import jax as ns

    with pytest.raises(DetachedValueError, match="compiled") as caught:
        jax.jit(lambda x: ns.asarray(leave(ns.asarray(x))).native)(2.0)
    assert "without compile=True" in str(caught.value)


@pytest.mark.needs("jax")
def test_differentiated_values_inside_a_jit_are_symbolic():
    import jax

    with pytest.raises(DetachedValueError, match="compiled"):
        jax.jit(multigrad.gradient(lambda x: x * float(x), backend="jax"))(2.0)


@pytest.mark.needs("tensorflow")
@exits
def test_symbolic_arrays_in_tensorflow_raise_with_the_advice(leave):
    import tensorflow as tf

    from multigrad.array_api import tensorflow as ns

    def f(x):
        return ns.asarray(leave(ns.asarray(x))).native

    with pytest.raises(DetachedValueError, match="compiled") as caught:
        tf.function(f, autograph=False)(tf.constant(2.0))
    assert "without compile=True" in str(caught.value)


@pytest.mark.needs("tensorflow")
def test_a_tape_around_the_array_records_it():
    import tensorflow as tf

    from multigrad.array_api import tensorflow as ns

    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(DetachedValueError, match="differentiated"):
            float(ns.asarray(x))
    assert float(ns.asarray(x)) == 2.0


@pytest.mark.needs("torch")
def test_a_tensor_that_requires_grad_does_not_leave():
    import torch

    from multigrad.array_api import torch as ns

    x = torch.tensor(2.0, requires_grad=True)
    with pytest.raises(DetachedValueError, match="stop_gradient"):
        float(ns.asarray(x))
    with pytest.raises(DetachedValueError):
        multigrad.to_numpy(x)
    assert float(stop_gradient(ns.asarray(x))) == 2.0
