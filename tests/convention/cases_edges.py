"""Elementwise functions at kinks, ties, borders of the domain, infinities and NaN: written out, each with its rule."""

import math

from .truth import edge

INF, NAN = math.inf, math.nan
LN2 = math.log(2)

# function: (point, derivative, rule, reason)
_ONE = {
    "abs": [
        (0.0, 0.0, 2, "symmetric kink"),
        (-0.0, 0.0, 2, "symmetric kink"),
        (NAN, NAN, 4, "a kink"),
        (INF, 1.0, 1, "the sign"),
        (-INF, -1.0, 1, "the sign"),
        (1e200, 1.0, 1, "the sign"),
        (-1e-200, -1.0, 1, "the sign"),
        (0j, 0j, 2, "symmetric kink"),
        (3e200 + 4e200j, 0.6 + 0.8j, 1, "z/abs z, without overflow"),
        (3e-200 + 4e-200j, 0.6 + 0.8j, 1, "z/abs z, without underflow"),
    ],
    "acos": [
        (1.0, -INF, 4, "one-sided limit"),
        (-1.0, -INF, 4, "one-sided limit"),
        (2.0, NAN, 4, "outside the domain"),
        (-1.5, NAN, 4, "outside the domain"),
        (INF, NAN, 4, "outside the domain"),
    ],
    "asin": [
        (1.0, INF, 4, "one-sided limit"),
        (-1.0, INF, 4, "one-sided limit"),
        (2.0, NAN, 4, "outside the domain"),
        (-1.5, NAN, 4, "outside the domain"),
        (INF, NAN, 4, "outside the domain"),
    ],
    "acosh": [
        (1.0, INF, 4, "one-sided limit"),
        (0.5, NAN, 4, "outside the domain"),
        (-1.0, NAN, 4, "outside the domain"),
        (-2.0, NAN, 4, "outside the domain"),
        (INF, 0.0, 1, "1/√(x² - 1)"),
        (1e200, 1e-200, 1, "without overflow in x²"),
    ],
    "asinh": [
        (INF, 0.0, 1, "1/√(x² + 1)"),
        (-INF, 0.0, 1, "1/√(x² + 1)"),
        (1e200, 1e-200, 1, "without overflow in x²"),
        (-1e200, 1e-200, 1, "without overflow in x²"),
        (1e-200, 1.0, 1, "1/√(x² + 1)"),
    ],
    "atan": [
        (INF, 0.0, 1, "1/(1 + x²)"),
        (-INF, 0.0, 1, "1/(1 + x²)"),
        (1e200, 0.0, 1, "1/(1 + x²)"),
    ],
    "atanh": [
        (1.0, INF, 4, "one-sided limit"),
        (-1.0, INF, 4, "one-sided limit"),
        (2.0, NAN, 4, "outside the domain"),
        (-1.5, NAN, 4, "outside the domain"),
        (INF, NAN, 4, "outside the domain"),
    ],
    "cos": [(INF, NAN, 4, "outside the domain")],
    "sin": [(INF, NAN, 4, "outside the domain")],
    "tan": [(INF, NAN, 4, "outside the domain")],
    "cosh": [(INF, INF, 1, "sinh x"), (-INF, -INF, 1, "sinh x"), (1000.0, INF, 1, "sinh x overflows")],
    "sinh": [(INF, INF, 1, "cosh x"), (-INF, INF, 1, "cosh x"), (1000.0, INF, 1, "cosh x overflows")],
    "tanh": [(INF, 0.0, 1, "1/cosh² x"), (-INF, 0.0, 1, "1/cosh² x"), (1000.0, 0.0, 1, "1/cosh² x")],
    "exp": [(INF, INF, 1, "eˣ"), (-INF, 0.0, 1, "eˣ"), (1000.0, INF, 1, "eˣ overflows"), (-1000.0, 0.0, 1, "eˣ")],
    "expm1": [(INF, INF, 1, "eˣ"), (-INF, 0.0, 1, "eˣ"), (1000.0, INF, 1, "eˣ overflows"), (-1000.0, 0.0, 1, "eˣ")],
    **{
        name: [
            (0.0, INF, 4, "one-sided limit"),
            (-0.0, INF, 4, "one-sided limit"),
            (-1.0, NAN, 4, "outside the domain"),
            (-INF, NAN, 4, "outside the domain"),
            (INF, 0.0, 1, "1/x"),
        ]
        for name in ("log", "log2", "log10")
    },
    "log1p": [
        (-1.0, INF, 4, "one-sided limit"),
        (-2.0, NAN, 4, "outside the domain"),
        (INF, 0.0, 1, "1/(1 + x)"),
    ],
    "sqrt": [
        (0.0, INF, 4, "one-sided limit"),
        (-0.0, INF, 4, "one-sided limit"),
        (-1.0, NAN, 4, "outside the domain"),
        (-INF, NAN, 4, "outside the domain"),
        (INF, 0.0, 1, "1/(2√x)"),
        (1e-200, 0.5e100, 1, "1/(2√x)"),
    ],
    "square": [(INF, INF, 1, "2x"), (-INF, -INF, 1, "2x"), (1e200, 2e200, 1, "2x")],
    "reciprocal": [
        (0.0, -INF, 4, "a pole"),
        (-0.0, -INF, 4, "a pole"),
        (INF, 0.0, 1, "-1/x²"),
        (-INF, 0.0, 1, "-1/x²"),
        (1e200, 0.0, 1, "-1/x²"),
    ],
    "negative": [(NAN, -1.0, 4, "the formula does not need the NaN"), (INF, -1.0, 1, "linear")],
    "positive": [(NAN, 1.0, 4, "the formula does not need the NaN"), (INF, 1.0, 1, "linear")],
    **{
        name: [(x, 0.0, 3, "flat") for x in (0.0, -0.0, 0.5, 1.0, 2.5, -3.0, NAN, INF, -INF, 1e200)]
        for name in ("sign", "floor", "ceil", "round", "trunc")
    },
    "real": [(complex(NAN, 1), 1 + 0j, 4, "linear")],
    "imag": [(complex(1, NAN), 1j, 4, "linear")],
}
_NAN = ("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "log", "log10", "log1p")
_NAN += ("log2", "reciprocal", "sin", "sinh", "sqrt", "square", "tan", "tanh")

_TIED = [
    ((1.0, 1.0), (0.5, 0.5), 2, "a tie"),
    ((-2.5, -2.5), (0.5, 0.5), 2, "a tie"),
    ((0.0, 0.0), (0.5, 0.5), 2, "a tie"),
    ((0.0, -0.0), (0.5, 0.5), 2, "a tie: the zeros are equal"),
    ((-0.0, 0.0), (0.5, 0.5), 2, "a tie: the zeros are equal"),
    ((NAN, 1.0), (NAN, NAN), 4, "both took part in the comparison"),
    ((1.0, NAN), (NAN, NAN), 4, "both took part in the comparison"),
    ((NAN, NAN), (NAN, NAN), 4, "both took part in the comparison"),
]
_POW = [
    ((0.0, 0.0), (0.0, 0.0), 6, "constant in x; 0 in y for y ≥ 0"),
    ((-0.0, 0.0), (0.0, 0.0), 6, "constant in x; 0 in y for y ≥ 0"),
    ((0.0, 1.0), (1.0, 0.0), 6, "a polynomial in x; 0 in y for y ≥ 0"),
    ((0.0, 2.0), (0.0, 0.0), 6, "a polynomial in x; 0 in y for y ≥ 0"),
    ((0.0, 3.0), (0.0, 0.0), 6, "a polynomial in x; 0 in y for y ≥ 0"),
    ((-0.0, 2.0), (0.0, 0.0), 6, "a polynomial in x; 0 in y for y ≥ 0"),
    ((0.0, 1.5), (0.0, 0.0), 6, "1.5·√0; 0 in y for y ≥ 0"),
    ((0.0, 0.5), (INF, 0.0), 4, "one-sided limit; 0 in y for y ≥ 0"),
    ((0.0, -1.0), (-INF, -INF), 4, "a pole; -inf in y for y < 0"),
    ((0.0, -2.0), (-INF, -INF), 4, "a pole; -inf in y for y < 0"),
    ((0.0, -0.5), (-INF, -INF), 4, "a pole; -inf in y for y < 0"),
    ((-2.0, 3.0), (12.0, NAN), 4, "NaN in y for x < 0"),
    ((-2.0, 2.0), (-4.0, NAN), 4, "NaN in y for x < 0"),
    ((-2.0, -1.0), (-0.25, NAN), 4, "NaN in y for x < 0"),
    ((-2.0, 0.5), (NAN, NAN), 4, "outside the domain"),
    ((-2.0, 0.0), (0.0, NAN), 6, "constant in x; NaN in y for x < 0"),
    ((NAN, 0.0), (0.0, NAN), 6, "constant in x, at NaN too"),
    ((INF, 0.0), (0.0, INF), 6, "constant in x; log x in y"),
    ((INF, 2.0), (INF, INF), 1, "n·xⁿ⁻¹ and xⁿ·log x"),
    ((NAN, 2.0), (NAN, NAN), 4, "the formula needs the NaN"),
    ((2.0, NAN), (NAN, NAN), 4, "the formula needs the NaN"),
    ((0j, 0j), (0j, 0j), 6, "constant in x; 0 in y for Re y ≥ 0"),
    ((0j, 1 + 0j), (1 - 2j, 0j), 6, "a polynomial in x; 0 in y for Re y ≥ 0"),
    ((0j, 2 + 0j), (0j, 0j), 6, "a polynomial in x; 0 in y for Re y ≥ 0"),
    ((1e200, 1.5), (1.5e100, 1e200**1.5 * math.log(1e200)), 1, "n·xⁿ⁻¹ and xⁿ·log x"),
    ((1e-200, 2.0), (2e-200, 0.0), 1, "n·xⁿ⁻¹"),
    *(((-INF, n), (slope, None), 4, "n·xⁿ⁻¹ by IEEE's pow") for n, slope in ((0.5, 0.0), (1.5, INF), (-0.5, 0.0))),
]
_CLIP = [
    ((0.0, 0.0, 1.0), (0.5, 0.5, 0.0), 2, "a tie with the lower bound"),
    ((1.0, 0.0, 1.0), (0.5, 0.0, 0.5), 2, "a tie with the upper bound"),
    ((-2.0, -2.0, 3.0), (0.5, 0.5, 0.0), 2, "a tie with the lower bound"),
    ((1.0, 1.0, 1.0), (0.0, 0.5, 0.5), 2, "lo = hi = x"),
    ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), 2, "lo = hi = x"),
    ((NAN, 0.0, 1.0), (NAN, NAN, NAN), 4, "all took part in the comparison"),
    ((0.5, NAN, 1.0), (NAN, NAN, NAN), 4, "all took part in the comparison"),
    ((0.5, 0.0, NAN), (NAN, NAN, NAN), 4, "all took part in the comparison"),
    ((INF, 0.0, 1.0), (0.0, 0.0, 1.0), 1, "the upper bound is active"),
    ((-INF, 0.0, 1.0), (0.0, 1.0, 0.0), 1, "the lower bound is active"),
]
_TWO = {
    "maximum": _TIED,
    "minimum": _TIED,
    "pow": _POW,
    "clip": _CLIP,
    "add": [((NAN, 2.0), (1.0, 1.0), 4, "linear"), ((INF, -INF), (1.0, 1.0), 1, "linear")],
    "subtract": [((NAN, 2.0), (1.0, -1.0), 4, "linear"), ((INF, INF), (1.0, -1.0), 1, "linear")],
    "multiply": [
        ((NAN, 2.0), (2.0, NAN), 4, "NaN in the other factor's slot"),
        ((2.0, NAN), (NAN, 2.0), 4, "NaN in the other factor's slot"),
        ((INF, 0.0), (0.0, INF), 1, "the other factor"),
        ((1e200, 1e200), (1e200, 1e200), 1, "the other factor"),
        ((0.0, 0.0), (0.0, 0.0), 1, "the other factor"),
    ],
    "divide": [
        ((1.0, 0.0), (INF, -INF), 4, "a pole"),
        ((1.0, -0.0), (-INF, -INF), 4, "a pole: -x/y²"),
        ((-1.0, 0.0), (INF, INF), 4, "a pole"),
        ((0.0, 0.0), (INF, NAN), 4, "1/0 and -0/0"),
        ((NAN, 2.0), (0.5, NAN), 4, "1/y does not need the NaN"),
        ((2.0, NAN), (NAN, NAN), 4, "the formula needs the NaN"),
        ((1.0, INF), (0.0, 0.0), 1, "1/y and -x/y²"),
        ((INF, 2.0), (0.5, -INF), 1, "1/y and -x/y²"),
        ((1e-200, 1e-200), (1e200, -1e200), 1, "without underflow in y²"),
        ((1e200, 1e200), (1e-200, -1e-200), 1, "without overflow in y²"),
    ],
    "hypot": [
        ((0.0, 0.0), (0.0, 0.0), 2, "symmetric kink"),
        ((0.0, -0.0), (0.0, 0.0), 2, "symmetric kink"),
        ((NAN, 1.0), (NAN, NAN), 4, "the formula needs the NaN"),
        ((1.0, NAN), (NAN, NAN), 4, "the formula needs the NaN"),
        ((1e200, 1e200), (math.sqrt(0.5), math.sqrt(0.5)), 1, "without overflow"),
        ((1e200, 1.0), (1.0, 0.0), 1, "without overflow"),
    ],
    "atan2": [
        *(((y, x), (0.0, 0.0), 2, "the convention's value at the origin") for y in (0.0, -0.0) for x in (0.0, -0.0)),
        ((0.0, -1.0), (-1.0, 0.0), 1, "x/r² and -y/r²"),
        ((NAN, 1.0), (NAN, NAN), 4, "the formula needs the NaN"),
        ((1.0, NAN), (NAN, NAN), 4, "the formula needs the NaN"),
    ],
    "logaddexp": [
        ((1000.0, 0.0), (1.0, 0.0), 1, "the softmax, without overflow"),
        ((0.0, 1000.0), (0.0, 1.0), 1, "the softmax, without overflow"),
        ((1000.0, 1000.0), (0.5, 0.5), 1, "the softmax, without overflow"),
        ((-1000.0, -1000.0), (0.5, 0.5), 1, "the softmax, without underflow"),
        ((1e200, -1e200), (1.0, 0.0), 1, "the softmax, without overflow"),
        ((1e308, 0.0), (1.0, 0.0), 1, "the softmax, without overflow"),
        ((-1e308, 1e308), (0.0, 1.0), 1, "the softmax, without overflow in the difference"),
        ((1.7e308, 1.7e308), (0.5, 0.5), 1, "the softmax, without overflow"),
        ((0.0, 0.0), (0.5, 0.5), 1, "the softmax"),
        ((NAN, 1.0), (NAN, NAN), 4, "the formula needs the NaN"),
        ((1.0, NAN), (NAN, NAN), 4, "the formula needs the NaN"),
    ],
    "copysign": [
        ((0.0, 1.0), (0.0, 0.0), 2, "symmetric kink; flat in y"),
        ((-0.0, 1.0), (0.0, 0.0), 2, "symmetric kink; flat in y"),
        ((0.0, -1.0), (0.0, 0.0), 2, "symmetric kink; flat in y"),
        ((0.0, 0.0), (0.0, 0.0), 2, "symmetric kink; flat in y"),
        ((2.0, 0.0), (1.0, 0.0), 1, "sign(x)·sign(y); flat in y"),
        ((2.0, -0.0), (-1.0, 0.0), 1, "the sign bit; flat in y"),
        ((-2.0, -3.0), (1.0, 0.0), 1, "sign(x)·sign(y); flat in y"),
        ((NAN, 1.0), (NAN, 0.0), 4, "a kink in x; flat in y"),
        ((INF, -1.0), (-1.0, 0.0), 1, "sign(x)·sign(y); flat in y"),
        ((2.0, NAN), (None, 0.0), 3, "flat in y, also at NaN"),
    ],
    "floor_divide": [
        (point, (0.0, 0.0), 3, "flat")
        for point in ((4.0, 2.0), (5.0, 0.0), (NAN, 2.0), (2.0, NAN), (INF, 2.0), (0.0, 2.0), (-1.0, 3.0))
    ],
    "remainder": [
        ((4.0, 2.0), (1.0, -2.0), 3, "1 and -floor(x/y): the floor is flat"),
        ((0.0, 2.0), (1.0, 0.0), 3, "1 and -floor(x/y): the floor is flat"),
        ((-4.0, 2.0), (1.0, 2.0), 3, "1 and -floor(x/y): the floor is flat"),
        ((2.0, NAN), (None, NAN), 4, "the formula needs the NaN"),
    ],
    "nextafter": [
        (point, (0.0, 0.0), 3, "a step of the floating-point grid is flat") for point in ((1.0, 2.0), (NAN, 1.0))
    ],
}
_SECOND = {
    "abs": [
        (0j, 0j, "no curvature at a symmetric kink"),
        (0.0, 0.0, "no curvature at a symmetric kink"),
        (-0.0, 0.0, "no curvature at a symmetric kink"),
    ],
    **{name: [(0.0, 0.0, "flat"), (NAN, 0.0, "flat")] for name in ("sign", "floor", "ceil", "round", "trunc")},
    "sqrt": [
        (0.0, -INF, "one-sided limit of -x^(-3/2)/4"),
        (-0.0, -INF, "one-sided limit of -x^(-3/2)/4"),
        (-1.0, NAN, "outside the domain"),
    ],
    "log": [(0.0, -INF, "one-sided limit of -1/x²"), (-1.0, NAN, "outside the domain")],
    "log2": [(0.0, -INF, "one-sided limit of -1/x²")],
    "log10": [(0.0, -INF, "one-sided limit of -1/x²")],
    "reciprocal": [(0.0, INF, "a pole: 2/x³")],
    "asin": [(1.0, INF, "one-sided limit of x/(1 - x²)^(3/2)"), (2.0, NAN, "outside the domain")],
    "acos": [(1.0, -INF, "one-sided limit of -x/(1 - x²)^(3/2)"), (2.0, NAN, "outside the domain")],
    "acosh": [(1.0, -INF, "one-sided limit of -x/(x² - 1)^(3/2)"), (0.5, NAN, "outside the domain")],
    "atanh": [(2.0, NAN, "outside the domain")],
}
_SECOND_TWO = {
    "maximum": [((1.0, 1.0), (0.0, 0.0), "the pieces are linear")],
    "minimum": [((1.0, 1.0), (0.0, 0.0), "the pieces are linear")],
    "clip": [
        ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), "the pieces are linear"),
        ((1.0, 0.0, 1.0), (0.0, 0.0, 0.0), "the pieces are linear"),
        ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), "the pieces are linear"),
    ],
    "hypot": [((0.0, 0.0), (0.0, 0.0), "no curvature at a symmetric kink")],
    "atan2": [((0.0, 0.0), (0.0, 0.0), "the convention's value at the origin")],
    "copysign": [((0.0, 1.0), (0.0, 0.0), "no curvature at a symmetric kink")],
    "logaddexp": [((1000.0, 0.0), (0.0, 0.0), "the softmax's derivative, without overflow")],
    "multiply": [((NAN, 2.0), (0.0, 1.0), "the formula does not need the NaN")],
}
_POW_SECOND = [(1.0, 0.0), (2.0, 2.0), (3.0, 0.0), (4.0, 0.0), (0.0, 0.0)]


