"""What the rules of the table are tested on: each rule by name, with functions of arrays and points.

Functions are ``f(xp, *arrays)``.
"""

import functools
import math

import numpy as np

from .checks import NUMPY

V = np.array([0.3, -0.7, 1.4])
P = np.array([0.4, 0.9, 1.7])
M = np.array([[0.5, -1.2, 2.0], [1.1, 0.7, -0.3]])
N = np.array([[0.2, 1.3], [-0.8, 0.6], [1.5, -0.4]])
S = np.array(0.6)
INSIDE = np.array([-0.6, 0.2, 0.5])
PICK = np.array([2, 0, 2])


def as_complex(xp, x):
    return xp.complex64 if x.dtype == xp.float32 else xp.complex128


A = np.array([[2.0, 0.3, -0.5], [0.4, 1.5, 0.2], [-0.2, 0.6, 1.8]])
STACK = np.array([[[1.2, 0.4], [-0.3, 0.9]], [[0.5, -1.1], [0.7, 2.0]]])
NORMS = (0, 1, 2, 3, 0.5, -1, 1.5, math.inf, -math.inf)
ONE_AXIS = ({}, {"axis": 0, "norm": "ortho"}, {"n": 2, "norm": "forward"}, {"n": 5})
AXES = (
    {},
    {"axes": (0,), "norm": "ortho"},
    {"s": (3, 4), "axes": (0, 1), "norm": "forward"},
    {"s": (2,), "axes": (1,)},
)


def _symmetric(xp, x):
    return (x + xp.matrix_transpose(x)) / 2


def recomposed(xp, values, vectors):
    return (vectors * xp.expand_dims(xp.exp(values), axis=0)) @ xp.matrix_transpose(vectors)


def _projector(xp, vectors, side):
    """Return the projector on all columns (side 0) or rows but the first two, and on the first one."""
    q = vectors if side == 0 else xp.matrix_transpose(vectors)
    last, first = q[:, 2:], q[:, :1]
    return last @ xp.matrix_transpose(last) + 2 * first @ xp.matrix_transpose(first)


def _input(xp, name, x):
    """Return what a transform takes: a real array, or a complex one."""
    return x * x if name.startswith(("rfft", "ihfft")) else xp.astype(x * x, as_complex(xp, x)) * (1 + 2j)


def _parts(xp, z):
    return xp.real(z) + 2 * xp.imag(z) if xp.is_complex(z) else z


