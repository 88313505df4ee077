"""Linear algebra, at regular points from mpmath's decompositions, at singular and degenerate ones written out."""

import functools
import math

import mpmath as mp
import numpy as np

from .truth import edge, smooth

INF, NAN = math.inf, math.nan
_A = [[3.0, 1.0, -0.5], [0.5, 2.0, 1.0], [-1.0, 0.25, 4.0]]
_SMALL = [[2.0, 1.0], [-1.0, 3.0]]
_TALL = [[3.0, 1.0], [0.5, -2.0], [-1.0, 0.25]]
_SPD = [[4.0, 1.0, 0.5], [1.0, 3.0, -0.5], [0.5, -0.5, 2.0]]
_Z = [[3.0 + 1j, 1.0 + 0j], [0.5 - 1j, -2.0 + 0.5j]]
_H = [[4.0 + 0j, 1.0 - 0.5j], [1.0 + 0.5j, 2.0 + 0j]]
_SINGULAR = [[1.0, 2.0], [2.0, 4.0]]
_EYE = [[1.0, 0.0], [0.0, 1.0]]
_ZERO = [[0.0, 0.0], [0.0, 0.0]]
# What needs a decomposition is conditioned like its gaps: a few dozen eps.
_LOOSE = 64.0


def _matrix(x):
    return mp.matrix(x.tolist())


def _array(x):
    return np.asarray(x.tolist(), dtype=object)


def _leibniz(x):
    """Return the determinant as the polynomial that it is."""
    if len(x) == 1:
        return x[0, 0]
    minors = (np.delete(x[1:], k, axis=1) for k in range(len(x)))
    return mp.fsum((-1) ** k * x[0, k] * _leibniz(minor) for k, minor in enumerate(minors))


def _inv(x):
    return _array(_matrix(x) ** -1)


def _hermitian(x):
    return (x + np.vectorize(mp.conj, otypes=[object])(x.T)) / 2


def _cholesky(x):
    return _array(mp.cholesky(_matrix(_hermitian(x))))


def _eigh(x):
    values, vectors = mp.eighe(_matrix(_hermitian(x)))
    return np.asarray(list(values), dtype=object), _array(vectors)


def _eigvalsh(x):
    return np.asarray([mp.re(v) for v in _eigh(x)[0]], dtype=object)


def _svdvals(x):
    # Of a 2-column matrix: the roots of the eigenvalues of XᴴX.
    gram = np.vectorize(mp.conj, otypes=[object])(x.T) @ x
    return np.asarray([mp.sqrt(v) for v in reversed(_eigvalsh(gram))], dtype=object)


def _pinv(x):
    h = np.vectorize(mp.conj, otypes=[object])(x.T)
    return _inv(h @ x) @ h if x.shape[0] >= x.shape[1] else h @ _inv(x @ h)


def _squared(x):
    return np.vectorize(lambda v: abs(v) ** 2, otypes=[object])(x)


def _gram_schmidt(x):
    """Return q and r with a positive diagonal of r."""
    q, r = np.array(x), np.full((x.shape[1],) * 2, mp.mpf(0), dtype=object)
    for j in range(x.shape[1]):
        for i in range(j):
            r[i, j] = sum(mp.conj(a) * b for a, b in zip(q[:, i], x[:, j], strict=True))
            q[:, j] = q[:, j] - q[:, i] * r[i, j]
        r[j, j] = mp.sqrt(sum(abs(v) ** 2 for v in q[:, j]))
        q[:, j] = q[:, j] / r[j, j]
    return q, r


def _norm(x, order):
    sizes = [abs(v) for v in x.reshape(-1)]
    if order in (INF, -INF):
        return max(sizes) if order > 0 else min(sizes)
    return sum(v**order for v in sizes) ** (mp.mpf(1) / order)


