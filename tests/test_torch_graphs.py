"""torch's graphs: top-level results carry none, except where the caller trains through them."""

import numpy as np
import pytest

import multigrad
from multigrad import xp

pytestmark = pytest.mark.needs("torch")


@pytest.fixture
def torch():
    import torch

    return torch


def leaf(torch, value=(1.0, 2.0), **options):
    return torch.tensor(value, dtype=torch.float64, requires_grad=True, **options)


def cube(x):
    return xp.sum(x**3)


def graphs(*results):
    return [result.requires_grad for result in results]


@pytest.mark.parametrize("arrays", ["standard", "native"])
def test_top_level_results_carry_no_graph(torch, arrays):
    f = (lambda x: (xp.sum(x**3), x * x)) if arrays == "standard" else (lambda x: ((x**3).sum(), x * x))
    x = torch.tensor([1.0, 2.0])
    (value, aux), gradient = multigrad.value_and_gradient(f, has_aux=True, arrays=arrays)(x)
    _, pullback = multigrad.vjp(cube, x)
    assert graphs(value, aux, gradient, pullback(1.0)[0]) == [False] * 4
    assert value.grad_fn is None
    assert aux.grad_fn is None


def test_results_are_attached_to_a_primal_that_requires_grad(torch):
    x = leaf(torch)
    (value, aux), gradient = multigrad.value_and_gradient(lambda x: (cube(x), x * x), has_aux=True)(x)
    assert graphs(value, aux, gradient) == [True] * 3
    assert x.grad is None
    (second,) = torch.autograd.grad(gradient.sum(), x, retain_graph=True)
    assert second.tolist() == [6.0, 12.0]
    assert torch.autograd.grad(value, x, retain_graph=True)[0].tolist() == [3.0, 12.0]
    assert torch.autograd.grad(aux.sum(), x)[0].tolist() == [2.0, 4.0]


def test_only_the_primals_that_require_grad_are_connected(torch):
    x, y = leaf(torch), torch.tensor([3.0, 4.0], dtype=torch.float64)
    in_x, in_y = multigrad.gradient(lambda x, y: xp.sum(x**2 * y), argnums=(0, 1))(x, y)
    assert graphs(in_x, in_y) == [True, True]  # 2xy and x²
    assert not y.requires_grad
    (found,) = torch.autograd.grad(in_x.sum() + in_y.sum(), x)
    assert found.tolist() == [2 * 3 + 2 * 1, 2 * 4 + 2 * 2]


def test_a_pullback_is_differentiable_in_its_cotangent(torch):
    x, cotangent = torch.tensor([1.0, 2.0], dtype=torch.float64), leaf(torch, (1.0, 1.0))
    value, pullback = multigrad.vjp(lambda x: x**3, x)
    (result,) = pullback(cotangent)
    assert graphs(value, result) == [False, True]
    assert torch.autograd.grad(result.sum(), cotangent)[0].tolist() == [3.0, 12.0]
    assert graphs(*pullback(torch.ones(2, dtype=torch.float64))) == [False]


def test_results_are_attached_to_what_f_closes_over(torch):
    w = leaf(torch, (2.0, 3.0))
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    (value, aux), gradient = multigrad.value_and_gradient(lambda x: (xp.sum(x**2 * w), w * 1.0), has_aux=True)(x)
    assert graphs(value, aux, gradient) == [True] * 3
    assert gradient.tolist() == [4.0, 12.0]
    assert torch.autograd.grad(gradient.sum(), w, retain_graph=True)[0].tolist() == [2.0, 4.0]
    assert torch.autograd.grad(value, w)[0].tolist() == [1.0, 4.0]
    assert w.grad is None
    _, pullback = multigrad.vjp(lambda x: x**2 * w, x)
    assert torch.autograd.grad(pullback(1.0 * x)[0].sum(), w)[0].tolist() == [2.0, 8.0]


def test_a_gradient_penalty_trains_a_closed_over_parameter(torch):
    x = torch.tensor([[0.5, -1.0], [1.5, 2.0]], dtype=torch.float64)

    def train(penalty):
        generator = torch.Generator().manual_seed(3)
        w = torch.randn(2, 2, dtype=torch.float64, generator=generator).requires_grad_()
        optimizer = torch.optim.Adam([w], lr=0.05)
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            loss = penalty(w)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return w.detach().numpy(), losses

    def with_multigrad(w):
        value, gradient = multigrad.value_and_gradient(lambda x: xp.sum(xp.tanh(x @ w) ** 2))(x)
        return value + ((gradient**2).sum() - 1) ** 2

    def by_hand(w):
        inner = x.clone().requires_grad_()
        value = (torch.tanh(inner @ w) ** 2).sum()
        (gradient,) = torch.autograd.grad(value, inner, create_graph=True)
        return value + ((gradient**2).sum() - 1) ** 2

    found, losses = train(with_multigrad)
    expected, expected_losses = train(by_hand)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-12)
    assert losses[-1] < losses[0]


def test_a_module_inside_f_trains(torch):
    torch.manual_seed(0)
    layer = torch.nn.Linear(2, 1).double()
    x = torch.tensor([0.5, -1.5], dtype=torch.float64)
    gradient = multigrad.gradient(lambda x: torch.sum(torch.tanh(layer(x))))(x)
    (gradient**2).sum().backward()
    assert layer.weight.grad is not None
    # g = s·w with s = 1 − t², t = tanh(w·x + b): d(g·g)/dw = 2 s² w − 4 t s² (w·w) x.
    w, b = layer.weight.detach()[0], layer.bias.detach()[0]
    t = torch.tanh(w @ x + b)
    s = 1 - t**2
    torch.testing.assert_close(layer.weight.grad[0], 2 * s**2 * w - 4 * t * s**2 * (w @ w) * x)


