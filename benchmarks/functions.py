"""The functions whose derivative this package overrides, each beside the framework's own, with arrays to call it on.

A row is a function of a namespace: the framework's own functions under the standard's names, or this package's on
native arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np


class Function(NamedTuple):
    """One function to measure.

    Attributes
    ----------
    label
        What the page calls it.
    call
        ``(namespace, *arrays)`` → array.
    ranges
        The interval of each array's values.
    kind
        ``"elements"``: vectors of some length; ``"rows"``: as many rows of a thousand; ``"matrices"``: stacks of
        matrices of ten rows.
    """

    label: str
    call: Callable[..., Any]
    ranges: tuple[tuple[float, float], ...] = ((-1.0, 1.0),)
    kind: str = "elements"

    def data(self, size: int, odd: bool = False) -> list[np.ndarray]:
        """Return arrays of about so many elements, in float64; the first of them at an odd point if there is one."""
        generator = np.random.default_rng(0)
        arrays = [generator.uniform(*bounds, size=_SHAPES[self.kind](size)) for bounds in self.ranges]
        if odd:
            for array, value in zip(arrays, ODD[self.label], strict=True):
                array.flat[0] = value
        return arrays


_SHAPES: dict[str, Callable[[int], tuple[int, ...]]] = {
    "elements": lambda size: (size,),
    "rows": lambda size: (size // 1000, 1000) if size >= 1000 else (1, size),
    "matrices": lambda size: (size // 100, 10, 10) if size >= 100 else (2, 2),
}
_POSITIVE, _WITHIN, _ABOVE_ONE = (0.1, 2.0), (-0.9, 0.9), (1.1, 2.0)
_TWO = ((-1.0, 1.0), (-1.0, 1.0))


def _elementwise(name: str, *ranges: tuple[float, float]) -> Function:
    return Function(name, lambda ns, *xs: getattr(ns, name)(*xs), ranges or ((-1.0, 1.0),))


def _symmetric(ns: Any, x: Any) -> Any:
    return x + ns.matrix_transpose(x)


FUNCTIONS = (
    *(_elementwise(name) for name in ("abs", "sin", "expm1", "asinh")),
    *(_elementwise(name, _POSITIVE) for name in ("sqrt", "log", "log2", "log10", "log1p", "reciprocal")),
    *(_elementwise(name, _WITHIN) for name in ("asin", "acos", "atanh")),
    _elementwise("acosh", _ABOVE_ONE),
    *(_elementwise(name, *_TWO) for name in ("maximum", "minimum", "hypot", "atan2", "copysign", "logaddexp")),
    _elementwise("divide", (-1.0, 1.0), _POSITIVE),
    Function("maximum(x, 0.0)", lambda ns, x: ns.maximum(x, 0.0)),
    Function("clip(x, -0.5, 0.5)", lambda ns, x: ns.clip(x, -0.5, 0.5)),
    Function("clip(x, lo, hi), arrays", lambda ns, *xs: ns.clip(*xs), ((-1.0, 1.0), (-0.9, -0.1), (0.1, 0.9))),
    Function("x ** 2.0", lambda ns, x: ns.pow(x, 2.0)),
    Function("x ** 2.5", lambda ns, x: ns.pow(x, 2.5), (_POSITIVE,)),
    Function("x ** y", lambda ns, *xs: ns.pow(*xs), (_POSITIVE, (-1.0, 1.0))),
    Function("sum", lambda ns, x: ns.sum(x, axis=-1), kind="rows"),
    Function("max", lambda ns, x: ns.max(x, axis=-1), kind="rows"),
    Function("std", lambda ns, x: ns.std(x, axis=-1), kind="rows"),
    Function("prod", lambda ns, x: ns.prod(x, axis=-1), ((0.9, 1.1),), "rows"),
    Function("cumulative_prod", lambda ns, x: ns.cumulative_prod(x, axis=-1), ((0.9, 1.1),), "rows"),
    Function("vector_norm", lambda ns, x: ns.linalg.vector_norm(x, axis=-1), kind="rows"),
    Function("sort", lambda ns, x: ns.sort(x, axis=-1), kind="rows"),
    *(
        Function(name, lambda ns, x, name=name: getattr(ns.linalg, name)(x), kind="matrices")
        for name in ("det", "inv", "pinv", "svdvals")
    ),
    Function("slogdet", lambda ns, x: ns.linalg.slogdet(x)[1], kind="matrices"),
    Function("solve", lambda ns, a, b: ns.linalg.solve(a, b), _TWO, "matrices"),
    Function("cholesky", lambda ns, x: ns.linalg.cholesky(x @ ns.matrix_transpose(x)), kind="matrices"),
    Function("eigvalsh", lambda ns, x: ns.linalg.eigvalsh(_symmetric(ns, x)), kind="matrices"),
    Function("eigh", lambda ns, x: ns.linalg.eigh(_symmetric(ns, x))[1], kind="matrices"),
)


# A point for each array where the frameworks' own derivatives are wrong, or a slope is about to be.
ODD: dict[str, tuple[float, ...]] = {
    **dict.fromkeys(("sqrt", "log", "reciprocal", "maximum(x, 0.0)", "prod", "cumulative_prod"), (0.0,)),
    **dict.fromkeys(("hypot", "atan2", "x ** y"), (0.0, 0.0)),
    **dict.fromkeys(("maximum", "minimum"), (np.nan, 1.0)),
    "abs": (np.nan,),
    "acosh": (1.0,),
    "asinh": (1e200,),
    "atanh": (2.0,),
    "clip(x, -0.5, 0.5)": (0.5,),
    "clip(x, lo, hi), arrays": (-0.5, -0.5, 0.5),
    "log1p": (-2.0,),
    "logaddexp": (1000.0, 0.0),
}


class _Own:
    """A framework's functions: those named here, else those of its modules by their own names."""

    def __init__(self, modules: list[Any], named: dict[str, Any], linalg: Any) -> None:
        self._modules, self._named, self.linalg = modules, named, linalg

    def __getattr__(self, name: str) -> Any:
        if name in self._named:
            return self._named[name]
        return next(getattr(module, name) for module in self._modules if hasattr(module, name))


