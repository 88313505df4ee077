"""From a framework's error to one in the words of the standard.

Good calls pay nothing: the arguments are looked at after the framework has refused them.
"""

from __future__ import annotations

import dis
import re
from typing import Any, NoReturn

from numpy.exceptions import AxisError

from multigrad import _dtypes
from multigrad._errors import DtypeError, MultigradError
from multigrad.array_api import _checks, _domains

# What frameworks call these dtypes when they refuse one.
_HALF = re.compile(r"\b(b?float16|half|DT_HALF|low precision)\b", re.IGNORECASE)
_RAISE = dis.opmap["RAISE_VARARGS"]
# Refusals of a kernel, by name: no framework is imported to compare. What else goes wrong (no memory left, a broken
# driver) is not about the arguments and stays as it is.
_REFUSALS = frozenset(
    (
        *("RuntimeError", "ZeroDivisionError", "_LinAlgError"),
        *("InvalidArgumentError", "UnimplementedError", "NotFoundError", "JaxRuntimeError"),
    )
)
# A value that outlived the transformation in which it was made (JAX).
_NOT_ABOUT_ARGUMENTS = frozenset(("UnexpectedTracerError",))
# What a refusal may be called; of several that fit, the most exact.
_KINDS = (AxisError, IndexError, TypeError, ValueError)
_ELEMENTWISE = frozenset(_domains.PROMOTING) - {
    *("matmul", "tensordot", "vecdot", "cross", "outer", "solve", "searchsorted")
}
_UNKNOWN_OPTION = re.compile(r"unexpected keyword argument '?(\w+)'?")
_TOO_MANY = re.compile(r"takes (?:from \d+ to )?(\d+) positional arguments? but (\d+)")
_NO_SUCH_OPTION = "the array API standard has none of this name there"
# Options of the frameworks, and the standard's of the same meaning.
_STANDARD_OPTION = {
    "dim": "axis=",
    "dims": "axis=",
    "keepdim": "keepdims=",
    "keep_dims": "keepdims=",
    "ddof": "correction=",
    "unbiased": "correction=, 1 for True and 0 for False",
    "a_min": "min=",
    "a_max": "max=",
}
_BROADCASTING = _ELEMENTWISE | {"equal", "not_equal", "where", "broadcast_arrays"}


def raise_clearer(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> NoReturn:
    """Raise what `explained` makes of an error that is being handled."""
    clearer = explained(name, args, kwargs, error)
    if clearer is error:
        raise error
    raise clearer from error


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
    if isinstance(error, MultigradError) or _is_own(error) or type(error).__name__ in _NOT_ABOUT_ARGUMENTS:
        return error
    lacking = _lacking(name, args, error)
    if lacking is not None:
        return lacking
    kind = next((kind for kind in _KINDS if isinstance(error, kind)), None)
    if kind is None and type(error).__name__ not in _REFUSALS:
        # A missing attribute may be that of an argument which is no array; to JAX a name is the axis of a map.
        return (_fault(name, args, kwargs) if isinstance(error, AttributeError | NameError) else None) or error
    # The framework's words are in the cause.
    options = "".join(f", {option}={_one(value)}" for option, value in kwargs.items())
    message = f"xp.{name} cannot compute with {_described(args)}{options}."
    fault = _fault(name, args, kwargs) or _unfit(name, args, kwargs, error)
    return fault or (kind or ValueError)(f"{message}{_apart(args)}")


def _lacking(name: str, args: tuple[Any, ...], error: Exception) -> DtypeError | None:
    """Return what is wrong where a framework has no kernel for a dtype of half the usual precision."""
    dtypes = [_dtypes.dtype_name(arg.dtype) for arg in args if hasattr(arg, "shape") and hasattr(arg, "dtype")]
    half = next((dtype for dtype in dtypes if dtype in ("float16", "bfloat16")), None)
    if half is None or not _HALF.search(str(error)):
        return None
    return DtypeError(f"The framework has no kernel of xp.{name} for {half}. Cast it to float32 first.")


def _is_own(error: Exception) -> bool:
    """Tell whether an error was raised by a statement of this package, and says what was wrong already."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return False
    frame = traceback.tb_frame
    raised = frame.f_code.co_code[traceback.tb_lasti] == _RAISE
    return raised and str(frame.f_globals.get("__name__", "")).startswith("multigrad.")


def _fault(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exception | None:
    """Return what can be said about a call from the standard alone."""
    try:
        stranger = _stranger(name, args)
        if stranger is not None:
            kind = type(stranger[0])
            way = " Make an array of it with xp.asarray." if kind in (list, tuple) else ""
            return TypeError(f"xp.{name} takes arrays, got {kind.__name__}.{way}")
        message = _domains.violation(name, args)
        if message is not None:
            return TypeError(message)
        shapes = [tuple(arg.shape) for arg in args if hasattr(arg, "shape") and hasattr(arg, "dtype")]
        if name in _BROADCASTING:
            _checks.broadcast(*shapes)
        for axis in _axes_of(name, args, kwargs):
            _checks.axes(axis, _axes_allowed(name, args))
    except (TypeError, ValueError, IndexError) as fault:
        return fault.with_traceback(None)
    except Exception:  # arguments too odd to be described
        return None
    return None


def _unfit(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> TypeError | None:
    """Return what Python says about a call that does not fit the signature, in the words of the standard."""
    if not isinstance(error, TypeError):
        return None
    unknown = _UNKNOWN_OPTION.search(str(error))
    if unknown is not None and unknown[1] in kwargs:
        option = unknown[1]
        way = f"the standard's word is {_STANDARD_OPTION[option]}" if option in _STANDARD_OPTION else _NO_SUCH_OPTION
        return TypeError(f"xp.{name} takes no option {option}=: {way}.")
    too_many = _TOO_MANY.search(str(error))
    if too_many is not None and int(too_many[2]) == len(args):
        count = int(too_many[1])
        return TypeError(
            f"xp.{name} takes {count} argument{'' if count == 1 else 's'} by position, got {len(args)}: give options "
            "by name, such as axis=0."
        )
    return None


def _axes_of(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    found = [*(args[1:3] if name == "moveaxis" else ()), kwargs.get("axis"), kwargs.get("axes")]
    return [axis for axis in found if axis is not None and name != "tensordot"]


def _axes_allowed(name: str, args: tuple[Any, ...]) -> int:
    """Return of how many axes the ``axis`` of a call is one."""
    first = args[0][0] if isinstance(args[0], list | tuple) else args[0]
    return len(first.shape) + (name in ("stack", "expand_dims"))


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


def _apart(args: tuple[Any, ...]) -> str:
    """Return a sentence on the devices of the arrays, where these differ."""
    parts = [part for arg in args for part in (arg if isinstance(arg, list | tuple) else (arg,))]
    try:
        places = {str(part.device): None for part in parts if getattr(part, "device", None)}
    except Exception:  # a value that is being traced may be nowhere yet (JAX)
        return ""
    if len(places) < 2:
        return ""
    return f" They are on several devices, {' and '.join(places)}: move them to one with x.to_device(device)."


def _one(arg: Any) -> str:
    if hasattr(arg, "shape") and hasattr(arg, "dtype"):
        return f"{_dtypes.dtype_name(arg.dtype)} of shape {tuple(arg.shape)}"
    if isinstance(arg, list | tuple) and not all(type(part) is int for part in arg):
        return f"[{', '.join(_one(part) for part in arg)}]"
    return repr(arg)
