"""Combinations that raise by design: which operators, on which backends, why, and what to do instead.

The tests run each entry; README and docs/operators.md show the same texts.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import multigrad
from multigrad import checkpoint, gradient, hessian, hvp, jacobian, jvp, laplacian, vmap, xp

from .rules import pulled_sine

X = np.asarray([0.7, -1.2, 2.0])
Z = X + 1j
ROWS = np.asarray([[0.3, -0.8, 1.1], [1.7, 0.4, -0.6]])
ALL = ("numpy", "torch", "jax", "tensorflow")


class Refusal(NamedTuple):
    """One combination.

    Attributes
    ----------
    operators
        The rows of the table of operators that it concerns; none if it concerns all.
    what
        The combination in words.
    reason
        Why it is refused, and what to do.
    backends
        Where it raises.
    error, match
        What it raises.
    calls
        Functions of the options backend= and arrays= that each make the call.
    elsewhere
        What the calls give on the other backends; None where there is no such call.
    """

    operators: tuple[str, ...]
    what: str
    reason: str
    backends: tuple[str, ...]
    error: type[BaseException]
    match: str
    calls: tuple[Callable[[dict[str, Any]], Any], ...]
    elsewhere: Any = None


def branching(x):
    return xp.sum(x**2) if x[0] > 0 else xp.sum(x)


def assigned(x):
    x[0] = 2.0 * x[1]
    return xp.sum(x)


def with_closure(s):
    @multigrad.custom_vjp
    def scaled(x):
        return s * x

    scaled.defvjp(lambda x: (s * x, None), lambda kept, ct: (s * ct,))
    return scaled(s)


def of_unknown_shape(options):
    import tensorflow as tf

    f = tf.function(jacobian(lambda x: x**2, **options), input_signature=[tf.TensorSpec([None], tf.float64)])
    return f(tf.constant(X))


def curved(x):
    return xp.sum(hvp(lambda y: xp.sum(y**3), (x,), (x,))[0])


REFUSALS = (
    Refusal(
        ("jvp", "jacobian", "value_and_jacobian", "laplacian", "custom_vjp"),
        "`jvp`, `jacobian(mode=\"forward\")` or the `laplacian` of a non-scalar through a function with `custom_vjp`",
        "A pullback does not say how tangents move. `custom_jvp` works in every mode; `mode=\"auto\"` falls back to "
        "reverse.",
        ALL, TypeError, "multigrad.custom_jvp",
        (
            lambda o: jvp(pulled_sine, (X,), (X,), **o),
            lambda o: jacobian(pulled_sine, mode="forward", **o)(X),
            lambda o: laplacian(pulled_sine, **o)(X),
        ),
    ),
    Refusal(
        ("hessian", "laplacian"),
        "`hessian` or `laplacian` of a complex argument",
        "The second derivatives are no matrix of complex numbers. `hvp` gives the derivative of the gradient along any "
        "direction.",
        ALL, multigrad.InputError, "multigrad.hvp",
        (
            lambda o: hessian(lambda z: xp.sum(xp.real(z) ** 2), **o)(Z),
            lambda o: laplacian(lambda z: xp.sum(xp.real(z) ** 2), **o)(Z),
        ),
    ),
    Refusal(
        ("jacobian", "value_and_jacobian"),
        "`jacobian` of a complex function of a complex argument without `holomorphic=True`",
        "Only a complex differentiable function has a complex Jacobian, and nothing can check that. Say so, or "
        "differentiate the real and the imaginary part.",
        ALL, multigrad.OutputError, "holomorphic=True",
        (lambda o: jacobian(lambda z: z * z, **o)(Z),),
    ),
    Refusal(
        ("gradient", "value_and_gradient", "hvp"),
        "`gradient` or `hvp` of a function that is complex-valued or no scalar",
        "There is no gradient. Return a real quantity, or use `jacobian` or `vjp`.",
        ALL, multigrad.OutputError, "a real scalar",
        (
            lambda o: gradient(lambda z: xp.sum(z), **o)(Z),
            lambda o: gradient(lambda x: x, **o)(X),
            lambda o: hvp(lambda x: x, (X,), (X,), **o),
        ),
    ),
    Refusal(
        (),
        "an integer array in a differentiated argument",
        "It has no derivative. Convert it, or choose other arguments with `argnums`.",
        ALL, multigrad.InputError, "a floating or complex array",
        (
            lambda o: gradient(xp.sum, **o)(np.arange(3)),
            lambda o: multigrad.vjp(xp.sum, np.arange(3), **o),
            lambda o: jvp(xp.sum, (np.arange(3),), (np.arange(3),), **o),
            lambda o: jacobian(xp.sum, **o)(np.arange(3)),
            lambda o: hessian(xp.sum, **o)(np.arange(3)),
            lambda o: laplacian(xp.sum, **o)(np.arange(3)),
        ),
    ),
    Refusal(
        ("vmap",),
        "`vmap` of a function that branches on values",
        "torch and JAX evaluate all slices at once, and each may take another branch. Use `xp.where`; the other "
        "backends run slice by slice.",
        ("torch", "jax"), Exception, "branch|control flow",
        (lambda o: vmap(branching, **o)(ROWS),),
        (ROWS**2).sum(axis=1),
    ),
    Refusal(
        ("vmap",),
        "`vmap` over no slices",
        "Without a slice nothing tells the shape of the results where f runs slice by slice.",
        ("numpy", "tensorflow"), ValueError, "slice by slice and needs at least one",
        (lambda o: vmap(lambda x: 2 * x, **o)(np.zeros((0, 3))),),
        np.zeros((0, 3)),
    ),
    Refusal(
        ("checkpoint",),
        "`checkpoint` of a function that branches on values",
        "JAX traces a checkpointed function without values. Use `xp.where`.",
        ("jax",), multigrad.DetachedValueError, "no values to branch on",
        (lambda o: gradient(checkpoint(branching), **o)(X),),
        2 * X,
    ),
    Refusal(
        ("custom_vjp",),
        "a `bwd` of `custom_vjp` that closes over what is being differentiated",
        "JAX runs it after the forward pass has ended. Put the value into the residuals.",
        ("jax",), Exception, "tracer|cannot compute",
        (lambda o: gradient(with_closure, **o)(2.0),),
        np.asarray(2.0),
    ),
    Refusal(
        ("jacobian", "value_and_jacobian", "hessian", "laplacian"),
        "a whole derivative inside a `tf.function` with an unknown shape",
        "The number of passes must be known while TensorFlow compiles. Give the signature a shape.",
        ("tensorflow",), ValueError, "a known shape",
        (of_unknown_shape,),
    ),
    Refusal(
        (),
        "assignment into a differentiated argument with `arrays=\"native\"`",
        "The frameworks' own arrays do not allow it. Standard arrays do, everywhere.",
        ("torch", "jax", "tensorflow"), Exception, "in-place|item assignment|__setitem__",
        (lambda o: gradient(assigned, **{**o, "arrays": "native"})(X),),
        np.asarray([0.0, 3.0, 1.0]),
    ),
    Refusal(
        (),
        "another backend inside a derivative, on values that are being differentiated",
        "The derivative would be cut off. Stay on one backend, or use `stop_gradient` on purpose.",
        ("torch", "jax", "tensorflow"), multigrad.DetachedValueError, "graph",
        (lambda o: gradient(lambda x: gradient(lambda y: y**2, backend="numpy")(x), **o)(2.0),),
        np.asarray(2.0),
    ),
)  # fmt: skip
