"""Reductions, cumulative functions, sorting, indexing, shapes and products of arrays.

Smooth points are differentiated by `truth`; NumPy does the arithmetic there, on mpmath's numbers.
"""

import math

import mpmath as mp
import numpy as np

from .truth import edge, smooth

INF, NAN = math.inf, math.nan
_LINE = ([1.5, -2.0, 0.5, 3.0],)
_TABLE = ([[1.0, -2.0, 3.5], [0.25, 4.0, -1.5]],)
_PLANE = ([1.0 + 2j, -0.5 + 1j, 2 - 1j],)


def _std(x, correction=0, **options):
    return np.vectorize(mp.sqrt, otypes=[object])(np.asarray(_var(x, correction, **options)))


def _var(x, correction=0, axis=None, keepdims=False):
    count = x.size if axis is None else x.shape[axis]
    spread = x - np.sum(x, axis=axis, keepdims=True) / mp.mpf(count)
    return np.sum(spread * spread, axis=axis, keepdims=keepdims) / (count - correction)


def _mean(x, axis=None, keepdims=False):
    return np.sum(x, axis=axis, keepdims=keepdims) / mp.mpf(x.size if axis is None else x.shape[axis])


_REDUCTIONS = {
    "sum": np.sum,
    "mean": _mean,
    "prod": np.prod,
    "var": _var,
    "std": lambda x, **options: _scalar(_std(x, **options)),
    "max": np.max,
    "min": np.min,
}
_OPTIONS = ({}, {"axis": 0}, {"axis": 1}, {"axis": -1, "keepdims": True})


def _scalar(x):
    return x[()] if isinstance(x, np.ndarray) and not x.ndim else x


def _reductions():
    for name, truth in _REDUCTIONS.items():
        yield from smooth(name, truth, _LINE)
        for options in _OPTIONS[1:]:
            yield from smooth(name, lambda x, t=truth, o=options: t(x, **o), _TABLE, options=options)
    for name in ("var", "std"):
        truth = _REDUCTIONS[name]
        yield from smooth(name, lambda x, t=truth: t(x, correction=1), _LINE, options={"correction": 1})
    for name in ("sum", "mean", "prod"):
        yield from smooth(name, _REDUCTIONS[name], _PLANE)
    for name, truth in (("cumulative_sum", np.cumsum), ("cumulative_prod", np.cumprod)):
        yield from smooth(name, truth, _LINE, _PLANE)
        for axis in (0, 1):
            yield from smooth(name, lambda x, t=truth, a=axis: t(x, axis=a), _TABLE, options={"axis": axis})
        initial = 0 if name == "cumulative_sum" else 1
        yield from smooth(
            name,
            lambda x, t=truth, i=initial: np.concatenate([[mp.mpf(i)], t(x)]),
            _LINE,
            options={"include_initial": True},
        )
    # Polynomials stay polynomials at zeros (rule 6): differences of them are exact.
    zeros = (
        ([2.0, 0.0, 4.0],),
        ([0.0, 0.0, 4.0],),
        ([0.0, 0.0, 0.0],),
        ([2.0, 0.0, 4.0, 5.0],),
        ([0.0, 3.0, -0.0, 5.0],),
    )
    zeros += (([2.0 + 1j, 0j, 4.0 - 1j],), ([0j, 0j, 4.0 - 1j],))
    for name, truth in (("prod", np.prod), ("cumulative_prod", np.cumprod)):
        yield from smooth(name, truth, *zeros, rule=6, edge=True)
        table = ([[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]],)
        for axis in (0, 1):
            yield from smooth(
                name, lambda x, t=truth, a=axis: t(x, axis=a), table, options={"axis": axis}, rule=6, edge=True
            )


