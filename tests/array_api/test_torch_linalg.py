"""Determinants and equations on torch: one decomposition, and the right derivative in every mode and order.

torch's own second derivatives are wrong behind a forward mode, and raise at singular matrices where they are traced
(2.13).
"""

import numpy as np
import pytest

pytestmark = [
    pytest.mark.needs("torch"),
    # Raised by torch's forward mode and by its decompositions, in torch 2.13 itself.
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.torch._prims_common.check. is deprecated:FutureWarning"),
]

_GENERATOR = np.random.default_rng(5)
REGULAR = _GENERATOR.normal(size=(4, 4)) + 3 * np.eye(4)
SINGULAR = REGULAR * np.array([1.0, 0.0, 1.0, 1.0])
V, W, LEFT, RIGHT = (_GENERATOR.normal(size=(4, 4)) for _ in range(4))
NAMES = ("det", "slogdet", "solve")


def linalg():
    from multigrad.array_api.torch import _native

    return _native.linalg


def number(name, x):
    """Return a number made of a matrix: the determinant, its logarithm, or tr(Lᵀ X⁻¹ R)."""
    import torch

    if name == "det":
        return linalg().det(x)
    if name == "slogdet":
        return linalg().slogdet(x)[1]
    left, right = (torch.as_tensor(part).to(x.dtype) for part in (LEFT, RIGHT))
    return torch.sum(left * linalg().solve(x, right))


def first(name, x):
    """Return the derivatives with respect to the elements."""
    inverse = np.linalg.inv(x)
    return {
        "det": np.linalg.det(x) * inverse.T,
        "slogdet": inverse.T,
        "solve": -(inverse @ RIGHT @ LEFT.T @ inverse).T,
    }[name]


def second(name, x, v, w):
    """Return the second derivative in two directions."""
    inverse = np.linalg.inv(x)
    along_v, along_w = inverse @ v, inverse @ w
    if name == "solve":
        return np.trace(LEFT.T @ (along_v @ along_w + along_w @ along_v) @ inverse @ RIGHT)
    crossed = np.trace(along_v @ along_w)
    if name == "slogdet":
        return -crossed
    return np.linalg.det(x) * (np.trace(along_v) * np.trace(along_w) - crossed)


def reverse(f, direction):
    import torch

    return lambda x: torch.sum(torch.func.grad(f)(x) * direction)


def forward(f, direction):
    import torch

    return lambda x: torch.func.jvp(f, (x,), (direction,))[1]


MODES = {"reverse": reverse, "forward": forward}


def tensors(*arrays):
    import torch

    return [torch.tensor(x, dtype=torch.float64) for x in arrays]


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_in_every_order_of_modes(name, inner, outer):
    x, v, w = tensors(REGULAR, V, W)
    found = MODES[outer](MODES[inner](lambda x: number(name, x), v), w)(x)
    assert float(found) == pytest.approx(second(name, REGULAR, V, W), rel=1e-12)


@pytest.mark.parametrize("outer", MODES)
@pytest.mark.parametrize("inner", MODES)
def test_second_derivatives_of_a_singular_determinant(inner, outer):
    x, v, w = tensors(SINGULAR, V, W)
    found = MODES[outer](MODES[inner](lambda x: number("det", x), v), w)(x)
    # A quadratic polynomial in the step, but for the fourth power and the third, which a central difference keeps out.
    both = [np.linalg.det(SINGULAR + 1e-3 * (s * V + t * W)) for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
    assert float(found) == pytest.approx((both[0] - both[1] - both[2] + both[3]) / 4e-6, rel=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_the_third_derivative_of_a_singular_determinant_is_none(mode):
    import torch

    x, v = tensors(SINGULAR, V)
    twice = forward(reverse(lambda x: number("det", x), v), v)
    assert torch.isnan(MODES[mode](twice, v)(x))


@pytest.mark.parametrize("name", NAMES)
def test_the_third_derivative_of_a_regular_matrix(name):
    x, v = tensors(REGULAR, V)
    found = reverse(forward(reverse(lambda x: number(name, x), v), v), v)(x)
    step = 1e-4
    ahead, behind = (second(name, REGULAR + s * V, V, V) for s in (step, -step))
    assert float(found) == pytest.approx((ahead - behind) / (2 * step), rel=1e-6)


def of_stack(name, x):
    """Return the sum of squares of what a stack gives."""
    import torch

    if name == "solve":
        return torch.sum(linalg().solve(x, torch.ones(4, 2, dtype=x.dtype)) ** 2)
    return torch.sum(linalg().det(x) ** 2 if name == "det" else linalg().slogdet(x)[1] ** 2)


def transforms(name):
    import torch

    f, (v,) = (lambda x: of_stack(name, x)), tensors(V)
    return {
        "gradient": torch.func.grad(f),
        "mapped": torch.func.vmap(torch.func.grad(f)),
        "twice": torch.func.grad(reverse(f, v)),
        "tangent": lambda x: torch.func.jvp(torch.func.grad(f), (x,), (v.expand(x.shape),))[1],
        "tangents": forward(forward(f, v.expand(2, 4, 4)), v.expand(2, 4, 4)),
    }


@pytest.mark.parametrize("transform", ["gradient", "mapped", "twice", "tangent", "tangents"])
@pytest.mark.parametrize("name", NAMES)
def test_programs_of_torch_have_the_same_derivatives(name, transform):
    import torch

    f = transforms(name)[transform]
    x = torch.stack(tensors(REGULAR, SINGULAR))
    expected = f(x)
    torch._dynamo.reset()
    found = torch.compile(f, fullgraph=True, backend="aot_eager")(x)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10, equal_nan=True)
    if transform != "tangents":
        assert torch.isfinite(found[0]).all()
        assert bool(torch.isnan(found[1]).all()) is (name != "det")


@pytest.mark.parametrize("name", NAMES)
def test_a_program_is_differentiated_from_outside(name):
    import torch

    torch._dynamo.reset()
    (x,) = tensors(REGULAR)
    x.requires_grad_()
    torch.compile(lambda x: number(name, x), fullgraph=True, backend="aot_eager")(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), first(name, REGULAR), rtol=1e-11, atol=1e-13)