def _tuple(value):
    return value if isinstance(value, tuple) else (value,)


# On a branch cut the sign of a zero tells the side: here 1/√(z² - 1) and i times it.
_CUT = 1 / math.sqrt(3)
_ON_CUTS = [
    *(("asin", complex(x, zero), math.copysign(_CUT, zero * x) * 1j) for x in (2.0, -2.0) for zero in (0.0, -0.0)),
    *(("acos", complex(x, zero), -math.copysign(_CUT, zero * x) * 1j) for x in (2.0, -2.0) for zero in (0.0, -0.0)),
    *(("asinh", complex(zero, y), -math.copysign(_CUT, zero * y) * 1j) for y in (2.0, -2.0) for zero in (0.0, -0.0)),
    *(("acosh", complex(-2.0, zero), -_CUT + 0j) for zero in (0.0, -0.0)),
    *(("acosh", complex(0.5, zero), -math.copysign(2 * _CUT, zero) * 1j) for zero in (0.0, -0.0)),
    *(("sqrt", complex(-4.0, zero), -math.copysign(0.25, zero) * 1j) for zero in (0.0, -0.0)),
    *(("log", complex(-4.0, zero), -0.25 + 0j) for zero in (0.0, -0.0)),
]

# Where the square of z overflows, on all sides of the cuts, and where only its higher powers do. The slope and the
# second derivative as multiples of the powers of 1/z.
_FAR = (1e200 + 2e200j, -1e200 + 2e200j, complex(1e200, -0.0), complex(-0.0, -1e200), -3e103 - 4e103j, 1e307 + 1e307j)
_FAR_SLOPES = {
    "asin": (lambda z: math.copysign(1, z.imag) * 1j, 1),
    "acos": (lambda z: math.copysign(1, z.imag) * -1j, 1),
    "asinh": (lambda z: math.copysign(1, z.real), 1),
    "acosh": (lambda z: 1, 1),
    "atan": (lambda z: 1, 2),
    "atanh": (lambda z: -1, 2),
}


