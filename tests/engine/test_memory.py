"""What the engine holds and for how long, and graphs that are deep, wide or read element by element."""

import gc
import time
import tracemalloc
import weakref

import numpy as np
import pytest

import multigrad
from multigrad.engine import Tracer, vjp
from multigrad.engine._primitives import primitive

from .checks import NUMPY, gradient

pytestmark = pytest.mark.needs("numpy")  # the engine runs on NumPy alone: once


class Watched(np.ndarray):
    """An array that can be referred to weakly; so are all that are computed from it."""


def watched(x):
    return np.asarray(x, dtype=np.float64).view(Watched)


@pytest.mark.parametrize("length", [20_000, 100_000, 200_000])
def test_deep_chains_need_no_recursion(length):
    def f(x):
        for _ in range(length):
            x = x + 1.0
        return x * x

    value, pullback = multigrad.vjp(f, 1.0, backend="numpy")
    assert float(value) == (length + 1.0) ** 2
    assert float(pullback(1.0)[0]) == 2.0 * (length + 1)


def test_deep_chains_in_second_order():
    def f(x):
        y = x * x
        for _ in range(20_000):
            y = y * 1.0
        return y * x

    assert float(multigrad.gradient(multigrad.gradient(f), backend="numpy")(3.0)) == 18.0


def test_a_deep_graph_that_is_never_pulled_back_is_freed_without_recursion():
    def f(x):
        for _ in range(200_000):
            x = NUMPY.sin(x)
        return (x,), ()

    outputs = vjp(NUMPY, f, (np.float64(1.0),))[0]
    assert 0.0 < float(outputs[0]) < 0.01


def _seconds(length):
    def f(x):
        for _ in range(length):
            x = x * 0.999 + 0.001
        return x

    derivative = multigrad.gradient(f, backend="numpy")
    start = time.process_time()
    derivative(1.0)
    return time.process_time() - start


def test_the_cost_of_a_chain_is_linear_in_its_length():
    _seconds(1000)
    # Ten times the length in less than thirty times the time; a quadratic cost would take a hundred times.
    assert min(_seconds(50_000) for _ in range(2)) < 30 * min(_seconds(5000) for _ in range(3))


def test_shared_nodes_are_visited_once():
    def f(x):
        for _ in range(60):  # 2^60 paths
            x = x + x
        return x

    assert float(multigrad.gradient(f, backend="numpy")(1.0)) == 2.0**60


def test_reading_element_by_element_does_not_cost_an_array_for_each(monkeypatch):
    n, places = 2000, []
    place = NUMPY.place
    monkeypatch.setattr(NUMPY, "place", lambda *args: places.append(args) or place(*args))

    def f(x):
        total = 0.0
        for i in range(n):
            total = x[i] * (i + 1.0) + total
        return total

    found = gradient(NUMPY, f, np.ones(n))[0]
    np.testing.assert_array_equal(found, np.arange(1.0, n + 1.0))
    assert len(places) == 1


