"""compile=True and jit: the same results, one program per signature, nothing kept alive, nothing stale."""

import gc
import threading
import warnings
import weakref

import numpy as np
import pytest

import multigrad
from multigrad import DetachedValueError, RecompileWarning, _program_store, xp

from .counted import Counted

X = np.asarray([1.0, 2.0, 3.0])
COMPILES = pytest.mark.backends("torch", "jax", "tensorflow")


def f(x):
    return xp.sum(xp.sin(x) * x**2)


GRADIENT = np.cos(X) * X**2 + 2 * X * np.sin(X)
HESSIAN = np.diag(-np.sin(X) * X**2 + 4 * X * np.cos(X) + 2 * np.sin(X))
# Every operator on the same function, compiled: (options) → result.
OPERATORS = {
    "gradient": (lambda **o: multigrad.gradient(f, **o)(X), GRADIENT),
    "value_and_gradient": (lambda **o: multigrad.value_and_gradient(f, **o)(X)[1], GRADIENT),
    "vjp": (lambda **o: multigrad.vjp(f, X, **o)[1](2.0)[0], 2 * GRADIENT),
    "jvp": (lambda **o: multigrad.jvp(f, (X,), (X,), **o)[1], GRADIENT @ X),
    "hvp": (lambda **o: multigrad.hvp(f, (X,), (X,), **o)[0], HESSIAN @ X),
    "jacobian": (lambda **o: multigrad.jacobian(xp.sin, **o)(X), np.diag(np.cos(X))),
    "value_and_jacobian": (lambda **o: multigrad.value_and_jacobian(xp.sin, **o)(X)[0], np.sin(X)),
    "hessian": (lambda **o: multigrad.hessian(f, **o)(X), HESSIAN),
    "laplacian": (lambda **o: multigrad.laplacian(f, **o)(X), np.trace(HESSIAN)),
    "vmap": (lambda **o: multigrad.vmap(lambda x: x * xp.sin(x), **o)(X), X * np.sin(X)),
}


def plain(tree):
    return multigrad.to_numpy(tree)


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_gives_the_same_compiled(backend, name):
    run, expected = OPERATORS[name]
    found = run(backend=backend, compile=True)
    np.testing.assert_allclose(plain(found), expected, rtol=1e-12)
    assert plain(found).dtype == np.float64


def test_jit_of_trees_and_static_arguments(backend):
    def scaled(tree, n, name):
        return {name: tree["w"] * n, "kept": name}

    found = multigrad.jit(scaled, backend=backend)({"w": X}, 3, "v")
    assert found["kept"] == "v"
    np.testing.assert_allclose(plain(found["v"]), 3 * X)


def test_numbers_that_are_differentiated_are_data(backend):
    counted = Counted(lambda x, y: x**2 * y)
    compiled = multigrad.gradient(counted, (0, 1), backend=backend, compile=True)
    assert [float(g) for g in plain(compiled(2, 3.0))] == [12.0, 4.0]
    runs = counted.runs
    assert [float(g) for g in plain(compiled(5, 2.0))] == [20.0, 25.0]
    # NumPy runs f at each call, compilers only when they trace.
    assert counted.runs == (2 * runs if backend == "numpy" else runs)


@COMPILES
def test_integers_are_built_in_and_floats_are_data(backend):
    counted = Counted(lambda x, n, scale: xp.sum(x**n) * scale)
    compiled = multigrad.gradient(counted, backend=backend, compile=True)
    np.testing.assert_allclose(plain(compiled(X, 2, 1.5)), 3 * X)
    runs = counted.runs
    np.testing.assert_allclose(plain(compiled(X, 2, 2.5)), 5 * X)
    assert counted.runs == runs
    np.testing.assert_allclose(plain(compiled(X, 3, 1.0)), 3 * X**2)
    assert counted.runs > runs


@COMPILES
def test_operator_made_anew_finds_its_program(backend):
    counted = Counted(f)
    for _ in range(3):
        multigrad.gradient(counted, backend=backend, compile=True)(X)
    once = counted.runs
    assert once > 0
    for _ in range(5):
        np.testing.assert_allclose(
            plain(multigrad.gradient(counted, backend=backend, compile=True)(2 * X)),
            np.cos(2 * X) * 4 * X**2 + 4 * X * np.sin(2 * X),
        )
    assert counted.runs == once
    multigrad.gradient(counted, backend=backend, compile=True)(X[:2])  # another shape, another program
    assert counted.runs > once


@COMPILES
def test_twenty_functions_are_all_compiled(backend):
    for k in range(20):
        counted = Counted(lambda x, k=k: xp.sum(x**2) * (k + 1))
        compiled = multigrad.gradient(counted, backend=backend, compile=True)
        compiled(X)
        runs = counted.runs
        np.testing.assert_allclose(plain(compiled(3 * X)), 6 * (k + 1) * X)
        assert counted.runs == runs  # Python did not run f again: what ran is the program