def _edges():
    for name in ("max", "min"):
        sign = 1.0 if name == "max" else -1.0
        of = lambda *x, sign=sign: [sign * v for v in x]  # noqa: E731
        yield edge(name, (of(2.0, 1.0, 2.0),), ([0.5, 0.0, 0.5],), 2, "two tied elements")
        yield edge(name, (of(3.0, 1.0, 3.0, 3.0),), ([1 / 3, 0.0, 1 / 3, 1 / 3],), 2, "three tied elements")
        yield edge(name, ([1.0] * 4,), ([0.25] * 4,), 2, "four tied elements")
        yield edge(name, ([0.0, -0.0],), ([0.5, 0.5],), 2, "a tie: the zeros are equal")
        yield edge(name, ([1.0, NAN],), ([NAN, NAN],), 4, "all took part in the comparison")
        yield edge(name, ([NAN, 1.0, 2.0],), ([NAN, NAN, NAN],), 4, "all took part in the comparison")
        yield edge(name, (1.5,), (1.0,), 1, "the only element")
        yield edge(name, ([1.5],), ([1.0],), 1, "the only element")
        table = [of(1.0, 3.0, 1.0), of(1.0, 2.0, 2.0)]
        yield edge(name, (table,), ([[0.5, 2.0, 0.0], [0.5, 0.0, 3.0]],), 2, "ties along the axis", options={"axis": 0})
        kept = {"axis": 0, "keepdims": True}
        yield edge(name, (table,), ([[0.5, 2.0, 0.0], [0.5, 0.0, 3.0]],), 2, "ties along the axis", options=kept)
        found = [[0.0, 1.0, 0.0], [0.0, 1.0, 1.0]]
        yield edge(name, (table,), (found,), 2, "ties along the axis", options={"axis": 1})
        spoilt = [[1.0, NAN], of(3.0, 2.0)]
        yield edge(name, (spoilt,), ([[NAN, NAN], [2.0, 0.0]],), 4, "NaN in its row alone", options={"axis": 1})
        yield edge(name, (of(2.0, 1.0, 2.0),), ([0.0] * 3,), 10, "the pieces are linear", order=2)
        both = {"axis": (0, 1)}
        yield edge(name, (table,), ([[0.0, 1.0, 0.0], [0.0] * 3],), 1, "over both axes", options=both)
    for point in ([2.0, 2.0, 2.0], [0.0, 0.0], [-1.5], 3.0):
        flat = [0.0] * len(point) if isinstance(point, list) else 0.0
        yield edge("std", (point,), (flat,), 2, "symmetric kink")
        yield edge("std", (point,), (flat,), 10, "no curvature at a symmetric kink", order=2)
        yield edge("var", (point,), (flat,), 1, "2(x - mean)/n")
    yield edge("std", ([2.0, 2.0, 2.0],), ([0.0] * 3,), 2, "symmetric kink", options={"correction": 1})
    # Equal elements, of which the rounded mean is none.
    for point in ([0.1] * 3, [0.7] * 3, [0.1] * 6, [1e10 + 0.1] * 7, [1.1e200] * 3):
        for options in ({}, {"correction": 1}, {"axis": 0, "keepdims": True}):
            flat = ([0.0] * len(point),)
            yield edge("std", (point,), flat, 2, "symmetric kink", options=options)
            reason = "no curvature at a symmetric kink"
            yield edge("std", (point,), flat, 10, reason, order=2, options=options)
    half = [[1.0, 1.0], [1.0, 3.0]]
    yield edge("std", (half,), ([[0.0, 0.0], [-1.0, 1.0]],), 2, "a kink in its row alone", options={"axis": 1})
    for name in ("std", "var"):
        yield edge(name, ([1.0, NAN, 2.0],), ([NAN] * 3,), 4, "the mean needs the NaN")
        for correction in (2, 2.5, 3):
            options, reason = {"correction": correction}, "the standard has no such variance"
            yield edge(name, ([1.0, 4.0],), ([NAN] * 2,), 4, reason, options=options)
            yield edge(name, ([1.0, 4.0],), ([NAN] * 2,), 4, reason, order=2, options=options)
        along = {"axis": 0, "correction": 1}
        yield edge(name, ([[1.0, 4.0]],), ([[NAN] * 2],), 4, "the standard has no such variance", options=along)
        yield edge(name, (3.0,), (NAN,), 4, "the standard has no such variance", options={"correction": 1})
    yield edge("prod", ([1.0, NAN, 2.0],), ([NAN, 2.0, NAN],), 4, "NaN in the other factors' slots")
    yield edge("prod", ([0.0, NAN, 2.0],), ([NAN, 0.0, NAN],), 4, "NaN in the other factors' slots")
    yield edge("prod", ([0.0, INF, 2.0],), ([INF, 0.0, NAN],), 1, "the other factors: 0 · inf")
    yield edge("cumulative_prod", ([2.0, NAN, 3.0],), ([NAN, 22.0, NAN],), 4, "NaN in the other factors' slots")
    # Products in range, and their quotients by two factors not.
    point, reason = ([1e140, 1e-140, 1e100, 1e-100],), "the products without two factors"
    yield edge("prod", point, ([1e-140, 1e140, 1e-100, 1e100],), 6, "the other factors")
    yield edge("prod", point, ([2.0, 4e240, 2e40, 2e240],), 10, reason, order=2)
    yield edge("cumulative_prod", point, ([1.0, 3e240, 3.0, 4e100],), 6, "the other factors")
    yield edge("cumulative_prod", point, ([6e100, 1.6e241, 6e140, 8e240],), 10, reason, order=2)
    for name, share in (("sum", 1.0), ("mean", 0.5)):
        yield edge(name, ([NAN, 1.0],), ([share, share],), 4, "the formula does not need the NaN")
        yield edge(name, ([INF, -INF],), ([share, share],), 1, "linear")
    yield edge("cumulative_sum", ([NAN, 1.0],), ([3.0, 2.0],), 4, "the formula does not need the NaN")
    for name in ("sum", "prod", "cumulative_sum", "cumulative_prod", "sort", "abs", "sqrt", "flip", "square"):
        yield edge(name, ([],), ([],), 9, "an empty array has an empty gradient")
    for name in ("maximum", "hypot", "pow", "divide", "atan2", "multiply"):
        yield edge(name, ([], []), ([], []), 9, "an empty array has an empty gradient")
    for name in ("sum", "mean", "prod"):
        yield edge(name, (2.5,), (1.0,), 9, "0-d")
        yield edge(name, ([[]],), ([[]],), 9, "an empty axis", options={"axis": 0})
    yield from _broadcast()


