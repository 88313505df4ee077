"""Functions whose derivative is written by hand (`custom_vjp`, `custom_jvp`) or recomputed (`checkpoint`)."""

from __future__ import annotations

import contextvars
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from multigrad import _computation, _derive, _forms, _leaves, _registry, _tree
from multigrad._array import Array
from multigrad._computation import Computation
from multigrad._convert import stop_gradient
from multigrad._cotangents import Expected
from multigrad._errors import StructureError
from multigrad._outputs import OutputTree, flatten_output
from multigrad._protocol import (
    Backend,
    Natives,
    SupportsCheckpoint,
    SupportsPullbackRule,
    SupportsRecording,
    SupportsStopGradient,
    SupportsTangentRule,
)
from multigrad._running import NoTangentRuleError, check_callable

_Function = Callable[..., Any]
_Pullback = Callable[[Natives, Natives], Natives]

# The custom_vjp functions, by identity, whose fwd is running.
_forward: contextvars.ContextVar[frozenset[int]] = contextvars.ContextVar("multigrad_fwd", default=frozenset())


class custom_vjp:  # noqa: N801 - a decorator, named as in JAX
    """A function with a pullback written by hand, the same for all backends.

    Parameters
    ----------
    f
        Function of arrays, numbers and containers of them; returns a tree of arrays.

    Raises
    ------
    TypeError
        If it is called before `defvjp`, or differentiated in forward mode, which a pullback does not tell: use
        `custom_jvp`.
    NotImplementedError
        If a third-party backend does not offer the capability ``pullback_rule``.

    Notes
    -----
    Works under `gradient`, `vjp`, `hvp`, `vmap`, `jacobian` in reverse mode and their compositions: fwd and bwd are
    differentiated in turn. What f reads besides its arguments is constant to it.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> @multigrad.custom_vjp
    ... def clipped(x):
    ...     return x * 1.0
    >>> clipped.defvjp(lambda x: (x * 1.0, None), lambda residuals, cotangent: (xp.clip(cotangent, -1.0, 1.0),))
    >>> multigrad.gradient(lambda x: 5 * clipped(x))(2.0)
    array(1.)
    """

    def __init__(self, f: _Function) -> None:
        check_callable(f)
        functools.update_wrapper(self, f)
        self._f = f
        self._rule: tuple[_Function, _Function] | None = None

    def defvjp(self, fwd: _Function, bwd: _Function) -> None:
        """Set the rule.

        Parameters
        ----------
        fwd
            Takes f's arguments, returns ``(value, residuals)``.
        bwd
            Takes ``(residuals, cotangent)``, the cotangent with value's structure, and returns a tuple with one tree
            per positional argument of f: its cotangent, or None for zeros.
        """
        check_callable(fwd)
        check_callable(bwd)
        self._rule = (fwd, bwd)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._rule is None:
            raise TypeError(f"Expected a rule for {_name(self._f)}; set it with {_name(self._f)}.defvjp(fwd, bwd).")
        args = _by_position(self._f, args, kwargs)
        if (observer := _computation.observer()) is not None:
            return observer.rule(self, args)
        arguments = _Arguments(args)
        if not arguments.differentiated:
            return _constant(self._f(*args), arguments.backend)
        backend = arguments.backend
        # Where fwd calls it, a pullback may be transposed for tangents: what f is under is a derivative backwards.
        if arguments.computation.forward and id(self) not in _forward.get():
            raise NoTangentRuleError(
                f"{_name(self._f)} has a pullback (custom_vjp), and forward mode needs a rule for tangents: define it "
                "with multigrad.custom_jvp, which works in every mode."
            )
        _require(backend, SupportsPullbackRule, "pullback_rule", SupportsStopGradient, "stop_gradient")
        if id(self) not in _forward.get():
            outputs, value, residuals, pullback = self._by_rule(arguments)
        else:
            outputs, value, residuals, pullback = self._within(args, arguments)
            if _registry.supports(backend, SupportsTangentRule):
                return value.rebuild(map(arguments.show, _in_both_modes(backend, outputs, residuals, pullback)))
        outputs = tuple(backend.stop_gradient(x) for x in outputs)  # type: ignore[attr-defined]
        try:
            outputs = backend.with_pullback(outputs, arguments.inputs, residuals, pullback)  # type: ignore[attr-defined]
        except TypeError as error:
            if "forward-mode" not in str(error):
                raise
            # JAX: a derivative goes forwards over a pass backwards in which another function's bwd calls this one.
            raise NoTangentRuleError(
                f"{_name(self._f)} has a pullback (custom_vjp), and here forward mode goes over a bwd that calls it: "
                "hvp and hessian are forward over reverse. Define it with multigrad.custom_jvp, which works in every "
                "mode, or take gradient(gradient(f)) or jacobian(gradient(f))."
            ) from error
        return value.rebuild(map(arguments.show, outputs))

    def _by_rule(self, arguments: _Arguments) -> tuple[Natives, OutputTree, Natives, _Pullback]:
        """Return outputs and their tree by fwd, its residuals, and the pullback by bwd."""
        outputs, value, kept, residuals = self._forwarded(arguments, arguments.inputs)
        return (
            outputs,
            value,
            kept,
            lambda saved, cotangents: self._back(
                arguments, residuals.rebuild(map(arguments.show, saved)), value, cotangents
            ),
        )

    def _within(self, args: tuple[Any, ...], arguments: _Arguments) -> tuple[Natives, OutputTree, Natives, _Pullback]:
        """Return the same for a call by fwd itself, which often gives f's value: by f, and its rule when it is needed.

        fwd once more, at once, would never end.
        """
        outputs, value = flatten_output(self._f(*args), arguments.computation, arrays_only=True)

        def pullback(saved: Natives, cotangents: Natives) -> Natives:
            _, tree, kept, residuals = self._forwarded(arguments, saved)
            return self._back(arguments, residuals.rebuild(map(arguments.show, kept)), tree, cotangents)

        return outputs, value, arguments.inputs, pullback

    def _forwarded(self, arguments: _Arguments, inputs: Natives) -> tuple[Natives, OutputTree, Natives, OutputTree]:
        """Return what fwd gives: the value and the residuals, each flat and as a tree."""
        fwd = self._rule[0]  # type: ignore[index]
        token = _forward.set(_forward.get() | {id(self)})
        try:
            returned = fwd(*arguments.rebuilt(inputs))
        finally:
            _forward.reset(token)
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise TypeError(f"Expected fwd of {_name(self._f)} to return (value, residuals), got {returned!r}.")
        return (
            *flatten_output(returned[0], arguments.computation, arrays_only=True),
            *flatten_output(returned[1], arguments.computation, arrays_only=False),
        )

    def _back(self, arguments: _Arguments, residuals: Any, value: OutputTree, cotangents: Natives) -> Natives:
        """Return the cotangents of the inputs by bwd."""
        bwd = self._rule[1]  # type: ignore[index]
        return arguments.cotangents(bwd(residuals, value.rebuild(map(arguments.show, cotangents))), _name(self._f))


