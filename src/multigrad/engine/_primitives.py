"""Functions that record themselves.

Each maker takes a function of the namespace that computes and its rule from the tables, and returns the function over
traced arrays. Calls are the engine's innermost loop: one node and one closure per operation, and nothing kept that the
way back does not read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad.engine._reads import Keep, Like, Reading, kept
from multigrad.engine._shapes import Rule, sum_to, times, times_summed
from multigrad.engine._trace import Node, Tracer, strip, top_trace


class Part:
    """How the cotangent of one argument of an elementwise function is computed.

    Attributes
    ----------
    pull
        ``(g, out, *args)`` gives the cotangent of an argument that has the result's shape.
    pull_summed
        ``(g, like, out, *args)`` gives that of an argument like ``like``, which was broadcast.
    out, args
        How much they read of the result and of the arguments.
    """

    __slots__ = ("args", "is_identity", "is_linear", "out", "pull", "pull_summed")
    pull: Callable[..., Any]
    pull_summed: Callable[..., Any]

    def __init__(self, expression: Any, xp: Any, kind: str) -> None:
        self.is_identity = expression == 1
        self.is_linear = kind == "slope"
        if isinstance(expression, int | float):
            self.out, self.args = Keep.NOTHING, (Keep.NOTHING, Keep.NOTHING)
            self.pull = (
                (lambda g, out, *args: g) if self.is_identity else lambda g, out, *args: times(xp, g, expression)
            )
            self.pull_summed = lambda g, like, out, *args: times(xp, sum_to(xp, g, like), expression)
            return
        reading = Reading(expression, kind)
        self.out, self.args = reading.out, (reading.arg(0), reading.arg(1))
        if kind == "slope":
            self.pull = lambda g, out, *args: times(xp, g, expression(xp, out, *args))
            self.pull_summed = lambda g, like, out, *args: times_summed(xp, g, expression(xp, out, *args), like)
        else:
            self.pull = lambda g, out, *args: expression(xp, g, out, *args)
            self.pull_summed = lambda g, like, out, *args: sum_to(xp, expression(xp, g, out, *args), like)


def from_slopes(function: Callable[..., Any], rule: Rule, xp: Any) -> Callable[..., Any]:
    """Return an elementwise function with the derivatives ``(xp, out, *args)``, or numbers, that records itself."""
    return _elementwise(function, [Part(expression, xp, "slope") for expression in rule])


def from_pullbacks(function: Callable[..., Any], rule: Rule, xp: Any) -> Callable[..., Any]:
    """Return an elementwise function with the pullbacks ``(xp, g, out, *args)`` that records itself."""
    return _elementwise(function, [Part(expression, xp, "pullback") for expression in rule])


def _elementwise(function: Callable[..., Any], parts: list[Part]) -> Callable[..., Any]:
    return _unary(function, *parts) if len(parts) == 1 else _binary(function, *parts)


def _unary(function: Callable[..., Any], part: Part) -> Callable[..., Any]:
    linear = part.is_linear
    pull_part, keeps_out, keeps_x, same = part.pull, part.out is Keep.VALUE, part.args[0], part.is_identity

    def call(x: Any, /) -> Any:
        if type(x) is not Tracer:
            return function(x)
        value = x.value
        out = call(value)
        if same:
            return Tracer(out, x.trace, Node((x.node,), _as_it_is, True))
        kept_out, kept_x = out if keeps_out else None, kept(value, keeps_x)
        return Tracer(out, x.trace, Node((x.node,), lambda g: (pull_part(g, kept_out, kept_x),), linear))

    return call


def _as_it_is(g: Any) -> tuple[Any]:
    return (g,)


def _binary(function: Callable[..., Any], first: Part, second: Part) -> Callable[..., Any]:
    def call(x: Any, y: Any, /) -> Any:
        if type(x) is Tracer:
            if type(y) is not Tracer or x.trace.level > y.trace.level:
                return left(x, y)
            return both(x, y) if x.trace is y.trace else right(x, y)
        return right(x, y) if type(y) is Tracer else function(x, y)

    left = _one_side(call, first, 0)
    right = _one_side(call, second, 1)
    both = _both_sides(call, first, second)
    return call


def _one_side(call: Callable[..., Any], part: Part, side: int) -> Callable[..., Any]:
    """Return a function of two arrays of which one is traced here, the left or the right one."""
    pull_part, pull_summed, linear = part.pull, part.pull_summed, part.is_linear
    keeps_out, keeps_x, keeps_y = (bool(keep) for keep in (part.out, *part.args))
    identity = part.is_identity

    def record(x: Any, y: Any) -> Any:
        if side:
            tracer = y
            value = y = y.value
        else:
            tracer = x
            value = x = x.value
        out = call(x, y)
        whole = value.shape == out.shape and value.dtype == out.dtype
        if identity and whole:
            return Tracer(out, tracer.trace, Node((tracer.node,), _as_it_is, True))
        kept_out, kept_x, kept_y = out if keeps_out else None, x if keeps_x else None, y if keeps_y else None
        if whole:
            return Tracer(
                out, tracer.trace, Node((tracer.node,), lambda g: (pull_part(g, kept_out, kept_x, kept_y),), linear)
            )
        like = Like(value)
        return Tracer(
            out, tracer.trace, Node((tracer.node,), lambda g: (pull_summed(g, like, kept_out, kept_x, kept_y),), linear)
        )

    return record


def _both_sides(call: Callable[..., Any], first: Part, second: Part) -> Callable[..., Any]:
    """Return a function of two arrays that are both traced here."""
    reads = ((first.out, second.out), *zip(first.args, second.args, strict=True))
    keeps_out, keeps_x, keeps_y = (any(pair) for pair in reads)
    linear = first.is_linear and second.is_linear

    def record(x: Any, y: Any) -> Any:
        trace, nodes = x.trace, (x.node, y.node)
        x, y = x.value, y.value
        out = call(x, y)
        shape, dtype = out.shape, out.dtype
        like_x = None if x.shape == shape and x.dtype == dtype else Like(x)
        like_y = None if y.shape == shape and y.dtype == dtype else Like(y)
        kept_out, kept_x, kept_y = out if keeps_out else None, x if keeps_x else None, y if keeps_y else None

        def pull(g: Any) -> tuple[Any, Any]:
            return (
                first.pull(g, kept_out, kept_x, kept_y)
                if like_x is None
                else first.pull_summed(g, like_x, kept_out, kept_x, kept_y),
                second.pull(g, kept_out, kept_x, kept_y)
                if like_y is None
                else second.pull_summed(g, like_y, kept_out, kept_x, kept_y),
            )

        return Tracer(out, trace, Node(nodes, pull, linear))

    return record


def primitive(function: Callable[..., Any], rule: Rule | Callable[[int], Any], xp: Any) -> Callable[..., Any]:
    """Return a function that records itself.

    Parameters
    ----------
    function
        The namespace's own function; arrays are positional arguments, everything else may be a keyword.
    rule
        One pullback expression ``(xp, g, out, *args, **options)`` per argument, or a function from the argument's index
        to it for functions of any number of arrays.
    xp
        The traced namespace, in which the pullback expressions compute.
    """
    return _of_first(function, rule[0], xp) if type(rule) is tuple and len(rule) == 1 else _of_any(function, rule, xp)


def _of_first(function: Callable[..., Any], expression: Any, xp: Any) -> Callable[..., Any]:
    """Return a function that is differentiated in its first argument; the others are options."""
    reading = Reading(expression)
    keeps_out, keeps_x = reading.out is Keep.VALUE, reading.arg(0)

    def call(x: Any, /, *args: Any, **options: Any) -> Any:
        if type(x) is not Tracer:
            return function(x, *args, **options)
        value = x.value
        out = call(value, *args, **options)
        kept_out, kept_x = out if keeps_out else None, kept(value, keeps_x)
        return Tracer(out, x.trace, Node((x.node,), lambda g: (expression(xp, g, kept_out, kept_x, *args, **options),)))

    return call


def _of_any(function: Callable[..., Any], rule: Any, xp: Any) -> Callable[..., Any]:
    pullback_of = rule if callable(rule) else rule.__getitem__
    plans: dict[Any, Any] = {}

    def plan(traced: tuple[int, ...], count: int) -> Any:
        """Return the expressions of the traced arguments, and how much they read of the result and each argument."""
        expressions = tuple(pullback_of(i) for i in traced)
        readings = [Reading(expression) for expression in expressions]
        keeps = tuple(max(reading.arg(i) for reading in readings) for i in range(count))
        return expressions, max(reading.out for reading in readings), keeps

    def call(*args: Any, **options: Any) -> Any:
        for arg in args:
            if type(arg) is Tracer:
                break
        else:
            return function(*args, **options)
        trace: Any = top_trace(args)
        traced = tuple([i for i, arg in enumerate(args) if type(arg) is Tracer and arg.trace is trace])
        parents = tuple([args[i].node for i in traced])
        args = tuple([arg.value if type(arg) is Tracer and arg.trace is trace else arg for arg in args])
        out = call(*args, **options)  # an outer trace may record it as well
        pattern = (traced, len(args))
        found = plans.get(pattern)
        if found is None:
            found = plans[pattern] = plan(*pattern)
        expressions, keeps_out, keeps = found
        kept_out = kept(out, keeps_out)
        kept_args = tuple([kept(arg, keep) for arg, keep in zip(args, keeps, strict=True)])

        def pull(g: Any) -> tuple[Any, ...]:
            return tuple([expression(xp, g, kept_out, *kept_args, **options) for expression in expressions])

        return Tracer(out, trace, Node(parents, pull))

    return call


def primitive_of_tuple(function: Callable[..., Any], rule: Callable[..., Any], xp: Any) -> Callable[..., Any]:
    """Return a function of one array with several results (a named tuple) that records itself.

    The results share one operation behind them. Its cotangent is a tuple with None for results that nothing was
    computed from, so that these do not enter the rule.
    """
    keeps_x = Reading(rule).arg(0)

    def call(x: Any, *args: Any, **options: Any) -> Any:
        if type(x) is not Tracer:
            return function(x, *args, **options)
        value, trace = x.value, x.trace
        outs = call(value, *args, **options)
        kept_x = kept(value, keeps_x)
        operation = Node((x.node,), lambda g: (rule(xp, g, outs, kept_x, *args, **options),))
        count = len(outs)
        return type(outs)(*(Tracer(out, trace, Node((operation,), _into(i, count))) for i, out in enumerate(outs)))

    return call


def _into(i: int, count: int) -> Callable[[Any], tuple[Any, ...]]:
    return lambda g: (tuple(g if j == i else None for j in range(count)),)


def constant(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tracers whose result does not depend on them smoothly: comparisons, counts, shapes."""

    def call(*args: Any, **options: Any) -> Any:
        args = tuple([strip(arg) for arg in args])
        return function(*args, **{name: strip(arg) for name, arg in options.items()}) if options else function(*args)

    return call