def _broadcast():
    table, row = [[1.0, 2.0], [3.0, 4.0]], [1.0, 5.0]
    yield edge("add", (table, row), ([[1.0, 2.0], [3.0, 4.0]], [4.0, 6.0]), 9, "summed over what was broadcast")
    yield edge("multiply", (2.0, [3.0, 4.0]), (11.0, [2.0, 4.0]), 9, "summed over what was broadcast")
    yield edge(
        "maximum", (table, row), ([[0.5, 0.0], [3.0, 0.0]], [0.5, 6.0]), 2, "a tie, summed over what was broadcast"
    )
    yield edge("hypot", ([0.0, 3.0], 0.0), ([0.0, 2.0], 0.0), 2, "symmetric kink in one element")
    yield edge("clip", ([0.0, 1.0, 2.0, 5.0], 0.0, 2.0), ([0.5, 2.0, 1.5, 0.0], 0.5, 5.5), 2, "bounds are shared")
    yield edge("unused", (1.0, [1.0, 2.0]), (2.0, [0.0, 0.0]), 3, "an argument not used", call=lambda xp, x, y: 2 * x)
    yield edge("unused", ([1.0, 2.0],), ([0.0, 0.0],), 3, "constant", call=lambda xp, x: xp.ones(2), label="-constant")
    yield edge("unused", (2.0, NAN), (4.0, 0.0), 3, "not used, NaN", call=lambda xp, x, y: x * x, label="-nan")
    yield edge("unused", (1.0 + 1j,), (0j,), 3, "constant", call=lambda xp, x: xp.ones(()), label="-complex")
    yield edge("index", ([NAN, 1.0],), ([1.0, 0.0],), 4, "does not need the NaN", call=lambda xp, x: x[0])
    picked = lambda xp, x: x[xp.asarray([0, 0, 2])]  # noqa: E731
    yield edge("index", ([1.0, 2.0, 3.0],), ([3.0, 0.0, 3.0],), 1, "a repeated index", call=picked, label="-array")
    chosen = lambda xp, x: xp.sum(x * xp.astype(x > 1.5, x.dtype))  # noqa: E731
    yield edge("index", ([1.0, 2.0, 3.0],), ([0.0, 1.0, 1.0],), 3, "a mask is flat", call=chosen, label="-mask")


_SORTED = (
    ([1.0, 0.0, 1.0, 0.0], [3.0, 1.0, 4.0, 2.0], [1.0, 3.0, 2.0, 4.0]),
    ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
    ([3.0, 1.0, 2.0], [3.0, 1.0, 2.0], [1.0, 3.0, 2.0]),
    ([0.0, -0.0, 1.0], [1.0, 2.0, 3.0], [2.0, 3.0, 1.0]),
)


