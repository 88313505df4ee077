"""The extension ``linalg`` over traced arrays."""

from __future__ import annotations

import math
from typing import Any

from multigrad.engine import _forward, rules
from multigrad.engine._names import Names
from multigrad.engine._primitives import primitive, primitive_of_tuple
from multigrad.engine._shapes import identity
from multigrad.engine._trace import Tracer


class Linalg(Names):
    """The standard's ``linalg``, and what its rules need."""

    def __init__(self, xp: Any, traced: Any) -> None:
        super().__init__(xp.linalg, _forward.bound(_forward.LINALG, xp), traced, "linalg.")
        self._record(primitive, rules.LINALG)
        self._record(primitive_of_tuple, rules.TUPLES)
        self._keep_flat(("matrix_rank", "is_singular"))
        # The same as in the main namespace.
        self.matmul, self.matrix_transpose = traced.matmul, traced.matrix_transpose
        self.tensordot, self.vecdot = traced.tensordot, traced.vecdot

    def _adjoint(self, x: Any) -> Any:
        xp = self._traced
        transposed = xp.matrix_transpose(x)
        return xp.conj(transposed) if xp.is_complex(x) else transposed

    def cholesky(self, x: Any, /, *, upper: bool = False) -> Any:
        lower = self._cholesky(x)
        return self._adjoint(lower) if upper else lower

    def cross(self, x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
        if not isinstance(x1, Tracer) and not isinstance(x2, Tracer):
            return self._members.cross(x1, x2, axis=axis)
        xp = self._traced
        (a0, a1, a2), (b0, b1, b2) = ([_along(xp, x, i, axis) for i in range(3)] for x in (x1, x2))
        parts = [
            xp.subtract(xp.multiply(a1, b2), xp.multiply(a2, b1)),
            xp.subtract(xp.multiply(a2, b0), xp.multiply(a0, b2)),
            xp.subtract(xp.multiply(a0, b1), xp.multiply(a1, b0)),
        ]
        return xp.stack(parts, axis=axis)

    def outer(self, x1: Any, x2: Any, /) -> Any:
        if not isinstance(x1, Tracer) and not isinstance(x2, Tracer):
            return self._members.outer(x1, x2)
        xp = self._traced
        return xp.multiply(xp.expand_dims(x1, axis=1), xp.expand_dims(x2, axis=0))

    def trace(self, x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
        if not isinstance(x, Tracer):
            return self._members.trace(x, offset=offset, dtype=dtype)
        return self._traced.sum(self.diagonal(x, offset=offset), axis=-1, dtype=dtype)

    def solve(self, x1: Any, x2: Any, /) -> Any:
        if len(x2.shape) != 1:
            return self._solve(x1, x2)
        xp = self._traced
        return xp.squeeze(self._solve(x1, xp.expand_dims(x2, axis=-1)), axis=-1)

    def matrix_power(self, x: Any, n: int, /) -> Any:
        if not isinstance(x, Tracer):
            return self._members.matrix_power(x, n)
        xp = self._traced
        if n < 0:
            x, n = self.inv(x), -n
        if n == 0:
            return xp.broadcast_to(identity(xp, x), tuple(x.shape))
        result = None
        while n:
            if n % 2:
                result = x if result is None else xp.matmul(result, x)
            n //= 2
            x = xp.matmul(x, x) if n else x
        return result

    def eigvalsh(self, x: Any, /) -> Any:
        return self.eigh(x)[0] if isinstance(x, Tracer) else self._members.eigvalsh(x)

    def svdvals(self, x: Any, /) -> Any:
        return self._svd(x, full_matrices=False)[1] if isinstance(x, Tracer) else self._members.svdvals(x)

    def svd(self, x: Any, /, *, full_matrices: bool = True) -> Any:
        if isinstance(x, Tracer) and x.shape[-1] == x.shape[-2]:
            full_matrices = False
        return self._svd(x, full_matrices=full_matrices)

    def qr(self, x: Any, /, *, mode: str = "reduced") -> Any:
        rows, columns = x.shape[-2:]
        if not isinstance(x, Tracer) or rows >= columns:
            return self._qr(x, mode=mode)
        xp = self._traced
        found = self._qr(x[..., :rows], mode="reduced")
        q, r = found
        return type(found)(q, xp.concat([r, xp.matmul(self._adjoint(q), x[..., rows:])], axis=-1))

    def vector_norm(self, x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
        if not isinstance(x, Tracer):
            return self._members.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
        xp = self._traced
        if ord == 0:
            return xp.sum(xp.astype(xp.not_equal(x, 0), xp.abs(x).dtype), axis=axis, keepdims=keepdims)
        if ord == 1:
            return xp.sum(xp.abs(x), axis=axis, keepdims=keepdims)
        if abs(ord) == math.inf:
            return (xp.max if ord > 0 else xp.min)(xp.abs(x), axis=axis, keepdims=keepdims)
        return self.power_norm(x, axis=axis, keepdims=keepdims, ord=ord)

    def matrix_norm(self, x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
        if not isinstance(x, Tracer):
            return self._members.matrix_norm(x, keepdims=keepdims, ord=ord)
        xp = self._traced
        if ord in ("fro", None):
            return self.vector_norm(x, axis=(-2, -1), keepdims=keepdims)
        if ord in ("nuc", 2, -2):
            values = self.svdvals(x)
            out = (xp.sum if ord == "nuc" else xp.max if ord == 2 else xp.min)(values, axis=-1)
        else:
            sums = xp.sum(xp.abs(x), axis=-2 if abs(ord) == 1 else -1)
            out = (xp.max if ord > 0 else xp.min)(sums, axis=-1)
        return xp.reshape(out, (*out.shape, 1, 1)) if keepdims else out


def _along(xp: Any, x: Any, i: int, axis: int) -> Any:
    return xp.getitem(x, (..., i, *(slice(None),) * (-1 - (axis if axis < 0 else axis - len(x.shape)))))