def _matrix_norm(x, order):
    sizes = np.vectorize(abs, otypes=[object])(x)
    if order in (1, -1):
        return (max if order > 0 else min)(sizes.sum(axis=0))
    if order in (INF, -INF):
        return (max if order > 0 else min)(sizes.sum(axis=1))
    if order == "fro":
        return mp.sqrt(_squared(x).sum())
    values = _svdvals(x)
    return {"nuc": values.sum(), 2: values[0], -2: values[-1]}[order]


def _power(x, n):
    out = _inv(x) if n < 0 else x
    return functools.reduce(lambda a, b: a @ b, [out] * abs(n))


def _abs2(xp, x):
    return xp.real(x * xp.conj(x))


_MATRIX_ORDS = ("fro", "nuc", 1, -1, 2, -2, INF, -INF)
_VECTOR_ORDS = (1, 2, 3, 0.5, -1, -2, INF, -INF)


def _regular():
    polynomial = {"rule": 6, "edge": True}
    singular = (_SINGULAR,), (_ZERO,), ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]],), ([[1.0] * 3] * 3,)
    yield from smooth("linalg.det", _leibniz, (_A,), (_SMALL,), (_Z,), (_EYE,), eps=_LOOSE)
    yield from smooth(
        "linalg.det", _leibniz, *singular, ([[1 + 1j, 2 + 0j], [2 + 2j, 4 + 0j]],), eps=_LOOSE, **polynomial
    )
    yield from smooth("linalg.inv", _inv, (_A,), (_SMALL,), (_Z,), eps=_LOOSE)
    for right in ([1.0, -2.0], _SMALL):
        yield from smooth("linalg.solve", lambda a, b: _inv(a) @ b, (_SMALL, right), eps=_LOOSE)
    yield from smooth("linalg.solve", lambda a, b: _inv(a) @ b, (_Z, [1.0 + 1j, -2j]), eps=_LOOSE)
    yield from smooth("linalg.cholesky", _cholesky, (_SPD,), ([[2.0, 1.0], [1.0, 5.0]],), (_H,), eps=_LOOSE)
    upper = lambda x: np.vectorize(mp.conj, otypes=[object])(_cholesky(x).T)  # noqa: E731
    yield from smooth("linalg.cholesky", upper, (_SPD,), (_H,), options={"upper": True}, eps=_LOOSE)
    yield from smooth("linalg.eigvalsh", _eigvalsh, (_SPD,), ([[2.0, 1.0], [1.0, 5.0]],), (_H,), eps=_LOOSE)
    values = lambda xp, x: xp.linalg.eigh(x)[0]  # noqa: E731
    squares = lambda xp, x: _abs2(xp, xp.linalg.eigh(x)[1])  # noqa: E731
    yield from smooth("linalg.eigh", _eigvalsh, (_SPD,), (_H,), call=values, label="-values", eps=_LOOSE)
    yield from smooth(
        "linalg.eigh", lambda x: _squared(_eigh(x)[1]), (_SPD,), (_H,), call=squares, label="-squares", eps=_LOOSE
    )
    yield from smooth("linalg.svdvals", _svdvals, (_TALL,), (_SMALL,), (_Z,), eps=_LOOSE)
    values = lambda xp, x: xp.linalg.svd(x, full_matrices=False)[1]  # noqa: E731
    squares = lambda xp, x: _abs2(xp, xp.linalg.svd(x, full_matrices=False)[0])  # noqa: E731
    left = lambda x: _squared(_eigh(x @ np.vectorize(mp.conj, otypes=[object])(x.T))[1][:, ::-1][:, : x.shape[1]])  # noqa: E731
    yield from smooth("linalg.svd", _svdvals, (_TALL,), (_Z,), call=values, label="-values", eps=_LOOSE)
    yield from smooth("linalg.svd", left, (_TALL,), (_Z,), call=squares, label="-squares", eps=_LOOSE)
    yield from smooth("linalg.pinv", _pinv, (_TALL,), (_SMALL,), (_EYE,), (_Z,), ([[1.0, 2.0, 0.5]],), eps=_LOOSE)
    squares = lambda xp, x: xp.concat([_abs2(xp, part) for part in xp.linalg.qr(x)])  # noqa: E731
    yield from smooth(
        "linalg.qr", lambda x: np.concatenate([_squared(p) for p in _gram_schmidt(x)]),
        (_TALL,), (_SMALL,), (_Z,), call=squares, label="-squares", eps=_LOOSE,
    )  # fmt: skip
    logarithm = lambda xp, x: xp.linalg.slogdet(x)[1]  # noqa: E731
    sign = lambda xp, x: xp.linalg.slogdet(x)[0]  # noqa: E731
    truth = lambda x: mp.log(abs(_leibniz(x)))  # noqa: E731
    yield from smooth("linalg.slogdet", truth, (_A,), (_SMALL,), (_Z,), call=logarithm, label="-log", eps=_LOOSE)
    truth = lambda x: _leibniz(x) / abs(_leibniz(x))  # noqa: E731
    yield from smooth("linalg.slogdet", truth, (_A,), (_Z,), call=sign, label="-sign", eps=_LOOSE)
    for n in (1, 2, 3, -1, -2):
        call = lambda xp, x, n=n: xp.linalg.matrix_power(x, n)  # noqa: E731
        points = ((_SMALL,), (_Z,), (_SINGULAR,)) if n > 0 else ((_SMALL,), (_Z,))
        truth = functools.partial(lambda x, n: _power(x, n), n=n)
        yield from smooth("linalg.matrix_power", truth, *points, call=call, label=f"{n}", eps=_LOOSE)
    yield from _norms()
    yield from _products()


