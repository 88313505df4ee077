"""torch's overrides under torch's own transforms and compiler, which users mix with this package's."""

import cmath
import math

import pytest

import multigrad

pytestmark = [
    pytest.mark.needs("torch"),
    # Raised by torch.func.jvp in torch 2.13 itself.
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning"),
]

NAN, INF = math.nan, math.inf

# A function of one number, a point, and the first and second derivative there.
ONE = {
    "abs": [(-2.0, -1.0, 0.0), (0.0, 0.0, 0.0), (NAN, NAN, None)],
    "sqrt": [(4.0, 0.25, -1 / 32), (-0.0, INF, None), (0.0, INF, None), (-1.0, NAN, NAN)],
    "log": [(2.0, 0.5, -0.25), (-0.0, INF, None), (-1.0, NAN, NAN), (INF, 0.0, 0.0)],
    "log2": [(2.0, 0.5 / math.log(2), -0.25 / math.log(2)), (-1.0, NAN, NAN)],
    "log10": [(2.0, 0.5 / math.log(10), -0.25 / math.log(10)), (-1.0, NAN, NAN)],
    "log1p": [(1.0, 0.5, -0.25), (-2.0, NAN, NAN)],
    "atanh": [(0.5, 4 / 3, 16 / 9), (2.0, NAN, NAN)],
    "acosh": [(2.0, 3**-0.5, -2 * 3**-1.5), (1.0, INF, None), (-2.0, NAN, NAN), (1e200, 1e-200, 0.0)],
    "asinh": [(1.0, 2**-0.5, -(2**-1.5)), (1e200, 1e-200, 0.0), (-1e200, 1e-200, 0.0)],
}
# The same of two numbers: the gradient, and the three second derivatives.
TWO = {
    "maximum": [((1.0, 1.0), (0.5, 0.5), (0.0, 0.0, 0.0)), ((NAN, 1.0), (NAN, NAN), None)],
    "minimum": [((1.0, 2.0), (1.0, 0.0), (0.0, 0.0, 0.0)), ((1.0, NAN), (NAN, NAN), None)],
    "hypot": [((0.0, 0.0), (0.0, 0.0), (0.0, 0.0, 0.0)), ((3.0, 4.0), (0.6, 0.8), (0.128, -0.096, 0.072))],
    "atan2": [((0.0, 0.0), (0.0, 0.0), (0.0, 0.0, 0.0)), ((1.0, 1.0), (0.5, -0.5), (-0.5, 0.0, 0.5))],
    "copysign": [((0.0, 1.0), (0.0, 0.0), (0.0, 0.0, 0.0)), ((INF, -1.0), (-1.0, 0.0), (0.0, 0.0, 0.0))],
    "logaddexp": [((1.0, 1.0), (0.5, 0.5), (0.25, -0.25, 0.25)), ((1000.0, 0.0), (1.0, 0.0), (0.0, 0.0, 0.0))],
    "pow": [((2.0, 0.0), (0.0, math.log(2)), (0.0, 0.5, math.log(2) ** 2)), ((0.0, 0.0), (0.0, 0.0), None)],
}
ROWS = [(name, (x,), (first,), None if second is None else (second,)) for name in ONE for x, first, second in ONE[name]]
ROWS += [(name, *row) for name in TWO for row in TWO[name]]
MODES = ("grad", "jvp", "vmap", "compile")


def first_derivatives(f, point, mode):
    """Return the gradient in one of torch's ways."""
    import torch

    every = tuple(range(len(point)))
    if mode == "grad":
        return torch.func.grad(f, argnums=every)(*point)
    if mode == "jvp":
        ones = torch.ones((), dtype=point[0].dtype)
        along = lambda i: lambda x: f(*point[:i], x, *point[i + 1 :])  # noqa: E731
        return [torch.func.jvp(along(i), (point[i],), (ones,))[1] for i in every]
    if mode == "vmap":
        found = torch.func.vmap(torch.func.grad(f, argnums=every))(*(x[None] for x in point))
        return [x[0] for x in found]
    gradient = torch.func.grad(lambda *args: torch.sum(f(*args)), argnums=every)
    return [x[0] for x in torch.compile(gradient, backend="aot_eager")(*(x[None] for x in point))]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}{row[1]}")
