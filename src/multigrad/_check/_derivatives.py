"""What the package says: gradients, forward mode and products with the Hessian, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from multigrad import _derive, _leaves, _registry, _tree
from multigrad._arguments import Call, Options
from multigrad._check._directions import Direction
from multigrad._check._point import Places, Point, float64, natives
from multigrad._computation import opened
from multigrad._protocol import FlatFunction, SupportsCompile, SupportsJvp
from multigrad._running import Flattened
from multigrad._selection import Key
from multigrad._transform import value_and_gradient


def reverse(
    f: Callable[..., Any],
    keys: tuple[Key, ...],
    options: Options,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    compile: bool = False,
) -> list[np.ndarray]:
    """Return the gradient as users get it, one array per differentiated leaf."""
    numbers = tuple(key for key in keys if isinstance(key, int))
    names = tuple(key for key in keys if isinstance(key, str))
    solve = value_and_gradient(f, numbers or None, argnames=names or None, compile=compile, **options.as_keywords())
    _, result = solve(*args, **kwargs)
    by_position, by_name = result if numbers and names else (result, {}) if numbers else ((), result)
    trees = (*by_position, *(by_name[name] for name in names))
    leaves = [leaf for tree in trees for leaf in _tree.flatten(tree, _leaves.expander(options.backend))[0]]
    return [float64(leaf) for leaf in leaves if leaf is not None]


def gradient(
    point: Point, call: Call, places: Places | None = None, flat: FlatFunction | None = None
) -> list[np.ndarray]:
    """Return the gradient of one of the point's calls, at its own arguments or at other places."""
    primals = call.primals if places is None else natives(call, places)
    flat = flat or Flattened(point.f, call, scalar=True)
    with opened(call.computation):
        found = _derive.value_and_gradient(call.computation.backend, flat, primals, call.closed)[1]
        return [float64(part) for part in found]


def forward(point: Point, call: Call, direction: Direction, flat: FlatFunction | None = None) -> float:
    """Return the derivative along a direction in forward mode."""
    call = call._replace(computation=call.computation._replace(forward=True))
    flat = flat or Flattened(point.f, call, scalar=True)
    with opened(call.computation):
        tangents = natives(call, direction.tangents(point.places))
        (found,) = _derive.jvp(call.computation.backend, flat, call.primals, tangents)[1]
        return float(float64(found))


def hessian_product(
    point: Point, call: Call, direction: Direction, flat: FlatFunction | None = None
) -> list[np.ndarray]:
    """Return the product of the Hessian with a direction."""
    flat = flat or Flattened(point.f, call, scalar=True)
    with opened(call.computation):
        tangents = natives(call, direction.tangents(point.places))
        found = _derive.hvp(call.computation.backend, flat, call.primals, tangents, call.closed)
        return [float64(part) for part in found]


def has_forward_mode(point: Point) -> bool:
    """Tell whether the backend pushes tangents forward itself."""
    return bool(_registry.supports(point.call.computation.backend, SupportsJvp))


def has_compiler(point: Point) -> bool:
    """Tell whether the backend compiles."""
    return bool(_registry.supports(point.call.computation.backend, SupportsCompile))


def largest(arrays: Sequence[np.ndarray]) -> float:
    """Return the largest finite size of an element."""
    sizes = [np.abs(x) for x in arrays]
    return max((float(np.max(x, initial=0.0, where=np.isfinite(x))) for x in sizes), default=0.0)
