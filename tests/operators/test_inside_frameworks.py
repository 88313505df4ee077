"""Operators inside the frameworks' own transforms, compilers and training steps."""

import numpy as np
import pytest

import multigrad
from multigrad import gradient, hessian, hvp, jacobian, jvp, laplacian, vmap, xp

X = np.asarray([0.7, -1.2, 2.0])
ROWS = np.asarray([[0.3, -0.8, 1.1], [1.7, 0.4, -0.6]])


def cubes(x):
    return xp.sum(x**3)


def weighted(w, x):
    return xp.sum(w * x**3)


# What each operator gives for Σ x³, as a function of one array alone.
OPERATORS = {
    "gradient": (gradient(cubes), lambda x: 3 * x**2),
    "jacobian": (jacobian(lambda x: x**2), lambda x: np.diag(2 * x)),
    "forward jacobian": (jacobian(lambda x: x**2, mode="forward"), lambda x: np.diag(2 * x)),
    "hessian": (hessian(cubes), lambda x: np.diag(6 * x)),
    "laplacian": (laplacian(cubes), lambda x: 6 * x.sum()),
    "laplacian of a vector": (laplacian(lambda x: x**3), lambda x: 6 * x),
    "hvp": (lambda x: hvp(cubes, (x,), (x,))[0], lambda x: 6 * x**2),
    "jvp": (lambda x: jvp(lambda y: y**3, (x,), (x,))[1], lambda x: 3 * x**3),
    "vmap": (vmap(lambda y: y**2), lambda x: x**2),
    "gradient of vmap": (gradient(lambda x: xp.sum(vmap(lambda y: y**3)(x))), lambda x: 3 * x**2),
    "checkpoint": (gradient(multigrad.checkpoint(cubes)), lambda x: 3 * x**2),
    "third order": (gradient(laplacian(lambda x: xp.sum(x**4))), lambda x: 24 * x),
}
# Sums of their results, differentiated by the framework; the closed forms of those.
SUMS = {
    "gradient": (lambda x: xp.sum(gradient(cubes)(x)), lambda x: 6 * x),
    "jacobian": (lambda x: xp.sum(jacobian(lambda y: y**3)(x)), lambda x: 6 * x),
    "hvp": (lambda x: xp.sum(hvp(cubes, (x,), (x,))[0]), lambda x: 12 * x),
    "jvp": (lambda x: xp.sum(jvp(lambda y: y**3, (x,), (x,))[1]), lambda x: 9 * x**2),
    "hessian": (lambda x: xp.sum(hessian(cubes)(x) ** 2), lambda x: 72 * x),
    "laplacian": (lambda x: laplacian(lambda y: xp.sum(y**4))(x), lambda x: 24 * x),
    "gradient of vmap": (lambda x: xp.sum(gradient(lambda y: xp.sum(vmap(lambda z: z**3)(y)))(x)), lambda x: 6 * x),
}
# Losses of a parameter w and data x, and their gradients in w.
LOSSES = {
    "gradient": (lambda w, x: (gradient(lambda y: weighted(w, y))(x) ** 2).sum(), 18 * X * X**4),
    "hvp": (lambda w, x: hvp(lambda y: weighted(w, y), (x,), (x,))[0].sum(), 6 * X**2),
    "hessian": (lambda w, x: (hessian(lambda y: weighted(w, y))(x) ** 2).sum(), 72 * X * X**2),
    "laplacian": (lambda w, x: laplacian(lambda y: weighted(w, y))(x), 6 * X),
    "jvp": (lambda w, x: jvp(lambda y: w * y**3, (x,), (x,))[1].sum(), 3 * X**3),
    "jacobian": (lambda w, x: jacobian(lambda y: w * y**3)(x).sum(), 3 * X**2),
    "vmap": (lambda w, x: vmap(lambda y: w * y**3)(x).sum(), np.full(3, (X**3).sum())),
    "vmap of gradient": (
        lambda w, x: vmap(gradient(lambda y: weighted(w, y)))(torch_rows(x)).sum(), 3 * (ROWS**2).sum(axis=0)),
    "checkpoint": (lambda w, x: multigrad.checkpoint(lambda y: weighted(w, y))(x), X**3),
    "gradient of checkpoint": (
        lambda w, x: gradient(multigrad.checkpoint(lambda y: weighted(w, y)))(x).sum(), 3 * X**2),
}  # fmt: skip
each_operator = pytest.mark.parametrize(("operator", "expected"), OPERATORS.values(), ids=OPERATORS)
each_sum = pytest.mark.parametrize(("f", "expected"), SUMS.values(), ids=SUMS)


