"""Running the user's function inside an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad import _computation, _strangers
from multigrad._arguments import Call
from multigrad._computation import Computation
from multigrad._errors import DetachedValueError, MultigradError
from multigrad._outputs import OutputTree, flatten_output, scalar_output, split_aux
from multigrad._protocol import Natives

_Function = Callable[..., Any]
_MARK = "multigrad:"


def run(f: _Function, call: Call, primals: Natives) -> Any:
    """Call f on the arguments of a call with other arrays in place of the primals."""
    args, kwargs = call.arguments(primals)
    try:
        return f(*args, **kwargs)
    except ValueError as error:
        if not isinstance(error.__cause__, DetachedValueError):
            raise
        # NumPy asked an array for a number, and says of the answer "setting an array element with a sequence" (2.4).
        detached = DetachedValueError(*error.__cause__.args).with_traceback(error.__traceback__)
        add_note(detached, call.computation)
        raise detached from error.__cause__
    except (TypeError, RuntimeError, AttributeError) as error:
        add_note(error, call.computation)
        raise


def add_note(error: Exception, computation: Computation | None = None) -> None:
    """Add a note to an error of f that a value of another framework, or one that is no array, explains.

    Parameters
    ----------
    error
        What f raised.
    computation
        What f ran under; None for the running one.
    """
    computation = computation or _computation.current()
    # An operator inside f may have said it already.
    if computation is None or any(note.startswith(_MARK) for note in getattr(error, "__notes__", ())):
        return
    try:
        advice = _strangers.advice(error, computation)
    except Exception:  # values too odd to be described: the error itself is what people must see
        return
    if advice is not None:
        error.add_note(f"{_MARK} {advice}")


def check_callable(f: Any) -> None:
    if not callable(f):
        raise TypeError(f"Expected a function to differentiate, got {type(f).__name__}: pass f itself, not f(x).")


class NoTangentRuleError(MultigradError, TypeError):
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