def test_forms_follow_the_arguments(backend):
    array = getattr(multigrad.array_api, backend).asarray(X)
    compiled = multigrad.gradient(f, backend=backend, compile=True)
    for _ in range(2):
        assert isinstance(compiled(array), multigrad.Array)
        assert not isinstance(compiled(array.native), multigrad.Array)
        assert not isinstance(compiled(X), multigrad.Array)


def test_native_arrays(backend):
    def native(x):
        return (x**2).sum() if backend != "tensorflow" else _tensorflow_sum(x**2)

    found = multigrad.gradient(native, backend=backend, compile=True, arrays="native")(X)
    np.testing.assert_allclose(plain(found), 2 * X)


def _tensorflow_sum(x):
    import tensorflow as tf

    return tf.reduce_sum(x)


@COMPILES
def test_branching_on_a_value_names_the_way_out(backend):
    compiled = multigrad.gradient(lambda x: xp.sum(x) if x[0] > 0 else xp.sum(x**2), backend=backend, compile=True)
    with pytest.raises(DetachedValueError, match=r"xp\.where"):
        compiled(X)


def test_an_error_of_f_passes_through_and_leaves_nothing(backend):
    error = ZeroDivisionError("mine")
    broken = [True]

    def f(x):
        if broken:
            raise error
        return xp.sum(x**2)

    compiled = multigrad.gradient(f, backend=backend, compile=True)
    with pytest.raises(ZeroDivisionError, match="mine"):
        compiled(X)
    broken.clear()
    np.testing.assert_allclose(plain(compiled(X)), 2 * X)


SCALE = 2.0


@pytest.mark.backends("torch")
def test_torch_notices_a_global_that_changed(backend, monkeypatch):
    def scaled(x):
        return SCALE * xp.sum(x**2)

    compiled = multigrad.gradient(scaled, backend=backend, compile=True)
    np.testing.assert_allclose(plain(compiled(X)), 4 * X)
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    np.testing.assert_allclose(plain(compiled(X)), 6 * X)


@pytest.mark.backends("torch")
def test_torch_reads_a_tensor_of_a_closure_anew(backend):
    import torch

    w = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    compiled = multigrad.gradient(lambda x: xp.sum(xp.asarray(w) ** 2 * x**2), compile=True)
    x = torch.tensor([1.0, 1.0, 2.0], dtype=torch.float64)
    compiled(x).sum().backward()
    np.testing.assert_allclose(w.grad, [4.0, 8.0, 24.0])
    with torch.no_grad():
        w += 1
    np.testing.assert_allclose(compiled(x).detach(), [8.0, 18.0, 64.0])


