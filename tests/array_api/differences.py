"""Derivatives from values alone: Richardson extrapolation of central differences, twice, in float64."""

import numpy as np

STEPS = (4e-3, 2e-3, 1e-3)


def slope(f):
    """Return f'(0) of a function of a number whose values are numbers or arrays."""
    d = [(f(h) - f(-h)) / (2 * h) for h in STEPS]
    first, second = (4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3
    return (16 * second - first) / 15


def gradients(f, primals):
    """Return the gradients of a real function of NumPy arrays; dL/dRe + i·dL/dIm in complex ones."""
    found = [np.zeros_like(p) for p in primals]
    for i, gradient in enumerate(found):
        for at in np.ndindex(gradient.shape):
            for unit in (1, 1j) if gradient.dtype.kind == "c" else (1,):
                gradient[at] += unit * slope(
                    lambda h, i=i, at=at, unit=unit: float(f(*_moved(primals, i, at, h * unit)))
                )
    return found


def _moved(primals, i, at, shift):
    arrays = [p.copy() for p in primals]
    arrays[i][at] += shift
    return arrays
