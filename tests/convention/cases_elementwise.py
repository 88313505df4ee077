"""Elementwise functions at smooth points, real and complex, first and second derivatives, from mpmath's values."""

import mpmath as mp

from .truth import smooth

_REAL = {
    "acos": ((-0.9,), (-0.3,), (0.0,), (0.5,)),
    "acosh": ((1.25,), (2.0,), (7.5,), (300.0,)),
    "asin": ((-0.9,), (-0.3,), (0.0,), (0.5,)),
    "asinh": ((-3.5,), (-0.3,), (0.0,), (0.5,)),
    "atan": ((-3.5,), (-0.3,), (0.0,), (0.5,)),
    "atanh": ((-0.9,), (-0.3,), (0.0,), (0.5,)),
    "cos": ((-2.0,), (0.0,), (0.5,), (4.0,)),
    "cosh": ((-2.0,), (0.0,), (0.5,), (4.0,)),
    "exp": ((-2.0,), (0.0,), (0.5,), (4.0,), (-50.0,)),
    "expm1": ((-2.0,), (0.0,), (0.5,), (4.0,), (-50.0,), (1e-10,)),
    "log": ((0.01,), (0.5,), (1.0,), (40.0,), (1e200,)),
    "log10": ((0.01,), (0.5,), (1.0,), (40.0,)),
    "log1p": ((-0.9,), (1e-10,), (0.0,), (40.0,)),
    "log2": ((0.01,), (0.5,), (1.0,), (40.0,)),
    "negative": ((-2.0,), (0.0,), (3.0,)),
    "positive": ((-2.0,), (0.0,), (3.0,)),
    "reciprocal": ((-2.0,), (0.5,), (3.0,)),
    "sin": ((-2.0,), (0.0,), (0.5,), (4.0,)),
    "sinh": ((-2.0,), (0.0,), (0.5,), (4.0,)),
    "sqrt": ((0.01,), (0.5,), (1.0,), (40.0,)),
    "square": ((-2.0,), (0.0,), (3.0,)),
    "tan": ((-2.0,), (0.0,), (0.5,), (1.5,)),
    "tanh": ((-2.0,), (0.0,), (0.5,), (4.0,), (20.0,)),
}
_COMPLEX = dict.fromkeys(_REAL, ((0.6 + 0.8j,), (-1.3 + 0.4j,), (0.5 - 2j,)))
# On the axes, away from the branch cuts.
_AXES = {
    **dict.fromkeys(("cos", "cosh", "exp", "expm1", "sin", "sinh", "square", "tanh"), ((0.5 + 0j,), (2j,))),
    **dict.fromkeys(("log", "log10", "log1p", "log2", "reciprocal", "sqrt", "asin", "acos"), ((0.5 + 0j,), (2j,))),
    "tan": ((0.5 + 0j,), (2j,)),
    "asinh": ((2.0 + 0j,), (0.5j,)),
    "atan": ((2.0 + 0j,), (0.5j,)),
    "acosh": ((2.0 + 0j,), (2j,)),
    "atanh": ((0.5 + 0j,), (2j,)),
    "negative": ((0j,),),
    "positive": ((0j,),),
}
_TRUTH = {
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "negative": lambda x: -x,
    "positive": lambda x: +x,
    "reciprocal": lambda x: 1 / x,
    "square": lambda x: x * x,
    **{name: getattr(mp, name) for name in _REAL if hasattr(mp, name) and name not in ("log10", "log2")},
}

_PAIRS = ((1.5, 2.5), (-0.7, 0.4), (3.0, -2.0), (-1.2, -0.3))
_JUMPLESS = (*_PAIRS[:-1], (-1.2, -0.5))
_COMPLEX_PAIRS = ((0.6 + 0.8j, 1.5 - 0.5j), (-1.3 + 0.4j, 0.5 + 2.0j), (2.0 + 0j, 1j))
_BINARY = {
    "add": (lambda x, y: x + y, (*_PAIRS, *_COMPLEX_PAIRS)),
    "subtract": (lambda x, y: x - y, (*_PAIRS, *_COMPLEX_PAIRS)),
    "multiply": (lambda x, y: x * y, (*_PAIRS, *_COMPLEX_PAIRS, (0.0, 3.0))),
    "divide": (lambda x, y: x / y, (*_PAIRS, *_COMPLEX_PAIRS, (0.0, 3.0))),
    "pow": (
        lambda x, y: x**y,
        ((2.0, 3.0), (0.5, -1.5), (1.0, 0.0), (3.0, 0.5), (2.0, 0.0), *_COMPLEX_PAIRS),
    ),
    "atan2": (mp.atan2, (*_PAIRS, (0.0, 2.0), (1.0, 0.0), (-1.0, 0.0))),
    "hypot": (mp.hypot, (*_PAIRS, (0.0, 2.0), (-3.0, 0.0))),
    "logaddexp": (lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), (*_PAIRS, (1.0, 1.0), (40.0, 0.0), (0.0, -40.0))),
    "copysign": (lambda x, y: abs(x) * mp.sign(y), _PAIRS),
    "maximum": (max, _PAIRS),
    "minimum": (min, _PAIRS),
    "remainder": (lambda x, y: x - y * mp.floor(x / y), (*_JUMPLESS, (5.5, 2.0), (-5.5, 2.0), (5.5, -2.0))),
    "floor_divide": (lambda x, y: mp.floor(x / y), _JUMPLESS),
}
_FLAT = {
    "ceil": mp.ceil,
    "floor": mp.floor,
    "round": mp.nint,
    "sign": mp.sign,
    "trunc": lambda x: mp.floor(x) if x >= 0 else mp.ceil(x),
}
_LARGE = {
    # Multiplied by a factor, so that an answer of 0 is not within eps of the right one.
    "asinh": (lambda x: mp.asinh(x) * mp.mpf(2) ** 660, ((1e200,), (-1e200,))),
    "acosh": (lambda x: mp.acosh(x) * mp.mpf(2) ** 660, ((1e200,),)),
    "log": (lambda x: mp.log(x) * mp.mpf(2) ** 660, ((1e200,),)),
}