def _norms():
    for order in _VECTOR_ORDS:
        truth = functools.partial(_norm, order=order)
        yield from smooth("linalg.vector_norm", truth, ([1.5, -2.0, 0.5],), options={"ord": order}, eps=16)
    for order in (1, 2, INF):
        truth = functools.partial(_norm, order=order)
        yield from smooth("linalg.vector_norm", truth, ([3 + 4j, -1 + 0.5j],), options={"ord": order}, eps=16)
    yield from smooth("linalg.vector_norm", functools.partial(_norm, order=2), ([0.0, 2.0],), (_TALL,), eps=16)
    rows = lambda x: np.asarray([_norm(row, 2) for row in x], dtype=object)  # noqa: E731
    yield from smooth("linalg.vector_norm", rows, (_TALL,), options={"axis": 1}, eps=16)
    for order in _MATRIX_ORDS:
        truth = functools.partial(_matrix_norm, order=order)
        yield from smooth("linalg.matrix_norm", truth, (_TALL,), (_SMALL,), (_Z,), options={"ord": order}, eps=_LOOSE)


def _products():
    left, right, z = [1.0, -2.0, 0.5], [2.0, 1.0, 3.0], [1 + 1j, -2j, 0.5 + 0j]
    yield from smooth("linalg.outer", np.multiply.outer, (left, right), (z, [2 + 0j, 1j]))
    yield from smooth("linalg.cross", np.cross, (left, right), (z, [2 + 0j, 1j, 1 - 1j]))
    yield from smooth("linalg.trace", np.trace, (_A,), (_TALL,), (_Z,))
    yield from smooth("linalg.trace", lambda x: np.trace(x, 1), (_A,), options={"offset": 1})
    yield from smooth("linalg.diagonal", np.diagonal, (_A,), (_TALL,), (_Z,))
    yield from smooth("linalg.diagonal", lambda x: np.diagonal(x, -1), (_A,), options={"offset": -1})
    yield from smooth("linalg.matrix_transpose", np.transpose, (_TALL,))
    yield from smooth("linalg.matmul", np.matmul, (_SMALL, _SMALL), (_Z, _Z))
    yield from smooth("linalg.tensordot", lambda x, y: np.tensordot(x, y, 1), (_SMALL, _SMALL), options={"axes": 1})
    vecdot = lambda x, y: sum(mp.conj(a) * b for a, b in zip(x, y, strict=True))  # noqa: E731
    yield from smooth("linalg.vecdot", vecdot, (left, right), (z, z[::-1]))