def close(found, expected, rtol=1e-12):
    np.testing.assert_allclose(np.asarray(found), expected, rtol=rtol, atol=rtol)


@pytest.mark.needs("jax")
class TestJax:
    # JAX's arrays are float32 while its flag is off.
    x, rows = X.astype("float32"), ROWS.astype("float32")

    @each_operator
    def test_jit(self, operator, expected):
        import jax

        close(jax.jit(operator)(self.x), expected(X), 1e-5)

    @each_operator
    def test_vmap(self, operator, expected):
        import jax

        close(jax.vmap(operator)(self.rows), np.stack([expected(row) for row in ROWS]), 1e-5)

    @each_sum
    def test_grad(self, f, expected):
        import jax

        close(jax.grad(f)(self.x), expected(X), 1e-5)
        close(jax.jit(jax.grad(f))(self.x), expected(X), 1e-5)

    def test_forward_over_multigrad(self):
        import jax

        close(jax.jacfwd(gradient(cubes))(self.x), np.diag(6 * X), 1e-5)
        close(jax.jvp(gradient(cubes), (self.x,), (self.x,))[1], 6 * X**2, 1e-5)

    def test_float64_in_its_scope(self):
        import jax

        with multigrad.use_backend("jax", dtype="float64"):
            found = jax.jit(hessian(cubes))(jax.numpy.asarray(X))
            assert found.dtype == np.float64
            close(found, np.diag(6 * X))


