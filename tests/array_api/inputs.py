"""Arrays for the cases: drawn by hypothesis, and fixed points at which every case is smooth."""

import importlib
import math

import hypothesis
import numpy as np
from hypothesis import strategies as st

from .cases import ALL, COMPLEX, ELEMENTWISE, FLOATS, INTEGERS

# Few shapes, because JAX compiles for each: 0-d, empty, broadcasting in one axis and in both.
PAIRS = (((3,), (3,)), ((), (2,)), ((2, 1), (3,)), ((2, 3), (1, 3)), ((0, 1), (2,)), ((), ()))
MATRICES = ((2, 3), (3, 2), (1, 1))
SQUARES = ((2, 2), (3, 3))
SHAPES = {
    "pair": PAIRS,
    "matrix": tuple((shape, shape) for shape in MATRICES),
    "square": tuple((shape, shape) for shape in SQUARES),
    "none": (((), ()),),
}
ROWS, COLUMNS = ((0, 3), (0, 3)), ((2, 0), (2, 0))
# Functions whose calls in `cases` make sense without elements, and the shapes of x and y.
_SHAPES = {
    (((0,), (0,)), ((2, 0), (1, 1))): tuple(ELEMENTWISE),
    (ROWS, COLUMNS): (
        *("tril", "triu", "matrix_transpose", "flip", "expand_dims", "permute_dims", "stack", "concat", "sum", "prod"),
        *("all", "any", "count_nonzero", "nonzero", "sort", "tile", "roll", "astype", "linalg.matrix_transpose"),
    ),
    (ROWS,): ("zeros_like", "ones_like", "full_like", "empty_like", "linalg.diagonal", "linalg.trace"),
    (COLUMNS,): (
        *("cumulative_sum", "cumulative_prod", "tensordot", "vecdot", "linalg.tensordot", "linalg.vecdot"),
        *("fft.fftshift", "fft.ifftshift"),
    ),
    (((0,), (0,)), ((0, 2), (0, 2))): ("unique_values", "unique_counts", "unique_inverse", "unique_all"),
}
EMPTY = {name: shapes for shapes, names in _SHAPES.items() for name in names}
_KINDS = (("bool",), INTEGERS, FLOATS, COMPLEX)


def namespace(backend):
    """Return the standard's namespace over `Array`."""
    return importlib.import_module(f"multigrad.array_api.{backend}")


def some(backend, items, count=3):
    """Return all items, or a few from all over the list on JAX, which compiles every dtype and shape anew."""
    items = list(items)
    return items if backend != "jax" or len(items) <= count else items[:: -(-len(items) // count)]


def few(backend, examples):
    """Return hypothesis' settings for tests whose examples JAX compiles one by one."""
    return hypothesis.settings(max_examples=2 if backend == "jax" else examples, deadline=None)


def common(first, second):
    """Return the dtype that two promote to here, or None: NumPy's within a kind, else that of the higher kind."""
    a, b = sorted((first, second), key=_kind)
    if _kind(a) != _kind(b) and not (a in FLOATS and b in COMPLEX):
        return b
    name = np.result_type(a, b).name
    return name if _kind(name) == _kind(b) else None  # no integer holds int64 and uint64


def _kind(name):
    return next(i for i, names in enumerate(_KINDS) if name in names)


@st.composite
def arguments(draw, case, shapes, allowed):
    """Draw the two NumPy arrays of a call."""
    first, second = draw(st.sampled_from(shapes))
    # The widest dtype of each kind comes first and is drawn most.
    dtype = draw(st.one_of(st.sampled_from(allowed[:3]), st.sampled_from(allowed)))
    other = dtype
    if case.promotes and draw(st.booleans()):
        other = draw(st.sampled_from([name for name in allowed if common(dtype, name)]))
    x = draw(_values(first, dtype, case.intervals[0], case.floating))
    y = draw(_values(second, other, case.intervals[1], case.floating))
    if case.family == "square":
        x, y = _far_from_singular(x), _far_from_singular(y)
    return x, y


def _values(shape, dtype, interval, floating):
    """Draw multiples of 1/8: quotients of such numbers are integers exactly or not nearly."""
    low, high = interval
    size = math.prod(shape)
    if dtype == "bool":
        parts = st.booleans()
    elif dtype in INTEGERS:
        low, high = math.ceil(low), math.floor(high)
        parts = st.integers(0 if dtype[0] == "u" and low < 0 else low, max(low, high))
    elif dtype in FLOATS:
        parts = st.integers(math.ceil(8 * low), math.floor(8 * high)).map(lambda i: i / 8)
    else:
        # Off the axes, where the branch cuts are.
        parts = st.tuples(st.integers(-30, 30), st.integers(-30, 30)).map(
            lambda p: complex(2 * p[0] + 1, 2 * p[1] + 1) / 16
        )
    return st.lists(parts, min_size=size, max_size=size).map(lambda v: np.array(v, dtype=dtype).reshape(shape))


def _far_from_singular(x):
    """Return a matrix with a strong diagonal, different from place to place."""
    n = x.shape[-1]
    if x.dtype.kind in "iu":
        return (x % 3 + np.diag(np.arange(8, 8 + n))).astype(x.dtype)
    return (x / 4 + np.diag(np.arange(3, 3 + n))).astype(x.dtype)


V, P = np.array([0.3, -0.7, 1.4]), np.array([0.4, 0.9, 1.7])
M = np.array([[0.5, -1.2, 2.0], [1.1, 0.7, -0.3]])
W = np.array([[0.2, 1.3, -0.9], [-0.8, 0.6, 1.5]])
S = np.array([[3.0, 0.4, -0.3], [0.7, 4.5, 0.2], [-0.6, 0.1, 6.0]])
R = np.array([[2.5, -0.2, 0.8], [0.3, 3.5, -0.7], [0.1, 0.9, 5.0]])


def point(case, dtype="float64"):
    """Return x and y where the case is smooth, away from its kinks and borders."""
    if case.family == "matrix":
        x, y = (np.abs(M), W) if case.intervals[0][0] > 0 else (M, W)
    elif case.family == "square":
        x, y = S, R
    else:
        x, y = (
            _inside(values, interval)
            for values, interval in zip((V, np.roll(V, 1) + 0.05), case.intervals, strict=True)
        )
    if dtype in COMPLEX:
        # An imaginary part of another order, so that no part is a function of the other.
        x, y = (z + 0.25j * np.flip(z) + 0.1j for z in (x, y))
    return x.astype(dtype), y.astype(dtype)


def _inside(values, interval):
    """Return values moved into an interval."""
    low, high = interval
    return values if interval == ALL else low + (high - low) * (np.arctan(values) / math.pi + 0.5)
