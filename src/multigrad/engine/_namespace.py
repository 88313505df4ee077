"""The names of the standard over traced arrays."""

from __future__ import annotations

import math
from typing import Any

from multigrad.engine import _rules
from multigrad.engine._shapes import sum_to
from multigrad.engine._trace import Tracer, constant, primitive, strip

# Creation functions, dtypes and inspection take no traced arrays and come from the namespace as they are.


class TracedNamespace:
    """An array API namespace whose functions also take traced arrays and record what they do.

    Parameters
    ----------
    xp
        The namespace that computes: ``numpy``, or any other that conforms.

    Notes
    -----
    Functions have the standard's names and arguments. Two are extra, since the standard spells them as syntax:
    ``getitem(x, key)`` and ``setitem(x, value, key)``; ``place(x, value, key)`` is the transpose of the first.
    """

    def __init__(self, xp: Any) -> None:
        self._xp = xp
        for name, slopes in _rules.SLOPES.items():
            self._add(name, tuple(_from_slope(i, slope) for i, slope in enumerate(slopes)))
        for name, rule in _rules.PULLBACKS.items():
            self._add(name, rule)
        for name in _rules.FLAT:
            if hasattr(xp, name):
                setattr(self, name, constant(getattr(xp, name)))
        self._concat = primitive(lambda *xs, axis: xp.concat(xs, axis=axis), _rules.VARIADIC["concat"], self)
        self._stack = primitive(lambda *xs, axis: xp.stack(xs, axis=axis), _rules.VARIADIC["stack"], self)

    def _add(self, name: str, rule: Any) -> None:
        function = getattr(_Functions(self._xp), name, None) or getattr(self._xp, name, None)
        if function is not None:
            # A method of that name wraps the primitive.
            setattr(self, f"_{name}" if hasattr(type(self), name) else name, primitive(function, rule, self))

    def __getattr__(self, name: str) -> Any:
        # What is not differentiated here: dtypes, constants, creation. A traced argument must not slip through.
        member = getattr(self._xp, name)
        if not callable(member) or isinstance(member, type):
            return member

        def call(*args: Any, **kwargs: Any) -> Any:
            if any(isinstance(arg, Tracer) for arg in (*args, *kwargs.values())):
                raise NotImplementedError(
                    f"multigrad's engine has no derivative rule for {name!r} yet. Compose it from other functions of "
                    "the standard, or run on another backend."
                )
            return member(*args, **kwargs)

        call.__name__ = name
        setattr(self, name, call)
        return call

    # Compositions: differentiated through what they call.

    def is_complex(self, x: Any) -> bool:
        """Tell whether an array's dtype is complex."""
        return bool(self._xp.isdtype(x.dtype, "complex floating"))

    def count(self, x: Any, axis: Any) -> int:
        """Return the number of elements that a reduction over an axis meets."""
        axes = range(len(x.shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        return math.prod(x.shape[one] for one in axes)

    def overwritten(self, x: Any, key: Any) -> Any:
        """Tell which elements written at key are written over by later ones; None where no place occurs twice."""
        key = _plain(key)
        arrays = [part for part in (key if isinstance(key, tuple) else (key,)) if getattr(part, "shape", ())]
        if all(self._xp.isdtype(part.dtype, "bool") for part in arrays):
            return None
        positions = self._xp.reshape(self._xp.arange(x.size), x.shape)[key]
        order = self._xp.reshape(self._xp.arange(positions.size), positions.shape)
        last = self._xp.zeros((x.size,), dtype=order.dtype)
        last[self._xp.reshape(positions, (-1,))] = self._xp.reshape(order, (-1,))
        return last[positions] != order

    def mean(self, x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Any:
        if not isinstance(x, Tracer):
            return self._xp.mean(x, axis=axis, keepdims=keepdims)
        return self.sum(x, axis=axis, keepdims=keepdims) / self.count(x, axis)

    def var(self, x: Any, /, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
        centred = x - self.mean(x, axis=axis, keepdims=True)
        squares = centred * self.conj(centred) if self.is_complex(x) else centred * centred
        return self.real(self.sum(squares, axis=axis, keepdims=keepdims)) / (self.count(x, axis) - correction)

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

    def _multiply_pairs(self, x: Any, before: tuple[slice, ...]) -> Any:
        axis = len(before)
        if x.shape[axis] == 0:
            shape = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
            return self._xp.ones(shape, dtype=x.dtype)
        while (n := x.shape[axis]) > 1:
            half = n // 2
            pairs = x[(*before, slice(0, half), ...)] * x[(*before, slice(half, 2 * half), ...)]
            x = pairs if n % 2 == 0 else self.concat([pairs, x[(*before, slice(n - 1, n), ...)]], axis=axis)
        return x

    def astype(self, x: Any, dtype: Any, /, **options: Any) -> Any:
        if not self._xp.isdtype(dtype, ("real floating", "complex floating")):
            x = strip(x)  # integers are flat (rule 3): no cotangent passes them
        return self._astype(x, dtype, **options)

    def sign(self, x: Any, /) -> Any:
        if isinstance(x, Tracer) and self.is_complex(x):
            size = self.abs(x)
            return x / self.astype(self.where(size == 0, 1.0, size), x.dtype)
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

    def matrix_transpose(self, x: Any, /) -> Any:
        axes = tuple(range(len(x.shape)))
        return self.permute_dims(x, (*axes[:-2], axes[-1], axes[-2]))

    def broadcast_arrays(self, *arrays: Any) -> list[Any]:
        shape = self._xp.broadcast_arrays(*(strip(x) for x in arrays))[0].shape
        return [self.broadcast_to(x, shape) for x in arrays]

    def tensordot(self, x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
        n1, n2 = len(x1.shape), len(x2.shape)
        if isinstance(axes, int):
            axes = (tuple(range(n1 - axes, n1)), tuple(range(axes)))
        first, second = ([one % n for one in part] for part, n in zip(axes, (n1, n2), strict=True))
        free1, free2 = [i for i in range(n1) if i not in first], [i for i in range(n2) if i not in second]
        size = math.prod(x1.shape[i] for i in first)
        left = self.reshape(self.permute_dims(x1, (*free1, *first)), (math.prod(x1.shape[i] for i in free1), size))
        right = self.reshape(self.permute_dims(x2, (*second, *free2)), (size, math.prod(x2.shape[i] for i in free2)))
        return self.reshape(self.matmul(left, right), (*(x1.shape[i] for i in free1), *(x2.shape[i] for i in free2)))

    def vecdot(self, x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
        return self.sum(self.multiply(self.conj(x1), x2), axis=axis)

    def full_like(self, x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
        if not isinstance(fill_value, Tracer):
            return self._xp.full_like(strip(x), fill_value, dtype=dtype, device=device)
        return self.broadcast_to(self.astype(fill_value, dtype or x.dtype), x.shape)


class _Functions:
    """Forward functions that the standard spells as syntax, over any namespace."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    def astype(self, x: Any, dtype: Any, **options: Any) -> Any:
        if self._xp.isdtype(x.dtype, "complex floating") and not self._xp.isdtype(dtype, "complex floating"):
            x = self._xp.real(x)
        return self._xp.astype(x, dtype, **options)

    def getitem(self, x: Any, key: Any) -> Any:
        return x[_plain(key)]

    def setitem(self, x: Any, value: Any, key: Any) -> Any:
        copy = self._xp.asarray(x, copy=True)
        copy[_plain(key)] = value
        return copy

    def place(self, x: Any, value: Any, key: Any) -> Any:
        """Return zeros like x with value added at key; an index that occurs twice receives both."""
        zeros = self._xp.zeros_like(x, dtype=value.dtype)
        key = _plain(key)
        if _is_basic(key):
            if isinstance(key, tuple) and None in key:  # the standard writes to no new axes
                key = (*(part for part in key if part is not None), *(() if ... in key else (...,)))
                value = self._xp.reshape(value, zeros[key].shape)
            zeros[key] = value
            return zeros
        # Positions in the flat array, so that repeated ones can be summed.
        positions = self._xp.reshape(self._xp.arange(x.size), x.shape)[key]
        flat = self._xp.reshape(zeros, (-1,))
        self._add_at(flat, self._xp.reshape(positions, (-1,)), self._xp.reshape(value, (-1,)))
        return self._xp.reshape(flat, x.shape)

    def _add_at(self, flat: Any, positions: Any, values: Any) -> None:
        unbuffered = getattr(getattr(self._xp, "add", None), "at", None)
        if unbuffered is not None:  # NumPy's; the standard has none
            unbuffered(flat, positions, values)
            return
        for i in range(positions.shape[0]):
            flat[int(positions[i])] += values[i]


def _plain(key: Any) -> Any:
    """Return an index without tracers: indices are integers and have no derivative."""
    if isinstance(key, tuple):
        return tuple(_plain(part) for part in key)
    return strip(key)


def _is_basic(key: Any) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts)


def _from_slope(index: int, slope: Any) -> Any:
    """Return the pullback of an elementwise function from its slope in one argument."""

    def pullback(xp: Any, g: Any, out: Any, *args: Any) -> Any:
        value = slope(xp, out, *args)
        if isinstance(value, complex):
            value = value.conjugate()
        elif not isinstance(value, int | float) and xp.is_complex(value):
            value = xp.conj(value)
        part = sum_to(xp, xp.multiply(g, value), args[index])
        dtype = args[index].dtype
        return part if part.dtype == dtype else xp.astype(part, dtype)  # rule 8: a real input's is real

    return pullback
