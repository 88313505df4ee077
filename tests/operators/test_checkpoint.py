"""checkpoint: the same derivatives of any order, intermediate values forgotten, closures differentiated."""

import gc
import weakref

import numpy as np
import pytest

import multigrad
from multigrad import xp

from .trees import assert_tree

X = np.asarray([0.7, -1.2, 2.0])
ROWS = np.asarray([[0.3, -0.8, 1.1], [1.7, 0.4, -0.6]])


def cubes(x):
    return xp.sum(x**3)


def test_every_order(backend, arrays):
    options = {"backend": backend, "arrays": arrays}
    f = multigrad.checkpoint(cubes)
    assert_tree(multigrad.value_and_gradient(f, **options)(X), ((X**3).sum(), 3 * X**2), 1e-13)
    assert_tree(multigrad.hessian(f, **options)(X), np.diag(6 * X), 1e-13)
    assert_tree(multigrad.gradient(multigrad.laplacian(f), **options)(X), np.full(3, 6.0), 1e-13)
    assert_tree(multigrad.hvp(f, (X,), (X,), **options), (6 * X * X,), 1e-13)
    assert_tree(multigrad.jvp(f, (X,), (X,), **options)[1], 3 * (X**3).sum(), 1e-13)


def test_with_vmap_inside_and_outside(backend, arrays):
    options = {"backend": backend, "arrays": arrays}
    f = multigrad.checkpoint(cubes)
    assert_tree(multigrad.vmap(multigrad.gradient(f), **options)(ROWS), 3 * ROWS**2, 1e-13)
    outside = multigrad.checkpoint(lambda rows: xp.sum(multigrad.vmap(cubes)(rows)))
    assert_tree(multigrad.gradient(outside, **options)(ROWS), 3 * ROWS**2, 1e-13)


def test_one_inside_another(backend, arrays):
    inner = multigrad.checkpoint(lambda x: x**2)
    outer = multigrad.checkpoint(lambda x: xp.sum(inner(x) * x))
    assert_tree(multigrad.hessian(outer, backend=backend, arrays=arrays)(X), np.diag(6 * X), 1e-13)


def test_trees_and_python_arguments(backend, arrays):
    @multigrad.checkpoint
    def f(p, n, *, label):
        assert (type(n), label) == (int, "text")
        return {"y": p["w"] ** n * p["b"][0], "n": xp.sum(p["w"])}

    def loss(p):
        out = f(p, 2, label="text")
        return xp.sum(out["y"]) + out["n"]

    found = multigrad.gradient(loss, backend=backend, arrays=arrays)({"w": X, "b": (3.0,)})
    assert_tree(found, {"w": 6 * X + 1, "b": (np.asarray((X**2).sum()),)}, 1e-13)


def test_what_it_closes_over_is_differentiated(backend, arrays):
    # f(w) = w · sin(w · w), once as an argument and once closed over.
    def f(w):
        return multigrad.checkpoint(lambda z: w * xp.sin(w * z))(w)

    w = 0.8
    first = np.sin(w**2) + 2 * w**2 * np.cos(w**2)
    second = 6 * w * np.cos(w**2) - 4 * w**3 * np.sin(w**2)
    options = {"backend": backend, "arrays": arrays}
    assert_tree(multigrad.gradient(f, **options)(w), np.asarray(first), 1e-13)
    assert_tree(multigrad.hessian(f, **options)(w), np.asarray(second), 1e-13)
    assert_tree(multigrad.jvp(f, (w,), (1.0,), **options)[1], np.asarray(first), 1e-13)


def test_a_closure_alone_is_differentiated(backend, arrays):
    constant = np.asarray([1.0, 2.0, 3.0])
    f = lambda w: xp.sum(multigrad.checkpoint(lambda z: w * z)(xp.asarray(constant)))  # noqa: E731
    assert_tree(multigrad.gradient(f, backend=backend, arrays=arrays)(2.0), np.asarray(6.0), 1e-13)


def test_outside_of_derivatives_f_runs_once(backend):
    calls = []
    f = multigrad.checkpoint(lambda x: (calls.append(1), xp.sin(x))[1])
    assert_tree(f(multigrad.asarray(X, backend=backend)), np.sin(X), 1e-15)
    assert len(calls) == 1


@pytest.mark.backends("numpy", "torch", "tensorflow")
def test_f_runs_again_in_the_backward_pass(backend, arrays):
    calls = []

    @multigrad.checkpoint
    def f(x):
        calls.append(1)
        return xp.sin(xp.exp(x))

    value, pullback = multigrad.vjp(f, X, backend=backend, arrays=arrays)
    assert len(calls) == 1
    assert_tree(value, np.sin(np.exp(X)), 1e-13)
    assert_tree(pullback(np.ones(3)), (np.cos(np.exp(X)) * np.exp(X),), 1e-13)
    assert len(calls) == 2


@pytest.mark.backends("jax")
def test_the_program_computes_again(backend):
    import jax

    def f(x):
        return xp.sum(xp.sin(xp.exp(x)))

    def exponentials(g):
        return str(jax.make_jaxpr(multigrad.gradient(g, backend=backend))(X.astype("float32"))).count("= exp ")

    assert (exponentials(f), exponentials(multigrad.checkpoint(f))) == (1, 2)


@pytest.mark.backends("numpy")
def test_intermediate_values_are_freed(backend):
    def alive_after_forward_pass(wrap):
        references = []

        def f(x):
            y = xp.exp(x)
            references.append(weakref.ref(multigrad.native(multigrad.stop_gradient(y))))
            return xp.sin(y)

        _, pullback = multigrad.vjp(wrap(f), X, backend=backend)
        gc.collect()
        alive = references[0]() is not None
        assert_tree(pullback(np.ones(3)), (np.cos(np.exp(X)) * np.exp(X),), 1e-13)
        return alive

    assert alive_after_forward_pass(lambda f: f)
    assert not alive_after_forward_pass(multigrad.checkpoint)


def test_an_exception_in_the_second_run_passes_through(backend):
    runs = []

    @multigrad.checkpoint
    def f(x):
        runs.append(1)
        if len(runs) > 1:
            raise KeyError("on purpose")
        return xp.sin(x)

    if backend == "jax":  # traced once, so that it cannot fail the second time
        assert_tree(multigrad.gradient(f, backend=backend)(0.5), np.asarray(np.cos(0.5)), 1e-13)
    else:
        with pytest.raises(KeyError, match="on purpose"):
            multigrad.gradient(f, backend=backend)(0.5)
    assert_tree(multigrad.gradient(cubes, backend=backend)(X), 3 * X**2, 1e-13)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_checkpoint_around_a_jacobian_is_differentiated(mode, backend):
    def f(x):
        return xp.stack([x[0] * x[1], x[0] ** 3])

    inner = multigrad.checkpoint(multigrad.jacobian(f, mode=mode))
    found = multigrad.gradient(lambda x: xp.sum(inner(x)), backend=backend)(np.array([1.0, 2.0]))
    assert multigrad.to_numpy(found).tolist() == [7.0, 1.0]
