"""What one case of the census is, and how its derivative is asked for.

A case is a function of the standard at one point with the derivative that the convention gives there. What is
differentiated is a real number made from the function's value: the sum of its elements, the k-th of them (k = 1, 2,
...) counted k times unless the function is elementwise, and of a complex element Re - 2·Im.
"""

import functools
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

import multigrad

# How Python spells a function of the namespace.
OPERATORS = {
    "abs": operator.abs,
    "negative": operator.neg,
    "positive": operator.pos,
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "pow": operator.pow,
    "matmul": operator.matmul,
}
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


class Case(NamedTuple):
    """One function at one point.

    Attributes
    ----------
    function
        Its name in the namespace, with "linalg." or "fft." before it, or that of what the call is about.
    point
        Numbers and nested lists, all of them differentiated.
    derivative
        Per argument the derivative in its shape, or None where the convention says nothing; a function without
        arguments that computes them, where that takes time.
    rule, reason
        From which rule of the convention, and how.
    order
        1, or 2: the derivative of the first derivative in argument `along`, weighted as a value is.
    call
        ``(xp, *arguments)`` gives the value; None calls the function itself with `options`.
    elementwise
        Whether a vector of points may be evaluated at once.
    eps
        Multiples of eps, relative to the largest element and at least 1, by which an answer may differ.
    edge
        Whether the point is a kink, border, tie or the like, where frameworks err and float32 is tested too.
    """

    function: str
    point: tuple[Any, ...]
    derivative: Any
    rule: int
    reason: str
    order: int = 1
    along: int = 0
    call: Callable[..., Any] | None = None
    options: Mapping[str, Any] = NO_OPTIONS
    elementwise: bool = False
    eps: float = 8.0
    edge: bool = True
    label: str = ""

    @property
    def name(self):
        """Identify the case."""
        options = "".join(f", {key}={value}" for key, value in self.options.items())
        order = "" if self.order == 1 else f" second{self.along}"
        return f"{self.function}{self.label}({', '.join(map(str, self.point))}{options}){order}".replace(" ", "")

    @property
    def expected(self):
        """Return the derivative, computed if it is not written out."""
        return _computed(self.derivative) if callable(self.derivative) else self.derivative

    @property
    def has_single(self):
        """Tell whether float32 holds the point, and the derivative where it is written out."""
        return ordinary(self.point) and (callable(self.derivative) or ordinary(self.derivative))

    def value(self, xp, *arguments):
        """Return the function's value."""
        if self.call is not None:
            return self.call(xp, *arguments)
        return named(xp, self.function)(*arguments, **self.options)

    def loss(self, value):
        """Return the function to differentiate: first order as it is, second order the total of a gradient.

        ``value(*arguments)`` gives the function's value.
        """
        first = lambda *args: total(value(*args), self.elementwise)  # noqa: E731
        if self.order == 1:
            return first
        slope = multigrad.gradient(first, argnums=self.along)
        return lambda *args: total(slope(*args), self.elementwise)


@functools.cache
def _computed(derivative):
    return derivative()


def named(xp, function):
    """Return a function of the namespace by its name, which may have a dot."""
    owner, _, name = function.rpartition(".")
    return getattr(getattr(xp, owner) if owner else xp, name)


def total(out, elementwise):
    """Return the real number that is differentiated."""
    xp = multigrad.xp
    if xp.isdtype(out.dtype, "complex floating"):
        out = xp.real(out) - 2 * xp.imag(out)
    if not elementwise and out.ndim:
        out = out * xp.asarray(np.arange(1.0, 1.0 + out.size).reshape(out.shape), dtype=out.dtype)
    return xp.sum(out)


def is_complex(value):
    """Tell whether a number or a nested list holds a complex number."""
    return any(map(is_complex, value)) if isinstance(value, list) else isinstance(value, complex)


def array(value, single=False):
    """Return an argument of a point, or its derivative, as a NumPy array."""
    dtype = (np.complex64 if single else np.complex128) if is_complex(value) else np.float32 if single else np.float64
    return np.asarray(value, dtype=dtype)


def arrays(case, single=False):
    """Return the arguments of a case as NumPy arrays."""
    return [array(value, single) for value in case.point]


def directions(x):
    """Return tangents at x that are dense, without a zero: one, or of a complex x also i times it."""
    t = np.cos(0.5 + np.arange(x.size)).reshape(x.shape)
    t = np.where(t < 0, t - 0.5, t + 0.5).astype(x.dtype)
    return [t, 1j * t] if np.iscomplexobj(x) else [t]


def ordinary(value):
    """Tell whether all finite numbers are far from the limits of float32."""
    if isinstance(value, list | tuple):
        return all(map(ordinary, value))
    # Of a large complex number abs may raise.
    size = max(abs(value.real), abs(value.imag)) if isinstance(value, int | float | complex) else 0.0
    return size == 0 or not math.isfinite(size) or 1e-15 < size < 1e15


def agree(got, expected, eps):
    """Tell, per element, whether NaN meets NaN, infinity the same infinity, a number itself.

    eps is the absolute error allowed, relative where numbers are larger than 1.
    """
    if np.iscomplexobj(got) or np.iscomplexobj(expected):
        nan = np.isnan(got) & np.isnan(expected)
        parts = [agree(part(got), part(expected), eps) for part in (np.real, np.imag)]
        return nan | (parts[0] & parts[1])
    finite = np.isfinite(got) & np.isfinite(expected)
    distance = np.abs(np.where(finite, got, 0.0) - np.where(finite, expected, 0.0))
    size = np.max(np.abs(np.where(np.isfinite(expected), expected, 0.0)), initial=1.0)
    close = finite & (distance <= eps * size)
    return close | (np.isnan(got) & np.isnan(expected)) | (np.isinf(got) & (got == expected))


def disagreements(case, found, single=False):
    """Return one sentence per argument in which a gradient is not the case's."""
    eps = case.eps * np.finfo(np.float32 if single else np.float64).eps
    sentences = []
    for i, (got, x, derivative) in enumerate(zip(found, arrays(case, single), case.expected, strict=True)):
        if derivative is None:
            continue
        expected = np.asarray(derivative, dtype=x.dtype)
        if expected.shape == () and x.shape:
            expected = np.full(x.shape, expected)
        if got.dtype != x.dtype or got.shape != x.shape or not np.all(agree(got, expected, eps)):
            was = f"{got.dtype}{list(got.shape)} {got.tolist()}"
            sentences.append(f"argument {i}: expected {expected.tolist()} by rule {case.rule}, got {was}")
    return sentences
