"""The backend: autograd's tape behind the members of `multigrad.extend.Backend`."""

import numpy as np
from autograd.builtins import tuple as boxed_tuple
from autograd.core import VJPNode, backward_pass, vspace
from autograd.extend import defvjp_argnums, primitive
from autograd.numpy.numpy_boxes import ArrayBox
from autograd.tracer import isbox, new_box, trace_stack

from multigrad import DetachedValueError, DeviceError
from multigrad_autograd._namespace import value_of, xp


def as_array(x):
    """Return NumPy's scalars, which its functions give, as the 0-d arrays that they stand for."""
    return x if isbox(x) else np.asarray(x)


def conjugated(arrays):
    """Return the other pairing: autograd's gradient is dL/dRe - i·dL/dIm."""
    return tuple(xp.conj(x) if np.iscomplexobj(value_of(x)) else x for x in arrays)


class AutogradBackend:
    """NumPy's arrays, differentiated by autograd."""

    name = "autograd"
    xp = xp

    def is_array(self, x, /):
        return isinstance(x, np.ndarray | np.generic | ArrayBox)

    def is_recorded(self, x, /):
        return isbox(x)

    def device(self, x, /):
        return "cpu"

    def to_device(self, x, device, /):
        if device not in (None, "cpu"):
            raise DeviceError(f"No device {device!r} for autograd; it sees cpu.")
        return x

    def devices(self):
        return ("cpu",)

    def asarray(self, obj, /, *, dtype=None, device=None):
        return self.to_device(as_array(self.xp.asarray(obj, dtype=dtype)), device)

    def to_numpy(self, x, /):
        if isbox(x):
            raise DetachedValueError("Expected an array that autograd is not differentiating; stop_gradient(x) is one.")
        return np.asarray(x)

    def stop_gradient(self, x, /):
        return value_of(x)

    def scope(self, computation, /):
        return np.errstate(all="ignore")  # autograd computes with NumPy, which warns at poles and borders

    def vjp(self, f, primals, /, *, reusable=True):
        primals = tuple(p if isbox(p) else np.array(p) for p in primals)  # the caller may change its arrays
        with trace_stack.new_trace() as trace:
            # What autograd.core.make_vjp does, with aux, and without its warning about constant functions.
            outputs, aux = f(*new_box(boxed_tuple(primals), trace, VJPNode.new_root()))
            kept = tuple(i for i, y in enumerate(outputs) if value_of(y).dtype.kind in "fc")
            end = boxed_tuple(as_array(outputs[i]) for i in kept)
        node = end._node if isbox(end) and end._trace == trace else None
        called = False

        def pullback(cotangents, /):
            nonlocal node, called
            if called and not reusable:
                raise RuntimeError("This pullback was made with reusable=False and has been called already.")
            called = True
            if node is None:
                return tuple(np.zeros_like(value_of(p)) for p in primals)
            found = backward_pass(boxed_tuple(conjugated(cotangents[i] for i in kept)), node)
            node = node if reusable else None
            return tuple(
                self.xp.astype(as_array(g), value_of(p).dtype) for g, p in zip(conjugated(found), primals, strict=True)
            )

        def leave(y):
            return as_array(y._value if isbox(y) and y._trace == trace else y)

        return tuple(map(leave, outputs)), pullback, tuple(map(leave, aux))

    def with_pullback(self, outputs, inputs, residuals, pullback, /):
        return tuple(_attached(len(outputs), len(inputs), pullback, *outputs, *inputs, *residuals))


@primitive
def _attached(n_outputs, n_inputs, pullback, *arrays):
    return boxed_tuple(arrays[:n_outputs])


def _pull(argnums, ans, args, kwargs):
    n_outputs, n_inputs, pullback, *arrays = args
    residuals = tuple(arrays[n_outputs + n_inputs :])

    def pull(g):
        inputs = conjugated(pullback(residuals, conjugated(g)))
        zeros = (vspace(x).zeros() for x in residuals)
        every = (*g, *inputs, *zeros)
        return [every[i - 3] for i in argnums]

    return pull


defvjp_argnums(_attached, _pull)
