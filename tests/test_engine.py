"""The NumPy engine: every rule against finite differences, the kinks of the convention, depth and memory."""

import functools
import gc
import math

import array_api_compat.numpy
import array_api_strict
import numpy as np
import pytest

import multigrad
from multigrad.engine import TracedNamespace, Tracer, rules, vjp

NUMPY = TracedNamespace(array_api_compat.numpy)
STRICT = TracedNamespace(array_api_strict)


def value_and_pullback(xp, f, *primals):
    (out,), pull, _ = vjp(xp, lambda *p: ((f(*p),), ()), primals)
    return out, lambda g: pull((g,))


def gradient(xp, f, *primals):
    """Return the gradients of Σ weights · f, with weights that differ from element to element."""
    out, pull = value_and_pullback(xp, f, *primals)
    return pull(xp.asarray(weights(out)))


def weights(out):
    return 1.0 + 0.1 * np.arange(math.prod(out.shape)).reshape(out.shape)


def differences(f, primals):
    """Return the gradients of Σ weights · f by central differences, extrapolated twice: about eleven digits."""

    def total(*arrays):
        out = np.asarray(f(*arrays))
        return np.sum(weights(out) * out)

    def slope(i, at):
        def moved(shift):
            arrays = [np.array(p, dtype=np.float64) for p in primals]
            arrays[i][at] += shift
            return total(*arrays)

        d = [(moved(h) - moved(-h)) / (2 * h) for h in (4e-3, 2e-3, 1e-3)]
        d = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
        return (16 * d[1] - d[0]) / 15

    grads = [np.zeros(np.shape(p)) for p in primals]
    for i, grad in enumerate(grads):
        for at in np.ndindex(grad.shape):
            grad[at] = slope(i, at)
    return grads


def check(xp, f, primals):
    """Compare first and second derivatives of ``f(xp, *arrays)`` with finite differences."""
    arrays = [xp.asarray(p) for p in primals]
    first = gradient(xp, lambda *p: f(xp, *p), *arrays)
    for found, expected in zip(first, differences(lambda *p: f(xp, *map(xp.asarray, p)), primals), strict=True):
        assert found.shape == expected.shape
        assert found.dtype == xp.float64
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-8, atol=1e-9)

    def along(*p):
        """Sum the gradient against fixed directions: a function of the primals again."""
        parts = gradient(xp, lambda *q: f(xp, *q), *p)
        directions = [xp.asarray(np.cos(1.0 + np.arange(g.size)).reshape(g.shape)) for g in parts]
        total = 0.0
        for part, direction in zip(parts, directions, strict=True):
            total = xp.add(xp.sum(xp.multiply(part, direction)), total)
        return total

    second = gradient(xp, along, *arrays)
    for found, expected in zip(second, differences(lambda *p: along(*map(xp.asarray, p)), primals), strict=True):
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-7, atol=1e-8)


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


def _recomposed(xp, values, vectors):
    return (vectors * xp.expand_dims(xp.exp(values), axis=0)) @ xp.matrix_transpose(vectors)


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
    "roll": [
        (lambda xp, x: xp.roll(x * x, 2), (M,)),
        (lambda xp, x: xp.roll(x * x, (1, -2), axis=(0, 1)), (M,)),
        (lambda xp, x: xp.roll(x * x, 4, axis=-1), (M,)),
    ],
    "take": [
        (lambda xp, x: xp.take(x * x, xp.asarray(PICK)), (V,)),
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
    "setitem": [(lambda xp, x, v: xp.setitem(x * x, v * v, (slice(None), 1)), (M, S))],
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
    ],
    "linalg.cofactor": [(lambda xp, x: xp.linalg.cofactor(x), (A,))],
    "linalg.slogdet": [(lambda xp, x: xp.linalg.slogdet(x).logabsdet, (STACK,))],
    "linalg.eigh": [
        (lambda xp, x: xp.linalg.eigvalsh(_symmetric(xp, x)), (STACK,)),
        (lambda xp, x: xp.linalg.eigh(_symmetric(xp, x)).eigenvectors ** 2, (A,)),
        (lambda xp, x: _recomposed(xp, *xp.linalg.eigh(_symmetric(xp, x))), (A,)),
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
    "take-along-the-last-axis": (lambda xp, x: xp.take(x * x, xp.asarray(PICK), axis=-1), (M,)),
    "getitem-repeated": (lambda xp, x: (x * x)[np.array([0, 1, 0]), np.array([2, 2, 2])], (M,)),
    "setitem-repeated": (lambda xp, x, v: xp.setitem(x * x, v * v, PICK), (V, P)),
    "setitem-mask": (lambda xp, x, v: xp.setitem(x * x, v * v, M > 0.6), (M, P)),
    "place-repeated": (lambda xp, x: xp.place(np.zeros(3), x * x, PICK), (V,)),
}
parametrize_cases = pytest.mark.parametrize(
    ("f", "primals"),
    [pytest.param(*case, id=f"{name}-{i}") for name, cases in CASES.items() for i, case in enumerate(cases)],
)


