"""The frameworks' own functions under the standard's names, and their own gradient of a case of the census.

A name or an option that a framework lacks is missing here as well: the call then fails, and the case is not counted.
"""

import contextlib

import numpy as np
from tests.convention.case import array


class Names:
    """The functions of a framework: the listed ones, else those of its modules by their own names."""

    def __init__(self, modules, **named):
        self._modules = modules
        self.__dict__.update(named)

    def __getattr__(self, name):
        for module in self._modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"the framework has no {name}")


def torch():
    """Return torch's functions, array-api-compat's spelling of them where only the spelling differs."""
    import array_api_compat.torch as compat
    import torch

    def clip(x, min=None, max=None):  # compat composes its own
        return torch.clamp(x, min, max)

    return Names([compat], clip=clip)


def jax():
    """Return jax.numpy, which follows the standard."""
    import jax

    return jax.numpy


def tensorflow():
    """Return TensorFlow's functions, by any of the names that it has for them."""
    import tensorflow as tf

    numpy = tf.experimental.numpy

    def clip(x, min=None, max=None):
        return numpy.clip(x, min, max) if min is None or max is None else tf.clip_by_value(x, min, max)

    return Names(
        [tf, tf.math, numpy],
        asarray=lambda x, dtype=None: tf.convert_to_tensor(x, dtype),
        argsort=lambda x: tf.argsort(x, stable=True),
        astype=tf.cast,
        clip=clip,
        concat=lambda arrays, axis=0: tf.concat(arrays, axis),
        cumulative_prod=lambda x, axis=0: tf.math.cumprod(x, axis),
        cumulative_sum=lambda x, axis=0: tf.math.cumsum(x, axis),
        floor_divide=tf.math.floordiv,
        matmul=lambda x, y: _tensorflow_matmul(tf, x, y),
        matrix_transpose=tf.linalg.matrix_transpose,
        max=tf.reduce_max,
        mean=tf.reduce_mean,
        min=tf.reduce_min,
        permute_dims=tf.transpose,
        positive=tf.identity,
        prod=tf.reduce_prod,
        remainder=tf.math.floormod,
        roll=numpy.roll,
        sort=lambda x, axis=-1, descending=False: tf.sort(x, axis, "DESCENDING" if descending else "ASCENDING"),
        std=tf.math.reduce_std,
        sum=tf.reduce_sum,
        take=lambda x, indices, axis=0: tf.gather(x, indices, axis=axis),
        var=tf.math.reduce_variance,
        vecdot=lambda x, y: tf.reduce_sum(tf.math.conj(x) * y, -1),
        linalg=_tensorflow_linalg(tf),
        fft=_tensorflow_fft(tf),
    )


def _tensorflow_matmul(tf, x, y):
    if x.shape.rank == y.shape.rank == 1:
        return tf.tensordot(x, y, 1)
    return tf.linalg.matvec(x, y) if y.shape.rank == 1 else tf.linalg.matmul(x, y)


def _tensorflow_linalg(tf):
    def svd(x, full_matrices):
        values, left, right = tf.linalg.svd(x, full_matrices=full_matrices)
        return left, values, tf.linalg.adjoint(right)

    def solve(a, b):
        return tf.linalg.solve(a, b[:, None])[:, 0] if b.shape.rank == 1 else tf.linalg.solve(a, b)

    def matrix_norm(x, ord="fro"):
        return tf.norm(x, ord, axis=(-2, -1))

    def vector_norm(x, ord=2, axis=None):
        return tf.norm(x, "euclidean" if ord == 2 else ord, axis)

    return Names(
        [],
        cholesky=tf.linalg.cholesky,
        cross=tf.linalg.cross,
        det=tf.linalg.det,
        diagonal=lambda x, offset=0: tf.linalg.diag_part(x, k=offset),
        eigh=tf.linalg.eigh,
        eigvalsh=tf.linalg.eigvalsh,
        inv=tf.linalg.inv,
        matmul=tf.linalg.matmul,
        matrix_norm=matrix_norm,
        matrix_transpose=tf.linalg.matrix_transpose,
        outer=tf.experimental.numpy.outer,
        pinv=tf.linalg.pinv,
        qr=tf.linalg.qr,
        slogdet=tf.linalg.slogdet,
        solve=solve,
        svd=svd,
        svdvals=lambda x: tf.linalg.svd(x, compute_uv=False),
        tensordot=tf.tensordot,
        trace=tf.experimental.numpy.trace,
        vecdot=lambda x, y: tf.reduce_sum(tf.math.conj(x) * y, -1),
        vector_norm=vector_norm,
    )