def _far():
    for name, (factor, power) in _FAR_SLOPES.items():
        # Multiplied by a number, so that an answer of 0 is not within eps of the right one.
        scaled = lambda xp, z, name=name: getattr(xp, name)(z) * 2.0**660  # noqa: E731
        for z in _FAR:
            inverse = 1 / z
            slope = 2.0**660 * factor(z) * inverse**power
            # Of Re - 2·Im, and of that of the gradient.
            for order, found in ((1, (1 - 2j) * slope.conjugate()), (2, -5 * power * (slope * inverse).conjugate())):
                further = {"order": order, "call": scaled, "label": "-far", "elementwise": True, "eps": 32.0}
                yield edge(name, (z,), (found,), 1, "without overflow in z²", **further)


def _cases():
    for name, point, slope in _ON_CUTS:
        # Of Re - 2·Im.
        found = (1 - 2j) * slope.conjugate()
        yield edge(name, (point,), (found,), 1, "the side of the cut on which the value is", elementwise=True)
    yield from _far()
    for table in (_ONE, _TWO):
        for name, entries in table.items():
            for point, derivative, rule, reason in entries:
                yield edge(name, _tuple(point), _tuple(derivative), rule, reason, elementwise=True)
    for name in _NAN:
        yield edge(name, (NAN,), (NAN,), 4, "the formula needs the NaN", elementwise=True)
    for table in (_SECOND, _SECOND_TWO):
        for name, entries in table.items():
            for point, derivative, reason in entries:
                count = len(_tuple(point)) if name != "copysign" else 1
                for along in range(count):
                    # In the other argument the second derivative of a product is 1.
                    row = _tuple(derivative)[::-1] if name == "multiply" and along else _tuple(derivative)
                    yield edge(name, _tuple(point), row, 10, reason, order=2, along=along, elementwise=True)
    for exponent in (0.0, 1.0, 2.0, 3.0, 0.5):
        yield edge("pow", (0.0, exponent), (None, 0.0), 10, "flat in y", order=2, along=1, elementwise=True)
    for exponent, second in ((0j, 0j), (1 + 0j, 0j), (2 + 0j, 10 + 0j)):
        # The first derivative's Re - 2·Im, of which the second is weighted once more.
        yield edge("pow", (0j, exponent), (second, None), 10, "a polynomial in x", order=2, elementwise=True)
    for exponent, second in _POW_SECOND:
        yield edge("pow", (0.0, exponent), (second, None), 10, "a polynomial in x", order=2, elementwise=True)
    yield from _spelled()


