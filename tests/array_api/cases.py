"""Every function of the array API standard 2024.12: calls of it, the inputs they take, what is known of the results.

A call is ``(ns, x, y) → array, number or list of them``, the same for every namespace, so that a test may run it on two
and compare. ``x`` and ``y`` are arrays of the case's family:

- "pair": shapes that broadcast, for elementwise functions;
- "matrix": matrices of one shape, at least 1x1;
- "square": square matrices of one shape, far from singular;
- "none": the call makes its own arrays.

Names of extension functions start with "linalg." or "fft.".
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

ALL, POSITIVE, INSIDE, ABOVE = (-4.0, 4.0), (0.125, 4.0), (-0.9375, 0.9375), (1.0625, 4.0)
SIGNED = ("int8", "int16", "int32", "int64")
INTEGERS = (*SIGNED, "uint8", "uint16", "uint32", "uint64")
FLOATS, COMPLEX = ("float32", "float64"), ("complex64", "complex128")
REAL, NUMERIC = (*FLOATS, *INTEGERS), (*FLOATS, *COMPLEX, *INTEGERS)
EVERY, INEXACT = (*NUMERIC, "bool"), (*FLOATS, *COMPLEX)

Call = Callable[[Any, Any, Any], Any]


class Case(NamedTuple):
    """One function.

    Attributes
    ----------
    calls
        Calls of the function that together use all its parameters.
    family
        Which arrays the calls take.
    dtypes
        Names of the dtypes that the standard, or this package beyond it, takes.
    intervals
        Where the values of x and of y lie.
    floating
        Whether integers become the default real floating dtype.
    promotes
        Whether x and y may have different dtypes.
    smooth
        The call to differentiate: None for a function without derivative, ``calls`` where it is left out.
    smooth_dtypes
        float64, and complex128 where a complex derivative exists.
    unknown_shape
        Whether the shape of a result depends on values.
    """

    calls: Call
    family: str = "matrix"
    dtypes: tuple[str, ...] = NUMERIC
    intervals: tuple[tuple[float, float], tuple[float, float]] = (ALL, ALL)
    floating: bool = False
    promotes: bool = False
    smooth: Call | None = None
    smooth_dtypes: tuple[str, ...] = ("float64", "complex128")
    unknown_shape: bool = False


def _unary(name, **options):
    def call(ns, x, y):
        return getattr(ns, name)(x)

    return Case(call, **{"family": "pair", "smooth": call, **options})


def _binary(name, **options):
    def call(ns, x, y):
        return getattr(ns, name)(x, y)

    return Case(call, **{"family": "pair", "promotes": True, "smooth": call, **options})


def _smooth(call, **options):
    return Case(call, **{"smooth": call, **options})


def _creation(call):
    return Case(call, family="none", dtypes=("float64",))


def _hermitian(ns, x):
    return x + ns.conj(ns.matrix_transpose(x))


def _positive_definite(ns, x):
    # Far from singular: x is, and the identity is added by the diagonal of x of the "square" family.
    return ns.matmul(x, ns.conj(ns.matrix_transpose(x)))


def _mean_square(ns, x):
    return ns.mean(ns.real(x * ns.conj(x)))


ELEMENTWISE = {
    **{name: _unary(name, floating=True) for name in ("atan", "asinh", "cos", "cosh", "exp", "expm1", "sin", "sinh")},
    **{name: _unary(name, floating=True) for name in ("tan", "tanh")},
    **{name: _unary(name, floating=True, intervals=(INSIDE, ALL)) for name in ("acos", "asin", "atanh")},
    **{
        name: _unary(name, floating=True, intervals=(POSITIVE, ALL))
        for name in ("log", "log1p", "log2", "log10", "reciprocal", "sqrt")
    },
    "acosh": _unary("acosh", floating=True, intervals=(ABOVE, ALL)),
    **{name: _unary(name) for name in ("abs", "conj", "negative", "positive", "real", "imag", "sign", "square")},
    "round": _unary("round", smooth_dtypes=("float64",)),
    **{name: _unary(name, dtypes=REAL, smooth_dtypes=("float64",)) for name in ("ceil", "floor", "trunc")},
    **{name: _unary(name, smooth=None) for name in ("isfinite", "isinf", "isnan")},
    "signbit": _unary("signbit", dtypes=FLOATS, smooth=None),
    "bitwise_invert": _unary("bitwise_invert", dtypes=(*INTEGERS, "bool"), smooth=None),
    "logical_not": _unary("logical_not", dtypes=("bool",), smooth=None),
    **{name: _binary(name) for name in ("add", "multiply", "subtract")},
    "divide": _binary("divide", floating=True, intervals=(ALL, POSITIVE)),
    "pow": _smooth(
        lambda ns, x, y: [ns.pow(x, y), ns.pow(x, 2), ns.pow(2, y), x**3],
        family="pair",
        intervals=(POSITIVE, (0.125, 3.0)),
    ),
    **{
        name: _binary(name, dtypes=REAL, floating=True, smooth_dtypes=("float64",))
        for name in ("atan2", "copysign", "hypot", "logaddexp")
    },
    **{name: _binary(name, dtypes=REAL, smooth_dtypes=("float64",)) for name in ("maximum", "minimum")},
    **{
        name: _binary(name, dtypes=REAL, intervals=(ALL, POSITIVE), smooth_dtypes=("float64",))
        for name in ("floor_divide", "remainder")
    },
    "nextafter": _binary("nextafter", dtypes=FLOATS, promotes=False, smooth=None),
    **{name: _binary(name, dtypes=EVERY, smooth=None) for name in ("equal", "not_equal")},
    **{name: _binary(name, dtypes=REAL, smooth=None) for name in ("less", "less_equal", "greater", "greater_equal")},
    **{
        name: _binary(name, dtypes=(*INTEGERS, "bool"), smooth=None)
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor")
    },
    **{
        name: _binary(name, dtypes=INTEGERS, intervals=(ALL, POSITIVE), smooth=None)
        for name in ("bitwise_left_shift", "bitwise_right_shift")
    },
    **{name: _binary(name, dtypes=("bool",), smooth=None) for name in ("logical_and", "logical_or", "logical_xor")},
    "clip": Case(
        lambda ns, x, y: [ns.clip(x, -1, 2), ns.clip(x, None, 1), ns.clip(x, y, None), ns.clip(x, max=y), ns.clip(x)],
        family="pair",
        dtypes=(*FLOATS, *SIGNED),
        smooth=lambda ns, x, y: [ns.clip(x, -1.0, 1.5), ns.clip(x, y, None), ns.clip(x, None, y)],
        smooth_dtypes=("float64",),
    ),
}

CREATION = {
    "arange": _creation(
        lambda ns, x, y: [
            ns.arange(4),
            ns.arange(1.0, 5),
            ns.arange(4, 0, -2),
            ns.arange(4, dtype=ns.float32),
            ns.arange(0, stop=1, step=0.25),
            ns.arange(3, 1),
        ]
    ),
    "asarray": _creation(
        lambda ns, x, y: [
            ns.asarray([3, 1]),
            ns.asarray([[0.5], [3]]),
            ns.asarray(True),
            ns.asarray(1j),
            ns.asarray([], dtype=ns.int32),
            ns.asarray([1, 2], dtype=ns.complex64),
            ns.asarray(ns.ones(2, dtype=ns.uint8), copy=True),
            ns.asarray([2**63], dtype=ns.uint64),
            ns.asarray([[True, False], [False, True]]),
        ]
    ),
    "empty": _creation(lambda ns, x, y: [ns.zeros_like(ns.empty((3, 2))), ns.zeros_like(ns.empty(0, dtype=ns.int8))]),
    "eye": _creation(
        lambda ns, x, y: [ns.eye(3), ns.eye(2, 3, k=1), ns.eye(3, 2, k=-1, dtype=ns.int64), ns.eye(2, k=5)]
    ),
    "from_dlpack": _creation(lambda ns, x, y: ns.from_dlpack(ns.asarray([1.0, 2.5]))),
    "full": _creation(
        lambda ns, x, y: [
            ns.full((2,), 2.5),
            ns.full(3, 7),
            ns.full((), True),
            ns.full((2, 1), 1j),
            ns.full((2,), 3, dtype=ns.uint16),
            ns.full((0, 2), math.nan),
        ]
    ),
    "linspace": _creation(
        lambda ns, x, y: [
            ns.linspace(0, 3, 5),
            ns.linspace(1.0, -3, 4, endpoint=False),
            ns.linspace(0, 1, 0),
            ns.linspace(2, 3, 1),
            ns.linspace(0, 1, num=3, dtype=ns.float32),
            ns.linspace(0, 1j, 3),
        ]
    ),
    "ones": _creation(
        lambda ns, x, y: [ns.ones(3), ns.ones((2, 3), dtype=ns.float32), ns.ones((), dtype=ns.complex64)]
    ),
    "zeros": _creation(lambda ns, x, y: [ns.zeros((3, 1)), ns.zeros((), dtype=ns.bool), ns.zeros((0, 2))]),
    "empty_like": Case(lambda ns, x, y: ns.zeros_like(ns.empty_like(x)), dtypes=EVERY),
    "full_like": Case(
        lambda ns, x, y: [ns.full_like(x, 1), ns.full_like(x, 2.5, dtype=ns.float32)],
        dtypes=EVERY,
        smooth=lambda ns, x, y: ns.full_like(x, 2.0) * y,
    ),
    "ones_like": Case(
        lambda ns, x, y: [ns.ones_like(x), ns.ones_like(x, dtype=ns.bool)],
        dtypes=EVERY,
        smooth=lambda ns, x, y: ns.ones_like(x) * y,
    ),
    "zeros_like": Case(
        lambda ns, x, y: [ns.zeros_like(x), ns.zeros_like(x, dtype=ns.int64)],
        dtypes=EVERY,
        smooth=lambda ns, x, y: ns.zeros_like(x) * y,
    ),
    "meshgrid": _smooth(
        lambda ns, x, y: (
            [*ns.meshgrid(x[0, :], y[:, 0]), *ns.meshgrid(x[0, :], y[0, :], indexing="ij"), *ns.meshgrid(x[:, 0])]
        ),
        dtypes=EVERY,
    ),
    "tril": _smooth(lambda ns, x, y: [ns.tril(x), ns.tril(x, k=1), ns.tril(ns.stack([x, y]), k=-1)], dtypes=EVERY),
    "triu": _smooth(lambda ns, x, y: [ns.triu(x), ns.triu(x, k=-1), ns.triu(ns.stack([x, y]), k=1)], dtypes=EVERY),
    "astype": Case(
        lambda ns, x, y: [
            ns.astype(x, ns.float32),
            ns.astype(x, ns.int32),
            ns.astype(x, ns.bool),
            ns.astype(x, ns.complex128, copy=False),
        ],
        dtypes=(*FLOATS, *INTEGERS, "bool"),
        smooth=lambda ns, x, y: ns.real(ns.astype(x, ns.complex128) ** 2),
        smooth_dtypes=("float64",),
    ),
}

MANIPULATION = {
    "broadcast_arrays": _smooth(
        lambda ns, x, y: [*ns.broadcast_arrays(x[:1, :], y[:, :1], x), *ns.broadcast_arrays(x)], dtypes=EVERY
    ),
    "broadcast_to": _smooth(
        lambda ns, x, y: [ns.broadcast_to(x, (2, *x.shape)), ns.broadcast_to(x[:, :1], x.shape)], dtypes=EVERY
    ),
    "concat": _smooth(
        lambda ns, x, y: [ns.concat([x, y, x], axis=0), ns.concat((x, y), axis=-1), ns.concat([x, y], axis=None)],
        dtypes=EVERY,
        promotes=True,
    ),
    "expand_dims": _smooth(lambda ns, x, y: [ns.expand_dims(x, axis=1), ns.expand_dims(x, axis=-1)], dtypes=EVERY),
    "flip": _smooth(
        lambda ns, x, y: [ns.flip(x), ns.flip(x, axis=-1), ns.flip(x, axis=(0, 1)), ns.flip(x, axis=())], dtypes=EVERY
    ),
    "moveaxis": _smooth(
        lambda ns, x, y: [ns.moveaxis(x, 0, -1), ns.moveaxis(ns.stack([x, y, x]), (0, 2), (1, 0))], dtypes=EVERY
    ),
    "permute_dims": _smooth(
        lambda ns, x, y: [ns.permute_dims(x, (1, 0)), ns.permute_dims(ns.stack([x, y]), (2, 0, 1))], dtypes=EVERY
    ),
    "repeat": _smooth(
        lambda ns, x, y: [
            ns.repeat(x, 2),
            ns.repeat(x, 3, axis=0),
            ns.repeat(x, ns.asarray([2] + [0] * (x.shape[1] - 1)), axis=1),
        ],
        dtypes=EVERY,
        unknown_shape=True,
    ),
    "reshape": _smooth(
        lambda ns, x, y: [ns.reshape(x, (-1,)), ns.reshape(x, (1, *x.shape, 1)), ns.reshape(x, (-1, 1), copy=True)],
        dtypes=EVERY,
    ),
    "roll": _smooth(
        lambda ns, x, y: [ns.roll(x, 2), ns.roll(x, -1, axis=1), ns.roll(x, (1, 2), axis=(0, 1))], dtypes=EVERY
    ),
    "squeeze": _smooth(
        lambda ns, x, y: [ns.squeeze(x[:, None, :], axis=1), ns.squeeze(x[None, ..., None], axis=(0, -1))],
        dtypes=EVERY,
    ),
    "stack": _smooth(lambda ns, x, y: [ns.stack([x, y]), ns.stack((x, y, x), axis=-1)], dtypes=EVERY, promotes=True),
    "tile": _smooth(
        lambda ns, x, y: [ns.tile(x, (2, 1)), ns.tile(x, (3,)), ns.tile(x, (2, 1, 2)), ns.tile(x, (0, 1))], dtypes=EVERY
    ),
    "unstack": _smooth(lambda ns, x, y: [*ns.unstack(x), *ns.unstack(y, axis=-1)], dtypes=EVERY),
}

INDEXING = {
    "take": _smooth(
        lambda ns, x, y: [ns.take(x, ns.asarray([0, -1, 0]), axis=0), ns.take(x[0, :], ns.asarray([0]))], dtypes=EVERY
    ),
    "take_along_axis": _smooth(
        lambda ns, x, y: [
            ns.take_along_axis(x, ns.zeros((x.shape[0], 2), dtype=ns.int64)),
            ns.take_along_axis(x, ns.full((1, x.shape[1]), -1), axis=0),
        ],
        dtypes=EVERY,
    ),
    "argmax": Case(
        lambda ns, x, y: [ns.argmax(x), ns.argmax(x, axis=1), ns.argmax(x, axis=0, keepdims=True)], dtypes=REAL
    ),
    "argmin": Case(lambda ns, x, y: [ns.argmin(x), ns.argmin(x, axis=-1), ns.argmin(x, keepdims=True)], dtypes=REAL),
    "count_nonzero": Case(
        lambda ns, x, y: [
            ns.count_nonzero(x),
            ns.count_nonzero(x, axis=0),
            ns.count_nonzero(x, axis=(0, 1), keepdims=True),
        ],
        dtypes=EVERY,
    ),
    "nonzero": Case(lambda ns, x, y: list(ns.nonzero(x)), dtypes=EVERY, unknown_shape=True),
    "searchsorted": Case(
        lambda ns, x, y: [
            ns.searchsorted(ns.sort(x[0, :]), y),
            ns.searchsorted(ns.sort(x[0, :]), y[:, 0], side="right"),
            ns.searchsorted(x[:, 0], y, sorter=ns.argsort(x[:, 0])),
        ],
        dtypes=REAL,
    ),
    "where": _smooth(
        lambda ns, x, y: [
            ns.where(x > y, x, y),
            ns.where(x > y, x, 1),
            ns.where(x > y, 0, y),
            ns.where(x[0, 0] > 0, x, y),
        ],
        dtypes=REAL,
        smooth_dtypes=("float64",),
    ),
    "argsort": Case(
        lambda ns, x, y: [ns.argsort(x), ns.argsort(x, axis=0), ns.argsort(x, descending=True), ns.argsort(x[0, :])],
        dtypes=REAL,
    ),
    "sort": _smooth(
        lambda ns, x, y: [ns.sort(x), ns.sort(x, axis=0, descending=True), ns.sort(x, stable=False)],
        dtypes=REAL,
        smooth_dtypes=("float64",),
    ),
    "unique_all": Case(lambda ns, x, y: list(ns.unique_all(x)), dtypes=(*REAL, "bool"), unknown_shape=True),
    "unique_counts": Case(lambda ns, x, y: list(ns.unique_counts(x)), dtypes=(*REAL, "bool"), unknown_shape=True),
    "unique_inverse": Case(lambda ns, x, y: list(ns.unique_inverse(x)), dtypes=(*REAL, "bool"), unknown_shape=True),
    "unique_values": Case(lambda ns, x, y: ns.unique_values(x), dtypes=(*REAL, "bool"), unknown_shape=True),
}

STATISTICAL = {
    "all": Case(
        lambda ns, x, y: [ns.all(x, axis=0), ns.all(x), ns.all(x > y, axis=(0, 1), keepdims=True)], dtypes=REAL
    ),
    "any": Case(lambda ns, x, y: [ns.any(x, axis=1), ns.any(x, keepdims=True), ns.any(x > y, axis=())], dtypes=REAL),
    "cumulative_prod": _smooth(
        lambda ns, x, y: [
            ns.cumulative_prod(x, axis=1),
            ns.cumulative_prod(x[0, :]),
            ns.cumulative_prod(x, axis=-2, include_initial=True),
        ]
    ),
    "cumulative_sum": _smooth(
        lambda ns, x, y: [
            ns.cumulative_sum(x, axis=1),
            ns.cumulative_sum(x[0, :]),
            ns.cumulative_sum(x, axis=-2, include_initial=True),
        ]
    ),
    "max": _smooth(
        lambda ns, x, y: [ns.max(x), ns.max(x, axis=0), ns.max(x, axis=(0, 1), keepdims=True)],
        dtypes=REAL,
        smooth_dtypes=("float64",),
    ),
    "min": _smooth(
        lambda ns, x, y: [ns.min(x), ns.min(x, axis=1), ns.min(x, axis=(0, 1))],
        dtypes=REAL,
        smooth_dtypes=("float64",),
    ),
    "mean": _smooth(
        lambda ns, x, y: [ns.mean(x), ns.mean(x, axis=-1, keepdims=True), ns.mean(x, axis=(0, 1))],
        dtypes=NUMERIC,
        floating=True,
    ),
    "prod": _smooth(lambda ns, x, y: [ns.prod(x), ns.prod(x, axis=0), ns.prod(x, axis=(0, 1), keepdims=True)]),
    "std": _smooth(
        lambda ns, x, y: [
            ns.std(x),
            ns.std(x, axis=0, keepdims=True),
            ns.std(ns.stack([x, y, x]), axis=0, correction=1),
        ],
        dtypes=REAL,
        floating=True,
        smooth=lambda ns, x, y: [ns.std(x), ns.std(ns.stack([x, y, x]), axis=0, correction=1)],
        smooth_dtypes=("float64",),
    ),
    "sum": Case(
        lambda ns, x, y: [ns.sum(x), ns.sum(x, axis=1), ns.sum(x, axis=()), ns.sum(x, axis=0, dtype=ns.complex128)],
        smooth=lambda ns, x, y: [ns.sum(x), ns.sum(x, axis=1), ns.sum(x, axis=(), keepdims=True)],
    ),
    "var": _smooth(
        lambda ns, x, y: [ns.var(x), ns.var(x, axis=(0, 1)), ns.var(ns.stack([x, y]), axis=0, correction=1)],
        dtypes=REAL,
        floating=True,
        smooth_dtypes=("float64",),
    ),
    "diff": _smooth(
        lambda ns, x, y: [
            ns.diff(x),
            ns.diff(x, axis=0, n=2) if x.shape[0] > 2 else x,
            ns.diff(x, prepend=y, append=x, axis=0),
        ],
        dtypes=(*FLOATS, *COMPLEX, *SIGNED),
    ),
}


def _products(of):
    """Return cases of the four functions that the main namespace and linalg share."""
    return {
        "matmul": _smooth(
            lambda ns, x, y: [
                of(ns).matmul(x, ns.matrix_transpose(y)),
                of(ns).matmul(x, y[0, :]),
                of(ns).matmul(x[:, 0], y),
                of(ns).matmul(ns.stack([x, y]), ns.matrix_transpose(x)),
                of(ns).matmul(x[0, :], y[0, :]),
            ],
            promotes=True,
        ),
        "matrix_transpose": _smooth(
            lambda ns, x, y: [of(ns).matrix_transpose(x), of(ns).matrix_transpose(ns.stack([x, y]))], dtypes=EVERY
        ),
        "tensordot": _smooth(
            lambda ns, x, y: [
                of(ns).tensordot(x, y),
                of(ns).tensordot(x, y, axes=([1], [1])),
                of(ns).tensordot(x, y, axes=0),
                of(ns).tensordot(x, ns.matrix_transpose(y), axes=1),
            ],
            promotes=True,
        ),
        "vecdot": _smooth(
            lambda ns, x, y: [of(ns).vecdot(x, y), of(ns).vecdot(x, y, axis=-2), of(ns).vecdot(x, y[0, :])],
            promotes=True,
        ),
    }


def _singular_vectors(ns, x):
    u, s, vh = ns.linalg.svd(x, full_matrices=False)
    return ns.matmul(u * s[..., None, :], vh), ns.matmul(u, vh)


def _triangular(ns, x):
    """Return what does not depend on the signs of the columns of Q."""
    q, r = ns.linalg.qr(x)
    return [ns.matmul(q, r), ns.real(q * ns.conj(q)), ns.real(r * ns.conj(r))]


def _eigenvectors(ns, x):
    w, v = ns.linalg.eigh(_hermitian(ns, x))
    return [w, ns.matmul(v * (w**2)[..., None, :], ns.conj(ns.matrix_transpose(v))), ns.real(v * ns.conj(v))]


LINALG = {
    **{f"linalg.{name}": case for name, case in _products(lambda ns: ns.linalg).items()},
    "linalg.cross": _smooth(
        lambda ns, x, y: [
            ns.linalg.cross(ns.concat([x, y, x], axis=1)[:, :3], ns.concat([y, y, x], axis=1)[:, :3]),
            ns.linalg.cross(ns.stack([x, y, x]), ns.stack([y, y, x]), axis=-3),
        ],
        dtypes=(*FLOATS, *COMPLEX, *SIGNED),
    ),
    "linalg.diagonal": _smooth(
        lambda ns, x, y: [
            ns.linalg.diagonal(x),
            ns.linalg.diagonal(ns.stack([x, y]), offset=1),
            ns.linalg.diagonal(x, offset=-1),
        ],
        dtypes=EVERY,
    ),
    "linalg.outer": _smooth(lambda ns, x, y: ns.linalg.outer(x[0, :], y[:, 0])),
    "linalg.trace": _smooth(
        lambda ns, x, y: [
            ns.linalg.trace(x),
            ns.linalg.trace(ns.stack([x, y]), offset=1),
            ns.linalg.trace(x, offset=-1),
        ]
    ),
    "linalg.vector_norm": _smooth(
        lambda ns, x, y: [
            ns.linalg.vector_norm(x),
            ns.linalg.vector_norm(x, axis=1, ord=1),
            ns.linalg.vector_norm(x, axis=0, keepdims=True, ord=3),
            ns.linalg.vector_norm(x, axis=(0, 1), ord=math.inf),
            ns.linalg.vector_norm(x, axis=-1, ord=-math.inf),
        ],
        floating=True,
        intervals=(POSITIVE, ALL),
    ),
    "linalg.matrix_norm": _smooth(
        lambda ns, x, y: [
            ns.linalg.matrix_norm(x),
            ns.linalg.matrix_norm(ns.stack([x, y]), ord=1, keepdims=True),
            *(ns.linalg.matrix_norm(x, ord=order) for order in (-1, math.inf, -math.inf, 2, -2, "nuc")),
        ],
        family="square",
        floating=True,
    ),
    "linalg.cholesky": _smooth(
        lambda ns, x, y: [
            ns.linalg.cholesky(_positive_definite(ns, x)),
            ns.linalg.cholesky(ns.stack([_positive_definite(ns, x), _positive_definite(ns, y)]), upper=True),
        ],
        family="square",
        dtypes=(*INEXACT, "int64"),  # squares of small integers overflow
        floating=True,
    ),
    "linalg.det": _smooth(
        lambda ns, x, y: [ns.linalg.det(x), ns.linalg.det(ns.stack([x, y]))], family="square", floating=True
    ),
    "linalg.eigh": _smooth(lambda ns, x, y: _eigenvectors(ns, x), family="square", floating=True),
    "linalg.eigvalsh": _smooth(
        lambda ns, x, y: ns.linalg.eigvalsh(_hermitian(ns, ns.stack([x, y]))), family="square", floating=True
    ),
    "linalg.inv": _smooth(
        lambda ns, x, y: [ns.linalg.inv(x), ns.linalg.inv(ns.stack([x, y]))], family="square", floating=True
    ),
    "linalg.matrix_power": _smooth(
        lambda ns, x, y: [ns.linalg.matrix_power(x, n) for n in (0, 1, 2, 5, -2)],
        family="square",
        dtypes=INEXACT,
    ),
    "linalg.matrix_rank": Case(
        lambda ns, x, y: [
            ns.linalg.matrix_rank(x),
            ns.linalg.matrix_rank(ns.linalg.outer(x[0, :], x[0, :])),
            ns.linalg.matrix_rank(ns.stack([x, y]), rtol=0.5),
        ],
        family="square",
        floating=True,
    ),
    "linalg.pinv": _smooth(
        lambda ns, x, y: [ns.linalg.pinv(x), ns.linalg.pinv(ns.concat([x, y])), ns.linalg.pinv(x, rtol=1e-3)],
        family="square",
        floating=True,
    ),
    "linalg.qr": Case(
        lambda ns, x, y: [
            *_triangular(ns, x),
            *_triangular(ns, ns.concat([x, y])),
            ns.abs(ns.linalg.qr(x, mode="complete")[1]),
        ],
        family="square",
        floating=True,
        smooth=lambda ns, x, y: [*_triangular(ns, x), *_triangular(ns, ns.concat([x, y]))],
    ),
    "linalg.slogdet": _smooth(
        lambda ns, x, y: [*ns.linalg.slogdet(x), *ns.linalg.slogdet(ns.stack([x, y]))], family="square", floating=True
    ),
    "linalg.solve": _smooth(
        lambda ns, x, y: [ns.linalg.solve(x, y), ns.linalg.solve(x, y[0, :]), ns.linalg.solve(ns.stack([x, y]), y)],
        family="square",
        floating=True,
        promotes=True,
    ),
    "linalg.svd": Case(
        lambda ns, x, y: [
            *_singular_vectors(ns, x),
            *_singular_vectors(ns, ns.concat([x, y])),
            ns.linalg.svd(ns.concat([x, y]))[1],
            ns.zeros_like(ns.linalg.svd(ns.concat([x, y]))[0]),
        ],
        family="square",
        floating=True,
        smooth=lambda ns, x, y: [*_singular_vectors(ns, x), *_singular_vectors(ns, ns.concat([x, y]))],
    ),
    "linalg.svdvals": _smooth(
        lambda ns, x, y: [ns.linalg.svdvals(x), ns.linalg.svdvals(ns.concat([x, y], axis=1))],
        family="square",
        floating=True,
    ),
}


def _transform(name, **options):
    """Return the case of a transform along one axis."""

    def call(ns, x, y):
        function = getattr(ns.fft, name)
        found = [function(x), function(x, axis=0, norm="ortho"), function(x, n=5, norm="forward")]
        return [*found, function(x, n=2, axis=-2)]

    return _smooth(call, **{"floating": True, **options})


def _transform_n(name, **options):
    """Return the case of a transform along several axes."""

    def call(ns, x, y):
        function = getattr(ns.fft, name)
        found = [function(x), function(ns.stack([x, y]), axes=(0, 2), norm="ortho")]
        return [*found, function(x, s=(2, 5), axes=(1, 0), norm="forward")]

    return _smooth(call, **{"floating": True, **options})


# Transforms from half of a spectrum take it as it is: arrays of at least 2x2 elements have one.
FFT = {
    **{f"fft.{name}": _transform(name) for name in ("fft", "ifft")},
    **{f"fft.{name}": _transform(name, family="square", dtypes=INEXACT) for name in ("irfft", "hfft")},
    **{f"fft.{name}": _transform(name, dtypes=REAL, smooth_dtypes=("float64",)) for name in ("rfft", "ihfft")},
    **{f"fft.{name}": _transform_n(name) for name in ("fftn", "ifftn")},
    "fft.irfftn": _transform_n("irfftn", family="square", dtypes=INEXACT),
    "fft.rfftn": _transform_n("rfftn", dtypes=REAL, smooth_dtypes=("float64",)),
    "fft.fftfreq": _creation(
        lambda ns, x, y: [ns.fft.fftfreq(4), ns.fft.fftfreq(5, d=0.5), ns.fft.fftfreq(1, dtype=ns.float32)]
    ),
    "fft.rfftfreq": _creation(
        lambda ns, x, y: [ns.fft.rfftfreq(4), ns.fft.rfftfreq(5, d=2.0), ns.fft.rfftfreq(2, dtype=ns.float32)]
    ),
    "fft.fftshift": _smooth(lambda ns, x, y: [ns.fft.fftshift(x), ns.fft.fftshift(x, axes=1)], dtypes=INEXACT),
    "fft.ifftshift": _smooth(lambda ns, x, y: [ns.fft.ifftshift(x), ns.fft.ifftshift(x, axes=(0,))], dtypes=INEXACT),
}

CASES = {
    **ELEMENTWISE,
    **CREATION,
    **MANIPULATION,
    **INDEXING,
    **STATISTICAL,
    **_products(lambda ns: ns),
    **LINALG,
    **FFT,
}
# Of dtypes, not of arrays: tested one by one.
ABOUT_DTYPES = ("can_cast", "finfo", "iinfo", "isdtype", "result_type", "__array_namespace_info__")
