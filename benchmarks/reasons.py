"""Why a bound is missed, where the framework or the convention leaves no other way."""

from __future__ import annotations

from collections.abc import Callable

# (the reason, whether it is that of a (framework, workload, mode)).
REASONS: tuple[tuple[str, Callable[[str, str, str], bool]], ...] = (
    (
        "**kmeans, eager, PyTorch, standard arrays**: the native code subtracts inside the product, by `addmm`. The "
        "standard's subtraction is one more array of 80 MB, and its negation in each of the two backward passes. "
        "The native code with a subtraction takes 1.58 times its time; with native arrays multigrad takes 1.00.",
        lambda backend, workload, mode: (backend, workload, mode) == ("torch", "kmeans", "eager"),
    ),
    (
        "**ode, compiled, JAX**: the native code is a `lax.scan`. The array API standard has no loop, so a Python loop "
        "is unrolled into the program. Measured beside the scan, the native code unrolled takes 2.84 times its time, "
        "and multigrad 2.80.",
        lambda backend, workload, mode: workload == "ode" and backend == "jax" and mode == "compiled",
    ),
    (
        "**W5, eager, PyTorch, standard arrays, and det, eager**: both record the same graph of the framework's "
        "operations as the native code, and the time between them is the Python of `Array` and `xp`, which native "
        "arrays do not have: one function for an operator, two or three for a function. Of 1.04 to 1.07 in W5, by "
        "process, the functions of `xp` are 0.03 (half of it log: its derivative outside the domain is wrong natively, "
        "and the look at the values that tells is two operations of torch more), the operators 0.01; a wrapper of one "
        "line an operation is 1.00. The large operations in between leave this code out of the processor's caches: a "
        "function takes 3 to 12 µs more than torch's there, and 0.4 to 1.5 in W1 to W3.",
        lambda backend, workload, mode: (
            (backend, workload) == ("torch", "W5") or (workload == "det" and mode == "eager")
        ),
    ),
    (
        "**det, compiled, JAX**: the native code takes rows and leaves out a column in one index, `m[:, rows, 1:]`, "
        "which the standard lacks: a slice before `take` is a slice, a padding and an addition more in each of seven "
        "steps. The native code with the slice apart takes 1.07 to 1.11 of its time, with `jnp.take` 1.10 to 1.12; the "
        "column of native arrays, the same operations as the native call's, is the rest.",
        lambda backend, workload, mode: (backend, workload, mode) == ("jax", "det", "compiled"),
    ),
    (
        "**W4 and W5, compiled, TensorFlow**: what a call of `tf.function` costs is saved here as well, 0.1 ms (see "
        "W1 to W3 and W6), but nearly all of the time is that of XLA's program, the same one.",
        lambda backend, workload, mode: backend == "tensorflow" and workload in ("W4", "W5") and mode == "compiled",
    ),
)
