"""`to_torch`, `to_jax`, `to_tensorflow`: functions of every backend inside every framework, against closed forms."""

import dataclasses
import doctest
import importlib
import re
import threading

import numpy as np
import pytest

import multigrad
from multigrad import to_jax, to_tensorflow, to_torch, xp
from multigrad._dtypes import dtype_name
from multigrad._forms import array_type
from multigrad.extend import FiniteDifferenceBackend

X = np.array([0.3, -1.2, 2.0])
Z = np.array([0.5 - 1.0j, -0.3 + 0.2j])
A = np.array([1.0 + 2.0j, -0.5j])


def f(x):
    """A tree with a scalar, an integer and a vector."""
    return {
        "sum": xp.sum(xp.sin(x) * x**2),
        "positive": xp.sum(xp.astype(x > 0, xp.int32), dtype=xp.int32),
        "exp": xp.exp(x),
    }


def loss(found):
    return found["sum"] ** 2 + (found["exp"] ** 2 * SCALE)[found["positive"]]


# Closed forms of loss(f(x)) at X, which has two positive entries: number 2 is the last.
SCALE = 3.0
_S, _LAST = np.sum(np.sin(X) * X**2), np.array([0.0, 0.0, 1.0])
_DS = np.cos(X) * X**2 + 2 * X * np.sin(X)
_D2S = -np.sin(X) * X**2 + 4 * X * np.cos(X) + 2 * np.sin(X)
VALUE = _S**2 + SCALE * np.exp(2 * X[2])
GRADIENT = 2 * _S * _DS + 2 * SCALE * _LAST * np.exp(2 * X)
HESSIAN = 2 * np.outer(_DS, _DS) + np.diag(2 * _S * _D2S + 4 * SCALE * _LAST * np.exp(2 * X))


def complex_valued(z):
    return xp.asarray(A) * z**2


# The gradient dL/dRe + i dL/dIm of L = sum(|w|^2) + Re(sum(w)), w = complex_valued(z).
COMPLEX_GRADIENT = np.conj(2 * A * Z) * (2 * A * Z**2 + 1)


def close(found, expected, rtol=1e-12):
    np.testing.assert_allclose(np.asarray(found), expected, rtol=rtol, atol=rtol)


class Spy:
    """A function that tells how often it ran, and how often it was being differentiated."""

    def __init__(self, f):
        self.f = f
        self.calls = 0
        self.recorded = 0

    def __call__(self, x, *args):
        self.calls += 1
        self.recorded += x.is_recorded
        return self.f(x, *args)


@dataclasses.dataclass
class Line:
    w: object
    b: object


def of_tree(line, x, *, power, name, indices):
    """Takes a dataclass, an array, and arguments that are no arrays."""
    assert isinstance(power, int)
    assert name == "line"
    return {"y": [line.w * xp.take(x, indices) ** power + line.b], "n": 2.0}


def shifted(x):
    return x * 2 + 1


def in_threads(work):
    """Return what work(0), ..., work(3) give in a thread each."""
    found = [None] * 4

    def run(i):
        found[i] = work(i)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.needs("torch")
