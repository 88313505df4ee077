"""The rows of the derivative convention, at ordinary points first, then at kinks, borders and in second order."""

from __future__ import annotations

import math
from types import MappingProxyType

from multigrad.convention._deciding import DECIDING
from multigrad.convention._measured import MEASURED, NATIVE
from multigrad.convention._row import Row

_INF, _NAN = math.inf, math.nan
_LN2, _LN10 = math.log(2), math.log(10)


_SMOOTH = (
    Row("add", (1.0, 2.0), (1.0, 1.0), 1, "linear"),
    Row("subtract", (1.0, 2.0), (1.0, -1.0), 1, "linear"),
    Row("multiply", (2.0, 3.0), (3.0, 2.0), 1, "the other factor"),
    Row("divide", (1.0, 4.0), (0.25, -0.0625), 1, "1/y and -x/y²"),
    Row("divide", (3e200, 2e200), (0.5e-200, -0.75e-200), 1, "without overflow in y²"),
    Row("pow", (2.0, 3.0), (12.0, 8.0 * _LN2), 1, "n·xⁿ⁻¹ and xⁿ·log x"),
    Row("pow", (0.5, -1.5), (-1.5 * 0.5**-2.5, -(0.5**-1.5) * _LN2), 1, "n·xⁿ⁻¹ and xⁿ·log x"),
    Row("remainder", (5.5, 2.0), (1.0, -2.0), 1, "1 and -floor(x/y)"),
    Row("remainder", (4.0, 2.0), (1.0, -2.0), 3, "1 and -floor(x/y): the floor is flat"),
    Row("negative", (2.0,), (-1.0,), 1, "linear"),
    Row("positive", (2.0,), (1.0,), 1, "linear"),
    Row("square", (3.0,), (6.0,), 1, "2x"),
    Row("reciprocal", (4.0,), (-0.0625,), 1, "-1/x²"),
    Row("abs", (-3.0,), (-1.0,), 1, "the sign"),
    Row("sqrt", (4.0,), (0.25,), 1, "1/(2√x)"),
    Row("exp", (0.5,), (math.exp(0.5),), 1, "eˣ"),
    Row("expm1", (0.5,), (math.exp(0.5),), 1, "eˣ"),
    Row("expm1", (-50.0,), (math.exp(-50.0),), 1, "eˣ, within eps absolute"),
    Row("log", (0.5,), (2.0,), 1, "1/x"),
    Row("log2", (0.5,), (2.0 / _LN2,), 1, "1/(x·log 2)"),
    Row("log10", (0.5,), (2.0 / _LN10,), 1, "1/(x·log 10)"),
    Row("log1p", (0.5,), (1 / 1.5,), 1, "1/(1 + x)"),
    Row("sin", (0.5,), (math.cos(0.5),), 1, "cos x"),
    Row("cos", (0.5,), (-math.sin(0.5),), 1, "-sin x"),
    Row("tan", (0.5,), (math.cos(0.5) ** -2,), 1, "1/cos² x"),
    Row("asin", (0.5,), (0.75**-0.5,), 1, "1/√(1 - x²)"),
    Row("acos", (0.5,), (-(0.75**-0.5),), 1, "-1/√(1 - x²)"),
    Row("atan", (0.5,), (0.8,), 1, "1/(1 + x²)"),
    Row("sinh", (0.5,), (math.cosh(0.5),), 1, "cosh x"),
    Row("cosh", (0.5,), (math.sinh(0.5),), 1, "sinh x"),
    Row("tanh", (0.5,), (math.cosh(0.5) ** -2,), 1, "1/cosh² x"),
    Row("tanh", (20.0,), (math.cosh(20.0) ** -2,), 1, "1/cosh² x, within eps absolute"),
    Row("asinh", (0.5,), (1.25**-0.5,), 1, "1/√(x² + 1)"),
    Row("asinh", (1e200,), (1e-200,), 1, "without overflow in x²"),
    Row("acosh", (2.0,), (3.0**-0.5,), 1, "1/√(x² - 1)"),
    Row("acosh", (1e200,), (1e-200,), 1, "without overflow in x²"),
    Row("atanh", (0.5,), (1 / 0.75,), 1, "1/(1 - x²)"),
    Row("atan2", (1.0, 2.0), (0.4, -0.2), 1, "x/r² and -y/r²"),
    Row("hypot", (3.0, 4.0), (0.6, 0.8), 1, "x/r and y/r"),
    Row("logaddexp", (1.0, 2.0), (1 / (1 + math.e), 1 / (1 + 1 / math.e)), 1, "the softmax"),
    Row("logaddexp", (1.0, 1.0), (0.5, 0.5), 1, "the softmax"),
    Row("logaddexp", (1000.0, 0.0), (1.0, 0.0), 1, "the softmax, without overflow in eˣ"),
    Row("nextafter", (1.0, 2.0), (0.0, 0.0), 3, "a step of the grid is flat"),
    Row("copysign", (3.0, -1.0), (-1.0, 0.0), 1, "sign(x)·sign(y); flat in y"),
    Row("maximum", (1.0, 2.0), (0.0, 1.0), 1, "the winner"),
    Row("minimum", (1.0, 2.0), (1.0, 0.0), 1, "the winner"),
    Row("clip", (1.0, 0.0, 2.0), (1.0, 0.0, 0.0), 1, "inside the bounds"),
    Row("clip", (3.0, 0.0, 2.0), (0.0, 0.0, 1.0), 1, "the upper bound is active"),
    Row("clip", (-1.0, 0.0, 2.0), (0.0, 1.0, 0.0), 1, "the lower bound is active"),
    Row("sum", ([1.0, 2.0, 3.0],), ([1.0, 1.0, 1.0],), 1, "linear"),
    Row("sum", ([],), ([],), 9, "an empty array has an empty gradient"),
    Row("mean", ([1.0, 2.0, 3.0, 4.0],), ([0.25, 0.25, 0.25, 0.25],), 1, "linear"),
    Row("var", ([1.0, 2.0, 6.0],), ([-4 / 3, -2 / 3, 2.0],), 1, "2(x - mean)/n"),
    Row("std", ([1.0, 3.0],), ([-0.5, 0.5],), 1, "(x - mean)/(n·std)"),
    Row("prod", ([2.0, 3.0, 4.0],), ([12.0, 8.0, 6.0],), 1, "the other factors"),
    Row("max", ([1.0, 3.0, 2.0],), ([0.0, 1.0, 0.0],), 1, "the winner"),
    Row("min", ([1.0, 3.0, 2.0],), ([1.0, 0.0, 0.0],), 1, "the winner"),
    Row("cumulative_sum", ([1.0, 2.0, 3.0],), ([3.0, 2.0, 1.0],), 1, "in how many sums it stands"),
    Row("matmul", ([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]), ([[5.0, 6.0], [5.0, 6.0]], [4.0, 6.0]), 1, "bilinear"),
    Row("vecdot", ([1.0, 2.0], [3.0, 4.0]), ([3.0, 4.0], [1.0, 2.0]), 1, "bilinear"),
    Row(
        "add",
        ([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]),
        ([[1.0, 1.0], [1.0, 1.0]], [2.0, 2.0]),
        9,
        "summed over what was broadcast",
    ),
    Row("x*x of float64", (0.1,), (0.2,), 9, "in float64", expression=lambda xp, x: x * x),
    Row("multiply", (2.0, [3.0, 4.0]), (7.0, [2.0, 2.0]), 9, "summed over what was broadcast"),
    Row(
        "take(x, [0, 0, 2])",
        ([1.0, 2.0, 3.0],),
        ([2.0, 0.0, 1.0],),
        1,
        "a repeated index counts twice",
        expression=lambda xp, x: xp.take(x, xp.asarray([0, 0, 2])),
    ),
)

