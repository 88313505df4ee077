"""What a backend is: a small required protocol, and capabilities that are found by isinstance, never by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np

    from multigrad._array import Array
    from multigrad._computation import Computation

# A framework's array. The frameworks share no base class, so the type checker cannot say more.
Native = Any
Natives = tuple[Native, ...]
# A function on flat tuples of native arrays: primals to (outputs, aux).
FlatFunction = Callable[..., tuple[Natives, Natives]]
Pullback = Callable[[Natives], Natives]


@runtime_checkable
class Backend(Protocol):
    """One framework: its arrays, its devices and its autodiff primitive.

    Everything else is derived in framework-free code. Adapters state only how their framework differs from this text.

    Attributes
    ----------
    name
        Lower case, the framework's import name.
    xp
        An array API namespace on the backend's own arrays. Its derivatives follow the convention.
    """

    name: str
    xp: Any

    def __hash__(self) -> int: ...

    def is_array(self, x: object, /) -> bool:
        """Tell whether x is one of the backend's own arrays."""
        ...

    def device(self, x: Native, /) -> str:
        """Return where x lives: ``"cpu"``, ``"gpu:0"``."""
        ...

    def to_device(self, x: Native, device: Any, /) -> Native:
        """Return x on a device, given by name or as the framework's object; raise `DeviceError` if there is none."""
        ...

    def devices(self) -> tuple[str, ...]:
        """Return every device that the framework sees, the default one first."""
        ...

    def asarray(self, obj: Any, /, *, dtype: str | None = None, device: Any = None) -> Native:
        """Return a number, a NumPy array, or an array of any framework (through DLPack) as the backend's array.

        ``dtype`` is a standard name; None keeps the dtype. Never weakly typed, and never narrowed.
        """
        ...

    def to_numpy(self, x: Native, /) -> np.ndarray:
        """Return x as a NumPy array of the same dtype; raise `DetachedValueError` if x is being differentiated."""
        ...

    def vjp(self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True) -> tuple[Natives, Pullback, Natives]:
        """Evaluate f and return ``(outputs, pullback, aux)``.

        ``f(*primals)`` returns two flat tuples of arrays, ``(outputs, aux)``; the pullback maps one cotangent per
        output to one per primal, and derivatives of aux are not taken at this level.

        The laws, each with its conformance test in `multigrad.testing`:

        1. Tuples keep their order; ``pullback`` returns arrays with the primals' shape, dtype and device.
        2. Unconnected inputs, constant functions and integer outputs give zeros. The same array twice is two primals.
        3. With ``reusable=True`` the pullback may be called again and gives the same. With ``reusable=False`` it may be
           called once and frees what it consumed; a second call raises RuntimeError.
        4. Outputs, aux and pullback are differentiable again: in the primals, in the cotangents, and in what f closes
           over.
        5. Results of an outermost call carry no graph.
        6. It works while the framework itself is tracing or compiling around it.
        7. An exception in f passes through and leaves no state; no argument and no global setting is changed; calls in
           several threads do not see each other.
        8. Complex: Re⟨ct, J t⟩ = Re⟨pullback(ct), t⟩ with ⟨a, b⟩ = Σ conj(a)·b, so the gradient of a real f is
           dL/dRe + i·dL/dIm.
        """
        ...


@runtime_checkable
class SupportsArrayType(Protocol):
    """The backend brings its own subclass of `multigrad.Array`."""

    array_type: type[Array]


@runtime_checkable
class SupportsScope(Protocol):
    """The framework must be put into a state for the time of a computation (JAX: 64-bit dtypes)."""

    def scope(self, computation: Computation, /) -> AbstractContextManager[Any]:
        """Return a context in which the computation runs; it changes nothing outside the calling thread."""
        ...


@runtime_checkable
class SupportsPytree(Protocol):
    """The framework has a registry of containers of its own."""

    def flatten_node(
        self, node: object, /
    ) -> tuple[Sequence[Any], Callable[[Sequence[Any]], Any], Sequence[str]] | None:
        """Return a registered container's children, how to rebuild it, and how each child is reached as code.

        None if the container is unknown.
        """
        ...


@runtime_checkable
class SupportsRecording(Protocol):
    """The backend can tell which arrays are being differentiated."""

    def is_recorded(self, x: Native, /) -> bool:
        """Tell whether the framework records operations on x for differentiation, or traces it symbolically."""
        ...


@runtime_checkable
class SupportsStopGradient(Protocol):
    """The backend can hide a value's dependence on the inputs from differentiation."""

    def stop_gradient(self, x: Native, /) -> Native:
        """Return x as a constant of every running derivative."""
        ...


@runtime_checkable
class SupportsGradient(Protocol):
    """The backend has a faster way to a gradient than a pullback called once."""

    def value_and_gradient(
        self, f: FlatFunction, primals: Natives, /, *, closed: bool = False
    ) -> tuple[Native, Natives, Natives]:
        """Return value, gradient and aux of a function whose only output is a real scalar, under the laws of vjp.

        ``closed`` says that f is known to read nothing that is being differentiated, besides the primals.
        """
        ...


