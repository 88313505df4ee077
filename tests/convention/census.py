"""All cases, and what evaluates one on a backend: eagerly, forwards, in batches."""

import itertools
import operator

import numpy as np

import multigrad

from . import cases_arrays, cases_edges, cases_elementwise, cases_fft, cases_linalg
from .case import array, arrays, directions

CASES = [
    *cases_elementwise.CASES,
    *cases_edges.CASES,
    *cases_arrays.CASES,
    *cases_linalg.CASES,
    *cases_fft.CASES,
]
_FUNCTION = operator.attrgetter("function")
FUNCTIONS = {name: list(group) for name, group in itertools.groupby(sorted(CASES, key=_FUNCTION), _FUNCTION)}


def gradients(case, backend, single=False, value=None):
    """Return the derivative in every argument, as NumPy arrays."""
    value = value or (lambda *args: case.value(multigrad.xp, *args))
    every = tuple(range(len(case.point)))
    return multigrad.to_numpy(
        multigrad.gradient(case.loss(value), argnums=every, backend=backend)(*arrays(case, single))
    )


def tangents(case, i):
    """Return the directions along which the derivative in argument i is tested."""
    return directions(array(case.point[i]))


def along(case, i, tangent):
    """Return what `directional` must give, in IEEE arithmetic: an infinite slope with a NaN one is NaN."""
    products = np.real(np.conj(np.broadcast_to(case.expected[i], tangent.shape)) * tangent)
    return float(np.sum(products))


def directional(case, i, tangent, backend):
    """Return the derivative along a tangent of argument i, the others being constants."""
    point = arrays(case)
    loss = case.loss(lambda *args: case.value(multigrad.xp, *args))

    def f(x):
        return loss(*(x if j == i else multigrad.xp.asarray(other) for j, other in enumerate(point)))

    slope = multigrad.jvp(f, (point[i],), (tangent.astype(point[i].dtype),), backend=backend)[1]
    return float(multigrad.to_numpy(slope))
