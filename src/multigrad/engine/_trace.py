"""Recording what a function does: values that remember where they came from."""

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
    """One recorded operation: its parents, and how a cotangent goes back to each of them."""

    __slots__ = ("order", "parents", "pull")

    def __init__(self, parents: tuple[Node, ...] = (), pull: Callable[[Any], tuple[Any, ...]] | None = None) -> None:
        self.order = next(_order)
        self.parents = parents
        self.pull = pull


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

    def __bool__(self) -> bool:
        return bool(self.value)

    def __getitem__(self, key: Any) -> Any:
        return self.trace.xp.getitem(self, key)

    def __neg__(self) -> Any:
        return self.trace.xp.negative(self)

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
    while isinstance(value, Tracer):
        value = value.value
    return value


def top_trace(args: Any) -> Trace | None:
    """Return the innermost trace among the arguments, or None if all are plain."""
    top = None
    for arg in args:
        if type(arg) is Tracer and (top is None or arg.trace.level > top.level):
            top = arg.trace
    return top


def primitive(
    function: Callable[..., Any], rule: tuple[Callable[..., Any], ...] | Callable[[int], Callable[..., Any]], xp: Any
) -> Callable[..., Any]:
    """Return a function that records itself.

    Parameters
    ----------
    function
        The namespace's own function; arrays are positional arguments, everything else may be a keyword.
    rule
        One pullback expression ``(xp, g, out, *args, **kwargs)`` per argument, or a function from the argument's index
        to it for functions of any number of arrays.
    xp
        The traced namespace, in which the pullback expressions compute.
    """
    pullback_of = rule if callable(rule) else rule.__getitem__

    def call(*args: Any, **kwargs: Any) -> Any:
        trace = top_trace(args)
        if trace is None:
            return function(*args, **kwargs)
        traced = [i for i, arg in enumerate(args) if type(arg) is Tracer and arg.trace is trace]
        parents = tuple(args[i].node for i in traced)
        args = tuple(arg.value if type(arg) is Tracer and arg.trace is trace else arg for arg in args)
        out = call(*args, **kwargs)  # an outer trace may record it as well

        def pull(g: Any) -> tuple[Any, ...]:
            return tuple(pullback_of(i)(xp, g, out, *args, **kwargs) for i in traced)

        return Tracer(out, trace, Node(parents, pull))

    return call


def primitive_of_tuple(function: Callable[..., Any], rule: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    """Return a function of one array with several results (a named tuple) that records itself.

    The results share one operation behind them. Its cotangent is a tuple with None for results that nothing was
    computed from, so that these do not enter the rule.
    """

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        if type(x) is not Tracer:
            return function(x, *args, **kwargs)
        value, trace = x.value, x.trace
        outs = call(value, *args, **kwargs)
        operation = Node((x.node,), lambda g: (rule(xp, g, outs, value, *args, **kwargs),))
        count = len(outs)
        return type(outs)(*(Tracer(out, trace, Node((operation,), _into(i, count))) for i, out in enumerate(outs)))

    return call


def _into(i: int, count: int) -> Callable[[Any], tuple[Any, ...]]:
    return lambda g: (tuple(g if j == i else None for j in range(count)),)


def constant(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tracers whose result does not depend on them smoothly: comparisons, counts, shapes."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*(strip(arg) for arg in args), **{name: strip(arg) for name, arg in kwargs.items()})

    return call
