"""Derivatives of derivatives: to any order, through closures, and never silently zero across frameworks."""

import math

import numpy as np
import pytest

import multigrad
from multigrad import gradient, value_and_gradient, vjp, xp


def number(x):
    return float(multigrad.to_numpy(x))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_derivatives_of_any_order(order, backend, arrays):
    derivative = lambda x: xp.sin(x) * x**2  # noqa: E731 - rebound below
    for _ in range(order - 1):
        derivative = gradient(derivative, arrays=arrays)
    s, c, x = math.sin(1.3), math.cos(1.3), 1.3
    expected = [
        2 * x * s + x**2 * c,
        (2 - x**2) * s + 4 * x * c,
        -6 * x * s + (6 - x**2) * c,
        (x**2 - 12) * s - 8 * x * c,
    ][order - 1]
    found = gradient(derivative, backend=backend, arrays=arrays)(x)
    assert number(found) == pytest.approx(expected, rel=1e-12)


def test_third_order_of_a_polynomial_and_of_its_end(backend, arrays):
    third = gradient(gradient(gradient(lambda x: x**3, arrays=arrays), arrays=arrays), backend=backend, arrays=arrays)
    assert number(third(2.0)) == 6.0
    assert number(gradient(third, backend=backend, arrays=arrays)(2.0)) == 0.0


def test_product_with_an_inner_derivative(backend, arrays):
    # d/dx (x·cos x) = cos x - x·sin x
    found = gradient(lambda x: x * gradient(xp.sin, arrays=arrays)(x), backend=backend, arrays=arrays)(0.7)
    assert number(found) == pytest.approx(math.cos(0.7) - 0.7 * math.sin(0.7), rel=1e-13)


def test_inner_function_closes_over_the_outer_variable(backend, arrays):
    # d/dy (x²·y³) at y = x is 3x⁴; its derivative is 12x³.
    def f(x):
        return gradient(lambda y: x**2 * y**3, arrays=arrays)(x)

    assert number(gradient(f, backend=backend, arrays=arrays)(2.0)) == pytest.approx(96.0, rel=1e-14)


def test_perturbations_are_not_confused(backend, arrays):
    # Siskind and Pearlmutter (2005): d/dx (x · d/dy (x + y)) = 1, not 2.
    found = gradient(lambda x: x * gradient(lambda y: x + y, arrays=arrays)(1.0), backend=backend, arrays=arrays)(1.0)
    assert number(found) == 1.0


def test_perturbations_are_not_confused_when_values_coincide(backend, arrays):
    # d/dx (x · d/dy (x·y) at y = x) = d/dx x² = 2x
    found = gradient(lambda x: x * gradient(lambda y: x * y, arrays=arrays)(x), backend=backend, arrays=arrays)(3.0)
    assert number(found) == 6.0


def test_mixed_partial_derivatives(backend, arrays):
    def f(x, y):
        return x**2 * xp.exp(3 * y)

    options = {"backend": backend, "arrays": arrays}
    xy = gradient(gradient(f, 0, arrays=arrays), 1, **options)(2.0, 0.5)
    yx = gradient(gradient(f, 1, arrays=arrays), 0, **options)(2.0, 0.5)
    assert number(xy) == pytest.approx(12 * math.exp(1.5), rel=1e-13)
    assert number(yx) == pytest.approx(12 * math.exp(1.5), rel=1e-13)


def test_gradient_of_a_function_of_a_gradient_of_vectors(backend, arrays):
    # f = Σ x³; |∇f|² = 9 Σ x⁴; its gradient is 36 x³.
    def penalty(x):
        return xp.sum(gradient(lambda z: xp.sum(z**3), arrays=arrays)(x) ** 2)

    found = gradient(penalty, backend=backend, arrays=arrays)(np.asarray([1.0, -2.0]))
    np.testing.assert_allclose(multigrad.to_numpy(found), [36.0, -288.0], rtol=1e-13)


def test_nested_value_and_gradient_with_aux(backend, arrays):
    def f(x):
        inner = value_and_gradient(lambda y: (y**2 * x, {"cube": y**3}), has_aux=True, arrays=arrays)
        (value, aux), slope = inner(x)  # x³, x³, 2x²
        return value * aux["cube"] + slope, slope

    (value, aux), slope = value_and_gradient(f, has_aux=True, backend=backend, arrays=arrays)(2.0)
    assert [number(part) for part in (value, aux, slope)] == pytest.approx([72.0, 8.0, 6 * 32 + 8], rel=1e-13)