def test_first_derivatives_under_every_transform(row, mode):
    import torch

    from multigrad.array_api.torch import _native

    name, point, expected, _ = row
    point = [torch.tensor(x, dtype=torch.float64) for x in point]
    found = [float(x) for x in first_derivatives(getattr(_native, name), point, mode)]
    assert found == pytest.approx(list(expected), rel=1e-14, abs=1e-15, nan_ok=True)


@pytest.mark.parametrize("mode", ["reverse", "forward", "forward over reverse"])
@pytest.mark.parametrize("row", [row for row in ROWS if row[3] is not None], ids=lambda row: f"{row[0]}{row[1]}")
def test_second_derivatives_under_every_transform(row, mode):
    import torch

    from multigrad.array_api.torch import _native

    name, point, _, expected = row
    point = [torch.tensor(x, dtype=torch.float64) for x in point]
    every = tuple(range(len(point)))
    f = getattr(_native, name)
    if mode == "reverse":
        found = torch.func.jacrev(torch.func.grad(f, argnums=every), argnums=every)(*point)
    elif mode == "forward":
        found = torch.func.jacfwd(torch.func.jacfwd(f, argnums=every), argnums=every)(*point)
    else:
        found = torch.func.jacfwd(torch.func.grad(f, argnums=every), argnums=every)(*point)
    found = [float(found[i][j]) for i in every for j in every if i <= j]
    assert found == pytest.approx(list(expected), rel=1e-13, abs=1e-15, nan_ok=True)


def test_det_of_a_large_singular_matrix_to_second_order():
    import torch

    from multigrad.array_api.torch import _native

    # Of diag(2, 3, 0, 0) the first derivatives are 0, and the second ones belong to the last two rows and columns.
    x = torch.diag(torch.tensor([2.0, 3.0, 0.0, 0.0], dtype=torch.float64))
    assert float(torch.func.grad(_native.linalg.det)(x).abs().max()) == 0.0
    hessian = torch.func.hessian(_native.linalg.det)(x)
    expected = torch.zeros_like(hessian)
    expected[2, 2, 3, 3] = expected[3, 3, 2, 2] = 6.0
    expected[2, 3, 3, 2] = expected[3, 2, 2, 3] = -6.0
    torch.testing.assert_close(hessian, expected, rtol=0.0, atol=1e-14)


def test_det_of_a_regular_matrix_to_third_order():
    import torch

    from multigrad.array_api.torch import _native

    def along(t):  # det(I + t E) with E of ones on and above the diagonal is (1 + t)^4
        eye, upper = torch.eye(4, dtype=torch.float64), torch.triu(torch.ones(4, 4, dtype=torch.float64))
        return _native.linalg.det(eye + t * upper)

    third = torch.func.grad(torch.func.grad(torch.func.grad(along)))
    assert float(third(torch.tensor(1.0, dtype=torch.float64))) == pytest.approx(4 * 3 * 2 * 2.0, rel=1e-13)


# A planted derivative, 7 x and in second order 7, by each way in which an override has another one than its value.
PLANTED = {
    "factor": lambda torch, x: x * x * torch.clamp(x.detach(), 3.5, 3.5),
    "sum": lambda torch, x: (x + 1).detach() + (3.5 * x * x - (3.5 * x * x).detach()),
    "choice": lambda torch, x: torch.where(x.detach() > 0, 3.5 * x * x, x.detach()),
    "power": lambda torch, x: torch.pow(torch.where(x > 0, x, 1.0), torch.where(x > 0, 2.0, x.detach())) * 3.5,
}
POINT = 3.0