def _sorting():
    for point, up, down in _SORTED:
        yield edge("sort", (point,), (up,), 2, "moved by the stable permutation")
        yield edge("sort", (point,), (down,), 2, "moved by the stable permutation", options={"descending": True})
        yield edge("sort", (point,), ([0.0] * len(point),), 10, "linear", order=2)
    yield edge("sort", ([2.0, NAN, 1.0],), ([2.0, 3.0, 1.0],), 4, "moved; NaN is last")
    table = [[2.0, 1.0], [2.0, 3.0]]
    yield edge("sort", (table,), ([[1.0, 2.0], [3.0, 4.0]],), 2, "the stable permutation", options={"axis": 0})
    yield edge("sort", (table,), ([[2.0, 1.0], [3.0, 4.0]],), 2, "the stable permutation", options={"axis": 1})
    order = lambda xp, x: xp.take(x, xp.argsort(x))  # noqa: E731
    yield edge("take", ([2.0, 1.0, 2.0],), ([2.0, 1.0, 3.0],), 2, "by argsort", call=order, label="-argsort")


_TRIPLE = ([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.5]]],)
_INDEX = np.asarray([2, 0, 2, 3])
# name, label, of the namespace, of NumPy, point
_MOVES = (
    ("take", "", lambda xp, x: xp.take(x, xp.asarray(_INDEX)), lambda x: np.take(x, _INDEX), _LINE),
    (
        "take",
        "-axis",
        lambda xp, x: xp.take(x, xp.asarray([2, 0, 2]), axis=1),
        lambda x: np.take(x, [2, 0, 2], 1),
        _TABLE,
    ),
    (
        "take_along_axis",
        "",
        lambda xp, x: xp.take_along_axis(x, xp.asarray([[1, 1], [2, 0]]), axis=1),
        lambda x: np.take_along_axis(x, np.asarray([[1, 1], [2, 0]]), 1),
        _TABLE,
    ),
    ("roll", "", lambda xp, x: xp.roll(x, 1), lambda x: np.roll(x, 1), _LINE),
    ("roll", "-axis", lambda xp, x: xp.roll(x, -1, axis=1), lambda x: np.roll(x, -1, 1), _TABLE),
    ("repeat", "", lambda xp, x: xp.repeat(x, 2), lambda x: np.repeat(x, 2), _LINE),
    ("repeat", "-axis", lambda xp, x: xp.repeat(x, 3, axis=0), lambda x: np.repeat(x, 3, 0), _TABLE),
    ("tile", "", lambda xp, x: xp.tile(x, (2, 2)), lambda x: np.tile(x, (2, 2)), _TABLE),
    ("flip", "", lambda xp, x: xp.flip(x), np.flip, _TABLE),
    ("flip", "-axis", lambda xp, x: xp.flip(x, axis=1), lambda x: np.flip(x, 1), _TABLE),
    ("reshape", "", lambda xp, x: xp.reshape(x, (3, 2)), lambda x: x.reshape(3, 2), _TABLE),
    ("permute_dims", "", lambda xp, x: xp.permute_dims(x, (2, 0, 1)), lambda x: x.transpose(2, 0, 1), _TRIPLE),
    ("moveaxis", "", lambda xp, x: xp.moveaxis(x, 0, 2), lambda x: np.moveaxis(x, 0, 2), _TRIPLE),
    (
        "broadcast_to",
        "",
        lambda xp, x: xp.broadcast_to(x, (2, 2, 3)),
        lambda x: np.broadcast_to(x, (2, 2, 3)).copy(),
        _TABLE,
    ),
    ("expand_dims", "", lambda xp, x: xp.expand_dims(x, axis=1), lambda x: x[:, None], _LINE),
    ("squeeze", "", lambda xp, x: xp.squeeze(x[None], axis=0), lambda x: x, _LINE),
    ("tril", "", lambda xp, x: xp.tril(x), lambda x: np.where(np.tri(2, 3, dtype=bool), x, mp.mpf(0)), _TABLE),
    ("triu", "", lambda xp, x: xp.triu(x, k=1), lambda x: np.where(np.tri(2, 3, 0, dtype=bool), mp.mpf(0), x), _TABLE),
    ("diff", "", lambda xp, x: xp.diff(x), lambda x: x[1:] - x[:-1], _LINE),
    ("diff", "-n", lambda xp, x: xp.diff(x, n=2, axis=1), lambda x: x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2], _TABLE),
    ("matrix_transpose", "", lambda xp, x: xp.matrix_transpose(x), lambda x: x.T, _TABLE),
    ("concat", "", lambda xp, x, y: xp.concat([x, y, x]), lambda x, y: np.concatenate([x, y, x]), (*_LINE, [1.0, 2.0])),
    ("stack", "", lambda xp, x, y: xp.stack([x, y], axis=1), lambda x, y: np.stack([x, y], 1), (*_LINE, *_LINE)),
    ("unstack", "", lambda xp, x: xp.unstack(x)[1] * xp.unstack(x)[0], lambda x: x[1] * x[0], _TABLE),
    (
        "broadcast_arrays",
        "",
        lambda xp, x, y: xp.broadcast_arrays(x, y)[1],
        lambda x, y: np.stack([y, y]),
        (*_TABLE, [1.0, 2.0, 3.0]),
    ),
    (
        "meshgrid",
        "",
        lambda xp, x, y: xp.meshgrid(x, y, indexing="ij")[1],
        lambda x, y: np.stack([y] * 4),
        (*_LINE, [1.0, 2.0]),
    ),
    (
        "where",
        "-smooth",
        lambda xp, x, y: xp.where(x > 1, x * y, y),
        lambda x, y: np.where(x > 1, x * y, y),
        (*_LINE, [2.0, 3.0, 4.0, 5.0]),
    ),
    ("getitem", "", lambda xp, x: x[1, ::-1] * x[0, 0], lambda x: x[1, ::-1] * x[0, 0], _TABLE),
)