@pytest.mark.needs("torch")
class TestTorch:
    @each_operator
    def test_vmap(self, operator, expected):
        import torch

        close(torch.func.vmap(operator)(torch.asarray(ROWS)), np.stack([expected(row) for row in ROWS]))

    @each_sum
    def test_grad(self, f, expected):
        import torch

        close(torch.func.grad(f)(torch.asarray(X)), expected(X))

    @each_sum
    def test_vmap_of_grad(self, f, expected):
        import torch

        found = torch.func.vmap(torch.func.grad(f))(torch.asarray(ROWS))
        close(found, np.stack([expected(row) for row in ROWS]))

    # torch's own, when its forward mode is first used (2.13)
    @pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
    def test_jacobians_over_multigrad(self):
        import torch

        close(torch.func.jacrev(gradient(cubes))(torch.asarray(X)), np.diag(6 * X))
        close(torch.func.jacfwd(gradient(cubes))(torch.asarray(X)), np.diag(6 * X))
        close(torch.func.hessian(cubes)(torch.asarray(X)), np.diag(6 * X))

    @each_sum
    def test_autograd(self, f, expected):
        import torch

        x = torch.asarray(X).requires_grad_()
        close(torch.autograd.grad(f(x), x)[0], expected(X))

    @pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
    @each_sum
    def test_forward_mode(self, f, expected):
        import torch
        from torch.autograd import forward_ad

        with forward_ad.dual_level():
            found = forward_ad.unpack_dual(f(forward_ad.make_dual(torch.asarray(X), torch.asarray(ROWS[0]))))
        close(found.tangent, expected(X) @ ROWS[0])

    @pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
    def test_forward_mode_of_a_pullback(self):
        import torch
        from torch.autograd import forward_ad

        with forward_ad.dual_level():
            value, pullback = multigrad.vjp(lambda y: y**3, forward_ad.make_dual(torch.asarray(X), torch.asarray(X)))
            found = pullback(value)[0]  # 3 x⁵
            close(forward_ad.unpack_dual(found).tangent, 15 * X**5)
            close(forward_ad.unpack_dual(value).tangent, 3 * X**3)

    # A transform of torch.func traces nothing, and forward mode sees nothing of what is compiled.
    @pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning", "ignore::multigrad.RecompileWarning")
    @pytest.mark.parametrize("warm", [False, True], ids=["first call", "later call"])
    @pytest.mark.parametrize("make", [
        lambda: multigrad.jit(lambda x: x**3), lambda: gradient(lambda x: xp.sum(x**4) / 4, compile=True)],
        ids=["jit", "gradient"])  # fmt: skip
    def test_what_is_compiled_inside_transforms(self, make, warm):
        import torch
        from torch.autograd import forward_ad

        x, t = torch.asarray(X), torch.asarray(ROWS[0])

        def compiled():
            found = make()
            if warm:
                found(x)
            return found

        close(torch.func.jacrev(compiled())(x), np.diag(3 * X**2))
        close(torch.func.vmap(compiled())(torch.asarray(ROWS)), ROWS**3)
        close(torch.func.jvp(compiled(), (x,), (t,))[1], 3 * X**2 * ROWS[0])
        with forward_ad.dual_level():
            tangent = forward_ad.unpack_dual(compiled()(forward_ad.make_dual(x, t))).tangent
        close(tangent, 3 * X**2 * ROWS[0])
        function = compiled()
        torch.func.jacrev(function)(x)
        close(function(x), X**3)
        close(function(2 * x), 8 * X**3)

    @pytest.mark.parametrize(("loss", "expected"), LOSSES.values(), ids=LOSSES)
    def test_a_training_step_gives_parameters_their_gradients(self, loss, expected):
        import torch

        w = torch.nn.Parameter(torch.asarray(X))
        value = loss(w, torch.asarray(X))
        assert value.requires_grad
        value.backward()
        close(w.grad, expected)

    def test_results_at_top_level_carry_no_graph(self):
        import torch

        x = torch.asarray(X)
        for operator, _ in OPERATORS.values():
            assert not operator(x).requires_grad

    def test_without_grad_mode(self):
        import torch

        w = torch.nn.Parameter(torch.asarray(X))
        with torch.no_grad():
            found = hessian(lambda y: weighted(w, y))(torch.asarray(X))
        assert not found.requires_grad
        close(found, np.diag(6 * X * X))


def torch_rows(like):
    import torch

    return torch.asarray(ROWS, dtype=like.dtype)


@pytest.mark.needs("tensorflow")
class TestTensorFlow:
    @each_operator
    def test_function(self, operator, expected):
        import tensorflow as tf

        close(tf.function(operator)(tf.constant(X)), expected(X))

    @each_sum
    def test_outer_tape(self, f, expected):
        import tensorflow as tf

        x = tf.Variable(X)
        with tf.GradientTape() as tape:
            value = f(x)
        close(tape.gradient(value, x), expected(X))

    @each_sum
    def test_outer_tape_inside_a_function(self, f, expected):
        import tensorflow as tf

        @tf.function
        def step(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = f(x)
            return tape.gradient(value, x)

        close(step(tf.constant(X)), expected(X))

    def test_a_training_step_gives_parameters_their_gradients(self):
        import tensorflow as tf

        w, x = tf.Variable(X), tf.constant(X)
        with tf.GradientTape(persistent=True) as tape:
            penalty = tf.reduce_sum(gradient(lambda y: weighted(w, y))(x) ** 2)
            curvature = laplacian(lambda y: weighted(w, y))(x)
            product = tf.reduce_sum(hvp(lambda y: weighted(w, y), (x,), (x,))[0])
            kept = gradient(multigrad.checkpoint(lambda y: weighted(w, y)))(x)
        close(tape.gradient(penalty, w), 18 * X * X**4)
        close(tape.gradient(curvature, w), 6 * X)
        close(tape.gradient(product, w), 6 * X**2)
        close(tape.gradient(kept, w), 3 * X**2)

    def test_unknown_shapes_are_refused(self):
        import tensorflow as tf

        f = tf.function(jacobian(lambda x: x**2), input_signature=[tf.TensorSpec([None], tf.float64)])
        with pytest.raises(ValueError, match="an array with a known shape"):
            f(tf.constant(X))
