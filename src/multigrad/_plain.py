"""The commonest call at once: an outermost one on arrays of its backend, with nothing to move or to take apart.

A small eager gradient takes some ten microseconds, and `_arguments.prepare` as many again. What it would find out is
the same for all calls with arguments of the same types and dtypes, so it is kept. `PlainCalls.prepare` returns None for
any other call, right or wrong, and `_arguments.prepare` gives the answer.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from multigrad import _arguments, _computation, _dtypes, _forms, _registry
from multigrad._arguments import Call, Options
from multigrad._array import Array
from multigrad._computation import Computation
from multigrad._protocol import Native, Natives, SupportsScope
from multigrad._reads import SelfContained
from multigrad._selection import Selection

# Signatures kept per operator: more than a program's models have, few enough to forget about.
_LIMIT = 64


class Plan(NamedTuple):
    """What is the same for all calls of one signature."""

    cls: type[Array]
    given_as_array: bool
    leading: bool  # the chosen arguments come first, in their order
    show: Callable[[Native], Any] | None  # what f sees of a native array; None for the array itself
    computation: Computation  # without an array beside which new ones go
    one_device: bool  # so that none is needed
    direct: bool  # native arrays go in and come out as they are, to a backend that needs no scope


class PlainCalls:
    """The plain calls of operators with the same options.

    Parameters
    ----------
    chosen
        Positions of the differentiated arguments.
    options
        The operator's options.
    """

    __slots__ = ("_chosen", "_options", "_plans")

    def __init__(self, chosen: tuple[int, ...], options: Options) -> None:
        self._chosen = chosen
        self._options = options
        self._plans: dict[Any, Plan | None] = {}

    def prepare(self, self_contained: SelfContained, args: tuple[Any, ...]) -> Call | None:
        """Return the prepared call of a function, or None if this is no plain one."""
        plan = self.find(args)
        return None if plan is None else self._call(plan, self_contained, args)

    def find(self, args: tuple[Any, ...]) -> Plan | None:
        """Return what is known of calls like this one, or None if it is no plain one."""
        if _computation.current() is not None:
            return None
        try:
            signature = tuple([(type(arg), arg.dtype) for arg in args])
            return self._plans[signature]
        except KeyError:
            return self._learn(signature, args)
        except (AttributeError, TypeError):  # no array, or a dtype that cannot be hashed
            return None

    def _learn(self, signature: Any, args: tuple[Any, ...]) -> Plan | None:
        if len(self._plans) >= _LIMIT:
            self._plans.clear()
        plan = self._plan(args)
        if plan is not None:  # a call that is not plain now may be so later, once a framework has been seen
            self._plans[signature] = plan
        return plan

    def _plan(self, args: tuple[Any, ...]) -> Plan | None:
        names = {_registry.array_backend_name(arg) for arg in args}
        name = names.pop() if len(names) == 1 else None
        # NumPy's arrays go to whatever backend is the default at the time of the call.
        if name is None or self._options.backend not in ((None, name) if name != "numpy" else (name,)):
            return None
        backend = _registry.get_backend(name)
        cls = _forms.array_type(backend)
        given_as_array = type(args[0]) is cls
        if any((type(arg) is cls) is not given_as_array or not cls._is_array_object(arg) for arg in args):
            return None
        dtypes = [_dtypes.dtype_name(arg.dtype) for arg in args]
        if any(dtypes[position] not in _dtypes.INEXACT for position in self._chosen):
            return None
        leading = self._chosen == tuple(range(len(self._chosen)))
        if self._options.form == "standard":
            show: Callable[[Native], Any] | None = cls._wrap
        else:
            show = None if cls._native_form is Array._native_form else cls._native_form
        computation = Computation(backend, cls, _dtypes.widest(dtypes) or "float64", None, self._options.form, 1)
        one_device = len(backend.devices()) == 1
        as_it_is = not given_as_array and leading and cls._native_form is Array._native_form
        scope = backend.scope(computation) if _registry.supports(backend, SupportsScope) else None  # type: ignore[attr-defined]
        direct = as_it_is and one_device and (scope is None or isinstance(scope, contextlib.nullcontext))
        return Plan(cls, given_as_array, leading, show, computation, one_device, direct)

    def _call(self, plan: Plan, self_contained: SelfContained, args: tuple[Any, ...]) -> Call:
        chosen, cls, computation = self._chosen, plan.cls, plan.computation
        natives = tuple([arg.native for arg in args]) if plan.given_as_array else args
        if not plan.one_device:
            computation = computation._replace(beside=natives[0])
        show = plan.show
        rest = natives[len(chosen) :] if plan.leading else None

        def arguments(primals: Natives) -> tuple[tuple[Any, ...], dict[str, Any]]:
            if rest is not None:
                leaves = primals + rest
            else:
                merged = list(natives)
                for position, primal in zip(chosen, primals, strict=True):
                    merged[position] = primal
                leaves = tuple(merged)
            return leaves if show is None else tuple([show(leaf) for leaf in leaves]), {}

        present = cls._wrap if plan.given_as_array else cls._native_form
        others = rest if rest is not None else natives
        closed = bool(self_contained) and not (others and any([cls._is_recorded(other) for other in others]))
        return Call(
            computation,
            natives[: len(chosen)] if plan.leading else tuple([natives[position] for position in chosen]),
            arguments,
            lambda results: [present(result) for result in results],
            present,
            closed,
        )


def calls_of(
    f: Callable[..., Any], selection: Selection, options: Options
) -> Callable[[tuple[Any, ...], dict[str, Any]], Call]:
    """Return a function from the arguments of a call of f to the prepared call, by the shortest way."""
    positions = selection.positions
    self_contained = SelfContained(f)
    needed = max(positions, default=0) + 1
    is_open = bool(positions) and options.device is None and options.dtype is None
    plain = PlainCalls(positions, options) if is_open else None

    def prepare(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        if plain is not None and not kwargs and len(args) >= needed:
            call = plain.prepare(self_contained, args)
            if call is not None:
                return call
        chosen, kwargs = selection.locate(f, args, kwargs)
        return _arguments.prepare(f, chosen, options, args, kwargs)

    return prepare


@functools.lru_cache(maxsize=_LIMIT)
def plain_calls(count: int, options: Options) -> PlainCalls:
    """Return the plain calls that differentiate all of so many arguments, for operators that evaluate at once."""
    return PlainCalls(tuple(range(count)), options)