def _tensorflow_fft(tf):
    return Names(
        [],
        fft=tf.signal.fft,
        fftn=tf.signal.fft2d,
        fftshift=tf.signal.fftshift,
        ifft=tf.signal.ifft,
        ifftn=tf.signal.ifft2d,
        ifftshift=tf.signal.ifftshift,
        irfft=lambda x, n=None: tf.signal.irfft(x, None if n is None else [n]),
        irfftn=tf.signal.irfft2d,
        rfft=tf.signal.rfft,
        rfftn=tf.signal.rfft2d,
    )


def _total(xp, out, elementwise):
    """Return the real number that is differentiated, in a framework's own functions; see `tests.convention.case`."""
    if "complex" in str(out.dtype):
        out = xp.real(out) - 2 * xp.imag(out)
    if not elementwise and len(out.shape):
        weights = np.arange(1.0, 1.0 + np.prod(out.shape)).reshape(out.shape)
        out = out * xp.astype(xp.asarray(weights), out.dtype)
    return xp.sum(out)


# Each returns the value at a case's point and a function that computes the gradient in every argument.


def _in_torch(case, first, of_slope):
    import torch

    arguments = [torch.as_tensor(array(x)).requires_grad_() for x in case.point]
    value = first(*arguments)

    def gradients():
        total = value
        if case.order == 2 and total.requires_grad:
            (slope,) = torch.autograd.grad(total, [arguments[case.along]], create_graph=True, allow_unused=True)
            total = None if slope is None else of_slope(slope)
        if total is None or not total.requires_grad:
            return [None] * len(arguments)
        found = torch.autograd.grad(total, arguments, allow_unused=True)
        return [None if g is None else (g + 0).resolve_conj().resolve_neg().numpy() for g in found]

    return value.detach().numpy(), gradients


def _in_jax(case, first, of_slope):
    import jax

    arguments = [jax.numpy.asarray(array(x)) for x in case.point]
    f = first
    if case.order == 2:
        # The slope as the others have it, so that all differentiate the same number.
        f = lambda *args: of_slope(jax.numpy.conj(jax.grad(first, case.along)(*args)))  # noqa: E731

    def gradients():
        return [np.asarray(g) for g in jax.grad(f, tuple(range(len(arguments))))(*arguments)]

    return np.asarray(first(*arguments)), gradients


def _in_tensorflow(case, first, of_slope):
    import tensorflow as tf

    arguments = [tf.convert_to_tensor(array(x)) for x in case.point]
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(arguments)
        with tf.GradientTape() as inner:
            inner.watch(arguments)
            value = first(*arguments)

    def gradients():
        total = value
        if case.order == 2:
            with outer:
                slope = inner.gradient(value, arguments[case.along])
                total = None if slope is None else of_slope(tf.convert_to_tensor(slope))
        found = [None] * len(arguments) if total is None else outer.gradient(total, arguments)
        # An IndexedSlices holds the gradient of a gather.
        return [None if g is None else tf.convert_to_tensor(g).numpy() for g in found]

    return value.numpy(), gradients


_FRAMEWORKS = {"torch": (torch, _in_torch), "jax": (jax, _in_jax), "tensorflow": (tensorflow, _in_tensorflow)}


def own(case, framework):
    """Return a framework's own value and gradients of a case, in float64.

    A gradient is None where the framework gives None for a derivative that it takes to be zero. The gradients are None
    where the framework raises at the point, and both are None where it has no such function or no derivative of it.
    """
    make, differentiate = _FRAMEWORKS[framework]
    xp = make()
    first = lambda *args: _total(xp, case.value(xp, *args), case.elementwise)  # noqa: E731
    of_slope = lambda slope: _total(xp, slope, case.elementwise)  # noqa: E731
    with _double(framework):
        try:
            value, gradients = differentiate(case, first, of_slope)
        except Exception:  # for want of the function, an option or a dtype, or since the point is outside its domain
            return None, None
        try:
            return value, gradients()
        except Exception as error:  # for want of a derivative, or at the point
            lacks = isinstance(error, LookupError | NotImplementedError) or "not implemented" in str(error)
            return (None, None) if lacks else (value, None)


def _double(framework):
    if framework != "jax":
        return contextlib.nullcontext()
    import jax

    return jax.enable_x64(True)
