"""A compiled program holds no value of the call that it was made by, and outlives neither too short nor too long."""

import functools
import gc
import math

import numpy as np
import pytest

import multigrad
from multigrad import xp

COMPILES = pytest.mark.backends("torch", "jax", "tensorflow")

_X = np.array([1.0, 2.0, 3.0])

EXITS = {
    "float": lambda y: float(y[0]),
    "int": lambda y: int(y[0]),
    "item": lambda y: y[0].item(),
    "tolist": lambda y: y.tolist()[0],
    "asarray": lambda y: np.asarray(y)[0],
    "math": lambda y: math.sin(y[0]),
    "detached": lambda y: float(multigrad.stop_gradient(y[0])),
    "branch": lambda y: 2.0 if y[0] > 1 else 3.0,
}


@COMPILES
@pytest.mark.filterwarnings("ignore::multigrad.RecompileWarning")  # each case is another function of one code
@pytest.mark.parametrize("name", EXITS)
def test_a_value_of_data_does_not_leave(backend, name):
    leave = EXITS[name]
    for compiled in (
        multigrad.gradient(lambda x, y: xp.sum(leave(y) * x), backend=backend, compile=True),
        multigrad.jit(lambda x, y: leave(y) * x, backend=backend),
    ):
        with pytest.raises(multigrad.DetachedValueError, match="compiled"):
            compiled(_X, _X)


@COMPILES
def test_a_float_argument_does_not_leave(backend):
    compiled = multigrad.gradient(lambda x, k: xp.sum(float(k) * x), backend=backend, compile=True)
    with pytest.raises(multigrad.DetachedValueError, match="compiled"):
        compiled(_X, 1.0)


@COMPILES
@pytest.mark.filterwarnings("ignore::multigrad.RecompileWarning")  # each case is another function of one code
@pytest.mark.parametrize("of", [lambda i: i, multigrad.stop_gradient], ids=["as it is", "detached"])
def test_the_message_names_ways_that_work(backend, of):
    def slope(f, **options):
        return multigrad.gradient(f, backend=backend, **options)

    with pytest.raises(multigrad.DetachedValueError) as caught:
        slope(lambda x, i: x[int(of(i))] ** 2, compile=True)(_X, np.asarray(1))
    message = str(caught.value)
    assert "int(x) would take a value that is being compiled or mapped (shape (), dtype int64, backend" in message
    assert "no values, detached or not" in message
    assert "x[i]), pass a count or an axis as a Python int, which stays one, or call the function as it is" in message
    assert "stop_gradient" not in message
    for found in (
        slope(lambda x, i: x[i] ** 2, compile=True)(_X, np.asarray(1)),
        slope(lambda x, i: x[int(i)] ** 2, compile=True)(_X, 1),
        slope(lambda x, i: x[int(of(i))] ** 2)(_X, np.asarray(1)),
    ):
        np.testing.assert_array_equal(multigrad.to_numpy(found), [0.0, 4.0, 0.0])


@pytest.mark.backends("torch")
@pytest.mark.parametrize(
    "leave", [lambda y: y.detach().numpy()[0], lambda y: y.tolist()[0], lambda y: np.asarray(y)[0]]
)
def test_native_tensors_do_not_leave_either(backend, leave):
    compiled = multigrad.jit(lambda x, y: leave(y) * x, backend=backend, arrays="native")
    with pytest.raises(multigrad.DetachedValueError, match="compiled"):
        compiled(_X, _X)


@COMPILES
def test_what_f_closes_over_has_a_value(backend):
    data = np.array([2.0, 5.0])
    found = multigrad.gradient(lambda x: float(data[0]) * xp.sum(x), backend=backend, compile=True)(_X)
    np.testing.assert_array_equal(multigrad.to_numpy(found), [2.0, 2.0, 2.0])


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: x[1:] * x[:-1], [[(0, 1)], [(1, 2)]]),
        (lambda x: xp.stack([x[0] * x[1], x[1] * x[2]]), [[(0, 1)], [(1, 2)]]),
        (lambda x: x[::2] * x[1], [[(0, 1)], [(1, 2)]]),
    ],
)
def test_second_derivatives_of_parts_of_a_vector(backend, f, expected):
    # Each output is a product of two elements: ones at their places in its Hessian, in both orders.
    hessians = np.zeros((2, 3, 3))
    for output, places in enumerate(expected):
        for i, j in places:
            hessians[output, i, j] = hessians[output, j, i] = 1.0
    for compiled in (False, True):
        found = multigrad.hessian(f, backend=backend, compile=compiled)(_X)
        np.testing.assert_array_equal(multigrad.to_numpy(found), hessians)


