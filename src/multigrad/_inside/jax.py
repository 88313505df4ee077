"""`to_jax`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad import _arguments
from multigrad._inside._embedding import embedded
from multigrad._protocol import Backend


def to_jax(
    f: Callable[..., Any],
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
) -> Callable[..., Any]:
    """Return a function of JAX arrays that another backend evaluates and differentiates.

    Parameters
    ----------
    f
        Function of arrays and containers of them, which returns a tree of arrays and numbers.
    backend
        What evaluates and differentiates f. None takes that of the computation running around, else `use_backend`'s,
        ``MULTIGRAD_BACKEND``'s, or NumPy: the arguments are JAX's and do not tell.
    device, dtype, arrays
        As for `gradient`; they concern f's side. A function written for the framework itself, such as one that calls
        `torch`, takes ``arrays="native"``.

    Returns
    -------
    callable
        Takes f's arguments with JAX arrays in the places of arrays, in any containers; all other arguments,
        NumPy arrays among them, are constants and reach f as they do in `gradient`. Returns f's result with
        JAX arrays on the device of the first argument, in f's dtypes; 64-bit ones
        become 32-bit ones while JAX's x64 mode is off.

    Raises
    ------
    BackendNotInstalledError
        If JAX is missing, or, in a call, f's backend.
    MixedBackendError
        If an argument is another framework's array.
    OutputError
        If f returns what is no array and no number.

    Notes
    -----
    Gradients flow to the arguments alone, not to what f closes over. They are those of the backend that evaluates f
    and follow JAX's own convention for complex numbers. Reverse mode, to any order; integer arrays get no
    gradient.

    Works under `jax.jit`, `jax.grad` and `jax.vmap` (slice by slice), where f runs in a `jax.pure_callback`. The
    program must know the shapes of the results: f is evaluated once at ones (integers: at zeros) of the arguments'
    shapes, once per signature. The backward pass of a compiled program evaluates f again. A function of JAX's own
    backend is traced, with no callback. `jax.jvp` does not work.

    Examples
    --------
    >>> import jax, multigrad
    >>> from multigrad import xp
    >>> energy = multigrad.to_jax(lambda x: xp.sum(xp.sin(x)), backend="numpy")
    >>> jax.jit(jax.grad(energy))(jax.numpy.zeros(2))
    Array([1., 1.], dtype=float32)
    """
    return embedded(f, "jax", _arguments.options(backend, device, dtype, arrays))
