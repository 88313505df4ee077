"""Several ports of one function, each on its own backend and with its own layout of the arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from multigrad import _dtypes, _registry
from multigrad._compare._answers import Choice, answer, argument_names, chosen, compared, with_leaves
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
from multigrad._selection import Key

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
    names = argument_names(first.f, len(first.args))
    with Progress("comparing", total=len(others) + 1) as progress:
        reference = answer(first.name, first.backend, first.f, first.args, first.choice)
        rows = [reference]
        for port in others:
            progress.advance()
            # Without a map the arguments are the first port's: by position, whatever this one calls them.
            called = names if port.layout is None else None
            row = answer(port.name, port.backend, port.f, port.args, port.choice, names=called)
            rows.append(_parted(compared(_relaid(row, port, reference, first), reference), port, first))
    return Comparison(tuple(rows))


def _ports(
    functions: Mapping[str, _Function], args: tuple[Any, ...], maps: Mapping[str, _Function], choice: Choice
) -> list[_Port]:
    if len(functions) < 2:
        raise InputError(
            f"Expected at least two ports, got {list(functions)}; for one function give it without a dict."
        )
    if not isinstance(maps, Mapping):
        name = list(functions)[1]
        raise InputError(
            f"Expected map to be a dict from a port's name to its function, such as {{{name!r}: to_port}}, got "
            f"{getattr(maps, '__name__', type(maps).__name__)}."
        )
    for f in (*functions.values(), *maps.values()):
        check_callable(f)
    unknown = [name for name in maps if name not in list(functions)[1:]]
    if unknown:
        raise InputError(
            f"Expected map to have functions for ports other than the first, {list(functions)[1:]}, got {unknown}."
        )
    ports: list[_Port] = []
    for name, f in functions.items():
        backend = _registry.get_backend(name.partition(":")[0])
        if not ports:
            ports.append(_Port(name, backend, f, args, choice, None))
            continue
        keys = chosen(ports[0].f, args, choice)
        if name not in maps:
            ports.append(_Port(name, backend, f, args, _by_position(choice, keys), None))
            continue
        layout = Layout(name, maps[name], args, [key for key in keys if isinstance(key, int)])
        ports.append(
            _Port(name, backend, f, layout.args, choice._replace(argnums=layout.argnums, argnames=None), layout)
        )
    return ports


def _by_position(choice: Choice, keys: Sequence[Key]) -> Choice:
    """Return a choice of arguments by the first port's names as one by position, which all ports share."""
    if choice.argnames is None or not all(isinstance(key, int) for key in keys):  # a default has no position here
        return choice
    return choice._replace(argnums=tuple(keys), argnames=None)


def _relaid(row: Row, port: _Port, reference: Row, first: _Port) -> Row:
    """Return a row with its gradient in the structure of the first port."""
    if not row.answered and port.layout is None and reference.answered:
        hint = f"it was given the first port's arguments as they are; a map={{{port.name!r}: ...}} would make its own"
        return dataclasses.replace(row, notes=(*row.notes, hint))
    if not row.answered or not reference.answered:
        return row
    count = len(chosen(first.f, first.args, first.choice))
    if port.layout is None:
        same = [leaf.path for leaf in row.gradient_leaves] == [leaf.path for leaf in reference.gradient_leaves]
        if port.choice is first.choice or not same:
            return row
        arranged = with_leaves(first.choice, count, reference.gradient, row.gradient_leaves)
        return dataclasses.replace(row, gradient=arranged)
    try:
        found = port.layout.back(row.gradient)
    except MultigradError as error:
        return dataclasses.replace(row, error=str(error))
    names = argument_names(first.f, len(first.args))
    dtypes = {leaf.dtype for leaf in row.gradient_leaves}
    coarsest = max(dtypes, key=lambda name: -_dtypes.FLOATING.index(_dtypes.precision(name)))
    arrays = dict(zip(port.layout.paths(names), found, strict=True))
    leaves = tuple(Leaf(leaf.path, *_in_dtype(arrays[leaf.path], coarsest)) for leaf in reference.gradient_leaves)
    arranged = with_leaves(first.choice, count, reference.gradient, leaves)
    return dataclasses.replace(row, gradient_leaves=leaves, gradient=arranged)


def _in_dtype(array: np.ndarray, precision: str) -> tuple[np.ndarray, str]:
    """Return an array that the map has brought back in the precision that the port computed in."""
    precision = _dtypes.precision(precision)
    name = _dtypes.complex_of(precision) if array.dtype.kind == "c" else precision
    return (array if name == "bfloat16" else array.astype(name)), name


def _parted(row: Row, port: _Port, first: _Port) -> Row:
    """Return a row that differs with the operation at which the port parts from the first one."""
    if row.agrees or not row.answered:
        return row
    try:
        steps = [steps_of(one.f, one.args, one.backend, one.choice) for one in (first, port)]
        found = divergence(*steps)
    except Exception as error:  # what cannot be recorded is compared all the same
        found = Divergence(reason=f"the operations cannot be recorded: {type(error).__name__}: {error}")
    # The check of the port alone may have found what the ports' values do not tell: a derivative.
    is_known = found.step is None and row.localization is not None and row.localization.found
    return row if is_known else dataclasses.replace(row, divergence=found)