def test_scalars_of_numpy_are_arrays(backend):
    doubled = multigrad.jit(lambda k: k * 2, backend=backend)
    scaled = multigrad.gradient(lambda x, s: xp.sum(s * x), argnums=(0, 1), backend=backend, compile=True)
    for _ in range(3):  # the second call may go a quicker way
        assert float(doubled(np.float32(2.0))) == 4.0
        by_x, by_s = scaled(_X, np.float64(2.0))
        np.testing.assert_array_equal(multigrad.to_numpy(by_x), [2.0, 2.0, 2.0])
        assert float(by_s) == 6.0


@pytest.mark.backends("torch")
def test_a_result_that_trains_needs_no_name_for_its_operator(backend):
    import torch

    weights = torch.tensor(_X, requires_grad=True)
    for make, expected in (
        (lambda: multigrad.jit(lambda x: x**3), 3 * _X**2),
        (lambda: multigrad.gradient(lambda x: xp.sum(x**3), compile=True), 6 * _X),
    ):
        total = make()(weights).sum()
        gc.collect()
        (first,) = torch.autograd.grad(total, weights, create_graph=True)
        np.testing.assert_allclose(first.detach(), expected)
    total = multigrad.jit(lambda x: x**3)(weights).sum()
    (first,) = torch.autograd.grad(total, weights, create_graph=True)
    gc.collect()
    (second,) = torch.autograd.grad(first.sum(), weights)
    np.testing.assert_allclose(second, 6 * _X)


@COMPILES
def test_an_unknown_container_is_named(backend):
    compiled = multigrad.gradient(lambda x: 1.0, backend=backend, compile=True)
    with pytest.raises(multigrad.InputError, match=r"x\['w'\]\[0\] of type set.*register_pytree"):
        compiled({"w": [{1, 2}]})


class Holder:
    def __init__(self, value):
        self.value = value

    def times(self, y):
        return self.value * y


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


# What would keep the first call's arrays: on torch it gave their derivative at every later call.
HELD = {
    "a pullback": lambda x: multigrad.vjp(lambda y: y**3, x)[1],
    "a function": lambda x: lambda y: x * y,
    "its default": lambda x: lambda y, z=x: z * y,
    "a partial function": lambda x: functools.partial(xp.multiply, x),
    "a method": lambda x: Holder(x).times,
    "an object": Holder,
    "an object with slots": Slotted,
    "an object in an object": lambda x: Holder([Holder({"x": x})]),
    "a generator": lambda x: (y for y in [x]),
}


@COMPILES
@pytest.mark.filterwarnings("ignore::multigrad.RecompileWarning")  # each case is another function of one code
@pytest.mark.parametrize("name", HELD)
def test_nothing_that_holds_arrays_is_returned(backend, name):
    hold = HELD[name]
    message = r"known containers from a function that is compiled, got output\[1\] of type .*register_pytree"
    for compiled in (
        multigrad.jit(lambda x: (x**2, hold(x)), backend=backend),
        multigrad.gradient(lambda x: (xp.sum(x**2), hold(x)), has_aux=True, backend=backend, compile=True),
    ):
        with pytest.raises(multigrad.OutputError, match=message):
            compiled(_X)


def test_what_holds_nothing_is_returned(backend):
    holder = Holder(_X)
    compiled = multigrad.jit(lambda x: (x**2, {"f": lambda y: y * _X, "g": xp.sin, "h": holder}), backend=backend)
    for factor in (1.0, 2.0):
        square, rest = compiled(factor * _X)
        np.testing.assert_allclose(multigrad.to_numpy(square), (factor * _X) ** 2, rtol=1e-13)
        np.testing.assert_allclose(rest["f"](_X), _X**2, rtol=1e-13)
        assert rest["g"] is xp.sin
        assert rest["h"] is holder