def _scaled(name):
    return lambda xp, x: getattr(xp, name)(x) * 2.0**660


def _cases():
    for name, points in _REAL.items():
        every = (*points, *_COMPLEX[name], *_AXES.get(name, ()))
        yield from smooth(name, _TRUTH[name], *every, elementwise=True)
    for name, (truth, points) in _BINARY.items():
        yield from smooth(name, truth, *points, elementwise=True)
    for name, truth in _FLAT.items():
        yield from smooth(name, truth, (0.7,), (-1.6,), (12.3,), elementwise=True)
    for name, (truth, points) in _LARGE.items():
        # Second derivatives, of 1e-400 times the factor, underflow.
        yield from smooth(name, truth, *points, orders=(1,), call=_scaled(name), label="-scaled", elementwise=True)
    yield from smooth("abs", abs, (-3.0,), (2.0,), (3 + 4j,), (-1 + 0.5j,), (2 + 0j,), (-2j,), elementwise=True)
    yield from smooth("real", mp.re, (3 + 4j,), (-1j,), elementwise=True)
    yield from smooth("imag", mp.im, (3 + 4j,), (2 + 0j,), elementwise=True)
    yield from smooth("conj", mp.conj, (3 + 4j,), (-1j,), elementwise=True)
    yield from smooth("sign", lambda z: z / abs(z), (3 + 4j,), (-1 + 0.5j,), (2 + 0j,), (-2j,), elementwise=True)
    clipped = ((1.0, 0.0, 2.0), (3.0, 0.0, 2.0), (-1.0, 0.0, 2.0))
    yield from smooth("clip", lambda x, low, high: min(max(x, low), high), *clipped, elementwise=True)
    huge = ((3e200, 4e200), (3e-200, 4e-200), (-3e200, 1e-200))
    yield from smooth("hypot", mp.hypot, *huge, orders=(1,), elementwise=True)
    far = ((3e100, 4e100), (3e-100, 4e-100))
    scaled = lambda xp, y, x: xp.atan2(y * 1.0, x) * 1.0  # noqa: E731
    yield from smooth("atan2", mp.atan2, *far, orders=(1,), call=scaled, label="-far", elementwise=True)
    # Where the fourth power of the radius underflows, and where its square nearly does.
    near = ((3e-100, 4e-100), (-3e-100, 1e-100), (1e-150, 2e-150))
    for name, truth in (("hypot", mp.hypot), ("atan2", mp.atan2)):
        yield from smooth(name, truth, *near, orders=(2,), label="-near", elementwise=True)
    quotients = ((3e200, 2e200), (1e-200, 3e-200), (1e300, 1e200))
    big = lambda xp, x, y: xp.divide(x, y) * 2.0**660  # noqa: E731
    yield from smooth(
        "divide",
        lambda x, y: x / y * mp.mpf(2) ** 660,
        quotients[0],
        quotients[2],
        orders=(1,),
        call=big,
        label="-scaled",
        elementwise=True,
    )
    yield from smooth("divide", lambda x, y: x / y, *quotients, orders=(1,), elementwise=True)
    for n in (0, 1, 2, 3, 5, -1, -2, 0.5):
        points = [(2.0,)] if n == 0.5 else [(2.0,), (-1.5,), (0.6 + 0.8j,)]
        if n in (1, 2, 3, 5):
            points += [(0.0,), (0j,)]
        power = lambda xp, x, n=n: x**n  # noqa: E731
        yield from smooth(
            "pow", lambda x, n=n: x**n, *points, call=power, label=f"-number{n}", elementwise=True, edge=True
        )


CASES = list(_cases())