_KINKS = (
    Row("max", ([2.0, 1.0, 2.0],), ([0.5, 0.0, 0.5],), 2, "two tied elements"),
    Row(
        "min",
        ([1.0, 1.0, 1.0, 1.0],),
        ([0.25, 0.25, 0.25, 0.25],),
        2,
        "four tied elements",
    ),
    Row(
        "max(x, axis=0)",
        ([[1.0, 3.0], [1.0, 2.0]],),
        ([[0.5, 1.0], [0.5, 0.0]],),
        2,
        "ties along the axis",
        expression=lambda xp, x: xp.max(x, axis=0),
    ),
    Row("var", ([2.0, 2.0, 2.0],), ([0.0, 0.0, 0.0],), 1, "2(x - mean)/n"),
    Row(
        "linalg.det",
        ([],),
        ([],),
        9,
        "an empty array has an empty gradient",
        expression=lambda xp, x: xp.linalg.det(xp.reshape(x, (0, 0))),
    ),
)

_FLAT = (
    *(
        Row(function, (x,), (0.0,), 3, reason)
        for function in ("sign", "floor", "ceil", "round", "trunc")
        for x, reason in (
            (0.7, "flat"),
            (0.0, "flat"),
            (_NAN, "flat, also at NaN"),
        )
    ),
    Row("floor_divide", (5.5, 2.0), (0.0, 0.0), 3, "flat"),
    Row("floor_divide", (_NAN, 2.0), (0.0, 0.0), 3, "flat, also at NaN"),
    Row(
        "astype(x > 0, float64)",
        (1.0,),
        (0.0,),
        3,
        "comparisons are flat",
        expression=lambda xp, x: xp.astype(x > 0, xp.float64),
    ),
    Row(
        "astype(x > 0, float64)",
        (_NAN,),
        (0.0,),
        3,
        "comparisons are flat, also at NaN",
        expression=lambda xp, x: xp.astype(x > 0, xp.float64),
    ),
    Row(
        "2x, without y",
        (1.0, [1.0, 2.0]),
        (2.0, [0.0, 0.0]),
        3,
        "an argument not used",
        expression=lambda xp, x, y: 2 * x,
    ),
    Row("zeros_like", ([1.0, _NAN],), ([0.0, 0.0],), 3, "constant"),
)

