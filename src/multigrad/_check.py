"""`check_gradient`: a gradient against finite differences of the function's own values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from multigrad import _arguments, _differences, _dtypes, _leaves, _selection, _tree
from multigrad._arguments import Call, Options
from multigrad._computation import opened
from multigrad._convert import asarray, to_numpy
from multigrad._outputs import scalar_output
from multigrad._protocol import Backend
from multigrad._report import Sheet, plain
from multigrad._running import run
from multigrad._selection import Key, Selection
from multigrad._transform import value_and_gradient

# Unit roundoff of a gradient's dtype; NumPy does not know bfloat16.
_ROUNDOFF = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
# Up to this many elements every coordinate is checked, beyond them this many directions.
_MOST_COORDINATES, _DIRECTIONS = 32, 8
# Differences less certain than this part of the slope decide nothing in favour of a gradient.
_CONCLUSIVE = 1e-5
_SHOWN = 10
_WORST_FIRST = ("wrong", "not finite", "inconclusive", "right")


class Entry(NamedTuple):
    """The derivative in one direction.

    Attributes
    ----------
    path
        The element as code, such as ``params['w'][2]`` or ``z.imag``; ``direction 3`` for a random direction.
    found
        What the gradient says, in units of f per unit of the argument.
    expected
        The extrapolated difference quotient; NaN where f is not finite around the point.
    error_estimate
        How far the true derivative may be from ``expected``: Ridders' estimate, or half the jump between the slopes on
        the two sides.
    tolerance
        Largest difference that is still called right; from the gradient's dtype and the error estimate.
    verdict
        ``"right"``, ``"wrong"``, ``"inconclusive"`` or ``"not finite"``.
    """

    path: str
    found: float
    expected: float
    error_estimate: float
    tolerance: float
    verdict: str

    @property
    def ok(self) -> bool:
        """Whether the derivative was shown to be right."""
        return self.verdict == "right"

    @property
    def badness(self) -> tuple[int, float]:
        """Sort key: the worst entry comes first."""
        ratio = abs(self.found - self.expected) / self.tolerance if self.tolerance else 0.0
        return _WORST_FIRST.index(self.verdict), -ratio if math.isfinite(ratio) else 0.0


@dataclasses.dataclass(frozen=True)
class GradientCheck:
    """What `check_gradient` found.

    Attributes
    ----------
    backend
        Where the gradient was computed.
    dtype
        Dtype of the gradient, the least precise one if there are several.
    value
        f at the point, in float64.
    entries
        One `Entry` per direction.
    """

    backend: str
    dtype: str
    value: float
    entries: tuple[Entry, ...]

    @property
    def verdict(self) -> str:
        """The worst of the entries' verdicts: ``"right"``, ``"inconclusive"``, ``"not finite"`` or ``"wrong"``."""
        found = {entry.verdict for entry in self.entries}
        return next((verdict for verdict in _WORST_FIRST if verdict in found), "right")

    @property
    def ok(self) -> bool:
        """Whether every derivative was shown to be right."""
        return self.verdict == "right"

    def raise_if_failed(self) -> None:
        """Raise AssertionError with the text of the report unless every derivative was shown to be right."""
        if not self.ok:
            raise AssertionError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON; numbers that are not finite become strings."""
        entries = [
            {**{name: plain(part) for name, part in entry._asdict().items()}, "ok": entry.ok} for entry in self.entries
        ]
        head = {"backend": self.backend, "dtype": self.dtype, "value": plain(self.value)}
        return {**head, "verdict": self.verdict, "ok": self.ok, "entries": entries}

    def _sheet(self) -> Sheet:
        count, right = len(self.entries), sum(entry.ok for entry in self.entries)
        headline = (
            f"gradient on {self.backend}, {self.dtype}: {self.verdict} ({right} of {count} derivatives are right)"
        )
        shown = sorted(self.entries, key=lambda entry: entry.badness)[:_SHOWN]
        rows = [
            (
                e.path,
                f"{e.found:.10g}",
                f"{e.expected:.10g}",
                f"{e.error_estimate:.1e}",
                f"{e.tolerance:.1e}",
                e.verdict,
            )
            for e in shown
        ]
        remarks = [f"... and {count - len(shown)} more, none worse"] if count > len(shown) else []
        if any(entry.verdict == "inconclusive" for entry in self.entries):
            remarks.append(
                "inconclusive: the values of f do not determine the slope: noise, a kink, or a domain's edge."
            )
        headings = ("derivative", "found", "expected", "error estimate", "tolerance", "verdict")
        return Sheet(headline, headings, rows, remarks)

    def __str__(self) -> str:
        return self._sheet().text()

    def _repr_html_(self) -> str:
        return self._sheet().html()


def check_gradient(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
    seed: int = 0,
) -> GradientCheck:
    """Compare the gradient of f with finite differences of its own values.

    Parameters
    ----------
    f
        As for `gradient`: returns a real scalar, units [f].
    *args
        The point: f's arguments.
    argnums, argnames, backend, device, dtype, arrays
        As for `gradient`.
    seed
        Of the random directions that are checked when there are more than 32 elements.

    Returns
    -------
    GradientCheck
        With ``.ok``, ``.verdict``, ``.entries`` (derivatives in units of f per unit of x), ``.to_dict()``,
        ``.raise_if_failed()``.

    Raises
    ------
    MultigradError
        As for `gradient`.

    Notes
    -----
    The truth is computed in float64 on the chosen backend, at the arguments as rounded to the gradient's dtype: central
    differences, extrapolated by the method of C. J. F. Ridders (Adv. Eng. Softw. 4, 75-76, 1982), which also estimates
    their error. Up to 32 elements every coordinate is checked (real and imaginary parts of complex ones), beyond that 8
    seeded random directions: about 20 evaluations of f each. The slopes on the two sides are extrapolated in the same
    way; where they differ, half the jump is added to the error estimate, so that a kink is inconclusive.
    A float32 gradient that has lost its digits to cancellation is called wrong; with ``dtype="float64"`` it is right.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> multigrad.check_gradient(lambda x: xp.sin(x**2 + 1), 2.0).verdict
    'right'
    >>> multigrad.check_gradient(lambda x: x * multigrad.stop_gradient(x), 2.0).verdict
    'wrong'
    """
    options = _arguments.options(backend, device, dtype, arrays)
    chosen, kwargs = Selection(argnums, argnames).locate(f, args, {})
    # By position first: the order in which `gradient` returns them.
    keys: tuple[Key, ...] = tuple(sorted(chosen, key=lambda key: isinstance(key, str)))
    call = _arguments.prepare(f, keys, options, args, kwargs)
    leaves = list(_gradient_leaves(f, keys, options, args, kwargs))
    # Everything as the gradient saw it, rounded to its dtype, then in float64.
    rounded, named = call.arguments(call.primals)
    exact = _arguments.prepare(
        f, keys, options._replace(backend=call.computation.backend, dtype="float64"), rounded, named
    )
    values = _Values(f, exact)
    center = values.at(values.point)
    entries = tuple(_entry(values, center, leaves, direction) for direction in _directions(leaves, values.point, seed))
    least = max((leaf.dtype for leaf in leaves), key=lambda name: _ROUNDOFF[_dtypes.precision(name)])
    return GradientCheck(call.computation.backend.name, least, center, entries)


class _Leaf(NamedTuple):
    path: str
    gradient: np.ndarray  # float64 or complex128
    dtype: str  # as it was found


def _gradient_leaves(
    f: Callable[..., Any], keys: tuple[Key, ...], options: Options, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[_Leaf]:
    """Yield the leaves of the gradient with their paths, in the order of a call's primals."""
    numbers = tuple(key for key in keys if isinstance(key, int))
    names = tuple(key for key in keys if isinstance(key, str))
    backend, device, dtype, form = options
    solve = value_and_gradient(
        f, numbers or None, argnames=names or None, backend=backend, device=device, dtype=dtype, arrays=form
    )
    _, result = solve(*args, **kwargs)
    by_position, by_name = result if numbers and names else (result, {}) if numbers else ((), result)
    positional = _selection.positional_names(f)
    for key, tree in zip(keys, (*by_position, *(by_name[name] for name in names)), strict=True):
        name = key if isinstance(key, str) else positional[key] if key < len(positional) else f"args[{key}]"
        found, structure = _tree.flatten(tree, _leaves.expander(options.backend))
        for path, leaf in zip(structure.paths(name), found, strict=True):
            if leaf is not None:
                yield _Leaf(path, _as_float64(leaf), _dtypes.dtype_name(leaf.dtype))


