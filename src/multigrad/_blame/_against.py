"""`localize_against`: the operations in which a backend differs from another one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multigrad._blame._compared import Compared, compared
from multigrad._blame._localization import Interval, Localization
from multigrad._blame._recordings import body, recordings
from multigrad._blame._trace import OPAQUE
from multigrad._convert import to_numpy
from multigrad._errors import MultigradError
from multigrad._graph import Node, Recording, record
from multigrad._protocol import Backend

_ROUNDING = "no operation differs by itself by more than its own rounding explains; what is left adds up"


def localize_against(
    f: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    *,
    argnums: int | Sequence[int] | None = None,
    argnames: str | Sequence[str] | None = None,
    backend: str | Backend | None = None,
    reference_backend: str | Backend = "numpy",
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
    seed: int = 0,
) -> Localization:
    """Find the operations of f whose value or local derivative differs from another backend's.

    Parameters
    ----------
    f
        Function of arrays, numbers and containers of them; returns a tree of arrays and numbers.
    args, kwargs
        Its arguments: the point.
    argnums, argnames, backend, device, dtype, arrays, seed
        As for `localize`.
    reference_backend
        Where the truth is computed, in float64.

    Returns
    -------
    Localization
        Culprits with ``what`` ``"value"`` or ``"derivative"``; ``expected`` is the reference's number.

    Notes
    -----
    Both recordings are matched node by node. Each node is computed alone on both backends at the reference's inputs,
    rounded to the dtype: first in float64, then in the dtype asked for. The tolerance is the error that inputs one
    rounding off would cause in the value and in the pullback of a random cotangent, times a bound for the number of
    terms that are added up: neither a long float32 sum nor an ill-conditioned system is blamed.

    Examples
    --------
    >>> from multigrad import _blame, xp
    >>> found = _blame.localize_against(lambda x: xp.sum(xp.sin(x)), (2.0,), backend="numpy", dtype="float32")
    >>> found.found
    False
    """
    if arrays != "standard":
        return Localization(reason=f"arrays={arrays!r}: operations on native arrays are not recorded", interval=body(f))
    chosen: dict[str, Any] = {"argnums": argnums, "argnames": argnames}
    options = {"backend": backend, "device": device, "dtype": dtype, **chosen}
    try:
        narrow, wide = recordings(f, args, kwargs, options)
    except (MultigradError, TypeError, AttributeError, NotImplementedError) as error:
        return Localization(reason=f"f cannot be recorded: {type(error).__name__}: {error}", interval=body(f))
    whole = _opaque(wide) or body(f)
    positional, named = to_numpy(wide.call.arguments(wide.call.primals))
    try:
        reference = record(f, positional, named, backend=reference_backend, dtype="float64", **chosen)
    except Exception as error:  # a framework's function may raise anything when it is given another one's arrays
        reason = f"f cannot be recorded on the reference: {type(error).__name__}: {error}"
        return Localization(reason=reason, interval=whole)
    found = compared(wide, reference, seed)
    if not found.culprits and narrow is not wide:
        found = compared(narrow, reference, seed)
    if found.culprits:
        return Localization(tuple(found.culprits))
    return Localization((), *_why_not(found, whole))


def _opaque(recording: Recording) -> Interval | None:
    """Return the lines between which native code is called, or None if none is."""
    sources = [node.source for node in recording.nodes if node.kind == OPAQUE and node.source is not None]
    return (sources[0], sources[-1]) if sources else None


def _why_not(found: Compared, whole: Interval | None) -> tuple[str, Interval | None]:
    if found.parting is not None:
        own, other = found.parting
        reason = f"the computations part: {_described(own)} here, {_described(other)} on the reference"
        sources = [node.source for node in found.parting if node is not None and node.source is not None]
        return reason, (sources[0], sources[0]) if sources else whole
    if found.unknown:
        sources = [node.source for node, _ in found.unknown if node.source is not None]
        return found.unknown[0][1], (sources[0], sources[-1]) if sources else whole
    return _ROUNDING, None


def _described(node: Node | None) -> str:
    if node is None:
        return "the end"
    where = "" if node.source is None else f" ({node.source})"
    return f"{node.expression or node.name} of shape {node.shape}{where}"