@runtime_checkable
class StackedPullback(Protocol):
    """A reusable pullback that takes many cotangents of one output at once, faster than `SupportsVmap` would."""

    def __call__(self, cotangents: Natives, /) -> Natives: ...

    def stacked(self, k: int, cotangents: Native) -> Natives:
        """Return the results for cotangents of output number k alone, stacked along a first axis."""
        ...


@runtime_checkable
class SupportsClosedVjp(Protocol):
    """The backend must otherwise find out what a function reads besides its arguments."""

    def closed_vjp(
        self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True
    ) -> tuple[Natives, Pullback, Natives]:
        """Do what vjp does for f that is known to read nothing that is being differentiated, besides the primals."""
        ...


@runtime_checkable
class SupportsGradientPullback(Protocol):
    """The backend has a faster way to second derivatives than the vjp of a gradient."""

    def gradient_pullback(
        self, f: FlatFunction, primals: Natives, /, *, reusable: bool = True, closed: bool = False
    ) -> Pullback:
        """Return the pullback of the gradient of a function whose only output is a real scalar; closed as above.

        It gives products with the Hessian, which is symmetric in the pairing Re<a, b>.
        """
        ...


@runtime_checkable
class SupportsJvp(Protocol):
    """The backend pushes tangents forward without a backward pass."""

    def jvp(self, f: FlatFunction, primals: Natives, tangents: Natives, /) -> tuple[Natives, Natives, Natives]:
        """Return outputs, their tangents (zeros for integer outputs) and aux; differentiable again."""
        ...


@runtime_checkable
class SupportsVmap(Protocol):
    """The backend evaluates a function for all slices of its arguments at once."""

    def vmap(self, f: Callable[..., Natives], arrays: Natives, /) -> Natives:
        """Return f over the slices of the arrays along their first axes, stacked along the first axis; law 4 holds."""
        ...


@runtime_checkable
class SupportsPullbackRule(Protocol):
    """The backend lets a pullback be written by hand."""

    def with_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        """Return outputs that depend on inputs by a given pullback, besides the dependence that they have.

        ``pullback(residuals, cotangents)`` gives one cotangent per input; it is differentiable in both.
        """
        ...


@runtime_checkable
class SupportsTangentRule(Protocol):
    """The backend lets a forward derivative be written by hand, and uses it in every mode."""

    def with_jvp(
        self, f: Callable[..., Natives], rule: Callable[[Natives, Natives], tuple[Natives, Natives]], inputs: Natives, /
    ) -> Natives:
        """Return ``f(*inputs)``, whose derivatives are those of ``rule(primals, tangents) -> (outputs, tangents)``."""
        ...


@runtime_checkable
class SupportsCheckpoint(Protocol):
    """The backend can forget intermediate values and compute them again in the backward pass."""

    def checkpoint(self, f: Callable[..., Natives], inputs: Natives, /) -> Natives:
        """Return ``f(*inputs)``, with all derivatives, also in what f closes over."""
        ...


@runtime_checkable
class SupportsEmbedding(Protocol):
    """Functions of other backends can take part in the framework's own computations."""

    traces_its_own: bool
    """Whether functions of this backend take part in its own tracing as they are, rather than by a callback."""

    def is_followed(self, arrays: Natives, /) -> bool:
        """Tell whether the framework would now record an operation on these arrays, or traces it."""
        ...

    def detached(self, x: Native, /) -> Native:
        """Return x outside of every derivative, as another framework can read it."""
        ...

    def has_value(self, x: Native, /) -> bool:
        """Tell whether a detached array has a value that can be read now."""
        ...

    def outside(self) -> AbstractContextManager[Any]:
        """Return a context in which other code runs at once, also where the framework is tracing."""
        ...

    def result_dtype(self, dtype: str, /) -> str:
        """Return the dtype that a result of this dtype has among the framework's own."""
        ...

    def with_foreign_pullback(
        self, outputs: Natives, inputs: Natives, residuals: Natives, pullback: Callable[[Natives, Natives], Natives], /
    ) -> Natives:
        """Do what `SupportsPullbackRule.with_pullback` does for a pullback that may be a callback."""
        ...

    def taken_as_it_is(self, f: Callable[..., Any], /) -> Callable[..., Any]:
        """Return f so that what the framework has for translating Python code leaves it and what it calls alone."""
        ...

    def callback(
        self, f: Callable[..., tuple[np.ndarray, ...]], arrays: Natives, like: Callable[[], Sequence[Any]], /
    ) -> Natives:
        """Return f's results as constants, also where f can run only later, when the arrays have values.

        f takes values of detached arrays; each entry of ``like()`` has the shape and the dtype of a result.
        """
        ...


