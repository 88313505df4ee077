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
        "**HVP, compiled, JAX**: the program takes the native one's time (1.00), and 1.6 to 2.1 µs are Python around "
        "it: `hvp(f, primals, tangents)` evaluates at once, so each call takes and checks its arguments (0.5 µs, and "
        "0.3 for the options that this benchmark unpacks), looks up its program by f and options (0.4) and by the "
        "arguments' types (0.5), and returns a tuple (0.2). Shapes and dtypes are left to `jax.jit`.",
        lambda backend, workload, mode: workload == "HVP" and backend == "jax" and mode == "compiled",
    ),
    (
        "**W5, eager, PyTorch, standard arrays, and det, eager**: both record the same graph of the framework's "
        "operations as the native code, and the time between them is the Python of `Array` and `xp`, which native "
        "arrays do not have. Of 1.07 to 1.09 in W5, log is 0.03 (the look at the values that chooses its derivative "
        "is 0.01 by itself), the other functions of `xp` 0.025, the operators of `Array` 0.013 and the call 0.005, "
        "each put by turns into a wrapper of one line an operation, which is 1.00. The large operations in between "
        "leave this code out of the processor's caches: 3 to 6 µs a call, for 1 to 2 in W1 to W3.",
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