def _as_float64(array: Any) -> np.ndarray:
    # NumPy has no bfloat16.
    known = asarray(array, dtype="float32") if _dtypes.dtype_name(array.dtype) == "bfloat16" else array
    values = to_numpy(known)
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


class _Values:
    """f's values in float64 at places near the arguments."""

    def __init__(self, f: Callable[..., Any], call: Call) -> None:
        self._f, self._call = f, call
        self._backend = call.computation.backend
        with opened(call.computation):
            self.point = [np.array(self._backend.to_numpy(primal)) for primal in call.primals]

    def at(self, places: Sequence[np.ndarray]) -> float:
        computation = self._call.computation
        with opened(computation), np.errstate(all="ignore"):
            primals = tuple(
                self._backend.asarray(place, dtype=place.dtype.name, device=computation.place()) for place in places
            )
            value = scalar_output(run(self._f, self._call, primals), computation)
            return float(self._backend.to_numpy(value))


class _Direction(NamedTuple):
    path: str
    steps: dict[int, np.ndarray]  # by leaf: what one unit of step adds to it
    length: float  # the derivative is reported per unit of the argument: divided by this


def _directions(leaves: Sequence[_Leaf], point: Sequence[np.ndarray], seed: int) -> Iterator[_Direction]:
    """Yield what to check, scaled so that a step of order 1 changes the arguments by their own size."""
    sizes = [float(np.sqrt(np.mean(np.abs(x) ** 2))) or 1.0 if x.size else 1.0 for x in point]
    if sum(x.size for x in point) > _MOST_COORDINATES:
        generator = np.random.default_rng(seed)
        for number in range(_DIRECTIONS):
            steps = {i: size * _signed(generator, x) for i, (x, size) in enumerate(zip(point, sizes, strict=True))}
            yield _Direction(f"direction {number}", steps, 1.0)
        return
    for i, (leaf, x, size) in enumerate(zip(leaves, point, sizes, strict=True)):
        units = ((1.0, ".real"), (1.0j, ".imag")) if x.dtype.kind == "c" else ((1.0, ""),)
        for index in np.ndindex(x.shape):
            place = f"[{', '.join(map(str, index))}]" if index else ""
            length = max(size, float(abs(x[index])))
            for unit, suffix in units:
                step = np.zeros_like(x)
                step[index] = unit * length
                yield _Direction(leaf.path + place + suffix, {i: step}, length)