def _in_both_modes(backend: Any, outputs: Natives, inputs: Natives, pullback: _Pullback) -> Natives:
    """Return outputs with a pullback of the inputs and its transpose.

    Where fwd calls the function itself, the pullback of that call calls fwd again: in the pass backwards, over which a
    second derivative goes forwards.
    """
    outputs = tuple(backend.stop_gradient(x) for x in outputs)

    def rule(primals: Natives, tangents: Natives) -> tuple[Natives, Natives]:
        def pull(cotangents: Natives) -> Natives:
            return pullback(primals, cotangents)

        push = _derive.transposed(backend, pull, outputs, reusable=False)
        return backend.with_jvp(lambda *_: outputs, rule, primals), push(tangents)

    values: Natives = backend.with_jvp(lambda *_: outputs, rule, inputs)
    return values


class custom_jvp:  # noqa: N801 - a decorator, named as in JAX
    """A function with a forward derivative written by hand, the same for all backends and in every mode.

    Parameters
    ----------
    f
        Function of arrays, numbers and containers of them; returns a tree of arrays.

    Raises
    ------
    TypeError
        If it is called before `defjvp`.
    NotImplementedError
        If a third-party backend offers neither ``tangent_rule`` nor ``pullback_rule``.

    Notes
    -----
    The rule must be linear in the tangents: reverse mode transposes it. What f reads besides its arguments is constant
    to it.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> @multigrad.custom_jvp
    ... def softplus(x):
    ...     return xp.logaddexp(x, 0.0)
    >>> softplus.defjvp(lambda primals, tangents: (softplus(primals[0]), tangents[0] / (1 + xp.exp(-primals[0]))))
    >>> multigrad.gradient(softplus)(0.0)
    array(0.5)
    """

    def __init__(self, f: _Function) -> None:
        check_callable(f)
        functools.update_wrapper(self, f)
        self._f = f
        self._rule: _Function | None = None

    def defjvp(self, rule: _Function) -> None:
        """Set the rule.

        Parameters
        ----------
        rule
            Takes ``(primals, tangents)``, two tuples with one tree per argument of f, and returns ``(value,
            tangent_out)`` of one structure. Tangents are zero where nothing is differentiated, None at leaves that
            have no derivative (strings, integers).
        """
        check_callable(rule)
        self._rule = rule

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._rule is None:
            raise TypeError(f"Expected a rule for {_name(self._f)}; set it with {_name(self._f)}.defjvp(rule).")
        args = _by_position(self._f, args, kwargs)
        if (observer := _computation.observer()) is not None:
            return observer.rule(self, args)
        arguments = _Arguments(args)
        if not arguments.differentiated:
            return _constant(self._f(*args), arguments.backend)
        rule, backend, show = self._rule, arguments.backend, arguments.show
        trees: list[OutputTree] = []

        def flat(*inputs: Any) -> Natives:
            natives, tree = flatten_output(self._f(*arguments.rebuilt(inputs)), arguments.computation, arrays_only=True)
            trees[:] = [tree]
            return natives

        def flat_rule(inputs: Natives, tangents: Natives) -> tuple[Natives, Natives]:
            returned = rule(arguments.rebuilt(inputs), arguments.tangents(tangents))
            if not isinstance(returned, tuple) or len(returned) != 2:
                raise TypeError(f"Expected the rule of {_name(self._f)} to return (value, tangent), got {returned!r}.")
            outputs, value = flatten_output(returned[0], arguments.computation, arrays_only=True)
            trees[:] = [value]
            word = f"the tangent of the rule of {_name(self._f)}"
            expected = Expected(value.structure, value.beside(outputs), arguments.computation, word)
            return outputs, expected.flatten(returned[1])

        if _registry.supports(backend, SupportsTangentRule):
            outputs = backend.with_jvp(flat, flat_rule, arguments.inputs)  # type: ignore[attr-defined]
        else:
            _require(backend, SupportsPullbackRule, "pullback_rule", SupportsStopGradient, "stop_gradient")
            stop = backend.stop_gradient  # type: ignore[attr-defined]

            def pullback(inputs: Natives, cotangents: Natives) -> Natives:
                def linear(*tangents: Any) -> tuple[Natives, Natives]:
                    return flat_rule(inputs, tangents)[1], ()

                somewhere = _derive.zeros_like(backend, inputs)
                return backend.vjp(linear, somewhere, reusable=False)[1](cotangents)

            values = flat(*arguments.inputs)
            outputs = backend.with_pullback(  # type: ignore[attr-defined]
                tuple(stop(x) for x in values), arguments.inputs, arguments.inputs, pullback
            )
        return trees[0].rebuild(map(show, outputs))