# Rule: what to differentiate, at which arrays. A name may be tested in several ways.
CASES = {
    "multiply": [(lambda xp, x, y: x * y, (V, P)), (lambda xp, x: x * x, (V,)), (lambda xp, x: 3.0 * x, (V,))],
    "divide": [(lambda xp, x, y: x / y, (V, P)), (lambda xp, x: 1 / x, (P,))],
    "pow": [
        (lambda xp, x, n: xp.pow(x, n), (P, V)),
        (lambda xp, x: x**3, (V,)),
        (lambda xp, x: x**-2, (P,)),
        (lambda xp, x: x**0, (V,)),
        (lambda xp, x: x**1.5, (P,)),
        (lambda xp, n: 2.0**n, (V,)),
    ],
    "reciprocal": [(lambda xp, x: xp.reciprocal(x), (P,))],
    "square": [(lambda xp, x: xp.square(x), (V,))],
    **{
        name: [(lambda xp, x, name=name: getattr(xp, name)(x), (points,))]
        for names, points in (
            ("sqrt exp expm1 log log2 log10 log1p asinh sinh cosh tanh sin cos tan atan", P),
            ("exp expm1 sin cos tan sinh cosh tanh atan asinh", -P / 2),
            ("asin acos atanh", INSIDE),
            ("acosh", 1.0 + P),
            ("negative positive real conj", V),
        )
        for name in names.split()
    },
    "abs": [
        (lambda xp, x: xp.abs(x), (V,)),
        (lambda xp, x: xp.abs(xp.astype(x, as_complex(xp, x)) * (1 + 2j) + 1j), (V,)),
    ],
    "imag": [(lambda xp, x: xp.imag(xp.astype(x, as_complex(xp, x)) * (1 + 2j)) ** 2, (V,))],
    "maximum": [(lambda xp, x, y: xp.maximum(x, y), (V, P))],
    "minimum": [(lambda xp, x, y: xp.minimum(x, y), (V, P))],
    "hypot": [(lambda xp, x, y: xp.hypot(x, y), (V, P))],
    "atan2": [(lambda xp, y, x: xp.atan2(y, x), (V, P)), (lambda xp, y, x: xp.atan2(y, x), (P, V))],
    "logaddexp": [(lambda xp, x, y: xp.logaddexp(x, y), (V, P)), (lambda xp, x, y: xp.logaddexp(x, y), (V, V))],
    # Derivatives that the engine names: 1/x, 1/(1 + x), 1/sqrt(1 - x²), 1/sqrt(x² - 1) and 1/(1 - x²).
    "log_slope": [(lambda xp, x: xp.log_slope(x), (P,))],
    "log1p_slope": [(lambda xp, x: xp.log1p_slope(x), (P,))],
    "asin_slope": [(lambda xp, x: xp.asin_slope(x), (INSIDE,))],
    "asinh_slope": [(lambda xp, x: xp.asinh_slope(x), (P,))],
    "acosh_slope": [(lambda xp, x: xp.acosh_slope(x), (1.0 + P,))],
    "atan_slope": [(lambda xp, x: xp.atan_slope(x), (V,))],
    "atanh_slope": [(lambda xp, x: xp.atanh_slope(x), (INSIDE,))],
    "copysign": [(lambda xp, x, y: xp.copysign(x, y), (P, V)), (lambda xp, x, y: xp.copysign(x, y), (V, P))],
    "remainder": [(lambda xp, x, y: xp.remainder(x, y), (10 * V, P)), (lambda xp, x, y: xp.remainder(x, y), (V, -P))],
    "add": [(lambda xp, x, y: x + y, (V, P)), (lambda xp, x: 1 + x, (V,))],
    "subtract": [(lambda xp, x, y: x - y, (V, P)), (lambda xp, x: 1 - x, (V,))],
    "astype": [(lambda xp, x: xp.real(xp.astype(x, as_complex(xp, x)) ** 2), (V,))],
    "sum": [
        (lambda xp, x: xp.sum(x * x), (M,)),
        (lambda xp, x: xp.sum(x * x, axis=0), (M,)),
        (lambda xp, x: xp.sum(x * x, axis=(0, -1), keepdims=True), (M,)),
        (lambda xp, x: xp.sum(x, axis=()) ** 2, (M,)),
    ],
    "max": [(lambda xp, x: xp.max(x) ** 2, (M,)), (lambda xp, x: xp.max(x, axis=1, keepdims=True) * x, (M,))],
    "min": [(lambda xp, x: xp.min(x) ** 2, (M,)), (lambda xp, x: xp.min(x, axis=0), (M,))],
    "std": [(lambda xp, x: xp.std(x), (M,)), (lambda xp, x: xp.std(x, axis=1, correction=1, keepdims=True), (M,))],
    "var": [(lambda xp, x: xp.var(x), (M,)), (lambda xp, x: xp.var(x, axis=0, correction=0.5), (M,))],
    "mean": [(lambda xp, x: xp.mean(x * x, axis=1), (M,)), (lambda xp, x: xp.mean(x, axis=(0, 1)) ** 2, (M,))],
    "prod": [(lambda xp, x: xp.prod(x), (M,)), (lambda xp, x: xp.prod(x, axis=-1, keepdims=True), (M,))],
    "cumulative_sum": [
        (lambda xp, x: xp.cumulative_sum(x * x), (V,)),
        (lambda xp, x: xp.cumulative_sum(x * x, axis=-1, include_initial=True), (M,)),
    ],
    "reshape": [(lambda xp, x: xp.reshape(x * x, (3, 2)), (M,)), (lambda xp, x: xp.reshape(x**2, (-1,)), (M,))],
    "broadcast_to": [
        (lambda xp, x: xp.broadcast_to(x * x, (2, 3)), (V,)),
        (lambda xp, x: xp.broadcast_to(x**2, (2, 2)), (S,)),
    ],
    "permute_dims": [(lambda xp, x: xp.permute_dims(xp.reshape(x * x, (1, 2, 3)), (2, 0, -2)), (M,))],
    "matrix_transpose": [(lambda xp, x: xp.matrix_transpose(x * x), (M,))],
    "flip": [(lambda xp, x: xp.flip(x * x), (M,)), (lambda xp, x: xp.flip(x * x, axis=-1), (M,))],
    # From where it is to where it is, past the shortcut for that: other devices are for test_devices.py.
    "to_device": [(lambda xp, x: xp._to_device(x * x, x.device, x.device), (V,))],
    "roll": [
        (lambda xp, x: xp.roll(x * x, 2), (M,)),
        (lambda xp, x: xp.roll(x * x, (1, -2), axis=(0, 1)), (M,)),
        (lambda xp, x: xp.roll(x * x, 4, axis=-1), (M,)),
    ],
    "take": [
        (lambda xp, x: xp.take(x * x, xp.asarray(PICK)), (V,)),
        (lambda xp, x: xp.take(x * x, xp.asarray(PICK), axis=-1), (M,)),
        (lambda xp, x: xp.take(x * x, xp.asarray(PICK), axis=1), (np.sin(np.arange(12.0)).reshape(2, 3, 2),)),
        (lambda xp, x: xp.take(x * x, xp.asarray(PICK[:0]), axis=1), (M,)),
    ],
    "where": [(lambda xp, x, y: xp.where(xp.asarray([True, False, True]), x * x, y * y), (V, P))],
    "matmul": [
        (lambda xp, x, y: x @ y, (M, N)),
        (lambda xp, x, y: x @ y, (M, V)),
        (lambda xp, x, y: x @ y, (V, N)),
        (lambda xp, x, y: x @ y, (V, P)),
        (lambda xp, x, y: xp.reshape(x, (2, 1, 3)) @ y, (M, N)),
        (lambda xp, x, y: x @ xp.stack([y, y * y]), (V, N)),
        (lambda xp, x, y: xp.stack([x, x * x]) @ y, (M, V)),
    ],
    "tensordot": [
        (lambda xp, x, y: xp.tensordot(x, y, axes=1), (M, N)),
        (lambda xp, x, y: xp.tensordot(x, y, axes=0), (V, P)),
        (lambda xp, x, y: xp.tensordot(x, y, axes=((0, -1), (1, 0))), (M, N)),
    ],
    "vecdot": [(lambda xp, x, y: xp.vecdot(x, y), (M, V))],
    "getitem": [
        (lambda xp, x: (x * x)[1, ::-1], (M,)),
        (lambda xp, x: (x * x)[..., None, 0], (M,)),
        (lambda xp, x: (x * x)[0, None], (V,)),
        (lambda xp, x: (x * x)[xp.asarray(M > 0.6)], (M,)),
    ],
    "place": [(lambda xp, x: xp.place(xp.zeros((3, 3)), x * x, (slice(1, 3), ...)), (M,))],
    "setitem": [
        (lambda xp, x, v: xp.setitem(x * x, v * v, (slice(None), 1)), (M, S)),
        (lambda xp, x: xp.setitem(x * x, 0.5, (0, 1)), (M,)),
        (lambda xp, x: xp.setitem(x * x, 0.5, xp.asarray(M > 0.6)), (M,)),
    ],
    "asarray": [(lambda xp, x: xp.asarray(x, dtype=x.dtype) * xp.asarray(x), (V,))],
    "operators": [(lambda xp, x: abs(x) + (+x) * (-x) + x % 2.0 + x // 2.0 + x.mT @ x.T, (A + 0.1,))],
    "linalg.cofactor_along": [(lambda xp, k: xp.linalg.cofactor_along(xp.asarray(A, dtype=k.dtype), k), (A**2,))],
    "concat": [
        (lambda xp, x, y: xp.concat([x * x, y, x], axis=0), (V, P)),
        (lambda xp, x: xp.concat([x, x**2], axis=None), (M,)),
    ],
    "stack": [(lambda xp, x, y: xp.stack([x * x, y], axis=-1), (V, P))],
    "clip": [
        (lambda xp, x: xp.clip(x, -0.5, 1.0) ** 2, (V,)),
        (lambda xp, x, low, high: xp.clip(x, low, high) ** 2, (V, P - 1, P + 1)),
        (lambda xp, x, low: xp.clip(x, low) ** 2, (M, P - 1)),
        (lambda xp, x, high: xp.clip(x, None, high) ** 2, (M, S)),
    ],
    "cumulative_prod": [
        (lambda xp, x: xp.cumulative_prod(x), (np.array([2.0, 0.0, 4.0, 5.0, 0.0, -1.0]),)),
        (lambda xp, x: xp.cumulative_prod(x, axis=-1, include_initial=True), (M,)),
        (lambda xp, x: xp.cumulative_prod(x, axis=0), (N,)),
        (lambda xp, x: xp.cumulative_prod(x), (V[:1],)),
    ],
    "tile": [(lambda xp, x: xp.tile(x * x, (2, 1, 3)), (M,)), (lambda xp, x: xp.tile(x * x, (2,)), (M,))],
    "repeat": [
        (lambda xp, x: xp.repeat(x * x, 2), (M,)),
        (lambda xp, x: xp.repeat(x * x, 3, axis=1), (M,)),
        (lambda xp, x: xp.repeat(x * x, xp.asarray([2, 0, 1]), axis=-1), (M,)),
    ],
    "moveaxis": [(lambda xp, x: xp.moveaxis(xp.reshape(x * x, (1, 2, 3)), (0, 1), (-1, 0)), (M,))],
    "tril": [(lambda xp, x: xp.tril(x * x), (M,)), (lambda xp, x: xp.tril(x * x, k=-1), (N,))],
    "triu": [(lambda xp, x: xp.triu(x * x), (N,)), (lambda xp, x: xp.triu(x * x, k=1), (M,))],
    "take_along_axis": [
        (lambda xp, x: xp.take_along_axis(x * x, xp.asarray([[2, 0, 2, 1], [0, 0, 1, 1]]), axis=1), (M,)),
        (lambda xp, x: xp.take_along_axis(x * x, xp.asarray([[1], [0]])), (M,)),
    ],
    "sort": [
        (lambda xp, x: xp.sort(x, axis=0) ** 2, (M,)),
        (lambda xp, x: xp.sort(x, descending=True) ** 2, (M,)),
    ],
    "unstack": [(lambda xp, x: xp.unstack(x * x, axis=-1)[1], (M,))],
    "diff": [
        (lambda xp, x: xp.diff(x * x), (M,)),
        (lambda xp, x, y: xp.diff(x, axis=0, n=2, prepend=y * y, append=x * x), (M, M)),
        (lambda xp, x: xp.diff(x * x, n=0), (M,)),
    ],
    "meshgrid": [
        (lambda xp, x, y: xp.stack(xp.meshgrid(x * x, y)), (V, P[:2])),
        (lambda xp, x, y: xp.stack(xp.meshgrid(x * x, y, y, indexing="ij")), (V, P[:2])),
    ],
    "unique": [
        (lambda xp, x: xp.unique_values(x * x), (M,)),
        (lambda xp, x: xp.unique_all(x).values ** 2, (V,)),
        (lambda xp, x: xp.unique_counts(x).values ** 2, (V,)),
        (lambda xp, x: xp.unique_inverse(x).values ** 2, (V,)),
    ],
    "scatter": [(lambda xp, x: xp.scatter(xp.zeros((2, 2)), x * x, xp.asarray([3, 0, 3])), (V,))],
    "linalg.diagonal": [
        (lambda xp, x: xp.linalg.diagonal(x * x, offset=1), (STACK,)),
        (lambda xp, x: xp.linalg.trace(x * x), (STACK,)),
        (lambda xp, x: xp.linalg.trace(x * x, offset=-1), (M,)),
    ],
    "linalg.inv": [
        (lambda xp, x: xp.linalg.inv(x), (STACK,)),
        (lambda xp, x: xp.linalg.matrix_power(x, -2), (A,)),
        (lambda xp, x: xp.linalg.matrix_power(x, 5), (STACK,)),
        (lambda xp, x: xp.linalg.matrix_power(x, 0), (STACK,)),
    ],
    "linalg.solve": [
        (lambda xp, x, y: xp.linalg.solve(x, y), (A, P)),
        (lambda xp, x, y: xp.linalg.solve(x, y), (A, N)),
        (lambda xp, x, y: xp.linalg.solve(x, y), (STACK, N[:2])),
        (lambda xp, x, y: xp.linalg.solve(x, y), (STACK, P[:2])),
    ],
    "linalg.pinv": [
        (lambda xp, x: xp.linalg.pinv(x), (M,)),
        (lambda xp, x: xp.linalg.pinv(x), (N,)),
        (lambda xp, x: xp.linalg.pinv(x), (np.eye(2),)),
        (lambda xp, x, y: xp.linalg.pinv(xp.linalg.outer(x, y)), (P, V)),  # of rank one
    ],
    "linalg.cholesky": [
        (lambda xp, x: xp.linalg.cholesky(_symmetric(xp, x) + 2 * xp.eye(2, dtype=x.dtype)), (STACK,)),
        (lambda xp, x: xp.linalg.cholesky(_symmetric(xp, x) + 2 * xp.eye(3, dtype=x.dtype), upper=True), (A,)),
    ],
    "linalg.det": [
        (lambda xp, x: xp.linalg.det(x), (STACK,)),
        (lambda xp, x: xp.linalg.det(x), (A,)),
        (lambda xp, x: xp.linalg.det(x), (np.eye(3),)),
        (lambda xp, x: xp.linalg.det(x), (np.array([[1.0, 2.0], [2.0, 4.0]]),)),  # singular
        (lambda xp, x: xp.linalg.det(x), (np.diag([3.0, 0.0, 0.0]),)),
        (lambda xp, x: xp.linalg.det(x), (np.stack([A, np.ones((3, 3))]),)),
        (lambda xp, x: xp.linalg.det(x), (np.ones((1, 1)),)),
        (lambda xp, x: xp.linalg.det(x), (np.kron(STACK[0], STACK[1]),)),
        (lambda xp, x: xp.linalg.det(x), (np.diag([3.0, 0.0, 2.0, 0.0]),)),
    ],
    "linalg.cofactor": [(lambda xp, x: xp.linalg.cofactor(x), (A,))],
    "linalg.slogdet": [(lambda xp, x: xp.linalg.slogdet(x).logabsdet, (STACK,))],
    "linalg.eigh": [
        (lambda xp, x: xp.linalg.eigvalsh(_symmetric(xp, x)), (STACK,)),
        (lambda xp, x: xp.linalg.eigh(_symmetric(xp, x)).eigenvectors ** 2, (A,)),
        (lambda xp, x: recomposed(xp, *xp.linalg.eigh(_symmetric(xp, x))), (A,)),
    ],
    "linalg.svd": [
        (lambda xp, x: xp.linalg.svdvals(x), (STACK,)),
        (lambda xp, x: xp.linalg.svdvals(x), (N,)),
        *(
            (lambda xp, x, f=f: f(xp, *xp.linalg.svd(x, full_matrices=False)), (x,))
            for x in (M, N, A[:2, :2])
            for f in (
                lambda xp, u, s, vh: (u * xp.expand_dims(s**2, axis=0)) @ vh,
                lambda xp, u, s, vh: u[0, :] ** 2,
                lambda xp, u, s, vh: vh[:, 1] ** 2,
            )
        ),
    ],
    # Beyond the reduced ones, only the space that the vectors span is determined.
    "linalg.svd, full": [
        (lambda xp, x, i=i: _projector(xp, xp.linalg.svd(x)[i], i), (x,)) for i, x in ((0, N), (2, M), (2, N), (0, M))
    ]
    + [(lambda xp, x: xp.linalg.svd(x).S, (N,))],
    "linalg.qr, complete": [
        (lambda xp, x: _projector(xp, xp.linalg.qr(x, mode="complete").Q, 0), (N,)),
        (lambda xp, x: xp.linalg.qr(x, mode="complete").Q[:, :2], (N,)),
        (lambda xp, x: xp.linalg.qr(x, mode="complete").R, (N,)),
        (lambda xp, x: xp.linalg.qr(x, mode="complete").Q, (M,)),
    ],
    "linalg.qr": [(lambda xp, x, i=i: xp.linalg.qr(x)[i], (x,)) for i in (0, 1) for x in (A, M, N, STACK)],
    "linalg.power_norm": [
        *((lambda xp, x, kind=kind: xp.linalg.vector_norm(x, ord=kind), (M,)) for kind in NORMS),
        (lambda xp, x: xp.linalg.vector_norm(x, axis=0), (M,)),
        (lambda xp, x: xp.linalg.vector_norm(x, axis=(0, -1), keepdims=True, ord=3) * x, (M,)),
        *(
            (lambda xp, x, kind=kind: xp.linalg.matrix_norm(x, ord=kind), (x,))
            for kind in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
            for x in (A, M)
        ),
        (lambda xp, x: xp.linalg.matrix_norm(x, keepdims=True, ord="nuc") * x, (STACK,)),
    ],
    "linalg.outer": [(lambda xp, x, y: xp.linalg.outer(x, y), (V, P[:2]))],
    "linalg.cross": [
        (lambda xp, x, y: xp.linalg.cross(x, y), (M, V)),
        (lambda xp, x, y: xp.linalg.cross(x, y, axis=-2), (N, N**2)),
    ],
    **{
        f"fft.{name}": [
            (lambda xp, x, name=name, o=o: _parts(xp, getattr(xp.fft, name)(_input(xp, name, x), **o)), (M,))
            for o in options
        ]
        for names, options in (("fft ifft rfft irfft hfft ihfft", ONE_AXIS), ("fftn ifftn rfftn irfftn", AXES))
        for name in names.split()
    },
    "fft.fftshift": [
        (lambda xp, x: _parts(xp, xp.fft.fftshift(_input(xp, "fft", x))), (M,)),
        (lambda xp, x: _parts(xp, xp.fft.ifftshift(_input(xp, "fft", x), axes=1)), (M,)),
    ],
    "squeeze": [(lambda xp, x: xp.squeeze(xp.expand_dims(x * x, axis=1), 1), (M,))],
    "broadcast_arrays": [(lambda xp, x, y: xp.broadcast_arrays(x * x, y)[0] * y, (V, M))],
}
# Integer arrays beside slices or on the left of an assignment, arrays to fill with: beyond the standard.
CASES_OF_NUMPY = {
    "full_like": (lambda xp, x, y: xp.full_like(x, xp.sum(y * y)), (M, V)),
    "imag-of-real": (lambda xp, x: xp.imag(x) + x, (V,)),
    "std-of-complex": (lambda xp, x: xp.std(xp.astype(x, xp.complex128) ** 2 * (1 + 2j) + x * 1j), (V,)),
    "var-of-complex": (lambda xp, x: xp.var(xp.astype(x, xp.complex128) ** 2 * (1 + 2j)), (V,)),
    "sign-of-complex": (lambda xp, x: xp.imag(xp.sign(xp.astype(x, xp.complex128) + 1j)), (V,)),
    "getitem-repeated": (lambda xp, x: (x * x)[np.array([0, 1, 0]), np.array([2, 2, 2])], (M,)),
    "setitem-repeated": (lambda xp, x, v: xp.setitem(x * x, v * v, PICK), (V, P)),
    "setitem-mask": (lambda xp, x, v: xp.setitem(x * x, v * v, M > 0.6), (M, P)),
    "place-repeated": (lambda xp, x: xp.place(np.zeros(3), x * x, PICK), (V,)),
}

# Complex numbers, on NumPy.
TWO_ARGUMENTS = ["add", "subtract", "multiply", "divide", "pow", "matmul", "vecdot"]
ONE_ARGUMENT = ["reciprocal", "square", "sqrt", "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan"]
ONE_ARGUMENT += ["asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sum", "prod", "mean"]
NOT_HOLOMORPHIC = ["abs", "real", "imag", "conj", "sign", "std", "var"]
Z, W = np.array([0.3 + 0.4j, -0.8 + 0.2j, 1.1 - 0.6j]), np.array([0.7 - 0.5j, 0.4 + 1.1j, 1.3 + 0.2j])


def _hermitian(x):
    return (x + NUMPY.conj(NUMPY.matrix_transpose(x))) / 2


def _adjoint(x):
    return NUMPY.conj(NUMPY.matrix_transpose(x))


def _complex_projector(q):
    return q @ _adjoint(q)


def _decomposed(name, f, of=lambda x: x, **options):
    return lambda x: f(*getattr(NUMPY.linalg, name)(of(x), **options))


# In vectors only what does not depend on their free phases has a derivative.
_SVD = functools.partial(_decomposed, "svd", full_matrices=False)
_SLOGDET, _QR, _EIGH = (functools.partial(_decomposed, name) for name in ("slogdet", "qr", "eigh"))
_RANDOM = np.random.default_rng(3)
Z33, Z42, Z24, Z233 = (
    _RANDOM.normal(size=shape) + 1j * _RANDOM.normal(size=shape) for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 3))
)
SINGULAR = Z33 @ np.diag([1.0, 1.0, 0.0]) @ np.conj(Z33)
COMPLEX_CASES = {
    "cumulative_prod": [(NUMPY.cumulative_prod, (np.array([1 + 1j, 0, 2 - 1j, 0.5j]),))],
    "sorted": [(lambda x: NUMPY.take_along_axis(x, np.array([[1, 1], [0, 0]]), axis=0), (Z42,))],
    "unique": [(NUMPY.unique_values, (Z42,))],
    "diff": [(lambda x: NUMPY.diff(x, axis=0, n=2), (Z42,)), (lambda x: NUMPY.tril(x, k=1), (Z33,))],
    "mixed": [(lambda x: NUMPY.add(NUMPY.real(x), x) * NUMPY.imag(x), (Z42,))],
    "products": [
        (lambda x, y: NUMPY.tensordot(x, y, axes=1), (Z42, Z24)),
        (NUMPY.linalg.cross, (Z33, Z233)),
        (NUMPY.linalg.outer, (Z, W)),
    ],
    "inv": [(NUMPY.linalg.inv, (Z233,)), (lambda x: NUMPY.linalg.matrix_power(x, -2), (Z33,))],
    "solve": [(NUMPY.linalg.solve, (Z33, Z)), (NUMPY.linalg.solve, (Z233, Z33))],
    "pinv": [(NUMPY.linalg.pinv, (x,)) for x in (Z42, Z24, Z33)],
    "det": [(NUMPY.linalg.det, (x,)) for x in (Z233, SINGULAR, np.outer(Z, W), np.kron(Z33[:2, :2], Z33[1:, 1:]))],
    "slogdet": [(_SLOGDET(lambda sign, log: sign * NUMPY.exp(NUMPY.astype(log, sign.dtype))), (Z33,))],
    "cholesky": [
        (lambda x, upper=upper: NUMPY.linalg.cholesky(_hermitian(x) + 6 * np.eye(3), upper=upper), (Z33,))
        for upper in (False, True)
    ],
    "eigh": [
        (lambda x: NUMPY.linalg.eigvalsh(_hermitian(x)), (Z33,)),
        (_EIGH(lambda w, v: NUMPY.abs(v) ** 2, of=_hermitian), (Z33,)),
        (_EIGH(lambda w, v: (v * NUMPY.exp(w)[None, :]) @ _adjoint(v), of=_hermitian), (Z33,)),
    ],
    "svd": [
        (f, (x,))
        for x in (Z42, Z24, Z33)
        for f in (
            NUMPY.linalg.svdvals,
            _SVD(lambda u, s, vh: NUMPY.abs(u) ** 2),
            _SVD(lambda u, s, vh: NUMPY.abs(vh) ** 2),
            _SVD(lambda u, s, vh: (u * (s**2)[None, :]) @ vh),
        )
    ],
    "full svd": [
        (lambda x: _complex_projector(NUMPY.linalg.svd(x).U[:, 2:]), (Z42,)),
        (lambda x: _complex_projector(_adjoint(NUMPY.linalg.svd(x).Vh)[:, 2:]), (Z24,)),
    ],
    "complete qr": [
        (lambda x: _complex_projector(NUMPY.linalg.qr(x, mode="complete").Q[:, 2:]), (Z42,)),
        (lambda x: NUMPY.linalg.qr(x, mode="complete").R, (Z42,)),
    ],
    "qr": [(f, (x,)) for x in (Z42, Z24, Z33) for f in (_QR(lambda q, r: q), _QR(lambda q, r: r))],
    "norms": [
        *((lambda x, kind=kind: NUMPY.linalg.vector_norm(x, ord=kind, axis=0), (Z42,)) for kind in NORMS),
        *((lambda x, kind=kind: NUMPY.linalg.matrix_norm(x, ord=kind), (Z24,)) for kind in ("fro", "nuc", 2, -2, 1)),
    ],
    "fft": [
        (lambda x, name=name, o=o: getattr(NUMPY.fft, name)(x, **o), (Z24,))
        for names, options in (("fft ifft irfft hfft", ONE_AXIS), ("fftn ifftn irfftn", AXES))
        for name in names.split()
        for o in options
    ],
}
