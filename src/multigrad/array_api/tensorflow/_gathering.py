"""Elements by their positions, with a derivative that compiled programs get right."""

import tensorflow as tf

from multigrad.array_api.tensorflow._object import is_symbolic
from multigrad.array_api.tensorflow._shapes import sizes, vector


def gather(x, indices, **options):
    """Return ``tf.gather(x, indices, **options)``.

    In a program the derivative is made dense at once: behind a concat, XLA computes wrong second derivatives of the
    sparse one (TensorFlow 2.21). A reshape is free, and its derivative takes dense tensors.
    """
    return tf.gather(tf.reshape(x, vector(sizes(x))) if is_symbolic(x) else x, indices, **options)
