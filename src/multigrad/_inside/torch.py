"""`to_torch`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from multigrad import _arguments
from multigrad._inside._embedding import embedded
from multigrad._protocol import Backend


def to_torch(
    f: Callable[..., Any],
    *,
    backend: str | Backend | None = None,
    device: Any = None,
    dtype: Any = None,
    arrays: str = "standard",
) -> Callable[..., Any]:
    """Return a function of torch tensors that another backend evaluates and differentiates.

    Parameters
    ----------
    f
        Function of arrays and containers of them, which returns a tree of arrays and numbers.
    backend
        What evaluates and differentiates f. None takes that of the computation running around, else `use_backend`'s,
        ``MULTIGRAD_BACKEND``'s, or NumPy: the arguments are torch's and do not tell.
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
        If PyTorch is missing, or, in a call, f's backend.
    MixedBackendError
        If an argument is another framework's array.
    OutputError
        If f returns what is no array and no number.

    Notes
    -----
    Gradients flow to the arguments alone, not to what f closes over. They are those of the backend that evaluates f
    and follow torch's own convention for complex numbers. Reverse mode, to any order; integer arrays get no
    gradient.

    One evaluation of f, and one backward pass of f's backend when torch's reaches it; nothing is recorded under
    `torch.no_grad` or where no tensor requires grad. A second derivative evaluates f again. `torch.func.grad` and
    `torch.func.vmap` (slice by slice) work; forward mode does not.

    Examples
    --------
    >>> import multigrad, torch
    >>> from multigrad import xp
    >>> energy = multigrad.to_torch(lambda x: xp.sum(xp.sin(x)), backend="numpy")
    >>> x = torch.zeros(2, requires_grad=True)
    >>> energy(x).backward()
    >>> x.grad
    tensor([1., 1.])
    """
    return embedded(f, "torch", _arguments.options(backend, device, dtype, arrays))
