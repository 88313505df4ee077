"""What a scenario is: a function with inputs, and its value and derivatives in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from multigrad.array_api._dispatch import xp

REAL, HOLOMORPHIC, TO_REAL, TO_COMPLEX = "real", "holomorphic", "complex to real", "real to complex"


class Scenario(NamedTuple):
    """One function, where it is differentiated, and what comes out.

    Nothing in it belongs to a framework: the function is written against `multigrad.xp`, arguments and answers are
    trees of NumPy arrays and Python numbers.

    Attributes
    ----------
    name
        What is special about it.
    f, args, argnums
        The function, all its arguments, and the positions of the differentiated ones.
    value
        Tree of NumPy arrays.
    jacobian, hessian, third
        The derivatives of each order in the structure that `multigrad.jacobian` and its compositions give; None where
        the order is not stated.
    kind
        Which numbers go in and come out: ``"real"``, ``"holomorphic"``, ``"complex to real"`` or ``"real to complex"``.
        The Jacobian of a real function of complex arguments holds gradients.
    hvp
        For complex arguments, which have no Hessian: a function from tangents to the product.
    native
        Whether f runs on the frameworks' own arrays.
    branches
        Whether f branches on values, which cannot be mapped in one go.

    Examples
    --------
    >>> import numpy as np
    >>> from multigrad.testing import Scenario, check_backend
    >>> x = np.asarray([1.0, 2.0])
    >>> cubes = Scenario("cubes", lambda x: x**3, (x,), value=x**3, jacobian=np.diag(3 * x**2))
    >>> report = check_backend("numpy", scenarios=(cubes,), exclude={"contract": "not now", "convention": "not now"})
    >>> report.ok
    True
    """

    name: str
    f: Callable[..., Any]
    args: tuple[Any, ...]
    value: Any
    jacobian: Any
    hessian: Any = None
    third: Any = None
    argnums: Any = 0
    kind: str = REAL
    hvp: Callable[[Any], Any] | None = None
    native: bool = True
    branches: bool = False

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the differentiated arguments."""
        return (self.argnums,) if isinstance(self.argnums, int) else self.argnums

    @property
    def primals(self) -> tuple[Any, ...]:
        """The differentiated arguments."""
        return tuple(self.args[i] for i in self.positions)

    @property
    def is_scalar(self) -> bool:
        """Whether f returns one real scalar."""
        return isinstance(self.value, np.ndarray) and self.value.shape == () and self.value.dtype.kind == "f"

    def of_primals(self, *primals: Any) -> Any:
        """Evaluate f with the other arguments fixed."""
        # Fixed arrays are closed over: as NumPy arrays they would meet the framework's own.
        args = [xp.asarray(x) if isinstance(x, np.ndarray) else x for x in self.args]
        for position, primal in zip(self.positions, primals, strict=True):
            args[position] = primal
        return self.f(*args)