class TestTorch:
    def leaf(self, x=X, dtype="float64"):
        import torch

        return torch.tensor(x, dtype=getattr(torch, dtype), requires_grad=True)

    def test_gradient(self, backend, dtype):
        x = self.leaf(dtype=dtype)
        found = to_torch(f, backend=backend)(x)
        value = loss(found)
        value.backward()
        rtol = {"float32": 1e-5, "float64": 1e-12}[dtype]
        close(value.detach(), VALUE, rtol)
        close(x.grad, GRADIENT, rtol)
        assert x.grad.dtype == x.dtype == found["exp"].dtype
        assert not found["positive"].requires_grad

    def test_second_order(self, backend):
        import torch

        g = to_torch(f, backend=backend)
        close(torch.autograd.functional.hessian(lambda x: loss(g(x)), torch.tensor(X)), HESSIAN)
        # Value and derivative of one call in one product, and a third derivative.
        x = self.leaf(2.0)
        cube = to_torch(lambda x: x**3, backend=backend)
        y = cube(x)
        (slope,) = torch.autograd.grad(y, x, create_graph=True)
        (second,) = torch.autograd.grad(y * slope, x, create_graph=True)
        (third,) = torch.autograd.grad(second, x)
        close([slope.detach(), second.detach(), third], [12, 15 * 16, 60 * 8])

    def test_against_differences(self, backend):
        import torch

        g = to_torch(lambda x, z: (xp.sin(x) * xp.sum(xp.abs(z) ** 2), xp.asarray(A) * z**2), backend=backend)
        inputs = self.leaf(), self.leaf(Z, "complex128")
        assert torch.autograd.gradcheck(g, inputs)
        assert torch.autograd.gradgradcheck(g, inputs)

    def test_complex(self, backend):
        z = self.leaf(Z, "complex128")
        found = to_torch(complex_valued, backend=backend)(z)
        ((found.abs() ** 2).sum() + found.real.sum()).backward()
        close(z.grad, COMPLEX_GRADIENT)

    def test_a_conjugation_that_torch_has_only_noted(self, backend):
        z = self.leaf(np.conj(Z), "complex128")
        assert z.conj().is_conj()
        found = to_torch(complex_valued, backend=backend)(z.conj())
        ((found.conj().abs() ** 2).sum() + found.conj().real.sum()).backward()
        close(z.grad.resolve_conj(), np.conj(COMPLEX_GRADIENT))

    def test_torch_func(self, backend):
        import torch

        g = to_torch(lambda x: {**f(x), "positive": xp.astype(0 * x[0], xp.int32)}, backend=backend)

        def smooth(x):
            found = g(x)
            return found["sum"] ** 2 + (found["exp"] ** 2 * torch.tensor(_LAST * SCALE)).sum()

        x, rows = torch.tensor(X), torch.tensor(np.stack([X, X]))
        close(torch.func.grad(smooth)(x), GRADIENT)
        close(torch.func.jacrev(torch.func.grad(smooth))(x), HESSIAN)
        close(torch.func.vmap(torch.func.grad(smooth))(rows), np.stack([GRADIENT, GRADIENT]))
        close(torch.func.vmap(lambda a, b: g(a * b)["sum"], in_dims=(0, None))(rows, torch.tensor(1.0)), [_S, _S])

    def test_trees_numbers_and_integers(self, backend):
        import torch

        line, x = Line(self.leaf(2.0), self.leaf(-1.0)), self.leaf()
        g = to_torch(of_tree, backend=backend)
        found = g(line, x, power=2, name="line", indices=torch.tensor([2, 0, 2]))
        close(found["y"][0].detach(), 2 * X[[2, 0, 2]] ** 2 - 1)
        assert found["n"] == torch.tensor(2.0, dtype=torch.float64)
        found["y"][0].sum().backward()
        close(line.w.grad, 2 * X[2] ** 2 + X[0] ** 2)
        close(line.b.grad, 3)
        close(x.grad, [4 * X[0], 0, 8 * X[2]])

    def test_what_is_not_asked_for_is_not_computed(self, backend):
        import torch

        spy = Spy(lambda x, y: xp.sum(x * y))
        g = to_torch(spy, backend=backend)
        x = self.leaf()
        with torch.no_grad():
            assert not g(x, x).requires_grad
        assert not g(x.detach(), x.detach()).requires_grad
        assert (spy.calls, spy.recorded) == (2, 0)
        y = g(x, x.detach())
        y.backward(retain_graph=True)
        y.backward()
        assert (spy.calls, spy.recorded) == (3, 1)
        close(x.grad, 2 * X)

    def test_arguments_are_not_changed_and_results_are_their_own(self, backend):
        import torch

        x = torch.tensor(X)
        found = to_torch(lambda x: 1 * x, backend=backend)(x)
        found += 1
        close(x, X)
        y = self.leaf() * 1
        z = to_torch(lambda x: x**2, backend=backend)(y)
        y += 1
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.sum().backward()

    @pytest.mark.backends("torch")
    def test_gradients_flow_to_arguments_alone(self, backend):
        w, x = self.leaf(2.0), self.leaf()
        to_torch(lambda x: xp.sum(x * w), backend=backend)(x).backward()
        assert w.grad is None
        assert not to_torch(lambda x: xp.sum(x * w), backend=backend)(x.detach()).requires_grad
        close(x.grad, [2, 2, 2])

    def test_options(self, backend):
        x = self.leaf()
        seen = []

        def g(x):
            seen.append((dtype_name(x.dtype), multigrad.infer_backend(x).name))
            return xp.sum(x**2)

        found = to_torch(g, backend=backend, dtype="float32", device="cpu")(x)
        found.backward()
        with multigrad.use_backend(backend, dtype="float32"):
            to_torch(g)(x)
        assert seen == [("float32", backend)] * 2
        assert dtype_name(found.dtype) == "float32"
        assert x.grad.dtype == x.dtype
        close(x.grad, 2 * X, 1e-6)

    def test_in_a_module_one_term_is_fitted(self, backend):
        import torch

        class Fit(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.w = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
                self.penalty = to_torch(lambda w: xp.sum((w - xp.asarray([3.0, 1.0])) ** 2), backend=backend)

            def forward(self, x):
                return ((x @ self.w - 1) ** 2).mean() + self.penalty(self.w)

        rng = np.random.default_rng(0)
        data = rng.normal(size=(6, 2))
        model = Fit()
        steps = torch.optim.SGD(model.parameters(), lr=0.2)
        for _ in range(60):
            steps.zero_grad()
            model(torch.tensor(data)).backward()
            steps.step()
        # The minimum of a quadratic: (XtX/n + I) w = Xt1/n + (3, 1).
        expected = np.linalg.solve(data.T @ data / 6 + np.eye(2), data.mean(axis=0) + np.array([3.0, 1.0]))
        close(model.w.detach(), expected, 1e-8)

    def test_nothing_is_kept_alive(self, backend):
        import gc
        import weakref

        g = to_torch(lambda x: xp.sum(x**2), backend=backend)
        x = self.leaf()
        x.grad = None
        g(x).backward()
        gc.collect()
        gc.disable()
        try:
            passed = self.leaf()
            alive = weakref.ref(passed)
            g(passed).backward()
            del passed
            assert alive() is None
        finally:
            gc.enable()

    def test_in_threads(self, backend):
        g = to_torch(lambda x: xp.sum(x**3), backend=backend)

        def work(i):
            x = self.leaf(X + i)
            g(x).backward()
            return x.grad.numpy()

        close(in_threads(work), [3 * (X + i) ** 2 for i in range(4)])

    def test_inside_multigrad(self, backend):
        g = to_torch(lambda x: xp.sum(x**3), backend=backend)
        found = multigrad.gradient(lambda x: g(x) * xp.sum(x), backend="torch")(X)
        close(found, np.sum(X**3) + 3 * X**2 * np.sum(X))
        close(multigrad.hessian(g, backend="torch")(X), np.diag(6 * X))

    def test_part_of_an_array(self, backend):
        import torch

        # Memory that is not aligned, strides, and no elements at all.
        g = to_torch(lambda x: xp.sum(x * 2), backend=backend)
        for part in (lambda x: x[1:], lambda x: x[::2], lambda x: x[:0], lambda x: x.reshape(3, 1).T):
            x = self.leaf()
            g(part(x)).backward()
            y = self.leaf()
            (part(y) * 2).sum().backward()
            assert torch.equal(x.grad, y.grad)


@pytest.mark.needs("jax")
class TestJax:
    @pytest.fixture(params=["eager", "jit"])
    def transformed(self, request):
        import jax

        return (lambda f: f) if request.param == "eager" else jax.jit

    def test_gradient(self, backend, dtype, transformed):
        import jax

        g = to_jax(f, backend=backend)
        with jax.enable_x64(dtype == "float64"):
            x = jax.numpy.asarray(X, dtype=dtype)
            value, found = transformed(jax.value_and_grad(lambda x: loss(g(x))))(x)
            assert value.dtype == found.dtype == transformed(g)(x)["exp"].dtype == dtype
        rtol = {"float32": 1e-5, "float64": 1e-12}[dtype]
        close(value, VALUE, rtol)
        close(found, GRADIENT, rtol)

    def test_second_order(self, backend, transformed):
        import jax

        g = to_jax(f, backend=backend)
        cube = to_jax(lambda x: x**3, backend=backend)
        with jax.enable_x64(True):
            close(transformed(jax.jacrev(jax.grad(lambda x: loss(g(x)))))(X), HESSIAN)
            product = jax.grad(lambda x: cube(x) * jax.grad(cube)(x))
            close(transformed(product)(2.0), 15 * 16)
            close(transformed(jax.grad(product))(2.0), 60 * 8)

    def test_against_differences(self, backend):
        import jax
        from jax.test_util import check_grads

        g = to_jax(lambda x, y: (xp.sin(x) * xp.sum(y**2), xp.exp(x[0] * y)), backend=backend)
        with jax.enable_x64(True):
            check_grads(g, (jax.numpy.asarray(X), jax.numpy.asarray(X[:2])), order=2, modes="rev", rtol=1e-6)

    def test_complex_follows_jaxs_convention(self, backend, transformed):
        import jax

        g = to_jax(complex_valued, backend=backend)

        def real(function):
            return lambda z: jax.numpy.sum(abs(function(z)) ** 2) + jax.numpy.sum(function(z).real)

        with jax.enable_x64(True):
            z = jax.numpy.asarray(Z)
            close(transformed(jax.grad(real(g)))(z), np.conj(COMPLEX_GRADIENT))
            # The second derivative along a direction, against JAX's own function.
            own = real(lambda z: A * z**2)
            along = [jax.grad(lambda z, h=h: jax.numpy.sum((jax.grad(h)(z) * Z).real))(z) for h in (real(g), own)]
            close(along[0], along[1])

    def test_vmap(self, backend, transformed):
        import jax

        g = to_jax(f, backend=backend)
        with jax.enable_x64(True):
            found = transformed(jax.vmap(jax.grad(lambda x: loss(g(x)))))(np.stack([X, X]))
        close(found, np.stack([GRADIENT, GRADIENT]))

    def test_64_bit_results_without_x64(self, backend, transformed):
        import jax

        g = to_jax(lambda x: xp.sum(x**2), backend=backend, dtype="float64")
        x = jax.numpy.asarray(X, dtype="float32")
        assert transformed(g)(x).dtype == np.float32
        found = transformed(jax.grad(g))(x)
        assert found.dtype == np.float32
        close(found, 2 * X, 1e-6)
        with multigrad.use_backend("jax", dtype="float64"):
            found = transformed(jax.grad(to_jax(lambda x: xp.sum(x**2), backend=backend)))(jax.numpy.asarray(X))
            assert found.dtype == np.float64
            close(found, 2 * X)

    def test_trees_numbers_and_integers(self, backend, transformed):
        import jax

        g = to_jax(of_tree, backend=backend)

        def of_arrays(w, b, x, indices):
            found = g(Line(w, b), x, power=2, name="line", indices=indices)
            assert found["n"].shape == ()
            return jax.numpy.sum(found["y"][0]) * found["n"]

        with jax.enable_x64(True):
            operator = transformed(jax.grad(of_arrays, argnums=(0, 1, 2)))
            w, b, x = operator(2.0, -1.0, jax.numpy.asarray(X), jax.numpy.asarray([2, 0, 2]))
        close(w, 2 * (2 * X[2] ** 2 + X[0] ** 2))
        close(b, 6)
        close(x, [8 * X[0], 0, 16 * X[2]])

    @pytest.mark.backends("numpy", "torch", "tensorflow")
    def test_one_evaluation_tells_a_signature(self, backend):
        import jax

        spy = Spy(lambda x, n: xp.sum(x**n))
        g = to_jax(spy, backend=backend)
        x = jax.numpy.asarray(X, dtype="float32")
        jax.jit(lambda x: g(x, 2)).lower(x)
        jax.jit(lambda x: g(x, 2)).lower(2 * x)
        assert (spy.calls, spy.recorded) == (1, 0)
        jax.jit(lambda x: g(x, 3)).lower(x)
        jax.jit(lambda x: g(x, 2)).lower(x[1:])
        assert (spy.calls, spy.recorded) == (3, 0)

    @pytest.mark.backends("numpy", "torch", "tensorflow")
    def test_what_is_not_asked_for_is_not_computed(self, backend):
        import jax

        spy = Spy(lambda x: xp.sum(x**2))
        g = to_jax(spy, backend=backend)
        x = jax.numpy.asarray(X, dtype="float32")
        g(x), jax.jit(g)(x).block_until_ready()
        assert spy.recorded == 0
        before = spy.calls
        jax.grad(g)(x)
        assert (spy.calls - before, spy.recorded) == (1, 1)  # the pullback of the forward pass is kept

    @pytest.mark.backends("numpy", "torch", "tensorflow")
    def test_shapes_that_depend_on_values_are_refused(self, backend):
        import jax

        g = to_jax(lambda x: x[: int(xp.sum(xp.astype(x > 0, xp.int64)))], backend=backend)
        x = jax.numpy.asarray(X, dtype="float32")
        close(g(x), X[:2], 1e-6)
        with pytest.raises(Exception, match=re.escape("Expected f to return arrays of shapes [(3,)]")):
            jax.jit(g)(x).block_until_ready()

    @pytest.mark.backends("numpy", "torch", "tensorflow")
    def test_large_arrays_and_the_framework_inside_its_callback(self, backend):
        import jax

        back = to_jax(lambda x: _sine_in_jax(backend)(x), backend=backend)
        x = jax.numpy.ones(300_000)
        close(jax.jit(lambda x: back(x * 2) + 1)(x)[:3], np.sin([2, 2, 2]) + 1, 1e-6)

    def test_forward_mode_is_refused(self, backend):
        import jax

        with pytest.raises(TypeError, match="can't apply forward-mode autodiff"):
            jax.jvp(to_jax(shifted, backend=backend), (X,), (X,))

    def test_in_threads(self, backend, transformed):
        import jax

        g = transformed(jax.grad(to_jax(lambda x: xp.sum(x**3), backend=backend)))
        close(in_threads(lambda i: g(jax.numpy.asarray(X + i))), [3 * (X + i) ** 2 for i in range(4)], 1e-5)

    def test_inside_multigrad(self, backend):
        g = to_jax(lambda x: xp.sum(x**3), backend=backend)
        found = multigrad.gradient(lambda x: g(x) * xp.sum(x), backend="jax")(X)
        assert found.dtype == np.float64
        close(found, np.sum(X**3) + 3 * X**2 * np.sum(X))
        close(multigrad.jacobian(multigrad.gradient(g), mode="reverse", backend="jax")(X), np.diag(6 * X))


def _sine_in_jax(backend):
    """Return JAX's sine as a function of another framework's arrays; NumPy, which needs no door, goes by hand."""
    import jax

    by_hand = {"numpy": lambda x: xp.asarray(np.asarray(jax.numpy.sin(multigrad.to_numpy(x))))}
    doors = {"torch": to_torch, "tensorflow": to_tensorflow}
    return by_hand[backend] if backend in by_hand else doors[backend](jax.numpy.sin, backend="jax", arrays="native")


@pytest.mark.needs("tensorflow")
class TestTensorFlow:
    @pytest.fixture(params=["eager", "graph"])
    def transformed(self, request):
        import tensorflow as tf

        return (lambda f: f) if request.param == "eager" else tf.function

    @staticmethod
    def gradient(function):
        import tensorflow as tf

        def found(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = function(x)
            return tape.gradient(value, x)

        return found

    @staticmethod
    def loss(found):
        import tensorflow as tf

        return found["sum"] ** 2 + tf.gather(found["exp"] ** 2 * SCALE, found["positive"])

    def test_gradient(self, backend, dtype, transformed):
        import tensorflow as tf

        g = to_tensorflow(f, backend=backend)
        x = tf.constant(X, dtype)
        found = transformed(self.gradient(lambda x: self.loss(g(x))))(x)
        assert found.dtype == x.dtype == transformed(g)(x)["exp"].dtype
        rtol = {"float32": 1e-5, "float64": 1e-12}[dtype]
        close(transformed(lambda x: self.loss(g(x)))(x), VALUE, rtol)
        close(found, GRADIENT, rtol)

    def test_variables_and_a_tape_around_a_function(self, backend):
        import tensorflow as tf

        g = to_tensorflow(f, backend=backend)
        x = tf.Variable(X)
        for function in (g, tf.function(g)):
            with tf.GradientTape() as tape:
                value = self.loss(function(x))
            close(tape.gradient(value, x), GRADIENT)

    def test_second_order(self, backend, transformed):
        import tensorflow as tf

        g = to_tensorflow(f, backend=backend)

        def hessian(x):
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(x)
                slopes = tf.unstack(self.gradient(lambda x: self.loss(g(x)))(x))
            return tf.stack([tape.gradient(slope, x) for slope in slopes])

        close(transformed(hessian)(tf.constant(X)), HESSIAN)
        cube = to_tensorflow(lambda x: x**3, backend=backend)
        product = self.gradient(lambda x: cube(x) * self.gradient(cube)(x))
        two = tf.constant(2.0, tf.float64)
        close(transformed(product)(two), 15 * 16)
        close(transformed(self.gradient(product))(two), 60 * 8)

    def test_complex(self, backend, transformed):
        import tensorflow as tf

        g = to_tensorflow(complex_valued, backend=backend)

        def real(z):
            found = g(z)
            return tf.reduce_sum(tf.abs(found) ** 2) + tf.reduce_sum(tf.math.real(found))

        close(transformed(self.gradient(real))(tf.constant(Z)), COMPLEX_GRADIENT)

    def test_trees_numbers_and_integers(self, backend, transformed):
        import tensorflow as tf

        g = to_tensorflow(of_tree, backend=backend)

        def gradients(w, b, x, indices):
            with tf.GradientTape() as tape:
                tape.watch((w, b, x))
                found = g(Line(w, b), x, power=2, name="line", indices=indices)
                value = tf.reduce_sum(found["y"][0]) * found["n"]
            return tape.gradient(value, (w, b, x))

        arguments = tf.constant(2.0, tf.float64), tf.constant(-1.0, tf.float64), tf.constant(X), tf.constant([2, 0, 2])
        w, b, x = transformed(gradients)(*arguments)
        close(w, 2 * (2 * X[2] ** 2 + X[0] ** 2))
        close(b, 6)
        close(x, [8 * X[0], 0, 16 * X[2]])

    def test_what_is_not_asked_for_is_not_computed(self, backend):
        import tensorflow as tf

        spy = Spy(lambda x: xp.sum(x**2))
        g = to_tensorflow(spy, backend=backend)
        x = tf.constant(X)
        g(x)
        with tf.GradientTape():
            g(x)  # which the tape does not watch
        assert (spy.calls, spy.recorded) == (2, 0)
        close(self.gradient(g)(x), 2 * X)
        assert (spy.calls, spy.recorded) == (3, 1)

    def test_unknown_shapes_are_refused(self, backend):
        import tensorflow as tf

        signature = [tf.TensorSpec([None], tf.float64)]
        function = tf.function(to_tensorflow(lambda x: x**2, backend=backend), input_signature=signature)
        if backend == "tensorflow":
            close(function(tf.constant(X)), X**2)  # part of the graph, which needs no shapes
        else:
            with pytest.raises(ValueError, match="Expected an array with a known shape"):
                function(tf.constant(X))

    def test_in_threads(self, backend, transformed):
        import tensorflow as tf

        g = transformed(self.gradient(to_tensorflow(lambda x: xp.sum(x**3), backend=backend)))
        close(in_threads(lambda i: g(tf.constant(X + i)).numpy()), [3 * (X + i) ** 2 for i in range(4)])

    def test_inside_multigrad(self, backend):
        g = to_tensorflow(lambda x: xp.sum(x**3), backend=backend)
        found = multigrad.gradient(lambda x: g(x) * xp.sum(x), backend="tensorflow")(X)
        close(found, np.sum(X**3) + 3 * X**2 * np.sum(X))
        close(multigrad.hessian(g, backend="tensorflow")(X), np.diag(6 * X))


class TestNested:
    @pytest.mark.needs("torch", "jax")
    def test_torch_in_jax_in_torch(self):
        import jax
        import torch

        cube = to_jax(lambda x: x**3, backend="torch", arrays="native")

        def in_jax(x):
            return jax.numpy.sum(jax.numpy.sin(x) * cube(x))

        g = to_torch(in_jax, backend="jax", arrays="native")

        def own(x):
            return (torch.sin(x) * x**3).sum()

        x = torch.tensor(X)
        close(torch.func.grad(g)(x), torch.func.grad(own)(x))
        hessian = torch.autograd.functional.hessian
        close(hessian(lambda x: g(x) ** 2, x), hessian(lambda x: own(x) ** 2, x))

    @pytest.mark.needs("torch", "tensorflow")
    def test_numpy_in_tensorflow_in_torch(self):
        import tensorflow as tf
        import torch

        square = to_tensorflow(lambda x: x**2, backend="numpy")
        g = to_torch(lambda x: tf.reduce_sum(square(x) * tf.exp(x)), backend="tensorflow", arrays="native")
        x = torch.tensor(X, requires_grad=True)
        g(x).backward()
        close(x.grad, (X**2 + 2 * X) * np.exp(X))

    @pytest.mark.needs("torch", "jax", "tensorflow")
    def test_torch_in_tensorflow_in_jax(self):
        import jax

        exp = to_tensorflow(lambda x: x.exp(), backend="torch", arrays="native")
        g = to_jax(lambda x: exp(x) * x, backend="tensorflow", arrays="native")
        with jax.enable_x64(True):
            for transformed in (lambda f: f, jax.jit):
                close(transformed(jax.jacrev(g))(X), np.diag((1 + X) * np.exp(X)))

    @pytest.mark.needs("torch", "jax")
    def test_one_term_of_a_torch_loss_in_jax(self):
        import jax
        import torch

        ridge = to_torch(lambda w: 0.1 * jax.numpy.sum(w**2), backend="jax", arrays="native")
        rng = np.random.default_rng(1)
        data, target = torch.tensor(rng.normal(size=(8, 3))), torch.tensor(rng.normal(size=8))

        def train(penalty):
            w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
            steps = torch.optim.Adam([w], lr=0.05)
            for _ in range(5):
                steps.zero_grad()
                (((data @ w - target) ** 2).mean() + penalty(w)).backward()
                steps.step()
            return w.detach()

        close(train(ridge), train(lambda w: 0.1 * (w**2).sum()))


DOORS = {"torch": "to_torch", "jax": "to_jax", "tensorflow": "to_tensorflow"}
each_door = pytest.mark.parametrize(
    ("name", "door"), [pytest.param(*pair, marks=pytest.mark.needs(pair[0]), id=pair[1]) for pair in DOORS.items()]
)


@each_door
class TestEveryDoor:
    def test_what_is_no_function(self, name, door):
        with pytest.raises(TypeError, match="Expected a function"):
            getattr(multigrad, door)(3.0)

    def test_unknown_backend(self, name, door):
        with pytest.raises(multigrad.UnknownBackendError, match="Did you mean 'numpy'"):
            getattr(multigrad, door)(shifted, backend="nunpy")

    def test_another_frameworks_array(self, name, door):
        foreign = array_type(FiniteDifferenceBackend("elsewhere"))._wrap(X)
        g = getattr(multigrad, door)(lambda params: params["w"], backend="numpy")
        with pytest.raises(multigrad.MixedBackendError, match=re.escape("got params['w'] of elsewhere")):
            g({"w": foreign})

    def test_an_array_that_numpy_differentiates(self, name, door):
        g = getattr(multigrad, door)(shifted, backend="numpy")
        with pytest.raises(multigrad.DetachedValueError, match="Expected an array outside any computation for x"):
            multigrad.gradient(lambda x: (g(x), x)[1], backend="numpy")(2.0)

    def test_outputs_that_are_no_arrays(self, name, door):
        g = getattr(multigrad, door)(lambda x: {"a": x, "b": "text"}, backend="numpy")
        with pytest.raises(multigrad.OutputError, match=re.escape("output['b']")):
            g(multigrad.asarray(X, backend=name))

    def test_an_error_of_f_is_passed_on(self, name, door):
        error = KeyError("mine")

        def fails(x):
            raise error

        g = getattr(multigrad, door)(fails, backend="numpy")
        with pytest.raises(KeyError) as raised:
            g(multigrad.asarray(X, backend=name))
        assert raised.value is error

    def test_numpy_arrays_and_no_arrays(self, name, door):
        g = getattr(multigrad, door)(shifted, backend="numpy", arrays="native")
        for x in (X, 0.5, np.float64(0.5)):
            found = g(x)
            assert multigrad.infer_backend(found).name == name
            close(multigrad.to_numpy(found), 2 * np.asarray(x) + 1, 1e-6)

    def test_examples_give_what_they_show(self, name, door):
        module = importlib.import_module(f"multigrad._inside.{name}")
        failed, attempted = doctest.testmod(module)
        assert failed == 0
        assert attempted >= 4

    def test_the_function_keeps_its_name(self, name, door):
        assert getattr(multigrad, door)(shifted, backend="numpy").__name__ == "shifted"


@pytest.mark.parametrize(("name", "door"), DOORS.items(), ids=DOORS.values())
def test_a_missing_framework(name, door, monkeypatch):
    def missing(module):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    from multigrad import _registry

    function = getattr(multigrad, door)
    monkeypatch.setattr(_registry, "_loaded", {})
    monkeypatch.setattr(_registry.importlib, "import_module", missing)
    with pytest.raises(multigrad.BackendNotInstalledError, match=f"pip install {name}"):
        function(shifted)