def own(backend: str) -> Any:
    """Return the framework's own functions under the standard's names."""
    return {"torch": _torch, "jax": _jax, "tensorflow": _tensorflow}[backend]()


def _torch() -> Any:
    import torch

    named = {
        "clip": torch.clamp,
        "cumulative_prod": lambda x, axis: torch.cumprod(x, axis),
        "matrix_transpose": lambda x: x.mT,
        "max": lambda x, axis: torch.amax(x, axis),
        # A number is no operand of torch.maximum; this is its derivative's cheapest spelling.
        "maximum": lambda x, y: torch.maximum(x, y) if isinstance(y, torch.Tensor) else torch.clamp(x, min=y),
        "prod": lambda x, axis: torch.prod(x, axis),
        "sort": lambda x, axis: torch.sort(x, axis)[0],
        "std": lambda x, axis: torch.std(x, axis, correction=0),
    }
    linalg = SimpleNamespace(**{**vars(torch.linalg), "vector_norm": lambda x, axis: torch.linalg.norm(x, dim=axis)})
    return _Own([torch], named, linalg)


def _jax() -> Any:
    import jax

    named = {"cumulative_prod": jax.numpy.cumprod}
    return _Own([jax.numpy], named, jax.numpy.linalg)


def _tensorflow() -> Any:
    import tensorflow as tf

    named = {
        "clip": tf.clip_by_value,
        "cumulative_prod": tf.math.cumprod,
        "divide": tf.math.divide,
        "hypot": tf.experimental.numpy.hypot,
        "logaddexp": tf.experimental.numpy.logaddexp,
        "matrix_transpose": tf.linalg.matrix_transpose,
        "max": tf.reduce_max,
        "prod": tf.reduce_prod,
        "std": tf.math.reduce_std,
        "sum": tf.reduce_sum,
        # No such function: the nearest composition of TensorFlow's.
        "copysign": lambda x, y: tf.abs(x) * tf.sign(y),
        "log2": lambda x: tf.math.log(x) / np.log(2.0),
        "log10": lambda x: tf.math.log(x) / np.log(10.0),
    }
    linalg = SimpleNamespace(
        **{
            name: getattr(tf.linalg, name) for name in ("cholesky", "det", "eigh", "eigvalsh", "inv", "pinv", "slogdet")
        },
        solve=tf.linalg.solve,
        svdvals=lambda x: tf.linalg.svd(x, compute_uv=False),
        vector_norm=lambda x, axis: tf.norm(x, axis=axis),
    )
    return _Own([tf, tf.math], named, linalg)
