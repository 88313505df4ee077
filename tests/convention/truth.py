"""Derivatives to fifty digits, from values alone: central differences in mpmath of an independent implementation.

An implementation takes mpmath numbers, and NumPy arrays of them where the standard takes arrays; it returns likewise.
"""

import functools
import itertools

import mpmath
import numpy as np

from .case import Case, array

# Of relative steps h the error is h² of differences of either order, and the roundings 1e-80/h².
DIGITS, STEP = 80, mpmath.mpf(10) ** -18


def exact(value):
    """Return an argument of a point as mpmath's numbers."""
    x = array(value)
    numbers = [mpmath.mpc(v) if np.iscomplexobj(x) else mpmath.mpf(v) for v in x.reshape(-1).tolist()]
    if not x.ndim:
        return numbers[0]
    out = np.empty(x.shape, dtype=object)
    out.reshape(-1)[:] = numbers
    return out


def elements(out):
    """Return the elements of a value as a list."""
    return list(out.reshape(-1)) if isinstance(out, np.ndarray) else [out]


def weights(count, elementwise):
    return [1] * count if elementwise else range(1, count + 1)


def total(out, elementwise):
    """Return the real number that is differentiated; see `case`."""
    parts = elements(out)
    scale = weights(len(parts), elementwise)
    return mpmath.fsum(w * (mpmath.re(v) - 2 * mpmath.im(v)) for w, v in zip(scale, parts, strict=True))


def moved(arguments, steps):
    """Return the arguments with ``(argument, element, step)`` added."""
    arguments = [x.copy() if isinstance(x, np.ndarray) else x for x in arguments]
    for i, k, step in steps:
        if isinstance(arguments[i], np.ndarray):
            arguments[i].reshape(-1)[k] += step
        else:
            arguments[i] += step
    return arguments


def differences(f, arguments, lists):
    """Return the mixed central difference of f along lists of steps, of one or two directions."""
    terms = []
    for signs in itertools.product((1, -1), repeat=len(lists)):
        steps = [(i, k, sign * step) for sign, line in zip(signs, lists, strict=True) for i, k, step in line]
        terms.append(np.prod(signs) * f(*moved(arguments, steps)))
    return mpmath.fsum(terms) / 2 ** len(lists)


def derivative(truth, point, order=1, along=0, elementwise=False):
    """Return the derivative of a case as NumPy arrays, one per argument."""
    with mpmath.workdps(DIGITS):
        arguments = [exact(value) for value in point]
        f = lambda *args: total(truth(*args), elementwise)  # noqa: E731
        size = lambda v: abs(v) if v else mpmath.mpf(1)  # noqa: E731
        lists = []
        if order == 2:
            parts = elements(arguments[along])
            scale = [w * STEP * size(parts[0]) for w in weights(len(parts), elementwise)]
            complex_ = isinstance(parts[0], mpmath.mpc)
            lists = [[(along, k, w * (mpmath.mpc(1, -2) if complex_ else 1)) for k, w in enumerate(scale)]]
            unit = STEP * size(parts[0])
        result = []
        for i, x in enumerate(arguments):
            flat = []
            for k, v in enumerate(elements(x)):
                step = STEP * size(v)
                slope = lambda turn, i=i, k=k, step=step: differences(f, arguments, [[(i, k, turn * step)], *lists])  # noqa: E731
                g = slope(1) if not isinstance(v, mpmath.mpc) else mpmath.mpc(slope(1), slope(1j))
                g = g / step if order == 1 else g / (step * unit)
                flat.append(complex(g) if isinstance(v, mpmath.mpc) else float(mpmath.re(g)))
            result.append(np.asarray(flat).reshape(np.shape(x)))
        return tuple(result)


def smooth(function, truth, *points, orders=(1, 2), rule=1, elementwise=False, eps=8.0, edge=False, **further):
    """Return the cases of a function at smooth points, in first and second order, from its values."""
    return [
        Case(
            function,
            point,
            functools.partial(derivative, truth, point, order, along, elementwise),
            rule if order == 1 else 10,
            "differences of mpmath's values",
            order=order,
            along=along,
            elementwise=elementwise,
            eps=eps * (1 if order == 1 else 8),
            edge=edge,
            **further,
        )
        for point in points
        for order in orders
        for along in (range(len(point)) if order == 2 else (0,))
    ]


def edge(function, point, derivative, rule, reason, **further):
    """Return a case whose derivative is written out."""
    return Case(function, point, derivative, rule, reason, **further)