def checkpoint(f: _Function) -> _Function:
    """Return f, whose intermediate values are forgotten and computed again in the backward pass.

    Parameters
    ----------
    f
        Function of arrays, numbers and containers of them; returns a tree of arrays.

    Returns
    -------
    callable
        Like f: the same value and derivatives of any order, less memory, more time.

    Notes
    -----
    What f reads besides its arguments is differentiated too; on TensorFlow and NumPy such an f is evaluated as it is,
    with nothing forgotten, and so is every f inside torch's functional transforms.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> multigrad.gradient(multigrad.checkpoint(lambda x: xp.sin(xp.exp(x))))(0.0)
    array(0.54030231)
    """
    check_callable(f)

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if (observer := _computation.observer()) is not None:
            return observer.rule(checkpointed, args, kwargs)
        arguments = _Arguments(args)
        if not arguments.differentiated:
            return f(*args, **kwargs)
        backend, show = arguments.backend, arguments.show
        trees: list[OutputTree] = []

        def flat(*inputs: Any) -> Natives:
            returned = f(*arguments.rebuilt(inputs), **kwargs)
            natives, tree = flatten_output(returned, arguments.computation, arrays_only=True)
            trees[:] = [tree]
            return natives

        if _registry.supports(backend, SupportsCheckpoint):
            outputs = backend.checkpoint(flat, arguments.inputs)  # type: ignore[attr-defined]
        elif _registry.supports(backend, SupportsPullbackRule) and _registry.supports(backend, SupportsStopGradient):
            outputs = _recomputed(backend, flat, arguments.inputs, arguments.computation.cls._is_recorded)
        else:
            outputs = flat(*arguments.inputs)  # right, without the saving
        return trees[0].rebuild(map(show, outputs))

    return checkpointed


def _recomputed(backend: Any, flat: Callable[..., Natives], inputs: Natives, is_recorded: Callable[[Any], bool]) -> Any:
    def pullback(saved: Natives, cotangents: Natives) -> Any:
        _, pull, _ = backend.vjp(lambda *xs: (flat(*xs), ()), saved, reusable=False)
        return pull(cotangents)

    values = flat(*(backend.stop_gradient(x) for x in inputs))
    if any(map(is_recorded, values)):
        # f reads something else that is differentiated, and that derivative depends on the inputs in its turn.
        return flat(*inputs)
    return backend.with_pullback(values, inputs, inputs, pullback)