def test_every_rule_has_a_case():
    extensions = {f"linalg.{name}" for name in (*rules.LINALG, *rules.TUPLES)} | {f"fft.{name}" for name in rules.FFT}
    # The derivative of cofactors along a matrix is that of det in second order, tested at singular matrices.
    assert {*rules.SLOPES, *rules.PULLBACKS, *rules.VARIADIC, *extensions} - {"linalg.cofactor_along"} <= set(CASES)


@parametrize_cases
def test_rules_over_numpy(f, primals):
    check(NUMPY, f, primals)


@parametrize_cases
def test_rules_over_array_api_strict(f, primals):
    check(STRICT, f, primals)


@parametrize_cases
def test_rules_keep_single_precision(f, primals):
    primals = [np.asarray(p, dtype=np.float32) for p in primals]
    out, pull = value_and_pullback(NUMPY, lambda *p: f(NUMPY, *p), *primals)
    assert out.dtype == np.float32
    assert [g.dtype for g in pull(np.ones_like(out))] == [np.float32] * len(primals)


@pytest.mark.parametrize(("f", "primals"), CASES_OF_NUMPY.values(), ids=CASES_OF_NUMPY)
def test_rules_beyond_the_standard(f, primals):
    check(NUMPY, f, primals)


@pytest.mark.parametrize("name", ["slope", "pullback", "second"])
def test_a_wrong_rule_is_caught(monkeypatch, name):
    if name == "slope":
        monkeypatch.setitem(rules.SLOPES, "tanh", (lambda xp, out, x: 1 - out,))
    elif name == "pullback":
        monkeypatch.setitem(rules.PULLBACKS, "flip", (lambda xp, g, out, x, axis=None: g,))
    else:  # right in first order, a constant to the second
        monkeypatch.setitem(rules.SLOPES, "exp", (lambda xp, out, x: np.exp(_value(x)),))
    wrong = TracedNamespace(array_api_compat.numpy)
    f, primals = CASES[{"slope": "tanh", "pullback": "flip", "second": "exp"}[name]][0]
    with pytest.raises(AssertionError, match="Not equal"):
        check(wrong, f, primals)


def _value(x):
    while isinstance(x, Tracer):
        x = x.value
    return x


BINARY = ["add", "subtract", "multiply", "divide", "pow", "maximum", "minimum"]
BINARY += ["hypot", "atan2", "logaddexp", "copysign", "remainder"]
BROADCAST = [((3, 1), (4,)), ((), (3,)), ((2, 3), (1, 3)), ((), ()), ((2, 1, 2), (3, 1))]


