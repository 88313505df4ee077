"""The methods that NumPy, torch and JAX arrays share, on top of the standard's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self


class ArrayMethods:
    """Mixin of `multigrad.Array`; arguments are named as in NumPy."""

    __slots__ = ()

    # Supplied by Array.
    native: Any
    if TYPE_CHECKING:

        @property
        def shape(self) -> tuple[Any, ...]: ...
        @property
        def ndim(self) -> int: ...

    _namespace: ClassVar[Any]
    _wrap: ClassVar[Any]
    _coerce: ClassVar[Any]
    _as_dtype: ClassVar[Any]

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Self:
        result: Self = getattr(self._namespace, name)(self, *args, **kwargs)
        return result

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Self:
        """Sum over the given axes; see the standard's ``sum``."""
        return self._call("sum", axis=axis, dtype=dtype, keepdims=keepdims)

    def prod(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Self:
        """Multiply over the given axes; see the standard's ``prod``."""
        return self._call("prod", axis=axis, dtype=dtype, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Self:
        """Average over the given axes."""
        return self._call("mean", axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Self:
        """Return the largest element over the given axes."""
        return self._call("max", axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Self:
        """Return the smallest element over the given axes."""
        return self._call("min", axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, ddof: float = 0.0, keepdims: bool = False) -> Self:
        """Return the variance over the given axes, divided by n - ddof."""
        return self._call("var", axis=axis, correction=ddof, keepdims=keepdims)

    def std(self, axis: Any = None, ddof: float = 0.0, keepdims: bool = False) -> Self:
        """Return the standard deviation over the given axes, divided by n - ddof."""
        return self._call("std", axis=axis, correction=ddof, keepdims=keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> Self:
        """Tell whether any element is true over the given axes."""
        return self._call("any", axis=axis, keepdims=keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> Self:
        """Tell whether all elements are true over the given axes."""
        return self._call("all", axis=axis, keepdims=keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Self:
        """Return the index of the largest element."""
        return self._call("argmax", axis=axis, keepdims=keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Self:
        """Return the index of the smallest element."""
        return self._call("argmin", axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Self:
        """Return the elements in another shape, given as one tuple or as several integers."""
        sizes = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        return self._call("reshape", tuple(sizes))

    def ravel(self) -> Self:
        """Return the elements as a vector."""
        return self._call("reshape", (-1,))

    flatten = ravel

    def squeeze(self, axis: Any = None) -> Self:
        """Remove axes of length one: those given, or all."""
        if axis is None:
            axis = tuple(i for i, length in enumerate(self.shape) if length == 1)
        return self._call("squeeze", axis)

    def transpose(self, *axes: Any) -> Self:
        """Reorder the axes, given as one tuple or as several integers; without any, reverse them."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return self._call("permute_dims", tuple(order) if order else tuple(reversed(range(self.ndim))))

    def conj(self) -> Self:
        """Return the complex conjugate."""
        return self._call("conj")

    def clip(self, min: Any = None, max: Any = None) -> Self:
        """Limit the elements to the range from min to max."""
        return self._call("clip", *(bound if bound is None else self._coerce(bound) for bound in (min, max)))

    def round(self) -> Self:
        """Round to the nearest integer, halves to even."""
        return self._call("round")

    def dot(self, other: Any) -> Self:
        """Return the matrix product ``x @ other`` (a plain product with a 0-d operand)."""
        other = self._coerce(other)
        name = "matmul" if self.ndim and getattr(other, "ndim", 0) else "multiply"
        return self._call(name, other)

    def astype(self, dtype: Any, /) -> Self:
        """Return the array with another dtype, given as any framework's object or by name."""
        return self._call("astype", self._as_dtype(dtype))

    def copy(self) -> Self:
        """Return an array of its own: assignments to it do not change this one."""
        return self._wrap(self.native)