@pytest.mark.parametrize("mode", ["no_grad", "inference_mode", "set_grad_enabled"])
def test_without_grad_mode_nothing_is_attached(torch, mode):
    context = {"no_grad": torch.no_grad, "inference_mode": torch.inference_mode}.get(mode)
    x, w = leaf(torch), leaf(torch, (2.0, 3.0))
    with context() if context else torch.set_grad_enabled(False):
        (value, aux), gradient = multigrad.value_and_gradient(lambda x: (xp.sum(w * x**3), x * w), has_aux=True)(x)
        _, pullback = multigrad.vjp(lambda x: w * x**3, x)
        nested = multigrad.gradient(lambda x: xp.sum(multigrad.gradient(cube)(x)))(x)
        assert not torch.is_grad_enabled()
        assert graphs(value, aux, gradient, *pullback(w.detach()), nested) == [False] * 5
        assert gradient.tolist() == [6.0, 36.0]
        assert nested.tolist() == [6.0, 12.0]
    assert torch.is_grad_enabled()


def test_tensors_made_in_inference_mode_are_differentiated(torch):
    with torch.inference_mode():
        x = torch.tensor([1.0, 2.0])
        inside = multigrad.gradient(cube)(x)
    outside = multigrad.gradient(cube)(x)
    assert inside.tolist() == outside.tolist() == [3.0, 12.0]


def test_parameters_are_arguments_like_others(torch):
    parameter = torch.nn.Parameter(torch.tensor([1.0, 2.0], dtype=torch.float64))
    gradient = multigrad.gradient(lambda p: cube(p["w"]))({"w": parameter})["w"]
    assert gradient.tolist() == [3.0, 12.0]
    assert gradient.requires_grad
    assert type(gradient) is torch.Tensor
    assert parameter.grad is None
    with torch.no_grad():
        assert not multigrad.gradient(cube)(parameter).requires_grad


def test_grad_attributes_and_hooks_are_untouched(torch):
    x, w = leaf(torch), leaf(torch, (2.0, 3.0))
    x.grad, calls = torch.full_like(x, 7.0), []
    x.register_hook(lambda g: calls.append("x"))
    w.register_hook(lambda g: calls.append("w"))
    w.register_post_accumulate_grad_hook(lambda p: calls.append("accumulated"))
    gradient = multigrad.gradient(lambda x: xp.sum(w * x**3))(x)
    assert x.grad.tolist() == [7.0, 7.0]
    assert w.grad is None
    assert calls == []  # f ran on a view; nothing reached the caller's leaves
    gradient.sum().backward()
    assert sorted(calls) == ["accumulated", "w", "x"]
    assert w.grad.tolist() == [3.0, 12.0]


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_tensor_passed_twice_has_two_partials(torch, requires_grad):
    x = torch.tensor(3.0, dtype=torch.float64, requires_grad=requires_grad)
    first, second = multigrad.gradient(lambda x, y: x**2 * y, argnums=(0, 1))(x, x)
    assert (first.item(), second.item()) == (18.0, 9.0)


def test_a_primal_that_f_also_closes_over_counts_once(torch):
    x = leaf(torch, 3.0)
    gradient = multigrad.gradient(lambda y: y * x)(x)
    assert gradient.item() == 3.0  # the closed-over x is a constant of this derivative
    assert torch.autograd.grad(gradient, x)[0].item() == 1.0


def test_torch_func_transforms_around_gradient(torch):
    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    gradient = multigrad.gradient(cube)
    assert torch.func.vmap(gradient)(rows).tolist() == (3 * rows**2).tolist()
    assert torch.func.grad(lambda x: gradient(x).sum())(rows).tolist() == (6 * rows).tolist()
    assert torch.func.jacrev(gradient)(rows[0]).tolist() == [[6.0, 0.0], [0.0, 12.0]]
    per_sample = torch.func.vmap(torch.func.grad(lambda x: gradient(x).sum()))(rows)
    assert per_sample.tolist() == (6 * rows).tolist()
    mapped = torch.func.vmap(lambda x: multigrad.value_and_gradient(cube)(x)[0])(rows)
    assert mapped.tolist() == [9.0, 91.0]


def test_torch_func_grad_inside_f(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    inner = torch.func.grad(lambda x: (x**3).sum())
    assert multigrad.gradient(lambda x: xp.sum(inner(x.native)))(x).tolist() == [6.0, 12.0]


def test_backward_inside_a_training_step_reaches_only_what_it_should(torch):
    w = leaf(torch, 2.0)
    x = torch.tensor(3.0, dtype=torch.float64)
    loss = multigrad.gradient(lambda x: w * x**2)(x) ** 2  # (2wx)²
    loss.backward()
    assert w.grad.item() == 8 * 2.0 * 9.0
    assert x.grad is None


def test_memory_of_a_single_use_pullback_is_freed(torch):
    import gc
    import weakref

    x = torch.ones(3, dtype=torch.float64)
    kept = []
    gradient = multigrad.gradient(lambda x: kept.append(weakref.ref(y := x * x)) or xp.sum(xp.exp(y)))
    gc.disable()
    try:
        gradient(x)
        assert kept[0]() is None
    finally:
        gc.enable()


def test_an_argument_that_would_be_cut_off_raises(torch):
    with pytest.raises(multigrad.DetachedValueError, match=r"x\['w'\]"):
        multigrad.gradient(lambda x: cube(x["w"]), backend="numpy")({"w": leaf(torch)})
    assert multigrad.gradient(cube, backend="numpy")(leaf(torch).detach()).tolist() == [3.0, 12.0]
