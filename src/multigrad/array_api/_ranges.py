"""``linspace`` and ``arange`` between ends that are being differentiated, the same on every backend.

The frameworks take the values out of the computation (torch, and ``arange`` everywhere) or refuse. How many elements a
range has is a choice at this point, like a branch on a value; what they are depends on the ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad._array import Array

NAMES = ("linspace", "arange")
_MOST = 2**62  # a count beyond it is infinite, or as good as that
_NEEDED = {"linspace": {"start", "stop", "num"}, "arange": {"start", "stop"}}


def between_recorded(
    name: str, create: Callable[..., Any], cls: type[Array], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Array | None:
    """Return the range if one of its ends is being differentiated, else None.

    Parameters
    ----------
    name
        ``"linspace"`` or ``"arange"``.
    create
        The native namespace's function of that name.
    cls
        The backend's `Array`.
    args, kwargs
        What it is called with.
    """
    named = _named(name, args, kwargs)
    if not named.keys() >= _NEEDED[name]:
        return None  # the function says itself what is missing
    ends = {key: value for key, value in named.items() if key in ("start", "stop", "step")}
    wrapped: dict[str, Any] = {key: cls._wrap(value) if cls._is_native(value) else value for key, value in ends.items()}
    if not any(isinstance(value, cls) and cls._is_recorded(value.native) for value in wrapped.values()):
        return None
    options = dict(kwargs)
    dtype = options.pop("dtype", None)
    common = next(value.dtype for value in wrapped.values() if isinstance(value, cls) and value.is_recorded)
    options = {"dtype": common, "device": options.get("device")} | _keep(options, "endpoint")
    if name == "linspace":
        weights: Any = cls._wrap(create(0.0, 1.0, named["num"], **options))
        result = wrapped["start"] * (1 - weights) + wrapped["stop"] * weights
    else:
        if wrapped["step"] == 0:
            raise ValueError("Expected a step other than 0 for xp.arange.")
        count = _ceiling((wrapped["stop"] - wrapped["start"]) / wrapped["step"])
        result = wrapped["start"] + cls._wrap(create(0.0, float(count), 1.0, **options)) * wrapped["step"]
    return result if dtype is None else result.astype(cls._as_dtype(dtype))


def _named(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the ends by name, with the standard's defaults."""
    if name == "linspace":
        return dict(zip(("start", "stop", "num"), args, strict=False)) | kwargs
    ends = {"step": 1} | dict(zip(("start", "stop", "step"), args, strict=False)) | kwargs
    return ends if ends.get("stop") is not None or "start" not in ends else ends | {"start": 0, "stop": ends["start"]}


def _keep(options: dict[str, Any], name: str) -> dict[str, Any]:
    return {name: options[name]} if name in options else {}


def _ceiling(bound: Any) -> int:
    """Return the smallest number of elements that reaches a bound, by asking as a branch does.

    So a program that is being compiled, which has no value to tell, refuses it as it refuses other branches.
    """
    high = 1
    while bound > high:
        high *= 2
        if high > _MOST:
            raise ValueError("Expected ends and a step of xp.arange with a finite number of elements between them.")
    low = -1  # bound > low, or no element at all
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if bound > middle else (low, middle)
    return max(high, 0)