@pytest.mark.parametrize("order", [1, 2])
def test_no_reference_cycles_are_left(order):
    f = lambda x: multigrad.xp.sum(multigrad.xp.sin(x[::-1]) * x**2)  # noqa: E731
    g = f if order == 1 else lambda x: multigrad.xp.sum(multigrad.gradient(f)(x) ** 2)
    x = np.ones(3)
    multigrad.gradient(g, backend="numpy")(x)  # fill the caches first
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        multigrad.gradient(g, backend="numpy")(x)
        gc.collect()
        left = [item for item in gc.garbage if isinstance(item, np.ndarray | Tracer) or "multigrad" in str(type(item))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == []


def test_the_engine_leaves_nothing_to_the_collector():
    def run():
        _, pull, _ = vjp(NUMPY, lambda x: ((NUMPY.sum(NUMPY.sin(x[1:]) * x[:-1] ** 2 / x[0]),), ()), (np.ones(4),))
        return pull((np.float64(1.0),))

    run()
    gc.collect()
    gc.disable()
    try:
        run()
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("reusable", [False, True])
def test_values_are_freed_as_the_backward_pass_consumes_them(reusable):
    """Of ten layers, the values of those that the pass has left behind are gone when it reaches the first."""
    values, alive = [], []

    def remember(x):
        values.append(weakref.ref(x.value))
        return x

    def count(xp, g):
        alive.append(sum(ref() is not None for ref in values))
        return g

    counting = _identity(count)

    def f(x):
        x = counting(x)
        for _ in range(10):
            x = remember(NUMPY.sin(x))
        return (NUMPY.sum(x),), ()

    gc.disable()
    try:
        outputs, pull, _ = vjp(NUMPY, f, (watched(np.ones(5)),), reusable=reusable)
        before = sum(ref() is not None for ref in values)
        pull((np.ones_like(outputs[0]),))
    finally:
        gc.enable()
    assert before == 9  # the last sine reads its argument, the sum only a shape
    assert alive == [9 if reusable else 0]


def _identity(on_the_way_back):
    """Return an identity that runs a function when a cotangent passes."""
    return primitive(lambda x: x, (lambda xp, g, out, like: on_the_way_back(xp, g),), NUMPY)


KEPT = {
    "add": (lambda x: x + 1.0, 0),
    "sum": (NUMPY.sum, 0),
    "reshape": (lambda x: NUMPY.reshape(x, (2, 2)), 0),
    "getitem": (lambda x: x[1:], 0),
    "concat": (lambda x: NUMPY.concat([x, x]), 0),
    "exp": (NUMPY.exp, 0),
    "sin": (NUMPY.sin, 1),
    "multiply by a number": (lambda x: x * 3.0, 0),
}


@pytest.mark.parametrize(("f", "expected"), KEPT.values(), ids=KEPT)
def test_an_argument_that_a_rule_does_not_read_is_not_kept(f, expected):
    refs = []

    def of(x):
        x = NUMPY.positive(x) * 1.0
        refs.append(weakref.ref(x.value))
        return (f(x),), ()

    _, pull, _ = vjp(NUMPY, of, (watched(np.ones(4)),))
    assert sum(ref() is not None for ref in refs) == expected
    assert callable(pull)


def test_peak_memory_of_a_mean_squared_error():
    """At most two arrays of the data's size at once, as by hand: the residual, and what is computed from it."""
    x = np.random.default_rng(0).normal(size=200_000)
    y = np.cos(x)

    def f(w, b):
        return NUMPY.mean((NUMPY.multiply(x, w) + b - y) ** 2)

    def run():
        _, pull, _ = vjp(NUMPY, lambda w, b: ((f(w, b),), ()), (np.float64(0.5), np.float64(0.1)), reusable=False)
        return pull((np.float64(1.0),))

    run()
    tracemalloc.start()
    try:
        run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.1 * x.nbytes


def test_sums_of_cotangents_write_to_no_array_of_others():
    """What arrives first may be the caller's cotangent or another operation's, and is left as it is."""
    x, cotangent = np.asarray([1.0, 2.0, 3.0]), np.asarray([1.0, 1.0, 1.0])
    outputs, pull, _ = vjp(NUMPY, lambda x: ((x, x, x, x[1:], NUMPY.positive(x)), ()), (x,))
    given = (cotangent, cotangent, cotangent, cotangent[1:], cotangent)
    first, second = pull(given)[0], pull(given)[0]
    assert first.tolist() == second.tolist() == [4.0, 5.0, 5.0]
    assert cotangent.tolist() == [1.0, 1.0, 1.0]
    assert x.tolist() == [1.0, 2.0, 3.0]
    assert len(outputs) == 5


def test_parts_of_arrays_add_up_in_any_order():
    x = np.arange(1.0, 7.0).reshape(2, 3)

    def f(x):
        y = x * 1.0
        return (
            NUMPY.sum(y[0] ** 2)
            + NUMPY.sum(y * 2.0)
            + y[1, 1] * y[0, 0]
            + NUMPY.sum(y[:, None, 1] * 3.0)
            + NUMPY.sum(y[np.asarray([0, 0])] * 5.0)
            + NUMPY.sum(y[..., -1])
            + NUMPY.sum(y[y > 3.5])
        )

    expected = np.full((2, 3), 2.0)
    expected[0] += 2.0 * x[0]
    expected[0, 0] += x[1, 1]
    expected[1, 1] += x[0, 0]
    expected[:, 1] += 3.0
    expected[0] += 10.0
    expected[:, -1] += 1.0
    expected[x > 3.5] += 1.0
    np.testing.assert_allclose(gradient(NUMPY, f, x)[0], expected, rtol=1e-15)
