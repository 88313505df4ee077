"""Values that remember where they came from, and the operations that they came from."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

# One level per running vjp: an inner derivative sees outer values as constants of its own level. Counting is atomic,
# so threads never share a level.
_levels = itertools.count(1)
_order = itertools.count(1)


class Trace:
    """One run of a function that is being differentiated."""

    __slots__ = ("level", "xp")

    def __init__(self, xp: Any) -> None:
        self.level = next(_levels)
        self.xp = xp


class Node:
    """One recorded operation: its parents, and how a cotangent goes back to each of them.

    It holds no value but those that the way back reads, so that a value nobody needs is freed at once.

    Parameters
    ----------
    parents
        The operations that the arguments came from.
    pull
        Maps the result's cotangent to a tuple with one per parent; None for an input.
    takes_multiples
        Whether it also takes a `Multiple` for an array.
    """

    __slots__ = ("order", "parents", "pull", "takes_multiples")

    def __init__(
        self,
        parents: tuple[Node, ...] = (),
        pull: Callable[[Any], tuple[Any, ...]] | None = None,
        takes_multiples: bool = False,
    ) -> None:
        self.order = next(_order)
        self.parents = parents
        self.pull = pull
        self.takes_multiples = takes_multiples


class Tracer:
    """A value of one trace. The value itself may be a tracer of an outer trace."""

    __slots__ = ("node", "trace", "value")
    # NumPy's arrays on the left leave the operation to us.
    __array_ufunc__ = None

    def __init__(self, value: Any, trace: Trace, node: Node) -> None:
        self.value = value
        self.trace = trace
        self.node = node

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def dtype(self) -> Any:
        return self.value.dtype

    @property
    def ndim(self) -> int:
        return len(self.value.shape)

    @property
    def size(self) -> int:
        return self.value.size

    @property
    def device(self) -> Any:
        return device_of(self)

    @property
    def T(self) -> Any:  # noqa: N802 - the standard's name
        return self.trace.xp.matrix_transpose(self)

    mT = T  # noqa: N815 - the standard's name

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        return self.trace.xp.to_device(self, device)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.trace.xp

    def __bool__(self) -> bool:
        return bool(self.value)

    def __getitem__(self, key: Any) -> Any:
        return self.trace.xp.getitem(self, key)

    def __neg__(self) -> Any:
        return self.trace.xp.negative(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.trace.xp.abs(self)

    # Compared elementwise, hence not hashed.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Tracer(level={self.trace.level}, {self.value!r})"


def _bind_operators() -> None:
    """Send Python's operators to the functions of the traced namespace."""

    def operator(name: str) -> Any:
        return lambda self, other: getattr(self.trace.xp, name)(self, other)

    def reflected(name: str) -> Any:
        return lambda self, other: getattr(self.trace.xp, name)(other, self)

    arithmetic = {
        "add": "add",
        "sub": "subtract",
        "mul": "multiply",
        "truediv": "divide",
        "floordiv": "floor_divide",
        "mod": "remainder",
        "pow": "pow",
        "matmul": "matmul",
    }
    for dunder, name in arithmetic.items():
        setattr(Tracer, f"__{dunder}__", operator(name))
        setattr(Tracer, f"__r{dunder}__", reflected(name))
    comparisons = {
        "eq": "equal",
        "ne": "not_equal",
        "lt": "less",
        "le": "less_equal",
        "gt": "greater",
        "ge": "greater_equal",
    }
    for dunder, name in comparisons.items():
        setattr(Tracer, f"__{dunder}__", operator(name))


_bind_operators()


def strip(value: Any) -> Any:
    """Return the plain array under all traces."""
    while type(value) is Tracer:
        value = value.value
    return value


def device_of(value: Any) -> Any:
    """Return the device of an array, plain or traced; None where the library's arrays name none (Dask's)."""
    return getattr(strip(value), "device", None)


def top_trace(args: Any) -> Trace | None:
    """Return the innermost trace among the arguments, or None if all are plain."""
    top = None
    for arg in args:
        if type(arg) is Tracer and (top is None or arg.trace.level > top.level):
            top = arg.trace
    return top
