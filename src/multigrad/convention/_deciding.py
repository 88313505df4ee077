"""The rows that decide: kinks, ties, borders and degenerate matrices at which the frameworks differ or err."""

from __future__ import annotations

import math
from typing import Any

from multigrad.convention._row import Row

_INF, _NAN = math.inf, math.nan
_SINGULAR = [[1.0, 2.0], [2.0, 4.0]]
_EYE = [[1.0, 0.0], [0.0, 1.0]]
_Z = [[3 + 1j, 1 + 0j], [0.5 - 1j, -2 + 0.5j]]


def _weighted(xp: Any, x: Any, count: int) -> Any:
    """Tell the elements apart: the k-th, from 1, counts k times."""
    return x * xp.asarray([float(k) for k in range(1, count + 1)], dtype=xp.float64)


def _recomposed(xp: Any, x: Any) -> Any:
    values, vectors = xp.linalg.eigh(x)
    return xp.matmul(vectors * values, xp.matrix_transpose(vectors))


_KINKS = (
    Row("abs", (0.0,), (0.0,), 2, "symmetric kink"),
    Row("abs", (_NAN,), (_NAN,), 4, "a kink"),
    Row("maximum", (1.0, 1.0), (0.5, 0.5), 2, "a tie"),
    Row("minimum", (1.0, 1.0), (0.5, 0.5), 2, "a tie"),
    Row("maximum", (_NAN, 1.0), (_NAN, _NAN), 4, "both took part in the comparison"),
    Row("minimum", (_NAN, 1.0), (_NAN, _NAN), 4, "both took part in the comparison"),
    Row("maximum", (1.0, _NAN), (_NAN, _NAN), 4, "both took part in the comparison"),
    Row("clip", (0.0, 0.0, 1.0), (0.5, 0.5, 0.0), 2, "a tie with the lower bound"),
    Row("clip", (1.0, 0.0, 1.0), (0.5, 0.0, 0.5), 2, "a tie with the upper bound"),
    Row("clip", (1.0, 1.0, 1.0), (0.0, 0.5, 0.5), 2, "lo = hi = x"),
    Row("clip", (_NAN, 0.0, 1.0), (_NAN, _NAN, _NAN), 4, "all took part in the comparison"),
    Row("hypot", (0.0, 0.0), (0.0, 0.0), 2, "symmetric kink"),
    Row("hypot", (3e200, 4e200), (0.6, 0.8), 1, "without overflow"),
    Row("atan2", (0.0, 0.0), (0.0, 0.0), 2, "the convention's value at the origin"),
    Row("copysign", (0.0, 1.0), (0.0, 0.0), 2, "symmetric kink; flat in y"),
    Row("std", ([2.0, 2.0, 2.0],), ([0.0, 0.0, 0.0],), 2, "symmetric kink"),
    Row("std", ([0.1, 0.1, 0.1],), ([0.0, 0.0, 0.0],), 2, "symmetric kink"),
    *(
        Row(
            f"vector_norm, ord {order}",
            ([0.0, 0.0, 0.0],),
            ([0.0, 0.0, 0.0],),
            2,
            "symmetric kink",
            expression=lambda xp, x, order=order: xp.linalg.vector_norm(x, ord=order),
        )
        for order in (1, 2, _INF)
    ),
    Row(
        "weighted sort",
        ([1.0, 0.0, 1.0, 0.0],),
        ([3.0, 1.0, 4.0, 2.0],),
        2,
        "the stable permutation",
        expression=lambda xp, x: _weighted(xp, xp.sort(x), 4),
    ),
    Row(
        "weighted descending sort",
        ([1.0, 0.0, 1.0, 0.0],),
        ([1.0, 3.0, 2.0, 4.0],),
        2,
        "the stable permutation",
        expression=lambda xp, x: _weighted(xp, xp.sort(x, descending=True), 4),
    ),
)

_BORDERS = (
    *(Row(function, (-0.0,), (_INF,), 4, "one-sided limit") for function in ("sqrt", "log", "log2", "log10")),
    Row("log", (-1.0,), (_NAN,), 4, "outside the domain"),
    Row("log1p", (-2.0,), (_NAN,), 4, "outside the domain"),
    Row("atanh", (2.0,), (_NAN,), 4, "outside the domain"),
    Row("acosh", (-2.0,), (_NAN,), 4, "outside the domain"),
    Row("pow", (0.0, 0.0), (0.0, 0.0), 6, "constant in x; 0 in y for y ≥ 0"),
    Row("pow", (_NAN, 0.0), (0.0, _NAN), 6, "constant in x, at NaN too"),
    Row("pow", (-2.0, 0.0), (0.0, _NAN), 6, "constant in x; NaN in y for x < 0"),
    Row("pow", (0.0, 3.0), (0.0, 0.0), 6, "a polynomial in x; 0 in y for y ≥ 0"),
    Row("pow", (0.0, -1.0), (-_INF, -_INF), 4, "a pole; -inf in y for y < 0"),
    Row("pow", (-0.0, 2.0), (0.0, 0.0), 6, "a polynomial in x; 0 in y for y ≥ 0"),
    Row("pow", (-2.0, 3.0), (12.0, _NAN), 4, "NaN in y for x < 0"),
    Row("remainder", (1.0, 0.1), (1.0, -9.0), 3, "the floor of the exact quotient, as in the value"),
    Row("prod", ([1.0, _NAN, 2.0],), ([_NAN, 2.0, _NAN],), 4, "NaN in the other factors' slots"),
    Row("cumulative_prod", ([2.0, 0.0, 4.0, 5.0],), ([1.0, 50.0, 0.0, 0.0],), 6, "leave-one-out"),
)