@pytest.mark.parametrize("shapes", BROADCAST, ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_broadcast_operands_get_summed_cotangents(name, shapes):
    generator = np.random.default_rng(7)
    primals = [generator.uniform(0.5, 2.0, shape) for shape in shapes]
    check(NUMPY, lambda xp, x, y: getattr(xp, name)(x, y), primals)


@pytest.mark.parametrize("name", [*BINARY, "sin", "abs", "sqrt"])
def test_empty_arrays_have_empty_gradients(name):
    count = 2 if name in BINARY else 1
    primals = [np.ones((0, 3)), np.ones(3)][:count]
    grads = gradient(NUMPY, getattr(NUMPY, name), *primals)
    assert [g.shape for g in grads] == [p.shape for p in primals]
    assert all(np.all(g == 0.0) for g in grads)


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


TWO_ARGUMENTS = ["add", "subtract", "multiply", "divide", "pow", "matmul", "vecdot"]
ONE_ARGUMENT = ["reciprocal", "square", "sqrt", "exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan"]
ONE_ARGUMENT += ["asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sum", "prod", "mean"]
NOT_HOLOMORPHIC = ["abs", "real", "imag", "conj", "sign", "std", "var"]
Z, W = np.array([0.3 + 0.4j, -0.8 + 0.2j, 1.1 - 0.6j]), np.array([0.7 - 0.5j, 0.4 + 1.1j, 1.3 + 0.2j])


@pytest.mark.parametrize("name", TWO_ARGUMENTS + ONE_ARGUMENT + NOT_HOLOMORPHIC)
def test_complex_pairing(name):
    """Re⟨ct, J t⟩ = Re⟨pullback(ct), t⟩, with J t by central differences along t."""
    primals = (Z, W) if name in TWO_ARGUMENTS else (Z,)
    function = getattr(NUMPY, name)
    out, pull = value_and_pullback(NUMPY, function, *primals)
    generator = np.random.default_rng(11)

    def random(shape):
        return generator.normal(size=shape) + 1j * generator.normal(size=shape)

    cotangent = np.asarray(random(out.shape), dtype=np.complex128)
    cotangent = cotangent if np.iscomplexobj(out) else cotangent.real
    tangents = [random(p.shape) for p in primals]

    def moved(h):
        return function(*(p + h * t for p, t in zip(primals, tangents, strict=True)))

    steps = [(moved(h) - moved(-h)) / (2 * h) for h in (2e-3, 1e-3)]
    along = (4 * steps[1] - steps[0]) / 3
    grads = pull(cotangent)
    assert [g.dtype for g in grads] == [np.complex128] * len(grads)
    left = np.real(np.sum(np.conj(cotangent) * along))
    right = sum(np.real(np.sum(np.conj(g) * t)) for g, t in zip(grads, tangents, strict=True))
    np.testing.assert_allclose(right, left, rtol=1e-8)


def _hermitian(x):
    return (x + NUMPY.conj(NUMPY.matrix_transpose(x))) / 2


def _adjoint(x):
    return NUMPY.conj(NUMPY.matrix_transpose(x))


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
    "det": [(NUMPY.linalg.det, (x,)) for x in (Z233, SINGULAR, np.outer(Z, W))],
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


@pytest.mark.parametrize(
    ("f", "primals"),
    [pytest.param(*case, id=f"{name}-{i}") for name, cases in COMPLEX_CASES.items() for i, case in enumerate(cases)],
)
def test_complex_rules_in_first_and_second_order(f, primals):
    generator = np.random.default_rng(11)

    def random(like):
        values = generator.normal(size=like.shape) + 1j * generator.normal(size=like.shape)
        return values if np.iscomplexobj(like) else values.real

    def check_pairing(f):
        """Re⟨ct, J t⟩ = Re⟨pullback(ct), t⟩, with J t by central differences along t."""
        out, pull = value_and_pullback(NUMPY, f, *primals)
        cotangent, tangents = random(np.asarray(out)), [random(p) for p in primals]

        def moved(h):
            return np.asarray(f(*(p + h * t for p, t in zip(primals, tangents, strict=True))))

        steps = [(moved(h) - moved(-h)) / (2 * h) for h in (4e-3, 2e-3, 1e-3)]
        steps = [(4 * steps[1] - steps[0]) / 3, (4 * steps[2] - steps[1]) / 3]
        along = (16 * steps[1] - steps[0]) / 15
        right = sum(np.real(np.sum(np.conj(g) * t)) for g, t in zip(pull(cotangent), tangents, strict=True))
        np.testing.assert_allclose(right, np.real(np.sum(np.conj(cotangent) * along)), rtol=1e-7, atol=1e-8)

    check_pairing(f)
    cotangent = random(np.asarray(f(*primals)))
    directions = [random(p) for p in primals]

    def gradient_along(*p):
        grads = value_and_pullback(NUMPY, f, *p)[1](cotangent)
        parts = [NUMPY.real(NUMPY.sum(NUMPY.multiply(g, d))) for g, d in zip(grads, directions, strict=True)]
        return NUMPY.stack(parts)

    check_pairing(gradient_along)


def at(f, *values):
    """Return the gradients of the sum of f through the public operator, as flat lists."""
    values = [np.asarray(v, dtype=np.float64) for v in values]
    argnums = tuple(range(len(values)))
    grads = multigrad.gradient(lambda *a: multigrad.xp.sum(f(*a)), argnums, backend="numpy")(*values)
    return [g.reshape(-1).tolist() for g in grads]


xp, inf, nan = multigrad.xp, math.inf, math.nan
COUNT = np.arange(1.0, 5.0)
KINKS = {
    "abs-at-0": (abs, ([0.0, -0.0, nan],), [[0, 0, nan]]),
    "maximum-tie": (xp.maximum, ([1.0, 2.0, nan, 1.0], [1.0, 1.0, 1.0, nan]), [[0.5, 1, nan, nan], [0.5, 0, nan, nan]]),
    "minimum-tie": (xp.minimum, ([1.0, 2.0, nan], [1.0, 1.0, 1.0]), [[0.5, 0, nan], [0.5, 1, nan]]),
    "clip-at-bounds": (lambda x: xp.clip(x, 0.0, 1.0), ([0.0, 0.5, 1.0, 2.0],), [[0.5, 1, 0.5, 0]]),
    "max-tie": (xp.max, ([3.0, 1.0, 3.0, 3.0],), [[1 / 3, 0, 1 / 3, 1 / 3]]),
    "min-tie": (xp.min, ([1.0, 1.0, 3.0],), [[0.5, 0.5, 0]]),
    "sqrt-at-0": (xp.sqrt, ([0.0, -0.0],), [[inf, inf]]),
    "sqrt-outside": (xp.sqrt, ([-1.0],), [[nan]]),
    "pow-0-0": (xp.pow, ([0.0], [0.0]), [[0], [0]]),
    "pow-in-x-at-0": (xp.pow, ([nan, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 3.0]), [[0, 1, 0, 0], [nan, 0, 0, 0]]),
    "pow-in-y-at-0": (xp.pow, ([0.0, -2.0], [-1.0, 3.0]), [[-inf, 12], [-inf, nan]]),
    "power-of-number": (lambda x: x**2 + x**3, ([0.0],), [[0]]),
    "hypot-0-0": (xp.hypot, ([0.0, 3e200], [0.0, 4e200]), [[0, 0.6], [0, 0.8]]),
    "atan2-0-0": (xp.atan2, ([0.0], [0.0]), [[0], [0]]),
    "logaddexp-tie": (xp.logaddexp, ([1.0, 1000.0], [1.0, 0.0]), [[0.5, 1], [0.5, 0]]),
    "std-constant": (xp.std, ([2.0, 2.0, 2.0],), [[0, 0, 0]]),
    "copysign-0": (xp.copysign, ([0.0, 2.0], [1.0, -1.0]), [[0, -1], [0, 0]]),
    "prod-one-zero": (xp.prod, ([2.0, 0.0, 4.0],), [[0, 8, 0]]),
    "prod-two-zeros": (xp.prod, ([2.0, 0.0, 0.0],), [[0, 0, 0]]),
    "prod-nan": (xp.prod, ([1.0, nan, 2.0],), [[nan, 2, nan]]),
    "log-at-0": (xp.log, ([0.0, -0.0, -1.0],), [[inf, inf, nan]]),
    "log2-at-0": (lambda x: xp.log2(x) + xp.log10(x), ([0.0, -0.0],), [[inf, inf]]),
    "log1p-at-the-border": (xp.log1p, ([-1.0, -2.0],), [[inf, nan]]),
    "asin-at-1": (xp.asin, ([1.0, 2.0],), [[inf, nan]]),
    "acosh-outside": (xp.acosh, ([0.5, 1.0],), [[nan, inf]]),
    "atanh-outside": (xp.atanh, ([2.0, 1.0],), [[nan, inf]]),
    "division-by-the-number-0": (lambda x: x / 0.0, ([1.0, 0.0],), [[inf, inf]]),
    "pole": (lambda x: 1 / x, ([0.0],), [[-inf]]),
    **{f.__name__: (f, ([0.0, 1.5, nan],), [[0, 0, 0]]) for f in (xp.sign, xp.floor, xp.ceil, xp.round, xp.trunc)},
    "floor-divide": (lambda x: x // 2.0, ([3.0, nan],), [[0, 0]]),
    "comparison": (lambda x: xp.astype(x > 1.0, xp.float64), ([1.0, nan],), [[0, 0]]),
    "clip-between-equal-bounds": (
        xp.clip,
        ([1.0, 2.0, 0.5, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 2.0]),
        [[0, 0, 0, 0.5], [0.5, 0, 0.5, 0.5], [0.5, 1, 0.5, 0]],
    ),
    "clip-between-equal-numbers": (lambda x: xp.clip(x, 1.0, 1.0), ([1.0, 0.0, 2.0],), [[0, 0, 0]]),
    "sort-ties": (lambda x: xp.sort(x) * COUNT, ([1.0, 0.0, 1.0, 0.0],), [[3, 1, 4, 2]]),
    "sort-ties-descending": (lambda x: xp.sort(x, descending=True) * COUNT, ([1.0, 0.0, 1.0, 0.0],), [[1, 3, 2, 4]]),
    "unique-ties": (lambda x: xp.unique_values(x) * COUNT[:2], ([1.0, 0.0, 1.0, 0.0],), [[2, 1, 0, 0]]),
    "cumulative_prod-zero": (xp.cumulative_prod, ([2.0, 0.0, 4.0, 5.0],), [[1, 50, 0, 0]]),
    "nextafter": (xp.nextafter, ([1.0, nan], [2.0, 1.0]), [[0, 0], [0, 0]]),
    "searchsorted": (lambda x: xp.searchsorted(x, COUNT), ([1.0, 2.0],), [[0, 0]]),
    "argsort": (xp.argsort, ([1.0, 2.0],), [[0, 0]]),
    "count_nonzero": (xp.count_nonzero, ([1.0, 0.0],), [[0, 0]]),
    "nonzero": (lambda x: xp.nonzero(x)[0], ([1.0, 0.0],), [[0, 0]]),
    **{
        f"vector_norm-at-0-ord-{kind}": (
            lambda x, kind=kind: xp.linalg.vector_norm(x, ord=kind),
            ([0.0] * 3,),
            [[0] * 3],
        )
        for kind in NORMS
    },
    **{
        f"matrix_norm-at-0-ord-{kind}": (
            lambda x, kind=kind: xp.linalg.matrix_norm(x, ord=kind),
            ([[0.0] * 2] * 2,),
            [[0] * 4],
        )
        for kind in ("fro", "nuc", 1, -1, 2, -2, inf, -inf)
    },
    "svdvals-zero": (lambda x: xp.linalg.svdvals(x) * COUNT[:2], ([[1.0, 2.0], [2.0, 4.0]],), [[0.2, 0.4, 0.4, 0.8]]),
    "svdvals-tied": (lambda x: xp.linalg.svdvals(x) * COUNT[:2], (np.eye(2),), [[1.5, 0, 0, 1.5]]),
    "eigvalsh-tied": (lambda x: xp.max(xp.linalg.eigvalsh(x)), (np.eye(2),), [[0.5, 0, 0, 0.5]]),
    "eigvalsh-symmetrized": (lambda x: xp.linalg.eigvalsh(x) ** 2, ([[2.0, 1.0], [1.0, 5.0]],), [[4, 2, 2, 10]]),
    "eigenvectors-of-identity": (
        lambda x: _recomposed(xp, *xp.linalg.eigh(x)),
        (np.eye(2),),
        [[nan] * 4],
    ),
    "det-singular": (xp.linalg.det, ([[1.0, 2.0], [2.0, 4.0]],), [[4, -2, -2, 1]]),
    "slogdet-singular": (lambda x: xp.linalg.slogdet(x)[1], ([[1.0, 2.0], [2.0, 4.0]],), [[nan] * 4]),
    "slogdet-sign": (lambda x: xp.linalg.slogdet(x)[0], ([[1.0, 2.0], [2.0, 1.0]],), [[0] * 4]),
    "pinv-of-identity": (lambda x: xp.linalg.pinv(x) * COUNT[:2], (np.eye(2),), [[-1, -2, -1, -2]]),
    "cholesky-indefinite": (xp.linalg.cholesky, ([[1.0, 2.0], [2.0, 1.0]],), [[nan] * 4]),
    # One singular matrix spoils no other of the stack.
    "inv-singular": (xp.linalg.inv, ([np.ones((2, 2)), np.diag([1.0, 2.0])],), [[nan] * 4 + [-1, -0.5, -0.5, -0.25]]),
    "solve-singular": (xp.linalg.solve, (np.ones((2, 2)), [1.0, 2.0]), [[nan] * 4, [nan] * 2]),
    "masked-branch": (lambda x: xp.where(x > 0, xp.sqrt(x), 0.0), ([0.0],), [[nan]]),
    "where-nan": (lambda x, y: xp.where(x > 0, x, y), ([1.0, -1.0], [nan, 1.0]), [[1, 0], [0, 1]]),
    "multiply-nan": (lambda x, y: x * y, ([nan, 2.0], [3.0, nan]), [[3, nan], [nan, 2]]),
    "huge-divide": (lambda x, y: x / y, ([1e300], [1e200]), [[1e-200], [-1e-100]]),
    "huge-asinh": (xp.asinh, ([1e200],), [[1e-200]]),
    "huge-acosh": (xp.acosh, ([1e200],), [[1e-200]]),
}


@pytest.mark.parametrize(("f", "values", "expected"), KINKS.values(), ids=KINKS)
def test_kinks_and_borders_follow_the_convention(f, values, expected):
    for found, wanted in zip(at(f, *values), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(
    ("f", "point", "expected"),
    [
        (abs, 0.0, 0.0),
        (lambda x: xp.sqrt(x * x), 2.0, 0.0),
        (lambda x: x**2, 0.0, 2.0),
        (lambda x: x**3, 0.0, 0.0),
        (lambda x: x**1, 0.0, 0.0),
        (lambda x: x**0, 0.0, 0.0),
        (lambda x: xp.pow(x, xp.asarray(2.0)), 0.0, 2.0),
        (lambda x: xp.prod(xp.stack([x, x, xp.asarray(3.0)])), 0.0, 6.0),
        (lambda x: xp.hypot(x, xp.asarray(0.0)), 0.0, 0.0),
        (lambda x: xp.logaddexp(x, xp.asarray(1.0)), 1.0, 0.25),
        (lambda x: xp.copysign(x * x, xp.asarray(-1.0)), 3.0, -2.0),
        (lambda x: xp.maximum(x * x, x), 1.0, 1.0),
    ],
    ids=["abs", "sqrt", "x^2", "x^3", "x^1", "x^0", "pow-array", "prod", "hypot", "logaddexp", "copysign", "maximum"],
)
def test_second_derivatives_at_kinks(f, point, expected):
    second = multigrad.gradient(multigrad.gradient(f), backend="numpy")
    assert float(second(point)) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("length", [20_000, 200_000])
def test_deep_chains_need_no_recursion(length):
    def f(x):
        for _ in range(length):
            x = x + 1.0
        return x * x

    value, pullback = multigrad.vjp(f, 1.0, backend="numpy")
    assert float(value) == (length + 1.0) ** 2
    assert float(pullback(1.0)[0]) == 2.0 * (length + 1)


def test_deep_chains_in_second_order():
    def f(x):
        y = x * x
        for _ in range(20_000):
            y = y * 1.0
        return y * x

    assert float(multigrad.gradient(multigrad.gradient(f), backend="numpy")(3.0)) == 18.0


def test_shared_nodes_are_visited_once():
    def f(x):
        for _ in range(60):  # 2^60 paths
            x = x + x
        return x

    assert float(multigrad.gradient(f, backend="numpy")(1.0)) == 2.0**60


@pytest.mark.parametrize("order", [1, 2])
def test_no_reference_cycles_are_left(order):
    f = lambda x: multigrad.xp.sum(multigrad.xp.sin(x[::-1]) * x**2)  # noqa: E731
    g = f if order == 1 else lambda x: multigrad.xp.sum(multigrad.gradient(f)(x) ** 2)
    x = np.ones(3)
    multigrad.gradient(g, backend="numpy")(x)  # fill the caches first
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        multigrad.gradient(g, backend="numpy")(x)
        gc.collect()
        left = [item for item in gc.garbage if isinstance(item, np.ndarray | Tracer) or "multigrad" in str(type(item))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == []


@pytest.mark.parametrize(
    ("name", "f"),
    [
        ("linalg.svd", lambda xp, x: xp.linalg.svd(x).S),
        ("linalg.qr", lambda xp, x: xp.linalg.qr(x, mode="complete").Q),
        ("linalg.eig", lambda xp, x: xp.linalg.eig(x[:2, :])),
        ("from_dlpack", lambda xp, x: xp.from_dlpack(x)),
    ],
)
def test_rules_that_are_missing_say_so(name, f):
    with pytest.raises(NotImplementedError, match=name):
        gradient(NUMPY, lambda x: f(NUMPY, x), N)
