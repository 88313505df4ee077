"""The values that decide: kinks, ties, borders of domains, NaN, in first and second order (conventions 2 to 10)."""

import math

import numpy as np
import pytest

import multigrad

from .cases import NORMS, recomposed

pytestmark = pytest.mark.needs("numpy")  # the engine runs on NumPy alone: once


def at(f, *values):
    """Return the gradients of the sum of f through the public operator, as flat lists."""
    values = [np.asarray(v, dtype=np.float64) for v in values]
    argnums = tuple(range(len(values)))
    grads = multigrad.gradient(lambda *a: multigrad.xp.sum(f(*a)), argnums, backend="numpy")(*values)
    return [g.reshape(-1).tolist() for g in grads]


xp, inf, nan = multigrad.xp, math.inf, math.nan
COUNT = np.arange(1.0, 5.0)
KINKS = {
    "abs-at-0": (abs, ([0.0, -0.0, nan],), [[0, 0, nan]]),
    "maximum-tie": (xp.maximum, ([1.0, 2.0, nan, 1.0], [1.0, 1.0, 1.0, nan]), [[0.5, 1, nan, nan], [0.5, 0, nan, nan]]),
    "minimum-tie": (xp.minimum, ([1.0, 2.0, nan], [1.0, 1.0, 1.0]), [[0.5, 0, nan], [0.5, 1, nan]]),
    "clip-at-bounds": (lambda x: xp.clip(x, 0.0, 1.0), ([0.0, 0.5, 1.0, 2.0],), [[0.5, 1, 0.5, 0]]),
    "max-tie": (xp.max, ([3.0, 1.0, 3.0, 3.0],), [[1 / 3, 0, 1 / 3, 1 / 3]]),
    "min-tie": (xp.min, ([1.0, 1.0, 3.0],), [[0.5, 0.5, 0]]),
    "sqrt-at-0": (xp.sqrt, ([0.0, -0.0],), [[inf, inf]]),
    "sqrt-outside": (xp.sqrt, ([-1.0],), [[nan]]),
    "pow-0-0": (xp.pow, ([0.0], [0.0]), [[0], [0]]),
    "pow-in-x-at-0": (xp.pow, ([nan, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 3.0]), [[0, 1, 0, 0], [nan, 0, 0, 0]]),
    "pow-in-y-at-0": (xp.pow, ([0.0, -2.0], [-1.0, 3.0]), [[-inf, 12], [-inf, nan]]),
    "power-of-number": (lambda x: x**2 + x**3, ([0.0],), [[0]]),
    "hypot-0-0": (xp.hypot, ([0.0, 3e200], [0.0, 4e200]), [[0, 0.6], [0, 0.8]]),
    "atan2-0-0": (xp.atan2, ([0.0], [0.0]), [[0], [0]]),
    "logaddexp-tie": (xp.logaddexp, ([1.0, 1000.0], [1.0, 0.0]), [[0.5, 1], [0.5, 0]]),
    "std-constant": (xp.std, ([2.0, 2.0, 2.0],), [[0, 0, 0]]),
    "copysign-0": (xp.copysign, ([0.0, 2.0], [1.0, -1.0]), [[0, -1], [0, 0]]),
    "prod-one-zero": (xp.prod, ([2.0, 0.0, 4.0],), [[0, 8, 0]]),
    "prod-two-zeros": (xp.prod, ([2.0, 0.0, 0.0],), [[0, 0, 0]]),
    "prod-nan": (xp.prod, ([1.0, nan, 2.0],), [[nan, 2, nan]]),
    "log-at-0": (xp.log, ([0.0, -0.0, -1.0],), [[inf, inf, nan]]),
    "log2-at-0": (lambda x: xp.log2(x) + xp.log10(x), ([0.0, -0.0],), [[inf, inf]]),
    "log1p-at-the-border": (xp.log1p, ([-1.0, -2.0],), [[inf, nan]]),
    "asin-at-1": (xp.asin, ([1.0, 2.0],), [[inf, nan]]),
    "acosh-outside": (xp.acosh, ([0.5, 1.0],), [[nan, inf]]),
    "atanh-outside": (xp.atanh, ([2.0, 1.0],), [[nan, inf]]),
    "division-by-the-number-0": (lambda x: x / 0.0, ([1.0, 0.0],), [[inf, inf]]),
    "pole": (lambda x: 1 / x, ([0.0],), [[-inf]]),
    **{f.__name__: (f, ([0.0, 1.5, nan],), [[0, 0, 0]]) for f in (xp.sign, xp.floor, xp.ceil, xp.round, xp.trunc)},
    "floor-divide": (lambda x: x // 2.0, ([3.0, nan],), [[0, 0]]),
    "comparison": (lambda x: xp.astype(x > 1.0, xp.float64), ([1.0, nan],), [[0, 0]]),
    "clip-between-equal-bounds": (
        xp.clip,
        ([1.0, 2.0, 0.5, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 2.0]),
        [[0, 0, 0, 0.5], [0.5, 0, 0.5, 0.5], [0.5, 1, 0.5, 0]],
    ),
    "clip-between-equal-numbers": (lambda x: xp.clip(x, 1.0, 1.0), ([1.0, 0.0, 2.0],), [[0, 0, 0]]),
    "sort-ties": (lambda x: xp.sort(x) * COUNT, ([1.0, 0.0, 1.0, 0.0],), [[3, 1, 4, 2]]),
    "sort-ties-descending": (lambda x: xp.sort(x, descending=True) * COUNT, ([1.0, 0.0, 1.0, 0.0],), [[1, 3, 2, 4]]),
    "unique-ties": (lambda x: xp.unique_values(x) * COUNT[:2], ([1.0, 0.0, 1.0, 0.0],), [[2, 1, 0, 0]]),
    "cumulative_prod-zero": (xp.cumulative_prod, ([2.0, 0.0, 4.0, 5.0],), [[1, 50, 0, 0]]),
    "nextafter": (xp.nextafter, ([1.0, nan], [2.0, 1.0]), [[0, 0], [0, 0]]),
    "searchsorted": (lambda x: xp.searchsorted(x, COUNT), ([1.0, 2.0],), [[0, 0]]),
    "argsort": (xp.argsort, ([1.0, 2.0],), [[0, 0]]),
    "count_nonzero": (xp.count_nonzero, ([1.0, 0.0],), [[0, 0]]),
    "nonzero": (lambda x: xp.nonzero(x)[0], ([1.0, 0.0],), [[0, 0]]),
    **{
        f"vector_norm-at-0-ord-{kind}": (
            lambda x, kind=kind: xp.linalg.vector_norm(x, ord=kind),
            ([0.0] * 3,),
            [[0] * 3],
        )
        for kind in NORMS
    },
    **{
        f"matrix_norm-at-0-ord-{kind}": (
            lambda x, kind=kind: xp.linalg.matrix_norm(x, ord=kind),
            ([[0.0] * 2] * 2,),
            [[0] * 4],
        )
        for kind in ("fro", "nuc", 1, -1, 2, -2, inf, -inf)
    },
    "svdvals-zero": (lambda x: xp.linalg.svdvals(x) * COUNT[:2], ([[1.0, 2.0], [2.0, 4.0]],), [[0.2, 0.4, 0.4, 0.8]]),
    "svdvals-tied": (lambda x: xp.linalg.svdvals(x) * COUNT[:2], (np.eye(2),), [[1.5, 0, 0, 1.5]]),
    "eigvalsh-tied": (lambda x: xp.max(xp.linalg.eigvalsh(x)), (np.eye(2),), [[0.5, 0, 0, 0.5]]),
    "eigvalsh-symmetrized": (lambda x: xp.linalg.eigvalsh(x) ** 2, ([[2.0, 1.0], [1.0, 5.0]],), [[4, 2, 2, 10]]),
    "eigenvectors-of-identity": (
        lambda x: recomposed(xp, *xp.linalg.eigh(x)),
        (np.eye(2),),
        [[nan] * 4],
    ),
    "det-singular": (xp.linalg.det, ([[1.0, 2.0], [2.0, 4.0]],), [[4, -2, -2, 1]]),
    "slogdet-singular": (lambda x: xp.linalg.slogdet(x)[1], ([[1.0, 2.0], [2.0, 4.0]],), [[nan] * 4]),
    "slogdet-sign": (lambda x: xp.linalg.slogdet(x)[0], ([[1.0, 2.0], [2.0, 1.0]],), [[0] * 4]),
    "pinv-of-identity": (lambda x: xp.linalg.pinv(x) * COUNT[:2], (np.eye(2),), [[-1, -2, -1, -2]]),
    "cholesky-indefinite": (xp.linalg.cholesky, ([[1.0, 2.0], [2.0, 1.0]],), [[nan] * 4]),
    # One singular matrix spoils no other of the stack.
    "inv-singular": (xp.linalg.inv, ([np.ones((2, 2)), np.diag([1.0, 2.0])],), [[nan] * 4 + [-1, -0.5, -0.5, -0.25]]),
    "solve-singular": (xp.linalg.solve, (np.ones((2, 2)), [1.0, 2.0]), [[nan] * 4, [nan] * 2]),
    "masked-branch": (lambda x: xp.where(x > 0, xp.sqrt(x), 0.0), ([0.0],), [[nan]]),
    "where-nan": (lambda x, y: xp.where(x > 0, x, y), ([1.0, -1.0], [nan, 1.0]), [[1, 0], [0, 1]]),
    "multiply-nan": (lambda x, y: x * y, ([nan, 2.0], [3.0, nan]), [[3, nan], [nan, 2]]),
    "huge-divide": (lambda x, y: x / y, ([1e300], [1e200]), [[1e-200], [-1e-100]]),
    "huge-asinh": (xp.asinh, ([1e200],), [[1e-200]]),
    "huge-acosh": (xp.acosh, ([1e200],), [[1e-200]]),
}


@pytest.mark.parametrize(("f", "values", "expected"), KINKS.values(), ids=KINKS)
def test_kinks_and_borders_follow_the_convention(f, values, expected):
    for found, wanted in zip(at(f, *values), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    ("f", "point", "expected"),
    [
        (abs, 0.0, 0.0),
        (lambda x: xp.sqrt(x * x), 2.0, 0.0),
        (lambda x: x**2, 0.0, 2.0),
        (lambda x: x**3, 0.0, 0.0),
        (lambda x: x**1, 0.0, 0.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: xp.pow(x, xp.asarray(2.0)), 0.0, 2.0),
        (lambda x: xp.prod(xp.stack([x, x, xp.asarray(3.0)])), 0.0, 6.0),
        (lambda x: xp.hypot(x, xp.asarray(0.0)), 0.0, 0.0),
        (lambda x: xp.logaddexp(x, xp.asarray(1.0)), 1.0, 0.25),
        (lambda x: xp.copysign(x * x, xp.asarray(-1.0)), 3.0, -2.0),
        (lambda x: xp.maximum(x * x, x), 1.0, 1.0),
        (lambda x: xp.logaddexp(x, xp.asarray(0.0)), 2000.0, 0.0),
        (lambda x: xp.clip(x, 1.0, 1.0), 1.0, 0.0),
        (xp.log, -1.0, nan),
        (xp.log, -0.0, -inf),
        (xp.log1p, -2.0, nan),
        (xp.sqrt, 0.0, -inf),
        (xp.asin, 1.0, inf),
        (xp.asin, -1.0, -inf),
        (xp.asin, 2.0, nan),
        (xp.acos, 1.0, -inf),
        (xp.acosh, 1.0, -inf),
        (xp.acosh, 0.5, nan),
        (xp.atanh, 1.0, inf),
        (xp.atanh, -1.0, -inf),
        (xp.atanh, 2.0, nan),
        (lambda x: xp.pow(x, xp.asarray(0.0)), 0.0, 0.0),
        (lambda x: xp.pow(xp.asarray(2.0), x), 0.0, math.log(2.0) ** 2),
        (lambda x: xp.linalg.vector_norm(xp.stack([x, x])), 0.0, 0.0),
        (lambda x: xp.std(xp.stack([x, -x])), 0.0, 0.0),
    ],
)
def test_second_derivatives_at_kinks(f, point, expected):
    second = multigrad.gradient(multigrad.gradient(f), backend="numpy")
    assert float(second(point)) == pytest.approx(expected, abs=1e-15, nan_ok=True)


def test_mixed_second_derivatives_of_powers():
    """The derivative of n x^(n-1) in n is 1/x at n = 0 (rule 10), although pow is flat in x there."""

    def slope_in_x(x, n):
        return xp.sum(multigrad.gradient(lambda x: xp.sum(xp.pow(x, n)))(x))

    x = np.asarray([1.0, 2.0, 0.0])
    found = multigrad.gradient(slope_in_x, 1, backend="numpy")(x, np.zeros(3))
    np.testing.assert_allclose(found, [1.0, 0.5, 0.0], rtol=1e-15)


def test_the_sign_of_a_complex_zero_is_flat():
    f = lambda z: xp.real(xp.sign(z)) + 2 * xp.imag(xp.sign(z))  # noqa: E731
    found = multigrad.gradient(lambda z: xp.sum(f(z)), backend="numpy")(np.asarray([0j, 1j]))
    np.testing.assert_allclose(found, [0.0, 1.0], atol=1e-15)


def test_equal_large_operands_of_logaddexp_share_exactly():
    found = multigrad.gradient(xp.logaddexp, (0, 1), backend="numpy")(1000.0, 1000.0)
    assert [float(g) for g in found] == [0.5, 0.5]


def test_what_is_flat_has_a_slope_of_zero_whatever_the_cotangent():
    (_, in_y) = at(lambda x, y: x * xp.copysign(x, y) * y, [2.0], [nan])
    assert in_y == [4.0]  # of the factor y alone: that of copysign is no product with NaN


@pytest.mark.parametrize(
    ("number", "point", "expected"), [(0.0, 1e-160, 0.0), (1e-200, 1e-160, 2e280), (1e200, 1e160, 2e-280)]
)
def test_the_curvature_of_a_quotient_neither_overflows_nor_loses_digits(number, point, expected):
    second = multigrad.gradient(multigrad.gradient(lambda x: number / x), backend="numpy")
    assert float(second(point)) == pytest.approx(expected, rel=1e-14, abs=0)
