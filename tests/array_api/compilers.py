"""The compilers of the frameworks: a function on native arrays in, the same function compiled out.

Also each framework's own gradient, because the namespaces must work in code that uses nothing else of this package.
"""

import contextlib


@contextlib.contextmanager
def torch():
    import torch

    torch._dynamo.reset()
    yield lambda f: torch.compile(f, backend="aot_eager", fullgraph=True)
    torch._dynamo.reset()


@contextlib.contextmanager
def inductor():
    import torch

    torch._dynamo.reset()
    yield lambda f: torch.compile(f, fullgraph=True)
    torch._dynamo.reset()


@contextlib.contextmanager
def jax():
    import jax

    with jax.enable_x64(True):
        yield jax.jit


@contextlib.contextmanager
def tensorflow():
    import tensorflow as tf

    # AutoGraph rewrites every function on its way, which takes most of the time; one test has it.
    yield lambda f: tf.function(f, autograph=False)


@contextlib.contextmanager
def autograph():
    import tensorflow as tf

    yield tf.function


@contextlib.contextmanager
def xla():
    import tensorflow as tf

    yield lambda f: tf.function(f, autograph=False, jit_compile=True)


# Name of the compiler: its backend and how to enter it.
COMPILERS = {
    "torch.compile": ("torch", torch),
    "jax.jit": ("jax", jax),
    "tf.function": ("tensorflow", tensorflow),
    "tf.function-xla": ("tensorflow", xla),
}


def values_of(framework, f, compiler=lambda f: f):
    """Return a function of native arrays that gives f's values alone."""
    return compiler(lambda *arrays: f(*arrays)[1])


def with_gradients(framework, f, compiler=lambda f: f):
    """Return a function of native arrays that gives f's values and the framework's own gradients of f's total.

    f gives a total and a list of values. What is compiled is the whole on TensorFlow, and f on torch, where the
    compiler makes the backward pass itself.
    """
    return {"torch": _torch, "tensorflow": _tensorflow}[framework](f, compiler)


def _torch(f, compiler):
    import torch

    compiled = compiler(f)

    def call(*arrays):
        arrays = [x.detach().requires_grad_(x.dtype.is_floating_point) for x in arrays]
        total, values = compiled(*arrays)
        values = [value.detach() for value in values]
        differentiated = [x for x in arrays if x.requires_grad]
        if not total.requires_grad:
            return values
        return [*values, *torch.autograd.grad(total, differentiated, materialize_grads=True)]

    return call


def _tensorflow(f, compiler):
    import tensorflow as tf

    def call(*arrays):
        differentiated = [x for x in arrays if x.dtype.is_floating]
        with tf.GradientTape() as tape:
            tape.watch(differentiated)
            total, values = f(*arrays)
        return [*values, *tape.gradient(total, differentiated, unconnected_gradients="zero")]

    return compiler(call)