def test_aux_of_an_inner_function_carries_the_outer_derivative(backend, arrays):
    def f(x):
        _, aux = gradient(lambda y: (y**2, x * y), has_aux=True, arrays=arrays)(x)
        return aux

    assert number(gradient(f, backend=backend, arrays=arrays)(3.0)) == 6.0


def test_pullback_inside_a_gradient(backend, arrays):
    # pullback of y³ at x on the cotangent x: 3x³; its derivative 9x².
    def f(x):
        _, pullback = vjp(lambda y: y**3, x, arrays=arrays)
        return pullback(x)[0]

    assert number(gradient(f, backend=backend, arrays=arrays)(2.0)) == 36.0


def test_pullback_made_outside_is_differentiable_in_its_cotangent(backend, arrays):
    _, pullback = vjp(lambda y: y**3, 2.0, backend=backend, arrays=arrays)
    found = gradient(lambda c: c * pullback(c)[0], backend=backend, arrays=arrays)(5.0)  # 12c²
    assert number(found) == 120.0


def test_inner_numbers_and_nested_calls_inherit_the_backend(backend):
    def f(x):
        inner = gradient(lambda y: y**2)(3.0)
        assert isinstance(inner, multigrad.Array)
        assert inner.backend == backend
        return x * inner

    assert number(gradient(f, backend=backend)(1.0)) == 6.0


@pytest.mark.parametrize("outer", ["standard", "native"])
@pytest.mark.parametrize("inner", ["standard", "native"])
def test_forms_of_arrays_may_be_mixed(outer, inner, backend):
    found = gradient(lambda x: x * gradient(lambda y: y**3, arrays=inner)(x), backend=backend, arrays=outer)(2.0)
    assert number(found) == 36.0


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_another_backend_inside_is_refused(backend):
    with pytest.raises(multigrad.DetachedValueError, match=f"outside any {backend} graph"):
        gradient(lambda x: x * gradient(lambda y: y**2, backend="numpy")(x), backend=backend)(2.0)
    with pytest.raises(multigrad.DetachedValueError, match=r"outside any numpy graph for y, .*Detach it first"):
        gradient(lambda x: x * gradient(lambda y: y**2, backend=backend)(x), backend="numpy")(2.0)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_closing_over_a_variable_of_another_backend_is_refused(backend):
    with pytest.raises(multigrad.MixedBackendError, match=f"{backend} and numpy|numpy and {backend}"):
        gradient(lambda x: gradient(lambda y: x * y, backend="numpy")(1.0), backend=backend)(2.0)
    with pytest.raises(multigrad.MixedBackendError, match=f"{backend} and numpy|numpy and {backend}"):
        gradient(lambda x: gradient(lambda y: x * y, backend=backend)(1.0), backend="numpy")(2.0)


@pytest.mark.backends("torch", "jax", "tensorflow")
def test_another_backend_inside_on_constants_is_welcome(backend):
    found = gradient(lambda x: x * gradient(lambda y: y**2, backend="numpy")(3.0), backend=backend)(2.0)
    assert number(found) == 6.0


def test_stop_gradient_holds_at_every_level(backend, arrays):
    def f(x):
        return x**2 * gradient(lambda y: y**2 * multigrad.stop_gradient(y * x), arrays=arrays)(x)

    # f = x² · 2x · [x²] with the bracket held fixed, so f' = 6x² · [x²].
    assert number(gradient(f, backend=backend, arrays=arrays)(2.0)) == pytest.approx(96.0, rel=1e-14)


def test_an_exception_inside_leaves_no_state(backend):
    def broken(y):
        raise RuntimeError("on purpose")

    def f(x):
        with pytest.raises(RuntimeError, match="on purpose"):
            gradient(broken)(x)
        return x**3

    assert number(gradient(f, backend=backend)(2.0)) == 12.0
    assert number(gradient(gradient(f), backend=backend)(2.0)) == 12.0


@pytest.mark.backends("torch")
def test_top_level_results_carry_no_graph(backend, arrays):
    def f(x):
        _, pullback = vjp(lambda y: x * y**3, 2.0, arrays=arrays)
        return pullback(x)[0] * gradient(lambda y: x * y**2, arrays=arrays)(x)

    value, slope = value_and_gradient(f, backend=backend, arrays=arrays)(2.0)
    assert (value.requires_grad, slope.requires_grad) == (False, False)
    # 12x² · 2x²; its derivative is 96x³.
    assert (number(value), number(slope)) == (384.0, 768.0)
