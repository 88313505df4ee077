"""The names of the standard over traced arrays."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from multigrad.engine import _forward, rules
from multigrad.engine._fft import Fft
from multigrad.engine._linalg import Linalg
from multigrad.engine._names import Names
from multigrad.engine._primitives import constant, from_pullbacks, from_slopes, primitive
from multigrad.engine._trace import Tracer, device_of, strip

# Creation functions, dtypes and inspection take no traced arrays and come from the namespace as they are.


class UniqueAll(NamedTuple):
    """The results of ``unique_all``."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCounts(NamedTuple):
    """The results of ``unique_counts``."""

    values: Any
    counts: Any


class UniqueInverse(NamedTuple):
    """The results of ``unique_inverse``."""

    values: Any
    inverse_indices: Any


class TracedNamespace(Names):
    """An array API namespace whose functions also take traced arrays and record what they do.

    Parameters
    ----------
    xp
        The namespace that computes: ``numpy``, or any other that conforms.

    Notes
    -----
    Functions have the standard's names and arguments; ``linalg`` and ``fft`` are there where the namespace has them.
    Three are extra, since the standard spells them as syntax or as a method: ``getitem(x, key)``,
    ``setitem(x, value, key)`` and ``to_device(x, device)``.
    """

    def __init__(self, xp: Any) -> None:
        super().__init__(xp, _forward.bound(_forward.MAIN, xp) | _forward.OPERATORS, self)
        self._xp = xp
        self._record(from_slopes, rules.SLOPES)
        self._record(from_pullbacks, rules.ELEMENTWISE | rules.PRODUCTS)
        self._record(primitive, rules.PULLBACKS)
        self._keep_flat(rules.FLAT)
        self.positions, self.overwritten = constant(self._extra["positions"]), constant(self._extra["overwritten"])
        self._concat = primitive(lambda *xs, axis: xp.concat(xs, axis=axis), rules.VARIADIC["concat"], self)
        self._stack = primitive(lambda *xs, axis: xp.stack(xs, axis=axis), rules.VARIADIC["stack"], self)
        if hasattr(xp, "linalg"):
            self.linalg = Linalg(xp, self)
        if hasattr(xp, "fft"):
            self.fft = Fft(xp, self)

    @property
    def computes_with(self) -> Any:
        """The namespace that computes."""
        return self._xp

    # Compositions: differentiated through what they call.

    def is_complex(self, x: Any) -> bool:
        """Tell whether an array's dtype is complex."""
        return _forward.is_kind(self._xp, x.dtype, "complex floating")

    def pow(self, x: Any, n: Any, /) -> Any:
        # A constant 2 is by far the commonest exponent.
        return self.square(x) if type(n) in (int, float) and n == 2 else self._pow(x, n)

    def count(self, x: Any, axis: Any) -> int:
        """Return the number of elements that a reduction over an axis meets."""
        axes = range(len(x.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        return math.prod(x.shape[one] for one in axes)

    def mean(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
        if not isinstance(x, Tracer):
            return self._xp.mean(x, axis=axis, keepdims=keepdims)
        return self.sum(x, axis=axis, keepdims=keepdims) / self.count(x, axis)

    def var(self, x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
        centred = x - self.mean(x, axis=axis, keepdims=True)
        squares = centred * self.conj(centred) if self.is_complex(x) else centred * centred
        return self.real(self.sum(squares, axis=axis, keepdims=keepdims)) / self._freedom(x, axis, correction)

    def std(self, x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
        if correction and math.isnan(self._freedom(x, axis, correction)):
            return self.sqrt(self.var(x, axis=axis, correction=correction, keepdims=keepdims))
        return self._std(x, axis=axis, correction=correction, keepdims=keepdims)

    def _freedom(self, x: Any, axis: Any, correction: float) -> float:
        """Return the divisor of a variance, which the standard calls NaN if there is none above 0."""
        freedom = self.count(x, axis) - correction
        return freedom if freedom > 0 else math.nan

    def prod(self, x: Any, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
        """Multiply in pairs: a polynomial in the elements, exact at zeros and in every derivative (rule 6)."""
        if not isinstance(x, Tracer):
            return self._xp.prod(x, axis=axis, dtype=dtype, keepdims=keepdims)
        if dtype is not None:
            x = self.astype(x, dtype)
        axes = range(len(x.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(one % len(x.shape) for one in axes)
        for one in axes:
            x = self._multiply_pairs(x, (slice(None),) * one)
        return x if keepdims else self.squeeze(x, axis=axes)

    def cumulative_prod(
        self, x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
    ) -> Any:
        """Multiply in pairs, as `prod` does: no division, exact at zeros (rule 6)."""
        if not isinstance(x, Tracer):
            return self._xp.cumulative_prod(x, axis=axis, dtype=dtype, include_initial=include_initial)
        if axis is None and len(x.shape) != 1:
            raise ValueError(f"cumulative_prod needs axis= for an array with {len(x.shape)} axes.")
        x = x if dtype is None else self.astype(x, dtype)
        axis = (axis or 0) % len(x.shape)
        before = (slice(None),) * axis
        out = self._running_product(x, before)
        if include_initial:
            one = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
            out = self.concat([self._xp.ones(one, dtype=x.dtype, device=device_of(x)), out], axis=axis)
        return out

    def _running_product(self, x: Any, before: tuple[slice, ...]) -> Any:
        """Multiply neighbours, take the running products of these, and fill in every other one."""
        axis = len(before)
        n = x.shape[axis]
        if n < 2:
            return x
        pairs = self._running_product(x[(*before, slice(0, n - 1, 2), ...)] * x[(*before, slice(1, n, 2), ...)], before)
        count = (n - 1) // 2  # elements 2, 4, ...: the running product before them is in pairs
        between = pairs[(*before, slice(0, count), ...)] * x[(*before, slice(2, n, 2), ...)]
        even = self.concat([x[(*before, slice(0, 1), ...)], between], axis=axis)
        odd = pairs
        if n % 2:  # one even element more: fill up, and cut off below
            odd = self.concat([pairs, even[(*before, slice(count, count + 1), ...)]], axis=axis)
        shape = tuple(2 * size if i == axis else size for i, size in enumerate(even.shape))
        woven = self.reshape(self.stack([even, odd], axis=axis + 1), shape)
        return woven if n % 2 == 0 else woven[(*before, slice(0, n), ...)]

    def _multiply_pairs(self, x: Any, before: tuple[slice, ...]) -> Any:
        axis = len(before)
        if x.shape[axis] == 0:
            shape = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
            return self._xp.ones(shape, dtype=x.dtype, device=device_of(x))
        while (n := x.shape[axis]) > 1:
            half = n // 2
            pairs = x[(*before, slice(0, half), ...)] * x[(*before, slice(half, 2 * half), ...)]
            x = pairs if n % 2 == 0 else self.concat([pairs, x[(*before, slice(n - 1, n), ...)]], axis=axis)
        return x

    def asarray(self, obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Any:
        if type(obj) is Tracer:  # never written to, so that it need not be copied
            obj = obj if device is None else self.to_device(obj, device)
            return obj if dtype is None else self.astype(obj, dtype)
        return self._xp.asarray(obj, dtype=dtype, device=device, copy=copy)

    def to_device(self, x: Any, device: Any, /) -> Any:
        source = device_of(x)
        return x if source == device else self._to_device(x, device, source)

    def astype(self, x: Any, dtype: Any, /, *, device: Any = None, **options: Any) -> Any:
        x = x if device is None else self.to_device(x, device)
        if type(x) is Tracer and not _forward.is_kind(self._xp, dtype, ("real floating", "complex floating")):
            x = strip(x)  # integers are flat (rule 3): no cotangent passes them
        return self._astype(x, dtype, **options)

    def sign(self, x: Any, /) -> Any:
        if isinstance(x, Tracer) and self.is_complex(x):
            size = self.abs(x)
            zero = size == 0  # where the slope is 0 (rule 2)
            return self.where(zero, 0.0, x) / self.astype(self.where(zero, 1.0, size), x.dtype)
        return self._xp.sign(strip(x))

    def concat(self, arrays: Any, /, *, axis: int | None = 0) -> Any:
        if axis is None:
            arrays, axis = [self.reshape(x, (-1,)) for x in arrays], 0
        return self._concat(*arrays, axis=axis)

    def stack(self, arrays: Any, /, *, axis: int = 0) -> Any:
        return self._stack(*arrays, axis=axis)

    def expand_dims(self, x: Any, /, *, axis: int = 0) -> Any:
        shape = list(x.shape)
        shape.insert(axis if axis >= 0 else axis + len(shape) + 1, 1)
        return self.reshape(x, tuple(shape)) if isinstance(x, Tracer) else self._xp.expand_dims(x, axis=axis)

    def squeeze(self, x: Any, /, axis: Any) -> Any:
        axes = {one % max(len(x.shape), 1) for one in (axis if isinstance(axis, tuple) else (axis,))}
        if any(x.shape[one] != 1 for one in axes):
            raise ValueError(f"Expected axes of length 1 to squeeze, got axis {axis} of shape {tuple(x.shape)}.")
        return self.reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in axes))

    def broadcast_arrays(self, *arrays: Any) -> list[Any]:
        shape = self._xp.broadcast_arrays(*(strip(x) for x in arrays))[0].shape
        return [self.broadcast_to(x, shape) for x in arrays]

    def tensordot(self, x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
        if not isinstance(x1, Tracer) and not isinstance(x2, Tracer):
            return self._xp.tensordot(x1, x2, axes=axes)
        n1, n2 = len(x1.shape), len(x2.shape)
        if isinstance(axes, int):
            axes = (tuple(range(n1 - axes, n1)), tuple(range(axes)))
        first, second = ([one % n for one in part] for part, n in zip(axes, (n1, n2), strict=True))
        free1, free2 = [i for i in range(n1) if i not in first], [i for i in range(n2) if i not in second]
        size = math.prod(x1.shape[i] for i in first)
        left = self.reshape(self.permute_dims(x1, (*free1, *first)), (math.prod(x1.shape[i] for i in free1), size))
        right = self.reshape(self.permute_dims(x2, (*second, *free2)), (size, math.prod(x2.shape[i] for i in free2)))
        return self.reshape(self.matmul(left, right), (*(x1.shape[i] for i in free1), *(x2.shape[i] for i in free2)))

    def unstack(self, x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
        before = (slice(None),) * (axis % max(len(x.shape), 1))
        return tuple(self.getitem(x, (*before, i, ...)) for i in range(x.shape[axis]))

    def meshgrid(self, *arrays: Any, indexing: str = "xy") -> Any:
        if not any(isinstance(x, Tracer) for x in arrays):
            return self._xp.meshgrid(*arrays, indexing=indexing)
        shape = self._xp.meshgrid(*(strip(x) for x in arrays), indexing=indexing)[0].shape
        places = [1, 0, *range(2, len(arrays))] if indexing == "xy" and len(arrays) > 1 else range(len(arrays))
        shaped = (
            self.reshape(x, (*(1,) * place, -1, *(1,) * (len(arrays) - 1 - place)))
            for x, place in zip(arrays, places, strict=True)
        )
        return tuple(self.broadcast_to(x, shape) for x in shaped)

    def diff(self, x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
        parts = [part for part in (prepend, x, append) if part is not None]
        if not any(isinstance(part, Tracer) for part in parts):
            ends = {"prepend": prepend, "append": append}
            return self._xp.diff(x, axis=axis, n=n, **{name: end for name, end in ends.items() if end is not None})
        if n and len(parts) > 1:
            x = self.concat(parts, axis=axis)
        before = (slice(None),) * (axis % len(x.shape))
        for _ in range(n):
            x = self.subtract(self.getitem(x, (*before, slice(1, None), ...)), x[(*before, slice(None, -1), ...)])
        return x

    def clip(self, x: Any, /, min: Any = None, max: Any = None) -> Any:
        if not any(isinstance(part, Tracer) for part in (x, min, max)):
            return self._xp.clip(x, min, max)
        out = x if min is None else self.maximum(x, min)
        out = out if max is None else self.minimum(out, max)
        return out if min is None or max is None else self._share_where_bounds_meet(out, x, min, max)

    def _share_where_bounds_meet(self, out: Any, x: Any, low: Any, high: Any) -> Any:
        """Rule 2: where both bounds are x, they share the derivative; that in x is 0 times the cotangent (rule 5)."""
        meet = self.logical_and(self.equal(x, low), self.equal(x, high))
        numbers = isinstance(low, int | float) and isinstance(high, int | float)
        shared = 0.5 * low + 0.5 * high if numbers else self.add(0.5 * low, 0.5 * high)
        finite = self.where(self.isfinite(x), x, 0.0)  # the value at infinity is not NaN
        return self.where(meet, self.add(self.multiply(finite, 0.0), shared), out)

    # Values that occur once, as elements taken: the first of equal ones (rule 2: the stable permutation).

    def unique_all(self, x: Any, /) -> Any:
        if not isinstance(x, Tracer):
            return self._xp.unique_all(x)
        found = self._xp.unique_all(strip(x))
        values = self.take(self.reshape(x, (-1,)), found.indices, axis=0)
        return UniqueAll(values, found.indices, found.inverse_indices, found.counts)

    def unique_counts(self, x: Any, /) -> Any:
        if not isinstance(x, Tracer):
            return self._xp.unique_counts(x)
        found = self.unique_all(x)
        return UniqueCounts(found.values, found.counts)

    def unique_inverse(self, x: Any, /) -> Any:
        if not isinstance(x, Tracer):
            return self._xp.unique_inverse(x)
        found = self.unique_all(x)
        return UniqueInverse(found.values, found.inverse_indices)

    def unique_values(self, x: Any, /) -> Any:
        return self.unique_all(x).values if isinstance(x, Tracer) else self._xp.unique_values(x)

    def repeat(self, x: Any, repeats: Any, /, *, axis: int | None = None) -> Any:
        if axis is None and isinstance(x, Tracer):
            x, axis = self.reshape(x, (-1,)), 0
        return self._repeat(x, repeats, axis=axis)

    def take(self, x: Any, indices: Any, /, *, axis: int | None = None) -> Any:
        if axis is None and isinstance(x, Tracer) and len(x.shape) == 1:
            axis = 0
        return self._take(x, strip(indices), axis=axis)

    def vecdot(self, x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
        if not isinstance(x1, Tracer) and not isinstance(x2, Tracer):
            return self._xp.vecdot(x1, x2, axis=axis)
        return self.sum(self.multiply(self.conj(x1), x2), axis=axis)

    def full_like(self, x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
        if not isinstance(fill_value, Tracer):
            return self._xp.full_like(strip(x), fill_value, dtype=dtype, device=device)
        return self.broadcast_to(self.astype(fill_value, dtype or x.dtype, device=device), x.shape)