def _spelled():
    """Yield functions of one argument that are made from others, or take Python numbers."""
    rows = [
        (
            "clip",
            "-numbers",
            lambda xp, x: xp.clip(x, 0.0, 1.0),
            [(0.0, 0.5, 2), (1.0, 0.5, 2), (0.5, 1.0, 1), (2.0, 0.0, 1), (NAN, NAN, 4)],
        ),
        (
            "clip",
            "-min",
            lambda xp, x: xp.clip(x, min=1.0),
            [(1.0, 0.5, 2), (0.0, 0.0, 1), (2.0, 1.0, 1), (NAN, NAN, 4)],
        ),
        (
            "clip",
            "-max",
            lambda xp, x: xp.clip(x, max=1.0),
            [(1.0, 0.5, 2), (0.0, 1.0, 1), (2.0, 0.0, 1), (NAN, NAN, 4)],
        ),
        ("clip", "-equal", lambda xp, x: xp.clip(x, 1.0, 1.0), [(1.0, 0.0, 2), (0.0, 0.0, 1), (2.0, 0.0, 1)]),
        (
            "maximum",
            "-0",
            lambda xp, x: xp.maximum(x, 0.0),
            [(0.0, 0.5, 2), (1.0, 1.0, 1), (-1.0, 0.0, 1), (NAN, NAN, 4)],
        ),
        (
            "minimum",
            "-0",
            lambda xp, x: xp.minimum(x, 0.0),
            [(0.0, 0.5, 2), (1.0, 0.0, 1), (-1.0, 1.0, 1), (NAN, NAN, 4)],
        ),
        ("abs", "-squared", lambda xp, x: xp.abs(x) ** 2, [(0.0, 0.0, 2), (3 + 4j, 6 + 8j, 8)]),
        ("pow", "-number0-edge", lambda xp, x: x**0, [(0.0, 0.0, 6), (NAN, 0.0, 6), (INF, 0.0, 6)]),
        ("pow", "-number0.5-edge", lambda xp, x: x**0.5, [(0.0, INF, 4), (-1.0, NAN, 4), (-INF, 0.0, 4)]),
        ("pow", "-number1.5-edge", lambda xp, x: x**1.5, [(0.0, 0.0, 4), (-1.0, NAN, 4), (-INF, INF, 4)]),
        ("pow", "-number-0.5-edge", lambda xp, x: x**-0.5, [(0.0, -INF, 4), (-1.0, NAN, 4), (-INF, 0.0, 4)]),
        ("pow", "-number2.5-edge", lambda xp, x: x**2.5, [(0.0, 0.0, 4), (-1.0, NAN, 4), (-INF, INF, 4)]),
        ("pow", "-number-1-edge", lambda xp, x: x**-1, [(0.0, -INF, 4)]),
        ("pow", "-base2", lambda xp, y: 2.0**y, [(3.0, 8 * LN2, 1), (0.0, LN2, 1), (NAN, NAN, 4)]),
        ("pow", "-base0", lambda xp, y: 0.0**y, [(2.0, 0.0, 6), (0.0, 0.0, 6), (-1.0, -INF, 4)]),
        ("remainder", "-of2", lambda xp, x: 2.0 % x, [(0.75, -2.0, 1), (-0.75, 3.0, 1), (2.0, -1.0, 3)]),
        ("divide", "-of1", lambda xp, x: 1 / x, [(0.0, -INF, 4), (-0.0, -INF, 4), (INF, 0.0, 1)]),
        ("divide", "-by0", lambda xp, x: x / 0.0, [(1.0, INF, 4), (0.0, INF, 4)]),
        (
            "where",
            "-log",
            lambda xp, x: xp.where(x > 0, xp.log(x), 0.0),
            [(0.0, NAN, 5), (2.0, 0.5, 5), (-1.0, NAN, 5)],
        ),
        ("where", "-inverse", lambda xp, x: xp.where(x > 0, 1 / x, 0.0), [(0.0, NAN, 5), (2.0, -0.25, 5)]),
        (
            "where",
            "-sqrt",
            lambda xp, x: xp.where(x > 0, xp.sqrt(x), 0.0),
            [(0.0, NAN, 5), (4.0, 0.25, 5), (-1.0, NAN, 5)],
        ),
        (
            "where",
            "-safe",
            lambda xp, x: xp.sqrt(xp.where(x > 0, x, 1.0)),
            [(0.0, 0.0, 5), (4.0, 0.25, 5), (-1.0, 0.0, 5)],
        ),
        (
            "where",
            "-twice",
            lambda xp, x: xp.where(x > 0, xp.log(xp.where(x > 0, x, 1.0)), 0.0),
            [(0.0, 0.0, 5), (2.0, 0.5, 5)],
        ),
        ("sin", "c", lambda xp, x: xp.sin(x) / x, [(0.0, NAN, 5), (INF, NAN, 4)]),
        ("abs", "-of-i", lambda xp, x: xp.abs(x * 1j), [(2.0, 1.0, 8), (0.0, 0.0, 2)]),
        ("sqrt", "-of-square", lambda xp, x: xp.sqrt(x * x), [(2.0, 1.0, 1), (0.0, NAN, 5)]),
        (
            "astype",
            "-comparison",
            lambda xp, x: xp.astype(x > 0, x.dtype),
            [(1.0, 0.0, 3), (0.0, 0.0, 3), (NAN, 0.0, 3)],
        ),
        ("zeros_like", "", None, [(1.0, 0.0, 3), (NAN, 0.0, 3)]),
        ("sign", "-of-0i", lambda xp, z: xp.sign(z), [(0j, 0j, 2)]),
    ]
    for name, label, call, points in rows:
        for point, slope, rule in points:
            yield edge(name, (point,), (slope,), rule, f"{name}{label}", call=call, label=label, elementwise=True)
    yield edge(
        "where",
        (1.0, NAN),
        (0.0, 1.0),
        4,
        "the one that was chosen",
        call=lambda xp, x, y: xp.where(x < y, x, y),
        label="-chosen",
        elementwise=True,
    )
    for point, slopes in (((1.0, NAN), (1.0, 0.0)), ((-1.0, NAN), (0.0, 1.0)), ((NAN, 2.0), (0.0, 1.0))):
        yield edge(
            "where",
            point,
            slopes,
            4,
            "the formula does not need the NaN",
            call=lambda xp, x, y: xp.where(x > 0, x, y),
            label="-positive",
            elementwise=True,
        )


CASES = list(_cases())
