"""What a row of the convention is: a function, a point, and the derivative that holds there on all backends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from multigrad._transform import gradient

_UNMEASURED: Mapping[str, str] = MappingProxyType({})


class Row(NamedTuple):
    """One function at one point, with its derivative in every argument.

    Attributes
    ----------
    function
        Name in the array API namespace, or a short label of `expression`.
    point
        The arguments, all of them differentiated: Python numbers stand for 0-d arrays, nested lists for arrays.
    derivative
        Per argument, in its shape, the gradient of the function's value, or of the sum of its elements.
    rule
        Number of the rule from which it follows.
    reason
        How it follows.
    native
        By framework, what its own function gives there in the versions of `MEASURED`: "right", or per argument its
        derivative; "raises"; "None" for an argument that it calls unconnected.
    expression
        ``(xp, *arguments)`` gives the value; None for a row that is named by its function.
    order
        1; or 2 for the derivative of the first one, or of the sum of its elements, in the only argument.

    Examples
    --------
    >>> import multigrad
    >>> from multigrad import convention
    >>> row = convention.Row("sqrt", (0.0,), (float("inf"),), 4, "one-sided limit")
    >>> multigrad.gradient(lambda x: row.evaluate(multigrad.xp, x))(*row.point)
    array(inf)
    """

    function: str
    point: tuple[Any, ...]
    derivative: tuple[Any, ...]
    rule: int
    reason: str
    native: Mapping[str, str] = _UNMEASURED
    expression: Callable[..., Any] | None = None
    order: int = 1

    @property
    def name(self) -> str:
        """The function and the point, which no other row has."""
        return f"{self.function} at {', '.join(map(str, self.point))}"

    def value(self, xp: Any, *arguments: Any) -> Any:
        """Return the function's value, or the sum of its elements: a real scalar.

        Parameters
        ----------
        xp
            An array API namespace of the arguments.
        *arguments
            Arrays in the shapes of `point`.
        """
        if self.expression is not None:
            return xp.sum(self.expression(xp, *arguments))
        owner, _, name = self.function.rpartition(".")
        return xp.sum(getattr(getattr(xp, owner) if owner else xp, name)(*arguments))

    def evaluate(self, xp: Any, *arguments: Any) -> Any:
        """Return the real scalar to differentiate: `value`, or of order 2 the sum of its gradient's real parts.

        Parameters
        ----------
        xp
            An array API namespace of the arguments.
        *arguments
            Arrays in the shapes of `point`.
        """
        if self.order == 1:
            return self.value(xp, *arguments)
        return xp.sum(xp.real(gradient(lambda x: self.value(xp, x))(*arguments)))
