"""Why a bound is missed, where the framework or the convention leaves no other way."""

from __future__ import annotations

from collections.abc import Callable

# (the reason, whether it is that of a (framework, workload, mode)).
REASONS: tuple[tuple[str, Callable[[str, str, str], bool]], ...] = (
    (
        "**kmeans, eager**: a minimum shares its gradient evenly among ties (rule 2 of the convention), so its "
        "backward pass compares every element with the minimum. The native code takes `min(dim)` on PyTorch, which "
        "remembers one index, and gives a tie's whole gradient to one of the places.",
        lambda backend, workload, mode: workload == "kmeans" and mode == "eager",
    ),
    (
        "**ode, compiled, JAX**: the native code is a `lax.scan`. The array API standard has no loop, so a Python loop "
        "is unrolled into the program; the native code unrolled takes as long.",
        lambda backend, workload, mode: workload == "ode" and backend == "jax" and mode == "compiled",
    ),
    (
        "**HVP, compiled, JAX**: `hvp(f, primals, tangents)` evaluates at once, so each call looks its program up by "
        "f, options, types and shapes, some 4 µs in all. `multigrad.jit` of a function that calls it is found sooner.",
        lambda backend, workload, mode: workload == "HVP" and backend == "jax" and mode == "compiled",
    ),
)
