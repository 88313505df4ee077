"""Arrays without elements and without axes, against NumPy."""

import array_api_compat.numpy as reference
import numpy as np
import pytest

from .cases import CASES
from .comparison import check_case, same
from .inputs import EMPTY, some


@pytest.mark.parametrize("name", EMPTY)
def test_empty_arrays(backend, ns, name):
    case = CASES[name]
    dtype = case.dtypes[0]
    for first, second in some(backend, EMPTY[name], 1):
        check_case(ns, case, np.ones(first, dtype=dtype), np.ones(second, dtype=dtype))


EMPTY_MATRICES = {
    "matmul": lambda ns: [
        ns.zeros((2, 0)) @ ns.zeros((0, 3)),
        ns.zeros((0, 2)) @ ns.ones(2),
        ns.zeros((0, 2, 2)) @ ns.ones((2, 1)),
    ],
    "outer": lambda ns: [ns.linalg.outer(ns.zeros(0), ns.ones(2)), ns.linalg.outer(ns.ones(2), ns.zeros(0))],
    "det": lambda ns: [ns.linalg.det(ns.zeros((0, 0))), ns.linalg.det(ns.zeros((0, 2, 2)))],
    "inv": lambda ns: [ns.linalg.inv(ns.zeros((0, 0))), ns.linalg.inv(ns.zeros((0, 2, 2)))],
    "solve": lambda ns: [
        ns.linalg.solve(ns.zeros((0, 2, 2)), ns.zeros((0, 2, 1))),
        ns.linalg.solve(ns.eye(2), ns.ones((2, 0))),
    ],
    "cholesky": lambda ns: ns.linalg.cholesky(ns.zeros((0, 2, 2))),
    "eigvalsh": lambda ns: ns.linalg.eigvalsh(ns.zeros((0, 2, 2))),
    "svdvals": lambda ns: ns.linalg.svdvals(ns.zeros((0, 2, 3))),
    "matrix_norm": lambda ns: ns.linalg.matrix_norm(ns.zeros((0, 2, 3))),
    "vector_norm": lambda ns: [ns.linalg.vector_norm(ns.zeros(0)), ns.linalg.vector_norm(ns.zeros((2, 0)), axis=1)],
    "mean": lambda ns: ns.mean(ns.zeros((0, 3)), axis=1),
    "meshgrid": lambda ns: ns.meshgrid(ns.zeros(0), ns.ones(2)),
    "unstack": lambda ns: ns.unstack(ns.zeros((2, 0))),
    "take": lambda ns: [
        ns.take(ns.ones(3), ns.zeros(0, dtype=ns.int64)),
        ns.take(ns.ones((0, 2)), ns.asarray([1]), axis=1),
    ],
    "repeat": lambda ns: [ns.repeat(ns.ones((0, 2)), 2, axis=0), ns.repeat(ns.ones(3), 0)],
    "searchsorted": lambda ns: [ns.searchsorted(ns.zeros(0), ns.ones(2)), ns.searchsorted(ns.ones(2), ns.zeros(0))],
    "reshape": lambda ns: [ns.reshape(ns.zeros((0, 3)), (3, 0)), ns.reshape(ns.zeros((0, 3)), (-1, 3))],
    "diff": lambda ns: [ns.diff(ns.ones(1)), ns.diff(ns.ones((2, 1)), n=3)],
}


@pytest.mark.parametrize("call", EMPTY_MATRICES.values(), ids=EMPTY_MATRICES)
def test_empty_matrices(ns, call):
    same(call(ns), call(reference))


# Functions of 0-d arrays that need no axis.
SCALAR = {
    "sum": lambda ns, x: ns.sum(x),
    "prod": lambda ns, x: ns.prod(x),
    "mean": lambda ns, x: ns.mean(x),
    "max": lambda ns, x: ns.max(x),
    "min": lambda ns, x: ns.min(x),
    "std": lambda ns, x: ns.std(x),
    "var": lambda ns, x: ns.var(x),
    "all": lambda ns, x: ns.all(x),
    "any": lambda ns, x: ns.any(x),
    "argmax": lambda ns, x: ns.argmax(x),
    "argmin": lambda ns, x: ns.argmin(x),
    "count_nonzero": lambda ns, x: ns.count_nonzero(x),
    "reshape": lambda ns, x: [ns.reshape(x, (1, 1)), ns.reshape(x, ())],
    "expand_dims": lambda ns, x: ns.expand_dims(x, axis=0),
    "broadcast_to": lambda ns, x: [ns.broadcast_to(x, (2, 3)), ns.broadcast_to(x, ())],
    "broadcast_arrays": lambda ns, x: ns.broadcast_arrays(x, ns.ones(2)),
    "permute_dims": lambda ns, x: ns.permute_dims(x, ()),
    "flip": lambda ns, x: ns.flip(x),
    "roll": lambda ns, x: ns.roll(x, 1),
    "squeeze": lambda ns, x: ns.squeeze(x, axis=()),
    "stack": lambda ns, x: ns.stack([x, x]),
    "tile": lambda ns, x: ns.tile(x, (2,)),
    "repeat": lambda ns, x: ns.repeat(x, 2),
    "unique_values": lambda ns, x: ns.unique_values(x),
    "where": lambda ns, x: ns.where(x > 0, x, -x),
    "clip": lambda ns, x: ns.clip(x, -1, 1),
    "tensordot": lambda ns, x: ns.tensordot(x, x, axes=0),
    "vector_norm": lambda ns, x: ns.linalg.vector_norm(x),
    "meshgrid": lambda ns, x: ns.meshgrid(x, ns.ones(2)),
    "searchsorted": lambda ns, x: ns.searchsorted(ns.asarray([0.0, 3.0]), x),
    "take": lambda ns, x: ns.take(ns.asarray([1.0, 2.0]), ns.astype(x, ns.int64), axis=0),
    "astype": lambda ns, x: ns.astype(x, ns.int8),
}


@pytest.mark.parametrize("call", SCALAR.values(), ids=SCALAR)
def test_arrays_without_axes(ns, call):
    same(call(ns, ns.asarray(1.5)), call(reference, reference.asarray(1.5)))