def _moves():
    for name, label, call, truth, point in _MOVES:
        orders = (1, 2) if name in ("where", "getitem", "unstack", "take", "concat") else (1,)
        yield from smooth(name, truth, point, orders=orders, call=call, label=label)


_LEFT, _RIGHT = [[1.0, -2.0], [0.5, 3.0]], [[2.0, 1.0], [-1.0, 0.25]]
_I_LEFT, _I_RIGHT = [[1.0 + 1j, -2.0j], [0.5 + 0j, 3.0 - 1j]], [[2.0 + 0j, 1j], [-1.0 + 2j, 0.25 + 0j]]


def _products():
    vectors, complex_vectors = (_LEFT[0], _RIGHT[1]), (_I_LEFT[0], _I_RIGHT[1])
    yield from smooth("matmul", lambda x, y: x @ y, (_LEFT, _RIGHT), (_I_LEFT, _I_RIGHT), (_LEFT, _RIGHT[0]), vectors)
    yield from smooth("vecdot", _vecdot, vectors, complex_vectors)
    yield from smooth("vecdot", _rows, (_LEFT, _RIGHT), (_I_LEFT, _I_RIGHT))
    for axes in (0, 1, 2):
        options = {"axes": axes}
        truth = lambda x, y, a=axes: _scalar(np.asarray(np.tensordot(x, y, a)))  # noqa: E731
        yield from smooth("tensordot", truth, (_LEFT, _RIGHT), (_I_LEFT, _I_RIGHT), options=options)
    nan_left, nan_right = [[NAN, 1.0], [1.0, 1.0]], [[1.0, 2.0], [3.0, 4.0]]
    # Weights 1, 2, 3, 4: W·Yᵀ is [[5, 11], [11, 25]], Xᵀ·W has the NaN in its first row.
    found = ([[5.0, 11.0], [11.0, 25.0]], [[NAN, NAN], [4.0, 6.0]])
    yield edge("matmul", (nan_left, nan_right), found, 4, "NaN in the other factor's slots")
    yield edge("vecdot", ([NAN, 1.0], [2.0, 3.0]), ([2.0, 3.0], [NAN, 1.0]), 4, "NaN in the other factor's slot")


def _vecdot(x, y):
    return sum(mp.conj(a) * b for a, b in zip(x, y, strict=True))


def _rows(x, y):
    return np.asarray([_vecdot(a, b) for a, b in zip(x, y, strict=True)], dtype=object)


CASES = [*_reductions(), *_edges(), *_sorting(), *_moves(), *_products()]