@runtime_checkable
class SupportsCompile(Protocol):
    """The framework compiles functions."""

    compile_is_stale_blind: bool
    """Whether a program keeps the globals that f read when it was traced, and nobody tells that they changed."""

    def compile_key(self, x: Native, /) -> Any:
        """Return what of an array a program is compiled for (shape, dtype, device); hashable."""
        ...

    def compile_input(self, x: Any, dtype: Any, /) -> Any:
        """Return a float, or a NumPy array, as a program takes it: as it is, or as an array of this dtype."""
        ...

    def compile(self, f: Callable[..., Natives], arrays: Natives, /) -> Callable[..., Natives]:
        """Return f compiled for arrays like these; f runs once, and a data-dependent branch in it raises."""
        ...


@runtime_checkable
class SupportsRetracing(SupportsCompile, Protocol):
    """A compiled function looks at its arrays itself, so that nobody needs to look before it is called."""

    compile_retraces: bool
    """Whether f runs again for arrays with another `compile_key`, and what it raises then comes out of the call."""


class PrecisionSetting(NamedTuple):
    """A setting of a framework on which the precision of its float32 matrix products depends.

    Attributes
    ----------
    name
        How the framework calls it, as code.
    value
        Its present value, as text.
    is_reduced
        Whether it lets the framework compute with fewer bits than float32 has, on the device that was asked about.
    """

    name: str
    value: str
    is_reduced: bool


@runtime_checkable
class SupportsMatmulPrecision(Protocol):
    """The framework may compute float32 matrix products with fewer bits, and tells when."""

    def matmul_precision(self, device: str, /) -> tuple[PrecisionSetting, ...]:
        """Return the settings that decide it on a device."""
        ...


class TracedOperation(NamedTuple):
    """One operation on a framework's own arrays.

    Attributes
    ----------
    name
        How the framework calls it.
    result
        The array that it returned: by identity, an input of later operations.
    value
        Its value at that time.
    inputs
        The arrays that it was given.
    lines
        File, line number and function of the code that called it, innermost first, without the framework's own.
    """

    name: str
    result: Native
    value: Native
    inputs: Natives
    lines: Sequence[tuple[str, int, str]]


@runtime_checkable
class SupportsTracing(Protocol):
    """The framework can tell which of its operations a function calls."""

    def trace(self, f: Callable[..., Natives], arrays: Natives, /) -> tuple[Sequence[TracedOperation], Natives]:
        """Evaluate f; return its operations on floating-point arrays in order, and what it returned."""
        ...


# What a third party must supply, in the order of the protocol.
REQUIRED_MEMBERS = ("name", "xp", "is_array", "device", "to_device", "devices", "asarray", "to_numpy", "vjp")

CAPABILITIES: dict[str, type] = {
    "array_type": SupportsArrayType,
    "scope": SupportsScope,
    "pytree": SupportsPytree,
    "recording": SupportsRecording,
    "stop_gradient": SupportsStopGradient,
    "gradient": SupportsGradient,
    "closed_vjp": SupportsClosedVjp,
    "gradient_pullback": SupportsGradientPullback,
    "jvp": SupportsJvp,
    "vmap": SupportsVmap,
    "pullback_rule": SupportsPullbackRule,
    "tangent_rule": SupportsTangentRule,
    "checkpoint": SupportsCheckpoint,
    "embedding": SupportsEmbedding,
    "compile": SupportsCompile,
}


# What follows where a backend does not offer a capability.
CONSEQUENCES: dict[str, str] = {
    "array_type": "`Array` is generated from the required members",
    "scope": "computations need no state of the framework",
    "pytree": "the framework has no registry of containers",
    "recording": "nothing tells what is differentiated: float(x) inside f does not raise",
    "stop_gradient": "stop_gradient raises NotImplementedError",
    "gradient": "gradients come from a pullback that is called once",
    "closed_vjp": "nothing need be known about what f reads",
    "gradient_pullback": "second derivatives are derivatives of gradients",
    "jvp": "forward mode is derived by transposing the pullback",
    "vmap": "vmap, jacobian and hessian run slice by slice",
    "pullback_rule": "custom_vjp raises NotImplementedError",
    "tangent_rule": "custom_jvp is derived from pullback_rule",
    "checkpoint": "checkpoint is derived from pullback_rule, or runs f as it is",
    "embedding": "functions of other backends do not become its own",
    "compile": "there is no compiler: jit and compile=True run f as it is",
}


class BackendInfo(NamedTuple):
    """What is known about a backend on this machine; see `multigrad.backends`.

    Attributes
    ----------
    name
        The name that ``backend=`` takes.
    version
        The framework's version, or None where it is missing.
    installed
        Whether the framework imports.
    devices
        Devices that it sees, the default one first.
    capabilities
        Names of what it offers beyond the required protocol.
    reason
        Why it cannot be used and what to do, or None.
    missing
        What it does not offer beyond the required protocol, with what follows from that.
    """

    name: str
    version: str | None
    installed: bool
    devices: tuple[str, ...]
    capabilities: tuple[str, ...]
    reason: str | None
    missing: Mapping[str, str] = MappingProxyType({})