class _Arguments:
    """The arguments of a function with a rule, inside whatever computation is running.

    The inputs are the inexact arrays among the leaves, as native arrays; everything else reaches f untouched.
    """

    def __init__(self, args: Sequence[Any]) -> None:
        self._flat = _leaves.Leaves(args, _leaves.expander(None))
        leaves = self._flat.leaves
        name = _registry.framework_of(leaves)
        running = _computation.current()
        self.backend: Backend = _registry.get_backend(name) if name else _computation.default_backend()
        self.computation = self._computation(running)
        cls = self.computation.cls
        self._positions = [i for i, leaf in enumerate(leaves) if self._is_input(leaf)]
        self.inputs: Natives = tuple(
            leaves[i].native if isinstance(leaves[i], Array) else leaves[i] for i in self._positions
        )
        as_array = any(isinstance(leaf, Array) for leaf in leaves)
        self.show: Callable[[Any], Any] = cls._wrap if as_array else cls._native_form
        # A backend that cannot tell what is recorded gets the rule inside every operator.
        untold = running is not None and running.level > 0 and not _registry.supports(self.backend, SupportsRecording)
        self.differentiated = any(untold or cls._is_recorded(x) for x in self.inputs)

    def _computation(self, running: Computation | None) -> Computation:
        if running is not None and running.backend is self.backend:
            return running
        return Computation(self.backend, _forms.array_type(self.backend), None, None, "standard", 1)

    def _is_input(self, leaf: Any) -> bool:
        if _registry.array_backend_name(leaf) != self.backend.name:
            return False
        return _derive.is_inexact(leaf)

    def rebuilt(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Return the arguments with other native arrays in the places of the inputs."""
        leaves = list(self._flat.leaves)
        for position, x in zip(self._positions, inputs, strict=True):
            leaves[position] = self.show(x)
        return self._trees(leaves)

    def tangents(self, tangents: Natives) -> tuple[Any, ...]:
        """Return one tree per argument with the tangents at the inputs, 0 at floats and None elsewhere."""
        leaves: list[Any] = [0.0 if type(leaf) in (float, complex) else None for leaf in self._flat.leaves]
        for position, x in zip(self._positions, tangents, strict=True):
            leaves[position] = self.show(x)
        return self._trees(leaves)

    def _trees(self, leaves: list[Any]) -> tuple[Any, ...]:
        return tuple(self._flat.rebuild(leaves, argument) for argument in range(len(self._flat.spans)))

    def cotangents(self, returned: Any, name: str) -> Natives:
        """Return what bwd gave as one native array per input, or raise `StructureError`."""
        spans = self._flat.spans
        if not isinstance(returned, tuple | list) or len(returned) != len(spans):
            count = len(returned) if isinstance(returned, tuple | list) else type(returned).__name__
            raise StructureError(f"Expected bwd of {name} to return a tuple of {len(spans)} cotangents, got {count}.")
        natives: list[Any] = []
        for argument, ((start, stop), part) in enumerate(zip(spans, returned, strict=True)):
            like = [x for position, x in zip(self._positions, self.inputs, strict=True) if start <= position < stop]
            if part is None:
                natives.extend(_derive.zeros_like(self.backend, tuple(like)))
                continue
            wanted = iter(like)
            mask = [next(wanted) if position in self._positions else None for position in range(start, stop)]
            structure = self._flat.structures[argument] or _tree.flatten(None)[1]
            natives.extend(
                Expected(structure, mask, self.computation, f"bwd(...)[{argument}]", owner="argument").flatten(part)
            )
        return tuple(natives)


def _by_position(f: _Function, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Return the arguments of a call by their positions, which rules speak of."""
    if not kwargs:
        return args
    bound = inspect.signature(f).bind(*args, **kwargs)
    bound.apply_defaults()
    if bound.kwargs:
        names = ", ".join(bound.kwargs)
        raise TypeError(
            f"Expected arguments of {_name(f)} that can be passed by position, got {names} by keyword only."
        )
    return bound.args


def _constant(value: Any, backend: Backend) -> Any:
    """Return the value of a function with a rule that nothing is differentiated through: f's own reads do not count."""
    return stop_gradient(value) if _registry.supports(backend, SupportsStopGradient) else value


def _require(backend: Backend, *needed: Any) -> None:
    for capability, word in zip(needed[::2], needed[1::2], strict=True):
        if not _registry.supports(backend, capability):
            raise NotImplementedError(f"The backend {backend.name!r} does not offer the capability {word!r}.")


def _name(f: _Function) -> str:
    return getattr(f, "__name__", type(f).__name__)