_NANS = (
    Row("max", ([1.0, _NAN],), ([_NAN, _NAN],), 4, "both took part"),
    Row("min", ([1.0, _NAN],), ([_NAN, _NAN],), 4, "both took part"),
    Row("add", (_NAN, 1.0), (1.0, 1.0), 4, "the formula does not need the NaN"),
    Row("subtract", (_NAN, 1.0), (1.0, -1.0), 4, "the formula does not need the NaN"),
    Row("multiply", (_NAN, 2.0), (2.0, _NAN), 4, "NaN in the other factor's slot"),
    Row("divide", (_NAN, 2.0), (0.5, _NAN), 4, "1/y does not need the NaN"),
    Row("sum", ([_NAN, 1.0],), ([1.0, 1.0],), 4, "the formula does not need the NaN"),
    Row("mean", ([_NAN, 1.0],), ([0.5, 0.5],), 4, "the formula does not need the NaN"),
    Row(
        "where(x < y, x, y)",
        (1.0, _NAN),
        (0.0, 1.0),
        4,
        "the one that was chosen",
        expression=lambda xp, x, y: xp.where(x < y, x, y),
    ),
    Row("x[0]", ([_NAN, 1.0],), ([1.0, 0.0],), 4, "the formula does not need the NaN", expression=lambda xp, x: x[0]),
    *(
        Row(function, (_NAN,), (_NAN,), 4, "the formula needs the NaN")
        for function in ("sin", "exp", "log", "sqrt", "square", "tanh")
    ),
    Row("sqrt", (0.0,), (_INF,), 4, "one-sided limit"),
    Row("copysign", (_NAN, 1.0), (_NAN, 0.0), 4, "a kink in x; flat in y"),
    Row("sqrt", (-1.0,), (_NAN,), 4, "outside the domain"),
    *(Row(function, (0.0,), (_INF,), 4, "one-sided limit") for function in ("log", "log2", "log10")),
    Row("log1p", (-1.0,), (_INF,), 4, "one-sided limit"),
    Row("asin", (1.0,), (_INF,), 4, "one-sided limit"),
    Row("asin", (2.0,), (_NAN,), 4, "outside the domain"),
    Row("acos", (1.0,), (-_INF,), 4, "one-sided limit"),
    Row("acos", (2.0,), (_NAN,), 4, "outside the domain"),
    Row("acosh", (1.0,), (_INF,), 4, "one-sided limit"),
    Row("acosh", (0.5,), (_NAN,), 4, "outside the domain"),
    Row("atanh", (1.0,), (_INF,), 4, "one-sided limit"),
    Row("atanh", (-1.0,), (_INF,), 4, "one-sided limit"),
    Row("reciprocal", (0.0,), (-_INF,), 4, "a pole"),
    Row("divide", (1.0, 0.0), (_INF, -_INF), 4, "a pole"),
    Row("1/x", (0.0,), (-_INF,), 4, "a pole", expression=lambda xp, x: 1 / x),
)

