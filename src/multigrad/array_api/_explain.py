"""From a framework's error to one in the words of the standard.

Good calls pay nothing: the arguments are looked at after the framework has refused them.
"""

from __future__ import annotations

from typing import Any

from multigrad import _dtypes
from multigrad._errors import MultigradError
from multigrad.array_api import _checks, _domains

_PLAIN = (TypeError, ValueError, IndexError, NotImplementedError, RecursionError, MemoryError)
# Refusals of a kernel, by name: no framework is imported to compare. What else goes wrong (no memory left, a broken
# driver) is not about the arguments and stays as it is.
_REFUSALS = frozenset(
    ("RuntimeError", "InvalidArgumentError", "UnimplementedError", "NotFoundError", "JaxRuntimeError", "_LinAlgError")
)
_ELEMENTWISE = frozenset(_domains.PROMOTING) - {
    *("matmul", "tensordot", "vecdot", "cross", "outer", "solve", "searchsorted")
}
_BROADCASTING = _ELEMENTWISE | {"equal", "not_equal", "where", "broadcast_arrays"}


def explained(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> Exception:
    """Return the exception to raise for one that a function of the standard met.

    Parameters
    ----------
    name
        The function's name in the standard.
    args, kwargs
        What it was called with: native arrays, numbers, options.
    error
        What the framework, or this package, raised.

    Returns
    -------
    Exception
        A TypeError, ValueError or IndexError that says what was wrong; the same exception if it says so already.
    """
    if isinstance(error, MultigradError):
        return error
    found = _fault(name, args, kwargs)
    if found is not None:
        return found
    if isinstance(error, _PLAIN) or type(error).__name__ not in _REFUSALS:
        return error
    reason = str(error).strip().partition("\n")[0]
    return ValueError(f"xp.{name} cannot compute with {_described(args)}: {reason}")


def _fault(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exception | None:
    """Return what can be said about a call from the standard alone."""
    try:
        stranger = _stranger(name, args)
        if stranger is not None:
            return TypeError(f"xp.{name} takes arrays, got {type(stranger[0]).__name__}.")
        message = _domains.violation(name, args)
        if message is not None:
            return TypeError(message)
        shapes = [tuple(arg.shape) for arg in args if hasattr(arg, "shape") and hasattr(arg, "dtype")]
        if name in _BROADCASTING:
            _checks.broadcast(*shapes)
        axis = kwargs.get("axis")
        if shapes and axis is not None and name not in ("expand_dims", "stack"):
            _checks.axes(axis, len(shapes[0]))
    except (TypeError, ValueError, IndexError) as fault:
        return fault.with_traceback(None)
    except Exception:  # arguments too odd to be described
        return None
    return None


def _stranger(name: str, args: tuple[Any, ...]) -> tuple[Any] | None:
    """Return an argument that is neither array nor number where one must be, as a tuple of one."""
    needed = args[:1] if name in _domains.UNARY or name == "clip" else args if name in _domains.PROMOTING else ()
    for arg in needed:
        if not hasattr(arg, "dtype") and type(arg) not in _dtypes.NUMBERS:
            return (arg,)
    return None


def _described(args: tuple[Any, ...]) -> str:
    parts = [_one(arg) for arg in args]
    return ", ".join(parts) or "these arguments"


def _one(arg: Any) -> str:
    if hasattr(arg, "shape") and hasattr(arg, "dtype"):
        return f"{_dtypes.dtype_name(arg.dtype)} of shape {tuple(arg.shape)}"
    if isinstance(arg, list | tuple):
        return f"[{', '.join(_one(part) for part in arg)}]"
    return repr(arg)
