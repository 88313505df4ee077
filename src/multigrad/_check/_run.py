"""The run of a check: what is checked in which order, and what is said about what could not be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from multigrad import _blame
from multigrad._arguments import Options
from multigrad._blame import Localization
from multigrad._check import _causes, _derivatives, _directions
from multigrad._check._directions import Direction
from multigrad._check._entry import Entry
from multigrad._check._first_order import FirstOrder
from multigrad._check._point import Point, point
from multigrad._check._report import GradientCheck
from multigrad._check._second_order import SecondOrder
from multigrad._progress import Progress
from multigrad._running import NoTangentRuleError
from multigrad._selection import Key


class Request(NamedTuple):
    """What `check_gradient` was asked for."""

    f: Callable[..., Any]
    keys: tuple[Key, ...]
    options: Options
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    order: int
    modes: tuple[str, ...]
    compiled: bool
    seed: int

    def gradient(self, *, compile: bool = False) -> list[np.ndarray]:
        """Return the gradient as users get it."""
        return _derivatives.reverse(self.f, self.keys, self.options, self.args, self.kwargs, compile=compile)


class Run:
    """One check; `report` does it."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._point: Point = point(request.f, request.keys, request.options, request.args, request.kwargs)
        self._entries: list[Entry] = []
        self._remarks: list[str] = []
        self._progress: Progress

    @property
    def _backend(self) -> str:
        return self._point.call.computation.backend.name

    def report(self) -> GradientCheck:
        """Check everything that was asked for."""
        request, here = self._request, self._point
        with Progress(f"Checking the gradient on {self._backend}") as self._progress:
            if here.noise:
                text = f"f is not deterministic: two values at the same point differ by {here.noise:.3g} (noise)"
                self._remarks.append(text)
            if here.eps > 1e-15:
                self._remarks.append(f"f does not run in float64; the truth is computed in {here.dtype}")
            gradient = self._gradient()
            if gradient is not None:
                self._first_order(FirstOrder(here, gradient, request.seed))
                if request.order == 2 and math.isfinite(here.center):
                    self._attempt("second order", lambda: self._second_order(SecondOrder(here, request.seed)))
            localization = self._localization()
        return GradientCheck(
            self._backend, here.dtype, here.center, tuple(self._entries), tuple(self._remarks), localization
        )

    def _gradient(self) -> list[np.ndarray] | None:
        """Return the gradient, or None after reporting that a value left the computation."""
        try:
            return self._request.gradient()
        except Exception as error:
            cause = _causes.detached(error)
            if cause is None:
                raise
            self._remarks.append(_causes.told(cause, _causes.line_of(error, self._request.f)))
        nothing = [np.zeros_like(x) for x in self._point.places]
        checks = FirstOrder(self._point, nothing, self._request.seed)
        self._all(checks.directions(), checks.unfound)
        return None

    def _first_order(self, checks: FirstOrder) -> None:
        request, directions = self._request, checks.directions()
        if "reverse" in request.modes:
            self._all(directions, checks.reverse)
            self._name_exit()
        if "forward" in request.modes and self._attempt("forward", lambda: self._all(directions, checks.forward)):
            if not _derivatives.has_forward_mode(self._point):
                self._remarks.append(f"forward: derived from reverse mode, since {self._backend} has none of its own")
            if "reverse" in request.modes and math.isfinite(self._point.center):
                self._attempt("dot product", lambda: self._entries.extend(checks.dot_product()))
        if request.compiled:
            self._attempt("compiled", lambda: self._compiled(checks))

    def _all(self, directions: Sequence[Direction], judge: Callable[[Direction], Entry]) -> None:
        """Check all directions; the first random one that is wrong or has a kink is narrowed down to an element."""
        found = []
        for direction in directions:
            found.append(judge(direction))
            self._progress.advance()
        self._entries += found
        for direction, entry in zip(directions, found, strict=True):
            if direction.path.startswith("direction ") and entry.verdict in ("wrong", "kink"):
                self._entries += _directions.narrowed(self._point, direction, judge)
                return

    def _compiled(self, checks: FirstOrder) -> None:
        if not _derivatives.has_compiler(self._point):
            self._remarks.append(f"compiled: {self._backend} has no compiler and runs f as it is; nothing to compare")
            return
        self._entries += checks.compiled(self._request.gradient(compile=True))

    def _second_order(self, checks: SecondOrder) -> None:
        for direction in checks.directions:
            self._entries += checks.along(direction)
            self._progress.advance()
        self._entries += checks.symmetry()

    def _attempt(self, check: str, action: Callable[[], Any]) -> bool:
        """Do one of the checks that are not the gradient itself; what it raises is a finding about it."""
        try:
            action()
        except NoTangentRuleError as error:
            self._remarks.append(f"{check}: not checked: {error}")
            return False
        except Exception as error:  # whatever f does not do in this mode
            said = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            source = _causes.line_of(error, self._request.f)
            text = f"{check}: raised {said}" + (f" at {source}: {source.text}" if source is not None else "")
            self._remarks.append(text)
            nothing = (math.nan,) * 4
            self._entries.append(Entry(", ".join(self._point.paths[:3]), *nothing, "inconclusive", check))
            return False
        return True

    def _name_exit(self) -> None:
        """Say where native arrays lose their gradient, if that is what is wrong."""
        request = self._request
        if request.options.form != "native" or not any(entry.verdict == "wrong" for entry in self._entries):
            return
        told = _causes.native_exit(request.f, request.keys, request.options, request.args, request.kwargs)
        if told is not None:
            self._remarks.append(told)
            self._entries = [
                entry._replace(verdict="left the computation") if entry.verdict == "wrong" else entry
                for entry in self._entries
            ]

    def _localization(self) -> Any:
        """Return where a first derivative goes wrong or loses its numbers, or None if none does."""
        first = [entry for entry in self._entries if entry.check in ("reverse", "forward", "dot product")]
        bad = [entry for entry in first if entry.verdict in ("wrong", "not finite")]
        if not bad or not math.isfinite(self._point.center):
            return None
        request = self._request
        names = tuple(key for key in request.keys if isinstance(key, str))
        numbers = tuple(key for key in request.keys if isinstance(key, int))
        backend, device, dtype, form = request.options
        try:
            return _blame.localize(
                request.f,
                request.args,
                request.kwargs,
                argnums=numbers or None,
                argnames=names or None,
                backend=backend or self._backend,
                device=device,
                dtype=dtype,
                seed=request.seed,
            )
        except Exception as error:
            if form == "standard":
                raise
            # The computation is followed on standard arrays, which f need not take.
            return Localization(reason=f'arrays="native": f cannot be followed ({type(error).__name__}: {error})')
