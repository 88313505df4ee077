"""Where the derivative is checked: the arguments as the gradient sees them, and f's values in float64 around them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from multigrad import _arguments, _differences, _dtypes, _leaves, _tree
from multigrad._arguments import Call, Options
from multigrad._check._entry import roundoff
from multigrad._computation import opened
from multigrad._convert import asarray, to_numpy
from multigrad._outputs import native_output, scalar_output
from multigrad._protocol import Native, Natives
from multigrad._running import run
from multigrad._selection import Key, positional_names

Places = Sequence[np.ndarray]  # one float64 or complex128 array per differentiated leaf


_MORE_VALUES = 4


class Point(NamedTuple):
    """The point, in two forms.

    Attributes
    ----------
    call
        f's arguments as the gradient sees them.
    exact
        The same numbers, rounded to the gradient's dtype, in float64; in that dtype where f refuses float64.
    paths, dtypes
        Of the differentiated leaves.
    places
        Their values.
    center
        f at the point.
    noise
        How far other values at the same point were from it.
    eps
        Relative rounding error of f's values.
    """

    f: Callable[..., Any]
    call: Call
    exact: Call
    paths: tuple[str, ...]
    dtypes: tuple[str, ...]
    places: list[np.ndarray]
    center: float
    noise: float
    eps: float

    @property
    def dtype(self) -> str:
        """The least precise dtype of a leaf."""
        return max(self.dtypes, key=roundoff)

    def value(self, places: Places) -> float:
        """Return f at another place, in float64."""
        return _value(self.f, self.exact, places)

    def complex_value(self, places: Places) -> complex | None:
        """Return f at a complex place, or None if f cannot be evaluated there or gives a real number."""
        call = self.exact
        try:
            with warnings.catch_warnings(), opened(call.computation), np.errstate(all="ignore"):
                # Frameworks warn where they drop an imaginary part, which the caller finds out by itself.
                warnings.simplefilter("ignore")
                output = native_output(run(self.f, call, _natives(call, places)), call.computation)
                if output is None or _dtypes.dtype_name(output.dtype) not in _dtypes.COMPLEX or len(output.shape):
                    return None
                return complex(call.computation.backend.to_numpy(output))
        except Exception:  # whatever f does not do with complex numbers
            return None


def point(
    f: Callable[..., Any], keys: tuple[Key, ...], options: Options, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Point:
    """Return the point at which f is called."""
    call = _arguments.prepare(f, keys, options, args, kwargs)
    backend = call.computation.backend
    paths = tuple(_paths(f, keys, call))
    dtypes = tuple(_dtypes.dtype_name(primal.dtype) for primal in call.primals)
    # Everything as the gradient saw it, rounded to its dtype, then in float64.
    with opened(call.computation):
        rounded, named = call.arguments(call.primals)
    exact = _arguments.prepare(f, keys, options._replace(backend=backend, dtype="float64"), rounded, named)
    places = [_numpy(exact, primal) for primal in exact.primals]
    eps = _differences.EPS
    try:
        center = _value(f, exact, places)
    except Exception:
        # What f closes over may be float32: then its values are as good as they can be.
        if all(roundoff(name) == eps for name in dtypes):
            raise
        exact, eps = call, max(map(roundoff, dtypes))
        center = _value(f, exact, places)
    noise = abs(_value(f, exact, places) - center)
    if noise:  # how much it is takes more than two values to tell
        noise = max(noise, *(abs(_value(f, exact, places) - center) for _ in range(_MORE_VALUES)))
    noise = noise if math.isfinite(noise) else 0.0
    return Point(f, call, exact, paths, dtypes, places, center, noise, eps)


def _paths(f: Callable[..., Any], keys: tuple[Key, ...], call: Call) -> Sequence[str]:
    names, found = positional_names(f), []
    for key, tree in zip(keys, call.place(list(call.primals)), strict=True):
        name = key if isinstance(key, str) else names[key] if key < len(names) else f"args[{key}]"
        leaves, structure = _tree.flatten(tree, _leaves.expander(call.computation.backend))
        found += [path for path, leaf in zip(structure.paths(name), leaves, strict=True) if leaf is not None]
    return found


def _numpy(call: Call, primal: Native) -> np.ndarray:
    with opened(call.computation):
        return float64(primal)


def float64(array: Any) -> np.ndarray:
    """Return a floating or complex array as NumPy's, in double precision."""
    # NumPy has no bfloat16.
    known = asarray(array, dtype="float32") if _dtypes.dtype_name(array.dtype) == "bfloat16" else array
    values = np.asarray(to_numpy(known))
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)


def natives(call: Call, places: Places) -> Natives:
    """Return NumPy arrays as those of a call's backend, in the dtypes of its primals."""
    computation = call.computation
    return tuple(
        computation.backend.asarray(place, dtype=_dtypes.dtype_name(primal.dtype), device=computation.place())
        for place, primal in zip(places, call.primals, strict=True)
    )


def _natives(call: Call, places: Places) -> Natives:
    computation = call.computation
    return tuple(
        computation.backend.asarray(place, dtype=place.dtype.name, device=computation.place()) for place in places
    )


def _value(f: Callable[..., Any], call: Call, places: Places) -> float:
    with opened(call.computation), np.errstate(all="ignore"):
        value = scalar_output(run(f, call, natives(call, places)), call.computation)
        return float(float64(value))
