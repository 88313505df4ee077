"""`jit`: a function of arrays as one compiled program."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from multigrad import _arguments
from multigrad._compile import NO_ARGUMENT, compiled
from multigrad._computation import opened
from multigrad._outputs import flatten_output
from multigrad._protocol import Backend
from multigrad._running import run

_Function = Callable[..., Any]


def jit(
    f: _Function,
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
) -> _Function:
    """Return f compiled by its framework, once for each signature of its arguments.

    Parameters
    ----------
    f
        Function of arrays, Python numbers and containers of them; returns a tree of arrays. Arrays and floats are data;
        integers, bools and strings are built into the program, and so is what f reads besides its arguments: torch
        compiles again when a global that f names has changed, JAX and TensorFlow keep the first (`jax.jit`'s rule).
    backend, device, dtype, arrays
        As for `gradient`.

    Returns
    -------
    callable
        Takes f's arguments and returns what f returns. On NumPy, which has no compiler, f itself runs.

    Raises
    ------
    MultigradError
        As for `gradient`.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import xp
    >>> multigrad.jit(lambda x: xp.sin(x) ** 2)(0.5)
    array(0.22984885)
    """
    options = _arguments.options(backend, device, dtype, arrays)
    return compiled(f, _evaluated, options, NO_ARGUMENT)


def _evaluated(f: _Function, **common: Any) -> _Function:
    """Return f as an operator that differentiates nothing."""
    options = _arguments.options(**common)

    @functools.wraps(f)
    def evaluate(*args: Any, **kwargs: Any) -> Any:
        call = _arguments.prepare(f, (), options, args, kwargs)
        with opened(call.computation):
            natives, tree = flatten_output(run(f, call, ()), call.computation, arrays_only=False)
        return tree.rebuild([call.present(x) for x in natives])

    return evaluate
