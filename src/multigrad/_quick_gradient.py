"""The gradient of a plain call in as few steps as it takes.

A small gradient in torch takes forty microseconds, and every function that Python enters on the way some tenths of one.
This is the general way of `_transform` for plain calls on native arrays, on a backend that needs no scope, with all
else left out; any other call goes the general way and gives the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad import _computation, _derive
from multigrad._arguments import Options
from multigrad._outputs import scalar_output
from multigrad._plain import PlainCalls
from multigrad._protocol import Natives
from multigrad._reads import SelfContained
from multigrad._running import add_note
from multigrad._selection import Selection


def quick_gradient(
    f: Callable[..., Any], selection: Selection, options: Options
) -> Callable[[tuple[Any, ...]], tuple[Any, Any] | None]:
    """Return a function from a call's arguments to value and gradient, or to None where another way must be gone.

    Parameters
    ----------
    f
        The user's function, which returns the value alone.
    selection
        The differentiated arguments.
    options
        The operator's options.
    """
    count = len(selection.positions)
    one = selection.is_single
    if selection.positions != tuple(range(count)) or selection.argnames is not None or not count:
        return lambda args: None
    if options.device is not None or options.dtype is not None:
        return lambda args: None
    find = PlainCalls(selection.positions, options).find
    self_contained = SelfContained(f)
    enter, leave = _computation.enter, _computation.leave

    def evaluate(args: tuple[Any, ...]) -> tuple[Any, Any] | None:
        plan = find(args) if len(args) >= count else None
        if plan is None or not plan.direct:
            return None
        computation, show, rest = plan.computation, plan.show, args[count:]

        def flat(*primals: Any) -> tuple[Natives, Natives]:
            leaves = primals + rest
            try:
                value = f(*leaves) if show is None else f(*[show(leaf) for leaf in leaves])
            except (TypeError, RuntimeError) as error:
                add_note(error)
                raise
            return (scalar_output(value, computation),), ()

        is_recorded = plan.cls._is_recorded
        closed = bool(self_contained) and not (rest and any([is_recorded(other) for other in rest]))
        token = enter(computation)
        try:
            value, gradients, _ = _derive.value_and_gradient(computation.backend, flat, args[:count], closed)
        finally:
            leave(token)
        return value, gradients[0] if one else gradients

    return evaluate