_MASKED = (
    Row(
        "where(x > 0, log(x), 0)",
        (0.0,),
        (_NAN,),
        5,
        "0 · inf",
        expression=lambda xp, x: xp.where(x > 0, xp.log(x), 0.0),
    ),
    Row("where(x > 0, 1/x, 0)", (0.0,), (_NAN,), 5, "0 · inf", expression=lambda xp, x: xp.where(x > 0, 1 / x, 0.0)),
    Row(
        "where(x > 0, sqrt(x), 0)",
        (4.0,),
        (0.25,),
        5,
        "the branch that was chosen",
        expression=lambda xp, x: xp.where(x > 0, xp.sqrt(x), 0.0),
    ),
    Row(
        "sqrt(where(x > 0, x, 1))",
        (0.0,),
        (0.0,),
        5,
        "replaced before the branch",
        expression=lambda xp, x: xp.sqrt(xp.where(x > 0, x, 1.0)),
    ),
    Row("abs(x)**2", (0.0,), (0.0,), 2, "0 · 0", expression=lambda xp, x: xp.abs(x) ** 2),
)

_POLYNOMIALS = (
    Row("prod", ([2.0, 0.0, 4.0],), ([0.0, 8.0, 0.0],), 6, "leave-one-out"),
    Row("prod", ([0.0, 0.0, 4.0],), ([0.0, 0.0, 0.0],), 6, "leave-one-out"),
    Row("prod", ([],), ([],), 9, "an empty array has an empty gradient"),
    Row("pow", (2.0, 0.0), (0.0, _LN2), 6, "constant in x"),
    Row("pow", (0.0, 2.0), (0.0, 0.0), 6, "flat in y for y ≥ 0"),
    Row("x**0", (0.0,), (0.0,), 6, "constant", expression=lambda xp, x: x**0),
    Row("x**0", (_NAN,), (0.0,), 6, "constant", expression=lambda xp, x: x**0),
    Row("x**1", (0.0,), (1.0,), 6, "a polynomial", expression=lambda xp, x: x**1),
    *(Row(f"x**{n}", (0.0,), (0.0,), 6, "a polynomial", expression=lambda xp, x, n=n: x**n) for n in (2, 3)),
    Row("x**3", (-2.0,), (12.0,), 6, "a polynomial", expression=lambda xp, x: x**3),
    Row("x**5", (0.0,), (0.0,), 6, "a polynomial", expression=lambda xp, x: x**5),
    Row("x**0.5", (0.0,), (_INF,), 4, "one-sided limit", expression=lambda xp, x: x**0.5),
    Row("x**0.5", (-_INF,), (0.0,), 4, "n·xⁿ⁻¹ by IEEE's pow", expression=lambda xp, x: x**0.5),
    Row("x**1.5", (-_INF,), (_INF,), 4, "n·xⁿ⁻¹ by IEEE's pow", expression=lambda xp, x: x**1.5),
    Row("x**-1", (0.0,), (-_INF,), 4, "a pole", expression=lambda xp, x: x**-1),
)

