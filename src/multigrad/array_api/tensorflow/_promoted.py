"""Wrappers that promote the arguments of elementwise functions, whose own work begins with tensors of one dtype."""

from multigrad.array_api.tensorflow._dtypes import promotion


def unary(function):
    # Without what TensorFlow hangs on its functions: signatures of their own, marks for AutoGraph.
    def call(x):
        return function(x)

    return promotion.unary(call)


def binary(function, **options):
    def call(x1, x2):
        return function(x1, x2)

    return promotion.binary(call, numbers=False, **options)


def by_kind(on_real, on_complex):
    def call(x):
        return on_complex(x) if x.dtype.is_complex else on_real(x)

    return unary(call)
