"""Functions of one backend inside another framework's code: `to_torch`, `to_jax` and `to_tensorflow`.

Each of the three has a module of its own, which imports no framework; what they share is framework-free. `_foreign`
evaluates and differentiates f on its own backend, `_embedding` makes the result a part of the framework around it.
"""