def _recomposed(xp, x):
    values, vectors = xp.linalg.eigh(x)
    return xp.matmul(vectors * values, xp.matrix_transpose(vectors))


def _rebuilt(xp, x):
    left, values, right = xp.linalg.svd(x, full_matrices=False)
    return xp.matmul(left * values, right)


def _edges():
    yield edge("linalg.det", (_SINGULAR,), ([[4.0, -2.0], [-2.0, 1.0]],), 6, "the adjugate", label="-adjugate", eps=16)
    # A cofactor does not read its own row and column.
    nan2, nan3 = [[1.0, NAN], [2.0, 3.0]], [[NAN, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 9.0]]
    yield edge("linalg.det", (nan2,), ([[3.0, -2.0], [NAN, 1.0]],), 4, "needs the NaN, or does not", eps=16)
    cofactors = [[1.0, 3.0, -3.0], [5.0, NAN, NAN], [-3.0, NAN, NAN]]
    yield edge("linalg.det", (nan3,), (cofactors,), 4, "needs the NaN, or does not", eps=64)
    for call, label in ((lambda xp, x: xp.linalg.slogdet(x)[1], "-log"),):
        yield edge("linalg.slogdet", (_SINGULAR,), (NAN,), 6, "slogdet of a singular matrix", call=call, label=label)
    for name in ("inv", "cholesky"):
        yield edge(f"linalg.{name}", (_SINGULAR,), (NAN,), 7, "outside the domain", eps=16)
        yield edge(f"linalg.{name}", (_ZERO,), (NAN,), 7, "outside the domain")
    yield edge("linalg.inv", ([[1.0, 1.0], [1.0, 1.0]],), (NAN,), 7, "singular")
    stack = [[[1.0, 1.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 2.0]]]
    # -B·Wᵀ·B with B = diag(1, 1/2) and W = [[5, 6], [7, 8]], transposed.
    found = [[[NAN, NAN], [NAN, NAN]], [[-5.0, -3.0], [-3.5, -2.0]]]
    yield edge("linalg.inv", (stack,), (found,), 7, "one singular matrix spoils no other", eps=16)
    yield edge("linalg.cholesky", ([[1.0, 2.0], [2.0, 1.0]],), (NAN,), 7, "not positive definite")
    yield edge("linalg.cholesky", ([[-1.0, 0.0], [0.0, -1.0]],), (NAN,), 7, "not positive definite")
    for right in ([1.0, 2.0], _EYE):
        yield edge("linalg.solve", (_SINGULAR, right), (NAN, NAN), 7, "singular")
    yield edge("linalg.matrix_power", (_SINGULAR,), (NAN,), 7, "singular", call=_inverse_power, label="-inverse")
    yield edge("linalg.matrix_power", (_SMALL,), (0.0,), 6, "constant", call=_zeroth_power, label="0")
    yield edge("linalg.matrix_power", (_ZERO,), (0.0,), 6, "a polynomial", call=_square, label="2")
    three = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]]
    shared = [[1.5, 0.0, 0.0], [0.0, 1.5, 0.0], [0.0, 0.0, 3.0]]
    values = lambda xp, x: xp.linalg.eigh(x)[0]  # noqa: E731
    singular_values = lambda xp, x: xp.linalg.svd(x, full_matrices=False)[1]  # noqa: E731
    for name, call in (("linalg.eigvalsh", None), ("linalg.eigh", values)):
        yield edge(name, (_EYE,), ([[1.5, 0.0], [0.0, 1.5]],), 7, "tied eigenvalues share", call=call, eps=16)
        yield edge(name, (_ZERO,), ([[1.5, 0.0], [0.0, 1.5]],), 7, "tied eigenvalues share", call=call, eps=16)
        yield edge(name, (three,), (shared,), 7, "tied eigenvalues share", call=call, eps=16)
        symmetric = [[2.0, 1.0], [1.0, 2.0]]
        yield edge(name, (symmetric,), ([[1.5, 0.5], [0.5, 1.5]],), 7, "symmetrized", call=call, eps=_LOOSE)
    # Singular values descend: of diag(1, 1, 3) the weights are 1 for 3, and 2 and 3 for the tie.
    descending = [[2.5, 0.0, 0.0], [0.0, 2.5, 0.0], [0.0, 0.0, 1.0]]
    for name, call in (("linalg.svdvals", None), ("linalg.svd", singular_values)):
        yield edge(name, (_EYE,), ([[1.5, 0.0], [0.0, 1.5]],), 7, "tied singular values share", call=call, eps=16)
        yield edge(name, (three,), (descending,), 7, "tied singular values share", call=call, eps=16)
        yield edge(name, (_SINGULAR,), ([[0.2, 0.4], [0.4, 0.8]],), 7, "a zero has slope 0", call=call, eps=_LOOSE)
        yield edge(name, (_ZERO,), (0.0,), 7, "a zero has slope 0", call=call)
    largest = lambda xp, x: xp.max(xp.linalg.eigvalsh(x))  # noqa: E731
    yield edge("linalg.eigvalsh", (_EYE,), ([[0.5, 0.0], [0.0, 0.5]],), 7, "tied", call=largest, label="-max", eps=16)
    # The sum of the squared eigenvalues is that of the squared elements.
    even = lambda xp, x: xp.sum(xp.linalg.eigvalsh(x) ** 2)  # noqa: E731
    yield edge(
        "linalg.eigvalsh", ([[2.0, 1.0], [1.0, 5.0]],), ([[4.0, 2.0], [2.0, 10.0]],), 7, "2X", call=even,
        label="-squares", eps=_LOOSE,
    )  # fmt: skip
    yield edge("linalg.eigh", (_EYE,), (NAN,), 7, "vectors at a repeated value", call=_recomposed, label="-recomposed")
    yield edge("linalg.svd", (_EYE,), (NAN,), 7, "vectors at a repeated value", call=_rebuilt, label="-rebuilt")
    identity = lambda x: x  # noqa: E731
    yield from smooth("linalg.eigh", _hermitian, (_SPD,), call=_recomposed, label="-recomposed", eps=_LOOSE)
    yield from smooth("linalg.svd", identity, (_SMALL,), (_TALL,), call=_rebuilt, label="-rebuilt", eps=4 * _LOOSE)
    yield edge("linalg.trace", ([[NAN, 1.0], [2.0, 3.0]],), ([[1.0, 0.0], [0.0, 1.0]],), 4, "linear")
    yield edge("linalg.outer", ([NAN, 1.0], [2.0, 3.0]), ([8.0, 18.0], [NAN, NAN]), 4, "in the other factor's slots")
    yield from _norm_edges()


