"""A backend under test, and the means to say what must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np

from multigrad._dtypes import INEXACT, dtype_name
from multigrad._protocol import Backend, Native, Natives, Pullback

# A few roundings of the dtype: the clauses evaluate only a handful of operations, none of them cancelling.
_ROUNDING = {"float32": 1e-5, "complex64": 1e-5, "float64": 1e-12, "complex128": 1e-12}


class Case:
    """What a clause sees of the backend under test.

    Parameters
    ----------
    backend
        The backend.
    rtol
        Tolerance of derivatives, relative to the largest expected one; None stands for a few roundings of the dtype. An
        approximate backend needs more.
    direct
        Whether `gradient` takes the backend's own ``value_and_gradient`` instead of a pullback.
    """

    def __init__(self, backend: Backend, rtol: float | None = None, *, direct: bool = False) -> None:
        self.backend = backend
        self.xp = backend.xp
        self._rtol = rtol
        self._direct = direct

    def array(self, value: Any, dtype: str = "float64") -> Native:
        """Return numbers as an array of the backend."""
        return self.backend.asarray(np.asarray(value, dtype=dtype))

    def vjp(self, f: Callable[..., Any], *primals: Native, reusable: bool = True) -> tuple[Natives, Pullback]:
        """Return outputs and pullback of a function that returns one array or a tuple of arrays, without aux."""

        def flat(*values: Native) -> tuple[Natives, Natives]:
            returned = f(*values)
            return (returned if isinstance(returned, tuple) else (returned,)), ()

        outputs, pullback, _ = self.backend.vjp(flat, primals, reusable=reusable)
        return outputs, pullback

    def gradient(self, f: Callable[..., Any], *primals: Native, reusable: bool = False) -> Native:
        """Return the gradient of a scalar function in its first argument."""
        if self._direct:
            _, gradients, _ = self.backend.value_and_gradient(lambda *x: ((f(*x),), ()), primals)  # type: ignore[attr-defined]
            return gradients[0]
        (value,), pullback = self.vjp(f, *primals, reusable=reusable)
        return pullback((self.xp.ones_like(value),))[0]

    # Statements. Each raises AssertionError itself, since python -O leaves out assert.

    def fail(self, text: str) -> NoReturn:
        """State that the law is broken."""
        raise AssertionError(text)

    def require(self, holds: bool, what: str) -> None:
        """State what must hold."""
        if not holds:
            self.fail(f"Expected {what}.")

    def close(self, found: Native, expected: Any, what: str) -> None:
        """State that an array has this shape and, within the tolerance, these values."""
        values = self.values(found, what)
        expected = np.asarray(expected)
        self.require(values.shape == expected.shape, f"{what} of shape {expected.shape}, got {values.shape}")
        rounding = _ROUNDING.get(dtype_name(found.dtype), 0.0)
        rtol = rounding if self._rtol is None or rounding == 0 else max(self._rtol, rounding)
        error = np.abs(values - expected)
        if not np.all(error <= rtol * np.max(np.abs(expected), initial=1.0)):  # NaN is no agreement
            self.fail(f"Expected {what} to be {expected.tolist()}, got {values.tolist()}.")

    def like(self, found: Native, model: Native, what: str) -> None:
        """State that an array has the model's shape, dtype and device."""
        self.require(self.backend.is_array(found), f"{what} to be the backend's array, got {type(found).__name__}")
        self.require(
            tuple(found.shape) == tuple(model.shape), f"{what} of shape {tuple(model.shape)}, got {tuple(found.shape)}"
        )
        names = dtype_name(model.dtype), dtype_name(found.dtype)
        self.require(names[0] == names[1], f"{what} of dtype {names[0]}, got {names[1]}")
        devices = self.backend.device(model), self.backend.device(found)
        self.require(devices[0] == devices[1], f"{what} on {devices[0]}, got {devices[1]}")

    def values(self, found: Native, what: str) -> np.ndarray:
        """Return an array's values, or state that it should be one."""
        self.require(self.backend.is_array(found), f"{what} to be the backend's array, got {type(found).__name__}")
        return np.asarray(self.backend.to_numpy(found))

    def same(self, found: Native, before: np.ndarray, what: str) -> None:
        """State that an array has exactly these values and this dtype."""
        values = self.values(found, what)
        self.require(values.dtype == before.dtype, f"{what} of dtype {before.dtype}, got {values.dtype}")
        self.require(np.array_equal(values, before), f"{what} to be {before.tolist()}, got {values.tolist()}")

    def tuples(self, *found: Iterable[Any]) -> None:
        """State that flat results are tuples."""
        for values in found:
            self.require(type(values) is tuple, f"a tuple of arrays, got {type(values).__name__}")

    def inexact(self, array: Native) -> bool:
        """Tell whether an array has a floating or complex dtype."""
        return dtype_name(array.dtype) in INEXACT