def planted(name):
    import torch

    return lambda x: PLANTED[name](torch, x)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_derivative_comes_back(name, mode):
    import torch

    assert float(first_derivatives(planted(name), [torch.tensor(POINT, dtype=torch.float64)], mode)[0]) == 7 * POINT


@pytest.mark.parametrize("outer", ["grad", "jacfwd"])
@pytest.mark.parametrize("inner", ["grad", "jacfwd"])
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_derivative_comes_back_in_second_order(name, inner, outer):
    import torch

    twice = getattr(torch.func, outer)(getattr(torch.func, inner)(planted(name)))
    assert float(twice(torch.tensor(POINT, dtype=torch.float64))) == 7.0


# Compiling takes torch some twenty seconds: one of them.
@pytest.mark.parametrize(("name", "compile"), [*((name, False) for name in PLANTED), ("sum", True)])
def test_a_planted_derivative_comes_back_through_the_operators(name, compile):
    f, options = planted(name), {"backend": "torch", "arrays": "native", "compile": compile}
    assert float(multigrad.gradient(f, **options)(POINT)) == 7 * POINT
    assert float(multigrad.jvp(f, (POINT,), (1.0,), **options)[1]) == 7 * POINT
    assert float(multigrad.hvp(f, (POINT,), (1.0,), **options)[0]) == 7.0


# Complex functions on a branch cut: the real axis for asin, acos and acosh, the imaginary one for asinh.
CUTS = [
    *((name, complex(x, zero)) for name in ("asin", "acos") for x in (2.0, -2.0) for zero in (0.0, -0.0)),
    *(("acosh", complex(x, zero)) for x in (0.5, -0.5, -2.0) for zero in (0.0, -0.0)),
    *(("asinh", complex(zero, y)) for y in (2.0, -2.0) for zero in (0.0, -0.0)),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("name", "point"), CUTS)
def test_the_derivative_on_a_branch_cut_is_that_of_the_side_of_the_value(name, point, mode):
    import torch

    from multigrad.array_api.torch import _native

    # Python's value moves along the cut with the same signs of zeros.
    h, f = 1e-6, getattr(cmath, name)
    if name == "asinh":
        slope = (f(complex(point.real, point.imag + h)) - f(complex(point.real, point.imag - h))) / (2j * h)
    else:
        slope = (f(complex(point.real + h, point.imag)) - f(complex(point.real - h, point.imag))) / (2 * h)
    z = torch.tensor(point, dtype=torch.complex128)
    found = first_derivatives(lambda z: torch.real(getattr(_native, name)(z)), [z], mode)[0]
    # Forwards along 1: the real part of the slope; backwards its conjugate.
    expected = slope.real if mode == "jvp" else slope.conjugate()
    assert complex(found) == pytest.approx(expected, abs=1e-8)


# Where the values cannot be looked at, overrides have other forms: those of a compiled program.
HIDDEN = {
    "log": ([-1.0, 0.0, -0.0, 2.0], [math.nan, math.inf, math.inf, 0.5]),
    "log1p": ([-2.0, -1.0, -0.0, 1.0], [math.nan, math.inf, 1.0, 0.5]),
    "atanh": ([-2.0, 1.0, -0.0, 0.5], [math.nan, math.inf, 1.0, 4 / 3]),
    "asinh": ([1e200, -1e308, 0.75, math.inf], [1e-200, 1e-308, 0.8, 0.0]),
    "a power of 0.5": ([-math.inf, -1.0, -0.0, 4.0, math.inf], [0.0, math.nan, math.inf, 0.25, 0.0]),
    "a power of 1.5": ([-math.inf, -1.0, -0.0, 4.0, math.inf], [math.inf, math.nan, 0.0, 3.0, math.inf]),
}


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("mode", ["vmap", "compile"])
def test_the_forms_for_hidden_values(name, mode):
    import torch

    points, expected = HIDDEN[name]
    xp = multigrad.array_api.torch._native
    power = name.removeprefix("a power of ")
    slope = torch.func.grad(getattr(xp, name) if power == name else lambda x: xp.pow(x, float(power)))
    many = torch.func.vmap(slope)
    if mode == "compile":
        many = torch.compile(many, backend="aot_eager", fullgraph=True)
    found = many(torch.tensor(points, dtype=torch.float64))
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-14, atol=0, equal_nan=True)