_MATRICES = (
    Row("linalg.det", (_SINGULAR,), ([[4.0, -2.0], [-2.0, 1.0]],), 6, "the adjugate"),
    Row(
        "slogdet(X)[1]",
        (_SINGULAR,),
        ([[_NAN, _NAN], [_NAN, _NAN]],),
        6,
        "slogdet of a singular matrix",
        expression=lambda xp, x: xp.linalg.slogdet(x)[1],
    ),
    Row("linalg.pinv", (_EYE,), ([[-1.0, -1.0], [-1.0, -1.0]],), 7, "-1 in every element"),
    Row(
        "eigvalsh(X)**2",
        ([[2.0, 1.0], [1.0, 5.0]],),
        ([[4.0, 2.0], [2.0, 10.0]],),
        7,
        "2X, symmetrized",
        expression=lambda xp, x: xp.linalg.eigvalsh(x) ** 2,
    ),
    Row(
        "max(eigvalsh(X))",
        (_EYE,),
        ([[0.5, 0.0], [0.0, 0.5]],),
        7,
        "tied eigenvalues share",
        expression=lambda xp, x: xp.max(xp.linalg.eigvalsh(x)),
    ),
    Row(
        "V·diag(w)·Vᵀ",
        (_EYE,),
        ([[_NAN, _NAN], [_NAN, _NAN]],),
        7,
        "vectors at a repeated eigenvalue",
        expression=_recomposed,
    ),
    Row(
        "weighted svdvals",
        (_SINGULAR,),
        ([[0.2, 0.4], [0.4, 0.8]],),
        7,
        "a zero singular value has slope 0",
        expression=lambda xp, x: _weighted(xp, xp.linalg.svdvals(x), 2),
    ),
    *(
        Row(f"linalg.{name}", (point,), ([[_NAN, _NAN], [_NAN, _NAN]],), 7, reason)
        for name, point, reason in (
            ("inv", _SINGULAR, "singular"),
            ("cholesky", [[1.0, 2.0], [2.0, 1.0]], "not positive definite"),
        )
    ),
    Row(
        "linalg.solve",
        (_SINGULAR, [1.0, 2.0]),
        ([[_NAN, _NAN], [_NAN, _NAN]], [_NAN, _NAN]),
        7,
        "singular",
    ),
)

_COMPLEX = (
    Row("real(sign(z))", (0j,), (0j,), 2, "symmetric kink", expression=lambda xp, z: xp.real(xp.sign(z))),
    Row(
        "real(pow(z, w))",
        (0j, 0j),
        (0j, 0j),
        6,
        "constant in z; 0 in w where its real part is ≥ 0",
        expression=lambda xp, z, w: xp.real(xp.pow(z, w)),
    ),
    Row(
        "real(asin(z))",
        (2 + 0j,),
        (-1j / math.sqrt(3),),
        8,
        "the side of the branch cut on which the value is",
        expression=lambda xp, z: xp.real(xp.asin(z)),
    ),
    Row(
        "real(sign(z))",
        (3 + 4j,),
        ((16 - 12j) / 125,),
        8,
        "that of Re z/abs z",
        expression=lambda xp, z: xp.real(xp.sign(z)),
    ),
    Row(
        "real(det(Z))",
        (_Z,),
        ([[-2 - 0.5j, -0.5 - 1j], [-1 + 0j, 3 - 1j]],),
        8,
        "the conjugate of the adjugate's transpose",
        expression=lambda xp, z: xp.real(xp.linalg.det(z)),
    ),
    Row(
        "real(prod(z))",
        ([2 + 1j, 1j, 3 + 0j],),
        ([-3j, 6 - 3j, -1 - 2j],),
        8,
        "the conjugate of the other factors",
        expression=lambda xp, z: xp.real(xp.prod(z)),
    ),
    Row(
        "real(cumulative_prod(z))",
        ([2 + 1j, 1j, 3 + 0j],),
        ([1 - 4j, 8 - 4j, -1 - 2j],),
        8,
        "the conjugate of the sum",
        expression=lambda xp, z: xp.real(xp.cumulative_prod(z)),
    ),
)

# Of _Z: det = -7 + i/2, and the conjugates of the adjugate's transpose.
_DET = -7 + 0.5j
_ADJOINT = [[-2 - 0.5j, -0.5 - 1j], [-1 + 0j, 3 - 1j]]