_COMPLEX = (
    Row("real", (3 + 4j,), (1 + 0j,), 8, "dL/dRe + i·dL/dIm"),
    Row("imag", (3 + 4j,), (1j,), 8, "dL/dRe + i·dL/dIm"),
    Row("abs", (3 + 4j,), (0.6 + 0.8j,), 8, "z/abs z"),
    Row("abs", (0j,), (0j,), 2, "symmetric kink"),
    Row("abs(z)**2", (3 + 4j,), (6 + 8j,), 8, "2z", expression=lambda xp, z: xp.abs(z) ** 2),
    Row("real(z**2)", (3 + 4j,), (6 - 8j,), 8, "2·conj z", expression=lambda xp, z: xp.real(z * z)),
    Row("real(z * conj(z))", (3 + 4j,), (6 + 8j,), 8, "2z", expression=lambda xp, z: xp.real(z * xp.conj(z))),
    Row(
        "real(exp(z))",
        (1j,),
        (math.cos(1.0) - 1j * math.sin(1.0),),
        8,
        "conj(exp z)",
        expression=lambda xp, z: xp.real(xp.exp(z)),
    ),
    Row("abs(1j * x)", (2.0,), (1.0,), 8, "real for a real input", expression=lambda xp, x: xp.abs(x * 1j)),
)

_SECOND = (
    Row(
        "(x**2)'",
        (0.0,),
        (2.0,),
        10,
        "a polynomial",
        order=2,
        expression=lambda xp, x: x**2,
    ),
    Row(
        "(x**3)'",
        (0.0,),
        (0.0,),
        10,
        "a polynomial",
        order=2,
        expression=lambda xp, x: x**3,
    ),
    Row("(x**3)'", (2.0,), (12.0,), 10, "6x", order=2, expression=lambda xp, x: x**3),
    Row("sin'(x)", (0.5,), (-math.sin(0.5),), 10, "-sin x", order=2, expression=lambda xp, x: xp.sin(x)),
    Row("exp'(x)", (0.5,), (math.exp(0.5),), 10, "eˣ", order=2, expression=lambda xp, x: xp.exp(x)),
    Row("(1/x)'", (2.0,), (0.25,), 10, "2/x³", order=2, expression=lambda xp, x: 1 / x),
    Row("log'(x)", (2.0,), (-0.25,), 10, "-1/x²", order=2, expression=lambda xp, x: xp.log(x)),
    Row("sqrt'(x)", (4.0,), (-1 / 32,), 10, "-x^(-3/2)/4", order=2, expression=lambda xp, x: xp.sqrt(x)),
    Row(
        "tanh'(x)",
        (0.5,),
        (-2 * math.tanh(0.5) / math.cosh(0.5) ** 2,),
        10,
        "-2·tanh x/cosh² x",
        order=2,
        expression=lambda xp, x: xp.tanh(x),
    ),
    Row("abs'(x)", (0.0,), (0.0,), 10, "no curvature at a symmetric kink", order=2, expression=lambda xp, x: xp.abs(x)),
    Row("abs'(x)", (2.0,), (0.0,), 10, "linear", order=2, expression=lambda xp, x: xp.abs(x)),
    Row("floor'(x)", (0.5,), (0.0,), 10, "flat", order=2, expression=lambda xp, x: xp.floor(x)),
    Row(
        "logaddexp(x, 0)'",
        (1.0,),
        (math.e / (1 + math.e) ** 2,),
        10,
        "σ(x)·(1 - σ(x))",
        order=2,
        expression=lambda xp, x: xp.logaddexp(x, xp.zeros_like(x)),
    ),
    Row(
        "copysign(x, 1)'",
        (-2.0,),
        (0.0,),
        10,
        "linear",
        order=2,
        expression=lambda xp, x: xp.copysign(x, 1.0),
    ),
    Row(
        "prod([x, 0, 3])'",
        (2.0,),
        (0.0,),
        10,
        "linear",
        order=2,
        expression=lambda xp, x: xp.prod(xp.stack([x, 0 * x, 0 * x + 3.0])),
    ),
)

_ALL = (*_SMOOTH, *_KINKS, *_FLAT, *_NANS, *_MASKED, *_POLYNOMIALS, *_COMPLEX, *_SECOND, *DECIDING)


def _with_native(row: Row) -> Row:
    found = dict(zip(MEASURED, NATIVE.get(row.name, ()), strict=False))
    return row._replace(native=MappingProxyType(found))


ROWS = tuple(_with_native(row) for row in _ALL)
