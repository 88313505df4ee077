"""What a program of GradBench consists of here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Size = Mapping[str, int]

# GradBench seeds all of its inputs with it.
SEED = 31337


class Program(NamedTuple):
    """A function to differentiate, once against the array API standard and once per framework.

    Attributes
    ----------
    name
        GradBench's name of it.
    title
        What it computes.
    sizes
        ``"quick"`` and ``"full"``, each in the letters of GradBench; ``"full"`` is one of GradBench's own sizes.
    data
        Gives the arguments for a size, float64 NumPy arrays, the same at every call.
    standard
        The function against `multigrad.xp`; a real scalar.
    argnums
        The arguments that are differentiated.
    operator
        ``"gradient"``, or ``"gradient_and_hvp"``: the gradient and the product of the Hessian with a vector of ones.
    native
        The function as an expert of the framework writes it, by the framework's name. It imports the framework.
    """

    name: str
    title: str
    sizes: Mapping[str, Size]
    data: Callable[[Size], tuple[np.ndarray, ...]]
    standard: Callable[..., Any]
    argnums: int | tuple[int, ...]
    operator: str
    native: Mapping[str, Callable[..., Any]]
