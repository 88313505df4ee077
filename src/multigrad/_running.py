"""Running the user's function inside an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad._arguments import Call
from multigrad._errors import MultigradError
from multigrad._outputs import OutputTree, flatten_output, scalar_output, split_aux
from multigrad._protocol import Natives

_Function = Callable[..., Any]


def run(f: _Function, call: Call, primals: Natives) -> Any:
    """Call f on the arguments of a call with other arrays in place of the primals."""
    args, kwargs = call.arguments(primals)
    try:
        return f(*args, **kwargs)
    except (TypeError, RuntimeError) as error:
        add_note(error)
        raise


def add_note(error: Exception) -> None:
    """Add a note to an error of f if it is how the frameworks say that they were given a NumPy array."""
    if not isinstance(error, MultigradError) and ("ndarray" in str(error) or "numpy" in str(error)):
        error.add_note(
            "multigrad: a NumPy array seems to have met an array of the framework inside f; wrap it with xp.asarray."
        )


def check_callable(f: Any) -> None:
    if not callable(f):
        raise TypeError(f"Expected a function to differentiate, got {type(f).__name__}: pass f itself, not f(x).")


class NoTangentRuleError(TypeError):
    """A function that has only a pullback is differentiated in forward mode."""


class Flattened:
    """f as a function on flat tuples of native arrays, which remembers the trees that f returned last.

    Parameters
    ----------
    f
        The user's function.
    call
        The call whose arguments it gets.
    has_aux
        Whether f returns ``(value, aux)``.
    scalar
        Whether the value must be a real scalar.
    """

    def __init__(self, f: _Function, call: Call, *, has_aux: bool = False, scalar: bool = False) -> None:
        self._f = f
        self._call = call
        self._has_aux = has_aux
        self._scalar = scalar
        self.value: OutputTree
        self.aux: OutputTree | None = None

    def __call__(self, *primals: Any) -> tuple[Natives, Natives]:
        computation = self._call.computation
        value = run(self._f, self._call, primals)
        auxiliaries: Natives = ()
        if self._has_aux:
            value, aux = split_aux(value)
            auxiliaries, self.aux = flatten_output(aux, computation, arrays_only=False)
        if self._scalar:
            return (scalar_output(value, computation),), auxiliaries
        natives, self.value = flatten_output(value, computation, arrays_only=True)
        return natives, auxiliaries

    def present_value(self, outputs: Natives) -> Any:
        """Return native outputs in the structure that f returned, in the form that the caller expects."""
        return self.value.rebuild([self._call.present(x) for x in outputs])

    def present_aux(self, auxiliaries: Natives) -> Any:
        """Return aux as f returned it, its arrays in the form that the caller expects."""
        return () if self.aux is None else self.aux.rebuild([self._call.present(x) for x in auxiliaries])
