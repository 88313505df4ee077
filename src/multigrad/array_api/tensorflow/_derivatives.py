"""Functions with derivatives of their own, for the overrides of TensorFlow's.

``tf.custom_gradient`` gives a function one that holds in every mode, but costs a small eager call ten times its own
time. Eager calls are therefore recorded on the tapes as TensorFlow records its own operations, at no cost.
"""

import tensorflow as tf

# TensorFlow's own functions record themselves by these; nothing public does (TensorFlow 2.21).
from tensorflow.python.eager import forwardprop_util, record

from multigrad.array_api.tensorflow._object import tensor


def derived(forward, pull, *, keeps_result=False):
    """Return a function of tensors with a derivative of its own.

    Parameters
    ----------
    forward
        The value; its own derivative is never taken.
    pull
        ``pull(cotangent, result, *inputs)`` gives the list of the inputs' cotangents, None for zeros. Tapes record
        what it does: it must call functions whose derivatives are right.
    keeps_result
        Whether ``pull`` needs the result, which then lives as long as the tape; else it gets None.
    """

    def call(*inputs):
        inputs = [tensor(x) for x in inputs]
        if tf.executing_eagerly() and not record.could_possibly_record():
            return forward(*inputs)
        with record.stop_recording():
            out = forward(*inputs) if tf.executing_eagerly() else _in_graph(forward, pull, inputs)
        kept = out if keeps_result else None
        record.record_operation(forward.__name__, [out], inputs, lambda cotangent: pull(cotangent, kept, *inputs))
        return out

    return call


def recorded(values, inputs, pull):
    """Return eager tensors that are known already as functions of others.

    ``pull(inputs, cotangents)`` gives the inputs' cotangents, one tensor or a list.
    """
    if not record.could_possibly_record():
        return tuple(values)
    with record.stop_recording():  # each result is a tensor of its own, known to the tapes by what follows only
        results = [tf.raw_ops.Identity(input=value) for value in values]

    def backward(*cotangents):
        found = pull(inputs, cotangents)
        return list(found) if isinstance(found, list | tuple) else [found]

    record.record_operation("with_rule", results, list(inputs), backward)
    return tuple(results)


def _in_graph(forward, pull, inputs):
    """Return the value for tapes outside a ``tf.function``, which read the derivatives of its operations."""
    return _attached(forward(*map(tf.stop_gradient, inputs)), pull, inputs)


def _attached(out, pull, inputs):
    @tf.custom_gradient
    def attached(*inputs):
        # The result that the rule gets has this same rule, for derivatives of the derivative.
        return out, lambda cotangent: pull(cotangent, _attached(out, pull, inputs), *inputs)

    return attached(*inputs)


def summed_to(cotangent, x):
    """Return a cotangent summed over the axes along which x was broadcast."""
    shape = x.shape
    if cotangent.shape == shape and shape.is_fully_defined():
        return cotangent
    axes = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x), s1=tf.shape(cotangent))[0]
    return tf.reshape(tf.reduce_sum(cotangent, axes), tf.shape(x))


def pulled(f, inputs, cotangents):
    """Return the inputs' cotangents by TensorFlow's own rules, inside a rule as well."""
    inputs = [tf.identity(x) for x in inputs]  # two of them may be one tensor
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        # A forward accumulator that turns the rule around would keep the tape from recording.
        with forwardprop_util.push_forwardprop_state():
            out = f(*inputs)
    return tape.gradient(out, inputs, cotangents)


def is_watched(x):
    """Tell whether a derivative may be asked for in x: a tape or a forward accumulator knows it, or a graph may."""
    return not tf.executing_eagerly() or record.pywrap_tfe.TFE_Py_TapeSetPossibleGradientTypes([x]) != 0
