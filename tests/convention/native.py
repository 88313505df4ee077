"""The frameworks' own functions under the standard's names, and their own gradients of a row.

Only names that a row uses and the framework spells otherwise are listed.
"""

import contextlib
import types

import numpy as np

from .case import agree, array

EPS = np.finfo(np.float64).eps
IN_FLOAT64 = "x*x of float64"


class Namespace:
    """A framework's functions: the listed ones, else those of its modules by their own names."""

    def __init__(self, modules, named, linalg):
        self._modules, self._named, self.linalg = modules, named, linalg

    def __getattr__(self, name):
        if name in self._named:
            return self._named[name]
        for module in self._modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"the framework has no {name}")


def torch():
    import torch

    named = {
        "astype": lambda x, dtype: x.to(dtype),
        "asarray": torch.as_tensor,
        "clip": lambda x, low, high: torch.clamp(x, low, high),
        "cumulative_prod": lambda x: torch.cumprod(x, 0),
        "cumulative_sum": lambda x: torch.cumsum(x, 0),
        "matrix_transpose": lambda x: x.mT,
        "max": lambda x, axis=None: torch.amax(x, () if axis is None else axis),
        "min": lambda x: torch.amin(x),
        "sort": lambda x, descending=False: torch.sort(x, stable=True, descending=descending)[0],
        "std": lambda x: torch.std(x, correction=0),
        "var": lambda x: torch.var(x, correction=0),
        "vecdot": torch.linalg.vecdot,
        "where": lambda c, x, y: torch.where(c, x, torch.as_tensor(y, dtype=x.dtype)),
        "pow": torch.pow,
        "abs": torch.abs,
        "sign": lambda x: torch.sgn(x),
    }
    return Namespace([torch], named, torch.linalg)


def jax():
    import jax

    return Namespace([jax.numpy], {}, jax.numpy.linalg)


def _tensorflow_linalg(tf):
    def eigvalsh(x):
        return tf.linalg.eigvalsh(x)

    def vector_norm(x, ord):
        return tf.norm(x, ord="euclidean" if ord == 2 else ord)

    def solve(a, b):
        return tf.linalg.solve(a, b[:, None])[:, 0] if b.shape.rank == 1 else tf.linalg.solve(a, b)

    return types.SimpleNamespace(
        cholesky=tf.linalg.cholesky,
        det=tf.linalg.det,
        eigh=tf.linalg.eigh,
        eigvalsh=eigvalsh,
        inv=tf.linalg.inv,
        pinv=tf.linalg.pinv,
        slogdet=tf.linalg.slogdet,
        solve=solve,
        svdvals=lambda x: tf.linalg.svd(x, compute_uv=False),
        vector_norm=vector_norm,
    )


def tensorflow():
    import tensorflow as tf

    named = {
        "asarray": lambda x, dtype=None: tf.convert_to_tensor(x, dtype),
        "astype": tf.cast,
        "clip": tf.clip_by_value,
        "concat": tf.concat,
        "cumulative_prod": tf.math.cumprod,
        "cumulative_sum": tf.math.cumsum,
        "divide": tf.math.divide,
        "matmul": lambda a, b: tf.linalg.matvec(a, b) if b.shape.rank == 1 else tf.linalg.matmul(a, b),
        "matrix_transpose": tf.linalg.matrix_transpose,
        "max": tf.reduce_max,
        "mean": tf.reduce_mean,
        "min": tf.reduce_min,
        "prod": tf.reduce_prod,
        "remainder": tf.math.floormod,
        "floor_divide": tf.math.floordiv,
        "sort": lambda x, descending=False: tf.sort(x, direction="DESCENDING" if descending else "ASCENDING"),
        "std": tf.math.reduce_std,
        "sum": tf.reduce_sum,
        "take": tf.gather,
        "var": tf.math.reduce_variance,
        "vecdot": lambda a, b: tf.reduce_sum(a * b),
        "positive": tf.identity,
    }
    return Namespace([tf, tf.math, tf.experimental.numpy], named, _tensorflow_linalg(tf))


# Each takes a row's function, its arguments and the order, and returns the gradient, or that of the gradient's sum.


def _torch_gradients(f, point, order):
    import torch

    arguments = [torch.as_tensor(x).requires_grad_() for x in point]
    total = f(*arguments)
    if order == 2 and total.requires_grad:
        slope = torch.autograd.grad(total, arguments, create_graph=True)[0]
        total = torch.sum(slope.real if slope.is_complex() else slope)
    if not total.requires_grad:
        return [None] * len(point)
    # Adding 0 makes an array of what torch keeps as a symbolic zero.
    found = torch.autograd.grad(total, arguments, allow_unused=True)
    return [None if g is None else (g + 0).resolve_conj().numpy() for g in found]


def _jax_gradients(f, point, order):
    import jax

    slope = f if order == 1 else lambda x: _real_sum(jax.numpy, jax.grad(f)(x))
    arguments = [jax.numpy.asarray(x) for x in point]
    return [np.asarray(g) for g in jax.grad(slope, argnums=tuple(range(len(point))))(*arguments)]


def _real_sum(namespace, x):
    return namespace.sum(namespace.real(x))


def _tensorflow_gradients(f, point, order):
    import tensorflow as tf

    arguments = [tf.convert_to_tensor(x) for x in point]
    with tf.GradientTape() as outer:
        outer.watch(arguments)
        with tf.GradientTape() as inner:
            inner.watch(arguments)
            total = f(*arguments)
        if order == 2:
            slope = inner.gradient(total, arguments[0])
            total = None if slope is None else tf.reduce_sum(tf.math.real(slope))
    if total is None:
        return [None] * len(point)
    found = (outer if order == 2 else inner).gradient(total, arguments)
    # An IndexedSlices holds the gradient of a gather.
    return [None if g is None else tf.convert_to_tensor(g).numpy() for g in found]


FRAMEWORKS = {
    "torch": (torch, _torch_gradients),
    "jax": (jax, _jax_gradients),
    "tensorflow": (tensorflow, _tensorflow_gradients),
}


def _precision(row, framework):
    """Return a context with 64 bits in JAX, save for the row that shows what there is without asking."""
    if framework != "jax" or row.function == IN_FLOAT64:
        return contextlib.nullcontext()
    import jax

    return jax.enable_x64(True)


def measured(row, framework):
    """Return what a framework's own function gives at a row, as the row's ``native`` spells it."""
    make, gradients = FRAMEWORKS[framework]
    namespace = make()
    try:
        with _precision(row, framework):
            point = [array(value) for value in row.point]
            found = gradients(lambda *args: row.value(namespace, *args), point, row.order)
    except AttributeError:
        return "missing"
    except Exception as error:  # whatever a framework raises for want of a derivative is an answer
        return f"raises {type(error).__name__}"
    if all(_is_right(got, wanted) for got, wanted in zip(found, row.derivative, strict=True)):
        return "right"
    return ", ".join(
        "None" if got is None else got.dtype.name if got.dtype != array(wanted).dtype else _text(got.tolist())
        for got, wanted in zip(found, row.derivative, strict=True)
    )


def _is_right(got, wanted):
    wanted = array(wanted)
    same = got is not None and (got.shape, got.dtype) == (wanted.shape, wanted.dtype)
    return same and bool(np.all(agree(got, wanted, 32 * EPS)))


def _text(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    # Roundings differ from machine to machine; adding 0 takes the sign from -0.
    value = complex(round(value.real, 12), round(value.imag, 12)) if isinstance(value, complex) else value
    value = 0.0 if value == value and abs(value) < 1e-12 else value
    return f"{value:.4g}".replace("nan", "NaN").replace("j", "i")
