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
    (
        "**W5, eager, PyTorch, standard arrays, and det, eager**: both record the same graph of the framework's "
        "operations as the native code, and the time between them is the Python of `Array` and `xp`: some 20 calls in "
        "W5 and 75 in det, 4 to 9 µs each, since the large operations in between leave its code out of the processor's "
        "caches (1 to 2 µs each in W1 to W3). Native arrays do not have them.",
        lambda backend, workload, mode: (
            (backend, workload) == ("torch", "W5") or (workload == "det" and mode == "eager")
        ),
    ),
    (
        "**det, compiled, JAX**: standard arrays take columns by `take` with indices, the native code by indexing; XLA "
        "makes another program of it (read from the code).",
        lambda backend, workload, mode: (backend, workload, mode) == ("jax", "det", "compiled"),
    ),
    (
        "**HVP, eager, TensorFlow**: each slice of an `Array` is checked and made as the standard says before "
        "TensorFlow's own operation, which takes 20 µs by itself; noise of the machine is of the same size (read from "
        "the code).",
        lambda backend, workload, mode: (backend, workload, mode) == ("tensorflow", "HVP", "eager"),
    ),
    (
        "**llsq, eager, TensorFlow**: the standard's running product with the initial 1 is a product and a "
        "concatenation; TensorFlow has an exclusive product, which the native code takes (read from the code).",
        lambda backend, workload, mode: (backend, workload, mode) == ("tensorflow", "llsq", "eager"),
    ),
    (
        "**kmeans, compiled, TensorFlow**: the shared ties again, as in kmeans, eager.",
        lambda backend, workload, mode: (backend, workload, mode) == ("tensorflow", "kmeans", "compiled"),
    ),
    (
        "**W4 and W5, compiled, TensorFlow**: what a call of `tf.function` costs is saved here as well, 0.1 ms (see "
        "W1 to W3 and W6), but nearly all of the time is that of XLA's program, the same one.",
        lambda backend, workload, mode: backend == "tensorflow" and workload in ("W4", "W5") and mode == "compiled",
    ),
)
