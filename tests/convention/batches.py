"""Cases of one function in one compiled program, in which points of an elementwise function make a vector."""

import itertools

import numpy as np

import multigrad

from .case import arrays


def batches(cases):
    """Return lists of cases that differ in the point alone, in shapes that make one vector of each argument."""

    def key(case):
        if not case.elementwise or any(x.ndim for x in arrays(case)):
            return (case.name,)
        return (case.label, case.order, case.along, *(x.dtype.name for x in arrays(case)))

    return [list(group) for _, group in itertools.groupby(sorted(cases, key=lambda c: tuple(map(str, key(c)))), key)]


def compiled(cases, backend):
    """Return the gradients of cases by their names, from one compiled program."""
    groups = batches(cases)
    points = [
        arrays(group[0]) if len(group) == 1 else [np.stack(xs) for xs in zip(*map(arrays, group), strict=True)]
        for group in groups
    ]

    def program(points):
        return [_gradient(group[0])(*point) for group, point in zip(groups, points, strict=True)]

    results = multigrad.to_numpy(multigrad.jit(program, backend=backend)(points))
    found = {}
    for group, result in zip(groups, results, strict=True):
        for k, case in enumerate(group):
            found[case.name] = [np.asarray(part[k]) for part in result] if len(group) > 1 else result
    return found


def _gradient(case):
    loss = case.loss(lambda *args: case.value(multigrad.xp, *args))
    return multigrad.gradient(loss, argnums=tuple(range(len(case.point))))
