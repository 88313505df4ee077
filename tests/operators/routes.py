"""Backends with capabilities taken away, watched or broken, in the place of the right ones.

Nested operators find their backend by its name, so the copy takes the original's place in the registry.
"""

import contextlib

from multigrad import _registry

# The method behind each capability that makes a route of an operator faster than vjp alone.
METHODS = {
    "gradient": "value_and_gradient",
    "gradient_pullback": "gradient_pullback",
    "jvp": "jvp",
    "vmap": "vmap",
    "pullback_rule": "with_pullback",
    "tangent_rule": "with_jvp",
    "checkpoint": "checkpoint",
}
# What the derived routes may use: the required protocol, and rules for pullbacks, which nothing replaces.
FASTER = ("value_and_gradient", "closed_vjp", "gradient_pullback", "jvp", "vmap", "with_jvp", "checkpoint")


class Copy:
    """A backend's public members, some of them left out or replaced."""

    def __init__(self, original, without=(), **replaced):
        for name in dir(original):
            if not name.startswith("_") and name not in without:
                setattr(self, name, replaced.get(name, getattr(original, name)))


@contextlib.contextmanager
def in_place_of(name, make):
    """Put ``make(original)`` in the place of a backend."""
    original = _registry.get_backend(name)
    _registry._loaded[name] = make(original)
    try:
        yield
    finally:
        _registry._loaded[name] = original


def stripped(original):
    return Copy(original, without=FASTER, vjp=with_pullbacks(original, lambda pullback: lambda cts: pullback(cts)))


def with_pullbacks(original, change):
    """Return a backend's vjp with other pullbacks: ``change(pullback)``."""

    def vjp(f, primals, *, reusable=True):
        outputs, pullback, aux = original.vjp(f, primals, reusable=reusable)
        return outputs, change(pullback), aux

    return vjp


def watched(used, methods=METHODS):
    """Return a function that copies a backend so that the use of methods is noted, by the names of capabilities."""

    def make(original):
        def noting(capability, method):
            def noted(*args, **kwargs):
                used.add(capability)
                return method(*args, **kwargs)

            return noted

        noted = {
            method: noting(capability, getattr(original, method))
            for capability, method in methods.items()
            if hasattr(original, method)
        }
        return Copy(original, **noted)

    return make
