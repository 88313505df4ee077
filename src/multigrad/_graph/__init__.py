"""The computation as a graph: what was computed from what, on which line, and how the output depends on it.

``_recorder`` takes down the operations of one evaluation (``_recorded_array`` is what f sees meanwhile), ``_recording``
makes nodes of them that can be computed again alone, and finds the derivatives; ``_graph`` shows the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from multigrad._graph._graph import Graph
from multigrad._graph._recording import Node, Recording, record
from multigrad._graph._source import Source
from multigrad._protocol import Backend

__all__ = ["Graph", "Node", "Recording", "Source", "graph", "record"]


def graph(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    **kwargs: Any,
) -> Graph:
    """Evaluate a function and return its computation as a graph, with the derivative of the output at each value.

    Parameters
    ----------
    f
        Function of arrays, Python numbers and containers of them; returns a tree of arrays and numbers.
    *args, **kwargs
        Its arguments.
    argnums
        Position, or tuple of positions, of the arguments whose numbers become arrays, and with respect to which f is
        differentiated. None: all arguments that hold floating-point numbers or arrays, or else the first one.
    backend, device, dtype
        As for `gradient`.

    Returns
    -------
    Graph
        ``print`` lists one line per value: operation, value, derivative, source line. A notebook shows a picture. If f
        returns one real scalar, each floating-point value has the derivative of the output with respect to it, in units
        of the output per unit of the value, with the value's shape and dtype; else there are only values, and ``note``
        says so.

    Raises
    ------
    OutputError
        If f returns something that is neither an array nor a number.
    MultigradError
        As for `gradient`.

    Notes
    -----
    f is evaluated twice and differentiated once. Recorded are the operators, methods and namespace functions of the
    standard arrays. A nested operator of this package (`gradient`, `vmap`, ...) and a function with a rule of its own
    (`custom_vjp`, `custom_jvp`, `checkpoint`) is one node; what native functions computed is a node without inputs,
    whose derivative is right all the same. All intermediate values are kept.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> found = multigrad.graph(lambda x: xp.sin(x**2 + 1), 2.0)
    >>> [node.expression for node in found.nodes]
    ['', 'x ** 2', 'u1 + 1', 'sin(u2)']
    >>> round(float(found.nodes[0].derivative), 4)
    1.1346
    """
    return Graph(record(f, args, kwargs, argnums=argnums, backend=backend, device=device, dtype=dtype))
