"""The running computation: which backend, dtype, device and form of arrays are in force.

One context variable holds one immutable `Computation`. The outermost operator (or `use_backend`) opens it, nested ones
open their own on top, and leaving restores what was before, exceptions or not. A new thread starts without one.
"""

from __future__ import annotations

import contextvars
import dis
import sys
import warnings
from contextlib import AbstractContextManager
from types import CodeType, TracebackType
from typing import Any, Literal, NamedTuple

from multigrad import _dtypes, _forms, _registry
from multigrad._array import Array
from multigrad._errors import DtypeError
from multigrad._protocol import Backend, SupportsScope

Form = Literal["standard", "native"]


class Computation(NamedTuple):
    """What one operator call, or one `use_backend` block, runs under.

    Attributes
    ----------
    backend
        The backend object.
    cls
        The backend's subclass of `Array`.
    dtype
        Default real floating dtype by name, or None where `use_backend` left it open (then ``"float64"``).
    device
        Where new arrays go, if that was said; else None.
    form
        Whether f sees `Array` (``"standard"``) or the framework's own arrays (``"native"``).
    level
        0 for `use_backend`, 1 for an outermost operator, more for nested ones.
    beside
        An argument beside which new arrays go when no device was said, or None.
    forward
        Whether derivatives are pushed forward through f, so that a rule for reverse mode cannot serve.
    observer
        What is told of the operations on f's arrays (`multigrad.graph`), or None. It sees no nested operator.
    """

    backend: Backend
    cls: type[Array]
    dtype: str | None
    device: Any
    form: Form
    level: int
    beside: Any = None
    forward: bool = False
    observer: Any = None

    def place(self) -> Any:
        """Return the device of new arrays; None for the framework's default.

        Found only when an array is created: asking a framework for a device costs as much as a small operation.
        """
        if self.device is not None or self.beside is None:
            return self.device
        name = self.backend.device(self.beside)
        return None if name == "cpu" else name


_current: contextvars.ContextVar[Computation | None] = contextvars.ContextVar("multigrad_computation", default=None)

# The one place that reads the context variable; the other two are for who cannot afford `opened`.
current = _current.get
enter = _current.set
leave = _current.reset


def running() -> Computation | None:
    """Return the computation of the operator that is running around the caller, or None at top level."""
    computation = _current.get()
    return computation if computation is not None and computation.level else None


def observer() -> Any:
    """Return what is told of the operations on the arrays of the running computation, or None."""
    computation = _current.get()
    return None if computation is None else computation.observer


def default_dtype() -> str:
    """Return the standard's "default real floating-point dtype", by name."""
    computation = _current.get()
    return (computation and computation.dtype) or "float64"


def default_backend() -> Backend:
    """Return the backend of the running computation, else `use_backend`'s, ``MULTIGRAD_BACKEND``'s, or NumPy."""
    computation = _current.get()
    return computation.backend if computation is not None else _registry.environment_backend()


class opened:  # noqa: N801 - used as a context manager, spelled like one
    """Run a block under a computation and inside its backend's scope."""

    __slots__ = ("_computation", "_scope", "_token")

    def __init__(self, computation: Computation) -> None:
        self._computation = computation
        backend = computation.backend
        self._scope: AbstractContextManager[Any] | None = (
            backend.scope(computation) if _registry.supports(backend, SupportsScope) else None  # type: ignore[attr-defined]
        )

    def __enter__(self) -> Computation:
        if self._scope is not None:
            self._scope.__enter__()
        self._token = _current.set(self._computation)
        return self._computation

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _current.reset(self._token)
        if self._scope is not None:
            self._scope.__exit__(kind, error, traceback)


class use_backend:  # noqa: N801 - public name of a context manager
    """Choose the backend, and optionally dtype and device, for a block of code.

    An explicit ``backend=``, ``dtype=`` or ``device=`` of an operator wins over it, and so do the framework's own
    arrays among the arguments. With JAX and ``dtype="float64"`` the block also runs in JAX's scoped 64-bit mode, so
    that the user's own arithmetic on the results stays in float64; the global flag is not touched.

    It is in force inside its ``with`` block alone. As a statement of its own, without ``with``, it does nothing, and
    warns; for a whole process set the environment variable ``MULTIGRAD_BACKEND``.

    Parameters
    ----------
    name
        A backend's name, such as ``"jax"``.
    dtype
        Floating dtype that arguments are cast to; a string or any framework's dtype. None leaves arrays as they are.
    device
        Where arguments go: ``"cpu"``, ``"gpu"``, ``"cuda:1"`` or the framework's own object.

    Raises
    ------
    UnknownBackendError, BackendNotInstalledError, BackendBrokenError
        If there is no such backend or it does not import.
    DtypeError
        If the dtype is not a real floating dtype.

    Examples
    --------
    >>> import multigrad
    >>> with multigrad.use_backend("numpy", dtype="float32"):
    ...     multigrad.gradient(lambda x: x**2)(3.0).dtype
    dtype('float32')
    """

    _made: tuple[CodeType, int] | None = None  # where: the code and the instruction
    _entered = False

    def __init__(self, name: str | Backend, dtype: Any = None, device: Any = None) -> None:
        backend = _registry.get_backend(name)
        self._computation = Computation(
            backend, _forms.array_type(backend), floating_name(dtype), device, "standard", 0
        )
        self._open: list[opened] = []
        caller = sys._getframe(1)
        self._made = caller.f_code, caller.f_lasti

    def __del__(self) -> None:
        if self._made is None or self._entered:
            return
        # Thrown away by the very next instruction, which only a statement of its own does: what has a name may have
        # been meant for later.
        caller = sys._getframe(1)
        if caller.f_code is self._made[0] and _is_discarded(*self._made, caller.f_lasti):
            name = self._computation.backend.name
            warnings.warn(
                f"multigrad.use_backend({name!r}) as a statement of its own does nothing. Write `with "
                f"multigrad.use_backend({name!r}):` and indent what shall run on it, pass backend={name!r} to the "
                f"operators, or set the environment variable MULTIGRAD_BACKEND={name}.",
                UserWarning,
                stacklevel=2,
            )

    def __repr__(self) -> str:
        name = self._computation.backend.name
        return f"<use_backend({name!r}): in force inside `with multigrad.use_backend({name!r}):`>"

    def __enter__(self) -> Backend:
        self._entered = True
        block = opened(self._computation)
        block.__enter__()
        self._open.append(block)
        return self._computation.backend

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.pop().__exit__(kind, error, traceback)


def _is_discarded(code: CodeType, made: int, now: int) -> bool:
    """Tell whether the instruction at ``now`` throws away what the call at ``made`` returned."""
    following = (found for found in dis.get_instructions(code) if found.offset > made)
    first = next(following, None)
    return first is not None and (first.offset, first.opname) == (now, "POP_TOP")


def floating_name(dtype: Any) -> str | None:
    """Return the name of a ``dtype=`` option, which must be a real floating dtype."""
    if dtype is None:
        return None
    name = _dtypes.dtype_name(dtype)
    if name not in _dtypes.FLOATING:
        raise DtypeError(
            f"Expected a real floating dtype such as 'float32' for dtype=, got {name!r}; "
            "complex arguments are cast to its precision."
        )
    return name