def _inverse_power(xp, x):
    return xp.linalg.matrix_power(x, -1)


def _zeroth_power(xp, x):
    return xp.linalg.matrix_power(x, 0)


def _square(xp, x):
    return xp.linalg.matrix_power(x, 2)


def _norm_edges():
    norm = "linalg.vector_norm"
    for order in (1, 2, 3, INF, -INF):
        options = {"ord": order}
        yield edge(norm, ([0.0, 0.0, 0.0],), ([0.0] * 3,), 2, "symmetric kink", options=options)
        yield edge(norm, ([0.0],), ([0.0],), 2, "symmetric kink", options=options)
        yield edge(norm, ([0j, 0j],), ([0j] * 2,), 2, "symmetric kink", options=options)
    yield edge(norm, ([0.0] * 3,), ([0.0] * 3,), 10, "no curvature at a symmetric kink", order=2)
    yield edge(norm, ([0.0] * 3,), ([0.0] * 3,), 10, "no curvature", order=2, options={"ord": 1})
    yield edge(norm, ([1.0, 0.0, NAN],), ([0.0] * 3,), 3, "a count is flat", options={"ord": 0})
    yield edge(norm, ([1.0, -1.0, 0.5],), ([0.5, -0.5, 0.0],), 2, "a tie", options={"ord": INF})
    yield edge(norm, ([1.0, -1.0, 2.0],), ([0.5, -0.5, 0.0],), 2, "a tie", options={"ord": -INF})
    yield edge(norm, ([0.0, 1.0, 2.0],), ([0.0, 0.0, 0.0],), 2, "symmetric kink", options={"ord": -INF})
    yield edge(norm, ([0.0, -2.0],), ([0.0, -1.0],), 2, "symmetric kink in one element", options={"ord": 1})
    yield edge(norm, ([0.0, -2.0],), ([0.0, -1.0],), 1, "x²·sign(x)/norm²", options={"ord": 3})
    yield edge(norm, ([3e100, 4e100],), ([0.6, 0.8],), 1, "squares are representable")
    yield edge(norm, ([3e-100, 4e-100],), ([0.6, 0.8],), 1, "squares are representable")
    yield edge(norm, ([1.0, NAN],), ([NAN, NAN],), 4, "the formula needs the NaN")
    yield edge(norm, ([1.0, NAN],), ([1.0, NAN],), 4, "a kink; the sum does not need it", options={"ord": 1})
    yield edge(norm, ([1.0, NAN],), ([NAN, NAN],), 4, "took part in the comparison", options={"ord": INF})
    rows = [[0.0, 0.0], [3.0, 4.0]]
    yield edge(norm, (rows,), ([[0.0, 0.0], [1.2, 1.6]],), 2, "a kink in its row alone", options={"axis": 1})
    norm = "linalg.matrix_norm"
    for order in _MATRIX_ORDS:
        rule = 7 if order in ("nuc", 2, -2) else 2
        yield edge(norm, (_ZERO,), (0.0,), rule, "symmetric kink", options={"ord": order})
    half = [[0.5, 0.0], [0.0, 0.5]]
    for order, found in ((2, half), (-2, half), ("nuc", _EYE), ("fro", [[0.5**0.5, 0.0], [0.0, 0.5**0.5]])):
        rule = 1 if order == "fro" else 7
        yield edge(norm, (_EYE,), (found,), rule, "tied singular values share", options={"ord": order}, eps=16)
    tied = [[1.0, -2.0], [-2.0, 1.0]]
    for order in (1, -1, INF, -INF):
        found = ([[0.5, -0.5], [-0.5, 0.5]],)
        yield edge(norm, (tied,), found, 2, "tied sums share", options={"ord": order})
    yield edge(norm, (_SINGULAR,), ([[0.2, 0.4], [0.4, 0.8]],), 7, "zero: slope 0", options={"ord": "nuc"}, eps=_LOOSE)
    yield edge(norm, (_SINGULAR,), ([[0.2, 0.4], [0.4, 0.8]],), 1, "u·vᵀ", options={"ord": 2}, eps=_LOOSE)
    yield edge(norm, (_SINGULAR,), (0.0,), 7, "a zero singular value has slope 0", options={"ord": -2}, eps=_LOOSE)
    yield edge(norm, ([[1.0, NAN], [1.0, 1.0]],), (NAN,), 4, "the formula needs the NaN", options={"ord": "fro"})
    yield edge(norm, (_ZERO,), (0.0,), 10, "no curvature at a symmetric kink", order=2)
    for order in (0.5, -1, -2):
        options = {"ord": order}
        yield edge("linalg.vector_norm", ([0.0] * 3,), ([0.0] * 3,), 2, "symmetric kink", options=options)
        yield edge("linalg.vector_norm", ([0j, 0j],), ([0j] * 2,), 2, "symmetric kink", options=options)
    for name in ("inv", "slogdet"):
        call = (lambda xp, x: xp.linalg.slogdet(x)[1]) if name == "slogdet" else None
        yield edge(f"linalg.{name}", (_SINGULAR,), (NAN,), 10, "NaN stays NaN", call=call, order=2)
    normalized = lambda xp, x: x / xp.linalg.vector_norm(x)  # noqa: E731
    yield edge("linalg.vector_norm", ([0.0] * 3,), (NAN,), 5, "0 · inf", call=normalized, label="-normalized")


CASES = [*_regular(), *_edges()]
