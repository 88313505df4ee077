"""The operations of a function on JAX's own arrays: its jaxpr, with the value of every variable."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import jax
from jax.extend import core

# Name, result, its value at that time, inputs, and lines of code: what `TracedOperation` says.
_Operation = tuple[str, Any, Any, tuple[Any, ...], list[tuple[str, int, str]]]

_OWN = (os.path.dirname(jax.__file__) + os.sep, os.path.dirname(jax.jit.__code__.co_filename))


def traced(f: Callable[..., Any], arrays: tuple[Any, ...]) -> tuple[list[_Operation], tuple[Any, ...]]:
    """Return the operations of a function, and what it returns; see `SupportsTracing`."""
    closed = _recorded(f, arrays)
    jaxpr = closed.jaxpr
    variables = [variable for equation in jaxpr.eqns for variable in equation.outvars]
    # Names of the results would have to fit their number.
    names = jaxpr.debug_info._replace(result_paths=None)
    whole = closed.replace(jaxpr=jaxpr.replace(outvars=[*variables, *jaxpr.outvars], debug_info=names))
    found = core.jaxpr_as_fun(whole)(*arrays)
    values = {id(variable): value for variable, value in zip(variables, found, strict=False)}
    values |= {id(variable): array for variable, array in zip(jaxpr.invars, arrays, strict=True)}
    operations = []
    for equation in jaxpr.eqns:
        inputs = tuple(values[id(variable)] for variable in equation.invars if id(variable) in values)
        found_here = (values[id(variable)] for variable in equation.outvars)
        results = [x for x in found_here if jax.numpy.issubdtype(x.dtype, jax.numpy.inexact)]
        lines = _lines(equation)
        name = equation.primitive.name
        if name in ("jit", "pjit"):  # one name in older versions, one in newer
            name = equation.params["name"]
        operations += [(name, x, x, inputs, lines) for x in results]
    pairs = zip(jaxpr.outvars, found[len(variables) :], strict=True)
    return operations, tuple(values.get(id(variable), value) for variable, value in pairs)


def _recorded(f: Callable[..., Any], arrays: tuple[Any, ...]) -> Any:
    # Compiled functions are run as they are written: what is cached of them has the lines of their first use.
    try:
        with jax.disable_jit():
            return jax.make_jaxpr(f)(*arrays)
    except ValueError as error:
        if "__jax_array__" not in str(error):
            raise
    # jax.nn.sigmoid and others take an `Array` only because jax.jit converts it: they are one operation each.
    return jax.make_jaxpr(f)(*arrays)


def _lines(equation: Any) -> list[tuple[str, int, str]]:
    traceback = equation.source_info.traceback
    frames = traceback.frames if traceback is not None else ()
    return [(one.file_name, one.line_num, one.function_name) for one in frames if not one.file_name.startswith(_OWN)]
