"""Several ports of one function, each on its own backend and with its own layout of the arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from multigrad import _dtypes, _leaves, _registry, _tree
from multigrad._compare._answers import Choice, answer, argument_names, chosen, compared
from multigrad._compare._comparison import Comparison
from multigrad._compare._difference import Leaf
from multigrad._compare._divergence import Divergence, divergence
from multigrad._compare._layout import Layout
from multigrad._compare._row import Row
from multigrad._compare._steps import steps_of
from multigrad._errors import InputError, MultigradError
from multigrad._progress import Progress
from multigrad._protocol import Backend
from multigrad._running import check_callable

_Function = Callable[..., Any]


class _Port(NamedTuple):
    name: str
    backend: Backend
    f: _Function
    args: tuple[Any, ...]
    choice: Choice
    layout: Layout | None


def of_ports(
    functions: Mapping[str, _Function],
    args: tuple[Any, ...],
    maps: Mapping[str, _Function],
    choice: Choice,
) -> Comparison:
    """Return the comparison of several ports with the first one, in the first one's structure."""
    first, *others = _ports(functions, args, maps, choice)
    with Progress("comparing", total=len(others) + 1) as progress:
        reference = answer(first.name, first.backend, first.f, first.args, first.choice)
        rows = [reference]
        for port in others:
            progress.advance()
            row = answer(port.name, port.backend, port.f, port.args, port.choice)
            rows.append(_parted(compared(_relaid(row, port, reference, first), reference), port, first))
    return Comparison(tuple(rows))


def _ports(
    functions: Mapping[str, _Function], args: tuple[Any, ...], maps: Mapping[str, _Function], choice: Choice
) -> list[_Port]:
    if len(functions) < 2:
        raise InputError(
            f"Expected at least two ports, got {list(functions)}; for one function give it without a dict."
        )
    for f in (*functions.values(), *maps.values()):
        check_callable(f)
    unknown = [name for name in maps if name not in list(functions)[1:]]
    if unknown:
        raise InputError(
            f"Expected map to have functions for ports other than the first, {list(functions)[1:]}, got {unknown}."
        )
    ports = []
    for name, f in functions.items():
        backend = _registry.get_backend(name.partition(":")[0])
        if name not in maps:
            ports.append(_Port(name, backend, f, args, choice, None))
            continue
        keys = chosen(next(iter(functions.values())), args, choice)
        layout = Layout(name, maps[name], args, [key for key in keys if isinstance(key, int)])
        ports.append(
            _Port(name, backend, f, layout.args, choice._replace(argnums=layout.argnums, argnames=None), layout)
        )
    return ports


def _relaid(row: Row, port: _Port, reference: Row, first: _Port) -> Row:
    """Return a row with its gradient in the structure of the first port."""
    if port.layout is None or not row.answered or not reference.answered:
        return row
    try:
        found = port.layout.back(row.gradient)
    except MultigradError as error:
        return dataclasses.replace(row, error=str(error))
    names = argument_names(first.f, len(first.args))
    dtypes = {leaf.dtype for leaf in row.gradient_leaves}
    coarsest = max(dtypes, key=lambda name: -_dtypes.FLOATING.index(_dtypes.precision(name)))
    arrays = dict(zip(port.layout.paths(names), found, strict=True))
    leaves = tuple(Leaf(leaf.path, *_in_dtype(arrays[leaf.path], coarsest)) for leaf in reference.gradient_leaves)
    return dataclasses.replace(row, gradient_leaves=leaves, gradient=_like(reference, leaves))


def _in_dtype(array: np.ndarray, precision: str) -> tuple[np.ndarray, str]:
    """Return an array that the map has brought back in the precision that the port computed in."""
    precision = _dtypes.precision(precision)
    name = _dtypes.complex_of(precision) if array.dtype.kind == "c" else precision
    return (array if name == "bfloat16" else array.astype(name)), name


def _like(reference: Row, leaves: Sequence[Leaf]) -> Any:
    found, structure = _tree.flatten(reference.gradient, _leaves.expander(None))
    rest = iter(leaves)
    return structure.unflatten([next(rest).array if isinstance(leaf, np.ndarray) else leaf for leaf in found])


def _parted(row: Row, port: _Port, first: _Port) -> Row:
    """Return a row that differs with the operation at which the port parts from the first one."""
    if row.agrees or not row.answered:
        return row
    try:
        steps = [steps_of(one.f, one.args, one.backend, one.choice) for one in (first, port)]
        return dataclasses.replace(row, divergence=divergence(*steps))
    except Exception as error:  # what cannot be recorded is compared all the same
        reason = f"the operations cannot be recorded: {type(error).__name__}: {error}"
        return dataclasses.replace(row, divergence=Divergence(reason=reason))
