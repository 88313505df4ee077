"""check_gradient beyond reverse mode: second derivatives, forward mode, compiled programs, native arrays."""

import numpy as np
import pytest

import multigrad
from multigrad import xp
from multigrad._check._run import Request


def entries(report, check):
    return [entry for entry in report.entries if entry.check == check]


def verdicts(report, check):
    return [entry.verdict for entry in entries(report, check)]


def coupled(x):
    return xp.sum(xp.sin(x) * x[::-1] ** 2)


def test_the_whole_hessian_of_a_small_input(backend):
    x = np.array([0.3, 1.1, -0.7])
    report = multigrad.check_gradient(coupled, x, backend=backend, order=2)
    assert report.ok, str(report)
    second = entries(report, "second order")
    assert [entry.path for entry in second] == [f"x[{i}], x[{j}]" for i in range(3) for j in range(3)]
    expected = np.diag(2 * np.sin(x[::-1]) - np.sin(x) * x[::-1] ** 2)
    mixed = 2 * np.cos(x) * x[::-1]
    expected += np.diag(mixed + mixed[::-1])[::-1]
    # The middle element is its own partner: sin(x) x².
    expected[1, 1] = (2 - x[1] ** 2) * np.sin(x[1]) + 4 * x[1] * np.cos(x[1])
    np.testing.assert_allclose([entry.found for entry in second], expected.ravel(), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose([entry.expected for entry in second], expected.ravel(), rtol=1e-8, atol=1e-10)
    (symmetry,) = entries(report, "symmetry")
    assert symmetry.path.count("x[") == 2


def test_products_with_the_hessian_of_a_large_input(backend):
    report = multigrad.check_gradient(coupled, np.linspace(0.1, 2, 40), backend=backend, order=2, modes="reverse")
    assert report.ok, str(report)
    assert len(entries(report, "second order")) == 4
    assert len(entries(report, "symmetry")) == 1


def test_second_derivatives_of_complex_arguments(backend):
    report = multigrad.check_gradient(
        lambda z: xp.real(z * z * z) + abs(z) ** 4, 0.6 - 1.2j, backend=backend, order=2, modes="reverse"
    )
    assert report.ok, str(report)
    assert [entry.path for entry in entries(report, "second order")][:2] == ["z.real, z.real", "z.real, z.imag"]


def test_a_rule_that_is_right_only_in_first_order_is_wrong(backend):
    halved = multigrad.custom_jvp(lambda x: x**2)
    # 2x as a number: its own derivative is lost.
    halved.defjvp(lambda primals, tangents: (primals[0] ** 2, multigrad.stop_gradient(2 * primals[0]) * tangents[0]))
    report = multigrad.check_gradient(
        lambda x: xp.sum(halved(x)) * x[0], np.array([1.5, 0.5]), backend=backend, order=2
    )
    assert set(verdicts(report, "reverse")) == {"right"}
    assert "wrong" in verdicts(report, "second order")
    assert report.verdict == "wrong"


def test_a_hessian_that_is_not_symmetric_is_wrong(backend):
    product = multigrad.custom_jvp(lambda x, y: x * y)
    product.defjvp(lambda p, t: (p[0] * p[1], multigrad.stop_gradient(p[1]) * t[0] + p[0] * t[1]))
    report = multigrad.check_gradient(lambda x, y: product(x, y), 2.0, 3.0, argnums=(0, 1), backend=backend, order=2)
    assert set(verdicts(report, "reverse")) == {"right"}
    assert verdicts(report, "second order").count("wrong") == 1  # differences of the gradient are asymmetric, too
    assert verdicts(report, "symmetry") == ["wrong"]


def test_second_order_in_float32(backend):
    x = np.array([0.3, 1.1, -0.7], dtype="float32")
    report = multigrad.check_gradient(coupled, x, backend=backend, order=2, modes="reverse")
    assert report.ok, str(report)
    assert report.dtype == "float32"


@pytest.mark.parametrize("modes", ["reverse", "forward", ("reverse",), ("forward", "reverse")], ids=str)
def test_modes_are_as_asked_for(backend, modes):
    report = multigrad.check_gradient(coupled, np.array([0.3, 1.1]), backend=backend, modes=modes)
    assert report.ok, str(report)
    asked = {modes} if isinstance(modes, str) else {*modes}
    assert {entry.check for entry in report.entries} == asked | ({"dot product"} if len(asked) == 2 else set())


def test_an_error_in_forward_mode_alone_is_found():
    class Tilted:
        """A backend whose forward mode is off by a part in 10⁴."""

        def __init__(self):
            self._inner = multigrad.get_backend("numpy")

        def __getattr__(self, name):
            return getattr(self._inner, name)

        def vjp(self, f, primals, /, *, reusable=True):
            return self._inner.vjp(f, primals, reusable=reusable)

        def jvp(self, f, primals, tangents, /):
            outputs, pull, aux = self._inner.vjp(f, primals)
            (gradient,) = pull((np.ones_like(outputs[0]),))
            return outputs, (np.asarray(np.sum(gradient * tangents[0]) * (1 + 1e-4)),), aux

    backend = Tilted()
    report = multigrad.check_gradient(coupled, np.array([0.3, 1.1]), backend=backend)
    assert set(verdicts(report, "reverse")) == {"right"}
    assert set(verdicts(report, "forward")) == {"wrong"}
    assert verdicts(report, "dot product") == ["wrong"]


def test_compiled_is_compared_with_eager(backend):
    report = multigrad.check_gradient(coupled, np.array([0.3, 1.1]), backend=backend, modes="reverse", compiled=True)
    assert report.ok, str(report)
    has_compiler = hasattr(multigrad.get_backend(backend), "compile")
    assert len(entries(report, "compiled")) == (1 if has_compiler else 0)
    assert any("no compiler" in remark for remark in report.remarks) == (not has_compiler)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_a_program_that_keeps_an_old_value_is_wrong(backend):
    # The value that a program reads when it is compiled, after every eager evaluation.
    evaluations = {"left": None}

    def f(x):
        return xp.sum(x**2) * (evaluations["left"] or 1.0)

    original = Request.gradient

    def gradient(self, *, compile=False):
        evaluations["left"] = 2.0 if compile else None
        return original(self, compile=compile)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Request, "gradient", gradient)
        report = multigrad.check_gradient(f, np.array([1.0, 2.0]), backend=backend, modes="reverse", compiled=True)
    (entry,) = entries(report, "compiled")
    assert (entry.path, entry.found, entry.expected, entry.verdict) == ("x[1]", 8.0, 4.0, "wrong")


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_what_cannot_be_compiled_is_inconclusive(backend):
    def f(x):
        return xp.sum(x**2) if x[0] > 0 else xp.sum(x)

    report = multigrad.check_gradient(f, np.array([1.0, 2.0]), backend=backend, modes="reverse", compiled=True)
    assert verdicts(report, "reverse") == ["right", "right"]
    assert verdicts(report, "compiled") == ["inconclusive"]
    assert any(remark.startswith("compiled: raised") for remark in report.remarks)


def test_native_arrays(backend, dtype):
    x = np.array([0.3, 1.1], dtype=dtype)
    report = multigrad.check_gradient(
        lambda x: xp.sum(xp.sin(x) * xp.flip(x) ** 2), x, backend=backend, arrays="native", order=2
    )
    assert report.ok, str(report)


@pytest.mark.backends("torch")
def test_a_native_function_that_refuses_float64(backend):
    import torch

    weights = torch.tensor([0.5, -2.0], dtype=torch.float32)
    x = np.array([0.3, 1.1], dtype="float32")
    report = multigrad.check_gradient(lambda x: torch.tanh(x @ weights), x, backend=backend, arrays="native")
    assert report.verdict in ("right", "inconclusive"), str(report)
    assert any("does not run in float64" in remark for remark in report.remarks)
