"""Shapes, axes, keepdims and dtypes of reductions and manipulations, and arrays without elements or axes."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from .checks import NUMPY, STRICT, check_along, check_forward, gradient, value_and_pullback

pytestmark = pytest.mark.needs("numpy")  # the engine runs on NumPy alone: once

REDUCTIONS = ("sum", "prod", "mean", "max", "min", "var", "std")


@st.composite
def reductions(draw):
    """Return a shape, axes of it (None, one or several, counted from either end) and keepdims."""
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=0, max_size=3)))
    places = st.integers(0, len(shape) - 1) if shape else st.nothing()
    chosen = draw(st.none() | st.lists(places, unique=True, max_size=len(shape)).map(tuple))
    axis = chosen if chosen is None else tuple(i - draw(st.sampled_from([0, len(shape)])) for i in chosen)
    if axis is not None and len(axis) == 1 and draw(st.booleans()):
        axis = axis[0]
    return shape, axis, draw(st.booleans())


@pytest.mark.parametrize("name", REDUCTIONS)
@hypothesis.settings(derandomize=True, max_examples=12, deadline=None)
@hypothesis.given(reductions(), st.sampled_from(["float32", "float64"]))
def test_reductions(name, reduction, dtype):
    shape, axis, keepdims = reduction
    x = np.random.default_rng(3).permutation(np.linspace(0.5, 2.0, int(np.prod(shape)))).reshape(shape)
    for xp in (NUMPY, STRICT):

        def f(x, xp=xp):
            # The added one keeps the deviation of single elements away from 0, where it has a kink.
            other = x * 0.5 if name in ("var", "std") else x
            return getattr(xp, name)(x, axis=axis, keepdims=keepdims) + 0.1 * xp.sum(other * other)

        single = name in ("var", "std") and np.size(f(xp.asarray(x))) == x.size
        if single:
            f = lambda x, xp=xp: getattr(xp, name)(xp.stack([x, 2.0 * x]), axis=0, keepdims=keepdims)  # noqa: E731
        check_along(xp, f, (x,), rtol=1e-6)
        check_forward(xp, f, (x,))
        narrow = xp.asarray(x.astype(dtype))
        out, pull = value_and_pullback(xp, f, narrow)
        assert pull(xp.ones_like(out))[0].dtype == narrow.dtype == out.dtype


@st.composite
def moves(draw):
    """Return a shape and a way to move its elements."""
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    order = tuple(draw(st.permutations(range(len(shape)))))
    count = draw(st.integers(-2, 3))
    ways = {
        "flip": lambda xp, x: xp.flip(x, axis=axis),
        "roll": lambda xp, x: xp.roll(x, count, axis=axis),
        "permute_dims": lambda xp, x: xp.permute_dims(x, order),
        "moveaxis": lambda xp, x: xp.moveaxis(x, axis, 0),
        "sort": lambda xp, x: xp.sort(x, axis=axis, descending=count > 0),
        "take": lambda xp, x: xp.take(x, xp.asarray([0, x.shape[axis] - 1, 0]), axis=axis),
        "repeat": lambda xp, x: xp.repeat(x, 2, axis=axis),
        "tile": lambda xp, x: xp.tile(x, (2, 1)),
        "cumulative_sum": lambda xp, x: xp.cumulative_sum(x, axis=axis, include_initial=count > 0),
        "cumulative_prod": lambda xp, x: xp.cumulative_prod(x, axis=axis, include_initial=count > 0),
        "concat": lambda xp, x: xp.concat([x, x * x], axis=axis),
        "stack": lambda xp, x: xp.stack([x, x * x], axis=axis),
        "diff": lambda xp, x: xp.diff(x, axis=axis),
        "unstack": lambda xp, x: xp.unstack(x, axis=axis)[-1],
        "expand_dims": lambda xp, x: xp.squeeze(xp.expand_dims(x, axis=axis), axis=axis),
        "broadcast_to": lambda xp, x: xp.broadcast_to(x, (2, *x.shape)),
        "reshape": lambda xp, x: xp.reshape(x, (1, -1)),
        "getitem": lambda xp, x: x[(slice(None, None, -1), *(None,) * (count > 0), ...)],
    }
    return shape, ways[draw(st.sampled_from(sorted(ways)))]


@hypothesis.settings(derandomize=True, max_examples=120, deadline=None)
@hypothesis.given(moves())
def test_manipulations(move):
    shape, f = move
    x = np.random.default_rng(3).permutation(np.linspace(0.5, 2.0, int(np.prod(shape)))).reshape(shape)
    for xp in (NUMPY, STRICT):
        check_along(xp, lambda x, xp=xp: f(xp, x) ** 2, (x,), rtol=1e-6)
        check_forward(xp, lambda x, xp=xp: f(xp, x) ** 2, (x,))


EMPTY_SHAPES = st.lists(st.integers(0, 2), min_size=1, max_size=3).map(tuple).filter(lambda shape: 0 in shape)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "cumulative_sum", "sort", "flip", "exp", "square"])
@hypothesis.settings(derandomize=True, max_examples=6, deadline=None)
@hypothesis.given(EMPTY_SHAPES)
def test_empty_arrays_of_any_shape(name, shape):
    options = {"axis": 0} if name == "cumulative_sum" else {}
    for xp in (NUMPY, STRICT):
        with np.errstate(all="ignore"):
            (grad,) = gradient(xp, lambda x, xp=xp: getattr(xp, name)(x, **options), xp.zeros(shape))
        assert tuple(grad.shape) == shape


@pytest.mark.parametrize(
    "f",
    [
        *(lambda x, name=name: getattr(NUMPY, name)(x) for name in ("sort", "diff", "unique_values", "tril")),
        lambda x: NUMPY.cumulative_prod(x, axis=0),
        lambda x: NUMPY.tile(x, (2, 1)),
        lambda x: NUMPY.repeat(x, 2, axis=0),
        lambda x: NUMPY.take_along_axis(x, np.zeros((0, 1), dtype=int)),
        lambda x: NUMPY.fft.irfft(x),
        lambda x: NUMPY.real(NUMPY.fft.fft(x, n=2, axis=0)),
        *(lambda x, name=name: getattr(NUMPY.linalg, name)(x) for name in ("pinv", "svdvals", "trace", "vector_norm")),
        lambda x: NUMPY.linalg.qr(x).R,
        lambda x: NUMPY.linalg.matrix_norm(x),
        lambda x: NUMPY.linalg.inv(NUMPY.matmul(x, np.ones((3, 0)))),
        lambda x: NUMPY.linalg.det(NUMPY.broadcast_to(x[:, :, None], (0, 3, 3))),
        lambda x: NUMPY.linalg.eigvalsh(NUMPY.broadcast_to(x[:, :, None], (0, 3, 3))),
        NUMPY.sum,
        lambda x: NUMPY.sum(x, axis=0),
        lambda x: NUMPY.prod(x, axis=0),
        NUMPY.prod,
        lambda x: NUMPY.concat([x, x]),
        NUMPY.flip,
        lambda x: NUMPY.cumulative_sum(x, axis=1),
        lambda x: x @ NUMPY.ones((3, 2)),
        lambda x: x[:, 1],
    ],
)
def test_functions_of_empty_arrays(f):
    (grad,) = gradient(NUMPY, f, np.ones((0, 3)))
    assert grad.shape == (0, 3)