def _signed(generator: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Return random numbers of which none is small, so that every element counts in every direction."""

    def draw() -> np.ndarray:
        return generator.choice([-1.0, 1.0], x.shape) * generator.uniform(0.5, 1.5, x.shape)

    return draw() + 1j * draw() if x.dtype.kind == "c" else draw()


def _entry(values: _Values, center: float, leaves: Sequence[_Leaf], direction: _Direction) -> Entry:
    moved = direction.steps

    def along(step: float) -> float:
        return values.at([x + step * moved[i] if i in moved else x for i, x in enumerate(values.point)])

    # Re(conj(gradient) * step): the gradient of a real f is dL/dRe + i dL/dIm. Only where the step goes, so that one
    # element that is not finite does not spoil the others.
    products = {i: np.real(np.conj(leaves[i].gradient[step != 0]) * step[step != 0]) for i, step in moved.items()}
    found = sum(float(np.sum(product)) for product in products.values()) / direction.length
    if not (math.isfinite(center) and math.isfinite(found)):
        return Entry(direction.path, found, math.nan, math.nan, math.nan, "not finite")
    slope, length = _differences.slope(along, center), direction.length
    expected, error, steepness = slope.value / length, slope.error / length, slope.steepness / length
    # A coordinate shares the rounding errors of its leaf.
    leaf = np.abs(leaves[next(iter(moved))].gradient) if len(moved) == 1 else np.zeros(0)
    largest = float(np.max(leaf, initial=0.0, where=np.isfinite(leaf)))
    norm = math.sqrt(sum(float(np.sum(product**2)) for product in products.values())) / length
    scale = max(abs(expected), steepness, largest, norm)
    # Rounding errors grow in the chain of operations: more than a few ulps, and the more ulps the finer the dtype.
    roundoff = max(_ROUNDOFF[_dtypes.precision(leaves[i].dtype)] for i in moved)
    half_jump = abs(slope.jump) / length / 2
    tolerance = 8 * roundoff**0.75 * scale + 10 * error + half_jump
    uncertain = not error + half_jump <= _CONCLUSIVE * scale if scale else not math.isfinite(error)
    verdict = "wrong" if abs(found - expected) > tolerance else "inconclusive" if uncertain else "right"
    return Entry(direction.path, found, expected, error + half_jump, tolerance, verdict)