DECOMPOSITIONS = ("lu_factor", "_linalg_det", "_linalg_slogdet", "_linalg_solve_ex", "inv_ex", "svd", "eigh")


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_one_decomposition_serves_every_order(name, order):
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    f, (x, v) = (lambda x: number(name, x)), tensors(REGULAR, V)
    gradient = torch.func.grad(f if order == 1 else reverse(f, v))
    nodes = [str(node.target) for node in make_fx(gradient)(x).graph.nodes if node.op == "call_function"]
    assert len([node for node in nodes if any(word in node for word in DECOMPOSITIONS)]) == 1


def test_dual_numbers():
    from torch.autograd import forward_ad

    x, v = tensors(SINGULAR, V)
    cofactors = np.zeros((4, 4))
    for i in range(4):
        minor = np.delete(np.delete(SINGULAR, i, 0), 1, 1)
        cofactors[i, 1] = (-1) ** (i + 1) * np.linalg.det(minor)
    with forward_ad.dual_level():
        tangent = forward_ad.unpack_dual(linalg().det(forward_ad.make_dual(x, v))).tangent
    assert float(tangent) == pytest.approx(np.sum(cofactors * V), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-90, 1e90])
def test_slopes_of_a_determinant_beyond_the_range_of_numbers(scale):
    import torch

    (x,) = tensors(REGULAR * scale)
    assert float(linalg().det(x)) in (0.0, np.inf)
    for found in (torch.func.grad(linalg().det)(x), *torch.autograd.grad(linalg().det(x.requires_grad_()), x)):
        np.testing.assert_allclose(found / scale**3, np.broadcast_to(first("det", REGULAR), found.shape), rtol=1e-11)


def test_a_matrix_of_zeros_but_for_one_diagonal():
    import torch

    # No pivot, and a slope of 1: the product of the diagonal beside the main one.
    for size in (4, 8):
        expected = np.zeros((size, size))
        expected[-1, 0] = (-1) ** (size - 1)
        found = torch.func.grad(linalg().det)(torch.diag(torch.ones(size - 1, dtype=torch.float64), 1))
        np.testing.assert_allclose(found, expected, atol=1e-15)


def test_stacks_of_one_matrix_and_mapped_axes():
    import torch

    a, b = tensors(_GENERATOR.normal(size=(3, 2, 1, 4, 4)), _GENERATOR.normal(size=(3, 5, 4, 2)))
    expected = torch.stack([torch.linalg.solve(one, other) for one, other in zip(a, b, strict=True)])
    torch.testing.assert_close(torch.func.vmap(linalg().solve)(a, b), expected, rtol=1e-10, atol=1e-12)
    one = torch.func.vmap(linalg().solve, in_dims=(None, 0))(a[0, 0, 0], b)
    torch.testing.assert_close(one, torch.linalg.solve(a[0, 0, 0], b), rtol=1e-10, atol=1e-12)
    # By the factors, which regular matrices that can be looked at do without.
    from multigrad.array_api.torch import _factors

    torch.testing.assert_close(torch.func.vmap(_factors.solve)(a, b), expected, rtol=1e-10, atol=1e-12)
    swapped = torch.func.vmap(_factors.solve, in_dims=(1, None), out_dims=1)(a, b)
    torch.testing.assert_close(swapped, torch.linalg.solve(a, b[:, None]), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", [*NAMES, "sign"])
def test_complex_derivatives_are_holomorphic_ones(name):
    import torch
    from torch.fx.experimental.proxy_tensor import make_fx

    z = torch.tensor(REGULAR + 1j * V)
    if name == "sign":  # it turns with the determinant
        sign = np.linalg.det(z) / np.abs(np.linalg.det(z))
        expected = 1j * sign.imag * np.linalg.inv(z).T
        gradient = torch.func.grad(lambda x: linalg().slogdet(x)[0].real)
    else:
        expected = first(name, z.numpy())
        gradient = torch.func.grad(lambda x: number(name, x).real)
    for f in (gradient, make_fx(gradient)(z)):
        np.testing.assert_allclose(f(z).conj().resolve_conj(), expected, rtol=1e-11, atol=1e-12)