def _over_determinant(factor: complex) -> list[list[complex]]:
    """Return the adjoint of the inverse of _Z, times a factor."""
    return [[factor * value / _DET.conjugate() for value in row] for row in _ADJOINT]


_LOGARITHM = (
    Row(
        "slogdet(Z)[1]",
        (_Z,),
        (_over_determinant(1.0),),
        8,
        "the adjoint of the inverse",
        expression=lambda xp, z: xp.linalg.slogdet(z)[1],
    ),
    Row(
        "real(slogdet(Z)[0])",
        (_Z,),
        (_over_determinant(-1j * (_DET / abs(_DET)).imag),),
        8,
        "the sign turns with the determinant",
        expression=lambda xp, z: xp.real(xp.linalg.slogdet(z)[0]),
    ),
    Row(
        "slogdet(X)[0]",
        ([[2.0, 1.0], [-1.0, 3.0]],),
        ([[0.0, 0.0], [0.0, 0.0]],),
        3,
        "a real sign is flat",
        expression=lambda xp, x: xp.linalg.slogdet(x)[0],
    ),
)

_SECOND = (
    Row(
        "logaddexp(x, 1)'",
        (1.0,),
        (0.25,),
        10,
        "σ(0)·(1 - σ(0))",
        order=2,
        expression=lambda xp, x: xp.logaddexp(x, xp.ones_like(x)),
    ),
    Row(
        "logaddexp(x, 0)'",
        (1000.0,),
        (0.0,),
        10,
        "σ(x)·(1 - σ(x)), without overflow",
        order=2,
        expression=lambda xp, x: xp.logaddexp(x, xp.zeros_like(x)),
    ),
    Row("abs(z)'", (0j,), (0j,), 10, "no curvature at a symmetric kink", order=2, expression=lambda xp, z: xp.abs(z)),
    Row("sqrt'(x)", (0.0,), (-_INF,), 10, "one-sided limit", order=2, expression=lambda xp, x: xp.sqrt(x)),
    Row("log'(x)", (0.0,), (-_INF,), 10, "one-sided limit", order=2, expression=lambda xp, x: xp.log(x)),
    Row("log'(x)", (-1.0,), (_NAN,), 10, "outside the domain", order=2, expression=lambda xp, x: xp.log(x)),
    Row("asin'(x)", (1.0,), (_INF,), 10, "one-sided limit", order=2, expression=lambda xp, x: xp.asin(x)),
    Row("acos'(x)", (1.0,), (-_INF,), 10, "one-sided limit", order=2, expression=lambda xp, x: xp.acos(x)),
    Row("acosh'(x)", (1.0,), (-_INF,), 10, "one-sided limit", order=2, expression=lambda xp, x: xp.acosh(x)),
    Row("atanh'(x)", (2.0,), (_NAN,), 10, "outside the domain", order=2, expression=lambda xp, x: xp.atanh(x)),
    Row(
        "std'(x)",
        ([2.0, 2.0, 2.0],),
        ([0.0, 0.0, 0.0],),
        10,
        "no curvature at a symmetric kink",
        order=2,
        expression=lambda xp, x: xp.std(x),
    ),
    Row(
        "std'(x)",
        ([0.1, 0.1, 0.1],),
        ([0.0, 0.0, 0.0],),
        10,
        "no curvature at a symmetric kink",
        order=2,
        expression=lambda xp, x: xp.std(x),
    ),
    Row(
        "vector_norm'(x)",
        ([0.0, 0.0, 0.0],),
        ([0.0, 0.0, 0.0],),
        10,
        "no curvature at a symmetric kink",
        order=2,
        expression=lambda xp, x: xp.linalg.vector_norm(x, ord=2),
    ),
    Row(
        "hypot(x, 0)'",
        (0.0,),
        (0.0,),
        10,
        "no curvature at a symmetric kink",
        order=2,
        expression=lambda xp, x: xp.hypot(x, xp.zeros_like(x)),
    ),
    Row(
        "copysign(x, 1)'",
        (0.0,),
        (0.0,),
        10,
        "no curvature at a symmetric kink",
        order=2,
        expression=lambda xp, x: xp.copysign(x, xp.ones_like(x)),
    ),
    Row(
        "det'(X)",
        (_EYE,),
        ([[1.0, -1.0], [-1.0, 1.0]],),
        10,
        "of ad - bc, the sum of the first derivatives",
        order=2,
        expression=lambda xp, x: xp.linalg.det(x),
    ),
    Row(
        "prod'(x)",
        ([2.0, 0.0, 0.0],),
        ([0.0, 2.0, 2.0],),
        10,
        "of xy + xz + yz",
        order=2,
        expression=lambda xp, x: xp.prod(x),
    ),
)

DECIDING = (*_KINKS, *_BORDERS, *_MATRICES, *_COMPLEX, *_LOGARITHM, *_SECOND)
