"""`to_tensorflow`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad import _arguments
from multigrad._inside._embedding import embedded
from multigrad._protocol import Backend


def to_tensorflow(
    f: Callable[..., Any],
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
) -> Callable[..., Any]:
    """Return a function of TensorFlow tensors that another backend evaluates and differentiates.

    Parameters
    ----------
    f
        Function of arrays and containers of them, which returns a tree of arrays and numbers.
    backend
        What evaluates and differentiates f. None takes that of the computation running around, else `use_backend`'s,
        ``MULTIGRAD_BACKEND``'s, or NumPy: the arguments are TensorFlow's and do not tell.
    device, dtype, arrays
        As for `gradient`; they concern f's side. A function written for the framework itself, such as one that calls
        `jax.numpy`, takes ``arrays="native"``.

    Returns
    -------
    callable
        Takes f's arguments with tensors in the places of arrays, in any containers; all other arguments,
        NumPy arrays among them, are constants and reach f as they do in `gradient`. Returns f's result with
        tensors on the device of the first argument, in f's dtypes.

    Raises
    ------
    BackendNotInstalledError
        If TensorFlow is missing, or, in a call, f's backend.
    MixedBackendError
        If an argument is another framework's array.
    OutputError
        If f returns what is no array and no number.

    Notes
    -----
    Gradients flow to the arguments alone, not to what f closes over. They are those of the backend that evaluates f
    and follow TensorFlow's own convention for complex numbers. Reverse mode, to any order; integer arrays get no
    gradient.

    One evaluation of f, and one backward pass of f's backend when a tape asks for it; nothing is recorded outside of a
    tape. Inside `tf.function` f runs in a `tf.numpy_function`, which XLA does not compile; the shapes of the results
    come from one evaluation at ones (integers: at zeros) per signature, so the arguments' shapes must be known, and
    the backward pass evaluates f again. A function of TensorFlow's own backend becomes part of the graph.

    Examples
    --------
    >>> import multigrad, tensorflow as tf
    >>> from multigrad import xp
    >>> energy = multigrad.to_tensorflow(lambda x: xp.sum(xp.sin(x)), backend="numpy")
    >>> x = tf.Variable([0.0, 0.0])
    >>> with tf.GradientTape() as tape:
    ...     value = energy(x)
    >>> tape.gradient(value, x).numpy()
    array([1., 1.], dtype=float32)
    """
    return embedded(f, "tensorflow", _arguments.options(backend, device, dtype, arrays))