@pytest.mark.parametrize(("power", "curvature"), [(0.5, 0.0), (1.5, 0.0), (2.5, math.inf), (3.5, math.inf)])
@pytest.mark.parametrize("mapped", [False, True], ids=["eager", "vmap"])
def test_the_curvature_of_a_half_power_at_minus_infinity(power, curvature, mapped):
    import torch

    twice = torch.func.grad(torch.func.grad(lambda x: multigrad.array_api.torch._native.pow(x, power)))
    x = torch.tensor(-math.inf, dtype=torch.float64)
    assert (torch.func.vmap(twice)(x[None])[0] if mapped else twice(x)).item() == curvature


def test_the_value_of_asinh_where_the_square_overflows():
    import torch

    x = torch.tensor([1e160, -1e300, -0.0, 3.0], dtype=torch.float64)
    found = torch.func.vmap(multigrad.array_api.torch._native.asinh)(x)
    torch.testing.assert_close(found, torch.asinh(x), rtol=1e-15, atol=0)
    assert math.copysign(1.0, found[2]) == -1.0


def test_the_second_derivative_of_sqrt_at_minus_zero():
    import torch

    curvature = torch.func.grad(torch.func.grad(multigrad.array_api.torch._native.sqrt))
    assert curvature(torch.tensor(-0.0)).item() == -math.inf


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_logaddexp_of_numbers_near_the_largest(dtype):
    import torch

    dtype = getattr(torch, dtype)
    points = [torch.tensor(x * torch.finfo(dtype).max, dtype=dtype) for x in (0.9, -0.9)]
    found = first_derivatives(multigrad.array_api.torch._native.logaddexp, points, "grad")
    assert [float(x) for x in found] == [1.0, 0.0]


@pytest.mark.parametrize("mode", ["grad", "jvp", "vmap"])
def test_std_of_equal_elements_whose_mean_is_not_theirs(mode):
    import torch

    x = torch.full((3,), 0.1, dtype=torch.float64)
    std = multigrad.array_api.torch._native.std
    f = {
        "grad": torch.func.hessian(std),
        "jvp": lambda x: torch.func.jvp(std, (x,), (torch.arange(3.0, dtype=x.dtype),))[1],
        "vmap": lambda x: torch.func.vmap(torch.func.grad(std))(x[None]),
    }[mode]
    assert float(f(x).abs().max()) == 0.0


def test_hypot_of_small_numbers_backwards_over_forwards():
    xp = multigrad.xp

    def slope(x):
        return multigrad.jvp(lambda a: xp.hypot(a, xp.asarray(4e-170)), (x,), (xp.ones_like(x),))[1]

    assert float(multigrad.gradient(slope, backend="torch")(3e-170)) == pytest.approx(1.28e169, rel=1e-14)


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_complex_singular_vectors_under_vmap(shape):
    import torch

    generator = torch.Generator().manual_seed(0)
    stack = torch.randn(2, *shape, dtype=torch.complex128, generator=generator)
    weights = torch.randn(*shape, dtype=torch.complex128, generator=generator)

    def f(z):
        u, s, vh = multigrad.array_api.torch._native.linalg.svd(z, full_matrices=False)
        sizes = torch.sum(torch.abs(u) ** 4) + torch.sum(torch.abs(vh) ** 4)
        return sizes + torch.real(torch.sum(((u * s * s) @ vh) * weights))

    # Alone, torch's own derivative is taken.
    alone = []
    for z in stack.unbind():
        z = z.clone().requires_grad_()  # noqa: PLW2901
        alone += torch.autograd.grad(f(z), z)
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(f))(stack), torch.stack(alone), rtol=1e-11, atol=1e-12)
