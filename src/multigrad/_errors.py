"""The exceptions of multigrad.

Every error says what was required, what came and what to do::

    MultigradError
    ├── UnknownBackendError        (ValueError)   no backend has this name
    ├── BackendNotInstalledError   (ImportError)  the framework is missing
    ├── BackendBrokenError         (ImportError)  the framework is there and does not import
    ├── MixedBackendError          (TypeError)    arrays of two frameworks in one computation
    ├── OutputError                (TypeError)    f returned what cannot be differentiated
    ├── InputError                 (TypeError)    an argument that cannot be differentiated
    ├── ArgumentSelectionError     (ValueError)   argnums or argnames do not fit f
    ├── StructureError             (ValueError)   tangents or cotangents do not fit
    ├── DeviceError                (ValueError)   no such device
    ├── DtypeError                 (TypeError)    a dtype that the backend lacks
    └── DetachedValueError         (TypeError)    a differentiated value would leave the computation

and one warning, RecompileWarning (UserWarning).

Each also derives from the built-in exception in parentheses, so code that does not know multigrad can catch it.
"""


class MultigradError(Exception):
    """Base class of every error that multigrad raises on purpose."""

    # TensorFlow's AutoGraph passes an exception on as it is only if its class has this __init__ (TensorFlow 2.21).
    __init__ = Exception.__init__


class UnknownBackendError(MultigradError, ValueError):
    """No backend has the requested name."""


class BackendNotInstalledError(MultigradError, ImportError):
    """The backend's framework is not installed."""


class BackendBrokenError(MultigradError, ImportError):
    """The backend's framework is installed but does not import, or the backend breaks the protocol."""


class MixedBackendError(MultigradError, TypeError):
    """Arrays of two frameworks met in one computation."""


class OutputError(MultigradError, TypeError):
    """The function returned something that this operator cannot differentiate."""


class InputError(MultigradError, TypeError):
    """An argument cannot be differentiated."""


class ArgumentSelectionError(MultigradError, ValueError):
    """``argnums`` or ``argnames`` do not fit the function's signature."""


class StructureError(MultigradError, ValueError):
    """Tangents or cotangents do not have the structure, shape or dtype that they must have."""


class DeviceError(MultigradError, ValueError):
    """The backend has no such device."""


class DtypeError(MultigradError, TypeError):
    """The dtype is unknown or the backend does not have it."""


class DetachedValueError(MultigradError, TypeError):
    """A differentiated value would leave the computation, which would silently zero its gradient."""


class RecompileWarning(UserWarning):
    """The same piece of code keeps making new functions, each of which is compiled anew."""


for _error in [found for found in list(globals().values()) if isinstance(found, type)]:
    _error.__module__ = "multigrad"  # in a traceback, the name by which people catch it