@pytest.mark.backends("torch")
def test_torch_trains_through_a_compiled_gradient(backend):
    import torch

    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    compiled = multigrad.gradient(lambda x: xp.sum(x**3), compile=True)
    (second,) = torch.autograd.grad(compiled(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(second.detach(), [6.0, 12.0])
    (third,) = torch.autograd.grad(second.sum(), x)
    np.testing.assert_allclose(third, [6.0, 6.0])


@COMPILES
def test_programs_do_not_keep_the_function_alive(backend):
    data = np.ones(3)
    array = multigrad.asarray(data, backend=backend)

    def local(x):
        return xp.sum(x * xp.asarray(array))

    multigrad.gradient(local, backend=backend, compile=True)(X)
    alive = weakref.ref(local)
    del local
    gc.collect()
    assert alive() is None


@COMPILES
def test_new_functions_of_one_code_warn_once(backend, monkeypatch):
    # Counted since the process began, on whatever backend.
    monkeypatch.setattr(_program_store, "_functions_of", weakref.WeakKeyDictionary())

    def make(k):
        return lambda x: xp.sum(x) * k

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for k in range(10):
            multigrad.gradient(make(float(k)), backend=backend, compile=True)(X)
    found = [w for w in caught if issubclass(w.category, RecompileWarning)]
    assert len(found) == 1
    assert "test_compile.py" in str(found[0].message)


@COMPILES
def test_an_argument_that_cannot_be_hashed(backend):
    compiled = multigrad.jit(lambda x, options: x, backend=backend)
    with pytest.raises(multigrad.InputError, match="hashable"):
        compiled(X, {1, 2})


@pytest.mark.backends("numpy")
def test_numpy_runs_what_it_cannot_compile(backend):
    assert plain(multigrad.jit(lambda x, options: x, backend=backend)(X, {1, 2})).tolist() == X.tolist()


@COMPILES
def test_programs_do_not_keep_the_arguments_alive(backend):
    first = multigrad.asarray(X, backend=backend)
    compiled = multigrad.gradient(Counted(f), compile=True)
    compiled(first)
    alive = weakref.ref(first)
    del first
    gc.collect()
    assert alive() is None


@COMPILES
def test_the_program_used_least_recently_is_forgotten(backend, monkeypatch):
    monkeypatch.setattr(_program_store, "_LIMIT", 2)
    counted = Counted(lambda x, n: xp.sum(x**n))

    def runs(n):
        before = counted.runs
        # Made anew, so that the operator itself remembers nothing.
        multigrad.gradient(counted, backend=backend, compile=True)(X, n)
        return counted.runs - before

    assert runs(2)
    assert runs(3)
    assert not runs(2)
    assert runs(4)  # 3 goes, not 2
    assert not runs(2)
    assert runs(3)


def test_inside_another_computation(backend):
    inner = multigrad.gradient(lambda x: xp.sum(x**3), compile=True)
    found = multigrad.gradient(lambda x: xp.sum(inner(x)), backend=backend)(X)
    np.testing.assert_allclose(plain(found), 6 * X)
    both = multigrad.gradient(lambda x: xp.sum(inner(x)), backend=backend, compile=True)(X)
    np.testing.assert_allclose(plain(both), 6 * X)


@COMPILES
def test_threads_compile_a_signature_once(backend):
    counted = Counted(f)
    compiled = multigrad.gradient(counted, backend=backend, compile=True)
    found, barrier = [], threading.Barrier(4)

    def work():
        barrier.wait()
        found.append(plain(compiled(X)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for gradient in found:
        np.testing.assert_allclose(gradient, GRADIENT)
    runs = counted.runs
    compiled(2 * X)
    assert counted.runs == runs
    alone = Counted(f)
    multigrad.gradient(alone, backend=backend, compile=True)(X)
    assert runs == alone.runs


@pytest.mark.backends("jax")
def test_jax_keeps_float64_without_the_flag(backend):
    compiled = multigrad.gradient(f, backend=backend, compile=True)
    for x in (X, 2.0, X):
        assert plain(compiled(x)).dtype == np.float64
    assert plain(compiled(X.astype(np.float32))).dtype == np.float32


def _differences(y):
    """Return what np.gradient does, by a concat of three pieces."""
    return xp.concat([y[1:2] - y[:1], y[2:] - y[:-2], y[-1:] - y[-2:-1]])


READS = {
    "take": lambda z, i: xp.take(z, i),
    "index": lambda z, i: z[i],
    "indices": lambda z, i: xp.stack([z, z])[xp.zeros_like(i), i],
    "take_along_axis": lambda z, i: xp.take_along_axis(xp.stack([z]), xp.stack([i]), axis=1)[0, :],
    "repeat": lambda z, i: xp.repeat(z, 2)[::2][i],
}


@pytest.mark.filterwarnings("ignore::multigrad.RecompileWarning")
@pytest.mark.parametrize("read", READS)
def test_compiled_second_derivatives_of_what_is_read_twice(backend, read):
    # TensorFlow's sparse derivative of a gather is wrong in XLA behind a concat, from the second order on.
    def f(y, x):
        i = xp.astype(xp.floor(x), xp.int64)
        z = _differences(y)
        return xp.sum(READS[read](z, i) ** 2 + 2 * READS[read](z, i + 1) ** 2)

    y, x, direction = 2.0 ** np.arange(6), np.arange(5.0), np.arange(6.0) ** 2
    found = multigrad.jit(lambda y, x: multigrad.hvp(f, (y, x), (direction, 0 * x))[0], backend=backend)(y, x)
    np.testing.assert_allclose(plain(found), [-26, -46, -48, -48, 36, 132])
    tangent = multigrad.jvp(f, (y, x), (direction, 0 * x), backend=backend, compile=True)[1]
    np.testing.assert_allclose(plain(tangent), np.dot(_gradient_of_squares(y), direction))


def _gradient_of_squares(y):
    matrix = np.gradient(np.eye(6), axis=0) * [[1], [2], [2], [2], [2], [1]]  # z = matrix @ y
    z, weights = matrix @ y, np.asarray([1, 3, 3, 3, 3, 2])
    return 2 * matrix.T @ (weights * z)


MASK = np.asarray([True, False, True])


def _written(x):
    z = xp.zeros(3)
    z[xp.asarray(MASK)] = x[:2]
    return xp.sum(z**2)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: xp.sum(x[MASK] ** 2), [2, 0, 6]),
        (lambda x: xp.sum(x[xp.asarray(MASK)] ** 2), [2, 0, 6]),
        (lambda x: xp.sum(xp.stack([x, x])[xp.asarray([[True, False, False], [True, True, False]])] ** 2), [4, 4, 0]),
        (_written, [2, 4, 0]),
        (lambda x: xp.sum(xp.repeat(x, xp.asarray([0, 1, 2])) ** 2), [0, 4, 12]),
    ],
    ids=["NumPy's", "an array's", "of two axes", "written", "repeat"],
)
def test_masks_and_counts_that_are_data_are_known(backend, f, expected):
    x = np.asarray([1.0, 2.0, 3.0])
    np.testing.assert_allclose(plain(multigrad.gradient(f, backend=backend, compile=True)(x)), expected)
    (product,) = multigrad.hvp(f, (x,), (np.ones(3),), backend=backend, compile=True)
    np.testing.assert_allclose(plain(product), expected / x)


@pytest.mark.backends("torch", "jax")
def test_shapes_that_depend_on_values_are_refused(backend):
    with pytest.raises(TypeError, match=r"[Ss]hape of .* depends on values.* compiled"):
        multigrad.gradient(lambda x: xp.sum(x[x > 1] ** 2), backend=backend, compile=True)(np.asarray([1.0, 2.0]))
