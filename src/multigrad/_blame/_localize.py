"""`localize`: the operations of one function whose own derivative is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multigrad._blame._compared import compared
from multigrad._blame._examine import Examined, examine
from multigrad._blame._local import alone, inside
from multigrad._blame._localization import Culprit, Localization
from multigrad._blame._masks import mask_of
from multigrad._blame._recordings import body, recordings
from multigrad._blame._trace import Trace
from multigrad._computation import opened
from multigrad._errors import MultigradError
from multigrad._graph import Node
from multigrad._graph._recorder import AnotherPathError
from multigrad._protocol import Backend, Native

_Function = Callable[..., Any]

_ANOTHER_PATH = "f took another path when it was evaluated a second time (random numbers, a state?)"
# A value that changes by less than this part when something else is moved by _STEP was not moved by it.
_UNCHANGED, _STEP = 1e-8, 1e-4


def localize(
    f: _Function,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    *,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
    seed: int = 0,
) -> Localization:
    """Find the operations of f whose own derivative is wrong or not finite.

    Parameters
    ----------
    f
        Function of arrays, numbers and containers of them; returns a tree of arrays and numbers.
    args, kwargs
        Its arguments: the point.
    argnums, argnames, backend, device, dtype
        As for `gradient`; argnums and argnames both None: all arguments that hold floating-point numbers.
    arrays
        With ``"native"`` nothing can be followed inside f, and the answer says so.
    seed
        Of directions and cotangents.

    Returns
    -------
    Localization
        Its culprits are operations and custom rules, in the order of computation.

    Notes
    -----
    f is recorded in float64, at the arguments as rounded to the dtype asked for. Each operation is computed again
    alone, some twenty times in each of three random directions, and its pullback compared with the extrapolated
    differences (`_slopes`); what cannot be computed alone is computed inside f with everything before it held. Where
    the derivative is off, input and output are halved until one element of each is left. `stop_gradient` and an
    operation whose value the output does not depend on are blamed only if nothing else is off.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import _blame, xp
    >>> found = _blame.localize(lambda x: xp.sin(x) * multigrad.stop_gradient(x), (2.0,))
    >>> [(culprit.operation, culprit.found) for culprit in found.culprits]
    [('stop_gradient', 0.0)]
    """
    if arrays != "standard":
        return Localization(reason=f"arrays={arrays!r}: operations on native arrays are not recorded", interval=body(f))
    chosen: dict[str, Any] = {"argnums": argnums, "argnames": argnames}
    options = {"backend": backend, "device": device, "dtype": dtype, **chosen}
    try:
        narrow, wide = recordings(f, args, kwargs, options)
    except MultigradError:
        raise  # what `gradient` raises, too
    except (TypeError, AttributeError, NotImplementedError) as error:
        return Localization(reason=f"f cannot be recorded: {type(error).__name__}: {error}", interval=body(f))
    search = _Search(Trace(wide), seed)
    found = search.run()
    if found.found or found.reason is not None or narrow is wide:
        return found
    return dataclasses.replace(found, culprits=tuple(compared(narrow, wide, seed).culprits))


class _Search:
    """The steps of `localize` on a float64 recording."""

    def __init__(self, trace: Trace, seed: int) -> None:
        self.trace, self.recording = trace, trace.recording
        self.generator = np.random.default_rng(seed)
        self.culprits: list[Culprit] = []
        self.kinks: list[Culprit] = []
        self.unknown: list[tuple[Node, str]] = []

    def run(self) -> Localization:
        try:
            hidden = self._hidden()
        except AnotherPathError:
            hidden = set()
            self.unknown += [(node, _ANOTHER_PATH) for node in self.trace.nodes[-1:]]
        for node in self.trace.nodes:
            if node.id in self.trace.relevant and node.kind != "argument":
                self._node(node, node.id in hidden)
        self._keep_what_matters()
        reason = interval = None
        if not self.culprits and self.unknown:
            reason = self.unknown[0][1]
            sources = [node.source for node, _ in self.unknown if node.source is not None]
            interval = (sources[0], sources[-1]) if sources and reason != _ANOTHER_PATH else body(self.recording.f)
        return Localization(tuple(self.culprits), reason, interval, tuple(self.kinks))

    def _node(self, node: Node, hidden: bool) -> None:
        if hidden:
            self._take(examine(inside(node, self.trace.before(node)), self.generator, what="detached"))
        elif node.id not in self.trace.active and node not in self.trace.stopped:
            return
        elif node.can_replay:
            inputs = self.trace.active_inputs(node)
            forward = hasattr(node.function, "defjvp")
            self._take(examine(alone(node, inputs), self.generator, forward=forward))
        else:
            self._not_alone(node)

    def _not_alone(self, node: Node) -> None:
        """Check what cannot be computed again by itself."""
        what = f"{node.operation} ({node.kind})"
        try:
            found = examine(inside(node, self.trace.before(node), self.trace.stopped), self.generator)
        except AnotherPathError:
            self.unknown.append((node, _ANOTHER_PATH))
            return
        if node.kind == "transformation" and found.culprits:
            self.unknown.append((node, f"{what} is off, and nothing is recorded inside a nested operator"))
        elif not found.decided:
            self.unknown.append((node, f"{what} could not be checked"))
        else:
            self._take(found)

    def _take(self, found: Examined) -> None:
        self.culprits += found.culprits
        self.kinks += found.kinks

    def _hidden(self) -> set[int]:
        """Return the nodes whose value depends on something that is not recorded among their inputs."""
        if not self.trace.active:
            return set()
        again, _ = self.trace.computed(0.0)
        unsteady = [node for node in self.trace.nodes if self._differs(node, again[node.id], node.value)]
        if unsteady:
            self.unknown.append((unsteady[0], f"{unsteady[0].operation} had another value the second time"))
            return set()
        computed, held = self.trace.computed(_STEP)
        found = set()
        for node in self.trace.nodes:
            expected = node.value
            if node.can_replay and node.inputs:
                expected = node.replay(*(held[x.id] for x in node.inputs))
            elif node.kind != "constant":
                continue
            if self._differs(node, computed[node.id], expected):
                found.add(node.id)
        return found

    def _differs(self, node: Node, first: Native, second: Native) -> bool:
        with opened(self.recording.call.computation):
            one, two = (np.asarray(self.recording.to_numpy(x)) for x in (first, second))
        if one.dtype.kind not in "fc":
            return False
        finite = np.isfinite(one) & np.isfinite(two)
        size = float(np.max(np.abs(two), initial=0.0, where=finite))
        return bool(np.any(np.abs(one - two)[finite] > _UNCHANGED * size))

    def _keep_what_matters(self) -> None:
        """Drop what is off without an effect, if something else is off with one."""
        derivatives = self.trace.derivatives()
        if derivatives is None:
            return
        with opened(self.recording.call.computation):
            sizes = {
                node.name: np.abs(self.recording.to_numpy(derivative))
                for node, derivative in zip(self.trace.nodes, derivatives, strict=True)
                if derivative is not None
            }
        arguments = [node.name for node in self.trace.nodes if node.differentiated]
        if all(np.isfinite(sizes[name]).all() for name in arguments if name in sizes):
            self.culprits = [culprit for culprit in self.culprits if culprit.what != "not finite"]
        else:
            self.culprits = [mask_of(self.trace.nodes, culprit) for culprit in self.culprits]
        used = [culprit for culprit in self.culprits if np.any(sizes.get(culprit.name, np.ones(1)) != 0)]
        others = [culprit for culprit in self.culprits if culprit.operation != "stop_gradient"]
        others = [culprit for culprit in others if culprit in used] or others
        bugs = any(not culprit.kink for culprit in others)
        self.culprits = [c for c in self.culprits if c in others or (c in used and not bugs)]
