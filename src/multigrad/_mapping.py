"""`vmap`: a function of single examples becomes one of batches."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from multigrad import _arguments, _computation, _derive, _registry
from multigrad._compile import NO_ARGUMENT, compiled
from multigrad._computation import opened
from multigrad._leaves import Leaves
from multigrad._protocol import Backend, Natives
from multigrad._running import Flattened, check_callable
from multigrad._tree import Structure

_Function = Callable[..., Any]


def vmap(
    f: _Function,
    in_axes: Any = 0,
    out_axes: Any = 0,
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    compile: bool = False,
    arrays: str = "standard",
) -> _Function:
    """Return a function that evaluates f for every slice of its arguments along given axes.

    Parameters
    ----------
    f
        Function of single examples: arrays, Python numbers and containers of them; returns a tree of arrays.
    in_axes
        Axis of the arguments to map over: an integer for all arguments, or a tuple with one entry per positional
        argument, each an integer, None for what all calls share, or a tree of these that is a prefix of the argument.
        Keyword arguments are mapped over axis 0 of their arrays.
    out_axes
        Where the mapped axis goes in the result: an integer, or a tree of integers that is a prefix of the result.
    backend, device, dtype, compile, arrays
        As for `gradient`.

    Returns
    -------
    callable
        Takes f's arguments, each mapped array with one axis more. Returns what f returns with one axis more.

    Raises
    ------
    ValueError
        If an axis does not exist or the mapped sizes differ.
    MultigradError
        As for `gradient`.

    Notes
    -----
    torch and JAX evaluate all slices at once, so that f cannot branch on values; the other backends run f slice by
    slice.

    Examples
    --------
    >>> import multigrad, numpy as np
    >>> from multigrad import xp
    >>> batched = multigrad.vmap(lambda w, x: xp.sum(w * x), in_axes=(None, 0))
    >>> batched(np.asarray([1.0, 2.0]), np.asarray([[1.0, 1.0], [3.0, 0.5]]))
    array([3., 4.])
    """
    check_callable(f)
    common = _arguments.options(backend, device, dtype, arrays)
    if compile:
        return compiled(f, vmap, common, NO_ARGUMENT, in_axes=in_axes, out_axes=out_axes)

    @functools.wraps(f)
    def mapped_f(*args: Any, **kwargs: Any) -> Any:
        axes: list[int] = []

        def choose(flat: Leaves) -> list[int | None]:
            chosen = _axes_of_leaves(in_axes, flat, len(args))
            axes[:] = [axis for axis in chosen if axis is not None]
            return chosen

        call = _arguments.prepare(f, (), common, args, kwargs, mapped=choose)
        if not call.primals:
            raise ValueError(f"Expected at least one array to map over, got none with in_axes={in_axes!r}.")
        adapter = call.computation.backend
        flat = Flattened(f, call)
        # What is pushed forward through the mapped f is pushed forward through f.
        around = _computation.running()
        with opened(call.computation._replace(forward=around is not None and around.forward)):
            moved = tuple(adapter.xp.moveaxis(x, axis, 0) for x, axis in zip(call.primals, axes, strict=True))
            _check_sizes(moved)
            outputs = _derive.vmap(adapter, lambda *slices: flat(*slices)[0], moved)
            places = _axes_of_outputs(out_axes, flat, outputs)
            placed = tuple(adapter.xp.moveaxis(x, 0, axis) for x, axis in zip(outputs, places, strict=True))
        return flat.present_value(placed)

    return mapped_f


def _axes_of_leaves(in_axes: Any, flat: Leaves, count: int) -> list[int | None]:
    """Return the mapped axis of each leaf of all arguments; None for what is shared."""
    if not (in_axes is None or _is_axis(in_axes) or isinstance(in_axes, tuple | list)):
        raise TypeError(f"Expected an integer, None or a tuple for in_axes=, got {in_axes!r}.")
    if isinstance(in_axes, tuple | list):
        if len(in_axes) != count:
            raise ValueError(f"Expected in_axes with one entry per positional argument ({count}), got {in_axes!r}.")
        entries = list(in_axes) + [0] * (len(flat.spans) - count)
    else:
        entries = [in_axes] * count + [0] * (len(flat.spans) - count)
    axes: list[int | None] = []
    for (start, stop), structure, entry in zip(flat.spans, flat.structures, entries, strict=True):
        found = [entry] if structure is None else _broadcast(structure, entry, "in_axes")
        if not all(axis is None or _is_axis(axis) for axis in found):
            raise TypeError(f"Expected integers and None in in_axes=, got {entry!r}.")
        # Strings and the like reach f as they are.
        axes += [
            axis if _registry.array_backend_name(leaf) is not None or isinstance(leaf, int | float | complex) else None
            for leaf, axis in zip(flat.leaves[start:stop], found, strict=True)
        ]
    return axes


def _axes_of_outputs(out_axes: Any, flat: Flattened, outputs: Natives) -> list[int]:
    every = _broadcast(flat.value.structure, out_axes, "out_axes")
    found = [every[position] for position in flat.value.positions]
    if not all(map(_is_axis, found)):
        raise TypeError(f"Expected an integer, or a tree of integers, for out_axes=, got {out_axes!r}.")
    every = flat.value.structure.paths("output")
    paths = [every[position] for position in flat.value.positions]
    for path, axis, output in zip(paths, found, outputs, strict=True):
        rank = len(output.shape)
        if not -rank <= axis < rank:
            raise ValueError(
                f"Expected an axis of {path} in out_axes=, got {axis}; with the mapped axis it has {rank} axes."
            )
    return found


def _broadcast(structure: Structure, prefix: Any, word: str) -> list[Any]:
    try:
        return structure.broadcast(prefix)
    except ValueError as error:
        raise ValueError(f"Expected a prefix of the tree {structure} in {word}=, got {prefix!r}.") from error


def _is_axis(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_sizes(moved: Natives) -> None:
    sizes = {x.shape[0] for x in moved}
    if len(sizes) > 1:
        listed = ", ".join(str(x.shape[0]) for x in moved)
        raise ValueError(f"Expected one size along all mapped axes, got {listed}. Choose the axes with in_axes.")
